/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training: it learns; the model is the same whatever the threads and wherever it was interrupted; what
 * is not this training's is refused; numbers that explode end in a sentence with the weights as they were.
 */
#include "models/training/training.h"

#include "models/training/checkpoint.h"
#include "models/genre_model.h"
#include "nn/network.h"
#include "tests/count_entries.h"
#include "tests/expect_error.h"
#include "tests/training_builder.h"

#include <json-glib/json-glib.h>

/* Two stages, all losses, everything that is random. */
static const char recipe_json[] =
    "{" TB_NETWORK ",\"teacher_logits\":{\"factor\":2},"
    "\"pseudo_labels\":{\"low\":\"class 0\",\"middle\":\"class 1\",\"high\":\"class 2\"},"
    "\"augment\":{\"stretch\":[0.9,1.1],\"gain_db\":1,\"equalizer_db\":0.5,\"mask_frames\":2},"
    "\"data\":{\"pool\":{\"match\":[\"pool*\"],\"mix\":{\"share\":0.3,\"beta\":0.5}},\"rest\":{\"balance\":true}},"
    "\"validation\":{\"every\":7,\"interval\":0.2},"
    "\"stages\":[{\"name\":\"one\",\"steps\":8,\"batch\":{\"pool\":{\"windows\":8,\"teacher_embedding\":1,"
    "\"teacher_logits\":1}},\"learning_rate\":0.01,\"warmup\":3,\"average\":0.9},"
    "{\"name\":\"two\",\"steps\":22,\"crop\":0.5,\"batch\":{\"pool\":{\"windows\":4,\"pseudo_labels\":1},"
    "\"rest\":{\"windows\":12,\"labels\":1}},\"learning_rate\":0.02,\"average\":0.9,\"weight_decay\":0.01}]}";

typedef struct Fixture
{
  char *directory, *pool, *rest, *checkpoint;
  TrainRecipe *recipe;
  TrainingData *data;
} Fixture;

static TrainingData *
load (const Fixture *fixture, const TrainRecipe *recipe)
{
  const char *const paths[] = { fixture->pool, fixture->rest };
  GError *error = NULL;
  TrainingData *data = tb_load (recipe, paths, 2, NULL, &error);
  CHECK (data, "%s", error ? error->message : "");
  g_clear_error (&error);
  return data;
}

static Fixture
fixture_new (void)
{
  Fixture fixture = { .directory = tb_directory () };
  fixture.pool = g_build_filename (fixture.directory, "pool.safetensors", NULL);
  fixture.rest = g_build_filename (fixture.directory, "rest.safetensors", NULL);
  fixture.checkpoint = g_build_filename (fixture.directory, "model.checkpoint", NULL);
  TrainingBuilder *pool = training_builder_new (12, true, 1), *rest = training_builder_new (30, false, 2);
  pool->measured[3] = 0;
  training_builder_save (pool, fixture.pool);
  training_builder_save (rest, fixture.rest);
  training_builder_free (pool);
  training_builder_free (rest);
  fixture.recipe = tb_recipe (recipe_json);
  fixture.data = load (&fixture, fixture.recipe);
  return fixture;
}

static void
fixture_clear (Fixture *fixture)
{
  training_data_free (fixture->data);
  train_recipe_free (fixture->recipe);
  tb_remove_directory (fixture->directory);
  g_free (fixture->pool);
  g_free (fixture->rest);
  g_free (fixture->checkpoint);
}

static Training *
start (const Fixture *fixture, guint64 seed, unsigned threads)
{
  GError *error = NULL;
  Training *training = training_new (fixture->recipe, fixture->data, seed, threads, &error);
  CHECK (training, "%s", error ? error->message : "");
  g_clear_error (&error);
  return training;
}

/* So many steps more. */
static TrainingProgress
steps (Training *training, unsigned n)
{
  TrainingProgress progress = { 0 };
  GError *error = NULL;
  for (unsigned i = 0; i < n; i++)
    CHECK (training_step (training, &progress, &error), "%s", error ? error->message : "");
  g_clear_error (&error);
  return progress;
}

