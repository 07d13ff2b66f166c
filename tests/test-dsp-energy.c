/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-energy.c - energy about the mean, against two passes; that the pieces leave no trace in it, nor the
 * constant part.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/energy.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum
{
  N = 50000
};

static DspLevel
level_of (const float *samples, size_t n)
{
  DspEnergy energy = { 0 };

  dsp_energy_add (&energy, samples, n);
  return dsp_energy_level (&energy);
}

/* By the definition, in two passes. */
static void
check_level (const char *what, DspLevel found, const float *samples, size_t n, double tolerance)
{
  long double sum = 0, energy = 0;

  for (size_t i = 0; i < n; i++)
    sum += (long double) samples[i];
  const long double mean = sum / n;
  for (size_t i = 0; i < n; i++)
    energy += ((long double) samples[i] - mean) * ((long double) samples[i] - mean);
  CHECK (found.n == (double) n
          && fabs (found.mean - (double) mean) <= 1e-15 * fabs ((double) mean) + tolerance * sqrt ((double) energy / n),
      "%s: mean %.17g, expected %.17Lg", what, found.mean, mean);
  CHECK (fabs (found.energy - (double) energy) <= tolerance * (double) energy, "%s: %.17g, expected %.17Lg", what,
      found.energy, energy);
}

/* Noise from full scale to the last bit of a float on constants from none to far beyond full scale. */
static void
test_definition (void)
{
  static const float constants[] = { 0, 1e-3F, 1, -.99F, 1e6F }, levels[] = { 1, 1e-3F, 1e-5F };
  static float samples[N];
  uint64_t seed = 4;

  for (size_t c = 0; c < sizeof constants / sizeof *constants; c++)
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
      for (size_t i = 0; i < N; i++)
        samples[i] = constants[c] + levels[l] * test_noise (&seed);
      check_level ("noise", level_of (samples, N), samples, N, 1e-12);
      samples[0] += 1e4F * levels[l]; /* what all is measured from is far from the mean */
      check_level ("far first", level_of (samples, N), samples, N, N * 1e-12);
    }
}

static void
test_constants (void)
{
  static const float constants[] = { 0, 1, -1, .001122F, 1e-20F, -FLT_MAX };
  static float samples[N];

  for (size_t c = 0; c < sizeof constants / sizeof *constants; c++) {
    for (size_t i = 0; i < N; i++)
      samples[i] = constants[c];

    DspLevel whole = level_of (samples, N), joined = { 0 };

    CHECK (whole.energy == 0 && whole.mean == (double) constants[c], "%g has energy %g", (double) constants[c],
        whole.energy);
    for (size_t i = 0; i < N; i += 1000)
      joined = dsp_level_join (joined, level_of (samples + i, 1000));
    CHECK (joined.energy == 0 && joined.n == N, "%g in parts has energy %g", (double) constants[c], joined.energy);
  }
}

/* Spans of all lengths together are as one. */
static void
test_join (void)
{
  static float samples[N];
  uint64_t seed = 5;
  DspLevel level = { 0 };

  for (size_t i = 0; i < N; i++) /* the mean wanders */
    samples[i] = .5F + 1e-3F * test_noise (&seed) + (float) i * 1e-6F;
  for (size_t i = 0; i < N;) {
    size_t n = (size_t) (test_random (&seed) % 3000); /* 0 too */

    n = n < N - i ? n : N - i;
    level = dsp_level_join (level, level_of (samples + i, n));
    i += n;
  }
  check_level ("joined", level, samples, N, 1e-12);
}

/* Any split, to the last bit. */
static void
test_splits (void)
{
  static float samples[N];
  uint64_t seed = 3;

  for (size_t i = 0; i < N; i++)
    samples[i] = .25F + test_noise (&seed);

  const DspLevel whole = level_of (samples, N);

  for (unsigned round = 0; round < 300; round++) {
    DspEnergy parts = { 0 };
    const size_t longest = round < 100 ? 40 : round < 200 ? 1 + round % 3 : 20000;

    for (size_t i = 0; i < N;) {
      size_t n = (size_t) (test_random (&seed) % (longest + 1)); /* 0 too */

      n = n < N - i ? n : N - i;
      dsp_energy_add (&parts, samples + i, n);
      i += n;
    }

    const DspLevel split = dsp_energy_level (&parts);

    CHECK (memcmp (&split, &whole, sizeof whole) == 0, "round %u: %.17g, not %.17g", round, split.energy, whole.energy);
  }
}

int
main (void)
{
  const DspLevel empty = level_of (NULL, 0);
  static const float loud[4] = { FLT_MAX, -FLT_MAX, FLT_MAX, -FLT_MAX };
  const double square = (double) FLT_MAX * (double) FLT_MAX;

  CHECK (empty.n == 0 && empty.mean == 0 && empty.energy == 0, "the empty span");
  CHECK (level_of (loud, 4).energy == 4 * square && level_of (loud, 4).mean == 0, "%g", level_of (loud, 4).energy);
  test_definition ();
  test_constants ();
  test_join ();
  test_splits ();
  TEST_END ();
}
