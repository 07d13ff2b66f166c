/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-energy.c - the sum of squares, and that the pieces leave no trace in it.
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

int
main (void)
{
  static float samples[N];
  uint64_t seed = 3;
  for (size_t i = 0; i < N; i++)
    samples[i] = test_noise (&seed);

  DspEnergy whole = { 0 };
  CHECK (dsp_energy_total (&whole) == 0, "empty span");
  dsp_energy_add (&whole, samples, N);
  double expected = 0;
  for (size_t i = 0; i < N; i++)
    expected += (double) samples[i] * (double) samples[i];
  const double total = dsp_energy_total (&whole);
  CHECK (fabs (total - expected) <= 1e-13 * expected, "%.17g, expected %.17g", total, expected);

  for (unsigned round = 0; round < 300; round++) {
    DspEnergy parts = { 0 };
    const size_t longest = round < 100 ? 40 : round < 200 ? 1 + round % 3 : 20000;
    for (size_t i = 0; i < N;) {
      size_t n = (size_t) (test_random (&seed) % (longest + 1)); /* 0 too */
      n = n < N - i ? n : N - i;
      dsp_energy_add (&parts, samples + i, n);
      i += n;
    }
    const double split = dsp_energy_total (&parts);
    CHECK (memcmp (&split, &total, sizeof total) == 0, "round %u: %.17g, not %.17g", round, split, total);
  }

  static const float loud[3] = { FLT_MAX, -FLT_MAX, FLT_MAX };
  DspEnergy loudest = { 0 };
  dsp_energy_add (&loudest, loud, 3);
  const double square = (double) FLT_MAX * (double) FLT_MAX;
  CHECK (dsp_energy_total (&loudest) == 3 * square, "%g", dsp_energy_total (&loudest));
  TEST_END ();
}
