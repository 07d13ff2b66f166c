/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors.h"

#include "tests/expect_error.h"
#include "tests/model_builder.h"

/* A header with its data of so many zeros. */
static Safetensors *
open_text (const char *header, gsize data_size, GError **error)
{
  guint8 *data = g_malloc0 (MAX (data_size, 1));
  GBytes *bytes = model_builder_container (header, strlen (header), data, data_size);
  Safetensors *file = safetensors_new (bytes, "file", error);
  g_bytes_unref (bytes);
  g_free (data);
  return file;
}

static void
check_rejected (const char *header, gsize data_size, GenreModelError code, const char *words)
{
  GError *error = NULL;
  Safetensors *file = open_text (header, data_size, &error);
  CHECK (!file, "%s", header);
  safetensors_free (file);
  expect_error (error, code, words, header);
}

static void
check_accepted (const char *header, gsize data_size)
{
  GError *error = NULL;
  Safetensors *file = open_text (header, data_size, &error);
  CHECK (file, "%s: %s", header, error->message);
  safetensors_free (file);
  g_clear_error (&error);
}

/* Entries in any order, offsets on odd bytes, a scalar, an empty tensor, padding, unknown metadata. */
static void
test_content (void)
{
  static const char header[] = "{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[3,11]},"
                               "\"__metadata__\":{\"format\":\"x\",\"\":\"\\u00e9\"},"
                               "\"none\":{\"shape\":[4,0,2],\"dtype\":\"I32\",\"data_offsets\":[3,3]},"
                               "\"a\":{\"data_offsets\":[0,3],\"dtype\":\"U8\",\"shape\":[3,1]},"
                               "\"one\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[11,13]}}   ";
  static const guint8 data[] = { 7, 8, 9, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc1, 0x00, 0x3c };

  GError *error = NULL;
  GBytes *bytes = model_builder_container (header, sizeof header - 1, data, sizeof data);
  Safetensors *file = safetensors_new (bytes, "file", &error);
  g_bytes_unref (bytes);
  CHECK (file, "%s", error->message);
  if (!file)
    return;

  CHECK (strcmp (safetensors_name (file), "file") == 0, "name");
  CHECK (g_strcmp0 (safetensors_metadata (file, "format"), "x") == 0, "metadata");
  CHECK (g_strcmp0 (safetensors_metadata (file, ""), "\xc3\xa9") == 0, "metadata with an empty key");
  CHECK (!safetensors_metadata (file, "version"), "metadata that is not there");

  static const char *const order[] = { "a", "none", "b", "one" };
  CHECK (safetensors_n_tensors (file) == 4, "%zu", safetensors_n_tensors (file));
  for (gsize i = 0; i < safetensors_n_tensors (file); i++) {
    const SafetensorsTensor *tensor = safetensors_tensor (file, i);
    CHECK (strcmp (tensor->name, order[i]) == 0, "%s", tensor->name);
    CHECK (safetensors_find (file, tensor->name) == tensor, "%s", tensor->name);
  }
  CHECK (!safetensors_find (file, "c") && !safetensors_find (file, "__metadata__"), "tensors that are not there");

  const SafetensorsTensor *a = safetensors_find (file, "a");
  CHECK (a->type == SAFETENSORS_U8 && a->rank == 2 && a->dim[0] == 3 && a->dim[1] == 1, "a");
  CHECK (a->bytes == 3 && memcmp (a->data, data, 3) == 0, "a");
  const SafetensorsTensor *b = safetensors_find (file, "b");
  float values[2] = { 0 };
  safetensors_copy_f32 (b, values);
  CHECK (b->n_values == 2 && !(values[0] < 1) && !(values[0] > 1) && !(values[1] < -10) && !(values[1] > -10), "%g %g",
      (double) values[0], (double) values[1]);
  const SafetensorsTensor *none = safetensors_find (file, "none");
  CHECK (none->bytes == 0 && none->n_values == 0 && none->rank == 3, "none");
  const SafetensorsTensor *one = safetensors_find (file, "one");
  CHECK (one->rank == 0 && one->n_values == 1 && one->bytes == 2 && one->data[1] == 0x3c, "one");

  char *shape = safetensors_shape_text (none->dim, none->rank);
  CHECK (strcmp (shape, "[4][0][2]") == 0, "%s", shape);
  g_free (shape);
  shape = safetensors_shape_text (one->dim, one->rank);
  CHECK (strcmp (shape, "[]") == 0, "%s", shape);
  g_free (shape);
  safetensors_free (file);
}

