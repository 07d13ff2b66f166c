/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_windows.h"

#include "models/genre_aggregate.h"
#include "models/network_heads.h"
#include "nn/run.h"

#include <stdlib.h>
#include <string.h>

/* Time in hops, exactly: whole + rest / unit, rest < unit < 2^63.  A whole beyond UINT64_MAX stays there. */
typedef struct Hops
{
  uint64_t whole, rest;
} Hops;

/* The frames of the longest window twice over, so that old ones move away only once in a while. */
typedef struct History
{
  size_t capacity; /* frames; 0 where columns are shared */
  uint64_t first;  /* frame in slot 0 */
  size_t n;
  float *levels; /* [capacity][bands] */
} History;

struct GenreWindows
{
  GenreModel *model;
  const GenreFrontend *frontend;
  const NnNetwork *network;
  GenreLevels unit;
  uint64_t interval_ns;
  unsigned n_labels;
  size_t min_frames, window_frames, grid; /* M, W, S */
  bool shares;
  int music_head; /* -1: none */

  NnRun *run;
  History history;
  float *input;          /* [window_frames][bands] of the network; [1][bands] where columns are shared */
  float *output;         /* [n_labels] */
  double *probabilities; /* [n_labels] */

  /* since the last reset */
  uint64_t frames;     /* pushed */
  uint64_t anchor_end; /* e of the answer that k is counted from */
  uint64_t k;          /* of the next answer */
  uint64_t next_end;   /* its e */
  uint64_t last_end;   /* e of the answer before, 0 if none */
};

/* --- schedule -------------------------------------------------------------------------------------------------- */

static Hops
hops_add (Hops a, Hops b, uint64_t unit)
{
  const bool carry = a.rest >= unit - b.rest;
  const uint64_t whole = a.whole + b.whole, sum = whole + carry;

  return (Hops){ .whole = whole < a.whole || sum < whole ? UINT64_MAX : sum,
    .rest = carry ? a.rest - (unit - b.rest) : a.rest + b.rest };
}

/* n x, by its binary digits: the product of two 64-bit counts fits in no type that every compiler has. */
static Hops
hops_times (uint64_t n, Hops x, uint64_t unit)
{
  Hops product = { 0, 0 };

  for (unsigned bit = 64; bit-- > 0;) {
    product = hops_add (product, product, unit);
    if (n >> bit & 1)
      product = hops_add (product, x, unit);
  }
  return product;
}

/* e_k = e_anchor + floor (k max (interval, one hop) / one hop); one hop is hop_length / sample_rate seconds. */
static uint64_t
end_of_answer (const GenreWindows *windows, uint64_t k)
{
  const uint64_t hop_ns = (uint64_t) windows->frontend->mel.hop_length * 1000000000U; /* times the rate */
  const Hops one_ns = { 0, windows->frontend->mel.sample_rate_hz };
  const Hops anchor = { windows->anchor_end, 0 }, hop = { 1, 0 };
  const Hops interval = hops_times (windows->interval_ns, one_ns, hop_ns);

  return hops_add (anchor, hops_times (k, interval.whole > 0 ? interval : hop, hop_ns), hop_ns).whole;
}

/* b = S ceil (max (0, e - W) / S) */
static uint64_t
first_frame (const GenreWindows *windows, uint64_t end)
{
  const uint64_t outside = end > windows->window_frames ? end - windows->window_frames : 0;

  return (outside + windows->grid - 1) / windows->grid * windows->grid;
}

