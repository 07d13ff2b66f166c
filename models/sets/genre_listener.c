/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/genre_listener.h"

#include "models/genre_stream.h"
#include "models/genre_windows.h"
#include "models/sets/frame_level.h"

#include <math.h>
#include <string.h>

static const double FLOOR_TOLERANCE_DB = .01;

/* --- hearings -------------------------------------------------------------------------------------------------- */

void
genre_hearing_free (GenreHearing *hearing)
{
  if (!hearing)
    return;
  g_free (hearing->seconds);
  g_free (hearing->n_frames);
  g_free (hearing->probabilities);
  g_free (hearing->music);
  g_free (hearing);
}

const double *
genre_hearing_aggregate (const GenreHearing *hearing, double seconds, GenreAggregate *aggregate)
{
  genre_aggregate_reset (aggregate);
  for (gsize i = 0; i < hearing->n_answers && hearing->seconds[i] <= seconds; i++)
    genre_aggregate_add (aggregate, hearing->probabilities + i * hearing->n_labels, hearing->n_frames[i]);
  return genre_aggregate_windows (aggregate) > 0 ? genre_aggregate_probabilities (aggregate) : NULL;
}

void
genre_hearing_mean_log (const GenreHearing *hearing, double *log_probabilities)
{
  const double least = 1e-38; /* what a float may be, nearly: a probability of 0 is less than that */
  double weight = 0;

  memset (log_probabilities, 0, hearing->n_labels * sizeof *log_probabilities);
  for (gsize k = 0; k < hearing->n_answers; k++) {
    const double *p = hearing->probabilities + k * hearing->n_labels, n = (double) hearing->n_frames[k];
    weight += n;
    for (gsize i = 0; i < hearing->n_labels; i++)
      log_probabilities[i] += n * log (fmax (p[i], least));
  }
  for (gsize i = 0; i < hearing->n_labels; i++)
    log_probabilities[i] /= weight;
}

/* --- the listener ---------------------------------------------------------------------------------------------- */

struct GenreListener
{
  GenreWindows *windows;
  gsize n_labels, n_bands;
  double hop_seconds, half_window_seconds;
  double music_threshold;
  float *levels; /* [n_bands] of a frame, dB */
  FrameLevel *level;

  /* since the last take */
  double heard; /* seconds */
  gsize n_silent, n_not_music;
  GArray *seconds, *n_frames, *probabilities, *music;
};

static void
renew (GenreListener *listener)
{
  listener->heard = 0;
  listener->n_silent = 0;
  listener->n_not_music = 0;
  listener->music = g_array_new (FALSE, FALSE, sizeof (double));
  listener->seconds = g_array_new (FALSE, FALSE, sizeof (double));
  listener->n_frames = g_array_new (FALSE, FALSE, sizeof (guint64));
  listener->probabilities = g_array_new (FALSE, FALSE, sizeof (double));
}

GenreListener *
genre_listener_new (GenreModel *model, guint64 interval_ns, double music_threshold)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_DB, 0, interval_ns);
  if (!windows)
    return NULL;

  GenreListener *listener = g_new0 (GenreListener, 1);
  listener->windows = windows;
  listener->music_threshold = music_threshold;
  listener->n_labels = genre_model_n_labels (model);
  listener->n_bands = frontend->bands;
  listener->hop_seconds = genre_frontend_seconds (frontend, 1);
  listener->half_window_seconds = frontend->mel.n_fft / 2. / frontend->mel.sample_rate_hz;
  listener->levels = g_new (float, listener->n_bands);
  listener->level = frame_level_new (frontend, genre_windows_frames (windows));
  renew (listener);
  return listener;
}

void
genre_listener_free (GenreListener *listener)
{
  if (!listener)
    return;
  genre_windows_free (listener->windows);
  frame_level_free (listener->level);
  g_free (listener->levels);
  g_array_unref (listener->seconds);
  g_array_unref (listener->n_frames);
  g_array_unref (listener->probabilities);
  g_array_unref (listener->music);
  g_free (listener);
}

