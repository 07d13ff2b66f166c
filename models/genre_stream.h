/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_stream.h - mono PCM of any rate in, genre distributions out: windows, silence, music or not, smoothing,
 * aggregate.
 *
 * Layer:   models; uses genre_windows, genre_aggregate, frames.  Plain C: counts samples, knows no clock, no callback.
 * Threads: one object serves one thread at a time; construct and free on any.
 */
#ifndef MODELS_GENRE_STREAM_H
#define MODELS_GENRE_STREAM_H

#include "models/genre_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
  GENRE_STREAM_MIN_RATE = 2000, /* Hz; outside of these nothing is analysed */
  GENRE_STREAM_MAX_RATE = 1000000,
  GENRE_STREAM_MAX_WINDOW = 1024, /* frames */
  GENRE_STREAM_SILENCE_DB = -60,  /* dBFS; what is below is silence by default */
};

/* What is below is not music by default. */
#define GENRE_STREAM_MUSIC_THRESHOLD .5

/* May change between two pushes, from the next window on. */
typedef struct GenreStreamConfig
{
  uint64_t interval_ns;        /* between answers; less than a hop counts as a hop */
  uint64_t smoothing_ns;       /* time constant; 0: none */
  double silence_threshold_db; /* dBFS of the window's RMS, its mean taken off */
  double music_threshold;      /* [0, 1]: a window whose own `music` is below is not music; 0: each is music */
} GenreStreamConfig;

typedef enum GenreState
{
  GENRE_STATE_OK,
  GENRE_STATE_SILENCE,
  GENRE_STATE_NOT_MUSIC,
  GENRE_STATE_TOO_SHORT,
} GenreState;

/* probabilities and smoothed sum to 1 +- 1e-6 each and stay valid until the next call on the stream. */
typedef struct GenreResult
{
  GenreState state;
  bool final;
  uint64_t first_sample;       /* of the window, counted from the last reset of the window; finals: 0 */
  uint64_t n_samples;          /* length of the window; finals: all samples of the run */
  unsigned windows;            /* in the aggregate, this one included */
  const double *probabilities; /* [n_labels] of this window; uniform if silent or not music; finals: the aggregate */
  const double *smoothed;      /* [n_labels] finals: the aggregate */
  const double *aggregate;     /* [n_labels] so far, uniform while windows is 0 */

  /* Probability that this is music, smoothed over all windows that are not silent, those that are not music among them;
   * a silent one repeats the last, 1 if there was none.  Finals: the mean over the run's windows that are not silent,
   * weighted by frames; 1 if there were none, or if too short.  Always 1 for a model without a head "music". */
  double music;
} GenreResult;

typedef struct GenreStream GenreStream;

/* model          a reference is taken
 * rate_hz        GENRE_STREAM_MIN_RATE to GENRE_STREAM_MAX_RATE; or 0, and genre_stream_set_rate() comes before all
 *                that is about samples: a transform for a rate takes milliseconds to plan
 * window_frames  0: the model's; else clamped to [min_frames, GENRE_STREAM_MAX_WINDOW]; a model of fixed length keeps
 *                its own
 * NULL: out of memory. */
GenreStream *genre_stream_new (GenreModel *model, unsigned rate_hz, unsigned window_frames,
    const GenreStreamConfig *config);
void genre_stream_free (GenreStream *stream); /* NULL is a no-op */

void genre_stream_configure (GenreStream *stream, const GenreStreamConfig *config);

/* Another input rate: resets the window, keeps smoothing and aggregate.
 * False: out of memory, the stream is as before. */
bool genre_stream_set_rate (GenreStream *stream, unsigned rate_hz);

/* samples [n_samples]  mono, finite
 *
 * Takes samples up to the one that completes the next answer and returns how many; *ret_result is that answer, or NULL.
 * Call again until all are taken and there is no answer.  Answers do not depend on the split, bit for bit. */
size_t genre_stream_push (GenreStream *stream, const float *samples, size_t n_samples, const GenreResult **ret_result);

/* The final answer of the run: aggregate of all its windows that are music; not-music if there are none, silence if all
 * were silent; or too-short, in which case the one window over all frames enters the aggregate if the network accepts
 * so few and it is music.  genre_stream_reset() must follow. */
const GenreResult *genre_stream_finish (GenreStream *stream);

/* A discontinuity: the next sample is sample 0 of a new window; smoothing and aggregate survive. */
void genre_stream_reset_window (GenreStream *stream);

/* As fresh, but for configuration and rate. */
void genre_stream_reset (GenreStream *stream);

/* Samples until the next answer, at least 1; where that is further than the longest window could be, something between.
 */
uint64_t genre_stream_wanted (const GenreStream *stream);

/* The longest window, in samples at the present rate: no result looks further back. */
uint64_t genre_stream_history (const GenreStream *stream);

/* Makes FFTW's planner safe to call from several threads, whoever calls it.  Call it early; again is harmless. */
void genre_stream_init (void);

#endif
