/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/feature_set.h - clips of log-mels with their labels and a teacher's view, out of an untrusted file.
 *
 * Layer:   models/sets; uses safetensors, frontend, half, GLib.
 * Threads: a GenreFeatureSet is constant: any number of threads may read it.
 *
 * The file is described in docs/model-file.md; feature_set_writer.h makes one.  Every error is a
 * GENRE_MODEL_ERROR that names the file, the thing, what was expected and what was found.  Memory: the file once, and
 * some 20 bytes and the name of each clip; features stay in the type they are stored in.
 */
#ifndef MODELS_SETS_FEATURE_SET_H
#define MODELS_SETS_FEATURE_SET_H

#include "models/frontend.h"

/* What the reader takes and the writer makes, at most. */
#define FEATURE_SET_MAX_BYTES ((gsize) MIN (G_MAXUINT32, G_MAXSIZE / 4)) /* just under 4 GiB */
enum
{
  FEATURE_SET_MAX_HEADER = 16 << 20, /* names of some 150,000 clips */
  FEATURE_SET_MAX_FRAMES = 1 << 20,  /* of a clip */
  FEATURE_SET_DIGEST = 32,           /* bytes */
  FEATURE_SET_SURE = 3,              /* the most that somebody can be sure of a label */
};

typedef struct GenreFeatureSet GenreFeatureSet;

/* path: UTF-8, or the file system's encoding on Unix.  Reads a regular file only.  NULL and `error` on failure:
 * GENRE_MODEL_ERROR_CLIPS for what is wrong with a clip, else as for a model. */
GenreFeatureSet *genre_feature_set_load (const char *path, GError **error);

/* bytes: a reference is kept; name stands for the file in messages. */
GenreFeatureSet *genre_feature_set_parse (GBytes *bytes, const char *name, GError **error);
void genre_feature_set_free (GenreFeatureSet *set); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GenreFeatureSet, genre_feature_set_free)

/* --- The set.  All pointers are valid as long as it. --- */

const char *genre_feature_set_name (const GenreFeatureSet *set);
const GenreFrontend *genre_feature_set_frontend (const GenreFeatureSet *set);
const char *const *genre_feature_set_labels (const GenreFeatureSet *set); /* [n_labels], then NULL; UTF-8 */
gsize genre_feature_set_n_labels (const GenreFeatureSet *set);            /* 0: none of its clips has one */
gsize genre_feature_set_n_clips (const GenreFeatureSet *set);             /* at least 1 */
gsize genre_feature_set_n_frames (const GenreFeatureSet *set);            /* of every clip, the filling included */
gsize genre_feature_set_n_bands (const GenreFeatureSet *set);             /* as the recipe's */

/* Whether clips of this set can be input of a model with this recipe: sample_rate ... power agree.
 * FALSE: GENRE_MODEL_ERROR_FRONTEND, which names the key. */
gboolean genre_feature_set_fits (const GenreFeatureSet *set, const GenreFrontend *frontend, GError **error);

/* Who the numbers of artists are, as they are tagged, UTF-8; then NULL.  NULL: the set has no names, and its numbers
 * say nothing about other sets. */
const char *const *genre_feature_set_artists (const GenreFeatureSet *set);

gboolean genre_feature_set_says_music (const GenreFeatureSet *set);      /* or all of it is taken for music */
const char *const *genre_feature_set_kinds (const GenreFeatureSet *set); /* [n_kinds], then NULL; or NULL */
gsize genre_feature_set_n_kinds (const GenreFeatureSet *set);

/* --- A clip, 0 <= clip < n_clips --- */

const char *genre_feature_set_clip_name (const GenreFeatureSet *set, gsize clip); /* UTF-8; NULL: the set has none */
int genre_feature_set_label (const GenreFeatureSet *set, gsize clip);             /* index into labels; -1: none */
gsize genre_feature_set_clip_frames (const GenreFeatureSet *set, gsize clip);     /* true length, 1 ... n_frames */

