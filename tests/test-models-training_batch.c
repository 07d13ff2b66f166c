/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_data and models/training/training_batch: who learns, who validates, what is asked of each
 * window, and that a batch follows from seed, stage and step alone.
 */
#include "models/training/training_batch.h"

#include "tests/expect_error.h"
#include "tests/training_builder.h"

#include <math.h>

#define TEACHER                                                                                                        \
  "{" TB_NETWORK ",\"teacher_logits\":{\"factor\":20,\"classes\":[0,[2,3]]},"                                          \
  "\"pseudo_labels\":{\"low\":\"class 0\",\"middle\":\"class 1\",\"high\":\"class 2\",\"other\":\"class 3\"},"         \
  "\"labels\":{\"smoothing\":0.3},"

static const char both_losses[] = TEACHER
    "\"data\":{\"pool\":{\"match\":[\"pool*\"]},\"rest\":{}},"
    "\"validation\":{\"protocol\":\"none\"},"
    "\"stages\":[{\"steps\":9,\"crop\":0.5,\"batch\":{"
    "\"pool\":{\"windows\":5,\"teacher_embedding\":0.5,\"teacher_logits\":1,\"pseudo_labels\":1.5},"
    "\"rest\":{\"windows\":7,\"labels\":2}}}]}";

typedef struct Fixture
{
  char *directory, *pool, *rest;
} Fixture;

static Fixture
fixture_new (void)
{
  Fixture fixture = { .directory = tb_directory () };
  fixture.pool = g_build_filename (fixture.directory, "pool-a.safetensors", NULL);
  fixture.rest = g_build_filename (fixture.directory, "rest.safetensors", NULL);
  TrainingBuilder *pool = training_builder_new (9, true, 1), *rest = training_builder_new (21, false, 2);
  for (gsize i = 0; i < 9; i++)
    pool->label[i] = -1;
  pool->measured[4] = 0;
  rest->label[20] = -1;
  rest->frames[0] = 5; /* too short */
  training_builder_save (pool, fixture.pool);
  training_builder_save (rest, fixture.rest);
  training_builder_free (pool);
  training_builder_free (rest);
  return fixture;
}

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

/* Sums and values of the targets, by what the recipe says. */
static void
test_targets (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (both_losses);
  g_autoptr (TrainingData) data = load (fixture, recipe);
  CHECK (data->n_labels == 3 && data->groups[0].n_items == 9 && data->groups[1].n_items == 19 && data->n_short == 1,
      "%u labels, %u and %u items", data->n_labels, (unsigned) data->groups[0].n_items,
      (unsigned) data->groups[1].n_items);
  CHECK (data->n_embedding == 3 && data->n_logits == 3 && data->logits[1] == 2 && data->n_pseudo == 3, "the teacher");
  NnPool *pool = nn_pool_new (2);
  TrainingBatch *batch = training_batch_new (recipe, data, pool);
  bool seen_short = false, seen_whole = false;

  for (guint64 step = 0; step < 9; step++) {
    training_batch_fill (batch, 3, 0, step);
    const NnTarget *targets = training_batch_targets (batch);
    gsize samples, frames;
    training_batch_input (batch, &samples, &frames);
    seen_short |= frames < 12;
    seen_whole |= frames == 12;
    CHECK (frames >= 6 && frames <= 12 && samples == 12, "shape");
    double label = 0, embedding = 0, logits = 0;
    gsize measured = 0;
    for (gsize i = 0; i < 12; i++) {
      label += i >= 5 ? (double) targets[0].weights[i] : 0;
      embedding += (double) targets[1].weights[i];
      logits += (double) targets[2].weights[i];
      measured += targets[2].weights[i] > 0;
      double sum = 0, most = 0;
      for (gsize k = 0; k < 3; k++) {
        sum += (double) targets[0].values[3 * i + k];
        most = fmax (most, (double) targets[0].values[3 * i + k]);
      }
      if (targets[0].weights[i] > 0)
        CHECK (fabs (sum - 1) < 1e-5, "sample %u: a distribution of sum %g", (unsigned) i, sum);
      if (i >= 5)
        CHECK (fabs (most - (.7 + .3 / 3)) < 1e-5, "sample %u: smoothed to %g", (unsigned) i, most);
      if (i < 5 && targets[2].weights[i] > 0) {
        /* A window w of label l: class l has the logit 2 + w / 2, the others -3 + class / 4. */
        unsigned window = 9, label_heard = 9;
        for (unsigned l = 0; l < 3; l++)
          for (unsigned w = 0; w < 3; w++)
            if (fabs ((double) targets[0].values[3 * i + l]
                    - exp (2 + .5 * w)
                        / (exp (2 + .5 * w) + exp (-3 + .25 * ((l + 1) % 3)) + exp (-3 + .25 * ((l + 2) % 3))))
                < 1e-5) {
              window = w;
              label_heard = l;
            }
        CHECK (window < 3, "sample %u: no such pseudo-label", (unsigned) i);
        static const unsigned classes[] = { 0, 2, 3 };
        for (gsize k = 0; k < 3 && window < 3; k++) {
          const double logit = classes[k] == label_heard ? 2 + .5 * window : -3 + .25 * classes[k];
          CHECK (fabs ((double) targets[2].values[3 * i + k] - 1 / (1 + exp (-logit))) < 1e-5, "logit %u",
              (unsigned) k);
        }
      }
    }
    CHECK (fabs (label - 2 * 1) < .6, "labels weigh %g", label); /* class weights differ a little */
    CHECK (fabs (embedding - .5) < 1e-5, "embeddings weigh %g", embedding);
    CHECK (fabs (logits - 20) < 1e-3 && measured >= 4, "logits weigh %g", logits);
  }
  CHECK (seen_short && seen_whole, "half of the batches are cut");
  training_batch_free (batch);
  nn_pool_free (pool);
}