static void
test_types (void)
{
  static const struct
  {
    const char *name;
    unsigned bits;
  } types[] = { { "BOOL", 8 }, { "U8", 8 }, { "I8", 8 }, { "F8_E4M3", 8 }, { "F8_E5M2", 8 }, { "F8_E8M0", 8 },
    { "I16", 16 }, { "U16", 16 }, { "F16", 16 }, { "BF16", 16 }, { "I32", 32 }, { "U32", 32 }, { "F32", 32 },
    { "I64", 64 }, { "U64", 64 }, { "F64", 64 }, { "C64", 64 }, { "F4", 4 }, { "F6_E2M3", 6 }, { "F6_E3M2", 6 } };
  CHECK (G_N_ELEMENTS (types) == SAFETENSORS_N_TYPES, "a type is not tested");
  for (size_t i = 0; i < G_N_ELEMENTS (types); i++) {
    gsize bytes = types[i].bits * 12 / 8;
    char *header = g_strdup_printf ("{\"t\":{\"dtype\":\"%s\",\"shape\":[3,4],\"data_offsets\":[0,%zu]}}",
        types[i].name, bytes);
    GError *error = NULL;
    Safetensors *file = open_text (header, bytes, &error);
    CHECK (file, "%s: %s", header, error->message);
    if (file) {
      SafetensorsType type = safetensors_tensor (file, 0)->type;
      CHECK (strcmp (safetensors_type_name (type), types[i].name) == 0, "%s", types[i].name);
      CHECK (safetensors_type_bits (type) == types[i].bits, "%s", types[i].name);
    }
    safetensors_free (file);
    g_free (header);
  }
  check_rejected ("{\"t\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1, GENRE_MODEL_ERROR_CONTAINER,
      "tensor \"t\"|for F4 [3]");
}

/* One tensor "t", its entry given. */
static void
check_entry (const char *entry, gsize data_size, GenreModelError code, const char *words)
{
  char *header = g_strdup_printf ("{\"t\":%s}", entry);
  check_rejected (header, data_size, code, words);
  g_free (header);
}

static void
test_entries (void)
{
  const GenreModelError container = GENRE_MODEL_ERROR_CONTAINER;
  static const char name[] = "file: tensor \"t\": ";
  GString *words = g_string_new (NULL);
  static const struct
  {
    const char *entry;
    const char *words;
  } bad[] = {
    { "3", "expected an object" },
    { "[]", "expected an object" },
    { "{}", "\"dtype\", found none" },
    { "{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,4]}", "a string \"dtype\"" },
    { "{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]}", "such as F32, found \"F31\"" },
    { "{\"dtype\":\"f32\",\"shape\":[],\"data_offsets\":[0,4]}", "found \"f32\"" },
    { "{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", "\"shape\", found none" },
    { "{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}", "an array \"shape\"" },
    { "{\"dtype\":\"F32\",\"shape\":[]}", "\"data_offsets\", found none" },
    { "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":null}", "an array \"data_offsets\"" },
    { "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]}", "2 \"data_offsets\", found 1" },
    { "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4,4]}", "found 3" },
    { "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"stride\":1}", "found 4 keys" },
    { "{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}", "\"shape\": expected an integer|found -1" },
    { "{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,6]}", "found 1.5" },
    { "{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}", "found \"1\"" },
    { "{\"dtype\":\"F32\",\"shape\":[true],\"data_offsets\":[0,4]}", "found true" },
    { "{\"dtype\":\"F32\",\"shape\":[[1]],\"data_offsets\":[0,4]}", "found [1]" },
    { "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}", "\"data_offsets\": expected an integer" },
    { "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0.5,4.5]}", "found 0.5" },
    { "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}", "in order, found 4 before 0" },
    { "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}", "expected 8 bytes for F32 [2], found 4" },
    { "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,4]}", "expected 0 bytes for F32 [0]" },
    { "{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}", "at most 8 dimensions, found 9" },
    { "{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}", "found 4294967296" },
    { "{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,0]}", "at most 536870912 values" },
    { "{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647,2],\"data_offsets\":[0,4]}", "values" },
    { "{\"dtype\":\"U8\",\"shape\":[65536,65536,65536,65536,1],\"data_offsets\":[0,0]}", "values" },
    { "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}", "to begin at byte 0 of the data, found 4|hole" },
    { "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]}", "found 9223372036854775807" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_string_printf (words, "%s|%s", name, bad[i].words);
    check_entry (bad[i].entry, 4, container, words->str);
  }
  g_string_free (words, TRUE);

  check_entry ("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,18446744073709551616]}", 4, GENRE_MODEL_ERROR_JSON,
      "file: header: |64 bits");
  check_entry ("{\"dtype\":\"F32\",\"shape\":[1e400],\"data_offsets\":[0,4]}", 4, GENRE_MODEL_ERROR_JSON,
      "file: header: |1e400 is too large");
  check_entry ("{\"dtype\":\"F32\",\"shape\":[010],\"data_offsets\":[0,32]}", 32, GENRE_MODEL_ERROR_JSON,
      "header: |leading zero");
  check_accepted ("{\"t\":{\"dtype\":\"F32\",\"shape\":[1.0, 1e0],\"data_offsets\":[0.0,4e0]}}", 4);
}

