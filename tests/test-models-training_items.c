/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_items: what is learned from and what validates where sets are given for it, where some of
 * them are not music, and where nobody is sure of their labels.
 */
#include "models/training/training_batch.h"

#include "tests/expect_error.h"
#include "tests/training_builder.h"

#include <math.h>

#define SHARES                                                                                                         \
  "\"stages\":[{\"steps\":9,\"batch\":{\"music\":{\"windows\":6,\"labels\":1,\"music\":0.5},"                          \
  "\"other\":{\"windows\":4,\"music\":2}}}]"
#define DATA "\"data\":{\"other\":{\"match\":[\"noise*\"],\"not_music\":true},\"music\":{}},"

static const char music[] = "{" TB_NETWORK "," DATA "\"validation\":{\"protocol\":\"none\"}," SHARES "}";
static const char held_back[] = "{" TB_NETWORK "," DATA "\"validation\":{\"protocol\":\"groups\"}," SHARES "}";

typedef struct Fixture
{
  char *directory, *songs, *noise, *valid, *noise_valid;
} Fixture;

static char *
save (const Fixture *fixture, TrainingBuilder *builder, const char *name)
{
  char *path = g_build_filename (fixture->directory, name, NULL);
  training_builder_save (builder, path);
  training_builder_free (builder);
  return path;
}

static Fixture
fixture_new (void)
{
  Fixture fixture = { .directory = tb_directory () };
  fixture.songs = save (&fixture, training_builder_new (30, false, 1), "songs.safetensors");
  fixture.noise = save (&fixture, training_builder_new_noise (15, 2), "noise.safetensors");
  fixture.valid = save (&fixture, training_builder_new (9, false, 3), "valid.safetensors");
  fixture.noise_valid = save (&fixture, training_builder_new_noise (4, 4), "quiet.safetensors");
  return fixture;
}

static void
fixture_clear (Fixture *fixture)
{
  tb_remove_directory (fixture->directory);
  g_free (fixture->songs);
  g_free (fixture->noise);
  g_free (fixture->valid);
  g_free (fixture->noise_valid);
}

static TrainingData *
load (const TrainRecipe *recipe, const TrainingSource *sources, gsize n)
{
  GError *error = NULL;
  TrainingData *data = training_data_load (recipe, sources, n, &error);
  CHECK (data, "%s", error ? error->message : "");
  g_clear_error (&error);
  return data;
}

/* Several sets validate, each keeps its name; what is not music does too, clip by clip. */
static void
test_tests (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (music);
  const TrainingSource sources[] = { { fixture->songs, TRAINING_ROLE_LEARNS }, { fixture->noise, TRAINING_ROLE_LEARNS },
    { fixture->noise_valid, TRAINING_ROLE_VALIDATES }, { fixture->valid, TRAINING_ROLE_VALIDATES } };
  CHECK (training_data_has_not_music (recipe, sources, 4), "by its name");
  g_autoptr (TrainingData) data = load (recipe, sources, 4);
  if (!data)
    return;
  CHECK (data->learns_music && data->n_tests == 2 && data->test[0] == 2 && data->test[1] == 3, "%zu tests",
      data->n_tests);
  CHECK (data->groups[0].n_items == 15 && data->groups[1].n_items == 30, "%zu and %zu items", data->groups[0].n_items,
      data->groups[1].n_items);
  CHECK (data->n_validation == 13 && data->n_tracks == 13, "%zu validate", data->n_validation);
  for (gsize i = 0; i < data->n_validation; i++)
    CHECK (data->validation[i].music == (data->validation[i].set == 3)
            && data->validation[i].music == (data->validation[i].label >= 0),
        "item %zu", i);
}

static void
test_too_many (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (music);
  TrainingSource sources[2 + TRAINING_MAX_TESTS + 1] = { { fixture->songs, TRAINING_ROLE_LEARNS },
    { fixture->noise, TRAINING_ROLE_LEARNS } };
  GError *error = NULL;
  for (gsize i = 2; i < G_N_ELEMENTS (sources); i++)
    sources[i] = (TrainingSource){ fixture->valid, TRAINING_ROLE_VALIDATES };
  CHECK (!training_data_load (recipe, sources, G_N_ELEMENTS (sources), &error), "nine sets to validate on");
  expect_error (error, GENRE_MODEL_ERROR_DATA, "at most 8 sets to validate on, found 9", "nine");
}

/* By the command line, whatever their names and labels. */
static void
test_role (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (music);
  const TrainingSource sources[] = { { fixture->songs, TRAINING_ROLE_LEARNS },
    { fixture->valid, TRAINING_ROLE_NOT_MUSIC } };
  g_autoptr (TrainingData) data = load (recipe, sources, 2);
  if (!data)
    return;
  CHECK (data->groups[0].n_items == 9 && data->groups[1].n_items == 30, "%zu and %zu items", data->groups[0].n_items,
      data->groups[1].n_items);
  for (gsize i = 0; i < data->groups[0].n_items; i++)
    CHECK (!data->groups[0].items[i].music && data->groups[0].items[i].label == -1, "item %zu", i);
}

/* A fifth of the noises is held back too. */
static void
test_held_back (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (held_back);
  const TrainingSource sources[] = { { fixture->songs, TRAINING_ROLE_LEARNS },
    { fixture->noise, TRAINING_ROLE_LEARNS } };
  g_autoptr (TrainingData) data = load (recipe, sources, 2);
  gsize noises = 0;
  for (gsize i = 0; data && i < data->n_validation; i++)
    noises += !data->validation[i].music;
  CHECK (data && data->n_tests == 0 && noises == 3 && data->n_validation == 9 && data->groups[0].n_items == 12,
      "%zu noises", noises);
}