static char *
hash (const Training *training)
{
  GError *error = NULL;
  GBytes *bytes = training_export (training, "c0ffee", &error);
  CHECK (bytes, "%s", error ? error->message : "");
  g_clear_error (&error);
  char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_bytes_unref (bytes);
  return sum;
}

static void
test_learns (const Fixture *fixture)
{
  g_autoptr (Training) training = start (fixture, 1, 2);
  TrainingProgress progress = steps (training, 8);
  CHECK (progress.step == 8 && progress.steps == 30 && progress.stage == 0 && strcmp (progress.stage_name, "one") == 0
          && !progress.score && progress.windows == 8,
      "the first stage");
  progress = steps (training, 22);
  CHECK (progress.finished && progress.validated && progress.stage == 1 && progress.step == 30, "the end");
  const TrainingScore *score = training_score (training);
  CHECK (score && score->all.n_tracks == 6 && score->all.right_tracks == 6 && score->tests[0].n_tracks == 6
          && score->mean_recall == 1 && score->music.n_other == 0,
      "%u of %u tracks", score ? (unsigned) score->all.right_tracks : 0, score ? (unsigned) score->all.n_tracks : 0);
  progress = steps (training, 1);
  CHECK (progress.step == 30 && progress.finished && !progress.validated, "a step after the end");

  /* The file is a model, and says where it comes from. */
  GBytes *bytes = training_export (training, "c0ffee", NULL);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GError *error = NULL;
  GenreModel *model = genre_model_parse (data, size, "trained", &error);
  CHECK (model, "%s", error ? error->message : "");
  if (!model)
    return;
  CHECK (genre_model_n_labels (model) == 3 && strcmp (genre_model_labels (model)[2], "high") == 0
          && genre_model_min_frames (model) == 6 && genre_model_window_frames (model) == 12,
      "labels and windows");
  g_autoptr (JsonNode) node = json_from_string (genre_model_training (model), NULL);
  JsonObject *object = json_node_get_object (node);
  CHECK (strcmp (json_object_get_string_member (object, "commit"), "c0ffee") == 0
          && json_object_get_int_member (object, "seed") == 1
          && json_array_get_length (json_object_get_array_member (object, "data")) == 2
          && json_array_get_length (json_object_get_array_member (object, "measured")) == 1,
      "%s", genre_model_training (model));
  genre_model_unref (model);
  g_bytes_unref (bytes);

  g_autofree char *curve = training_curve (training);
  g_autofree char *card = training_card (training, "a_b.safetensors", "abc");
  CHECK (g_str_has_prefix (curve, "<") && strstr (curve, "</svg>"), "%s", curve);
  CHECK (strstr (card, "# a\\_b.safetensors") && strstr (card, "middle") && strstr (card, "held-out recordings"), "%s",
      card);

  /* Wilson's interval of 6 of 6 and of 2 of 2, from the definition. */
  CHECK (strstr (card, "| held back | 6 | 100.0 % (95 % interval 61.0 to 100.0 %) | 100.0 % |"), "%s", card);
  CHECK (strstr (card, "| middle | 8 | 2 | 2 of 2, 100.0 % (95 % interval 34.2 to 100.0 %) |"), "%s", card);
}

