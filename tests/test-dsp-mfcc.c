/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-mfcc.c - the cepstrum against its definition; tests/test-dsp-descriptors.c has librosa's values.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/mfcc.h"
#include "tests/test.h"

#include <math.h>

enum
{
  BINS = 1025,
  MELS = 128,
};

static const double PI = 3.14159265358979323846;
static const DspMelConfig config = {
  .n_mels = MELS,
  .band_pool = 1,
  .fmax_hz = 11025,
  .bin_hz = 22050. / 2048,
  .n_bins = BINS,
  .limit_hz = 11025,
  .scale = 1,
};

static void
check (const char *name, const float *power)
{
  float bands[MELS];
  double found[MELS];
  DspMel *mel = dsp_mel_new (&config);
  DspMfcc *mfcc = dsp_mfcc_new (&config, MELS);
  double squares = 0, energy = 0;

  dsp_mel_apply (mel, power, bands);
  dsp_mfcc_apply (mfcc, power, found);
  for (size_t c = 0; c < MELS; c++) {
    double expected = 0;
    for (size_t m = 0; m < MELS; m++)
      expected += sqrt ((c == 0 ? 1. : 2.) / MELS) * cos (PI * (double) c * ((double) m + .5) / MELS) * 10
          * log10 (fmax (1e-10, (double) bands[m]));
    CHECK (fabs (found[c] - expected) <= 1e-4, "%s: coefficient %zu: %g, not %g", name, c, found[c], expected);
    squares += found[c] * found[c];
  }
  for (size_t m = 0; m < MELS; m++)
    energy += pow (10 * log10 (fmax (1e-10, (double) bands[m])), 2);
  CHECK (fabs (squares - energy) <= 1e-6 * energy, "%s: the transform changes the energy", name);
  dsp_mel_free (mel);
  dsp_mfcc_free (mfcc);
}

int
main (void)
{
  static float power[BINS];
  double found[20];
  check ("silence", power);
  DspMfcc *mfcc = dsp_mfcc_new (&config, 20);
  dsp_mfcc_apply (mfcc, power, found);
  CHECK (fabs (found[0] + 100 * sqrt (MELS)) < 1e-9, "silence: %g", found[0]);
  for (size_t c = 1; c < 20; c++)
    CHECK (fabs (found[c]) < 1e-9, "silence: coefficient %zu is %g", c, found[c]);
  dsp_mfcc_free (mfcc);

  uint64_t seed = 1;
  for (size_t k = 0; k < BINS; k++)
    power[k] = fabsf (test_noise (&seed)) * 100;
  check ("noise", power);
  TEST_END ();
}
