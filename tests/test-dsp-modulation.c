/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-modulation.c - contrast, flatness and crest of modulation spectra against their definitions.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/modulation.h"
#include "tests/test.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

/* |M[m]|^2 by the definition of the transform. */
static double
power_ref (const double *x, size_t n, size_t m)
{
  double re = 0, im = 0;
  for (size_t t = 0; t < n; t++) {
    re += x[t] * cos (2 * PI * (double) (m * t % n) / (double) n);
    im -= x[t] * sin (2 * PI * (double) (m * t % n) / (double) n);
  }
  return re * re + im * im;
}

static void
check_contrast (DspModulation *modulation, const double *x, size_t n)
{
  double found[DSP_MODULATION_MAX_BANDS];
  dsp_modulation_contrast (modulation, x, found);
  for (size_t j = 0, first = 0, end = 2; end < n; j++, first = end, end *= 2) {
    double least = HUGE_VAL, most = 0;
    for (size_t m = first; m < end; m++) {
      least = fmin (least, sqrt (power_ref (x, n, m)) / (double) n);
      most = fmax (most, sqrt (power_ref (x, n, m)) / (double) n);
    }
    CHECK (fabs (found[j] - (most - least)) <= 1e-6 * most, "%zu frames: band %zu: %g, not %g", n, j, found[j],
        most - least);
  }
}

static void
check_shape (DspModulation *modulation, const double *x, size_t n)
{
  double flatness, crest, mean = 0, logarithm = 0, most = 0;
  dsp_modulation_shape (modulation, x, &flatness, &crest);
  const double floor = 1e-10 * power_ref (x, n, 0);
  for (size_t m = 1; m <= n / 2; m++) {
    const double power = fmax (floor, power_ref (x, n, m));
    mean += power / ((double) n / 2);
    logarithm += log (power) / ((double) n / 2);
    most = fmax (most, power);
  }
  CHECK (fabs (crest - most / mean) <= 1e-6 * crest, "%zu frames: crest %g, not %g", n, crest, most / mean);
  CHECK (fabs (flatness - exp (logarithm) / mean) <= 1e-6 * flatness, "%zu frames: flatness %g, not %g", n, flatness,
      exp (logarithm) / mean);
}

static void
test_definition (void)
{
  uint64_t seed = 1;
  for (size_t n = 8, bands = 2; n <= DSP_MODULATION_MAX_FRAMES; n *= 2, bands++) {
    static double x[DSP_MODULATION_MAX_FRAMES];
    for (size_t t = 0; t < n; t++)
      x[t] = 20 + (double) test_noise (&seed);
    DspModulation *modulation = dsp_modulation_new (n);
    CHECK (dsp_modulation_bands (modulation) == bands, "%zu frames: %zu bands", n, dsp_modulation_bands (modulation));
    check_contrast (modulation, x, n);
    check_shape (modulation, x, n);
    dsp_modulation_free (modulation);
  }
}

/* What the header promises of a constant, of silence, and of a sine. */
static void
test_known (void)
{
  double x[256], contrast[DSP_MODULATION_MAX_BANDS], flatness, crest;
  DspModulation *modulation = dsp_modulation_new (256);
  const double levels[] = { 0, 1e-300, 12.3, 1e70 };

  for (size_t i = 0; i < 4; i++) {
    for (size_t t = 0; t < 256; t++)
      x[t] = levels[i];
    dsp_modulation_shape (modulation, x, &flatness, &crest);
    CHECK (fabs (flatness - 1) < 1e-12 && fabs (crest - 1) < 1e-12, "%g: flatness %g, crest %g", levels[i], flatness,
        crest);
  }
  for (size_t t = 0; t < 256; t++)
    x[t] = -12.5;
  dsp_modulation_contrast (modulation, x, contrast);
  for (size_t j = 0; j < 7; j++)
    CHECK (contrast[j] == (j ? 0 : 12.5), "a constant: band %zu: %g", j, contrast[j]);

  for (size_t t = 0; t < 256; t++)
    x[t] = 10 + 3 * sin (2 * PI * 20 * (double) t / 256); /* bin 20: band 4 has 16 to 31 */
  dsp_modulation_contrast (modulation, x, contrast);
  for (size_t j = 0; j < 7; j++)
    CHECK (fabs (contrast[j] - (j == 4 ? 1.5 : j == 0 ? 10 : 0)) < 1e-6, "a sine: band %zu: %g", j, contrast[j]);
  dsp_modulation_shape (modulation, x, &flatness, &crest);
  CHECK (crest > 127.9 && crest <= 128 && flatness < 1e-6, "a sine: crest %g, flatness %g", crest, flatness);
  dsp_modulation_free (modulation);
}

int
main (void)
{
  test_definition ();
  test_known ();
  TEST_END ();
}
