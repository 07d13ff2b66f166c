/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_tracks.h - the tracks of a feature set that a model can be judged by, and what it says of each.
 *
 * Layer:   models; uses feature_set, genre_model, genre_windows, genre_aggregate, GLib.
 * Threads: GenreTracks is constant; a GenreListener serves one thread, and any number of them may be at work.
 */
#ifndef MODELS_GENRE_TRACKS_H
#define MODELS_GENRE_TRACKS_H

#include "models/feature_set.h"
#include "models/genre_aggregate.h"
#include "models/genre_model.h"

G_BEGIN_DECLS

/* --- What can be judged --- */

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

/* --- What a model says of a track --- */

typedef struct GenreHearing
{
  gsize n_answers;
  gsize n_labels;
  double *seconds;       /* [n_answers]  of audio, from the track's start, that had come when it was given */
  guint64 *n_frames;     /* [n_answers]  of its window */
  double *probabilities; /* [n_answers][n_labels] */
} GenreHearing;

void genre_hearing_free (GenreHearing *hearing); /* NULL is a no-op */

/* The aggregate of the answers given within the first so many seconds, HUGE_VAL for all.
 *
 * aggregate  of as many labels; reset here
 *
 * Returns its probabilities [n_labels]; NULL: there was no answer by then. */
const double *genre_hearing_aggregate (const GenreHearing *hearing, double seconds, GenreAggregate *aggregate);

/* log_probabilities [n_labels]  out, mean over all answers, weighted by frames, of ln p, at least one answer.
 *
 * Its softmax is the aggregate, but for the latter's floor of 1e-12; what softmax temperature does to a model it does
 * to this: t times the temperature divides it by t. */
void genre_hearing_mean_log (const GenreHearing *hearing, double *log_probabilities);

typedef struct GenreListener GenreListener;

/* An answer a second, as the element gives by default.  The set fits the model and outlives the listener.
 * NULL: out of memory. */
GenreListener *genre_listener_new (GenreModel *model, const GenreFeatureSet *set);
void genre_listener_free (GenreListener *listener); /* NULL is a no-op */

/* Each clip is a new start of the schedule (docs/schedule.md), as after a jump in a stream; what fills a clip up is not
 * heard.
 * A clip too short for any answer gives one over all its frames if the network accepts so few, else none.
 *
 * gain_db  is added to all levels before the model's floor */
GenreHearing *genre_listener_hear (GenreListener *listener, const GenreTrack *track, double gain_db);

G_END_DECLS

#endif
