/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-zero_crossings.c - dsp/zero_crossings against its definition.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/zero_crossings.h"
#include "tests/test.h"

enum
{
  N = 10000, /* more than one block */
};

static size_t
by_definition (const float *x, size_t n)
{
  size_t count = 0;
  for (size_t i = 1; i < n; i++)
    if ((x[i] < 0) != (x[i - 1] < 0))
      count++;
  return count;
}

static void
test_definition (void)
{
  static float x[N];
  uint64_t seed = 1;
  for (size_t i = 0; i < N; i++)
    x[i] = test_noise (&seed);
  for (size_t n = 0; n <= N; n += n < 20 ? 1 : 997)
    CHECK (dsp_zero_crossings (x, n) == by_definition (x, n), "%zu samples", n);
}

/* Zero, and what librosa takes for it, is positive. */
static void
test_zero (void)
{
  const float x[] = { 1, 0, 1, -0.f, 1, -1e-11f, 1, 0, -1e-9f, 0, -1, -1 };
  const size_t crossings[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3 };
  for (size_t n = 0; n <= 12; n++)
    CHECK (dsp_zero_crossings (x, n) == crossings[n], "%zu samples: %zu", n, dsp_zero_crossings (x, n));
}

int
main (void)
{
  test_definition ();
  test_zero ();
  TEST_END ();
}