/* Whether it is music at all; what is not has no label. */
gboolean genre_feature_set_music (const GenreFeatureSet *set, gsize clip);

/* What sort of sound it is: index into kinds, such as "speech"; -1: unknown. */
int genre_feature_set_kind (const GenreFeatureSet *set, gsize clip);

/* How sure its label is: 0 a guess, 1 weak, 2 likely, FEATURE_SET_SURE sure, as it is in a set that does not say. */
unsigned genre_feature_set_sure (const GenreFeatureSet *set, gsize clip);

/* As the file has them; -1: unknown. */
int genre_feature_set_artist (const GenreFeatureSet *set, gsize clip);
int genre_feature_set_album_artist (const GenreFeatureSet *set, gsize clip);
int genre_feature_set_recording (const GenreFeatureSet *set, gsize clip);

/* SHA-256 of the levels as they are stored, without the filling: equal where two recordings of one sound were decoded
 * by one program into one type of set.  FALSE: all levels are one, as in silence, which says nothing.
 *
 * digest [FEATURE_SET_DIGEST]  out */
gboolean genre_feature_set_clip_digest (const GenreFeatureSet *set, gsize clip, guint8 *digest);

/* A track is the clips of one recording; a clip whose recording is unknown is one by itself.  Numbered 0 ... n_tracks-1
 * in the order of their first clips. */
gsize genre_feature_set_track (const GenreFeatureSet *set, gsize clip);
gsize genre_feature_set_n_tracks (const GenreFeatureSet *set);

/* A group is what must stay on one side of a split: clips that a chain of equal recordings and equal known artists,
 * of the track or its album, joins.  Numbered like tracks. */
gsize genre_feature_set_group (const GenreFeatureSet *set, gsize clip);
gsize genre_feature_set_n_groups (const GenreFeatureSet *set);

/* first, n_frames   within 0 ... n_frames of the set; those from clip_frames on are filling
 * db [n_frames][bands]  out, 10 log10 (power), re 1 where the recipe's ref is a number, else re the loudest */
void genre_feature_set_clip_db (const GenreFeatureSet *set, gsize clip, gsize first, gsize n_frames, float *db);

/* --- The teacher's view of a clip: one of each window w, frames w n_frames / n_windows to
 *     (w + 1) n_frames / n_windows, rounded down --- */

gsize genre_feature_set_n_windows (const GenreFeatureSet *set);   /* 0: no teacher */
gsize genre_feature_set_n_embedding (const GenreFeatureSet *set); /* values of an embedding; 0: none in the set */
gsize genre_feature_set_n_logits (const GenreFeatureSet *set);    /* values of the logits; 0: none in the set */
const char *const *genre_feature_set_teacher_classes (const GenreFeatureSet *set); /* [n_logits], then NULL; or NULL */

/* Whether the teacher heard the recording: TRUE for a set with a teacher but without teacher_measured.  Where it did
 * not, the embedding is an estimate and there are no logits. */
gboolean genre_feature_set_measured (const GenreFeatureSet *set, gsize clip);

/* values [n_embedding]  out.  The set has embeddings. */
void genre_feature_set_embedding (const GenreFeatureSet *set, gsize clip, gsize window, float *values);

/* logits [n_logits]  out, before the sigmoid.  The set has logits and the clip is measured. */
void genre_feature_set_logits (const GenreFeatureSet *set, gsize clip, gsize window, float *logits);

/* --- Soft labels: somebody's opinion on each of the windows above, a distribution over labels of its own --- */

gsize genre_feature_set_n_soft (const GenreFeatureSet *set); /* values of a distribution; 0: the set has none */
const char *const *genre_feature_set_soft_labels (const GenreFeatureSet *set); /* [n_soft], then NULL; or NULL */

/* probabilities [n_soft]  out, sum 1 to .01.  The set has soft labels.
 *
 * Returns how much the opinion is worth, at least 0; 0: there is none, whatever the values say. */
float genre_feature_set_soft (const GenreFeatureSet *set, gsize clip, gsize window, float *probabilities);

#endif
