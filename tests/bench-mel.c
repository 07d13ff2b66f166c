/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench-mel.c - what mel spectrograms cost: CPU seconds of the calling thread for SECONDS of noise at RATE.
 *
 *     bench-mel [SECONDS [RATE]]
 *
 * 128 bands in dB as librosa has them: n_fft 2048, hop 1708 and filters up to 11025 Hz, at 22050 Hz; other rates are
 * analysed as they come.  Levels are summed, too, as for the element.  Prints "ours CPU", the median of REPEATS.
 *
 * Layer:   tests; dsp.  POSIX: the CPU clock.
 */
#define _POSIX_C_SOURCE 200809L

#include "dsp/log_mel.h"
#include "tests/bench.h"
#include "tests/test.h"

#include <stdlib.h>

enum
{
  BANDS = 128,
  REPEATS = 5,
  PIECE = 1024, /* samples a push */
};

static const DspLogMelConfig config = { .sample_rate_hz = 22050,
  .n_fft = 2048,
  .hop_length = 1708,
  .n_mels = BANDS,
  .band_pool = 1,
  .fmax_hz = 11025 };

/* Every complete frame in dB; returns how many. */
static size_t
take_frames (DspLogMel *mel)
{
  float power[BANDS];
  DspLevel level, tail;
  size_t n = 0;

  for (; dsp_log_mel_next (mel, power, &level, &tail); n++)
    dsp_power_to_db (power, power, BANDS, 1e-10, 1, -1);
  return n;
}

static double
measure (const float *samples, size_t n_samples, unsigned rate_hz)
{
  const double before = bench_seconds (CLOCK_THREAD_CPUTIME_ID);
  DspLogMel *mel = dsp_log_mel_new (&config, rate_hz);
  size_t n_frames = 0;

  for (size_t at = 0; at < n_samples;) {
    at += dsp_log_mel_push (mel, samples + at, n_samples - at < PIECE ? n_samples - at : PIECE);
    n_frames += take_frames (mel);
  }
  dsp_log_mel_finish (mel);
  n_frames += take_frames (mel);
  dsp_log_mel_free (mel);
  CHECK (n_frames >= n_samples / rate_hz * config.sample_rate_hz / config.hop_length, "%zu frames", n_frames);
  return bench_seconds (CLOCK_THREAD_CPUTIME_ID) - before;
}

int
main (int argc, char **argv)
{
  const size_t seconds = argc > 1 ? strtoul (argv[1], NULL, 10) : 600;
  const unsigned rate_hz = argc > 2 ? (unsigned) strtoul (argv[2], NULL, 10) : config.sample_rate_hz;
  double used[REPEATS];
  uint64_t seed = 1;

  if (seconds < 1 || seconds > 36000 || rate_hz < 2000 || rate_hz > 1000000) {
    fprintf (stderr, "usage: bench-mel [SECONDS, 1 to 36000 [RATE, 2000 to 1000000]]\n");
    return 2;
  }

  float *samples = calloc (seconds * rate_hz, sizeof *samples);

  for (size_t i = 0; i < seconds * rate_hz; i++)
    samples[i] = test_noise (&seed);
  for (size_t i = 0; i < REPEATS; i++)
    used[i] = measure (samples, seconds * rate_hz, rate_hz);
  free (samples);
  printf ("ours %.4f\n", bench_median (used, REPEATS));
  TEST_END ();
}
