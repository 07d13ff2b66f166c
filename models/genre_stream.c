/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_stream.h"

#include "dsp/fft.h"
#include "models/frames.h"
#include "models/genre_aggregate.h"
#include "models/genre_windows.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert ((int) GENRE_STREAM_MAX_WINDOW == (int) GENRE_WINDOWS_MAX_FRAMES, "one limit, two names");

/* The levels of the frames of the longest window twice over, so that old ones move away only once in a while. */
typedef struct History
{
  size_t capacity; /* frames */
  uint64_t first;  /* frame in slot 0 */
  size_t n;
  DspLevel *level; /* [capacity] of the samples from this frame's centre to the next one's */
} History;

/* Since the last reset of the stream, of one quantity. */
typedef struct Smoothing
{
  bool begun;
  double at; /* seconds of audio at the end of the last window that entered */
} Smoothing;

struct GenreStream
{
  GenreModel *model;
  const GenreFrontend *frontend;
  GenreStreamConfig config;
  unsigned rate_hz;
  unsigned n_labels;

  GenreFrames *frames;
  GenreWindows *windows;
  GenreAggregate *aggregate;
  History history;
  double *uniform; /* [n_labels] */

  /* since the last reset of the window */
  uint64_t position; /* samples */
  uint64_t n_frames; /* complete */
  DspLevel tail;     /* of the samples behind the last frame's centre that it covers */

  /* since the last reset */
  double seconds;     /* of audio before the last reset of the window */
  uint64_t samples;   /* likewise, in samples */
  bool answered;      /* any window was complete */
  double *smoothed;   /* [n_labels] */
  double music;       /* smoothed */
  double music_sum;   /* of the windows that were not silent, times frames */
  uint64_t n_audible; /* frames of these windows */
  Smoothing of_labels, of_music;
  GenreResult result;
};

