/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/feature_set_writer.h - clip after clip in, a feature set on disk out.
 *
 * Layer:   models/sets; uses feature_set, safetensors_writer, artist_name, frontend, half,
 *          GLib.
 * Threads: one object serves one thread at a time.
 *
 * Features go to a temporary file beside the set as they come, so that memory holds some 20 bytes and the name of each
 * clip; on Unix that file has no name, and is gone with the process however it ends.  The set appears under its name
 * only when it is whole; until then what was there stays.
 */
#ifndef MODELS_SETS_FEATURE_SET_WRITER_H
#define MODELS_SETS_FEATURE_SET_WRITER_H

#include "models/sets/feature_set.h"
#include "models/file/safetensors.h"

/* One clip; names a thing as the set will. */
typedef struct GenreFeatureClip
{
  const float *db;  /* [frames][bands], dB as the recipe gives them, finite */
  gsize frames;     /* true length, 1 ... n_frames of the set; the rest is filled with the clip's floor */
  int label;        /* -1: none */
  int recording;    /* -1: unknown */
  const char *name; /* UTF-8 */

  /* As they are tagged, UTF-8.  Those of equal artist_name_key() get one number, those without none.  Or NULL */
  const char *artist;
  const char *album_artist;

  gboolean not_music; /* then it has no label */
} GenreFeatureClip;

typedef struct GenreFeatureSetWriter GenreFeatureSetWriter;

/* path      UTF-8, or the file system's encoding on Unix
 * frontend  the recipe that the set will carry, copied
 * labels    [n_labels], different, not empty, UTF-8, copied; may be NULL if n_labels is 0
 * n_frames  of every clip
 * type      SAFETENSORS_U8: 256 steps from at most 80 dB under a clip's loudest up to that, what lies below is lifted;
 *           SAFETENSORS_F16: to 11 bits
 *
 * NULL: a G_FILE_ERROR. */
GenreFeatureSetWriter *genre_feature_set_writer_new (const char *path, const GenreFrontend *frontend,
    const char *const *labels, gsize n_labels, gsize n_frames, SafetensorsType type, GError **error);

/* Takes the temporary file away; the set stays if it was finished.  NULL is a no-op. */
void genre_feature_set_writer_free (GenreFeatureSetWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GenreFeatureSetWriter, genre_feature_set_writer_free)

/* FALSE: a G_FILE_ERROR, such as a full disk, or GENRE_MODEL_ERROR_SIZE: the set cannot grow further.  Only free may
 * follow. */
gboolean genre_feature_set_writer_append (GenreFeatureSetWriter *writer, const GenreFeatureClip *clip, GError **error);

gsize genre_feature_set_writer_n_clips (const GenreFeatureSetWriter *writer);

/* The path that finish writes to before it renames it: what is there if the process ends meanwhile. */
const char *genre_feature_set_writer_temporary (const GenreFeatureSetWriter *writer);

/* Writes the whole file, syncs it and renames it to `path`.  At least one clip.  FALSE: as append.  Only free may
 * follow. */
gboolean genre_feature_set_writer_finish (GenreFeatureSetWriter *writer, GError **error);

#endif
