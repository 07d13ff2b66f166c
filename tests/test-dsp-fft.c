/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-fft.c - the power spectrum against a discrete Fourier transform in double.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/fft.h"
#include "dsp/window.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* magnitude[k] = |sum_t window[t] frame[t] exp (-2 pi i k t / n)|, cosines and sines from a table of n. */
static void
dft_ref (const double *window, const float *frame, double *magnitude, size_t n, size_t n_bins)
{
  double *table = calloc (2 * n, sizeof *table);
  for (size_t i = 0; i < n; i++) {
    table[2 * i] = cos (2 * PI * (double) i / (double) n);
    table[2 * i + 1] = sin (2 * PI * (double) i / (double) n);
  }
  for (size_t k = 0; k < n_bins; k++) {
    double re = 0, im = 0;
    for (size_t t = 0, i = 0; t < n; t++, i = i + k < n ? i + k : i + k - n) { /* i = k t mod n */
      const double x = window[t] * (double) frame[t];
      re += x * table[2 * i];
      im -= x * table[2 * i + 1];
    }
    magnitude[k] = hypot (re, im);
  }
  free (table);
}

/* A tone between two bins (noise_level 0) or noise (tone 0); the error is counted in the loudest line. */
static void
check (size_t n, size_t n_bins, double cycles, double tone, double noise_level)
{
  const size_t all = n / 2 + 1;
  double *window = calloc (n, sizeof *window), *expected = calloc (all, sizeof *expected);
  float *frame = calloc (n, sizeof *frame), *power = calloc (n_bins + 1, sizeof *power);
  uint64_t seed = n;
  for (size_t i = 0; i < n; i++)
    frame[i] = (float) (tone * sin (2 * PI * cycles * (double) i / (double) n + 1)
        + noise_level * (double) test_noise (&seed));
  dsp_window_hann (window, n);
  dft_ref (window, frame, expected, n, all);

  DspFft *fft = dsp_fft_new (window, n, n_bins);
  power[n_bins] = -1;
  dsp_fft_power (fft, frame, power);
  CHECK (power[n_bins] == -1, "n %zu: wrote behind the last bin", n);

  double loudest = 0, worst = 0;
  for (size_t k = 0; k < all; k++)
    loudest = fmax (loudest, expected[k]);
  for (size_t k = 0; k < n_bins; k++)
    worst = fmax (worst, fabs (sqrt ((double) power[k]) - expected[k]));
  /* The 8e-7 that fft.c promises of stretched transforms; all round by up to 3e-7. */
  CHECK (worst <= 1.1e-6 * loudest, "n %zu, %g cycles: %g of the loudest line", n, cycles, worst / loudest);

  /* Nothing is left of an earlier frame. */
  float *again = calloc (n_bins, sizeof *again), *silence = calloc (n, sizeof *silence);
  dsp_fft_power (fft, silence, again);
  for (size_t k = 0; k < n_bins; k++)
    CHECK (again[k] == 0, "n %zu: bin %zu of silence is %g", n, k, (double) again[k]);
  dsp_fft_power (fft, frame, again);
  CHECK (memcmp (power, again, n_bins * sizeof *power) == 0, "n %zu: not repeatable", n);

  /* Another object of the same length, and so the same plan, gives the same bits. */
  DspFft *other = dsp_fft_new (window, n, n_bins);
  dsp_fft_power (other, frame, again);
  CHECK (memcmp (power, again, n_bins * sizeof *power) == 0, "n %zu: objects differ", n);

  dsp_fft_free (other);
  dsp_fft_free (fft);
  free (window);
  free (expected);
  free (frame);
  free (power);
  free (again);
  free (silence);
}

int
main (void)
{
  dsp_fft_init ();
  dsp_fft_init ();
  dsp_fft_free (NULL);

  /* Plain: small, power of two, largest prime 13, short with a large prime.  Stretched: 2 353, 2 557, 2 743, 4 3 11 31,
   * 2 3 743, lengths just above 512, and three that are stretched by little, where the kernel is at its worst. */
  static const size_t lengths[] = { 2, 4, 10, 46, 186, 372, 506, 512, 514, 526, 706, 1114, 1486, 2048, 3510, 4092, 4458,
    1574, 3938, 4726 };
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const size_t n = lengths[i], all = n / 2 + 1;
    check (n, all, 0, 0, 1);
    check (n, n < 46 ? 1 : all / 2, 0, 0, 1);
    if (n < 46)
      continue;
    for (size_t few = 1; few <= 10; few++)
      check (n, few, 0, 0, 1);
    /* At both ends, where the bins are mirrored, on and between bins. */
    static const double at[] = { 0.3, 2, 17.5 };
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
      check (n, all, at[k], 1, 0);
      check (n, all, (double) n / 2 - at[k], 1, 0);
      check (n, all, (double) n * 0.2 + at[k], 1, 0);
    }
  }
  TEST_END ();
}
