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
  MOST_MELS = 128,
};

static const double PI = 3.14159265358979323846;
static const DspMelConfig all_bands = {
  .n_mels = MOST_MELS,
  .band_pool = 1,
  .fmax_hz = 11025,
  .bin_hz = 22050. / 2048,
  .n_bins = BINS,
  .limit_hz = 11025,
  .scale = 1,
};

static void
check (const char *name, const float *power, unsigned n_mels)
{
  float bands[MOST_MELS];
  double found[MOST_MELS];
  DspMelConfig config = all_bands;
  config.n_mels = n_mels;
  DspMel *mel = dsp_mel_new (&config);
  DspMfcc *mfcc = dsp_mfcc_new (&config, n_mels);
  double squares = 0, energy = 0;

  dsp_mel_apply (mel, power, bands);
  dsp_mfcc_apply (mfcc, power, found);
  for (size_t c = 0; c < n_mels; c++) {
    double expected = 0;
    for (size_t m = 0; m < n_mels; m++)
      expected += sqrt ((c == 0 ? 1. : 2.) / n_mels) * cos (PI * (double) c * ((double) m + .5) / n_mels) * 10
          * log10 (fmax (1e-10, (double) bands[m]));
    CHECK (fabs (found[c] - expected) <= 1e-9, "%s, %u bands: coefficient %zu: %g, not %g", name, n_mels, c, found[c],
        expected);
    squares += found[c] * found[c];
  }
  for (size_t m = 0; m < n_mels; m++)
    energy += pow (10 * log10 (fmax (1e-10, (double) bands[m])), 2);
  CHECK (fabs (squares - energy) <= 1e-6 * energy, "%s, %u bands: the transform changes the energy", name, n_mels);
  dsp_mel_free (mel);
  dsp_mfcc_free (mfcc);
}

int
main (void)
{
  static float power[BINS];
  double found[20];
  check ("silence", power, MOST_MELS);
  DspMfcc *mfcc = dsp_mfcc_new (&all_bands, 20);
  dsp_mfcc_apply (mfcc, power, found);
  CHECK (fabs (found[0] + 100 * sqrt (MOST_MELS)) < 1e-9, "silence: %g", found[0]);
  for (size_t c = 1; c < 20; c++)
    CHECK (fabs (found[c]) < 1e-9, "silence: coefficient %zu is %g", c, found[c]);
  dsp_mfcc_free (mfcc);

  uint64_t seed = 1;
  for (size_t k = 0; k < BINS; k++)
    power[k] = fabsf (test_noise (&seed)) * 100;
  const unsigned n_mels[] = { MOST_MELS, 127, 40, 13, 2, 1 };
  for (size_t i = 0; i < sizeof n_mels / sizeof *n_mels; i++)
    check ("noise", power, n_mels[i]);
  TEST_END ();
}
