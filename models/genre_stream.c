/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_stream.h"

#include "dsp/fft.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 Wide; /* for products of two 64-bit counts */

/* The frames of the longest window twice over, so that old ones move away only once in a while. */
typedef struct History
{
  size_t capacity; /* frames */
  uint64_t first;  /* frame in slot 0 */
  size_t n;
  double *energy; /* [capacity] sum of squares of the samples from this frame's centre to the next one's */
  float *power;   /* [capacity][bands], NULL where columns are shared */
} History;

struct GenreStream
{
  GenreModel *model;
  const GenreFrontend *frontend;
  const NnNetwork *network;
  GenreStreamConfig config;
  unsigned rate_hz;
  unsigned n_labels;
  size_t min_frames, window_frames, grid; /* M, W, S */
  bool shares;

  DspLogMel *mel;
  NnRun *run;
  History history;
  float *power;  /* [bands] of the present frame */
  float *window; /* [window_frames][bands] standardised; [1][bands] where columns are shared */
  float *output; /* [n_labels] */

  /* since the last reset of the window */
  uint64_t position;   /* samples */
  uint64_t frames;     /* complete ones */
  double tail_energy;  /* of the samples behind the last frame's centre that it covers */
  uint64_t anchor_end; /* e of the answer that k is counted from */
  uint64_t k;          /* of the next answer */
  uint64_t next_end;   /* its e */
  uint64_t last_end;   /* e of the answer before, 0 if none */

  /* since the last reset */
  double seconds;        /* of audio before the last reset of the window */
  uint64_t samples;      /* likewise, in samples */
  bool answered;         /* any window was complete */
  bool smoothing;        /* smoothed holds something */
  double smoothed_at;    /* seconds of audio at the end of the last window that entered it */
  unsigned windows;      /* in the aggregate */
  double weight;         /* frames in log_sum */
  double *log_sum;       /* [n_labels] of ln p, times frames */
  double *probabilities; /* [n_labels] */
  double *smoothed;      /* [n_labels] */
  double *aggregate;     /* [n_labels] */
  double *uniform;       /* [n_labels] */
  GenreResult result;
};

void
genre_stream_init (void)
{
  dsp_fft_init ();
}

/* --- schedule -------------------------------------------------------------------------------------------------- */

/* e_k = e_anchor + floor (k max (interval, one hop) / one hop); one hop is hop_length / sample_rate seconds. */
static uint64_t
end_of_answer (const GenreStream *stream, uint64_t k)
{
  const Wide hop = (Wide) stream->frontend->mel.hop_length * 1000000000U;
  const Wide interval = (Wide) stream->config.interval_ns * stream->frontend->mel.sample_rate_hz;
  const Wide end = stream->anchor_end + k * (interval > hop ? interval : hop) / hop;

  return end > UINT64_MAX ? UINT64_MAX : (uint64_t) end;
}

/* b = S ceil (max (0, e - W) / S) */
static uint64_t
first_frame (const GenreStream *stream, uint64_t end)
{
  const uint64_t outside = end > stream->window_frames ? end - stream->window_frames : 0;

  return (outside + stream->grid - 1) / stream->grid * stream->grid;
}