#define F32(begin, end) "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" #begin "," #end "]}"
#define U8(n, begin, end) "{\"dtype\":\"U8\",\"shape\":[" #n "],\"data_offsets\":[" #begin "," #end "]}"

static void
test_tiling (void)
{
  const GenreModelError container = GENRE_MODEL_ERROR_CONTAINER;
  check_accepted ("{\"a\":" F32 (0, 4) ",\"b\":" F32 (4, 8) "}", 8);
  check_accepted ("{\"a\":" F32 (1, 5) ",\"b\":" U8 (1, 0, 1) "}", 5);
  check_accepted ("{\"a\":" U8 (0, 0, 0) ",\"b\":" U8 (0, 4, 4) ",\"c\":" F32 (0, 4) "}", 4);
  check_rejected ("{\"a\":" F32 (0, 4) ",\"b\":" F32 (0, 4) "}", 8, container, "tensor \"b\"|overlap");
  check_rejected ("{\"a\":" F32 (0, 4) ",\"b\":" F32 (0, 4) "}", 4, container, "tensor \"b\"|overlap");
  check_rejected ("{\"a\":" F32 (0, 4) ",\"b\":" F32 (3, 7) "}", 7, container,
      "tensor \"b\"|at byte 4|found 3|overlap");
  check_rejected ("{\"a\":" F32 (0, 4) ",\"b\":" F32 (5, 9) "}", 9, container, "tensor \"b\"|found 5|hole");
  check_rejected ("{\"a\":" U8 (8, 0, 8) ",\"b\":" U8 (2, 2, 4) "}", 8, container, "tensor \"b\"|overlap");
  check_rejected ("{\"a\":" U8 (0, 2, 2) ",\"b\":" F32 (0, 4) "}", 4, container, "tensor \"a\"|overlap");
  check_rejected ("{\"a\":" F32 (0, 4) "}", 5, container, "expected 4 bytes of data|found 5");
  check_rejected ("{}", 1, container, "expected 0 bytes of data|found 1");
  check_rejected ("{\"a\":" F32 (0, 4) ",\"b\":" F32 (4, 8) "}", 7, GENRE_MODEL_ERROR_SIZE,
      "tensor \"b\"|expected 8 bytes of data, found 7|truncated");
  check_accepted ("{}", 0);
  check_accepted ("{\"__metadata__\":{}}", 0);
}

static void
test_header (void)
{
  const GenreModelError json = GENRE_MODEL_ERROR_JSON;
  check_rejected ("[]", 0, json, "file: header: expected an object");
  check_rejected (" {}", 0, json, "from its first byte on");
  check_rejected ("", 0, json, "not strict JSON|the end");
  check_rejected ("{} x", 0, json, "byte 3");
  check_rejected ("{/**/}", 0, json, "not strict JSON");
  check_rejected ("{'a':1}", 0, json, "not strict JSON");
  check_rejected ("{\"a\":" F32 (0, 4) ",\"a\":" F32 (0, 4) "}", 4, json, "duplicate key \"a\"");
  check_rejected ("{\"__metadata__\":{},\"__metadata__\":{}}", 0, json, "duplicate key \"__metadata__\"");
  check_rejected ("{\"__metadata__\":{\"x\":\"\",\"\\u0078\":\"\"}}", 0, json, "duplicate key \"x\"");
  check_rejected ("{\"a\\nb\":1}", 0, GENRE_MODEL_ERROR_CONTAINER, "tensor \"a\\u000ab\"");
  check_rejected ("{\"__metadata__\":[]}", 0, GENRE_MODEL_ERROR_CONTAINER, "__metadata__: expected an object|found []");
  check_rejected ("{\"__metadata__\":{\"a\":1}}", 0, GENRE_MODEL_ERROR_CONTAINER, "strings only, found 1");
  check_rejected ("{\"__metadata__\":{\"a\":null}}", 0, GENRE_MODEL_ERROR_CONTAINER, "strings only, found null");
}

