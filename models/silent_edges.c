/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/silent_edges.h"

#include "dsp/framer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RATE = 22050, /* that the lengths count in */
  FRAME = 2048,
  HOP = 512,
  STEPS_PER_DB = 100,
  SILENT_BELOW_DB = 60,
  LOWEST_DB = -100, /* 10 log10 (1e-10), librosa's amin */
  HIGHEST_DB = 100,
  N_LEVELS = (HIGHEST_DB - LOWEST_DB) * STEPS_PER_DB + 1,
};

/* The frames of one level. */
typedef struct Level
{
  uint64_t first, last; /* 1 + index; 0: there are none */
} Level;

struct GenreSilentEdges
{
  size_t n; /* samples of a frame */
  DspFramer *framer;
  Level *levels; /* [N_LEVELS] */
};

GenreSilentEdges *
genre_silent_edges_new (unsigned rate_hz)
{
  GenreSilentEdges *edges = calloc (1, sizeof *edges);
  if (!edges)
    return NULL;

  edges->n = 2 * (size_t) fmax (1, nearbyint (FRAME * (double) rate_hz / (2 * RATE)));
  edges->framer = dsp_framer_new (edges->n, HOP, RATE, rate_hz);
  edges->levels = calloc (N_LEVELS, sizeof *edges->levels);
  if (edges->framer && edges->levels)
    return edges;
  genre_silent_edges_free (edges);
  return NULL;
}

void
genre_silent_edges_free (GenreSilentEdges *edges)
{
  if (!edges)
    return;
  dsp_framer_free (edges->framer);
  free (edges->levels);
  free (edges);
}

void
genre_silent_edges_reset (GenreSilentEdges *edges)
{
  dsp_framer_reset (edges->framer);
  memset (edges->levels, 0, N_LEVELS * sizeof *edges->levels);
}

/* frame [n] -> index into levels */
static size_t
level_of (const float *frame, size_t n)
{
  double squares = 0;
  for (size_t i = 0; i < n; i++)
    squares += (double) frame[i] * (double) frame[i];

  const double db = fmin (10 * log10 (fmax (squares / (double) n, 1e-10)), HIGHEST_DB);
  return (size_t) lround ((db - LOWEST_DB) * STEPS_PER_DB);
}

static void
take_frames (GenreSilentEdges *edges)
{
  const float *frame;
  uint64_t index = dsp_framer_frame (edges->framer);

  while ((frame = dsp_framer_next (edges->framer))) {
    Level *level = &edges->levels[level_of (frame, edges->n)];
    index++;
    level->first = level->first ? level->first : index;
    level->last = index;
  }
}

void
genre_silent_edges_push (GenreSilentEdges *edges, const float *samples, size_t n)
{
  while (n > 0) {
    const size_t taken = dsp_framer_push (edges->framer, samples, n);
    samples += taken;
    n -= taken;
    take_frames (edges);
  }
}

void
genre_silent_edges_finish (GenreSilentEdges *edges, uint64_t *ret_begin, uint64_t *ret_end)
{
  const uint64_t length = dsp_framer_position (edges->framer);
  uint64_t first = UINT64_MAX, last = 0;

  dsp_framer_finish (edges->framer);
  take_frames (edges);

  size_t loudest = N_LEVELS - 1;
  while (loudest > 0 && edges->levels[loudest].first == 0)
    loudest--;
  for (size_t i = N_LEVELS; i-- > 0 && i + SILENT_BELOW_DB * STEPS_PER_DB > loudest;) {
    if (edges->levels[i].first == 0)
      continue;
    first = edges->levels[i].first < first ? edges->levels[i].first : first;
    last = edges->levels[i].last > last ? edges->levels[i].last : last;
  }
  const uint64_t begin = last ? dsp_framer_center (edges->framer, first - 1) : 0;
  const uint64_t end = last ? dsp_framer_center (edges->framer, last) : length;
  *ret_begin = begin < length ? begin : length;
  *ret_end = end < length ? end : length;
}