/* The embedding's targets have mean 0 and deviation 1 over all windows of the set. */
static void
test_embedding (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (both_losses);
  g_autoptr (TrainingData) data = load (fixture, recipe);
  for (gsize k = 0; k < TB_EMBEDDING; k++) {
    double sum = 0, square = 0;
    for (gsize i = 0; i < 9; i++)
      for (gsize w = 0; w < TB_WINDOWS; w++) {
        const double x = (double) ((tb_embedding (i, w, k) - data->embedding_mean[k]) / data->embedding_std[k]);
        sum += x / 27;
        square += x * x / 27;
      }
    CHECK (fabs (sum) < 1e-5 && fabs (square - 1) < 1e-4, "value %u: %g, %g", (unsigned) k, sum, square);
  }
}

/* Mean 0 and deviation 1 of what the network sees of all that is learned from. */
static void
test_normalize (const Fixture *fixture)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (both_losses);
  g_autoptr (TrainingData) data = load (fixture, recipe);
  double sum[TB_BANDS] = { 0 }, square[TB_BANDS] = { 0 };
  double n = 0;
  for (gsize g = 0; g < 2; g++)
    for (gsize i = 0; i < data->groups[g].n_items; i++) {
      const TrainingItem *item = &data->groups[g].items[i];
      float db[TB_FRAMES * TB_BANDS];
      genre_feature_set_clip_db (g_ptr_array_index (data->sets, item->set), item->clip, 0, TB_FRAMES, db);
      genre_frontend_apply (&data->frontend, GENRE_LEVELS_DB, db, db, TB_FRAMES);
      for (gsize k = 0; k < TB_FRAMES * TB_BANDS; k++) {
        sum[k % TB_BANDS] += (double) db[k];
        square[k % TB_BANDS] += (double) db[k] * (double) db[k];
      }
      n += TB_FRAMES;
    }
  for (gsize b = 0; b < TB_BANDS; b++)
    CHECK (fabs (sum[b] / n) < 1e-4 && fabs (square[b] / n - 1) < 1e-3, "band %u: %g, %g", (unsigned) b, sum[b] / n,
        square[b] / n);
}

static void
copy_batch (TrainingBatch *batch, guint64 seed, guint64 step, GByteArray *bytes)
{
  training_batch_fill (batch, seed, 0, step);
  gsize n, frames;
  const float *input = training_batch_input (batch, &n, &frames);
  g_byte_array_set_size (bytes, 0);
  g_byte_array_append (bytes, (const guint8 *) input, (guint) (n * frames * TB_BANDS * sizeof (float)));
  g_byte_array_append (bytes, (const guint8 *) training_batch_targets (batch)[0].values, (guint) (n * 3 * 4));
  g_byte_array_append (bytes, (const guint8 *) training_batch_targets (batch)[0].weights, (guint) (n * 4));
}

