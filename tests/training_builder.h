/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/training_builder.h - feature sets whose labels can be told apart, small enough to train on in a test.
 *
 * Layer:   tests; uses models/file/safetensors_writer, GLib.
 * Threads: no state.
 *
 * Eight bands, 24 frames a clip.  Label l of "low" "middle" "high" is loud in bands 2 l and 2 l + 1, on a noise of
 * its own clip.  Three windows of a teacher, with 3 values of an embedding and the logits of 4 classes, "class 0" ...:
 * class l is what it hears in label l, class 3 nothing.  Soft labels, where they are wanted, are of "high", "low" and
 * "other", in this order.
 */
#ifndef TESTS_TRAINING_BUILDER_H
#define TESTS_TRAINING_BUILDER_H

#include "models/file/safetensors_writer.h"
#include "models/training/training.h"
#include "tests/test.h"

#include <glib/gstdio.h>
#include <string.h>

enum
{
  TB_BANDS = 8,
  TB_FRAMES = 24,
  TB_LABELS = 3,
  TB_WINDOWS = 3,
  TB_EMBEDDING = 3,
  TB_LOGITS = 4,
};

typedef struct TrainingBuilder
{
  gsize n;           /* clips */
  gint32 *label;     /* [n] */
  gint32 *recording; /* [n] */
  gint32 *measured;  /* [n] */
  gint32 *frames;    /* [n] */
  bool teacher, soft;
  uint64_t seed;
  gint32 *music, *sure; /* [n], or NULL: the set does not say */
} TrainingBuilder;

/* n clips, label i mod 3, each a recording of its own, full length, measured. */
static inline TrainingBuilder *
training_builder_new (gsize n, bool teacher, uint64_t seed)
{
  TrainingBuilder *builder = g_new0 (TrainingBuilder, 1);
  *builder = (TrainingBuilder){ n, g_new (gint32, n), g_new (gint32, n), g_new (gint32, n), g_new (gint32, n), teacher,
    false, seed, NULL, NULL };
  for (gsize i = 0; i < n; i++) {
    builder->label[i] = (gint32) (i % TB_LABELS);
    builder->recording[i] = (gint32) i;
    builder->measured[i] = 1;
    builder->frames[i] = TB_FRAMES;
  }
  return builder;
}

static inline void
training_builder_free (TrainingBuilder *builder)
{
  g_free (builder->label);
  g_free (builder->recording);
  g_free (builder->measured);
  g_free (builder->frames);
  g_free (builder->music);
  g_free (builder->sure);
  g_free (builder);
}

/* The same without labels, and no music. */
static inline TrainingBuilder *
training_builder_new_noise (gsize n, uint64_t seed)
{
  TrainingBuilder *builder = training_builder_new (n, false, seed);
  builder->music = g_new0 (gint32, n);
  for (gsize i = 0; i < n; i++)
    builder->label[i] = -1;
  return builder;
}

/* The teacher's values, by formula: tests compare with them. */
static inline float
tb_embedding (gsize clip, gsize window, gsize value)
{
  return (float) ((clip * 7 + window * 3 + value * 5) % 11) - 4;
}

static inline float
tb_logit (gint32 label, gsize window, gsize class)
{
  return (gint32) class == label ? 2 + .5f * (float) window : -3 + .25f * (float) class;
}

/* The soft labels' values and weights, by formula: different for each of the first 50 clips and their windows. */
static inline float
tb_soft (gsize clip, gsize window, gsize value)
{
  const float high = .01f + .006f * (float) (clip * TB_WINDOWS + window), other = .05f;
  return value == 0 ? high : value == 1 ? 1 - high - other : other;
}

/* None for the first window of every clip. */
static inline float
tb_soft_weight (gsize clip, gsize window)
{
  return window == 0 ? 0 : .25f + .25f * (float) (clip % 3);
}

static inline void
tb_add_soft (SafetensorsWriter *writer, gsize n)
{
  const gsize dim[] = { n, TB_WINDOWS, TB_LABELS };
  g_autofree float *values = g_new (float, n *TB_WINDOWS *TB_LABELS);
  g_autofree float *weights = g_new (float, n *TB_WINDOWS);
  for (gsize i = 0; i < n * TB_WINDOWS; i++) {
    weights[i] = tb_soft_weight (i / TB_WINDOWS, i % TB_WINDOWS);
    for (gsize k = 0; k < TB_LABELS; k++)
      values[i * TB_LABELS + k] = tb_soft (i / TB_WINDOWS, i % TB_WINDOWS, k);
  }
  safetensors_writer_add_metadata (writer, "soft_labels", "[\"high\",\"low\",\"other\"]");
  safetensors_writer_add_tensor (writer, "soft_labels", SAFETENSORS_F32, dim, 3, values);
  safetensors_writer_add_tensor (writer, "soft_weight", SAFETENSORS_F32, dim, 2, weights);
}

