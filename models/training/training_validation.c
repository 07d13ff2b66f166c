/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_validation.h"

#include "models/sets/genre_listener.h"

#include <math.h>
#include <string.h>

/* What one thread listens with. */
typedef struct Listener
{
  GenreListener *ears;
  GenreAggregate *aggregate;
} Listener;

typedef struct Validation
{
  const TrainingData *data;
  gsize *items;       /* [n_validation] indices of items, track after track */
  gsize *track_first; /* [n_tracks + 1] */
  Listener *listeners;
  TrainingAccuracy *tracks; /* [n_tracks], each of its own */
} Validation;

static void
hear_item (const Validation *validation, Listener *listener, const TrainingItem *item, TrainingAccuracy *accuracy)
{
  const GenreFeatureSet *set = g_ptr_array_index (validation->data->sets, item->set);
  const gsize n_labels = validation->data->n_labels, window = genre_listener_window_frames (listener->ears);
  GenrePassage passage = { .clip = item->clip, .n_frames = genre_feature_set_clip_frames (set, item->clip) };

  /* Of a segment, the whole is looked at once: at its end. */
  if (item->segment >= 0)
    passage = (GenrePassage){ item->clip, (gsize) item->segment * window, window, TRUE };
  genre_listener_hear (listener->ears, set, &passage, 0);

  GenreHearing *hearing = genre_listener_take (listener->ears);
  for (gsize i = 0; i < hearing->n_answers; i++) {
    const double *p = hearing->probabilities + i * n_labels;
    accuracy->n_windows++;
    accuracy->right_windows += genre_probabilities_top (p, (unsigned) n_labels) == (unsigned) item->label;
    genre_aggregate_add (listener->aggregate, p, hearing->n_frames[i]);
  }
  genre_hearing_free (hearing);
}

static void
hear_track (void *user_data, size_t task, unsigned worker)
{
  const Validation *validation = user_data;
  Listener *listener = &validation->listeners[worker];
  TrainingAccuracy *accuracy = &validation->tracks[task];
  unsigned truth = 0;

  genre_aggregate_reset (listener->aggregate);
  for (gsize i = validation->track_first[task]; i < validation->track_first[task + 1]; i++) {
    const TrainingItem *item = &validation->data->validation[validation->items[i]];
    truth = (unsigned) item->label;
    hear_item (validation, listener, item, accuracy);
  }
  if (accuracy->n_windows == 0)
    return;
  const double *p = genre_aggregate_probabilities (listener->aggregate);
  accuracy->n_tracks = 1;
  accuracy->right_tracks = genre_probabilities_top (p, validation->data->n_labels) == truth;
  accuracy->nll = -log (fmax (p[truth], 1e-12));
}

/* The items, track after track. */
static void
sort_items (Validation *validation)
{
  const TrainingData *data = validation->data;
  validation->items = g_new (gsize, data->n_validation);
  validation->track_first = g_new0 (gsize, data->n_tracks + 2);
  for (gsize i = 0; i < data->n_validation; i++)
    validation->track_first[data->track[i] + 2]++;
  for (gsize t = 0; t < data->n_tracks; t++)
    validation->track_first[t + 2] += validation->track_first[t + 1];
  for (gsize i = 0; i < data->n_validation; i++)
    validation->items[validation->track_first[data->track[i] + 1]++] = i;
}

static bool
make_listeners (Validation *validation, GenreModel *model, double interval_s, unsigned threads)
{
  const TrainingData *data = validation->data;
  for (unsigned i = 0; i < threads; i++) {
    Listener *listener = &validation->listeners[i];
    listener->ears = genre_listener_new (model, (guint64) (interval_s * 1e9));
    listener->aggregate = genre_aggregate_new (data->n_labels);
    if (!listener->ears || !listener->aggregate)
      return false;
  }
  return true;
}

static void
sum_labels (const Validation *validation, TrainingRecall *recalls)
{
  memset (recalls, 0, validation->data->n_labels * sizeof *recalls);
  for (gsize t = 0; t < validation->data->n_tracks; t++) {
    const gsize last = validation->items[validation->track_first[t + 1] - 1];
    TrainingRecall *recall = &recalls[validation->data->validation[last].label];
    recall->n_tracks += validation->tracks[t].n_tracks;
    recall->right_tracks += validation->tracks[t].right_tracks;
  }
}

bool
training_validate (const TrainingData *data, GenreModel *model, double interval_s, NnPool *pool,
    TrainingAccuracy *ret_accuracy, TrainingRecall *ret_recalls)
{
  const unsigned threads = nn_pool_threads (pool);
  Validation validation = { .data = data };

  sort_items (&validation);
  validation.tracks = g_new0 (TrainingAccuracy, data->n_tracks);
  validation.listeners = g_new0 (Listener, threads);
  const bool ok = make_listeners (&validation, model, interval_s, threads);
  if (ok) {
    TrainingAccuracy sum = { 0 };
    nn_pool_run (pool, data->n_tracks, hear_track, &validation);
    for (gsize t = 0; t < data->n_tracks; t++) {
      const TrainingAccuracy *track = &validation.tracks[t];
      sum.n_tracks += track->n_tracks;
      sum.right_tracks += track->right_tracks;
      sum.n_windows += track->n_windows;
      sum.right_windows += track->right_windows;
      sum.nll += track->nll;
    }
    sum.nll = sum.n_tracks > 0 ? sum.nll / (double) sum.n_tracks : 0;
    *ret_accuracy = sum;
    if (ret_recalls)
      sum_labels (&validation, ret_recalls);
  }
  for (unsigned i = 0; i < threads; i++) {
    genre_listener_free (validation.listeners[i].ears);
    genre_aggregate_free (validation.listeners[i].aggregate);
  }
  g_free (validation.listeners);
  g_free (validation.tracks);
  g_free (validation.items);
  g_free (validation.track_first);
  return ok;
}