static void
test_determinism (const Fixture *fixture)
{
  static const char json[] =
      "{" TB_NETWORK ",\"augment\":{\"stretch\":[0.8,1.2],\"gain_db\":3,\"equalizer_db\":1,\"shift_bands\":1,"
      "\"mask_bands\":2,\"mask_frames\":3},\"data\":{\"pool\":{\"match\":[\"pool*\"]},"
      "\"rest\":{\"mix\":{\"share\":0.5,\"beta\":0.5}}},\"validation\":{\"protocol\":\"none\"},"
      "\"stages\":[{\"steps\":9,\"crop\":0.5,\"batch\":{\"rest\":{\"windows\":8,\"labels\":1}}}]}";
  g_autoptr (TrainRecipe) recipe = tb_recipe (json);
  g_autoptr (TrainingData) data = load (fixture, recipe);
  NnPool *one = nn_pool_new (1), *three = nn_pool_new (3);
  TrainingBatch *a = training_batch_new (recipe, data, one), *b = training_batch_new (recipe, data, three);
  g_autoptr (GByteArray) x = g_byte_array_new ();
  g_autoptr (GByteArray) y = g_byte_array_new ();

  for (guint64 step = 0; step < 9; step++) {
    copy_batch (a, 5, step, x);
    copy_batch (b, 5, 8 - step, y);
    copy_batch (b, 5, step, y);
    CHECK (x->len == y->len && memcmp (x->data, y->data, x->len) == 0, "step %u depends on threads or history",
        (unsigned) step);
    copy_batch (b, 6, step, y);
    CHECK (x->len != y->len || memcmp (x->data, y->data, x->len) != 0, "the seed does not count");
    copy_batch (b, 5, step + 1, y);
    CHECK (x->len != y->len || memcmp (x->data, y->data, x->len) != 0, "the step does not count");
  }
  training_batch_free (a);
  training_batch_free (b);
  nn_pool_free (one);
  nn_pool_free (three);
}

/* Mean level of the first of the two bands in which a label is loud, of windows of 12 frames. */
static double
label_level (const float *input, gsize sample, gsize label)
{
  double level = 0;
  for (gsize t = 0; t < 12; t++)
    level += (double) input[(sample * 12 + t) * TB_BANDS + 2 * label] / 12;
  return level;
}

/* A mixture of two labels: the target is between them, and so are the levels. */
static void
test_mix (const Fixture *fixture)
{
  static const char json[] = "{" TB_NETWORK ",\"labels\":{\"smoothing\":0,\"class_weights\":false},"
                             "\"data\":{\"all\":{\"mix\":{\"share\":1,\"beta\":2}}},"
                             "\"validation\":{\"protocol\":\"none\"},"
                             "\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":64,\"labels\":1}}}]}";
  g_autoptr (TrainRecipe) recipe = tb_recipe (json);
  g_autoptr (TrainingData) data = load (fixture, recipe);
  NnPool *pool = nn_pool_new (1);
  TrainingBatch *batch = training_batch_new (recipe, data, pool);
  training_batch_fill (batch, 1, 0, 0);
  gsize samples, frames;
  const float *input = training_batch_input (batch, &samples, &frames);
  const NnTarget *target = training_batch_targets (batch);
  unsigned mixed = 0;
  for (gsize i = 0; i < 64; i++) {
    for (gsize k = 0; k < 3; k++) {
      const float share = target[0].values[3 * i + k];
      const double level = label_level (input, i, k);

      /* Loud in its bands in so far as the label is in the mixture. */
      CHECK (share < .9f || level > .5, "sample %u, label %u: share %g at level %g", (unsigned) i, (unsigned) k,
          (double) share, level);
      CHECK (share > .02f || level < .2, "sample %u, label %u: share %g at level %g", (unsigned) i, (unsigned) k,
          (double) share, level);
      mixed += share > .1f && share < .9f;
    }
    CHECK (fabs ((double) target[0].weights[i] - 1. / 64) < 1e-6, "weight %g", (double) target[0].weights[i]);
  }
  CHECK (mixed > 20, "%u mixtures", mixed);
  training_batch_free (batch);
  nn_pool_free (pool);
}

