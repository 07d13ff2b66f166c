/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/genre_listener.h - clips of feature sets in, a model's answers to them out.
 *
 * Layer:   models/sets; uses feature_set, frame_level, genre_model, genre_windows, genre_aggregate, GLib.
 * Threads: a GenreListener serves one thread, and any number of them may be at work.
 */
#ifndef MODELS_SETS_GENRE_LISTENER_H
#define MODELS_SETS_GENRE_LISTENER_H

#include "models/sets/feature_set.h"
#include "models/genre_aggregate.h"
#include "models/genre_model.h"

typedef struct GenreHearing
{
  gsize n_answers;
  gsize n_labels;
  double *seconds;       /* [n_answers]  of audio, from the first clip's start, that had come when it was given */
  guint64 *n_frames;     /* [n_answers]  of its window */
  double *probabilities; /* [n_answers][n_labels] */
  double *music;         /* [n_answers]  the probability that the window is music; 1: the model does not say */
  gsize n_silent;        /* windows that got no answer, for they are silent, */
  gsize n_not_music;     /* or are not music */
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

enum
{
  GENRE_LISTENER_INTERVAL_NS = 1000000000 /* between the element's answers, by default */
};

/* music_threshold  a window whose music is below it gets no answer; 0: never
 *
 * NULL: out of memory. */
GenreListener *genre_listener_new (GenreModel *model, guint64 interval_ns, double music_threshold);
void genre_listener_free (GenreListener *listener); /* NULL is a no-op */

/* The longest window, in frames. */
gsize genre_listener_window_frames (const GenreListener *listener);

/* Frames [first, first + n_frames) of a clip. */
typedef struct GenrePassage
{
  gsize clip, first, n_frames;
  gboolean at_end_only; /* one answer over all of it, whatever the schedule has */
} GenrePassage;

/* Each passage is a new start of the schedule (docs/schedule.md), as after a jump in a stream.  One too short for any
 * answer gives one over all its frames if the network accepts so few, else none.  A silent window, by frame_level.h and
 * the element's default threshold, gets no answer; in a set whose levels have no reference none is silent.  A window
 * whose music is below the threshold gets none either.
 *
 * set      fits the model
 * gain_db  is added to all levels before the model's floor */
void genre_listener_hear (GenreListener *listener, const GenreFeatureSet *set, const GenrePassage *passage,
    float gain_db);

/* The answers to all passages since the last take, one after another. */
GenreHearing *genre_listener_take (GenreListener *listener);

#endif