static void
restart_schedule (GenreStream *stream)
{
  stream->anchor_end = stream->min_frames;
  stream->k = 0;
  stream->last_end = 0;
  stream->next_end = end_of_answer (stream, 0);
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

static void
history_append (History *history, const float *power, size_t bands, size_t keep)
{
  if (history->n == history->capacity) {
    const size_t drop = history->n - keep;

    memmove (history->energy, history->energy + drop, keep * sizeof *history->energy);
    if (history->power)
      memmove (history->power, history->power + drop * bands, keep * bands * sizeof *history->power);
    history->first += drop;
    history->n = keep;
  }
  if (history->power)
    memcpy (history->power + history->n * bands, power, bands * sizeof *power);
  history->energy[history->n++] = 0;
}

/* db [n_frames][bands] -> (db - mean) / std in place */
static void
standardize (const GenreFrontend *frontend, float *db, size_t n_frames)
{
  for (size_t t = 0; t < n_frames; t++, db += frontend->bands)
    for (size_t b = 0; b < frontend->bands; b++)
      db[b] = (db[b] - frontend->mean[b]) / frontend->std[b];
}

static void
to_network_input (const GenreFrontend *frontend, const float *power, size_t n_frames, float *out)
{
  dsp_power_to_db (power, out, n_frames * frontend->bands, frontend->amin, frontend->ref, frontend->top_db);
  standardize (frontend, out, n_frames);
}

/* Takes the next complete frame into the history and the shared columns; false if there is none. */
static bool
take_frame (GenreStream *stream)
{
  History *history = &stream->history;
  double energy;

  if (!dsp_log_mel_next (stream->mel, stream->power, &energy, &stream->tail_energy))
    return false;
  if (history->n > 0)
    history->energy[history->n - 1] = energy;
  history_append (history, stream->power, stream->frontend->bands, stream->window_frames);
  if (stream->shares) {
    to_network_input (stream->frontend, stream->power, 1, stream->window);
    nn_run_push (stream->run, stream->window);
  }
  stream->frames++;
  return true;
}

/* Mean square of the input from the centre of frame `first` to as far as frame end - 1 covers, in dBFS. */
static double
window_level_db (const GenreStream *stream, uint64_t first, uint64_t end)
{
  const History *history = &stream->history;
  const uint64_t last = dsp_log_mel_center (stream->mel, end - 1);
  uint64_t until = dsp_log_mel_center (stream->mel, end);
  double energy = stream->tail_energy;

  if (until > last + dsp_log_mel_half_window (stream->mel))
    until = last + dsp_log_mel_half_window (stream->mel);
  if (until > stream->position)
    until = stream->position;
  for (uint64_t t = first; t + 1 < end; t++)
    energy += history->energy[t - history->first];

  const uint64_t start = dsp_log_mel_center (stream->mel, first);

  return until > start ? 10 * log10 (energy / (double) (until - start)) : -HUGE_VAL;
}

/* --- distributions --------------------------------------------------------------------------------------------- */

/* p [n] of values from 0 to 1, not all 0 -> sum 1.  The sum is taken in units of 2^-47, so that it does not depend on the
 * order of the labels: a model with its outputs in another order gives the very same values. */
static void
normalize (double *p, unsigned n)
{
  uint64_t sum = 0;

  for (unsigned i = 0; i < n; i++)
    sum += (uint64_t) (p[i] * 0x1p47 + .5);
  for (unsigned i = 0; i < n; i++)
    p[i] /= (double) sum * 0x1p-47;
}

/* The network's output.  One whose numbers overflow knows nothing: uniform. */
static void
take_output (GenreStream *stream)
{
  bool valid = true;

  for (unsigned i = 0; i < stream->n_labels; i++)
    valid &= stream->output[i] >= 0 && stream->output[i] <= 1;
  for (unsigned i = 0; i < stream->n_labels; i++)
    stream->probabilities[i] = valid ? (double) stream->output[i] : stream->uniform[i];
  normalize (stream->probabilities, stream->n_labels);
}

static void
classify (GenreStream *stream, uint64_t first, uint64_t end)
{
  const size_t n_frames = (size_t) (end - first);

  if (stream->shares) {
    nn_run_head (stream->run, first, n_frames, stream->output);
  } else {
    const History *history = &stream->history;

    to_network_input (stream->frontend, history->power + (first - history->first) * stream->frontend->bands, n_frames,
        stream->window);
    nn_run_forward (stream->run, stream->window, n_frames, stream->output);
  }
  take_output (stream);
}

/* s += (1 - exp (-d / tau)) (p - s), d: seconds of audio since the window that entered before */
static void
smooth (GenreStream *stream, uint64_t end)
{
  const double at = stream->seconds + (double) dsp_log_mel_center (stream->mel, end) / stream->rate_hz;
  const double tau = (double) stream->config.smoothing_ns * 1e-9;
  double gain = 1;

  if (stream->smoothing && tau > 0)
    gain = 1 - exp (-(at - stream->smoothed_at) / tau);
  for (unsigned i = 0; i < stream->n_labels; i++)
    stream->smoothed[i] = gain * stream->probabilities[i] + (1 - gain) * stream->smoothed[i];
  stream->smoothing = true;
  stream->smoothed_at = at;
}

/* The aggregate is the softmax of the mean, weighted by frames, of ln max (p, 1e-12). */
static void
aggregate (GenreStream *stream, uint64_t n_frames)
{
  double max = -HUGE_VAL;

  stream->windows++;
  stream->weight += (double) n_frames;
  for (unsigned i = 0; i < stream->n_labels; i++) {
    stream->log_sum[i] += (double) n_frames * log (fmax (stream->probabilities[i], 1e-12));
    max = fmax (max, stream->log_sum[i]);
  }
  for (unsigned i = 0; i < stream->n_labels; i++)
    stream->aggregate[i] = exp ((stream->log_sum[i] - max) / stream->weight);
  normalize (stream->aggregate, stream->n_labels);
}

/* Looks at the frames [first, end); false if they are silent, and then nothing else has changed. */
static bool
look (GenreStream *stream, uint64_t first, uint64_t end)
{
  if (!(window_level_db (stream, first, end) >= stream->config.silence_threshold_db))
    return false;
  classify (stream, first, end);
  smooth (stream, end);
  aggregate (stream, end - first);
  return true;
}

static const GenreResult *
answer (GenreStream *stream)
{
  const uint64_t end = stream->next_end, first = first_frame (stream, end);
  const uint64_t first_sample = dsp_log_mel_center (stream->mel, first);
  const bool heard = look (stream, first, end);

  stream->answered = true;
  stream->last_end = end;
  stream->next_end = end_of_answer (stream, ++stream->k);
  stream->result = (GenreResult){
    .state = heard ? GENRE_STATE_OK : GENRE_STATE_SILENCE,
    .first_sample = first_sample,
    .n_samples = dsp_log_mel_center (stream->mel, end) - first_sample,
    .windows = stream->windows,
    .probabilities = heard ? stream->probabilities : stream->uniform,
    .smoothed = stream->smoothing ? stream->smoothed : stream->uniform,
    .aggregate = stream->windows > 0 ? stream->aggregate : stream->uniform,
  };
  return &stream->result;
}

/* --- public ---------------------------------------------------------------------------------------------------- */

static size_t
clamp_window (const GenreModel *model, unsigned frames)
{
  const unsigned least = genre_model_min_frames (model);

  if (frames == 0 || least == genre_model_window_frames (model))
    return genre_model_window_frames (model);
  if (frames < least)
    return least;
  return frames > GENRE_STREAM_MAX_WINDOW ? GENRE_STREAM_MAX_WINDOW : frames;
}

GenreStream *
genre_stream_new (GenreModel *model, unsigned rate_hz, unsigned window_frames, const GenreStreamConfig *config)
{
  assert (rate_hz >= GENRE_STREAM_MIN_RATE && rate_hz <= GENRE_STREAM_MAX_RATE);

  GenreStream *stream = calloc (1, sizeof *stream);

  if (!stream)
    return NULL;

  stream->model = genre_model_ref (model);
  stream->frontend = genre_model_frontend (model);
  stream->network = genre_model_network (model);
  stream->config = *config;
  stream->rate_hz = rate_hz;
  stream->n_labels = genre_model_n_labels (model);
  stream->min_frames = genre_model_min_frames (model);
  stream->window_frames = clamp_window (model, window_frames);
  stream->grid = genre_model_grid (model);
  stream->shares = genre_model_shares_columns (model);

  const size_t bands = stream->frontend->bands, n = stream->n_labels;

  stream->history.capacity = 2 * stream->window_frames;
  stream->history.energy = calloc (stream->history.capacity, sizeof *stream->history.energy);
  if (!stream->shares)
    stream->history.power = calloc (stream->history.capacity * bands, sizeof *stream->history.power);
  stream->mel = dsp_log_mel_new (&stream->frontend->mel, rate_hz);
  stream->run = nn_run_new (stream->network, stream->window_frames);
  stream->power = calloc (bands, sizeof *stream->power);
  stream->window = calloc ((stream->shares ? 1 : stream->window_frames) * bands, sizeof *stream->window);
  stream->output = calloc (n, sizeof *stream->output);
  stream->log_sum = calloc (n, sizeof *stream->log_sum);
  stream->probabilities = calloc (n, sizeof *stream->probabilities);
  stream->smoothed = calloc (n, sizeof *stream->smoothed);
  stream->aggregate = calloc (n, sizeof *stream->aggregate);
  stream->uniform = calloc (n, sizeof *stream->uniform);
  if (!stream->history.energy || (!stream->shares && !stream->history.power) || !stream->mel || !stream->run
      || !stream->power || !stream->window || !stream->output || !stream->log_sum || !stream->probabilities
      || !stream->smoothed || !stream->aggregate || !stream->uniform)
    goto fail;

  for (size_t i = 0; i < n; i++)
    stream->uniform[i] = 1. / (double) n;
  restart_schedule (stream);
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
  dsp_log_mel_free (stream->mel);
  nn_run_free (stream->run);
  free (stream->history.energy);
  free (stream->history.power);
  free (stream->power);
  free (stream->window);
  free (stream->output);
  free (stream->log_sum);
  free (stream->probabilities);
  free (stream->smoothed);
  free (stream->aggregate);
  free (stream->uniform);
  genre_model_unref (stream->model);
  free (stream);
}

/* Another interval counts from the last answer on. */
void
genre_stream_configure (GenreStream *stream, const GenreStreamConfig *config)
{
  const bool anew = config->interval_ns != stream->config.interval_ns && stream->last_end > 0;

  stream->config = *config;
  if (anew) {
    stream->anchor_end = stream->last_end;
    stream->k = 1;
  }
  stream->next_end = end_of_answer (stream, stream->k);
}

bool
genre_stream_set_rate (GenreStream *stream, unsigned rate_hz)
{
  assert (rate_hz >= GENRE_STREAM_MIN_RATE && rate_hz <= GENRE_STREAM_MAX_RATE);

  DspLogMel *mel = dsp_log_mel_new (&stream->frontend->mel, rate_hz);

  if (!mel)
    return false;
  genre_stream_reset_window (stream);
  dsp_log_mel_free (stream->mel);
  stream->mel = mel;
  stream->rate_hz = rate_hz;
  return true;
}

size_t
genre_stream_push (GenreStream *stream, const float *samples, size_t n_samples, const GenreResult **ret_result)
{
  size_t taken = 0;

  *ret_result = NULL;
  for (;;) {
    while (take_frame (stream))
      if (stream->frames == stream->next_end) {
        *ret_result = answer (stream);
        return taken;
      }
    if (taken == n_samples)
      return taken;

    const size_t more = dsp_log_mel_push (stream->mel, samples + taken, n_samples - taken);

    taken += more;
    stream->position += more;
  }
}

/* One window over all frames there are, for a run too short for any. */
static void
look_at_all (GenreStream *stream)
{
  const uint64_t first = first_frame (stream, stream->frames);
  const size_t n_frames = (size_t) (stream->frames - first);
  const bool free_length = stream->min_frames < genre_model_window_frames (stream->model);

  if (n_frames >= stream->min_frames || (free_length && nn_network_accepts (stream->network, n_frames)))
    look (stream, first, stream->frames);
}

const GenreResult *
genre_stream_finish (GenreStream *stream)
{
  const bool too_short = !stream->answered;

  if (too_short) {
    dsp_log_mel_finish (stream->mel);
    while (take_frame (stream)) {
    }
    look_at_all (stream);
  }

  const double *whole = stream->windows > 0 ? stream->aggregate : stream->uniform;

  stream->result = (GenreResult){
    .state = too_short        ? GENRE_STATE_TOO_SHORT
        : stream->windows > 0 ? GENRE_STATE_OK
                              : GENRE_STATE_SILENCE,
    .final = true,
    .n_samples = stream->samples + stream->position,
    .windows = stream->windows,
    .probabilities = whole,
    .smoothed = whole,
    .aggregate = whole,
  };
  return &stream->result;
}

void
genre_stream_reset_window (GenreStream *stream)
{
  stream->seconds += (double) stream->position / stream->rate_hz;
  stream->samples += stream->position;
  stream->position = 0;
  stream->frames = 0;
  stream->tail_energy = 0;
  stream->history.first = 0;
  stream->history.n = 0;
  dsp_log_mel_reset (stream->mel);
  nn_run_reset (stream->run);
  restart_schedule (stream);
}

void
genre_stream_reset (GenreStream *stream)
{
  genre_stream_reset_window (stream);
  stream->seconds = 0;
  stream->samples = 0;
  stream->answered = false;
  stream->smoothing = false;
  stream->smoothed_at = 0;
  stream->windows = 0;
  stream->weight = 0;
  memset (stream->log_sum, 0, stream->n_labels * sizeof *stream->log_sum);
  memset (stream->smoothed, 0, stream->n_labels * sizeof *stream->smoothed);
}

uint64_t
genre_stream_position (const GenreStream *stream)
{
  return stream->position;
}

uint64_t
genre_stream_history (const GenreStream *stream)
{
  return dsp_log_mel_center (stream->mel, stream->window_frames + 1) + 2 * dsp_log_mel_half_window (stream->mel);
}

unsigned
genre_stream_hop (const GenreStream *stream)
{
  const uint64_t hop = (uint64_t) stream->frontend->mel.hop_length * stream->rate_hz
      / stream->frontend->mel.sample_rate_hz;

  return hop > UINT32_MAX ? UINT32_MAX : hop > 0 ? (unsigned) hop : 1;
}
