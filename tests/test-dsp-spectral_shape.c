/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-spectral_shape.c - centroid, rolloff and flux against their definitions.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/spectral_shape.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum
{
  N = 1025,
};

static void
make_spectrum (float *x, size_t n, uint64_t seed)
{
  for (size_t k = 0; k < n; k++)
    x[k] = fabsf (test_noise (&seed));
}

static void
test_centroid (void)
{
  static float x[N];
  for (size_t n = 1; n <= N; n += n < 20 ? 1 : 67) {
    double total = 0, moment = 0;
    make_spectrum (x, n, n);
    for (size_t k = 0; k < n; k++) {
      total += (double) x[k];
      moment += (double) k * 10.5 * (double) x[k];
    }
    const double found = dsp_spectral_centroid (x, n, 10.5);
    CHECK (fabs (found - moment / total) <= 1e-12 * moment / total, "%zu bins: %g", n, found);
  }
  memset (x, 0, sizeof x);
  CHECK (dsp_spectral_centroid (x, N, 10) == 0, "silence");
  x[7] = 1e-30f;
  CHECK (dsp_spectral_centroid (x, N, 10) == 70, "one line, however quiet");
}

static void
test_rolloff (void)
{
  static float x[N];
  for (size_t n = 1; n <= N; n += n < 20 ? 1 : 67) {
    double total = 0, below = 0;
    size_t bin = 0;
    make_spectrum (x, n, n);
    for (size_t k = 0; k < n; k++)
      total += (double) x[k];
    for (; (below += (double) x[bin]) < .85 * total; bin++)
      ;
    CHECK (dsp_spectral_rolloff (x, n, 2, .85) == 2. * (double) bin, "%zu bins", n);
    CHECK (dsp_spectral_rolloff (x, n, 2, 1) == 2. * (double) (n - 1), "%zu bins: all of it", n);
    CHECK (dsp_spectral_rolloff (x, n, 2, 0) == 0, "%zu bins: none of it", n);
  }
  memset (x, 0, sizeof x);
  CHECK (dsp_spectral_rolloff (x, N, 10, .85) == 0, "silence");
  x[7] = 1;
  CHECK (dsp_spectral_rolloff (x, N, 10, .85) == 70, "one line");
}

static double
flux_by_definition (const float *x, const float *p, size_t n)
{
  double xx = 0, pp = 0, sum = 0;
  for (size_t k = 0; k < n; k++) {
    xx += (double) x[k] * (double) x[k];
    pp += (double) p[k] * (double) p[k];
  }
  for (size_t k = 0; k < n; k++) {
    const double change = (double) x[k] / sqrt (xx) - (double) p[k] / sqrt (pp);
    sum += change * change;
  }
  return sum;
}

static void
test_flux (void)
{
  static float x[N], p[N], previous[N];
  for (size_t n = 1; n <= N; n += n < 20 ? 1 : 67) {
    memset (previous, 0, sizeof previous);
    make_spectrum (p, n, n);
    make_spectrum (x, n, n + 1);
    CHECK (fabs (dsp_spectral_flux (p, n, previous) - 1) < 1e-6, "%zu bins: from silence", n);
    const double expected = flux_by_definition (x, p, n), found = dsp_spectral_flux (x, n, previous);
    CHECK (fabs (found - expected) <= 1e-6 * fmax (expected, 1e-6), "%zu bins: %g, not %g", n, found, expected);
    for (size_t k = 0; k < n; k++)
      p[k] = x[k] * 4;
    CHECK (dsp_spectral_flux (p, n, previous) == 0, "%zu bins: the same at another level", n);
  }

  memset (previous, 0, sizeof previous);
  const float low[5] = { 1 }, high[5] = { 0, 0, 0, 0, 3 }, none[5] = { 0 };
  CHECK (dsp_spectral_flux (none, 5, previous) == 0, "silence to silence");
  CHECK (dsp_spectral_flux (low, 5, previous) == 1, "silence to sound");
  CHECK (dsp_spectral_flux (high, 5, previous) == 2, "nothing in common");
  const float faint[5] = { 0, 0, 0, 0, 1e-44f };
  CHECK (dsp_spectral_flux (faint, 5, previous) == 1, "sound to next to nothing");
  CHECK (dsp_spectral_flux (high, 5, previous) == 1, "and back");
  CHECK (dsp_spectral_flux (none, 5, previous) == 1, "sound to silence");
}

int
main (void)
{
  test_centroid ();
  test_rolloff ();
  test_flux ();
  TEST_END ();
}
