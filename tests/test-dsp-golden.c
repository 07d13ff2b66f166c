/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-golden.c - dsp/log_mel against librosa: tests/golden/dsp-mel.safetensors, made by make-mel-golden.py.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/log_mel.h"
#include "tests/golden.h"

#include <math.h>

enum
{
  MAX_FRAMES = 128,
  MAX_BANDS = 128,
};

static const double AMIN = 1e-10;

static Golden golden;

/* All frames of a stream that is pushed in pieces of 1000: their number. */
static size_t
run (const DspLogMelConfig *config, const float *samples, size_t n, float *power)
{
  DspLogMel *mel = dsp_log_mel_new (config, config->sample_rate_hz);
  const unsigned bands = config->n_mels / config->band_pool;
  size_t frames = 0;
  DspLevel level, tail;
  for (size_t at = 0; at < n;) {
    at += dsp_log_mel_push (mel, samples + at, n - at < 1000 ? n - at : 1000);
    while (frames < MAX_FRAMES && dsp_log_mel_next (mel, power + frames * bands, &level, &tail))
      frames++;
  }
  dsp_log_mel_finish (mel);
  while (frames < MAX_FRAMES && dsp_log_mel_next (mel, power + frames * bands, &level, &tail))
    frames++;
  dsp_log_mel_free (mel);
  return frames;
}

static void
compare (const char *name, const DspLogMelConfig *config, const float *samples)
{
  static float power[MAX_FRAMES * MAX_BANDS], db[MAX_FRAMES * MAX_BANDS];
  const size_t n = config->sample_rate_hz; /* a second */
  const unsigned bands = config->n_mels / config->band_pool;
  const size_t frames = run (config, samples, n, power);
  CHECK (frames == 1 + n / config->hop_length, "%s: %zu frames", name, frames);

  char at[96];
  snprintf (at, sizeof at, "%s/%u-%u-%u-%u%s", name, config->sample_rate_hz, config->n_fft, config->hop_length, bands,
      config->band_pool > 1 ? "p" : "");
  char key[128];
  snprintf (key, sizeof key, "%s/power", at);
  const float *expected_power = golden_tensor (&golden, key, frames * bands);
  snprintf (key, sizeof key, "%s/db", at);
  const float *expected_db = golden_tensor (&golden, key, frames * bands);
  if (!expected_power || !expected_db)
    return;

  dsp_power_to_db (power, db, frames * bands, AMIN, 1, -1);
  double worst_power = 0, worst_db = 0;
  for (size_t i = 0; i < frames * bands; i++) {
    const double p = (double) expected_power[i];
    if (p > AMIN)
      worst_power = fmax (worst_power, fabs ((double) power[i] - p) / p);
    worst_db = fmax (worst_db, fabs ((double) db[i] - (double) expected_db[i]));
  }
  CHECK (worst_power <= 1e-4, "%s: %g", at, worst_power);
  CHECK (worst_db <= 0.01, "%s: %g dB", at, worst_db);
  printf ("%s: relative power error %.2g, %.2g dB\n", at, worst_power, worst_db);
}

/* ref "max" and top_db 80 over the whole second: nothing is left out, for the floor hides what is too quiet. */
static void
compare_max (const char *name, const DspLogMelConfig *config, const float *samples)
{
  static float power[MAX_FRAMES * MAX_BANDS];
  const size_t n = run (config, samples, config->sample_rate_hz, power) * config->n_mels;
  char key[128];
  snprintf (key, sizeof key, "%s/22050-2048-512-128/db-max", name);
  const float *expected = golden_tensor (&golden, key, n);
  if (!expected)
    return;

  dsp_power_to_db (power, power, n, AMIN, 0, 80);
  double worst = 0;
  for (size_t i = 0; i < n; i++)
    worst = fmax (worst, fabs ((double) power[i] - (double) expected[i]));
  CHECK (worst <= 0.01, "%s: %g dB", key, worst);
  printf ("%s: %.2g dB\n", key, worst);
}

int
main (void)
{
  golden = golden_load ("dsp-mel.safetensors");

  static const DspLogMelConfig configs[] = {
    { 22050, 2048, 512, 128, 1, 0, 11025 },
    { 22050, 2048, 1708, 128, 2, 0, 11025 },
    { 16000, 512, 256, 96, 1, 0, 8000 },
    { 22050, 512, 256, 64, 1, 0, 11025 },
  };
  for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
    const size_t n = configs[i].sample_rate_hz;
    static float noise[22050];
    uint64_t seed = 1;
    for (size_t k = 0; k < n; k++)
      noise[k] = test_noise (&seed) * 0.25f;
    char key[32];
    snprintf (key, sizeof key, "chirp/%zu", n);
    const float *chirp = golden_tensor (&golden, key, n);

    compare ("noise", &configs[i], noise);
    if (chirp)
      compare ("chirp", &configs[i], chirp);
    if (i == 0) {
      compare_max ("noise", &configs[i], noise);
      if (chirp)
        compare_max ("chirp", &configs[i], chirp);
    }
  }
  golden_free (&golden);
  TEST_END ();
}
