/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors.h"

#include "models/file/error.h"
#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"

#include <assert.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_VALUES = SAFETENSORS_MAX_HEADER / 2 + 1, /* of a header, however long: no shorter one has room for more */
};

/* A cursor over untrusted bytes.  Once a read runs past the end, `ok` stays false and every later read yields
 * zero: parse first, check once. */
typedef struct Reader
{
  const guint8 *data;
  gsize left;
  bool ok;
} Reader;

struct Safetensors
{
  GBytes *bytes;
  char *name;
  SafetensorsLimits limits;
  const guint8 *data; /* [data_size], after the header */
  gsize data_size;
  JsonNode *header;           /* owns the strings */
  JsonObject *metadata;       /* NULL if there is none */
  SafetensorsTensor *tensors; /* [n_tensors], by offset */
  gsize n_tensors;
  GHashTable *by_name; /* name -> SafetensorsTensor */
};

static const struct
{
  const char *name;
  unsigned bits; /* of one value */
} types[SAFETENSORS_N_TYPES] = {
  [SAFETENSORS_U8] = { "U8", 8 },
  [SAFETENSORS_I32] = { "I32", 32 },
  [SAFETENSORS_F16] = { "F16", 16 },
  [SAFETENSORS_F32] = { "F32", 32 },
  [SAFETENSORS_BOOL] = { "BOOL", 8 },
  [SAFETENSORS_I8] = { "I8", 8 },
  [SAFETENSORS_I16] = { "I16", 16 },
  [SAFETENSORS_U16] = { "U16", 16 },
  [SAFETENSORS_U32] = { "U32", 32 },
  [SAFETENSORS_I64] = { "I64", 64 },
  [SAFETENSORS_U64] = { "U64", 64 },
  [SAFETENSORS_BF16] = { "BF16", 16 },
  [SAFETENSORS_F64] = { "F64", 64 },
  [SAFETENSORS_C64] = { "C64", 64 },
  [SAFETENSORS_F8_E4M3] = { "F8_E4M3", 8 },
  [SAFETENSORS_F8_E5M2] = { "F8_E5M2", 8 },
  [SAFETENSORS_F8_E8M0] = { "F8_E8M0", 8 },
  [SAFETENSORS_F6_E2M3] = { "F6_E2M3", 6 },
  [SAFETENSORS_F6_E3M2] = { "F6_E3M2", 6 },
  [SAFETENSORS_F4] = { "F4", 4 },
};

const char *
safetensors_type_name (SafetensorsType type)
{
  return types[type].name;
}

unsigned
safetensors_type_bits (SafetensorsType type)
{
  return types[type].bits;
}

char *
safetensors_shape_text (const gsize *dim, unsigned rank)
{
  GString *text = g_string_new (rank == 0 ? "[]" : NULL);
  for (unsigned i = 0; i < rank; i++)
    g_string_append_printf (text, "[%" G_GSIZE_FORMAT "]", dim[i]);
  return g_string_free (text, FALSE);
}

static guint64
read_u64 (Reader *reader)
{
  if (!reader->ok || reader->left < 8) {
    reader->ok = false;
    return 0;
  }
  guint64 value = 0;
  for (unsigned i = 0; i < 8; i++)
    value |= (guint64) reader->data[i] << (8 * i);
  reader->data += 8;
  reader->left -= 8;
  return value;
}

/* NULL past the end. */
static const guint8 *
read_bytes (Reader *reader, guint64 size)
{
  if (!reader->ok || size > reader->left) {
    reader->ok = false;
    return NULL;
  }
  const guint8 *bytes = reader->data;
  reader->data += (gsize) size;
  reader->left -= (gsize) size;
  return bytes;
}

static bool fail_tensor (GError **error, const Safetensors *file, const char *tensor, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static bool
fail_tensor (GError **error, const Safetensors *file, const char *tensor, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *quoted = json_quote (tensor);
  g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_CONTAINER, "%s: tensor %s: %s", file->name, quoted, what);
  return false;
}

/* A member of a tensor's entry.  NULL: error. */
static JsonArray *
get_array (const Safetensors *file, const char *tensor, JsonObject *entry, const char *key, GError **error)
{
  JsonNode *node = json_object_get_member (entry, key);
  if (!node || !JSON_NODE_HOLDS_ARRAY (node)) {
    fail_tensor (error, file, tensor, "expected an array \"%s\", found %s", key, node ? "something else" : "none");
    return NULL;
  }
  return json_node_get_array (node);
}

