/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GENRE_TEST_DATA: this directory.  Link with -Wl,--wrap=malloc,--wrap=calloc.
 */
#define _POSIX_C_SOURCE 200809L /* mkfifo, truncate */

#include "models/genre_model_average.h"
#include "models/genre_model.h"
#include "models/network_heads.h"

#include "tests/expect_error.h"
#include "tests/fail_at.h"
#include "tests/model_builder.h"

#include <glib/gstdio.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static GenreModel *
parse (GBytes *bytes, const char *name, GError **error)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return genre_model_parse (data, size, name, error);
}

static GenreModel *
parse_good (GBytes *bytes, const char *name)
{
  GError *error = NULL;
  GenreModel *model = parse (bytes, name, &error);
  CHECK (model, "%s: %s", name, error->message);
  g_clear_error (&error);
  return model;
}

/* Takes bytes. */
static void
check_rejected (GBytes *bytes, GenreModelError code, const char *words, const char *name)
{
  GError *error = NULL;
  GenreModel *model = parse (bytes, "file", &error);
  CHECK (!model, "%s", name);
  genre_model_unref (model);
  char *all_words = g_strdup_printf ("file: |%s", words);
  expect_error (error, code, all_words, name);
  g_free (all_words);
  g_bytes_unref (bytes);
}

static GBytes *
tiny_file (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  return model_builder_build (builder);
}

static gsize
n_values (const NnTensor *tensor)
{
  gsize n = 1;
  for (unsigned i = 0; i < tensor->rank; i++)
    n *= tensor->dim[i];
  return n;
}

/* Everything but the hash, which is the file's. */
static void
check_equal (const GenreModel *a, const GenreModel *b, const char *name)
{
  CHECK (genre_model_n_labels (a) == genre_model_n_labels (b)
          && g_strv_equal (genre_model_labels (a), genre_model_labels (b)),
      "%s: labels", name);
  CHECK (genre_model_window_frames (a) == genre_model_window_frames (b)
          && genre_model_min_frames (a) == genre_model_min_frames (b),
      "%s: frames", name);
  CHECK (strcmp (genre_model_training (a), genre_model_training (b)) == 0, "%s: training", name);
  CHECK (genre_model_grid (a) == genre_model_grid (b)
          && genre_model_shares_columns (a) == genre_model_shares_columns (b),
      "%s: sharing", name);
  const GenreFrontend *f = genre_model_frontend (a), *g = genre_model_frontend (b);
  CHECK (f->mel.hop_length == g->mel.hop_length && f->bands == g->bands
          && memcmp (f->mean, g->mean, f->bands * sizeof *f->mean) == 0
          && memcmp (f->std, g->std, f->bands * sizeof *f->std) == 0,
      "%s: frontend", name);

  /* nn hands out tensors of what may be changed only; nothing is. */
  NnNetwork *m = (NnNetwork *) (gsize) genre_model_network (a), *n = (NnNetwork *) (gsize) genre_model_network (b);
  CHECK (nn_network_n_tensors (m) == nn_network_n_tensors (n), "%s: tensors", name);
  for (size_t i = 0; i < nn_network_n_tensors (m); i++) {
    const NnTensor *x = nn_network_tensor (m, i), *y = nn_network_tensor (n, i);
    CHECK (strcmp (x->name, y->name) == 0 && n_values (x) == n_values (y)
            && memcmp (x->values, y->values, n_values (x) * sizeof *x->values) == 0,
        "%s: tensor %s", name, x->name);
  }
}

/* What is written reads back as an equal model, and that one is written in the same bytes. */
static void
check_round_trip (const GenreModel *model, const char *name)
{
  GError *error = NULL;
  GBytes *bytes = genre_model_serialize (model, &error);
  CHECK (bytes, "%s: %s", name, error->message);
  if (!bytes)
    return;
  GenreModel *back = parse_good (bytes, name);
  if (back) {
    check_equal (model, back, name);
    GBytes *again = genre_model_serialize (back, NULL);
    CHECK (again && g_bytes_equal (bytes, again), "%s: the bytes differ", name);
    g_bytes_unref (again);
  }
  genre_model_unref (back);
  g_bytes_unref (bytes);
}

static void
test_tiny (void)
{
  GBytes *bytes = tiny_file ();
  GenreModel *model = parse_good (bytes, "tiny");
  if (model) {
    const GenreFrontend *frontend = genre_model_frontend (model);
    CHECK (genre_model_n_labels (model) == 3 && strcmp (genre_model_labels (model)[1], "middle") == 0, "labels");
    CHECK (!genre_model_labels (model)[3], "labels end in NULL");
    CHECK (genre_model_window_frames (model) == 20 && genre_model_min_frames (model) == 8, "frames");
    CHECK (frontend->mel.sample_rate_hz == 8000 && frontend->bands == 4 && frontend->top_db < 0, "frontend");
    CHECK (strcmp (genre_model_training (model), "{\"seed\":1}") == 0, "%s", genre_model_training (model));
    CHECK (genre_model_grid (model) == 2 && genre_model_shares_columns (model), "columns");
    CHECK (nn_network_n_layers (genre_model_network (model)) == 10, "layers");
    char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
    CHECK (strcmp (genre_model_sha256 (model), hash) == 0, "%s", genre_model_sha256 (model));
    g_free (hash);
    check_round_trip (model, "tiny");
  }
  genre_model_unref (model);
  g_bytes_unref (bytes);
  genre_model_unref (NULL);
}

