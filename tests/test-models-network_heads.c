/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Heads of a model: their JSON, and model files of version 2, read, refused, written, tempered and made anew.
 *
 * Linked with --wrap for malloc and calloc, so that each of nn's allocations fails in turn.
 */
#include "models/network_heads.h"

#include "models/genre_cost.h"
#include "models/network_spec.h"
#include "tests/expect_error.h"
#include "tests/fail_at.h"
#include "tests/model_builder.h"

#include <math.h>
#include <string.h>

/* --- models ---------------------------------------------------------------------------------------------------- */

static GenreModel *
parse (GBytes *bytes, GError **error)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return genre_model_parse (data, size, "file", error);
}

/* Takes bytes. */
static GenreModel *
parse_good (GBytes *bytes, const char *what)
{
  GError *error = NULL;
  GenreModel *model = parse (bytes, &error);
  CHECK (model, "%s: %s", what, error->message);
  if (!model)
    exit (1);
  g_bytes_unref (bytes);
  return model;
}

static GenreModel *
model_new (gboolean music)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  if (music)
    model_builder_add_music (builder);
  return parse_good (model_builder_build (builder), music ? "with a head" : "without one");
}

/* Of a model file: where this string of its header is; NULL: it is not. */
static const char *
find_in (GBytes *bytes, const char *text)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);
  return g_strstr_len (data + 8, (gssize) size - 8, text);
}

static void
check_same_weights (const GenreModel *a, const GenreModel *b, const char *what)
{
  g_autofree char *x = genre_model_weights_sha256 (a), *y = genre_model_weights_sha256 (b);
  CHECK (strcmp (x, y) == 0, "%s: %s and %s", what, x, y);
}

/* --- read and written ------------------------------------------------------------------------------------------ */

static void
test_read (void)
{
  GenreModel *model = model_new (TRUE), *plain = model_new (FALSE);
  const NnNetwork *network = genre_model_network (model);

  CHECK (genre_model_has_music (model) && !genre_model_has_music (plain), "has music");
  CHECK (network_heads_music (network) == 0 && network_heads_music (genre_model_network (plain)) == -1, "index");
  CHECK (nn_network_n_heads (network) == 1 && nn_network_head (network, 0)->n_layers == 2, "layers");
  CHECK (nn_network_body (network) == nn_network_n_layers (network) - 2, "behind %zu layers",
      nn_network_body (network));
  CHECK (nn_network_n_parameters (network) == nn_network_n_parameters (genre_model_network (plain)) + 9, "parameters");
  for (gsize i = 0; i < nn_network_n_tensors (genre_model_network (plain)); i++)
    CHECK (memcmp (genre_model_tensor (model, i)->values, genre_model_tensor (plain, i)->values,
               nn_tensor_size (genre_model_tensor (plain, i)) * sizeof (float))
            == 0,
        "the head changes %s", genre_model_tensor (plain, i)->name);
  genre_model_unref (model);
  genre_model_unref (plain);
}

static void
test_written (void)
{
  static const struct
  {
    const char *version, *other;
  } rows[] = { { "\"version\":\"1\"", "\"heads\"" }, { "\"version\":\"2\"", "\"version\":\"1\"" } };

  for (int music = 0; music < 2; music++) {
    GenreModel *model = model_new (music != 0);
    GBytes *bytes = genre_model_serialize (model, NULL);
    CHECK (find_in (bytes, rows[music].version) && !find_in (bytes, rows[music].other), "version %d", music + 1);
    CHECK (!music == !find_in (bytes, "music/kernel"), "the head's tensors");
    GenreModel *back = parse_good (g_bytes_ref (bytes), "written");
    GBytes *again = genre_model_serialize (back, NULL);
    CHECK (genre_model_has_music (back) == (music != 0), "the head is lost");
    CHECK (g_bytes_equal (bytes, again), "the bytes differ");
    check_same_weights (model, back, "written");
    g_bytes_unref (again);
    g_bytes_unref (bytes);
    genre_model_unref (back);
    genre_model_unref (model);
  }
}

