/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/model_builder.h - model files in memory: a tiny valid one to begin with, and every way to change or break it.
 *
 * Layer:   tests; uses models.
 * Threads: one object serves one thread at a time.
 *
 * The tiny model: 8 kHz, n_fft 256, hop 128, 8 mels pooled to 4 bands, W 20, M 8, labels "low" "middle" "high";
 * conv2d 3 filters of 3x3 same/valid, batch_norm, relu, max_pool2d 2x2, to_sequence, gru 4, temporal_pool mean and max,
 * dense 3, softmax.
 */
#ifndef TESTS_MODEL_BUILDER_H
#define TESTS_MODEL_BUILDER_H

#include "models/genre_model.h"
#include "models/file/safetensors.h"

typedef struct ModelBuilder ModelBuilder;

/* The tiny model with weights of seed 1. */
ModelBuilder *model_builder_new (void);
void model_builder_free (ModelBuilder *builder); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ModelBuilder, model_builder_free)

/* A metadata entry; value NULL: leave it out. */
void model_builder_set (ModelBuilder *builder, const char *key, const char *value);

/* The metadata entry with the only occurrence of `from` replaced: "units":4 by "units":5.  Aborts if there is none. */
void model_builder_replace (ModelBuilder *builder, const char *key, const char *from, const char *to);

/* Makes it version 2, with a head "music" of one dense layer "music"; its kernel [8][1] and bias [1] are seeded noise,
 * all other tensors stay as they are. */
void model_builder_add_music (ModelBuilder *builder);

/* Every tensor that the network of the metadata needs, with seeded noise of the usual size; what was there is dropped.
 * Heads add theirs at the end, and change no other.
 * Aborts unless frontend, network, window_frames and min_frames are valid. */
void model_builder_fill (ModelBuilder *builder, guint32 seed);

/* values [dim 0]... in the machine's byte order, copied; one of the same name is replaced, else it is the last */
void model_builder_set_tensor (ModelBuilder *builder, const char *name, SafetensorsType type, unsigned rank,
    const gsize *dim, const void *values);
void model_builder_remove_tensor (ModelBuilder *builder, const char *name); /* aborts if there is none */

/* One value of an F32 tensor. */
void model_builder_set_value (ModelBuilder *builder, const char *tensor, gsize index, float value);

/* The file.  Metadata and tensors may be wrong in any way that the container allows. */
GBytes *model_builder_build (const ModelBuilder *builder);

/* The model of that file, which must be good: aborts if it is not. */
GenreModel *model_builder_parse (const ModelBuilder *builder);

/* A container of this header, whatever it says, its length and this data. */
GBytes *model_builder_container (const char *header, gsize header_size, const guint8 *data, gsize data_size);

/* The file with the only occurrence of `from` in its header replaced, the header's length corrected.
 * Aborts if there is none. */
GBytes *model_builder_edit (GBytes *file, const char *from, const char *to);

#endif
