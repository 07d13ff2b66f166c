/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-silent_edges.c - edges are cut off where librosa's effects.trim cuts (tests/golden/
 * make-spectra-golden.py prints the numbers), in any pieces, at other rates at the same time; silence alone stays.
 *
 * Layer:   tests; models.
 * Threads: one.
 */
#include "models/silent_edges.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdlib.h>

enum
{
  RATE = 22050,
  BEFORE = 7000,
  SOUND = 2 * RATE,
  BEHIND = 30000,
  ALL = BEFORE + SOUND + BEHIND,
};

/* Zeros, noise that fades each half second, zeros; other noise of `under` beneath all of it. */
static float *
new_sound (float under)
{
  uint64_t random = 2, other = 3;
  float *samples = calloc (ALL, sizeof *samples);

  for (size_t i = 0; i < SOUND; i++) {
    const float fade = 1 - (float) (i % 11025) * (1 / 11025.f);
    samples[BEFORE + i] = test_noise (&random) * .5f * fade * fade * fade;
  }
  for (size_t i = 0; i < ALL; i++)
    samples[i] += under * test_noise (&other);
  return samples;
}

static void
check (GenreSilentEdges *edges, const float *samples, size_t n, size_t piece, uint64_t begin, uint64_t end)
{
  uint64_t found_begin, found_end;

  for (size_t at = 0; at < n; at += piece)
    genre_silent_edges_push (edges, samples + at, n - at < piece ? n - at : piece);
  genre_silent_edges_finish (edges, &found_begin, &found_end);
  CHECK (found_begin == begin && found_end == end, "%" PRIu64 " %" PRIu64 ", not %" PRIu64 " %" PRIu64, found_begin,
      found_end, begin, end);
  genre_silent_edges_reset (edges);
}

/* As long in seconds at twice the rate. */
static void
test_rate (const float *samples)
{
  GenreSilentEdges *edges = genre_silent_edges_new (2 * RATE);
  float *twice = calloc (2 * ALL, sizeof *twice);

  for (size_t i = 0; i < ALL; i++)
    twice[2 * i] = twice[2 * i + 1] = samples[i];
  check (edges, twice, 2 * ALL, 999, 2 * 6144, 2 * 50688);
  genre_silent_edges_free (edges);
  free (twice);
}

int
main (void)
{
  float *clean = new_sound (0), *noisy = new_sound (1e-4f), *silence = calloc (ALL, sizeof *silence);
  GenreSilentEdges *edges = genre_silent_edges_new (RATE);

  check (edges, clean, ALL, ALL, 6144, 50688);
  check (edges, clean, ALL, 77, 6144, 50688);
  check (edges, noisy, ALL, 5000, 6144, 50688);
  check (edges, silence, ALL, 5000, 0, ALL);
  check (edges, clean + BEFORE, 1000, 1000, 0, 1000);
  check (edges, clean, 0, 1, 0, 0);
  test_rate (clean);
  genre_silent_edges_free (edges);
  free (clean);
  free (noisy);
  free (silence);
  TEST_END ();
}
