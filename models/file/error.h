/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/error.h - what can be wrong with a file, a recipe or the data of a training.
 *
 * Layer:   models/file, its lowest floor; uses GLib.
 * Threads: no state.
 */
#ifndef MODELS_FILE_ERROR_H
#define MODELS_FILE_ERROR_H

#include <glib.h>

/* One code per cause.  Every message names the file, the thing, what was expected and what was found. */
#define GENRE_MODEL_ERROR (genre_model_error_quark ())
GQuark genre_model_error_quark (void);
typedef enum GenreModelError
{
  GENRE_MODEL_ERROR_NOT_FOUND,  /* no such file */
  GENRE_MODEL_ERROR_READ,       /* not a regular file, no permission, I/O error */
  GENRE_MODEL_ERROR_SIZE,       /* over 256 MiB, header over 1 MiB, over 4096 tensors, or shorter than it says */
  GENRE_MODEL_ERROR_JSON,       /* header or metadata is not strict JSON, too deep, duplicate key */
  GENRE_MODEL_ERROR_CONTAINER,  /* tensors overlap, leave holes, have an unknown type or a wrong length */
  GENRE_MODEL_ERROR_FORMAT,     /* not a "genre-model" of version "1" or "2", or a metadata entry is missing */
  GENRE_MODEL_ERROR_LABELS,     /* none, empty, duplicate, or not as many as outputs */
  GENRE_MODEL_ERROR_FRONTEND,   /* unknown or missing recipe key, or a value out of range */
  GENRE_MODEL_ERROR_NETWORK,    /* unknown layer or layer key, a value out of range, shapes that do not fit */
  GENRE_MODEL_ERROR_TENSOR,     /* missing, surplus, misshapen or non-finite */
  GENRE_MODEL_ERROR_WINDOW,     /* window_frames or min_frames out of range */
  GENRE_MODEL_ERROR_CLIPS,      /* of a feature set: a name, label, length, artist or recording is not in order */
  GENRE_MODEL_ERROR_RECIPE,     /* of training: an unknown key, a value out of range, keys that contradict each other */
  GENRE_MODEL_ERROR_DATA,       /* nothing that a recipe could learn from or be validated on */
  GENRE_MODEL_ERROR_DIVERGED,   /* a loss or gradient that is no number */
  GENRE_MODEL_ERROR_CHECKPOINT, /* of another recipe or other data, or not whole */
} GenreModelError;

/* Sets an error of that code.  Returns FALSE. */
gboolean genre_model_fail (GError **error, GenreModelError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

#endif