/* The embedded model is the file in the tree. */
static void
test_default (void)
{
  GError *error = NULL;
  GenreModel *model = genre_model_default (&error);
  CHECK (model, "%s", error->message);
  if (!model)
    return;
  CHECK (genre_model_n_labels (model) >= 2 && genre_model_shares_columns (model), "default model");
  check_round_trip (model, "default model");

  char *path = g_build_filename (g_getenv ("GENRE_TEST_DATA"), "..", "models", "weights", "genre-crnn.safetensors",
      NULL);
  GenreModel *file = genre_model_load (path, &error);
  CHECK (file, "%s", error->message);
  CHECK (file == model, "the file and the embedded model are not the same object");
  if (file) {
    CHECK (genre_model_n_labels (file) == 10 && strcmp (genre_model_labels (file)[9], "rock") == 0, "labels");
    CHECK (genre_model_window_frames (file) == 129 && genre_model_min_frames (file) == 45, "frames");
    CHECK (genre_model_grid (file) == 4, "grid %u", genre_model_grid (file));
    const NnStack *stack = nn_network_stack (genre_model_network (file)); /* without heads */
    CHECK (nn_stack_n_parameters (stack) == 252822 + 568, "%zu parameters", nn_stack_n_parameters (stack));
    CHECK (fabs ((double) genre_model_frontend (file)->mean[63] - -31.49839) < 1e-5, "mean");
  }
  genre_model_unref (file);
  genre_model_unref (model);
  g_free (path);
}

/* What may be otherwise. */
static void
test_accepted (void)
{
  static const struct
  {
    const char *key, *from, *to;
    unsigned grid;
    bool shares;
  } good[] = {
    { "min_frames", "8", "20", 1, false },
    { "window_frames", "20", "8", 1, false },
    { "window_frames", "20", "1024", 2, true },
    { "frontend", "\"ref\":1,", "", 2, true },
    { "frontend", "\"ref\":1,", "\"ref\":0.5,", 2, true },
    { "frontend", "\"ref\":1,", "\"ref\":\"max\",", 2, false },
    { "frontend", "\"top_db\":null", "\"top_db\":80", 2, false },
    { "network", "\"pool\":[2,2]", "\"pool\":[2,3]", 3, true },
    { "network", "\"pool\":[2,2]", "\"pool\":[2,1]", 1, true },
    { "network", "[\"same\",\"valid\"]", "\"same\"", 2, false },
    { "network", "\"temperature\":1", "\"temperature\":0.25", 2, true },
    { "labels", "\"middle\"", "\"\\ud83c\\udfb5 \\\"\\\\/ m\xc3\xa4\"", 2, true },
    { "training", "{\"seed\":1}", " {\"seed\":18446744073709551615,\"x\":[[{}]]} ", 2, true },
    { "training", "{\"seed\":1}", "{}", 2, true },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_replace (builder, good[i].key, good[i].from, good[i].to);
    GBytes *bytes = model_builder_build (builder);
    GenreModel *model = parse_good (bytes, good[i].to);
    if (model) {
      CHECK (genre_model_grid (model) == good[i].grid, "%s: grid %u", good[i].to, genre_model_grid (model));
      CHECK (genre_model_shares_columns (model) == good[i].shares, "%s: sharing", good[i].to);
      check_round_trip (model, good[i].to);
    }
    genre_model_unref (model);
    g_bytes_unref (bytes);
  }

  /* No training, unknown metadata, tensors in another order and so on odd bytes. */
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  float bias[3] = { 1, 2, 3 };
  model_builder_set (builder, "training", NULL);
  model_builder_set (builder, "author", "[not JSON");
  model_builder_remove_tensor (builder, "dense/bias");
  model_builder_set_tensor (builder, "dense/bias", SAFETENSORS_F32, 1, (const gsize[]){ 3 }, bias);
  GBytes *plain = model_builder_build (builder);
  GBytes *odd = model_builder_edit (plain, "{\"__metadata__\"", "{ \"__metadata__\"");
  GenreModel *model = parse_good (odd, "odd");
  if (model) {
    CHECK (strcmp (genre_model_training (model), "{}") == 0, "%s", genre_model_training (model));
    check_round_trip (model, "odd");
  }
  genre_model_unref (model);
  g_bytes_unref (odd);
  g_bytes_unref (plain);
}

/* The file on any address: no value may be read in place. */
static void
test_unaligned (void)
{
  GBytes *bytes = tiny_file (), *expected = NULL;
  gsize size = g_bytes_get_size (bytes);
  for (unsigned shift = 0; shift < 8; shift++) {
    GError *error = NULL;
    guint8 *memory = g_malloc (size + shift);
    memcpy (memory + shift, g_bytes_get_data (bytes, NULL), size);
    GenreModel *model = genre_model_parse (memory + shift, size, "unaligned", &error);
    CHECK (model, "shift %u: %s", shift, error->message);
    g_free (memory);
    if (!model)
      break;
    GBytes *written = genre_model_serialize (model, NULL);
    if (!expected)
      expected = g_bytes_ref (written);
    CHECK (g_bytes_equal (written, expected), "shift %u", shift);
    g_bytes_unref (written);
    genre_model_unref (model); /* the last reference: the next one is parsed anew */
  }
  g_bytes_unref (expected);
  g_bytes_unref (bytes);
}

