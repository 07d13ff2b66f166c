/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/pieces.h - the clips of several feature sets -> recordings, pieces of music, groups by one artist.
 *
 * Layer:   models/training; uses feature_set, artist_name, union_find, GLib.
 * Threads: constant: any number of threads may read it.
 *
 * Clips are numbered set after set.  All numbers are 0, 1, ... in the order of their first clips.
 */
#ifndef MODELS_TRAINING_PIECES_H
#define MODELS_TRAINING_PIECES_H

#include "models/sets/feature_set.h"

typedef struct Pieces
{
  gsize n_clips;
  gsize *first;       /* [n_sets + 1] where each set's clips begin */
  guint32 *recording; /* [n_clips] */
  guint32 *piece;     /* [n_clips] recordings that have a clip of equal sound are one piece */
  guint32 *group;     /* [n_clips] pieces by one artist, or on albums by one, are one group */
  int *artist;        /* [n_clips] -1: unknown */
  guint64 *key;       /* [n_clips] follows from the sound of the clip */
  gsize n_recordings, n_pieces, n_groups;
} Pieces;

/* Artists of sets that have their names are equal where artist_name_key() is; those of other sets within their set. */
Pieces *pieces_new (const GenreFeatureSet *const *sets, gsize n_sets);
void pieces_free (Pieces *pieces); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pieces, pieces_free)

#endif