void
genre_stream_init (void)
{
  dsp_fft_init ();
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

static void
history_append (History *history, size_t keep)
{
  if (history->n == history->capacity) {
    const size_t drop = history->n - keep;

    memmove (history->level, history->level + drop, keep * sizeof *history->level);
    history->first += drop;
    history->n = keep;
  }
  history->level[history->n++] = (DspLevel){ 0 };
}

/* The power [bands] of the next complete frame, whose level enters the history; NULL when all samples are taken.
 *
 * samples [*n_samples]  in and out, as in genre_frames_next() */
static const float *
take_frame (GenreStream *stream, const float **samples, size_t *n_samples)
{
  History *history = &stream->history;
  const size_t before = *n_samples;
  GenreFrame frame;
  const bool complete = genre_frames_next (stream->frames, samples, n_samples, &frame);

  stream->position += before - *n_samples;
  if (!complete)
    return NULL;
  if (history->n > 0)
    history->level[history->n - 1] = frame.before;
  stream->tail = frame.behind;
  stream->n_frames++;
  history_append (history, genre_windows_frames (stream->windows));
  return frame.power;
}

/* Mean square, the mean taken off, of the input from the centre of the window's first frame to as far as its last one
 * covers, in dBFS. */
static double
window_level_db (const GenreStream *stream, const GenreSpan *window)
{
  const History *history = &stream->history;
  DspLevel level = { 0 };

  for (uint64_t t = window->first; t + 1 < window->end; t++)
    level = dsp_level_join (level, history->level[t - history->first]);
  level = dsp_level_join (level, stream->tail);
  return level.n > 0 ? 10 * log10 (level.energy / level.n) : -HUGE_VAL;
}

/* --- answers --------------------------------------------------------------------------------------------------- */

/* 1 - exp (-d / tau), d: seconds of audio since the window that entered before; the window that ends there enters. */
static double
smoothing_gain (const GenreStream *stream, Smoothing *smoothing, uint64_t end)
{
  const double at = stream->seconds + (double) genre_frames_center (stream->frames, end) / stream->rate_hz;
  const double tau = (double) stream->config.smoothing_ns * 1e-9;
  const double gain = smoothing->begun && tau > 0 ? 1 - exp (-(at - smoothing->at) / tau) : 1;

  *smoothing = (Smoothing){ true, at };
  return gain;
}

/* s += gain (p - s) */
static void
add_labels (GenreStream *stream, const double *probabilities, const GenreSpan *window)
{
  const double gain = smoothing_gain (stream, &stream->of_labels, window->end);

  for (unsigned i = 0; i < stream->n_labels; i++)
    stream->smoothed[i] = gain * probabilities[i] + (1 - gain) * stream->smoothed[i];
  genre_aggregate_add (stream->aggregate, probabilities, window->end - window->first);
}

static void
add_music (GenreStream *stream, double music, const GenreSpan *window)
{
  const uint64_t n_frames = window->end - window->first;

  /* In this form it stays 1 exactly for a model without the head. */
  stream->music += smoothing_gain (stream, &stream->of_music, window->end) * (music - stream->music);
  stream->music_sum += music * (double) n_frames;
  stream->n_audible += n_frames;
}

/* What a window is by itself, and for one that is OK its distribution.  It has entered what it enters: one that is
 * silent nothing, one that is not music what there is of music. */
static GenreState
look (GenreStream *stream, const GenreSpan *window, const double **ret_probabilities)
{
  double music;

  if (!(window_level_db (stream, window) >= stream->config.silence_threshold_db))
    return GENRE_STATE_SILENCE;

  const double *probabilities = genre_windows_look (stream->windows, window, &music);

  add_music (stream, music, window);
  if (music < stream->config.music_threshold)
    return GENRE_STATE_NOT_MUSIC;
  add_labels (stream, probabilities, window);
  *ret_probabilities = probabilities;
  return GENRE_STATE_OK;
}

static const GenreResult *
answer (GenreStream *stream, const GenreSpan *window)
{
  const uint64_t first_sample = genre_frames_center (stream->frames, window->first);
  const double *probabilities = stream->uniform;
  const GenreState state = look (stream, window, &probabilities);

  stream->answered = true;
  stream->result = (GenreResult){
    .state = state,
    .first_sample = first_sample,
    .n_samples = genre_frames_center (stream->frames, window->end) - first_sample,
    .windows = genre_aggregate_windows (stream->aggregate),
    .probabilities = probabilities,
    .smoothed = stream->of_labels.begun ? stream->smoothed : stream->uniform,
    .aggregate = genre_aggregate_probabilities (stream->aggregate),
    .music = stream->music,
  };
  return &stream->result;
}

/* --- public ---------------------------------------------------------------------------------------------------- */

GenreStream *
genre_stream_new (GenreModel *model, unsigned rate_hz, unsigned window_frames, const GenreStreamConfig *config)
{
  assert (rate_hz == 0 || (rate_hz >= GENRE_STREAM_MIN_RATE && rate_hz <= GENRE_STREAM_MAX_RATE));

  GenreStream *stream = calloc (1, sizeof *stream);

  if (!stream)
    return NULL;

  stream->model = genre_model_ref (model);
  stream->frontend = genre_model_frontend (model);
  stream->config = *config;
  stream->rate_hz = rate_hz;
  stream->n_labels = genre_model_n_labels (model);
  stream->music = 1;

  stream->windows = genre_windows_new (model, GENRE_LEVELS_POWER, window_frames, config->interval_ns);
  if (!stream->windows)
    goto fail;
  stream->history.capacity = 2 * genre_windows_frames (stream->windows);
  stream->history.level = calloc (stream->history.capacity, sizeof *stream->history.level);
  if (rate_hz > 0)
    stream->frames = genre_frames_new (stream->frontend, rate_hz);
  stream->aggregate = genre_aggregate_new (stream->n_labels);
  stream->smoothed = calloc (stream->n_labels, sizeof *stream->smoothed);
  stream->uniform = calloc (stream->n_labels, sizeof *stream->uniform);
  if (!stream->history.level || (rate_hz > 0 && !stream->frames) || !stream->aggregate || !stream->smoothed
      || !stream->uniform)
    goto fail;

  for (unsigned i = 0; i < stream->n_labels; i++)
    stream->uniform[i] = 1. / (double) stream->n_labels;
  return stream;

fail:
  genre_stream_free (stream);
  return NULL;
}

void
genre_stream_free (GenreStream *stream)
{
  if (!stream)
    return;
  genre_frames_free (stream->frames);
  genre_windows_free (stream->windows);
  genre_aggregate_free (stream->aggregate);
  free (stream->history.level);
  free (stream->smoothed);
  free (stream->uniform);
  genre_model_unref (stream->model);
  free (stream);
}

void
genre_stream_configure (GenreStream *stream, const GenreStreamConfig *config)
{
  stream->config = *config;
  genre_windows_set_interval (stream->windows, config->interval_ns);
}

bool
genre_stream_set_rate (GenreStream *stream, unsigned rate_hz)
{
  assert (rate_hz >= GENRE_STREAM_MIN_RATE && rate_hz <= GENRE_STREAM_MAX_RATE);

  GenreFrames *frames = genre_frames_new (stream->frontend, rate_hz);

  if (!frames)
    return false;
  genre_stream_reset_window (stream);
  genre_frames_free (stream->frames);
  stream->frames = frames;
  stream->rate_hz = rate_hz;
  return true;
}

size_t
genre_stream_push (GenreStream *stream, const float *samples, size_t n_samples, const GenreResult **ret_result)
{
  size_t left = n_samples;
  const float *power;
  GenreSpan window;

  *ret_result = NULL;
  while (!*ret_result && (power = take_frame (stream, &samples, &left)))
    if (genre_windows_push (stream->windows, power, &window))
      *ret_result = answer (stream, &window);
  return n_samples - left;
}

/* The one window over all frames of a run too short for an answer, if the network accepts so few. */
static void
look_at_the_whole (GenreStream *stream)
{
  const float *none = NULL, *power;
  const double *probabilities;
  size_t left = 0;
  GenreSpan window;

  genre_frames_finish (stream->frames);
  while ((power = take_frame (stream, &none, &left)))
    genre_windows_push (stream->windows, power, &window);
  if (genre_windows_whole (stream->windows, &window))
    look (stream, &window, &probabilities);
}

static GenreState
final_state (const GenreStream *stream)
{
  if (!stream->answered)
    return GENRE_STATE_TOO_SHORT;
  if (genre_aggregate_windows (stream->aggregate) > 0)
    return GENRE_STATE_OK;
  return stream->n_audible > 0 ? GENRE_STATE_NOT_MUSIC : GENRE_STATE_SILENCE;
}

const GenreResult *
genre_stream_finish (GenreStream *stream)
{
  if (!stream->answered && stream->frames)
    look_at_the_whole (stream);

  const double *whole = genre_aggregate_probabilities (stream->aggregate);

  stream->result = (GenreResult){
    .state = final_state (stream),
    .final = true,
    .n_samples = stream->samples + stream->position,
    .windows = genre_aggregate_windows (stream->aggregate),
    .probabilities = whole,
    .smoothed = whole,
    .aggregate = whole,
    .music = stream->answered && stream->n_audible > 0 ? stream->music_sum / (double) stream->n_audible : 1,
  };
  return &stream->result;
}

void
genre_stream_reset_window (GenreStream *stream)
{
  if (stream->position > 0)
    stream->seconds += (double) stream->position / stream->rate_hz;
  stream->samples += stream->position;
  stream->position = 0;
  stream->n_frames = 0;
  stream->tail = (DspLevel){ 0 };
  stream->history.first = 0;
  stream->history.n = 0;
  if (stream->frames)
    genre_frames_reset (stream->frames);
  genre_windows_reset (stream->windows);
}

void
genre_stream_reset (GenreStream *stream)
{
  genre_stream_reset_window (stream);
  stream->seconds = 0;
  stream->samples = 0;
  stream->answered = false;
  stream->of_labels = (Smoothing){ 0 };
  stream->of_music = (Smoothing){ 0 };
  stream->music = 1;
  stream->music_sum = 0;
  stream->n_audible = 0;
  genre_aggregate_reset (stream->aggregate);
  memset (stream->smoothed, 0, stream->n_labels * sizeof *stream->smoothed);
}

uint64_t
genre_stream_wanted (const GenreStream *stream)
{
  if (!stream->frames)
    return 1;

  const uint64_t wanted = genre_windows_wanted (stream->windows);
  const uint64_t n_frames = wanted < GENRE_STREAM_MAX_WINDOW ? wanted : GENRE_STREAM_MAX_WINDOW;
  const uint64_t last = stream->n_frames + n_frames - 1;
  const uint64_t end = genre_frames_center (stream->frames, last) + genre_frames_half_window (stream->frames);

  return end > stream->position ? end - stream->position : 1;
}

uint64_t
genre_stream_history (const GenreStream *stream)
{
  return genre_frames_center (stream->frames, genre_windows_frames (stream->windows) + 1)
      + 2 * genre_frames_half_window (stream->frames);
}
