/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/genre_tracks.h - the tracks of a feature set that a model can be judged by, and what it says of each.
 *
 * Layer:   models/sets; uses feature_set, genre_model, genre_listener.
 * Threads: GenreTracks is constant.
 */
#ifndef MODELS_SETS_GENRE_TRACKS_H
#define MODELS_SETS_GENRE_TRACKS_H

#include "models/sets/genre_listener.h"

typedef struct GenreTrack
{
  gsize id;           /* its number in the set */
  const char *name;   /* of its first clip, UTF-8; NULL: it has none.  Valid as long as the set */
  const gsize *clips; /* [n_clips], ascending */
  gsize n_clips;
  unsigned truth; /* index into the model's labels */
} GenreTrack;

typedef struct GenreTracks
{
  GenreTrack *tracks; /* [n_tracks], in the order of the set */
  gsize n_tracks;
  gsize n_clips; /* of these tracks */

  /* tracks that are left out */
  gsize unlabelled;    /* none of its clips has a label */
  gsize unknown;       /* the model does not know its label */
  gsize contradictory; /* its clips have different labels */

  gsize *clips; /* [n_clips], what the tracks point into */
} GenreTracks;

/* Labels of set and model are matched by name.  NULL: GENRE_MODEL_ERROR_FRONTEND, the set is no input for the model, or
 * GENRE_MODEL_ERROR_LABELS, no track is left. */
GenreTracks *genre_tracks_new (const GenreFeatureSet *set, const GenreModel *model, const char *model_name,
    GError **error);
void genre_tracks_free (GenreTracks *tracks); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GenreTracks, genre_tracks_free)

/* What a listener says of all its clips; see genre_listener_hear().  What fills a clip up is not heard.
 *
 * gain_db  is added to all levels before the model's floor */
GenreHearing *genre_track_hear (const GenreTrack *track, const GenreFeatureSet *set, GenreListener *listener,
    double gain_db);

#endif
