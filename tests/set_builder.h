/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/set_builder.h - a tiny feature set to begin with, to change or break by tests/model_builder.h.
 *
 * Layer:   tests; uses models, tests/model_builder.
 * Threads: no state.
 *
 * The tiny set: the tiny model's recipe with ref 1 (4 bands), labels "low" "middle" "high", five clips of six frames:
 *
 *   clip       0    1    2    3    4        features[i] = 37 i mod 256, offset_db -60 - clip, scale_db 40 + clip
 *   label      0    2   -1    1    2        teacher_embedding [5][3][2] F16, value i / 8
 *   artist     7    8    7   -1   -1        teacher_logits [5][3][4] F16, value -i / 4
 *   recording  0    0    1    2   -1
 *   frames     6    4    6    1    6
 *   measured   1    1    0    1    0
 */
#ifndef TESTS_SET_BUILDER_H
#define TESTS_SET_BUILDER_H

#include "models/sets/half.h"
#include "tests/model_builder.h"

enum
{
  SET_CLIPS = 5,
  SET_FRAMES = 6,
  SET_BANDS = 4,
  SET_WINDOWS = 3,
  SET_EMBEDDING = 2,
  SET_LOGITS = 4,
};

static const gint32 set_label[SET_CLIPS] = { 0, 2, -1, 1, 2 };
static const gint32 set_artist[SET_CLIPS] = { 7, 8, 7, -1, -1 };
static const gint32 set_recording[SET_CLIPS] = { 0, 0, 1, 2, -1 };
static const gint32 set_frames[SET_CLIPS] = { 6, 4, 6, 1, 6 };
static const gint32 set_measured[SET_CLIPS] = { 1, 1, 0, 1, 0 };

static inline void
set_builder_integers (ModelBuilder *builder, const char *name, const gint32 *values)
{
  const gsize n = SET_CLIPS;
  model_builder_set_tensor (builder, name, SAFETENSORS_I32, 1, &n, values);
}

/* float32 values i * step as F16. */
static inline void
set_builder_halves (ModelBuilder *builder, const char *name, gsize values, float step)
{
  guint16 halves[SET_CLIPS * SET_WINDOWS * SET_LOGITS];
  const gsize dim[] = { SET_CLIPS, SET_WINDOWS, values };
  for (gsize i = 0; i < SET_CLIPS * SET_WINDOWS * values; i++)
    halves[i] = half_from_float (step * (float) i);
  model_builder_set_tensor (builder, name, SAFETENSORS_F16, 3, dim, halves);
}

static inline ModelBuilder *
set_builder_new (void)
{
  static const char *const tensors[] = { "conv/kernel", "bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance",
    "gru/kernel", "gru/recurrent_kernel", "gru/bias", "dense/kernel", "dense/bias" };
  static const char *const metadata[] = { "network", "window_frames", "min_frames", "training" };
  ModelBuilder *builder = model_builder_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (tensors); i++)
    model_builder_remove_tensor (builder, tensors[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (metadata); i++)
    model_builder_set (builder, metadata[i], NULL);
  model_builder_set (builder, "format", "genre-features");
  model_builder_set (builder, "names", "[\"a.wav\",\"a.wav\",\"b\\u00e4.wav\",\"c\",\"\"]");
  model_builder_set (builder, "teacher_classes", "[\"w\",\"x\",\"y\",\"z\"]");

  guint8 features[SET_CLIPS * SET_FRAMES * SET_BANDS];
  float offset[SET_CLIPS], scale[SET_CLIPS];
  for (unsigned i = 0; i < G_N_ELEMENTS (features); i++)
    features[i] = (guint8) (37 * i);
  for (unsigned i = 0; i < SET_CLIPS; i++) {
    offset[i] = -60 - (float) i;
    scale[i] = 40 + (float) i;
  }
  const gsize dim[] = { SET_CLIPS, SET_FRAMES, SET_BANDS };
  model_builder_set_tensor (builder, "features", SAFETENSORS_U8, 3, dim, features);
  model_builder_set_tensor (builder, "offset_db", SAFETENSORS_F32, 1, dim, offset);
  model_builder_set_tensor (builder, "scale_db", SAFETENSORS_F32, 1, dim, scale);
  set_builder_integers (builder, "label", set_label);
  set_builder_integers (builder, "artist", set_artist);
  set_builder_integers (builder, "recording", set_recording);
  set_builder_integers (builder, "frames", set_frames);
  set_builder_halves (builder, "teacher_embedding", SET_EMBEDDING, .125f);
  set_builder_halves (builder, "teacher_logits", SET_LOGITS, -.25f);
  set_builder_integers (builder, "teacher_measured", set_measured);
  return builder;
}

#endif
