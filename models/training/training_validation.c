/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_validation.h"

#include "models/genre_stream.h"
#include "models/sets/genre_listener.h"
#include "models/sets/metrics.h"

#include <math.h>
#include <string.h>

/* What one thread listens with. */
typedef struct Listener
{
  GenreListener *ears;
  GenreAggregate *aggregate;
} Listener;

/* What was heard of a track. */
typedef struct Track
{
  TrainingAccuracy accuracy;
  gsize test;   /* which of the sets it is from */
  int truth;    /* -1: not music */
  double music; /* sum over windows, times their frames */
  double n_frames;
} Track;

typedef struct Validation
{
  const TrainingData *data;
  gsize *items;       /* [n_validation] indices of items, track after track */
  gsize *track_first; /* [n_tracks + 1] */
  Listener *listeners;
  Track *tracks; /* [n_tracks], each of its own */
} Validation;

static void
hear_item (const Validation *validation, Listener *listener, const TrainingItem *item, Track *track)
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
    track->music += hearing->music[i] * (double) hearing->n_frames[i];
    track->n_frames += (double) hearing->n_frames[i];
    if (hearing->music[i] < GENRE_STREAM_MUSIC_THRESHOLD)
      continue; /* as in the element */
    track->accuracy.n_windows++;
    track->accuracy.right_windows += (int) genre_probabilities_top (p, (unsigned) n_labels) == track->truth;
    genre_aggregate_add (listener->aggregate, p, hearing->n_frames[i]);
  }
  genre_hearing_free (hearing);
}

static void
hear_track (void *user_data, size_t task, unsigned worker)
{
  const Validation *validation = user_data;
  const TrainingData *data = validation->data;
  Listener *listener = &validation->listeners[worker];
  Track *track = &validation->tracks[task];

  genre_aggregate_reset (listener->aggregate);
  for (gsize i = validation->track_first[task]; i < validation->track_first[task + 1]; i++) {
    const TrainingItem *item = &data->validation[validation->items[i]];
    track->truth = item->label;
    while (data->n_tests > 0 && data->test[track->test] != item->set)
      track->test++;
    hear_item (validation, listener, item, track);
  }
  if (track->accuracy.n_windows == 0 || track->truth < 0)
    return;
  const double *p = genre_aggregate_probabilities (listener->aggregate);
  track->accuracy.n_tracks = 1;
  track->accuracy.right_tracks = (int) genre_probabilities_top (p, data->n_labels) == track->truth;
  track->accuracy.nll = -log (fmax (p[track->truth], 1e-12));
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
    listener->ears = genre_listener_new (model, (guint64) (interval_s * 1e9), 0);
    listener->aggregate = genre_aggregate_new (data->n_labels);
    if (!listener->ears || !listener->aggregate)
      return false;
  }
  return true;
}

static void
add_track (const Track *track, TrainingAccuracy *sum, TrainingRecall *recalls)
{
  const TrainingAccuracy *one = &track->accuracy;
  if (track->truth < 0)
    return;
  sum->n_tracks += one->n_tracks;
  sum->right_tracks += one->right_tracks;
  sum->n_windows += one->n_windows;
  sum->right_windows += one->right_windows;
  sum->nll += one->nll;
  recalls[track->truth].n_tracks += one->n_tracks;
  recalls[track->truth].right_tracks += one->right_tracks;
}

static void
finish_sum (TrainingAccuracy *sum, const TrainingRecall *recalls, gsize n_labels)
{
  double recall = 0;
  gsize n = 0;
  for (gsize i = 0; i < n_labels; i++) {
    if (recalls[i].n_tracks == 0)
      continue;
    recall += (double) recalls[i].right_tracks / (double) recalls[i].n_tracks;
    n++;
  }
  sum->nll = sum->n_tracks > 0 ? sum->nll / (double) sum->n_tracks : 0;
  sum->mean_recall = n > 0 ? recall / (double) n : 0;
}

/* recalls [n_labels]  out, over all sets */
static void
sum_tracks (const Validation *validation, TrainingScore *score, TrainingRecall *recalls)
{
  const TrainingData *data = validation->data;
  const gsize n_tests = MAX (data->n_tests, 1), n_labels = data->n_labels;
  g_autofree TrainingRecall *of_tests = g_new0 (TrainingRecall, n_tests * n_labels);
  gsize n_labelled = 0;

  memset (recalls, 0, n_labels * sizeof *recalls);
  for (gsize t = 0; t < data->n_tracks; t++) {
    const Track *track = &validation->tracks[t];
    add_track (track, &score->all, recalls);
    add_track (track, &score->tests[track->test], of_tests + track->test * n_labels);
  }
  finish_sum (&score->all, recalls, n_labels);
  for (gsize i = 0; i < n_tests; i++) {
    finish_sum (&score->tests[i], of_tests + i * n_labels, n_labels);
    score->mean_recall += score->tests[i].mean_recall;
    n_labelled += score->tests[i].n_tracks > 0;
  }
  score->mean_recall /= (double) MAX (n_labelled, 1);
}

static void
judge_music (const Validation *validation, TrainingMusic *music)
{
  g_autofree double *of_music = g_new (double, validation->data->n_tracks);
  g_autofree double *of_other = g_new (double, validation->data->n_tracks);

  for (gsize t = 0; t < validation->data->n_tracks; t++) {
    const Track *track = &validation->tracks[t];
    const bool is = track->music >= GENRE_STREAM_MUSIC_THRESHOLD * track->n_frames;
    if (!(track->n_frames > 0))
      continue;
    const double mean = track->music / track->n_frames;
    if (track->truth >= 0) {
      of_music[music->n_music++] = mean;
      music->missed += !is;
    } else {
      of_other[music->n_other++] = mean;
      music->taken += is;
    }
  }
  if (music->n_music > 0 && music->n_other > 0)
    music->auc = metrics_auc (of_music, music->n_music, of_other, music->n_other);
}

bool
training_validate (const TrainingData *data, GenreModel *model, double interval_s, NnPool *pool,
    TrainingScore *ret_score, TrainingRecall *ret_recalls)
{
  const unsigned threads = nn_pool_threads (pool);
  Validation validation = { .data = data };
  g_autofree TrainingRecall *recalls = g_new (TrainingRecall, data->n_labels);

  sort_items (&validation);
  validation.tracks = g_new0 (Track, data->n_tracks);
  validation.listeners = g_new0 (Listener, threads);
  const bool ok = make_listeners (&validation, model, interval_s, threads);
  if (ok) {
    TrainingScore score = { 0 };
    nn_pool_run (pool, data->n_tracks, hear_track, &validation);
    sum_tracks (&validation, &score, recalls);
    if (data->learns_music)
      judge_music (&validation, &score.music);
    *ret_score = score;
    if (ret_recalls)
      memcpy (ret_recalls, recalls, data->n_labels * sizeof *recalls);
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