static void
test_metadata (void)
{
  static const struct
  {
    const char *key, *value; /* NULL: left out */
    GenreModelError code;
    const char *words;
  } bad[] = {
    { "format", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"format\", found none" },
    { "format", "genre-features", GENRE_MODEL_ERROR_FORMAT, "format: expected \"genre-model\", found \"genre-feat" },
    { "version", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"version\"" },
    { "version", "2", GENRE_MODEL_ERROR_FORMAT, "expected metadata \"heads\", found none" },
    { "version", "3", GENRE_MODEL_ERROR_FORMAT, "version: expected \"1\" or \"2\", found \"3\"" },
    { "version", "1.0", GENRE_MODEL_ERROR_FORMAT, "found \"1.0\"" },
    { "labels", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"labels\"" },
    { "labels", "", GENRE_MODEL_ERROR_JSON, "labels: not strict JSON" },
    { "labels", "[\"a\",\"b\",\"c\"] x", GENRE_MODEL_ERROR_JSON, "labels: not strict JSON" },
    { "labels", "['a','b','c']", GENRE_MODEL_ERROR_JSON, "labels: not strict JSON" },
    { "labels", "[\"a\",\"b\",\"\\u0000\"]", GENRE_MODEL_ERROR_JSON, "U+0000" },
    { "labels", "{}", GENRE_MODEL_ERROR_LABELS, "labels: expected an array of two strings or more, found an object" },
    { "labels", "[]", GENRE_MODEL_ERROR_LABELS, "two strings or more, found []" },
    { "labels", "[\"a\"]", GENRE_MODEL_ERROR_LABELS, "two strings or more, found [\"a\"]" },
    { "labels", "[\"a\",\"b\"]", GENRE_MODEL_ERROR_LABELS, "expected 3, as many as the network has outputs, found 2" },
    { "labels", "[\"a\",\"b\",\"c\",\"d\"]", GENRE_MODEL_ERROR_LABELS, "expected 3|found 4" },
    { "labels", "[\"a\",\"b\",\"a\"]", GENRE_MODEL_ERROR_LABELS, "only once, found \"a\" twice" },
    { "labels", "[\"a\",\"\\u0061\",\"b\"]", GENRE_MODEL_ERROR_LABELS, "found \"a\" twice" },
    { "labels", "[\"a\",\"\",\"b\"]", GENRE_MODEL_ERROR_LABELS, "not empty, found \"\"" },
    { "labels", "[\"a\",1,\"b\"]", GENRE_MODEL_ERROR_LABELS, "found 1" },
    { "labels", "[\"a\",null,\"b\"]", GENRE_MODEL_ERROR_LABELS, "found null" },
    { "frontend", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"frontend\"" },
    { "frontend", "[]", GENRE_MODEL_ERROR_FRONTEND, "frontend: expected an object" },
    { "frontend", "{", GENRE_MODEL_ERROR_JSON, "frontend: not strict JSON" },
    { "network", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"network\"" },
    { "network", "{}", GENRE_MODEL_ERROR_NETWORK, "network: expected an array" },
    { "network", "[[[[[[[[[[[[[[[[[[[", GENRE_MODEL_ERROR_JSON, "network: not strict JSON: |deeper than 16" },
    { "network", "[{\"type\":\"softmax\"}]", GENRE_MODEL_ERROR_NETWORK, "network: layer 0 (softmax): " },
    { "network", "[{\"type\":\"relu\"}]", GENRE_MODEL_ERROR_NETWORK, "output: expected a softmax of one vector" },
    { "network", "[{\"type\":\"to_sequence\"},{\"type\":\"softmax\"}]", GENRE_MODEL_ERROR_NETWORK,
        "output: expected a softmax of one vector" },
    { "window_frames", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"window_frames\"" },
    { "window_frames", "", GENRE_MODEL_ERROR_WINDOW, "window_frames: expected an integer from 1 to 1024, found \"\"" },
    { "window_frames", "0", GENRE_MODEL_ERROR_WINDOW, "found \"0\"" },
    { "window_frames", "1025", GENRE_MODEL_ERROR_WINDOW, "found \"1025\"" },
    { "window_frames", "-20", GENRE_MODEL_ERROR_WINDOW, "found \"-20\"" },
    { "window_frames", "+20", GENRE_MODEL_ERROR_WINDOW, "found \"+20\"" },
    { "window_frames", " 20", GENRE_MODEL_ERROR_WINDOW, "found \" 20\"" },
    { "window_frames", "20 ", GENRE_MODEL_ERROR_WINDOW, "found \"20 \"" },
    { "window_frames", "20.0", GENRE_MODEL_ERROR_WINDOW, "found \"20.0\"" },
    { "window_frames", "2e1", GENRE_MODEL_ERROR_WINDOW, "found \"2e1\"" },
    { "window_frames", "024", GENRE_MODEL_ERROR_WINDOW, "found \"024\"" },
    { "window_frames", "0x14", GENRE_MODEL_ERROR_WINDOW, "found \"0x14\"" },
    { "window_frames", "18446744073709551636", GENRE_MODEL_ERROR_WINDOW, "found \"18446744073709551636\"" },
    { "min_frames", NULL, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"min_frames\"" },
    { "min_frames", "0", GENRE_MODEL_ERROR_WINDOW, "min_frames: expected an integer from 1 to 20, found \"0\"" },
    { "min_frames", "21", GENRE_MODEL_ERROR_WINDOW, "min_frames: expected an integer from 1 to 20, found \"21\"" },
    { "min_frames", "3", GENRE_MODEL_ERROR_NETWORK, "network: layer 3 (max_pool2d): " },
    { "min_frames", "2", GENRE_MODEL_ERROR_NETWORK, "network: layer 0 (conv2d \"conv\"): " },
    { "training", "", GENRE_MODEL_ERROR_JSON, "training: not strict JSON" },
    { "training", "{\"a\":1,\"a\":1}", GENRE_MODEL_ERROR_JSON, "training: not strict JSON: |duplicate key \"a\"" },
    { "training", "[]", GENRE_MODEL_ERROR_FORMAT, "training: expected an object, found \"[]\"" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    char *name = g_strdup_printf ("%s '%s'", bad[i].key, bad[i].value ? bad[i].value : "(none)");
    model_builder_set (builder, bad[i].key, bad[i].value);
    check_rejected (model_builder_build (builder), bad[i].code, bad[i].words, name);
    g_free (name);
  }
}

/* One change of the recipe or the network each. */
static void
test_parameters (void)
{
  static const struct
  {
    const char *key, *from, *to;
    GenreModelError code;
    const char *words;
  } bad[] = {
    { "frontend", "\"n_fft\"", "\"pre_emphasis\":0.97,\"n_fft\"", GENRE_MODEL_ERROR_FRONTEND, "\"pre_emphasis\"" },
    { "frontend", "\"n_fft\"", "\"n_fft\":256,\"n_fft\"", GENRE_MODEL_ERROR_JSON, "frontend: |key \"n_fft\"" },
    { "frontend", "\"hop_length\":128", "\"hop_length\":0", GENRE_MODEL_ERROR_FRONTEND, "\"hop_length\"|found 0" },
    { "frontend", "\"hop_length\":128", "\"hop_length\":0200", GENRE_MODEL_ERROR_JSON, "leading zero" },
    { "frontend", "\"fmax\":4000", "\"fmax\":0", GENRE_MODEL_ERROR_FRONTEND, "\"fmax\" above \"fmin\"" },
    { "frontend", "9.9]", "0]", GENRE_MODEL_ERROR_FRONTEND, "\"std\"|found 0" },
    { "frontend", "9.9]", "1e400]", GENRE_MODEL_ERROR_JSON, "1e400 is too large" },
    { "frontend", "-4.1]", "NaN]", GENRE_MODEL_ERROR_JSON, "a JSON value" },
    { "network", "\"filters\":3", "\"filters\":0", GENRE_MODEL_ERROR_NETWORK, "layer 0 (conv2d \"conv\"): |0" },
    { "network", "\"filters\":3", "\"filters\":-3", GENRE_MODEL_ERROR_NETWORK, "\"filters\"|found -3" },
    { "network", "\"filters\":3", "\"filters\":3.5", GENRE_MODEL_ERROR_NETWORK, "\"filters\"|found 3.5" },
    { "network", "\"filters\":3", "\"filters\":2147483647", GENRE_MODEL_ERROR_NETWORK, "layer 0 (conv2d|2147483647" },
    { "network", "\"kernel\":[3,3]", "\"kernel\":[0,3]", GENRE_MODEL_ERROR_NETWORK, "layer 0 (conv2d" },
    { "network", "\"kernel\":[3,3]", "\"kernel\":[3,10]", GENRE_MODEL_ERROR_NETWORK, "layer 0 (conv2d" },
    { "network", "\"kernel\":[3,3]", "\"kernel\":[3,2147483647]", GENRE_MODEL_ERROR_NETWORK, "layer 0 (conv2d" },
    { "network", "\"pool\":[2,2]", "\"pool\":[0,2]", GENRE_MODEL_ERROR_NETWORK, "layer 3 (max_pool2d)" },
    { "network", "\"pool\":[2,2]", "\"pool\":[5,2]", GENRE_MODEL_ERROR_NETWORK, "layer 3 (max_pool2d)" },
    { "network", "\"epsilon\":0.001", "\"epsilon\":-1", GENRE_MODEL_ERROR_NETWORK, "layer 1 (batch_norm \"bn\"): " },
    { "network", "\"epsilon\":0.001", "\"momentun\":0.99", GENRE_MODEL_ERROR_NETWORK, "\"momentun\": expected a key" },
    { "network", "\"rate\":0.25", "\"rate\":1", GENRE_MODEL_ERROR_NETWORK, "layer 5 (dropout): " },
    { "network", "\"units\":4", "\"units\":0", GENRE_MODEL_ERROR_NETWORK, "layer 6 (gru \"gru\"): " },
    { "network", "\"units\":4", "\"units\":100000000", GENRE_MODEL_ERROR_NETWORK, "layer 6 (gru \"gru\"): " },
    { "network", "\"units\":4,\"return_sequences\":true", "\"units\":4", GENRE_MODEL_ERROR_NETWORK,
        "layer 7 (temporal_pool): " },
    { "network", "\"temperature\":1", "\"temperature\":0", GENRE_MODEL_ERROR_NETWORK, "layer 9 (softmax): " },
    { "network", "\"temperature\":1", "\"temperature\":-1", GENRE_MODEL_ERROR_NETWORK, "layer 9 (softmax): " },
    { "network", "{\"type\":\"relu\"}", "{\"type\":\"attention\"}", GENRE_MODEL_ERROR_NETWORK, "layer 2: |attention" },
    { "network", "{\"type\":\"relu\"}", "{\"type\":\"dense\",\"name\":\"x\",\"units\":2}", GENRE_MODEL_ERROR_NETWORK,
        "layer 2 (dense \"x\"): " },
    { "network", ",{\"type\":\"softmax\",\"temperature\":1}", "", GENRE_MODEL_ERROR_NETWORK, "expected a softmax" },
    { "network", ",{\"type\":\"temporal_pool\",\"stats\":[\"mean\",\"max\"]}", "", GENRE_MODEL_ERROR_NETWORK,
        "expected a softmax of one vector" },
    { "network", "\"units\":3", "\"units\":5", GENRE_MODEL_ERROR_LABELS, "expected 5|found 3" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_replace (builder, bad[i].key, bad[i].from, bad[i].to);
    check_rejected (model_builder_build (builder), bad[i].code, bad[i].words, bad[i].to);
  }
}

static void
test_values (void)
{
  static const struct
  {
    const char *tensor;
    gsize index;
    float value;
    const char *words;
  } bad[] = {
    { "conv/kernel", 5, NAN, "tensor \"conv/kernel\": expected finite values, found |nan| at index 5" },
    { "dense/bias", 2, INFINITY, "tensor \"dense/bias\": expected finite values, found inf at index 2" },
    { "gru/bias", 23, -INFINITY, "tensor \"gru/bias\": expected finite values, found -inf at index 23" },
    { "bn/moving_variance", 1, -0.5f, "\"bn/moving_variance\": expected finite values of at least 0, found -0.5" },
    { "bn/moving_variance", 0, INFINITY, "\"bn/moving_variance\": |found inf" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_set_value (builder, bad[i].tensor, bad[i].index, bad[i].value);
    check_rejected (model_builder_build (builder), GENRE_MODEL_ERROR_TENSOR, bad[i].words, bad[i].words);
  }
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_set_value (builder, "bn/moving_variance", 0, 0);
  model_builder_set_value (builder, "bn/gamma", 0, -1);
  GBytes *bytes = model_builder_build (builder);
  genre_model_unref (parse_good (bytes, "variance of 0"));
  g_bytes_unref (bytes);
}

static void
test_tensors (void)
{
  const GenreModelError code = GENRE_MODEL_ERROR_TENSOR;
  const float zeros[64] = { 0 };
  static const char *const names[] = { "conv/kernel", "bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance",
    "gru/kernel", "gru/recurrent_kernel", "gru/bias", "dense/kernel", "dense/bias" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    char *words = g_strdup_printf ("tensor \"%s\": expected F32 [|], found none", names[i]);
    model_builder_remove_tensor (builder, names[i]);
    check_rejected (model_builder_build (builder), code, words, names[i]);
    g_free (words);
  }

  static const struct
  {
    const char *name;
    SafetensorsType type;
    unsigned rank;
    gsize dim[4];
    const char *words;
  } bad[] = {
    { "dense/bias", SAFETENSORS_F32, 1, { 4 }, "tensor \"dense/bias\": expected F32 [3], found F32 [4]" },
    { "dense/bias", SAFETENSORS_F32, 2, { 1, 3 }, "expected F32 [3], found F32 [1][3]" },
    { "dense/bias", SAFETENSORS_F32, 0, { 0 }, "expected F32 [3], found F32 []" },
    { "dense/bias", SAFETENSORS_F32, 1, { 0 }, "expected F32 [3], found F32 [0]" },
    { "dense/kernel", SAFETENSORS_F32, 2, { 3, 8 }, "expected F32 [8][3], found F32 [3][8]" },
    { "dense/bias", SAFETENSORS_BF16, 1, { 3 }, "expected F32 [3], found BF16 [3]" },
    { "dense/bias", SAFETENSORS_F64, 1, { 3 }, "expected F32 [3], found F64 [3]" },
    { "dense/bias", SAFETENSORS_I32, 1, { 3 }, "expected F32 [3], found I32 [3]" },
    { "gru/bias", SAFETENSORS_F32, 1, { 24 }, "expected F32 [2][12], found F32 [24]" },
    { "conv/bias", SAFETENSORS_F32, 1, { 3 }, "tensor \"conv/bias\": expected only what the network needs" },
    { "", SAFETENSORS_F32, 1, { 3 }, "tensor \"\": expected only what the network needs" },
    { "dense/Kernel", SAFETENSORS_U8, 0, { 0 }, "tensor \"dense/Kernel\": expected only what the network needs" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_set_tensor (builder, bad[i].name, bad[i].type, bad[i].rank, bad[i].dim, zeros);
    check_rejected (model_builder_build (builder), code, bad[i].words, bad[i].words);
  }
}

/* What a container may be wrong in reaches the caller with its own code. */
static void
test_container (void)
{
  GBytes *tiny = tiny_file ();
  check_rejected (model_builder_edit (tiny, "\"dense/bias\":{", "\"dense/bias\":{},\"dense/bias\":{"),
      GENRE_MODEL_ERROR_JSON, "header: not strict JSON: |duplicate key \"dense/bias\"", "duplicate tensor");
  check_rejected (model_builder_edit (tiny, "\"version\":\"1\"", "\"version\":\"1\",\"version\":\"1\""),
      GENRE_MODEL_ERROR_JSON, "duplicate key \"version\"", "duplicate metadata");
  check_rejected (model_builder_edit (tiny, "\"dtype\":\"F32\",\"shape\":[8,3]", "\"dtype\":\"F32\",\"shape\":[8,4]"),
      GENRE_MODEL_ERROR_CONTAINER, "tensor \"dense/kernel\": |128 bytes for F32 [8][4], found 96", "shape");
  check_rejected (model_builder_edit (tiny, "{\"__metadata__\"", "/**/{\"__metadata__\""), GENRE_MODEL_ERROR_JSON,
      "header: not strict JSON", "comment");
  check_rejected (model_builder_container ("{}", 2, NULL, 0), GENRE_MODEL_ERROR_FORMAT,
      "expected metadata \"format\", found none", "no metadata");
  check_rejected (g_bytes_new (NULL, 0), GENRE_MODEL_ERROR_SIZE, "empty", "empty");

  GByteArray *longer = g_bytes_unref_to_array (g_bytes_ref (tiny));
  g_byte_array_append (longer, (const guint8 *) "", 1);
  check_rejected (g_byte_array_free_to_bytes (longer), GENRE_MODEL_ERROR_CONTAINER, "bytes of data", "a byte more");
  g_bytes_unref (tiny);
}

/* Each in its own memory, so that a read beyond the end is seen. */
static void
test_prefixes (void)
{
  GBytes *bytes = tiny_file ();
  for (gsize size = 0; size < g_bytes_get_size (bytes); size++) {
    GError *error = NULL;
    guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, NULL), size);
    CHECK (!genre_model_parse (copy, size, "file", &error), "prefix of %zu", size);
    expect_error (error, GENRE_MODEL_ERROR_SIZE,
        size == 0 ? "file: |the file is empty" : "file: |the file is truncated", "prefix");
    g_free (copy);
  }
  g_bytes_unref (bytes);
}

/* Every byte once with each of some values.  A file may stay valid; then it must still be written and read back. */
static void
test_mutations (void)
{
  static const guint8 values[] = { 0x00, 0x80, 0xff, '"', '9' };
  GBytes *bytes = tiny_file ();
  gsize size = 0, accepted = 0;
  guint8 *copy = g_bytes_unref_to_data (bytes, &size);

  for (gsize at = 0; at < size; at++) {
    for (size_t v = 0; v < G_N_ELEMENTS (values); v++) {
      guint8 byte = copy[at];
      GError *error = NULL;
      copy[at] = values[v];
      GenreModel *model = genre_model_parse (copy, size, "file", &error);
      CHECK ((model != NULL) == (error == NULL), "byte %zu: neither a model nor an error", at);
      if (model && byte != values[v] && at % 16 == 0) {
        accepted++;
        check_round_trip (model, "mutation");
      }
      CHECK (!error || (error->domain == GENRE_MODEL_ERROR && g_str_has_prefix (error->message, "file: ")),
          "byte %zu: %s", at, error->message);
      g_clear_error (&error);
      genre_model_unref (model);
      copy[at] = byte;
    }
  }
  CHECK (accepted > 50, "only %zu mutations were accepted: no weight was reached", accepted);
  g_free (copy);
}

/* --- out of memory --------------------------------------------------------------------------------------------- */

/* GLib aborts where it gets no memory; the network and its weights, which a file may make large, are not GLib's. */
static void
test_no_memory (void)
{
  g_autoptr (GBytes) bytes = tiny_file ();
  GenreModel *model = NULL;
  long k;

  for (k = 0; !model && k < 1000; k++) {
    GError *error = NULL;
    fail_at = k;
    model = parse (bytes, "file", &error);
    CHECK (!model == (fail_at < 0), "allocation %ld failed unseen", k);
    fail_at = -1;
    if (!model)
      expect_error (error, GENRE_MODEL_ERROR_SIZE, "file: |no memory for its ", "out of memory");
  }
  CHECK (model && k > 20, "%ld allocations", k);
  check_round_trip (model, "after all that failed");
  genre_model_unref (model);
}

/* --- files ----------------------------------------------------------------------------------------------------- */

static void
check_load_rejected (const char *path, GenreModelError code, const char *words)
{
  GError *error = NULL;
  GenreModel *model = genre_model_load (path, &error);
  CHECK (!model, "%s", path);
  genre_model_unref (model);
  expect_error (error, code, words, path);
}

static void
test_files (void)
{
  char *directory = g_dir_make_tmp ("genre-XXXXXX", NULL);
  char *path = g_build_filename (directory, "a model \xc3\xa4.safetensors", NULL);

  check_load_rejected (path, GENRE_MODEL_ERROR_NOT_FOUND, "a model \xc3\xa4.safetensors: no such file");
  check_load_rejected (directory, GENRE_MODEL_ERROR_READ, "found a directory");
  check_load_rejected ("/dev/zero", GENRE_MODEL_ERROR_READ, "/dev/zero: |found a device");
  CHECK (mkfifo (path, 0600) == 0, "mkfifo");
  check_load_rejected (path, GENRE_MODEL_ERROR_READ, "found a FIFO");
  g_remove (path);

  CHECK (g_file_set_contents (path, "", 0, NULL), "write");
  check_load_rejected (path, GENRE_MODEL_ERROR_SIZE, "a model \xc3\xa4.safetensors: |empty");
  CHECK (truncate (path, (256 << 20) + 1) == 0, "truncate");
  check_load_rejected (path, GENRE_MODEL_ERROR_SIZE, "at most 268435456 bytes, found 268435457");

  GBytes *bytes = tiny_file ();
  CHECK (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL), "write");
  GError *error = NULL;
  GenreModel *model = genre_model_load (path, &error);
  CHECK (model, "%s", error->message);
  GenreModel *same = parse_good (bytes, "tiny");
  CHECK (model == same, "a file and its bytes are not the same object");
  genre_model_unref (same);
  genre_model_unref (model);
  g_bytes_unref (bytes);
  g_remove (path);
  g_rmdir (directory);
  g_free (path);
  g_free (directory);
}

/* tests/corpus/model: files of tests/make-model-corpus.py, which shares no code with the reader.  The name says what
 * they are: "ok-...", or "json-...", the code in lower case. */
static void
test_corpus (void)
{
  static const char *const codes[] = { [GENRE_MODEL_ERROR_SIZE] = "size",
    [GENRE_MODEL_ERROR_JSON] = "json",
    [GENRE_MODEL_ERROR_CONTAINER] = "container",
    [GENRE_MODEL_ERROR_FORMAT] = "format",
    [GENRE_MODEL_ERROR_LABELS] = "labels",
    [GENRE_MODEL_ERROR_FRONTEND] = "frontend",
    [GENRE_MODEL_ERROR_NETWORK] = "network",
    [GENRE_MODEL_ERROR_TENSOR] = "tensor",
    [GENRE_MODEL_ERROR_WINDOW] = "window" };
  char *directory = g_build_filename (g_getenv ("GENRE_TEST_DATA"), "corpus", "model", NULL);
  GDir *dir = g_dir_open (directory, 0, NULL);
  unsigned n_good = 0, n_bad = 0;
  CHECK (dir, "no directory %s", directory);

  for (const char *name = dir ? g_dir_read_name (dir) : NULL; name; name = g_dir_read_name (dir)) {
    char *path = g_build_filename (directory, name, NULL);
    GError *error = NULL;
    GenreModel *model = genre_model_load (path, &error);
    if (g_str_has_prefix (name, "ok-")) {
      n_good++;
      CHECK (model, "%s", error->message);
      if (model)
        check_round_trip (model, name);
      g_clear_error (&error);
    } else {
      size_t code = 0;
      while (code < G_N_ELEMENTS (codes)
          && !(codes[code] && g_str_has_prefix (name, codes[code]) && name[strlen (codes[code])] == '-'))
        code++;
      CHECK (code < G_N_ELEMENTS (codes), "%s: no code", name);
      CHECK (!model, "%s", name);
      n_bad++;
      expect_error (error, (GenreModelError) code, name, name);
    }
    genre_model_unref (model);
    g_free (path);
  }
  CHECK (n_good >= 2 && n_bad >= 30, "%u good and %u bad files", n_good, n_bad);
  if (dir)
    g_dir_close (dir);
  g_free (directory);
}

/* --- sharing --------------------------------------------------------------------------------------------------- */

static void
test_sharing (void)
{
  GBytes *bytes = tiny_file ();
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_fill (builder, 2);
  GBytes *other_bytes = model_builder_build (builder);

  GenreModel *a = parse_good (bytes, "a"), *b = parse_good (bytes, "b"), *c = parse_good (other_bytes, "c");
  CHECK (a == b && a != c, "the same bytes, the same object");
  CHECK (genre_model_ref (a) == a, "ref");
  genre_model_unref (a);
  genre_model_unref (a);
  GenreModel *d = parse_good (bytes, "d");
  CHECK (d == b, "while one reference is alive");
  genre_model_unref (b);
  genre_model_unref (d);
  genre_model_unref (c);

  a = parse_good (bytes, "again");
  if (a)
    check_round_trip (a, "again");
  genre_model_unref (a);
  g_bytes_unref (other_bytes);
  g_bytes_unref (bytes);
}

enum
{
  N_THREADS = 4,
  N_FILES = 2,
  N_ROUNDS = 400,
};

static GBytes *thread_files[N_FILES];

/* Takes and drops references so that the last one goes while others look the model up. */
static gpointer
share_thread (gpointer data)
{
  uint64_t random = 1 + (uint64_t) GPOINTER_TO_UINT (data);
  unsigned failures = 0;
  for (unsigned i = 0; i < N_ROUNDS; i++) {
    unsigned which = (unsigned) (test_random (&random) >> 60) % N_FILES;
    gsize size = 0;
    const guint8 *bytes = g_bytes_get_data (thread_files[which], &size);
    GenreModel *a = genre_model_parse (bytes, size, "thread", NULL);
    GenreModel *b = genre_model_parse (bytes, size, "thread", NULL);
    failures += !a || a != b;
    if (!a || !b)
      continue;
    genre_model_ref (a);
    genre_model_unref (b);
    failures += genre_model_n_labels (a) != 3 || strlen (genre_model_sha256 (a)) != 64;
    genre_model_unref (a);
    if (test_random (&random) & 1)
      g_thread_yield ();
    genre_model_unref (a);
  }
  return GUINT_TO_POINTER (failures);
}

static void
test_threads (void)
{
  for (unsigned i = 0; i < N_FILES; i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_fill (builder, 10 + i);
    thread_files[i] = model_builder_build (builder);
  }
  GThread *threads[N_THREADS];
  for (unsigned i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("share", share_thread, GUINT_TO_POINTER (i));
  for (unsigned i = 0; i < N_THREADS; i++) {
    unsigned failures = GPOINTER_TO_UINT (g_thread_join (threads[i]));
    CHECK (failures == 0, "thread %u: %u failures", i, failures);
  }
  for (unsigned i = 0; i < N_FILES; i++)
    g_bytes_unref (thread_files[i]);
}

/* Same bytes of the network, at this temperature, as the file that says so. */
static void
test_temper (void)
{
  GError *error = NULL;
  GenreModel *model = genre_model_default (&error);
  GenreModel *tempered = genre_model_temper (model, 2.5, "tempered", &error);
  CHECK (tempered, "%s", error ? error->message : "");
  if (tempered) {
    g_autoptr (GBytes) made = genre_model_serialize (tempered, NULL);
    g_autoptr (GBytes) expected = genre_model_serialize_tempered (model, 2.5, "{}", NULL);
    CHECK (g_bytes_equal (made, expected), "another file");
    CHECK (!genre_model_sha256 (tempered) && genre_model_sha256 (model), "only a file has a hash");
    CHECK (genre_model_temperature (model) < 2.5, "the first is as it was");
    GenreModel *again = genre_model_temper (model, 2.5, "again", NULL);
    CHECK (again && again != tempered, "each is its own");
    genre_model_unref (again);
  }
  genre_model_unref (tempered);
  CHECK (!genre_model_temper (model, -1, "cold", &error), "a temperature below 0");
  expect_error (error, GENRE_MODEL_ERROR_NETWORK, "cold: network: |softmax", "temperature");
  genre_model_unref (model);
}

static NnNetwork *
copy_network (const GenreModel *model)
{
  const NnNetwork *network = genre_model_network (model);
  const gsize n = nn_network_n_layers (network);
  g_autofree NnLayerSpec *specs = g_new (NnLayerSpec, n);
  NnNetwork *copy = NULL;
  NnIssue issue;
  for (gsize i = 0; i < n; i++)
    specs[i] = *nn_network_spec (network, i);
  CHECK (nn_network_new (specs, n, genre_model_frontend (model)->bands, genre_model_min_frames (model),
             genre_model_window_frames (model), &copy, &issue)
          == NN_OK,
      "no copy");
  CHECK (network_heads_copy (network, copy), "no heads");
  for (gsize i = 0; i < nn_network_n_tensors (copy); i++)
    memcpy (nn_network_tensor (copy, i)->values, genre_model_tensor (model, i)->values,
        nn_tensor_size (genre_model_tensor (model, i)) * sizeof (float));
  return copy;
}

static GenreModel *
make (const GenreModel *like, const char *const *labels, NnNetwork *network, GError **error)
{
  return genre_model_new (labels, genre_model_frontend (like), network, genre_model_window_frames (like),
      genre_model_min_frames (like), "made", error);
}

/* What no file holds is checked as a file is. */
static void
test_new (void)
{
  GError *error = NULL;
  GenreModel *model = genre_model_default (&error);
  const char *labels[16] = { NULL };
  const unsigned n = genre_model_n_labels (model);
  for (unsigned i = 0; i < n; i++)
    labels[i] = genre_model_labels (model)[i];

  GenreModel *made = make (model, labels, copy_network (model), &error);
  CHECK (made, "%s", error ? error->message : "");
  g_autofree char *a = genre_model_weights_sha256 (model), *b = made ? genre_model_weights_sha256 (made) : NULL;
  CHECK (g_strcmp0 (a, b) == 0, "other weights");
  genre_model_unref (made);

  labels[1] = labels[0];
  CHECK (!make (model, labels, copy_network (model), &error), "a label twice");
  expect_error (error, GENRE_MODEL_ERROR_LABELS, "made: labels: expected each only once", "twice");
  error = NULL;
  labels[1] = "another";
  labels[n - 1] = NULL;
  CHECK (!make (model, labels, copy_network (model), &error), "a label less");
  expect_error (error, GENRE_MODEL_ERROR_LABELS, "made: labels: expected |as many as the network has outputs", "less");
  error = NULL;
  NnNetwork *network = copy_network (model);
  nn_network_tensor (network, 0)->values[1] = (float) NAN;
  CHECK (!make (model, genre_model_labels (model), network, &error), "a weight that is no number");
  expect_error (error, GENRE_MODEL_ERROR_TENSOR, "made: tensor |expected finite values, found nan at index 1", "nan");
  genre_model_unref (model);
}

/* Two models of other weights, and of another kind.  The first value of each tensor differs by 1. */
static void
test_average (void)
{
  const char *names[] = { "one", "two" };
  GError *error = NULL;
  GenreModel *model = genre_model_default (&error);
  NnNetwork *network = copy_network (model);
  for (gsize i = 0; i < nn_network_n_tensors (network); i++)
    nn_network_tensor (network, i)->values[0] += 1;
  GenreModel *pair[] = { model, make (model, genre_model_labels (model), network, &error) };
  CHECK (pair[1], "%s", error ? error->message : "");

  GenreModel *mean = genre_model_average (pair, names, 2, "mean", &error);
  CHECK (mean, "%s", error ? error->message : "");
  gsize n_tensors = 0;
  for (; mean && n_tensors < nn_network_n_tensors (genre_model_network (mean)); n_tensors++) {
    const NnTensor *tensor = genre_model_tensor (mean, n_tensors);
    const float *a = genre_model_tensor (model, n_tensors)->values, *found = tensor->values;
    const gsize last = nn_tensor_size (tensor) - 1;
    CHECK (fabsf (found[0] - a[0] - .5f) < 1e-6f, "%s: %g of %g", tensor->name, (double) found[0], (double) a[0]);
    CHECK (last == 0 || found[last] == a[last], "%s: the last value, %g", tensor->name, (double) found[last]);
  }
  CHECK (n_tensors > 20, "%u tensors", (unsigned) n_tensors);
  genre_model_unref (mean);
  genre_model_unref (pair[1]);

  const char *const labels[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", NULL };
  pair[1] = make (model, labels, copy_network (model), &error);
  CHECK (!genre_model_average (pair, names, 2, "mean", &error), "other labels");
  expect_error (error, GENRE_MODEL_ERROR_LABELS, "two: labels: expected those of one, found others", "labels");
  error = NULL;
  genre_model_unref (pair[1]);

  g_autoptr (GBytes) bytes = tiny_file ();
  pair[1] = parse_good (bytes, "tiny");
  CHECK (!genre_model_average (pair, names, 2, "mean", &error), "another network");
  g_clear_error (&error);
  genre_model_unref (pair[1]);
  genre_model_unref (model);
}

int
main (void)
{
  if (!g_getenv ("GENRE_TEST_DATA")) {
    fputs ("GENRE_TEST_DATA is not set\n", stderr);
    return 1;
  }
  test_tiny ();
  test_default ();
  test_accepted ();
  test_unaligned ();
  test_metadata ();
  test_parameters ();
  test_values ();
  test_tensors ();
  test_container ();
  test_prefixes ();
  test_mutations ();
  test_no_memory ();
  test_files ();
  test_corpus ();
  test_sharing ();
  test_threads ();
  test_temper ();
  test_new ();
  test_average ();
  TEST_END ();
}