/* Half of the windows are loud in more bands than those of their label: where a sound is laid over them.  What is asked
 * of these windows is what is asked of the others. */
static void
test_overlay (const Fixture *fixture)
{
  static const char json[] = "{" TB_NETWORK ",\"labels\":{\"smoothing\":0,\"class_weights\":false},"
                             "\"data\":{\"noise\":{\"match\":[\"noise*\"],\"not_music\":true},"
                             "\"all\":{\"overlay\":{\"share\":0.5,\"level_db\":[6,12]}}},"
                             "\"validation\":{\"protocol\":\"none\"},"
                             "\"stages\":[{\"steps\":9,\"batch\":{\"noise\":{\"windows\":1,\"music\":1},"
                             "\"all\":{\"windows\":63,\"labels\":1,\"music\":1}}}]}";
  g_autofree char *noise = g_build_filename (fixture->directory, "noise.safetensors", NULL);
  TrainingBuilder *builder = training_builder_new_noise (6, 7);
  training_builder_save (builder, noise);
  training_builder_free (builder);

  const char *const paths[] = { fixture->rest, noise };
  g_autoptr (TrainRecipe) recipe = tb_recipe (json);
  GError *error = NULL;
  TrainingData *data = tb_load (recipe, paths, 2, NULL, &error);
  CHECK (data, "%s", error ? error->message : "");
  g_clear_error (&error);
  if (!data)
    return;
  NnPool *pool = nn_pool_new (1);
  TrainingBatch *batch = training_batch_new (recipe, data, pool);
  training_batch_fill (batch, 1, 0, 0);
  gsize samples, frames;
  const float *input = training_batch_input (batch, &samples, &frames);
  const NnTarget *target = training_batch_targets (batch);
  unsigned laid_over = 0;
  for (gsize i = 1; i < 64; i++) {
    unsigned loud = 0, labels = 0;
    for (gsize k = 0; k < 3; k++) {
      loud += label_level (input, i, k) > .5;
      labels += target[0].values[3 * i + k] == 1;
    }
    laid_over += loud > 1;
    CHECK (labels == (target[0].weights[i] > 0), "sample %u: %u labels", (unsigned) i, labels);
    CHECK (target[1].values[i] == 1 && target[1].weights[i] > 0, "sample %u: not music", (unsigned) i);
  }
  CHECK (laid_over > 16 && laid_over < 47, "%u of 63 windows", laid_over);
  training_batch_free (batch);
  nn_pool_free (pool);
  training_data_free (data);
}

/* Three times as many of one label: balance draws all equally often, class weights make up for it in the loss. */
static void
test_balance (const Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->directory, "unbalanced.safetensors", NULL);
  TrainingBuilder *builder = training_builder_new (50, false, 3);
  for (gsize i = 0; i < 50; i++)
    builder->label[i] = i < 30 ? 0 : i < 40 ? 1 : 2;
  training_builder_save (builder, path);
  training_builder_free (builder);

  for (unsigned balance = 0; balance < 2; balance++) {
    g_autofree char *json =
        g_strdup_printf ("{" TB_NETWORK ",\"labels\":{\"smoothing\":0},\"data\":{\"all\":{\"balance\":%s}},"
                         "\"validation\":{\"protocol\":\"none\"},"
                         "\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":50,\"labels\":1}}}]}",
            balance ? "true" : "false");
    g_autoptr (TrainRecipe) recipe = tb_recipe (json);
    const char *const paths[] = { path };
    g_autoptr (TrainingData) data = tb_load (recipe, paths, 1, NULL, NULL);
    NnPool *pool = nn_pool_new (1);
    TrainingBatch *batch = training_batch_new (recipe, data, pool);
    double mass[3] = { 0 };
    unsigned n[3] = { 0 };
    for (guint64 step = 0; step < 9; step++) {
      training_batch_fill (batch, 1, 0, step);
      for (gsize i = 0; i < 50; i++)
        for (gsize k = 0; k < 3; k++) {
          const NnTarget *target = training_batch_targets (batch);
          mass[k] += (double) (target->weights[i] * target->values[3 * i + k]);
          n[k] += target->values[3 * i + k] > .5f;
        }
    }
    CHECK (n[0] == (balance ? 150u : 270u), "balance %u: label 0 drawn %u times", balance, n[0]);
    for (gsize k = 0; k < 3; k++)
      CHECK (fabs (mass[k] - 3) < .01, "balance %u: label %u weighs %g", balance, (unsigned) k, mass[k]);
    training_batch_free (batch);
    nn_pool_free (pool);
  }
}