static inline void
training_builder_save (const TrainingBuilder *builder, const char *path)
{
  const gsize n = builder->n;
  g_autofree float *features = g_new (float, n *TB_FRAMES *TB_BANDS);
  g_autofree float *embedding = g_new (float, n *TB_WINDOWS *TB_EMBEDDING);
  g_autofree float *logits = g_new (float, n *TB_WINDOWS *TB_LOGITS);
  uint64_t state = builder->seed + 1;
  for (gsize i = 0; i < n; i++) {
    const gint32 label = builder->label[i] < 0 ? (gint32) (i % TB_LABELS) : builder->label[i];
    for (gsize t = 0; t < TB_FRAMES; t++)
      for (gsize b = 0; b < TB_BANDS; b++)
        features[(i * TB_FRAMES + t) * TB_BANDS + b] = -30 + 4 * test_noise (&state)
            + ((gint32) (b / 2) == label ? 12 : 0);
    for (gsize w = 0; w < TB_WINDOWS; w++) {
      for (gsize k = 0; k < TB_EMBEDDING; k++)
        embedding[(i * TB_WINDOWS + w) * TB_EMBEDDING + k] = tb_embedding (i, w, k);
      for (gsize k = 0; k < TB_LOGITS; k++)
        logits[(i * TB_WINDOWS + w) * TB_LOGITS + k] = builder->measured[i] ? tb_logit (label, w, k) : 0;
    }
  }

  g_autoptr (SafetensorsWriter) writer = safetensors_writer_new ();
  safetensors_writer_add_metadata (writer, "format", "genre-features");
  safetensors_writer_add_metadata (writer, "version", "1");
  safetensors_writer_add_metadata (writer, "frontend",
      "{\"sample_rate\":8000,\"n_fft\":256,\"hop_length\":800,\"n_mels\":8}");
  safetensors_writer_add_metadata (writer, "labels", "[\"low\",\"middle\",\"high\"]");
  const gsize dim[] = { n, TB_FRAMES, TB_BANDS };
  safetensors_writer_add_tensor (writer, "features", SAFETENSORS_F32, dim, 3, features);
  safetensors_writer_add_tensor (writer, "label", SAFETENSORS_I32, &n, 1, builder->label);
  safetensors_writer_add_tensor (writer, "recording", SAFETENSORS_I32, &n, 1, builder->recording);
  safetensors_writer_add_tensor (writer, "frames", SAFETENSORS_I32, &n, 1, builder->frames);
  if (builder->teacher) {
    const gsize of_embedding[] = { n, TB_WINDOWS, TB_EMBEDDING }, of_logits[] = { n, TB_WINDOWS, TB_LOGITS };
    safetensors_writer_add_metadata (writer, "teacher_classes", "[\"class 0\",\"class 1\",\"class 2\",\"class 3\"]");
    safetensors_writer_add_tensor (writer, "teacher_embedding", SAFETENSORS_F32, of_embedding, 3, embedding);
    safetensors_writer_add_tensor (writer, "teacher_logits", SAFETENSORS_F32, of_logits, 3, logits);
    safetensors_writer_add_tensor (writer, "teacher_measured", SAFETENSORS_I32, &n, 1, builder->measured);
  }
  if (builder->music)
    safetensors_writer_add_tensor (writer, "music", SAFETENSORS_I32, &n, 1, builder->music);
  if (builder->sure)
    safetensors_writer_add_tensor (writer, "sure", SAFETENSORS_I32, &n, 1, builder->sure);
  if (builder->soft)
    tb_add_soft (writer, n);
  GError *error = NULL;
  GBytes *bytes = safetensors_writer_finish (writer, &error);
  CHECK (bytes && safetensors_save (bytes, path, &error), "%s: %s", path, error ? error->message : "");
  g_bytes_unref (bytes);
}

/* A network for it, 6 to 12 frames. */
#define TB_NETWORK                                                                                                     \
  "\"network\":[{\"type\":\"conv2d\",\"name\":\"c\",\"filters\":4,\"kernel\":[3,3]},"                                  \
  "{\"type\":\"batch_norm\",\"name\":\"n\",\"momentum\":0.8},{\"type\":\"relu\"},{\"type\":\"to_sequence\"},"          \
  "{\"type\":\"dropout\",\"rate\":0.2},{\"type\":\"gru\",\"name\":\"g\",\"units\":6,\"return_sequences\":true},"       \
  "{\"type\":\"temporal_pool\",\"stats\":[\"mean\",\"max\"]},{\"type\":\"dense\",\"name\":\"d\"},"                     \
  "{\"type\":\"softmax\"}],\"window_frames\":12,\"min_frames\":6"

/* A directory of the test's own, and a path in it. */
static inline char *
tb_directory (void)
{
  GError *error = NULL;
  char *directory = g_dir_make_tmp ("genre-training-XXXXXX", &error);
  CHECK (directory, "%s", error ? error->message : "");
  return directory;
}

static inline void
tb_remove_directory (char *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name (dir));) {
    g_autofree char *path = g_build_filename (directory, name, NULL);
    g_remove (path);
  }
  g_dir_close (dir);
  g_rmdir (directory);
  g_free (directory);
}

/* The sets that are learned from, [n] paths, and one to validate on, or NULL. */
static inline TrainingData *
tb_load (const TrainRecipe *recipe, const char *const *paths, gsize n, const char *validation, GError **error)
{
  g_autofree TrainingSource *sources = g_new (TrainingSource, n + 1);
  for (gsize i = 0; i < n; i++)
    sources[i] = (TrainingSource){ paths[i], TRAINING_ROLE_LEARNS };
  sources[n] = (TrainingSource){ validation, TRAINING_ROLE_VALIDATES };
  return training_data_load (recipe, sources, n + (validation ? 1 : 0), error);
}

static inline TrainRecipe *
tb_recipe (const char *json)
{
  GError *error = NULL;
  TrainRecipe *recipe = train_recipe_parse (json, strlen (json), "test", &error);
  CHECK (recipe, "%s", error ? error->message : "");
  g_clear_error (&error);
  return recipe;
}

#endif