/* Without what is not music the recipe is one for genres alone. */
static void
test_dropped (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (music);
  const TrainingSource sources[] = { { fixture->songs, TRAINING_ROLE_LEARNS } };
  GError *error = NULL;
  CHECK (!training_data_has_not_music (recipe, sources, 1) && !training_data_load (recipe, sources, 1, &error),
      "nothing to tell music from");
  expect_error (error, GENRE_MODEL_ERROR_DATA, "\"other\"|noise*", "no noise");
  error = NULL;

  train_recipe_drop_not_music (recipe);
  g_autoptr (TrainingData) data = load (recipe, sources, 1);
  CHECK (data && !data->learns_music && data->groups[1].n_items == 30
          && train_stage_samples (recipe, &recipe->stages[0]) == 6,
      "a recipe for genres");

  g_autoptr (TrainRecipe) plain = tb_recipe (
      "{" TB_NETWORK
      ",\"data\":{\"all\":{}},\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":5,\"labels\":1}}}]}");
  const TrainingSource noise[] = { { fixture->songs, TRAINING_ROLE_LEARNS },
    { fixture->noise, TRAINING_ROLE_NOT_MUSIC } };
  CHECK (!training_data_load (plain, noise, 2, &error), "a recipe that cannot use it");
  expect_error (error, GENRE_MODEL_ERROR_DATA, "noise.safetensors: expected a recipe with a group|not music", "plain");
}

/* Targets of the head "music": 1 and 0, each window by its group's weight; noises have no label. */
static void
test_targets (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (music);
  const TrainingSource sources[] = { { fixture->songs, TRAINING_ROLE_LEARNS },
    { fixture->noise, TRAINING_ROLE_LEARNS } };
  g_autoptr (TrainingData) data = load (recipe, sources, 2);
  NnHead heads[TRAINING_MAX_HEADS];
  if (!data)
    return;
  CHECK (training_batch_heads (data, "dense", heads) == 2 && strcmp (heads[1].name, "music") == 0 && heads[1].units == 1
          && heads[1].loss == NN_LOSS_SIGMOID_CROSS_ENTROPY,
      "heads");
  NnPool *pool = nn_pool_new (2);
  TrainingBatch *batch = training_batch_new (recipe, data, pool);
  for (guint64 step = 0; step < 9; step++) {
    training_batch_fill (batch, 3, 0, step);
    const NnTarget *targets = training_batch_targets (batch);
    for (gsize i = 0; i < 10; i++) {
      const bool is = i >= 4; /* groups in the order of "data" */
      CHECK (targets[1].values[i] == (is ? 1 : 0), "sample %zu: %g", i, (double) targets[1].values[i]);
      CHECK (fabs ((double) targets[1].weights[i] - (is ? .05 : .2)) < 1e-6, "sample %zu weighs %g", i,
          (double) targets[1].weights[i]);
      CHECK ((targets[0].weights[i] > 0) == is, "sample %zu: a label", i);
    }
  }
  training_batch_free (batch);
  nn_pool_free (pool);
}

/* A label counts by how sure it is, in the batch and in the weights of labels. */
static void
test_sure (const Fixture *fixture)
{
  g_autoptr (TrainRecipe)
      recipe = tb_recipe ("{" TB_NETWORK ",\"labels\":{\"sure\":[0.1,0.2,0.5,1],\"smoothing\":0},"
                          "\"data\":{\"all\":{}},\"validation\":{\"protocol\":\"none\"},"
                          "\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":30,\"labels\":1}}}]}");
  TrainingBuilder *builder = training_builder_new (30, false, 5);
  builder->sure = g_new (gint32, 30);
  for (gsize i = 0; i < 30; i++)
    builder->sure[i] = (gint32) (i % 3 == 0 ? 1 : 3); /* every "low" is weak */
  g_autofree char *path = save (fixture, builder, "weak.safetensors");
  const TrainingSource sources[] = { { path, TRAINING_ROLE_LEARNS } };
  g_autoptr (TrainingData) data = load (recipe, sources, 1);
  if (!data)
    return;

  /* 10 clips of weight .2 and 20 of weight 1: 22 in all, of three labels. */
  CHECK (fabs (data->class_weight[0] - 22. / (3 * 2)) < 1e-9 && fabs (data->class_weight[1] - 22. / (3 * 10)) < 1e-9,
      "labels weigh %g and %g", data->class_weight[0], data->class_weight[1]);
  NnPool *pool = nn_pool_new (1);
  TrainingBatch *batch = training_batch_new (recipe, data, pool);
  training_batch_fill (batch, 1, 0, 0);
  const NnTarget *target = training_batch_targets (batch);
  gsize n = 0;
  for (gsize i = 0; i < 30; i++) {
    /* The product of both is the same for all three: weak labels are as much, seen from far. */
    n += fabs ((double) target->weights[i] - 22. / 30 / 30) < 1e-6;
  }
  CHECK (n == 30, "%zu of 30 samples weigh as they should", n);
  training_batch_free (batch);
  nn_pool_free (pool);
}

int
main (void)
{
  Fixture fixture = fixture_new ();
  test_tests (&fixture);
  test_too_many (&fixture);
  test_role (&fixture);
  test_held_back (&fixture);
  test_dropped (&fixture);
  test_targets (&fixture);
  test_sure (&fixture);
  fixture_clear (&fixture);
  TEST_END ();
}