gsize
genre_listener_window_frames (const GenreListener *listener)
{
  return genre_windows_frames (listener->windows);
}

/* A window that is silent or not music gets no answer. */
static void
answer (GenreListener *listener, const GenreFeatureSet *set, const GenreSpan *window, double seconds)
{
  const guint64 n_frames = window->end - window->first;
  if (genre_feature_set_frontend (set)->ref > 0
      && frame_level_window_db (listener->level, n_frames) < GENRE_STREAM_SILENCE_DB) {
    listener->n_silent++;
    return;
  }
  double music;
  const double *probabilities = genre_windows_look (listener->windows, window, &music);
  if (music < listener->music_threshold) {
    listener->n_not_music++;
    return;
  }

  g_array_append_val (listener->seconds, seconds);
  g_array_append_val (listener->n_frames, n_frames);
  g_array_append_vals (listener->probabilities, probabilities, (guint) listener->n_labels);
  g_array_append_val (listener->music, music);
}

/* What U8 stores of a clip reaches down to top_db under its loudest, and what lies below is lifted to that: there, the
 * least level says that nothing louder was there.  -HUGE_VAL: nothing is lifted. */
static double
clip_floor (GenreListener *listener, const GenreFeatureSet *set, gsize clip)
{
  const double top_db = genre_feature_set_frontend (set)->top_db;
  double least = HUGE_VAL, most = -HUGE_VAL;

  for (gsize t = 0; t < genre_feature_set_clip_frames (set, clip); t++) {
    genre_feature_set_clip_db (set, clip, t, 1, listener->levels);
    for (gsize b = 0; b < listener->n_bands; b++) {
      least = fmin (least, (double) listener->levels[b]);
      most = fmax (most, (double) listener->levels[b]);
    }
  }
  return top_db >= 0 && most - least > top_db - FLOOR_TOLERANCE_DB ? least + FLOOR_TOLERANCE_DB : -HUGE_VAL;
}

void
genre_listener_hear (GenreListener *listener, const GenreFeatureSet *set, const GenrePassage *passage, float gain_db)
{
  gboolean answered = FALSE;
  GenreSpan window;

  genre_windows_reset (listener->windows);
  frame_level_reset (listener->level, clip_floor (listener, set, passage->clip));
  for (gsize t = 0; t < passage->n_frames; t++) {
    genre_feature_set_clip_db (set, passage->clip, passage->first + t, 1, listener->levels);
    for (gsize b = 0; b < listener->n_bands; b++)
      listener->levels[b] += gain_db;
    frame_level_push (listener->level, listener->levels, (double) gain_db);
    if (!genre_windows_push (listener->windows, listener->levels, &window) || passage->at_end_only)
      continue;
    answered = TRUE;
    answer (listener, set, &window,
        listener->heard + (double) t * listener->hop_seconds + listener->half_window_seconds);
  }
  listener->heard += (double) passage->n_frames * listener->hop_seconds;
  if (!answered && genre_windows_whole (listener->windows, &window))
    answer (listener, set, &window, listener->heard);
}

GenreHearing *
genre_listener_take (GenreListener *listener)
{
  GenreHearing *hearing = g_new0 (GenreHearing, 1);

  hearing->n_answers = listener->seconds->len;
  hearing->n_silent = listener->n_silent;
  hearing->n_not_music = listener->n_not_music;
  hearing->n_labels = listener->n_labels;
  hearing->seconds = (gpointer) g_array_free (listener->seconds, FALSE);
  hearing->n_frames = (gpointer) g_array_free (listener->n_frames, FALSE);
  hearing->probabilities = (gpointer) g_array_free (listener->probabilities, FALSE);
  hearing->music = (gpointer) g_array_free (listener->music, FALSE);
  renew (listener);
  return hearing;
}
