/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-stft.c - frames and spectra at rates of all kinds against their definitions; reset against fresh; a
 * tone that is as loud at every rate.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/stft.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  N_FRAMES = 5, /* looked at */
};

static const double PI = 3.14159265358979323846;
static const DspStftConfig config = { .sample_rate_hz = 22050, .n_fft = 2048, .hop_length = 1708 };

/* x[i] of the stream, zeros around it. */
static double
sample_at (const float *x, size_t n_samples, int64_t i)
{
  return i < 0 || (uint64_t) i >= n_samples ? 0 : (double) x[i];
}

/* |sum_t hann (t) x[first + t] exp (-2 pi i k t / n)|^2 */
static double
power_ref (const float *x, size_t n_samples, int64_t first, size_t n, size_t k)
{
  double re = 0, im = 0;
  for (size_t t = 0; t < n; t++) {
    const double hann = .5 - .5 * cos (2 * PI * (double) t / (double) n);
    const double phase = 2 * PI * (double) (k * t % n) / (double) n;
    const double value = hann * sample_at (x, n_samples, first + (int64_t) t);
    re += value * cos (phase);
    im -= value * sin (phase);
  }
  return re * re + im * im;
}

static void
check_frame (const DspStft *stft, const float *frame, const float *x, size_t n_samples, uint64_t t, unsigned rate_hz)
{
  const size_t n = dsp_stft_grid (&config, rate_hz).n, n_bins = n / 2 + 1;
  const uint64_t center = (uint64_t) floor ((double) t * config.hop_length * rate_hz / config.sample_rate_hz + .5);
  const int64_t first = (int64_t) center - (int64_t) (n / 2);
  const float *power = dsp_stft_power (stft);
  double loudest = 0;

  CHECK (dsp_stft_center (stft, t) == center, "%u Hz: frame %d", rate_hz, (int) t);
  for (size_t i = 0; i < n; i++)
    if ((double) frame[i] != sample_at (x, n_samples, first + (int64_t) i)) {
      CHECK (false, "%u Hz: frame %d: sample %zu", rate_hz, (int) t, i);
      break;
    }
  for (size_t k = 0; k < n_bins; k++)
    loudest = fmax (loudest, (double) power[k]);
  for (size_t k = 0; k < n_bins; k += n_bins / 23) {
    const double expected = power_ref (x, n_samples, first, n, k);
    CHECK (fabs ((double) power[k] - expected) <= 1e-6 * loudest, "%u Hz: frame %d: bin %zu: %g, not %g", rate_hz,
        (int) t, k, (double) power[k], expected);
  }
}

/* Frames of a stream of noise that comes in pieces of up to `piece`; returns how many. */
static uint64_t
check_stream (DspStft *stft, const float *x, size_t n_samples, size_t piece, unsigned rate_hz)
{
  uint64_t t = 0;
  const float *frame;
  for (size_t at = 0; at < n_samples;) {
    at += dsp_stft_push (stft, x + at, n_samples - at < piece ? n_samples - at : piece);
    while ((frame = dsp_stft_next (stft)) != NULL)
      check_frame (stft, frame, x, n_samples, t++, rate_hz);
  }
  CHECK (dsp_stft_position (stft) == n_samples, "%u Hz: position", rate_hz);
  dsp_stft_finish (stft);
  while ((frame = dsp_stft_next (stft)) != NULL)
    check_frame (stft, frame, x, n_samples, t++, rate_hz);
  CHECK (dsp_stft_frame (stft) == t, "%u Hz: frame", rate_hz);
  return t;
}