/* SHA-256 of all that follows the header. */
static void
test_weights_hash (void)
{
  GenreModel *model = model_new (TRUE), *plain = model_new (FALSE);
  g_autoptr (GBytes) bytes = genre_model_serialize (model, NULL);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint64 length;
  memcpy (&length, data, sizeof length);
  length = GUINT64_FROM_LE (length);
  g_autofree char *expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data + 8 + length,
      size - 8 - (gsize) length);
  g_autofree char *found = genre_model_weights_sha256 (model), *other = genre_model_weights_sha256 (plain);
  CHECK (strcmp (found, expected) == 0, "%s, not %s", found, expected);
  CHECK (strcmp (found, other) != 0, "the head is not in the hash");
  genre_model_unref (model);
  genre_model_unref (plain);
}

/* What JSON may have: defaults left out, more layers, the head's keys in another order. */
static void
test_accepted (void)
{
  static const char *const good[] = {
    "{\"music\":[{\"type\":\"dense\",\"name\":\"a\",\"units\":5},{\"type\":\"relu\"},{\"type\":\"dropout\","
    "\"rate\":0.2},{\"type\":\"dense\",\"name\":\"b\",\"units\":1},{\"type\":\"sigmoid\"}]}",
    " { \"mus\\u0069c\" : [ {\"units\":1, \"use_bias\":false, \"name\":\"m\", \"type\":\"dense\"},"
    "{\"type\":\"sigmoid\"} ] } ",
    "{\"music\":[{\"type\":\"batch_norm\",\"name\":\"n\"},{\"type\":\"dense\",\"name\":\"\xc3\xa4\",\"units\":1},"
    "{\"type\":\"sigmoid\"}]}",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_set (builder, "version", "2");
    model_builder_set (builder, "heads", good[i]);
    model_builder_fill (builder, 3);
    GenreModel *model = parse_good (model_builder_build (builder), good[i]);
    g_autoptr (GBytes) bytes = genre_model_serialize (model, NULL);
    GenreModel *back = parse_good (g_bytes_ref (bytes), "written");
    g_autoptr (GBytes) again = genre_model_serialize (back, NULL);
    CHECK (g_bytes_equal (bytes, again) && genre_model_has_music (back), "%s", good[i]);
    check_same_weights (model, back, good[i]);
    genre_model_unref (back);
    genre_model_unref (model);
  }
}

static void
test_tempered (void)
{
  GError *error = NULL;
  GenreModel *model = model_new (TRUE), *tempered = genre_model_temper (model, 2.5, "tempered", &error);
  CHECK (tempered, "%s", error ? error->message : "");
  CHECK (genre_model_has_music (tempered) && genre_model_temperature (tempered) > 2.4, "the head is lost");
  check_same_weights (model, tempered, "tempered");
  g_autoptr (GBytes) made = genre_model_serialize (tempered, NULL);
  g_autoptr (GBytes) expected = genre_model_serialize_tempered (model, 2.5, "{}", NULL);
  CHECK (g_bytes_equal (made, expected), "another file");
  genre_model_unref (tempered);
  genre_model_unref (model);
}

static void
test_cost (void)
{
  GenreModel *model = model_new (TRUE), *plain = model_new (FALSE);
  const gsize n = genre_cost_n_layers (plain);
  GenreLayer layers[32], plain_layers[32];
  const GenreCost all = genre_cost_of_model (model, layers), of_plain = genre_cost_of_model (plain, plain_layers);

  CHECK (genre_cost_n_layers (model) == n + 2, "%" G_GSIZE_FORMAT " layers", genre_cost_n_layers (model));
  const GenreLayer *dense = &layers[n];

  CHECK (dense[0].cost.parameters == 9 && dense[1].cost.parameters == 0, "parameters of the head");
  CHECK (dense->cost.window > 7.5 && dense->cost.window < 8.5 && dense->cost.per_second > 7.5
          && dense->cost.per_second < 8.5,
      "%g multiply-adds", dense->cost.window);
  CHECK (!layers[n - 1].head && g_str_equal (dense[0].head, "music") && dense[1].head == dense[0].head, "which head");
  CHECK (g_str_equal (dense->type, "dense") && g_str_equal (dense->name, "music") && dense->rank == 1
          && dense->shape[0] == 1 && dense->behind < n,
      "%s %s, rank %u", dense->type, dense->name, dense->rank);
  CHECK (all.parameters == of_plain.parameters + 9 && all.window > of_plain.window + 7.5
          && all.per_second > of_plain.per_second + 7.5,
      "of all");
  genre_model_unref (model);
  genre_model_unref (plain);
}