static void
restart_schedule (GenreWindows *windows)
{
  windows->anchor_end = windows->min_frames;
  windows->k = 0;
  windows->last_end = 0;
  windows->next_end = end_of_answer (windows, 0);
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

static void
history_append (History *history, const float *levels, size_t bands, size_t keep)
{
  if (history->n == history->capacity) {
    const size_t drop = history->n - keep;

    memmove (history->levels, history->levels + drop * bands, keep * bands * sizeof *history->levels);
    history->first += drop;
    history->n = keep;
  }
  memcpy (history->levels + history->n * bands, levels, bands * sizeof *levels);
  history->n++;
}

/* --- public ---------------------------------------------------------------------------------------------------- */

static size_t
clamp_window (const GenreModel *model, unsigned frames)
{
  const unsigned least = genre_model_min_frames (model), lost = genre_model_grid (model) - 1;

  if (frames == 0 || least == genre_model_window_frames (model))
    return genre_model_window_frames (model);
  if (frames < least)
    frames = least;
  /* What a sliding window loses to the grid must leave enough for the network; the model's own window does. */
  while (frames < GENRE_WINDOWS_MAX_FRAMES
      && (frames <= lost || !nn_network_accepts (genre_model_network (model), frames - lost)))
    frames++;
  return frames > GENRE_WINDOWS_MAX_FRAMES ? GENRE_WINDOWS_MAX_FRAMES : frames;
}

GenreWindows *
genre_windows_new (GenreModel *model, GenreLevels levels, unsigned window_frames, uint64_t interval_ns)
{
  GenreWindows *windows = calloc (1, sizeof *windows);

  if (!windows)
    return NULL;

  windows->model = genre_model_ref (model);
  windows->frontend = genre_model_frontend (model);
  windows->network = genre_model_network (model);
  windows->unit = levels;
  windows->interval_ns = interval_ns;
  windows->n_labels = genre_model_n_labels (model);
  windows->min_frames = genre_model_min_frames (model);
  windows->window_frames = clamp_window (model, window_frames);
  windows->grid = genre_model_grid (model);
  windows->shares = genre_model_shares_columns (model);
  windows->music_head = network_heads_music (windows->network);

  const size_t bands = windows->frontend->bands;

  if (!windows->shares) {
    windows->history.capacity = 2 * windows->window_frames;
    windows->history.levels = calloc (windows->history.capacity * bands, sizeof *windows->history.levels);
  }
  windows->run = nn_run_new (windows->network, windows->window_frames);
  windows->input = calloc ((windows->shares ? 1 : windows->window_frames) * bands, sizeof *windows->input);
  windows->output = calloc (windows->n_labels, sizeof *windows->output);
  windows->probabilities = calloc (windows->n_labels, sizeof *windows->probabilities);
  if ((!windows->shares && !windows->history.levels) || !windows->run || !windows->input || !windows->output
      || !windows->probabilities)
    goto fail;

  restart_schedule (windows);
  return windows;

fail:
  genre_windows_free (windows);
  return NULL;
}

void
genre_windows_free (GenreWindows *windows)
{
  if (!windows)
    return;
  nn_run_free (windows->run);
  free (windows->history.levels);
  free (windows->input);
  free (windows->output);
  free (windows->probabilities);
  genre_model_unref (windows->model);
  free (windows);
}

size_t
genre_windows_frames (const GenreWindows *windows)
{
  return windows->window_frames;
}

void
genre_windows_set_interval (GenreWindows *windows, uint64_t interval_ns)
{
  const bool anew = interval_ns != windows->interval_ns && windows->last_end > 0;

  windows->interval_ns = interval_ns;
  if (anew) {
    windows->anchor_end = windows->last_end;
    windows->k = 1;
  }
  windows->next_end = end_of_answer (windows, windows->k);
  if (windows->next_end > windows->frames)
    return;
  /* A shorter interval is over already. */
  windows->anchor_end = windows->frames + 1;
  windows->k = 0;
  windows->next_end = windows->anchor_end;
}

uint64_t
genre_windows_wanted (const GenreWindows *windows)
{
  return windows->next_end - windows->frames;
}

bool
genre_windows_push (GenreWindows *windows, const float *levels, GenreSpan *ret_window)
{
  if (windows->shares) {
    genre_frontend_apply (windows->frontend, windows->unit, levels, windows->input, 1);
    nn_run_push (windows->run, windows->input);
  } else {
    history_append (&windows->history, levels, windows->frontend->bands, windows->window_frames);
  }
  if (++windows->frames != windows->next_end)
    return false;

  *ret_window = (GenreSpan){ first_frame (windows, windows->frames), windows->frames };
  windows->last_end = windows->frames;
  windows->next_end = end_of_answer (windows, ++windows->k);
  return true;
}

bool
genre_windows_whole (const GenreWindows *windows, GenreSpan *ret_window)
{
  const GenreSpan all = { first_frame (windows, windows->frames), windows->frames };
  const size_t n_frames = (size_t) (all.end - all.first);
  const bool free_length = windows->min_frames < genre_model_window_frames (windows->model);

  if (n_frames < windows->min_frames && !(free_length && nn_network_accepts (windows->network, n_frames)))
    return false;
  *ret_window = all;
  return true;
}

/* The window through the network: labels into windows->output. */
static void
run_network (GenreWindows *windows, const GenreSpan *window)
{
  const size_t n_frames = (size_t) (window->end - window->first);

  if (windows->shares) {
    nn_run_window (windows->run, window->first, n_frames, windows->output);
  } else {
    const History *history = &windows->history;

    genre_frontend_apply (windows->frontend, windows->unit,
        history->levels + (window->first - history->first) * windows->frontend->bands, windows->input, n_frames);
    nn_run_forward (windows->run, windows->input, n_frames, windows->output);
  }
}

/* What the head said of the window that was run last.  It ends in a sigmoid, which is 1 of what is no number. */
static double
music (const GenreWindows *windows)
{
  return windows->music_head < 0 ? 1 : (double) *nn_run_head (windows->run, (size_t) windows->music_head);
}

const double *
genre_windows_look (GenreWindows *windows, const GenreSpan *window, double *ret_music)
{
  bool valid = true;

  run_network (windows, window);
  *ret_music = music (windows);
  for (unsigned i = 0; i < windows->n_labels; i++)
    valid &= windows->output[i] >= 0 && windows->output[i] <= 1;
  for (unsigned i = 0; i < windows->n_labels; i++)
    windows->probabilities[i] = valid ? (double) windows->output[i] : 1. / (double) windows->n_labels;
  genre_probabilities_normalize (windows->probabilities, windows->n_labels);
  return windows->probabilities;
}

void
genre_windows_reset (GenreWindows *windows)
{
  windows->frames = 0;
  windows->history.first = 0;
  windows->history.n = 0;
  nn_run_reset (windows->run);
  restart_schedule (windows);
}
