/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-mel.c - the filterbank against its definition and its properties.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/mel.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

/* Slaney's scale as Auditory Toolbox and librosa write it. */
static double
mel_to_hz_ref (double mels)
{
  return mels < 15 ? mels * 200 / 3 : 1000 * pow (6.4, (mels - 15) / 27);
}

static double
hz_to_mel_ref (double hz)
{
  return hz < 1000 ? hz * 3 / 200 : 15 + 27 * log (hz / 1000) / log (6.4);
}

static double
triangle_ref (const DspMelConfig *config, unsigned i, double hz)
{
  const double low = hz_to_mel_ref (config->fmin_hz), high = hz_to_mel_ref (config->fmax_hz);
  double edge[3];
  for (unsigned j = 0; j < 3; j++)
    edge[j] = mel_to_hz_ref (low + (high - low) * (i + j) / (config->n_mels + 1));
  const double up = (hz - edge[0]) / (edge[1] - edge[0]), down = (edge[2] - hz) / (edge[2] - edge[1]);
  return fmax (0, fmin (up, down)) * 2 / (edge[2] - edge[0]);
}

static double
weight_ref (const DspMelConfig *config, size_t band, size_t bin)
{
  const double hz = (double) bin * config->bin_hz;
  if (hz > config->limit_hz * (1 + 1e-12))
    return 0;
  double sum = 0;
  for (unsigned i = 0; i < config->band_pool; i++)
    sum += triangle_ref (config, (unsigned) band * config->band_pool + i, hz);
  return config->scale * sum / config->band_pool;
}

/* Every weight, one after the other, by applying the filters to single bins. */
static void
check_weights (const DspMelConfig *config)
{
  DspMel *mel = dsp_mel_new (config);
  const size_t bands = dsp_mel_bands (mel), bins = dsp_mel_bins (mel);
  CHECK (bands == config->n_mels / config->band_pool, "%zu bands", bands);
  CHECK (bins >= 1 && bins <= config->n_bins, "%zu bins", bins);

  float *power = calloc (config->n_bins, sizeof *power), *out = calloc (bands, sizeof *out);
  for (size_t k = 0; k < config->n_bins; k++) {
    power[k] = 1;
    dsp_mel_apply (mel, power, out);
    power[k] = 0;
    for (size_t b = 0; b < bands; b++) {
      const double expected = weight_ref (config, b, k);
      const double peak = config->scale * 2 / config->bin_hz;
      CHECK (fabs ((double) out[b] - expected) <= 2e-7 * expected + 1e-12 * peak, "band %zu bin %zu: %g, expected %g",
          b, k, (double) out[b], expected);
      CHECK (k < bins || out[b] == 0, "bin %zu of %zu is read", k, bins);
    }
  }

  /* All at once, where the lanes meet. */
  uint64_t seed = 7;
  for (size_t k = 0; k < config->n_bins; k++)
    power[k] = 1 + test_noise (&seed);
  dsp_mel_apply (mel, power, out);
  for (size_t b = 0; b < bands; b++) {
    double expected = 0;
    for (size_t k = 0; k < config->n_bins; k++)
      expected += weight_ref (config, b, k) * (double) power[k];
    CHECK (fabs ((double) out[b] - expected) <= 2e-6 * expected, "band %zu: %g, expected %g", b, (double) out[b],
        expected);
  }
  free (power);
  free (out);
  dsp_mel_free (mel);
}

/* A fine grid sees the triangles themselves: area 1 each, so that white noise of density 1 per Hz gives `scale`. */
static void
check_area (void)
{
  const DspMelConfig config = { .n_mels = 128,
    .band_pool = 2,
    .fmin_hz = 0,
    .fmax_hz = 11025,
    .bin_hz = 0.05,
    .n_bins = 240001,
    .limit_hz = 12000,
    .scale = 3 };
  DspMel *mel = dsp_mel_new (&config);
  const size_t bins = dsp_mel_bins (mel);
  float *power = calloc (bins, sizeof *power), out[64];
  for (size_t k = 0; k < bins; k++)
    power[k] = 0.05f;
  dsp_mel_apply (mel, power, out);
  for (size_t b = 0; b < 64; b++)
    CHECK (fabs ((double) out[b] - 3) < 1e-4, "band %zu has area %g", b, (double) out[b]);
  CHECK (fabs ((double) bins * 0.05 - 11025) <= 0.1, "%zu bins", bins);
  free (power);
  dsp_mel_free (mel);
}

/* Bands above the spectrum or the limit hold nothing, and neither do triangles between two bins. */
static void
check_empty (void)
{
  DspMelConfig config = { .n_mels = 40,
    .band_pool = 1,
    .fmin_hz = 0,
    .fmax_hz = 11025,
    .bin_hz = 2000.0 / 186,
    .n_bins = 94,
    .limit_hz = 11025,
    .scale = 1 };
  check_weights (&config);
  DspMel *mel = dsp_mel_new (&config);
  float power[94], out[40];
  for (size_t k = 0; k < 94; k++)
    power[k] = 1;
  dsp_mel_apply (mel, power, out);
  for (size_t b = 0; b < 40; b++) {
    const double left = mel_to_hz_ref (hz_to_mel_ref (11025) * (double) b / 41);
    CHECK ((out[b] > 0) == (left < 1000), "band %zu from %g Hz: %g", b, left, (double) out[b]);
  }
  dsp_mel_free (mel);

  config = (DspMelConfig){ .n_mels = 256,
    .band_pool = 1,
    .fmin_hz = 0,
    .fmax_hz = 8000,
    .bin_hz = 16000 / 64.0,
    .n_bins = 33,
    .limit_hz = 8000,
    .scale = 1 };
  check_weights (&config);

  config = (DspMelConfig){ .n_mels = 4,
    .band_pool = 4,
    .fmin_hz = 3000,
    .fmax_hz = 3010,
    .bin_hz = 100,
    .n_bins = 30,
    .limit_hz = 4000,
    .scale = 1 };
  check_weights (&config);
}

int
main (void)
{
  dsp_mel_free (NULL);
  static const double hz[] = { 0, 20, 999.999, 1000, 1000.001, 6400, 22050, 500000 };
  for (size_t i = 0; i < sizeof hz / sizeof *hz; i++) {
    CHECK (fabs (dsp_mel_from_hz (hz[i]) - hz_to_mel_ref (hz[i])) < 1e-10, "%g Hz", hz[i]);
    CHECK (fabs (dsp_mel_to_hz (dsp_mel_from_hz (hz[i])) - hz[i]) <= 1e-11 * hz[i], "%g Hz and back", hz[i]);
  }

  DspMelConfig config = { .n_mels = 128,
    .band_pool = 2,
    .fmin_hz = 0,
    .fmax_hz = 11025,
    .bin_hz = 22050.0 / 2048,
    .n_bins = 1025,
    .limit_hz = 11025,
    .scale = 1 };
  check_weights (&config);
  config.bin_hz = 48000.0 / 4458; /* the limit is below half the rate */
  config.n_bins = 2230;
  config.scale = 0.21;
  check_weights (&config);
  config.limit_hz = 5000; /* and below fmax */
  config.band_pool = 1;
  check_weights (&config);
  config = (DspMelConfig){ .n_mels = 96,
    .band_pool = 3,
    .fmin_hz = 50,
    .fmax_hz = 7000,
    .bin_hz = 31.25,
    .n_bins = 257,
    .limit_hz = 8000,
    .scale = 1 };
  check_weights (&config);

  check_area ();
  check_empty ();
  TEST_END ();
}