/* An integer of a tensor's entry.  Everything in a file below 4 GiB fits guint32, hence gsize. */
static bool
get_size (const Safetensors *file, const char *tensor, JsonArray *array, guint index, const char *key, gsize *ret_size,
    GError **error)
{
  g_autofree char *name = json_quote (tensor);
  g_autofree char *thing = g_strdup_printf ("tensor %s", name);
  const JsonPlace place = { file->name, thing, key, GENRE_MODEL_ERROR_CONTAINER };
  unsigned value = 0;
  if (!json_field_unsigned (json_array_get_element (array, index), &place, 0, G_MAXUINT32, &value, error))
    return false;
  *ret_size = value;
  return true;
}

static bool
read_type (const Safetensors *file, SafetensorsTensor *tensor, JsonObject *entry, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "dtype");
  const char *name = node ? json_field_string (node) : NULL;
  if (!name)
    return fail_tensor (error, file, tensor->name, "expected a string \"dtype\", found %s",
        node ? "something else" : "none");
  for (unsigned type = 0; type < SAFETENSORS_N_TYPES; type++) {
    if (strcmp (name, types[type].name) == 0) {
      tensor->type = (SafetensorsType) type;
      return true;
    }
  }
  g_autofree char *quoted = json_quote (name);
  return fail_tensor (error, file, tensor->name, "expected a type of safetensors such as F32, found %s", quoted);
}

static bool
read_shape (const Safetensors *file, SafetensorsTensor *tensor, JsonObject *entry, GError **error)
{
  JsonArray *shape = get_array (file, tensor->name, entry, "shape", error);
  if (!shape)
    return false;
  guint rank = json_array_get_length (shape);
  if (rank > SAFETENSORS_MAX_RANK)
    return fail_tensor (error, file, tensor->name, "expected at most %d dimensions, found %u", SAFETENSORS_MAX_RANK,
        rank);

  /* The smallest type has half a byte. */
  const gsize max_values = MIN (file->limits.max_bytes, G_MAXSIZE / 2) * 2;
  tensor->rank = rank;
  tensor->n_values = 1;
  for (guint i = 0; i < rank; i++) {
    if (!get_size (file, tensor->name, shape, i, "shape", &tensor->dim[i], error))
      return false;
    if (tensor->dim[i] > 0 && tensor->n_values > max_values / tensor->dim[i])
      return fail_tensor (error, file, tensor->name,
          "expected a shape of at most %" G_GSIZE_FORMAT " values, found more", max_values);
    tensor->n_values *= tensor->dim[i];
  }
  return true;
}

/* Sets data and bytes; whether they lie inside the file is for check_tiling(), when all ends are known. */
static bool
read_offsets (const Safetensors *file, SafetensorsTensor *tensor, JsonObject *entry, gsize *ret_begin, GError **error)
{
  JsonArray *offsets = get_array (file, tensor->name, entry, "data_offsets", error);
  if (!offsets)
    return false;
  if (json_array_get_length (offsets) != 2)
    return fail_tensor (error, file, tensor->name, "expected 2 \"data_offsets\", found %u",
        json_array_get_length (offsets));
  gsize begin = 0, end = 0;
  if (!get_size (file, tensor->name, offsets, 0, "data_offsets", &begin, error)
      || !get_size (file, tensor->name, offsets, 1, "data_offsets", &end, error))
    return false;
  if (begin > end)
    return fail_tensor (error, file, tensor->name,
        "expected \"data_offsets\" in order, found %" G_GSIZE_FORMAT " before %" G_GSIZE_FORMAT, begin, end);

  /* At most 2^33 values of 64 bits. */
  guint64 bits = (guint64) tensor->n_values * types[tensor->type].bits;
  if (bits % 8 != 0 || bits / 8 != end - begin) {
    g_autofree char *shape = safetensors_shape_text (tensor->dim, tensor->rank);
    return fail_tensor (error, file, tensor->name,
        "expected %" G_GUINT64_FORMAT " bytes for %s %s, found %" G_GSIZE_FORMAT, bits / 8, types[tensor->type].name,
        shape, end - begin);
  }
  tensor->bytes = end - begin;
  *ret_begin = begin;
  return true;
}