/* Which clip and window this distribution over "low", "middle" and "high" is of; false: of none. */
static bool
find_soft (const float *values, gsize n, gsize *ret_clip, gsize *ret_window)
{
  for (gsize i = 0; i < n * TB_WINDOWS; i++) {
    const gsize clip = i / TB_WINDOWS, window = i % TB_WINDOWS;
    const double high = (double) tb_soft (clip, window, 0), low = (double) tb_soft (clip, window, 1);
    if (fabs ((double) values[0] - low / (low + high)) < 1e-4 && fabs ((double) values[1]) < 1e-6
        && fabs ((double) values[2] - high / (low + high)) < 1e-4) {
      *ret_clip = clip;
      *ret_window = window;
      return true;
    }
  }
  return false;
}

/* Soft labels go to the labels of their names, what the model lacks is left out, and each weighs what it is worth. */
static void
test_soft_labels (const Fixture *fixture)
{
  static const char json[] = "{" TB_NETWORK
                             ",\"soft_labels\":{\"base\":0.5},\"data\":{\"pool\":{\"match\":[\"soft*\"]},"
                             "\"rest\":{}},\"validation\":{\"protocol\":\"none\"},\"stages\":[{\"steps\":9,\"batch\":{"
                             "\"pool\":{\"windows\":40,\"soft_labels\":2},\"rest\":{\"windows\":3,\"labels\":1}}}]}";
  g_autofree char *path = g_build_filename (fixture->directory, "soft.safetensors", NULL);
  TrainingBuilder *builder = training_builder_new (12, false, 6);
  builder->soft = true;
  for (gsize i = 0; i < 12; i++)
    builder->label[i] = -1;
  training_builder_save (builder, path);
  training_builder_free (builder);

  g_autoptr (TrainRecipe) recipe = tb_recipe (json);
  const char *const paths[] = { path, fixture->rest };
  g_autoptr (TrainingData) data = tb_load (recipe, paths, 2, NULL, NULL);
  NnPool *pool = nn_pool_new (2);
  TrainingBatch *batch = training_batch_new (recipe, data, pool);
  gsize with = 0, without = 0;
  for (guint64 step = 0; step < 9; step++) {
    training_batch_fill (batch, 2, 0, step);
    const NnTarget *target = training_batch_targets (batch);
    gsize n = 0;
    for (gsize i = 0; i < 40; i++)
      n += target->weights[i] > 0;
    for (gsize i = 0; i < 40; i++) {
      gsize clip, window;
      if (!(target->weights[i] > 0))
        continue;
      if (!find_soft (target->values + 3 * i, 12, &clip, &window)) {
        CHECK (false, "sample %u: the soft label of no window", (unsigned) i);
        continue;
      }
      const double worth = ((double) tb_soft_weight (clip, window) + .5) * .95 * 2 / (double) n;
      CHECK (window > 0 && fabs ((double) target->weights[i] - worth) < 1e-4, "clip %u, window %u: weight %g, not %g",
          (unsigned) clip, (unsigned) window, (double) target->weights[i], worth);
    }
    with += n;
    without += 40 - n;
  }
  CHECK (with > 200 && without > 80, "%u samples with a soft label and %u without", (unsigned) with,
      (unsigned) without);
  training_batch_free (batch);
  nn_pool_free (pool);
}

