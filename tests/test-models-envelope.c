/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-envelope.c - least, greatest and RMS of every stretch are those of its samples, however many come,
 * in any pieces, and when the rate changes; a reset object equals a fresh one.
 *
 * Layer:   tests; models.
 * Threads: one.
 */
#include "models/envelope.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

enum
{
  RATE = 8000,
};

static float *
new_noise (size_t n)
{
  uint64_t random = 5;
  float *samples = calloc (n, sizeof *samples);

  for (size_t i = 0; i < n; i++)
    samples[i] = test_noise (&random) * (float) (i % 1000) / 1000;
  return samples;
}

/* Every block, against its samples. */
static void
check_blocks (const GenreEnvelope *envelope, const float *samples, size_t n, size_t most)
{
  const double block_seconds = genre_envelope_block_seconds (envelope);
  const size_t block = (size_t) lround (block_seconds * RATE);
  GenreExtent extent;
  size_t n_blocks = 0;

  for (size_t begin = 0; begin < n; begin += block, n_blocks++) {
    const size_t end = begin + block < n ? begin + block : n;
    float min = samples[begin], max = samples[begin];
    double squares = 0;
    for (size_t i = begin; i < end; i++) {
      min = fminf (min, samples[i]);
      max = fmaxf (max, samples[i]);
      squares += (double) samples[i] * (double) samples[i];
    }
    const double at = ((double) n_blocks + .25) * block_seconds;
    CHECK (genre_envelope_extent (envelope, at, at + block_seconds / 2, &extent), "block %zu: none", n_blocks);
    CHECK (extent.min == min && extent.max == max, "block %zu: %g %g, not %g %g", n_blocks, (double) extent.min,
        (double) extent.max, (double) min, (double) max);
    CHECK (fabs (extent.rms - sqrt (squares / (double) (end - begin))) < 1e-9, "block %zu: %g", n_blocks, extent.rms);
  }
  CHECK (n_blocks <= most && (block == 1 || n_blocks > most / 2 - 1), "%zu blocks of %zu", n_blocks, most);
  CHECK (!genre_envelope_extent (envelope, (double) n / RATE + 2 * block_seconds, 1e9, &extent), "behind the end");
}

static void
test_blocks (size_t n, size_t most, size_t piece)
{
  float *samples = new_noise (n);
  GenreEnvelope *envelope = genre_envelope_new (RATE, most);

  for (size_t at = 0; at < n; at += piece)
    genre_envelope_push (envelope, samples + at, n - at < piece ? n - at : piece);
  check_blocks (envelope, samples, n, most);

  genre_envelope_reset (envelope);
  genre_envelope_push (envelope, samples, n / 3);
  if (n / 3 > 0)
    check_blocks (envelope, samples, n / 3, n / 3 < most ? n / 3 : most);
  genre_envelope_free (envelope);
  free (samples);
}

/* A second at one rate, then one at another: each has its place. */
static void
test_rates (unsigned first, unsigned second)
{
  GenreEnvelope *envelope = genre_envelope_new (first, 64);
  GenreExtent extent;
  float *samples = calloc (200000, sizeof *samples);

  for (size_t i = 0; i < 200000; i++)
    samples[i] = .25f;
  genre_envelope_push (envelope, samples, first);
  genre_envelope_set_rate (envelope, second);
  for (size_t i = 0; i < second; i++)
    samples[i] = -.5f;
  genre_envelope_push (envelope, samples, second);
  CHECK (genre_envelope_extent (envelope, .1, .9, &extent) && extent.min == .25f && extent.max == .25f, "%u: first",
      first);
  CHECK (genre_envelope_extent (envelope, 1.1, 1.9, &extent) && extent.min == -.5f && extent.max == -.5f, "%u: second",
      second);
  CHECK (genre_envelope_extent (envelope, 0, 2, &extent) && extent.min == -.5f && extent.max == .25f, "all");
  genre_envelope_free (envelope);
  free (samples);
}

int
main (void)
{
  test_blocks (1, 2, 1);
  test_blocks (50, 64, 7);
  test_blocks (64, 64, 64);
  test_blocks (65, 64, 1);
  test_blocks (100000, 64, 333);
  test_blocks (100000, 100, 100000);
  test_rates (44100, 48000);
  test_rates (48000, 8000);
  test_rates (8000, 192000);
  TEST_END ();
}