/* begin, for sorting, beside the tensor. */
typedef struct Extent
{
  SafetensorsTensor tensor;
  gsize begin;
} Extent;

static bool
read_tensor (const Safetensors *file, const char *name, JsonNode *node, Extent *extent, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail_tensor (error, file, name, "expected an object, found something else");
  JsonObject *entry = json_node_get_object (node);

  extent->tensor.name = name;
  if (!read_type (file, &extent->tensor, entry, error) || !read_shape (file, &extent->tensor, entry, error)
      || !read_offsets (file, &extent->tensor, entry, &extent->begin, error))
    return false;
  if (json_object_get_size (entry) != 3)
    return fail_tensor (error, file, name, "expected the keys \"dtype\", \"shape\", \"data_offsets\", found %u keys",
        json_object_get_size (entry));
  return true;
}

static int
compare_extents (const void *a, const void *b)
{
  const Extent *x = a, *y = b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  if (x->tensor.bytes != y->tensor.bytes)
    return x->tensor.bytes < y->tensor.bytes ? -1 : 1;
  return strcmp (x->tensor.name, y->tensor.name);
}

/* extents [n]  by offset
 *
 * The tensors follow each other from the first byte to the last. */
static bool
check_tiling (const Safetensors *file, const Extent *extents, gsize n, GError **error)
{
  gsize end = 0;
  for (gsize i = 0; i < n; i++) {
    if (extents[i].begin != end)
      return fail_tensor (error, file, extents[i].tensor.name,
          "expected to begin at byte %" G_GSIZE_FORMAT " of the data, found %" G_GSIZE_FORMAT ": tensors %s", end,
          extents[i].begin, extents[i].begin < end ? "overlap" : "leave a hole");
    if (extents[i].tensor.bytes > file->data_size - end) {
      g_autofree char *quoted = json_quote (extents[i].tensor.name);
      g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
          "%s: tensor %s: expected %" G_GUINT64_FORMAT " bytes of data, found %" G_GSIZE_FORMAT
          ": the file is truncated",
          file->name, quoted, (guint64) end + extents[i].tensor.bytes, file->data_size);
      return false;
    }
    end += extents[i].tensor.bytes;
  }
  if (end != file->data_size) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_CONTAINER,
        "%s: expected %" G_GSIZE_FORMAT " bytes of data, as the tensors need, found %" G_GSIZE_FORMAT, file->name, end,
        file->data_size);
    return false;
  }
  return true;
}

static bool
read_metadata (Safetensors *file, JsonNode *node, GError **error)
{
  const JsonPlace place = { file->name, "__metadata__", NULL, GENRE_MODEL_ERROR_CONTAINER };
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, &place, "an object of strings", error);

  JsonObject *metadata = json_node_get_object (node);
  g_autoptr (GList) values = json_object_get_values (metadata);
  for (GList *item = values; item; item = item->next) {
    if (!json_field_string (item->data))
      return json_field_fail (item->data, &place, "strings only", error);
  }
  file->metadata = metadata;
  return true;
}

/* Fills metadata, tensors and by_name from the header. */
static bool
read_entries (Safetensors *file, JsonObject *header, GError **error)
{
  gsize n = json_object_get_size (header);
  n -= json_object_has_member (header, "__metadata__");
  if (n > SAFETENSORS_MAX_TENSORS) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "%s: expected at most %d tensors, found %" G_GSIZE_FORMAT, file->name, SAFETENSORS_MAX_TENSORS, n);
    return false;
  }

  g_autofree Extent *extents = g_new0 (Extent, MAX (n, 1));
  g_autoptr (GList) names = json_object_get_members (header);
  gsize i = 0;
  for (GList *item = names; item; item = item->next) {
    const char *name = item->data;
    JsonNode *node = json_object_get_member (header, name);
    bool ok = strcmp (name, "__metadata__") == 0 ? read_metadata (file, node, error)
                                                 : read_tensor (file, name, node, &extents[i++], error);
    if (!ok)
      return false;
  }
  qsort (extents, n, sizeof *extents, compare_extents);
  if (!check_tiling (file, extents, n, error))
    return false;

  file->tensors = g_new0 (SafetensorsTensor, MAX (n, 1));
  file->n_tensors = n;
  for (i = 0; i < n; i++) {
    file->tensors[i] = extents[i].tensor;
    file->tensors[i].data = file->data + extents[i].begin;
    g_hash_table_insert (file->by_name, g_strdup (file->tensors[i].name), &file->tensors[i]);
  }
  return true;
}

