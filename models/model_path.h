/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/model_path.h - where a model is that is called by its name.
 *
 * Layer:   models; uses GLib.
 * Threads: reads the environment; otherwise no state.
 *
 * "genre-wide" is the file genre-wide.safetensors of the first of these directories that has it: those of the
 * environment variable GENRECLASSIFY_MODEL_PATH, then where models are installed.
 */
#ifndef MODELS_MODEL_PATH_H
#define MODELS_MODEL_PATH_H

#include <glib.h>

#define GENRE_MODEL_PATH "GENRECLASSIFY_MODEL_PATH"

/* Whether this can be the name of an installed model: no directory and no ending are in it. */
gboolean genre_model_is_name (const char *path);

/* The path of a file: `path` itself if there is such a file or it is no name; else that of the installed model of this
 * name, or `path` if there is none.  Freed with g_free(). */
char *genre_model_find (const char *path);

/* The directories that are searched, " and " between them, for messages.  UTF-8, freed with g_free(). */
char *genre_model_places (void);

#endif