/* Thirty clips of "low" and ten of "high", with labels or by their soft labels: drawn as n^(1 - rarity). */
static void
test_rarity (const Fixture *fixture)
{
  enum
  {
    STEPS = 40,
    WINDOWS = 100
  };
  static const double rarities[] = { 0, .5, 1 };
  g_autofree char *path = g_build_filename (fixture->directory, "rare.safetensors", NULL);
  TrainingBuilder *builder = training_builder_new (40, false, 7);
  for (gsize i = 0; i < 40; i++)
    builder->label[i] = i < 30 ? 0 : 2;
  training_builder_save (builder, path);
  training_builder_free (builder);

  for (gsize r = 0; r < G_N_ELEMENTS (rarities); r++) {
    g_autofree char *json = g_strdup_printf ("{" TB_NETWORK ",\"labels\":{\"smoothing\":0},\"data\":{\"all\":"
                                             "{\"rarity\":%.1f}},\"validation\":{\"protocol\":\"none\"},\"stages\":["
                                             "{\"steps\":40,\"batch\":{\"all\":{\"windows\":%d,\"labels\":1}}}]}",
        rarities[r], WINDOWS);
    g_autoptr (TrainRecipe) recipe = tb_recipe (json);
    const char *const paths[] = { path };
    g_autoptr (TrainingData) data = tb_load (recipe, paths, 1, NULL, NULL);
    NnPool *pool = nn_pool_new (1);
    TrainingBatch *batch = training_batch_new (recipe, data, pool);
    double rare = 0;
    for (guint64 step = 0; step < STEPS; step++) {
      training_batch_fill (batch, 1, 0, step);
      for (gsize i = 0; i < WINDOWS; i++)
        rare += training_batch_targets (batch)->values[2 * i + 1] > .5f;
    }
    const double a = pow (30, 1 - rarities[r]), b = pow (10, 1 - rarities[r]);
    const double expected = STEPS * WINDOWS * b / (a + b), deviation = sqrt (expected * a / (a + b));
    CHECK (fabs (rare - expected) <= 4 * deviation, "rarity %g: the rare label is drawn %g times, expected %g",
        rarities[r], rare, expected);
    training_batch_free (batch);
    nn_pool_free (pool);
  }
}

/* Clips of one recording stay on one side; leaky segments do not care, and say so. */
static void
test_splits (const Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->directory, "split.safetensors", NULL);
  TrainingBuilder *builder = training_builder_new (60, false, 4);
  for (gsize i = 0; i < 60; i++)
    builder->recording[i] = (gint32) (i % 3 + 3 * (i / 12)); /* four clips each */
  training_builder_save (builder, path);
  training_builder_free (builder);
  const char *const paths[] = { path };

  for (unsigned leaky = 0; leaky < 2; leaky++) {
    g_autofree char *json =
        g_strdup_printf ("{" TB_NETWORK ",\"data\":{\"all\":{}},\"validation\":{\"protocol\":\"%s\"},"
                         "\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":5,\"labels\":1}}}]}",
            leaky ? "leaky-segments" : "groups");
    g_autoptr (TrainRecipe) recipe = tb_recipe (json);
    g_autoptr (TrainingData) data = tb_load (recipe, paths, 1, NULL, NULL);
    const TrainingGroup *group = &data->groups[0];
    unsigned shared = 0;
    for (gsize i = 0; i < group->n_items; i++)
      for (gsize k = 0; k < data->n_validation; k++) {
        const GenreFeatureSet *set = g_ptr_array_index (data->sets, 0);
        shared += genre_feature_set_recording (set, group->items[i].clip)
            == genre_feature_set_recording (set, data->validation[k].clip);
        CHECK (group->items[i].clip != data->validation[k].clip
                || group->items[i].segment != data->validation[k].segment,
            "an item is on both sides");
      }
    if (leaky) {
      CHECK (group->n_items == 96 && data->n_validation == 24 && shared > 0, "%u + %u segments",
          (unsigned) group->n_items, (unsigned) data->n_validation);
      CHECK (data->n_tracks == 24 && strstr (data->protocol, "leaky"), "%s", data->protocol);
    } else {
      CHECK (group->n_items == 48 && data->n_validation == 12 && shared == 0, "%u + %u clips",
          (unsigned) group->n_items, (unsigned) data->n_validation);
      CHECK (data->n_tracks == 3 && !strstr (data->protocol, "leaky"), "%u tracks, %s", (unsigned) data->n_tracks,
          data->protocol);
    }
  }
}