/* --- refused --------------------------------------------------------------------------------------------------- */

static void
check_rejected (ModelBuilder *builder, GenreModelError code, const char *words)
{
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  GError *error = NULL;
  GenreModel *model = parse (bytes, &error);
  g_autofree char *all_words = g_strdup_printf ("file: |%s", words);
  CHECK (!model, "%s", words);
  genre_model_unref (model);
  expect_error (error, code, all_words, words);
}

#define DENSE "{\"type\":\"dense\",\"name\":\"music\",\"units\":1}"
#define SIGMOID "{\"type\":\"sigmoid\"}"

static void
test_refused_heads (void)
{
  const GenreModelError network = GENRE_MODEL_ERROR_NETWORK;
  const struct
  {
    const char *heads;
    GenreModelError code;
    const char *words;
  } bad[] = {
    { "", GENRE_MODEL_ERROR_JSON, "heads: not strict JSON" },
    { "{\"music\":[" DENSE "," SIGMOID "]", GENRE_MODEL_ERROR_JSON, "heads: not strict JSON" },
    { "{\"music\":[" DENSE "," SIGMOID "],\"music\":[]}", GENRE_MODEL_ERROR_JSON, "heads: |duplicate key \"music\"" },
    { "[]", network, "heads: expected an object of one head or more, found []" },
    { "{}", network, "heads: expected an object of one head or more, found an object" },
    { "null", network, "heads: expected an object of one head or more, found null" },
    { "{\"mood\":[" DENSE "," SIGMOID "]}", network, "heads: \"mood\": expected no head but \"music\"" },
    { "{\"music\":[" DENSE "," SIGMOID "],\"m\\\"\":[]}", network, "heads: \"m\\\"\": expected no head but \"music\"" },
    { "{\"Music\":[" DENSE "," SIGMOID "]}", network, "heads: \"Music\": expected no head but \"music\"" },
    { "{\"music\":{}}", network, "heads: \"music\": expected an array of 1 to 1024 layers, found an object" },
    { "{\"music\":[]}", network, "heads: \"music\": expected an array of 1 to 1024 layers, found []" },
    { "{\"music\":null}", network, "heads: \"music\": expected an array of 1 to 1024 layers, found null" },
    { "{\"music\":[1]}", network, "heads: \"music\": layer 0: expected an object, found 1" },
    { "{\"music\":[{\"type\":\"attention\"}]}", network, "heads: \"music\": layer 0: |attention" },
    { "{\"music\":[{\"type\":\"sigmoid\",\"units\":1}]}", network, "heads: \"music\": layer 0 (sigmoid): |\"units\"" },
    { "{\"music\":[" DENSE "," DENSE "," SIGMOID "]}", network,
        "heads: \"music\": layer 1 (dense): expected a name of its own, found \"music\" again" },
    { "{\"music\":[{\"type\":\"dense\",\"name\":\"dense\",\"units\":1}," SIGMOID "]}", network,
        "heads: \"music\": layer 0 (dense \"dense\"): expected a name of its own, found that of a layer of the netw" },
    { "{\"music\":[{\"type\":\"dense\",\"name\":\"music\",\"units\":0}," SIGMOID "]}", network,
        "heads: \"music\": layer 0 (dense \"music\"): units must be 1 to 65536, not 0" },
    { "{\"music\":[" DENSE ",{\"type\":\"gru\",\"name\":\"g\",\"units\":1}," SIGMOID "]}", network,
        "heads: \"music\": layer 1 (gru \"g\"): needs a sequence, but a vector comes in" },
    { "{\"music\":[" DENSE ",{\"type\":\"expand_dims\"}," SIGMOID "]}", network,
        "heads: \"music\": layer 1 (expand_dims): a head has layers that work on one vector" },
    { "{\"music\":[" DENSE "]}", network,
        "heads: \"music\": output: expected a sigmoid of 1 value, found a dense of 1" },
    { "{\"music\":[" SIGMOID "]}", network,
        "heads: \"music\": output: expected a sigmoid of 1 value, found a sigmoid of 8" },
    { "{\"music\":[" DENSE ",{\"type\":\"softmax\"}]}", network,
        "heads: \"music\": output: expected a sigmoid of 1 value, found a softmax of 1" },
    { "{\"music\":[{\"type\":\"dense\",\"name\":\"music\",\"units\":2}," SIGMOID "]}", network,
        "heads: \"music\": output: expected a sigmoid of 1 value, found a sigmoid of 2" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_add_music (builder);
    model_builder_set (builder, "heads", bad[i].heads);
    check_rejected (builder, bad[i].code, bad[i].words);
  }
}

static void
test_refused_versions (void)
{
  const struct
  {
    const char *version; /* of a file that has heads; NULL: none */
    const char *words;
  } bad[] = {
    { "1", "version: expected \"2\", for there are heads, found \"1\"" },
    { "3", "version: expected \"1\" or \"2\", found \"3\"" },
    { "02", "version: expected \"1\" or \"2\", found \"02\"" },
    { "2.0", "version: expected \"1\" or \"2\", found \"2.0\"" },
    { "", "version: expected \"1\" or \"2\", found \"\"" },
    { NULL, "expected metadata \"version\", found none" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ModelBuilder) builder = model_builder_new ();
    model_builder_add_music (builder);
    model_builder_set (builder, "version", bad[i].version);
    check_rejected (builder, GENRE_MODEL_ERROR_FORMAT, bad[i].words);
  }
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_set (builder, "version", "2");
  check_rejected (builder, GENRE_MODEL_ERROR_FORMAT, "expected metadata \"heads\", found none");
}

/* A network whose last dense layer is not behind a vector has nothing that a head could look at. */
static void
test_refused_networks (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_add_music (builder);
  model_builder_replace (builder, "network", "{\"type\":\"dense\",\"name\":\"dense\",\"units\":3},", "");
  check_rejected (builder, GENRE_MODEL_ERROR_NETWORK,
      "heads: \"music\": layer 0 (dense \"music\"): a head needs a network that has a dense layer behind a vector");
}

static void
test_refused_tensors (void)
{
  const GenreModelError code = GENRE_MODEL_ERROR_TENSOR;
  const float zeros[16] = { 0 };

  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_add_music (builder);
  model_builder_remove_tensor (builder, "music/kernel");
  check_rejected (builder, code, "tensor \"music/kernel\": expected F32 [8][1], found none");
  model_builder_set_tensor (builder, "music/kernel", SAFETENSORS_F32, 1, (const gsize[]){ 8 }, zeros);
  check_rejected (builder, code, "tensor \"music/kernel\": expected F32 [8][1], found F32 [8]");
  model_builder_set_tensor (builder, "music/kernel", SAFETENSORS_F32, 2, (const gsize[]){ 8, 1 }, zeros);
  model_builder_set_value (builder, "music/bias", 0, (float) NAN);
  check_rejected (builder, code, "tensor \"music/bias\": expected finite values, found |nan| at index 0");
  model_builder_set_value (builder, "music/bias", 0, 1);
  model_builder_set_tensor (builder, "music/beta", SAFETENSORS_F32, 1, (const gsize[]){ 1 }, zeros);
  check_rejected (builder, code, "tensor \"music/beta\": expected only what the network needs");
  model_builder_remove_tensor (builder, "music/beta");
  genre_model_unref (parse_good (model_builder_build (builder), "made good again"));

  /* Without the head, its tensors are surplus. */
  model_builder_set (builder, "version", "1");
  model_builder_set (builder, "heads", NULL);
  check_rejected (builder, code, "tensor \"music/|expected only what the network needs");
}

/* genre_model_new() refuses what no file may hold. */
static void
test_refused_new (void)
{
  GenreModel *like = model_new (FALSE);
  const NnNetwork *network = genre_model_network (like);
  const gsize n = nn_network_n_layers (network);
  g_autofree NnLayerSpec *specs = g_new (NnLayerSpec, n);
  for (gsize i = 0; i < n; i++)
    specs[i] = *nn_network_spec (network, i);

  static const struct
  {
    const char *name, *layers, *words;
  } rows[] = {
    { "music", "[" DENSE "," SIGMOID "]", NULL },
    { "mood", "[" DENSE "," SIGMOID "]", "made: heads: \"mood\": expected no head but \"music\"" },
    { "music", "[" DENSE "]", "made: heads: \"music\": output: expected a sigmoid of 1 value, found a dense of 1" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    NnNetwork *copy = NULL;
    NnIssue issue;
    GError *error = NULL;
    gsize n_head = 0;
    g_autofree NnLayerSpec *head = network_spec_parse (rows[i].layers, "row", &n_head, NULL);
    CHECK (nn_network_new (specs, n, genre_model_frontend (like)->bands, genre_model_min_frames (like),
               genre_model_window_frames (like), &copy, &issue)
            == NN_OK,
        "no copy");
    CHECK (nn_network_add_head (copy, rows[i].name, head, n_head, &issue) == NN_OK, "no head");
    GenreModel *made = genre_model_new (genre_model_labels (like), genre_model_frontend (like), copy,
        genre_model_window_frames (like), genre_model_min_frames (like), "made", &error);
    CHECK (!made == (rows[i].words != NULL), "%s", rows[i].words);
    if (!made)
      expect_error (error, GENRE_MODEL_ERROR_NETWORK, rows[i].words, rows[i].name);
    else
      CHECK (genre_model_has_music (made), "the head is lost");
    genre_model_unref (made);
  }
  genre_model_unref (like);
}

/* --- memory ---------------------------------------------------------------------------------------------------- */

/* GLib aborts where it gets no memory; the network and its weights are not GLib's. */
static void
test_no_memory (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_add_music (builder);
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  GenreModel *model = NULL, *tempered = NULL;
  long k;

  for (k = 0; !model && k < 1000; k++) {
    GError *error = NULL;
    fail_at = k;
    model = parse (bytes, &error);
    CHECK (!model == (fail_at < 0), "allocation %ld failed unseen", k);
    fail_at = -1;
    if (!model)
      expect_error (error, GENRE_MODEL_ERROR_SIZE, "file: |no memory for its ", "out of memory");
  }
  CHECK (model && k > 20, "%ld allocations", k);
  for (k = 0; model && !tempered && k < 1000; k++) {
    GError *error = NULL;
    fail_at = k;
    tempered = genre_model_temper (model, 2, "tempered", &error);
    CHECK (!tempered == (fail_at < 0), "allocation %ld failed unseen", k);
    fail_at = -1;
    if (!tempered)
      expect_error (error, GENRE_MODEL_ERROR_SIZE, "tempered: no memory for its ", "out of memory");
  }
  CHECK (tempered && k > 20, "%ld allocations", k);
  genre_model_unref (tempered);
  genre_model_unref (model);
}

int
main (void)
{
  test_read ();
  test_written ();
  test_weights_hash ();
  test_accepted ();
  test_tempered ();
  test_cost ();
  test_refused_heads ();
  test_refused_versions ();
  test_refused_networks ();
  test_refused_tensors ();
  test_refused_new ();
  test_no_memory ();
  TEST_END ();
}