static void
test_rates (void)
{
  static const struct
  {
    unsigned rate_hz, n;
  } rows[] = { { 22050, 2048 }, { 48000, 4458 }, { 44100, 4096 }, { 8000, 744 }, { 11025, 1024 }, { 2000, 186 } };

  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    const unsigned rate_hz = rows[r].rate_hz;
    const size_t n_samples = (size_t) (N_FRAMES - 1) * config.hop_length * rate_hz / config.sample_rate_hz + 1;
    const DspStftGrid grid = dsp_stft_grid (&config, rate_hz);
    float *x = calloc (n_samples, sizeof *x);
    uint64_t seed = rate_hz;

    CHECK (grid.n == rows[r].n, "%u Hz: %u samples", rate_hz, grid.n);
    CHECK (grid.bin_hz == (double) rate_hz / grid.n, "%u Hz: %g Hz a bin", rate_hz, grid.bin_hz);
    for (size_t i = 0; i < n_samples; i++)
      x[i] = test_noise (&seed);

    DspStft *stft = dsp_stft_new (&config, rate_hz, grid.n / 2 + 1);
    CHECK (check_stream (stft, x, n_samples, 1000, rate_hz) == N_FRAMES, "%u Hz: frames", rate_hz);
    dsp_stft_reset (stft);
    CHECK (check_stream (stft, x, n_samples, 77, rate_hz) == N_FRAMES, "%u Hz: frames after a reset", rate_hz);
    dsp_stft_free (stft);
    free (x);
  }
}

/* Fewer bins are the first of all, but for what dsp/fft.h says of the rounding. */
static void
test_bins (void)
{
  static float x[8192];
  DspStft *all = dsp_stft_new (&config, 48000, 4458 / 2 + 1), *some = dsp_stft_new (&config, 48000, 300);
  uint64_t seed = 3;
  for (size_t i = 0; i < 8192; i++)
    x[i] = test_noise (&seed);
  dsp_stft_push (all, x, 8192);
  dsp_stft_push (some, x, 8192);
  CHECK (dsp_stft_next (all) && dsp_stft_next (some), "no frame");
  double loudest = 0;
  for (size_t k = 0; k < 4458 / 2 + 1; k++)
    loudest = fmax (loudest, sqrt ((double) dsp_stft_power (all)[k]));
  for (size_t k = 0; k < 300; k++) {
    const double expected = sqrt ((double) dsp_stft_power (all)[k]), found = sqrt ((double) dsp_stft_power (some)[k]);
    CHECK (fabs (found - expected) <= 8e-7 * loudest, "bin %zu: %g, not %g", k, found, expected);
  }
  dsp_stft_free (all);
  dsp_stft_free (some);
  dsp_stft_free (NULL);
}

/* The scaled power of a 1 kHz tone, in the frame on sample c(1), from 800 to 1200 Hz. */
static double
tone_power (unsigned rate_hz)
{
  const DspStftGrid grid = dsp_stft_grid (&config, rate_hz);
  DspStft *stft = dsp_stft_new (&config, rate_hz, grid.n / 2 + 1);
  double sum = 0;
  for (size_t i = 0; dsp_stft_frame (stft) < 2; i++) {
    const float x = (float) sin (2 * PI * 1000 * (double) i / rate_hz);
    dsp_stft_push (stft, &x, 1);
    dsp_stft_next (stft);
  }
  for (size_t k = 0; k < grid.n / 2 + 1; k++)
    if ((double) k * grid.bin_hz > 800 && (double) k * grid.bin_hz < 1200)
      sum += grid.scale * (double) dsp_stft_power (stft)[k];
  dsp_stft_free (stft);
  return sum;
}

static void
test_scale (void)
{
  static const unsigned rates[] = { 8000, 16000, 44100, 48000, 96000 };
  const double expected = tone_power (22050);

  CHECK (dsp_stft_grid (&config, 22050).scale == 1, "the recipe's own rate");
  for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
    const double power = tone_power (rates[r]);
    CHECK (fabs (power / expected - 1) < 2e-3, /* at 8 kHz a frame of 744 samples should have 743.04 */
        "%u Hz: %g, not %g", rates[r], power, expected);
  }
}

int
main (void)
{
  test_rates ();
  test_bins ();
  test_scale ();
  TEST_END ();
}
