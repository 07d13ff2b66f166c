/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/envelope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  LANES = 8, /* of least, greatest and sum, so that the compiler can take them together */
};

typedef struct Block
{
  float min, max;
  double squares;
  uint64_t n; /* samples; 0: none, and the rest is 0 */
} Block;

struct GenreEnvelope
{
  unsigned first_rate_hz; /* blocks count in it */
  size_t most;

  Block *blocks;  /* [most] */
  unsigned shift; /* a block is 2^shift samples of first_rate_hz long */

  unsigned rate_hz; /* of the samples from `base` on */
  double base;      /* samples of first_rate_hz: where the rate began */
  uint64_t pushed;  /* samples since then */
};

GenreEnvelope *
genre_envelope_new (unsigned rate_hz, size_t most)
{
  GenreEnvelope *envelope = calloc (1, sizeof *envelope);
  if (!envelope)
    return NULL;

  envelope->first_rate_hz = envelope->rate_hz = rate_hz;
  envelope->most = most;
  envelope->blocks = calloc (most, sizeof *envelope->blocks);
  if (envelope->blocks)
    return envelope;
  genre_envelope_free (envelope);
  return NULL;
}

void
genre_envelope_free (GenreEnvelope *envelope)
{
  if (!envelope)
    return;
  free (envelope->blocks);
  free (envelope);
}

void
genre_envelope_reset (GenreEnvelope *envelope)
{
  memset (envelope->blocks, 0, envelope->most * sizeof *envelope->blocks);
  envelope->shift = 0;
  envelope->rate_hz = envelope->first_rate_hz;
  envelope->base = 0;
  envelope->pushed = 0;
}

/* Where sample `index` since `base` lies, in samples of first_rate_hz. */
static double
place (const GenreEnvelope *envelope, uint64_t index)
{
  return envelope->base + (double) index * envelope->first_rate_hz / envelope->rate_hz;
}

void
genre_envelope_set_rate (GenreEnvelope *envelope, unsigned rate_hz)
{
  envelope->base = place (envelope, envelope->pushed);
  envelope->pushed = 0;
  envelope->rate_hz = rate_hz;
}

static Block
join (Block a, Block b)
{
  if (a.n == 0 || b.n == 0)
    return a.n == 0 ? b : a;
  return (Block){ fminf (a.min, b.min), fmaxf (a.max, b.max), a.squares + b.squares, a.n + b.n };
}

static void
fold (GenreEnvelope *envelope)
{
  const Block none = { 0 };

  for (size_t i = 0; i < envelope->most; i += 2)
    envelope->blocks[i / 2] = join (envelope->blocks[i], i + 1 < envelope->most ? envelope->blocks[i + 1] : none);
  for (size_t i = (envelope->most + 1) / 2; i < envelope->most; i++)
    envelope->blocks[i] = none;
  envelope->shift++;
}

/* samples [n], n at least 1 */
static Block
measure (const float *samples, size_t n)
{
  float min[LANES], max[LANES];
  double squares[LANES] = { 0 };
  size_t i = 0;

  for (size_t lane = 0; lane < LANES; lane++)
    min[lane] = max[lane] = samples[0];
  for (; i + LANES <= n; i += LANES)
    for (size_t lane = 0; lane < LANES; lane++) {
      const float x = samples[i + lane];
      min[lane] = x < min[lane] ? x : min[lane];
      max[lane] = x > max[lane] ? x : max[lane];
      squares[lane] += (double) x * (double) x;
    }

  Block block = { min[0], max[0], squares[0], n };
  for (size_t lane = 1; lane < LANES; lane++)
    block = (Block){ fminf (block.min, min[lane]), fmaxf (block.max, max[lane]), block.squares + squares[lane], n };
  for (; i < n; i++)
    block = (Block){ fminf (block.min, samples[i]), fmaxf (block.max, samples[i]),
      block.squares + (double) samples[i] * (double) samples[i], n };
  return block;
}

/* Samples from the next one on that lie before the end of its block, at least 1. */
static size_t
samples_left (const GenreEnvelope *envelope, uint64_t block)
{
  const double end = (double) ((block + 1) << envelope->shift);
  const double left = (end - place (envelope, envelope->pushed)) * envelope->rate_hz / envelope->first_rate_hz;

  return (size_t) fmax (1, ceil (left - 1e-6));
}

void
genre_envelope_push (GenreEnvelope *envelope, const float *samples, size_t n)
{
  while (n > 0) {
    uint64_t block;
    while ((block = (uint64_t) place (envelope, envelope->pushed) >> envelope->shift) >= envelope->most)
      fold (envelope);
    const size_t left = samples_left (envelope, block), taken = n < left ? n : left;
    envelope->blocks[block] = join (envelope->blocks[block], measure (samples, taken));
    envelope->pushed += taken;
    samples += taken;
    n -= taken;
  }
}

double
genre_envelope_block_seconds (const GenreEnvelope *envelope)
{
  return ldexp (1, (int) envelope->shift) / envelope->first_rate_hz;
}

bool
genre_envelope_extent (const GenreEnvelope *envelope, double begin, double end, GenreExtent *ret_extent)
{
  const double block_seconds = genre_envelope_block_seconds (envelope);
  Block all = { 0 };

  for (size_t i = (size_t) fmax (0, begin / block_seconds); i < envelope->most && (double) i * block_seconds < end; i++)
    all = join (all, envelope->blocks[i]);
  if (all.n == 0)
    return false;
  *ret_extent = (GenreExtent){ all.min, all.max, sqrt (all.squares / (double) all.n) };
  return true;
}
