/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_model_file.h - docs/model-file.md: a GenreModel out of a container, and back.
 *
 * Layer:   models, for the files named genre_model* only; uses safetensors, frontend, network_spec, network_heads.
 * Threads: no state.
 */
#ifndef MODELS_GENRE_MODEL_FILE_H
#define MODELS_GENRE_MODEL_FILE_H

#include "models/genre_model.h"
#include "models/file/safetensors.h"

#include <stdbool.h>

struct GenreModel
{
  gint references; /* atomic; falls to 0 under the lock of the cache only */
  char *sha256;    /* NULL: of no file, and in no cache */
  char **labels;   /* [n_labels], then NULL */
  guint n_labels;
  GenreFrontend frontend;
  NnNetwork *network;
  unsigned window_frames;
  unsigned min_frames;
  char *training;
};

/* Fills all but references and sha256 of a zeroed model.  False: what was filled is to be freed all the same. */
bool genre_model_read (GenreModel *model, const Safetensors *file, GError **error);

/* The same for one that is not from a file, all filled but for the packing of its weights; name: in messages. */
bool genre_model_finish (GenreModel *model, const char *name, GError **error);

/* A network of these layers [n_specs] for the model's frames, its weights zero; name: in messages. */
NnNetwork *genre_model_make_network (const GenreModel *model, const NnLayerSpec *specs, gsize n_specs, const char *name,
    GError **error);

/* Another network with the same layers, heads and weights, at this temperature; name: in messages. */
NnNetwork *genre_model_copy_network (const GenreModel *model, double temperature, const char *name, GError **error);

/* A copy of the network's description [*ret_n], its softmax at this temperature.  g_free() */
NnLayerSpec *genre_model_copy_specs (const GenreModel *model, double temperature, gsize *ret_n);

#endif
