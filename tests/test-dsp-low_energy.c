/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-low_energy.c - the level of a frame, and the share of quiet frames.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/low_energy.h"
#include "tests/test.h"

#include <math.h>

static void
test_rms (void)
{
  static float x[1001];
  uint64_t seed = 1;
  for (size_t n = 1; n <= 1001; n += n < 20 ? 1 : 109) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      x[i] = test_noise (&seed);
      sum += (double) x[i] * (double) x[i];
    }
    const double expected = sqrt (sum / (double) n), found = dsp_frame_rms (x, n);
    CHECK (fabs (found - expected) <= 1e-13 * expected, "%zu samples: %g, not %g", n, found, expected);
  }
  const float square[] = { 1, -1, 1, -1 }, silence[9] = { 0 };
  CHECK (dsp_frame_rms (square, 4) == 1 && dsp_frame_rms (silence, 9) == 0, "full scale, and silence");
}

static void
test_share (void)
{
  const double rows[][4] = { { 0, 0, 0, 0 }, { 1, 1, 1, 1 }, { 0, 0, 0, 1 }, { 0, 1, 1, 1 }, { 1, 2, 3, 4 } };
  const double shares[] = { 0, 0, .75, .25, .5 };
  for (size_t i = 0; i < 5; i++)
    CHECK (dsp_low_energy (rows[i], 4) == shares[i], "row %zu: %g", i, dsp_low_energy (rows[i], 4));
  CHECK (dsp_low_energy (rows[4], 1) == 0, "one frame");
}

int
main (void)
{
  test_rms ();
  test_share ();
  TEST_END ();
}
