/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-decibel.c - levels of many powers against libm's logarithm.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/decibel.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>

enum
{
  N = 20000,
};

int
main (void)
{
  static double power[N], level[N];
  uint64_t seed = 1;

  /* all exponents of a double and, in between, many near 1, where the logarithm is small */
  for (int i = 0; i < N; i++) {
    const double octaves = 20. * i / N - 10 + (double) test_noise (&seed);
    power[i] = level[i] = i % 2 == 0 ? exp2 (octaves) : ldexp (1.5 + .49 * (double) test_noise (&seed), i / 10 - 1000);
  }
  dsp_decibels (level, N, DBL_MIN);
  for (int i = 0; i < N; i++) {
    const double expected = 10 * log10 (power[i]);
    CHECK (fabs (level[i] - expected) <= 1e-13 + 1e-15 * fabs (expected), "%g: %.17g dB, not %.17g", power[i], level[i],
        expected);
  }

  /* any number of values, the same bits, and nothing behind them */
  for (size_t n = 0; n < 10; n++) {
    double few[10];
    for (size_t i = 0; i < 10; i++)
      few[i] = power[i];
    dsp_decibels (few, n, DBL_MIN);
    for (size_t i = 0; i < 10; i++)
      CHECK (few[i] == (i < n ? level[i] : power[i]), "%zu values: %zu is %g", n, i, few[i]);
  }

  double edge[] = { 0, -1, 1e-11, 1, DBL_MAX, 2, .5 };
  const double expected[] = { -100, -100, -100, 0, 10 * log10 (DBL_MAX), 10 * log10 (2), 10 * log10 (.5) };
  dsp_decibels (edge, 7, 1e-10);
  for (size_t i = 0; i < 7; i++)
    CHECK (fabs (edge[i] - expected[i]) <= 1e-13 + 1e-15 * fabs (expected[i]), "edge %zu: %.17g dB", i, edge[i]);
  CHECK (edge[3] == 0, "a power of 1 is %g dB", edge[3]);
  TEST_END ();
}