static void
test_same_weights (const Fixture *fixture)
{
  g_autoptr (Training) whole = start (fixture, 1, 1);
  steps (whole, 30);
  g_autofree char *expected = hash (whole);

  for (unsigned threads = 2; threads <= 4; threads++) {
    g_autoptr (Training) other = start (fixture, 1, threads);
    steps (other, 30);
    g_autofree char *found = hash (other);
    CHECK (strcmp (expected, found) == 0, "%u threads: other weights", threads);
  }
  g_autoptr (Training) seeded = start (fixture, 2, 1);
  steps (seeded, 30);
  g_autofree char *found = hash (seeded);
  CHECK (strcmp (expected, found) != 0, "another seed, the same weights");

  /* Interrupted anywhere, gone on in a new process's place with another number of threads. */
  for (unsigned at = 0; at <= 30; at += 3) {
    g_autoptr (Training) first = start (fixture, 1, 1);
    g_autoptr (Training) second = start (fixture, 1, 1 + at % 2);
    GError *error = NULL;
    char *reason = NULL;
    steps (first, at);
    CHECK (training_save (first, fixture->checkpoint, &error), "%s", error ? error->message : "");
    CHECK (training_resume (second, fixture->checkpoint, &reason, &error) && !reason, "%s",
        error ? error->message : "");
    g_clear_error (&error);
    steps (second, 30 - at);
    g_autofree char *resumed = hash (second);
    g_autofree char *a = training_curve (whole);
    g_autofree char *b = training_curve (second);
    CHECK (strcmp (expected, resumed) == 0, "resumed at %u: other weights", at);
    CHECK (strcmp (a, b) == 0, "resumed at %u: another curve", at);
  }
}

/* The model of a training as it stands. */
static GenreModel *
model_of (const Training *training)
{
  g_autoptr (GBytes) bytes = training_export (training, NULL, NULL);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return genre_model_parse (data, size, "trained", NULL);
}

/* The body is what the average of its weights had become, and stays so. */
static void
test_heads_only (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (recipe_json);
  recipe->stages[1].heads_only = true;
  recipe->choose_best = false;
  g_autoptr (TrainingData) data = load (fixture, recipe);
  g_autoptr (Training) training = training_new (recipe, data, 1, 2, NULL);
  steps (training, 8);
  GenreModel *before = model_of (training);
  steps (training, 22);
  GenreModel *after = model_of (training);
  CHECK (before && after, "no model");
  for (size_t t = 0; before && after && t < nn_network_n_tensors (genre_model_network (before)); t++) {
    const NnTensor *a = genre_model_tensor (before, t), *b = genre_model_tensor (after, t);
    const bool same = memcmp (a->values, b->values, nn_tensor_size (a) * sizeof (float)) == 0;
    CHECK (same == !g_str_has_prefix (a->name, "d/"), "%s", a->name);
  }
  genre_model_unref (before);
  genre_model_unref (after);
}

static void
test_refusals (const Fixture *fixture)
{
  g_autoptr (Training) training = start (fixture, 1, 1);
  g_autoptr (Training) seeded = start (fixture, 2, 1);
  g_autoptr (TrainRecipe) recipe = tb_recipe (recipe_json);
  char *reason = NULL;
  GError *error = NULL;

  steps (training, 3);
  g_autofree char *before = hash (seeded);
  CHECK (checkpoint_remove (fixture->checkpoint, NULL), "remove");
  CHECK (!training_resume (seeded, fixture->checkpoint, &reason, &error), "resumed from nothing");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "model.checkpoint", "nothing");
  error = NULL;
  CHECK (training_save (training, fixture->checkpoint, NULL), "save");
  CHECK (!training_resume (seeded, fixture->checkpoint, &reason, &error), "another seed is accepted");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "another recipe or another seed", "seed");
  g_autofree char *after = hash (seeded);
  CHECK (strcmp (before, after) == 0, "a refused checkpoint changes weights");

  error = NULL;
  recipe->stages[0].learning_rate = .02;
  g_autoptr (TrainingData) data = load (fixture, recipe);
  g_autoptr (Training) other = training_new (recipe, data, 1, 1, NULL);
  CHECK (!training_resume (other, fixture->checkpoint, &reason, &error), "another recipe is accepted");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "another recipe", "recipe");

  /* The same name, other music. */
  error = NULL;
  TrainingBuilder *builder = training_builder_new (30, false, 99);
  training_builder_save (builder, fixture->rest);
  training_builder_free (builder);
  g_autoptr (TrainingData) changed = load (fixture, fixture->recipe);
  g_autoptr (Training) elsewhere = training_new (fixture->recipe, changed, 1, 1, NULL);
  CHECK (!training_resume (elsewhere, fixture->checkpoint, &reason, &error), "other data is accepted");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "other data", "data");
}

