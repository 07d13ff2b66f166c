/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-octave_bands.c - contrast and power of octaves against their definitions; tests/test-dsp-descriptors.c
 * has librosa's contrast.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/octave_bands.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_BINS = 4000,
};

static const double edges_hz[] = { 0, 200, 400, 800, 1600, 3200, 6400, HUGE_VAL };

static int
compare (const void *a, const void *b)
{
  const float x = *(const float *) a, y = *(const float *) b;
  return x < y ? -1 : x > y;
}

static double
mean_db (const float *x, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double) x[i] / (double) n;
  return 10 * log10 (fmax (1e-10, sum));
}

/* As librosa writes it: bins are chosen, counted, one is dropped, the rest is sorted. */
static double
contrast_by_definition (const float *x, size_t n_bins, double bin_hz, size_t b)
{
  static float sorted[MAX_BINS];
  size_t first = n_bins, last = 0;
  for (size_t k = 0; k < n_bins; k++)
    if ((double) k * bin_hz >= edges_hz[b] && (double) k * bin_hz <= edges_hz[b + 1]) {
      first = k < first ? k : first;
      last = k;
    }
  if (first == n_bins)
    return 0;
  first -= b > 0;
  const size_t count = last + 1 - first, n = b == 6 ? count : count - 1;
  size_t tail = (size_t) fmax (1, rint (.02 * (double) count));
  tail = tail < n ? tail : n;
  if (n == 0)
    return 0;
  memcpy (sorted, x + first, n * sizeof *x);
  qsort (sorted, n, sizeof *sorted, compare);
  return mean_db (sorted + n - tail, tail) - mean_db (sorted, tail);
}

static double
power_by_definition (const float *x, size_t n_bins, double bin_hz, size_t b)
{
  double sum = 0;
  for (size_t k = 0; k < n_bins; k++)
    if ((double) k * bin_hz >= edges_hz[b] && (double) k * bin_hz < edges_hz[b + 1])
      sum += (double) x[k];
  return sum;
}

static void
check (const float *x, size_t n_bins, double bin_hz)
{
  double contrast[DSP_OCTAVE_BANDS], power[DSP_OCTAVE_BANDS];
  DspOctaveBands *bands = dsp_octave_bands_new (n_bins, bin_hz);
  dsp_octave_bands_contrast (bands, x, contrast);
  dsp_octave_bands_power (bands, x, power);
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    const double c = contrast_by_definition (x, n_bins, bin_hz, b), p = power_by_definition (x, n_bins, bin_hz, b);
    CHECK (fabs (contrast[b] - c) <= 1e-9, "%zu bins of %g Hz: contrast %zu: %g, not %g", n_bins, bin_hz, b,
        contrast[b], c);
    CHECK (fabs (power[b] - p) <= 1e-12 * p, "%zu bins of %g Hz: power %zu: %g, not %g", n_bins, bin_hz, b, power[b],
        p);
  }
  dsp_octave_bands_free (bands);
}

int
main (void)
{
  static float x[MAX_BINS];
  uint64_t seed = 1;

  check (x, 1025, 10); /* silence */
  for (size_t k = 0; k < MAX_BINS; k++)
    x[k] = powf (fabsf (test_noise (&seed)), 3);
  /* fine and coarse bins, edges on bins and between, and spectra that end anywhere */
  const double widths[] = { 3, 10, 22050. / 2048, 12.5, 33.3, 100, 200, 399, 5000 };
  const size_t ends[] = { 1, 2, 3, 17, 40, 74, 130, 1025, MAX_BINS };
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
      check (x, ends[k], widths[i]);
  TEST_END ();
}