/* The eight bytes of the length, and less. */
static void
test_length (void)
{
  static const struct
  {
    guint64 length;
    const char *words;
  } bad[] = {
    { G_MAXUINT64, "at most 1048576 bytes, found 18446744073709551615" },
    { G_MAXUINT64 - 7, "found 18446744073709551608" },
    { G_GUINT64_CONSTANT (1) << 63, "found 9223372036854775808" },
    { G_GUINT64_CONSTANT (1) << 32, "found 4294967296" },
    { (1 << 20) + 1, "found 1048577" },
    { 1 << 20, "at least 1048584 bytes, found 10|truncated" },
    { 3, "at least 11 bytes, found 10|truncated" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    guint8 content[10] = { 0, 0, 0, 0, 0, 0, 0, 0, '{', '}' };
    for (unsigned k = 0; k < 8; k++)
      content[k] = (guint8) (bad[i].length >> (8 * k));
    GError *error = NULL;
    GBytes *bytes = g_bytes_new (content, sizeof content);
    CHECK (!safetensors_new (bytes, "file", &error), "%s", bad[i].words);
    expect_error (error, GENRE_MODEL_ERROR_SIZE, bad[i].words, "length");
    g_bytes_unref (bytes);
  }
  for (gsize size = 0; size < 8; size++) {
    GError *error = NULL;
    GBytes *bytes = g_bytes_new ("\x02\0\0\0\0\0\0", size);
    CHECK (!safetensors_new (bytes, "file", &error), "%zu", size);
    expect_error (error, GENRE_MODEL_ERROR_SIZE, size == 0 ? "at least 8 bytes|empty" : "at least 8 bytes|truncated",
        "length");
    g_bytes_unref (bytes);
  }
}

/* Headers at their limits: 1 MiB, 4096 tensors, nested brackets. */
static void
test_limits (void)
{
  for (unsigned n = SAFETENSORS_MAX_TENSORS; n <= SAFETENSORS_MAX_TENSORS + 2; n++) {
    GString *header = g_string_new ("{\"__metadata__\":{\"a\":\"b\"}");
    for (unsigned i = 0; i < n; i++)
      g_string_append_printf (header, ",\"%u\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[%u,%u]}", i, i, i + 1);
    g_string_append_c (header, '}');
    if (n <= SAFETENSORS_MAX_TENSORS)
      check_accepted (header->str, n);
    else
      check_rejected (header->str, n, GENRE_MODEL_ERROR_SIZE, "4097");
    g_string_free (header, TRUE);
  }

  GString *entries = g_string_new (NULL);
  for (unsigned i = 0; i < SAFETENSORS_MAX_TENSORS + 1; i++)
    g_string_append_printf (entries, "%s\"%u\":1", i == 0 ? "{" : ",", i);
  g_string_append_c (entries, '}');
  check_rejected (entries->str, 0, GENRE_MODEL_ERROR_SIZE, "at most 4096 tensors, found 4097");
  g_string_free (entries, TRUE);

  char *spaces = g_strnfill (SAFETENSORS_MAX_HEADER, ' ');
  memcpy (spaces, "{}", 2);
  check_accepted (spaces, 0);
  g_free (spaces);

  char *brackets = g_strnfill (100000, '[');
  check_rejected (brackets, 0, GENRE_MODEL_ERROR_JSON, "file: header: |deeper than 16");
  memcpy (brackets, "{\"a\":", 5);
  check_rejected (brackets, 0, GENRE_MODEL_ERROR_JSON, "deeper than 16");
  g_free (brackets);

  /* Long names do not make long messages. */
  GString *header = g_string_new ("{\"");
  for (unsigned i = 0; i < 50000; i++)
    g_string_append (header, "\xf0\x9f\x8e\xb5");
  g_string_append (header, "\":1}");
  check_rejected (header->str, 0, GENRE_MODEL_ERROR_CONTAINER, "...: expected an object");
  g_string_free (header, TRUE);
}

int
main (void)
{
  test_content ();
  test_types ();
  test_entries ();
  test_tiling ();
  test_header ();
  test_length ();
  test_limits ();
  TEST_END ();
}