/* A weight decay that turns every weight around and makes it larger, step by step. */
static void
test_diverges (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (recipe_json);
  recipe->stages[0].learning_rate = 1000;
  recipe->stages[0].weight_decay = 1000;
  recipe->stages[0].warmup = 0;
  g_autoptr (TrainingData) data = load (fixture, recipe);
  g_autoptr (Training) training = training_new (recipe, data, 1, 1, NULL);
  TrainingProgress progress;
  GError *error = NULL;
  unsigned n = 0;
  while (n < 30 && training_step (training, &progress, &error))
    n++;
  CHECK (n < 30, "it never diverged");
  expect_error (error, GENRE_MODEL_ERROR_DIVERGED, "\"one\"|finite|learning rate of ", "diverged");
  training_progress (training, &progress);
  CHECK (progress.step == n, "step %u counted as %u", n, (unsigned) progress.step);
}

static void
expect_refused (const Fixture *fixture, const char *layers, unsigned crop, GenreModelError code, const char *words)
{
  g_autofree char *json =
      g_strdup_printf ("{\"network\":%s,\"window_frames\":12,\"min_frames\":6,\"data\":{\"all\":{}},"
                       "\"stages\":[{\"steps\":1,\"crop\":%u,\"batch\":{\"all\":{\"windows\":2,\"labels\":1}}}]}",
          layers, crop);
  g_autoptr (TrainRecipe) recipe = tb_recipe (json);
  g_autoptr (TrainingData) data = load (fixture, recipe);
  GError *error = NULL;
  Training *training = training_new (recipe, data, 0, 1, &error);
  expect_error (error, code, words, layers);
  training_free (training);
}

#define CONV "{\"type\":\"conv2d\",\"name\":\"c\",\"filters\":2,\"kernel\":[3,3]}"
#define END "{\"type\":\"dense\",\"name\":\"d\"},{\"type\":\"softmax\"}]"

static void
test_networks (const Fixture *fixture)
{
  expect_refused (fixture,
      "[" CONV ",{\"type\":\"flatten\"},{\"type\":\"dense\",\"name\":\"d\",\"units\":4},{\"type\":\"softmax\"}]", 1,
      GENRE_MODEL_ERROR_LABELS, "3 units|found 4");
  expect_refused (fixture, "[{\"type\":\"max_pool2d\",\"pool\":[9,1]},{\"type\":\"to_sequence\"}," END, 1,
      GENRE_MODEL_ERROR_NETWORK, "layer 0 (max_pool2d)");
  expect_refused (fixture, "[" CONV ",{\"type\":\"to_sequence\"}," END, 1, GENRE_MODEL_ERROR_NETWORK, "head \"d\"");
  expect_refused (fixture, "[" CONV ",{\"type\":\"flatten\"}," END, 1, GENRE_MODEL_ERROR_NETWORK, "layer 1 (flatten)");

  /* It could be trained, but nobody could use it: shorter windows leave no frame. */
  expect_refused (fixture, "[" CONV ",{\"type\":\"flatten\"}," END, 0, GENRE_MODEL_ERROR_NETWORK, "flatten");
}

/* The batches, the steps and the validation share the threads that were asked for. */
static void
test_one_pool (const Fixture *fixture)
{
  Training *first = training_new (fixture->recipe, fixture->data, 1, 2, NULL); /* ThreadSanitizer begins one, too */
  const unsigned before = count_threads ();
  Training *training = training_new (fixture->recipe, fixture->data, 1, 4, NULL);

  CHECK (before == 0 || count_threads () == before + 3, "%u threads more for 4", count_threads () - before);
  training_free (training);
  training_free (first);
}

int
main (void)
{
  Fixture fixture = fixture_new ();
  test_one_pool (&fixture); /* before a thread that ends may still be counted */
  test_learns (&fixture);
  test_same_weights (&fixture);
  test_heads_only (&fixture);
  test_diverges (&fixture);
  test_networks (&fixture);
  test_refusals (&fixture);
  fixture_clear (&fixture);
  TEST_END ();
}
