/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training_validation.h"

#include "models/genre_aggregate.h"
#include "models/genre_windows.h"

#include <math.h>
#include <string.h>

/* What one thread listens with. */
typedef struct Listener
{
  GenreWindows *windows;
  GenreAggregate *aggregate;
  float *db; /* [frames of the longest clip][bands] */
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
take_window (const Validation *validation, Listener *listener, const GenreSpan *span, unsigned truth,
    TrainingAccuracy *accuracy)
{
  const double *p = genre_windows_look (listener->windows, span);
  accuracy->n_windows++;
  accuracy->right_windows += genre_probabilities_top (p, validation->data->n_labels) == truth;
  genre_aggregate_add (listener->aggregate, p, span->end - span->first);
}

static void
hear_item (const Validation *validation, Listener *listener, const TrainingItem *item, TrainingAccuracy *accuracy)
{
  const GenreFeatureSet *set = g_ptr_array_index (validation->data->sets, item->set);
  const gsize bands = validation->data->frontend.bands, window = genre_windows_frames (listener->windows);
  const gsize first = item->segment < 0 ? 0 : (gsize) item->segment * window;
  const gsize n = item->segment < 0 ? genre_feature_set_clip_frames (set, item->clip) : window;
  bool answered = false;
  GenreSpan span;

  genre_feature_set_clip_db (set, item->clip, first, n, listener->db);
  genre_windows_reset (listener->windows);
  for (gsize t = 0; t < n; t++) {
    if (genre_windows_push (listener->windows, listener->db + t * bands, &span)) {
      /* Of a segment, the whole is looked at once: at its end. */
      if (item->segment < 0 || span.end == n)
        take_window (validation, listener, &span, (unsigned) item->label, accuracy);
      answered = true;
    }
  }
  if (!answered && genre_windows_whole (listener->windows, &span))
    take_window (validation, listener, &span, (unsigned) item->label, accuracy);
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
  gsize most = 0;
  for (gsize i = 0; i < data->sets->len; i++)
    most = MAX (most, genre_feature_set_n_frames (g_ptr_array_index (data->sets, i)));
  for (unsigned i = 0; i < threads; i++) {
    Listener *listener = &validation->listeners[i];
    listener->windows = genre_windows_new (model, GENRE_LEVELS_DB, 0, (uint64_t) (interval_s * 1e9));
    listener->aggregate = genre_aggregate_new (data->n_labels);
    listener->db = g_new (float, most * data->frontend.bands);
    if (!listener->windows || !listener->aggregate)
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
    genre_windows_free (validation.listeners[i].windows);
    genre_aggregate_free (validation.listeners[i].aggregate);
    g_free (validation.listeners[i].db);
  }
  g_free (validation.listeners);
  g_free (validation.tracks);
  g_free (validation.items);
  g_free (validation.track_first);
  return ok;
}