/* Finds header and data and reads the header. */
static bool
read_file (Safetensors *file, GError **error)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (file->bytes, &size);
  Reader reader = { data, size, true };

  guint64 header_size = read_u64 (&reader);
  if (reader.ok && header_size > file->limits.max_header) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "%s: expected a header of at most %" G_GSIZE_FORMAT " bytes, found %" G_GUINT64_FORMAT
        " (not a safetensors file?)",
        file->name, file->limits.max_header, header_size);
    return false;
  }
  const char *header = (const char *) read_bytes (&reader, header_size);
  if (!reader.ok) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "%s: expected at least %" G_GUINT64_FORMAT " bytes, found %" G_GSIZE_FORMAT ": the file is %s", file->name,
        8 + header_size, size, size == 0 ? "empty" : "truncated");
    return false;
  }
  file->data = reader.data;
  file->data_size = reader.left;

  if (json_scan_count (header, (gsize) header_size) > MAX_VALUES) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE, "%s: header: expected at most %d values, found more",
        file->name, MAX_VALUES);
    return false;
  }
  const JsonPlace place = { file->name, "header", NULL, GENRE_MODEL_ERROR_JSON };
  file->header = json_field_parse (header, (gsize) header_size, &place, error);
  if (!file->header)
    return false;
  if (!JSON_NODE_HOLDS_OBJECT (file->header) || header[0] != '{')
    return json_field_fail (file->header, &place, "an object from its first byte on", error);
  return read_entries (file, json_node_get_object (file->header), error);
}

Safetensors *
safetensors_new (GBytes *bytes, const char *name, GError **error)
{
  const SafetensorsLimits limits = { SAFETENSORS_MAX_BYTES, SAFETENSORS_MAX_HEADER };
  return safetensors_new_limited (bytes, name, &limits, error);
}

Safetensors *
safetensors_new_limited (GBytes *bytes, const char *name, const SafetensorsLimits *limits, GError **error)
{
  assert (limits->max_bytes <= G_MAXUINT32);

  if (g_bytes_get_size (bytes) > limits->max_bytes) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "%s: expected at most %" G_GSIZE_FORMAT " bytes, found %" G_GSIZE_FORMAT, name, limits->max_bytes,
        g_bytes_get_size (bytes));
    return NULL;
  }
  Safetensors *file = g_new0 (Safetensors, 1);
  file->bytes = g_bytes_ref (bytes);
  file->name = g_strdup (name);
  file->limits = *limits;
  file->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (read_file (file, error))
    return file;

  safetensors_free (file);
  return NULL;
}

void
safetensors_free (Safetensors *file)
{
  if (!file)
    return;
  g_hash_table_unref (file->by_name);
  g_free (file->tensors);
  g_clear_pointer (&file->header, json_node_unref);
  g_free (file->name);
  g_bytes_unref (file->bytes);
  g_free (file);
}

const char *
safetensors_name (const Safetensors *file)
{
  return file->name;
}

const char *
safetensors_metadata (const Safetensors *file, const char *key)
{
  if (!file->metadata || !json_object_has_member (file->metadata, key))
    return NULL;
  return json_field_string (json_object_get_member (file->metadata, key));
}

gsize
safetensors_n_tensors (const Safetensors *file)
{
  return file->n_tensors;
}

const SafetensorsTensor *
safetensors_tensor (const Safetensors *file, gsize index)
{
  assert (index < file->n_tensors);
  return &file->tensors[index];
}

const SafetensorsTensor *
safetensors_find (const Safetensors *file, const char *name)
{
  return g_hash_table_lookup (file->by_name, name);
}

void
safetensors_copy_f32 (const SafetensorsTensor *tensor, float *values)
{
  assert (tensor->type == SAFETENSORS_F32);

  for (gsize i = 0; i < tensor->n_values; i++) {
    guint32 bits;
    memcpy (&bits, tensor->data + 4 * i, 4);
    bits = GUINT32_FROM_LE (bits);
    memcpy (&values[i], &bits, 4);
  }
}
