/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_model.h - what a genre model is: labels, front-end recipe, network with its heads, weights.
 *
 * Layer:   models; uses error, frontend, nn.
 * Threads: a GenreModel is constant; references may be taken and dropped on any thread.
 */
#ifndef MODELS_GENRE_MODEL_H
#define MODELS_GENRE_MODEL_H

#include "models/file/error.h"
#include "models/frontend.h"
#include "nn/network.h"

typedef struct GenreModel GenreModel;

/* path: UTF-8, or the file system's encoding on Unix; or the name of an installed model, see model_path.h.  Reads a
 * regular file only.  NULL and `error` on failure. */
GenreModel *genre_model_load (const char *path, GError **error);

/* data [size], not kept; name stands for the file in error messages. */
GenreModel *genre_model_parse (const guint8 *data, gsize size, const char *name, GError **error);

/* The embedded default.  It can only fail as genre_model_parse() does. */
GenreModel *genre_model_default (GError **error);

/* The three above give the same object for the same bytes while one reference is alive: elements share weights. */

/* A model of its own, that no file holds: for numbers that change, as in training.
 *
 * labels    [n], then NULL, copied
 * frontend  copied
 * network   taken, whatever becomes of it: its tensors filled, those of its head "music" too if it has one, not yet
 *           prepared
 * name      stands for the model in error messages
 *
 * NULL: GENRE_MODEL_ERROR_LABELS, _NETWORK, _WINDOW, _TENSOR or _SIZE, as where a file is read. */
GenreModel *genre_model_new (const char *const *labels, const GenreFrontend *frontend, NnNetwork *network,
    unsigned window_frames, unsigned min_frames, const char *name, GError **error);

/* A model of its own, equal to `model` but for its softmax temperature, .001 to 1000, and its training record. */
GenreModel *genre_model_temper (const GenreModel *model, double temperature, const char *name, GError **error);

GenreModel *genre_model_ref (GenreModel *model);
void genre_model_unref (GenreModel *model); /* NULL is a no-op */

/* All valid as long as the model. */
const char *const *genre_model_labels (const GenreModel *model); /* [n_labels], then NULL; UTF-8 */
unsigned genre_model_n_labels (const GenreModel *model);
const GenreFrontend *genre_model_frontend (const GenreModel *model);
const NnNetwork *genre_model_network (const GenreModel *model);
gsize genre_model_n_parameters (const GenreModel *model);
const NnTensor *genre_model_tensor (const GenreModel *model, gsize index); /* in the order of the network */
gboolean genre_model_has_music (const GenreModel *model); /* a head that says whether it is music: network_heads.h */
unsigned genre_model_window_frames (const GenreModel *model); /* W */
unsigned genre_model_min_frames (const GenreModel *model);    /* M, <= W */
const char *genre_model_sha256 (const GenreModel *model);     /* of the file, 64 hex digits; NULL: of none */
const char *genre_model_training (const GenreModel *model);   /* JSON text, "{}" if the file has none */
double genre_model_temperature (const GenreModel *model);     /* of its softmax */

/* S: windows start on multiples of it; 1 for a model of fixed input length (M == W). */
unsigned genre_model_grid (const GenreModel *model);

/* Whether windows share columns: free length, no padding in time, ref a number, top_db null. */
gboolean genre_model_shares_columns (const GenreModel *model);

/* Writes a model file, docs/model-file.md: reading it back gives an equal model.  The bytes are a function of the
 * model only. */
GBytes *genre_model_serialize (const GenreModel *model, GError **error);

/* The same with another softmax temperature, .001 to 1000, and another training record, the text of a JSON object. */
GBytes *genre_model_serialize_tempered (const GenreModel *model, double temperature, const char *training,
    GError **error);

/* SHA-256 of all that follows the header in such a file, 64 hex digits: the values of the tensors, whatever is said of
 * how they were made, and whatever the temperature.  g_free(). */
char *genre_model_weights_sha256 (const GenreModel *model);

#endif