static void
expect_refusal (const char *json, const char *const *paths, gsize n, const char *validation, GenreModelError code,
    const char *words)
{
  g_autoptr (TrainRecipe) recipe = tb_recipe (json);
  GError *error = NULL;
  TrainingData *data = tb_load (recipe, paths, n, validation, &error);
  expect_error (error, code, words, words);
  training_data_free (data);
}

static void
test_refusals (const Fixture *fixture)
{
  static const char labels[] = "{" TB_NETWORK ",\"data\":{\"all\":{}},"
                               "\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":5,\"labels\":1}}}]}";
  static const char needs_pool[] = "{" TB_NETWORK ",\"data\":{\"pool\":{\"match\":[\"pool*\"]}},"
                                   "\"stages\":[{\"steps\":9,\"batch\":{\"pool\":{\"windows\":5,\"labels\":1}}}]}";
  static const char embedding[] = "{" TB_NETWORK
                                  ",\"data\":{\"all\":{}},\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":5,"
                                  "\"labels\":1,\"teacher_embedding\":1}}}]}";
  static const char soft[] = "{" TB_NETWORK
                             ",\"data\":{\"all\":{}},\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":5,"
                             "\"labels\":1,\"soft_labels\":1}}}]}";
  static const char initial[] = "{" TB_NETWORK ",\"initial\":\"default\",\"data\":{\"all\":{}},"
                                "\"stages\":[{\"steps\":9,\"batch\":{\"all\":{\"windows\":5,\"labels\":1}}}]}";
  g_autofree char *single = g_build_filename (fixture->directory, "single.safetensors", NULL);
  g_autofree char *same = g_build_filename (fixture->directory, "same.safetensors", NULL);
  TrainingBuilder *builder = training_builder_new (3, false, 5);
  training_builder_save (builder, single);
  for (gsize i = 0; i < 3; i++)
    builder->label[i] = 1;
  training_builder_save (builder, same);
  training_builder_free (builder);

  const char *const rest[] = { fixture->rest }, *const pool[] = { fixture->pool }, *const singles[] = { single },
                    *const sames[] = { same }, *const nowhere[] = { "/nowhere.safetensors" };
  expect_refusal (labels, NULL, 0, NULL, GENRE_MODEL_ERROR_DATA, "feature set|none");
  expect_refusal (labels, nowhere, 1, NULL, GENRE_MODEL_ERROR_NOT_FOUND, "/nowhere.safetensors");
  expect_refusal (labels, pool, 1, NULL, GENRE_MODEL_ERROR_DATA, "two labels|none");
  expect_refusal (labels, sames, 1, NULL, GENRE_MODEL_ERROR_DATA, "two labels|only middle");
  expect_refusal (labels, singles, 1, NULL, GENRE_MODEL_ERROR_DATA, "\"low\"|two recordings|--validation none");
  expect_refusal (labels, rest, 1, fixture->pool, GENRE_MODEL_ERROR_DATA, "pool-a|validate");
  expect_refusal (needs_pool, rest, 1, NULL, GENRE_MODEL_ERROR_DATA, "rest.safetensors|matches");
  expect_refusal (both_losses, rest, 1, NULL, GENRE_MODEL_ERROR_DATA, "\"pool\"|pool*");
  expect_refusal (embedding, rest, 1, NULL, GENRE_MODEL_ERROR_DATA, "teacher_embedding|none");
  expect_refusal (soft, rest, 1, NULL, GENRE_MODEL_ERROR_DATA, "soft_labels|none");
  expect_refusal (initial, rest, 1, NULL, GENRE_MODEL_ERROR_FRONTEND, "rest.safetensors|sample_rate");
}

int
main (void)
{
  const Fixture fixture = fixture_new ();
  test_targets (&fixture);
  test_embedding (&fixture);
  test_normalize (&fixture);
  test_determinism (&fixture);
  test_mix (&fixture);
  test_overlay (&fixture);
  test_balance (&fixture);
  test_soft_labels (&fixture);
  test_rarity (&fixture);
  test_splits (&fixture);
  test_refusals (&fixture);
  tb_remove_directory (fixture.directory);
  g_free (fixture.pool);
  g_free (fixture.rest);
  TEST_END ();
}
