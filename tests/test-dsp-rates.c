/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-rates.c - the same sound at another rate has the same mel levels.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 *
 * What may differ, besides 1e-4 dB of rounding and of interpolated bins, follows from two roundings (docs/design.md),
 * and is predicted here:
 *
 *   window  n is the even number nearest to m = n_fft rate / sample_rate, so that bins lie m/n as far apart as at the
 *           recipe's rate.  A line's power is m/n of what it should be (.0017 dB at 24 kHz, where n = 2230 and m =
 *           2229.12; .0002 at 48 kHz; 0 at 44.1) in the straight part of a filter; where a filter bends, and on the
 *           skirts of a line, it depends on where the bins fall besides: line_level() is that sum.
 *   centre  a frame lies up to half a sample beside t hop / sample_rate.  Where the level of a band changes by s dB per
 *           second, that makes s / (2 rate) dB; steady lines do not care.
 */
#include "dsp/log_mel.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

enum
{
  BANDS = 64,
  SECONDS = 2,
  FRAMES = 1 + SECONDS * 22050 / 1708,
};

static const double PI = 3.14159265358979323846;
static double edge_hz[BANDS + 2]; /* of the filters */
static const DspLogMelConfig config = { 22050, 2048, 1708, 64, 1, 0, 11025 };

static void
make_edges (void)
{
  for (unsigned i = 0; i < BANDS + 2; i++) {
    const double mels = (15 + 27 * log (11.025) / log (6.4)) / (BANDS + 1) * i;
    edge_hz[i] = mels < 15 ? mels * 200 / 3 : 1000 * pow (6.4, (mels - 15) / 27);
  }
}

/* Lines 20 dB apart, no two within ten bands, each 5 bins or more from where its filters bend (above 2.2 kHz). */
static double
lines (double seconds)
{
  static const unsigned bands[] = { 35, 46, 57 };
  double x = 0;
  for (unsigned i = 0; i < 3; i++)
    x += pow (10, -1.0 * i) * 0.5 * sin (2 * PI * (edge_hz[bands[i]] + edge_hz[bands[i] + 1]) / 2 * seconds + i);
  return x;
}

/* 3 to 3.8 kHz at 400 Hz a second: slow enough to stay within four bins during a window. */
static double
chirp (double seconds)
{
  return 0.5 * sin (2 * PI * (3000 * seconds + 200 * seconds * seconds));
}

static void
analyse (double (*sound) (double), unsigned rate, float db[FRAMES][BANDS])
{
  const size_t n = (size_t) SECONDS * rate;
  float *samples = calloc (n, sizeof *samples);
  for (size_t i = 0; i < n; i++)
    samples[i] = (float) sound ((double) i / rate);

  DspLogMel *mel = dsp_log_mel_new (&config, rate);
  size_t frames = 0;
  DspLevel level, tail;
  for (size_t at = 0; at < n;) {
    at += dsp_log_mel_push (mel, samples + at, n - at);
    while (frames < FRAMES && dsp_log_mel_next (mel, db[frames], &level, &tail))
      frames++;
  }
  dsp_log_mel_finish (mel);
  while (frames < FRAMES && dsp_log_mel_next (mel, db[frames], &level, &tail))
    frames++;
  CHECK (frames == FRAMES && !dsp_log_mel_next (mel, db[0], &level, &tail), "%zu frames at %u Hz", frames, rate);
  dsp_power_to_db (&db[0][0], &db[0][0], (size_t) FRAMES * BANDS, 1e-10, 1, -1);
  dsp_log_mel_free (mel);
  free (samples);
}

/* |W|^2 of the Hann window, x bins off the line. */
static double
line_shape (double x)
{
  if (fabs (x) < 1e-9)
    return 1;
  if (fabs (fabs (x) - 1) < 1e-9)
    return 0.25;
  const double w = sin (PI * x) / (PI * x * (1 - x * x));
  return w * w;
}

/* Level in dB of a steady line in a band, up to a constant: by the sum over bins that lie bin_hz apart. */
static double
line_level (unsigned band, double hz, double bin_hz)
{
  const double left = edge_hz[band], peak = edge_hz[band + 1], right = edge_hz[band + 2];
  double sum = 0;
  for (double k = ceil (left / bin_hz); k * bin_hz < right; k++)
    sum += fmin ((k * bin_hz - left) / (peak - left), (right - k * bin_hz) / (right - peak))
        * line_shape (k - hz / bin_hz);
  return 10 * log10 (sum * bin_hz);
}

/* The most that the level of any band not `range` dB below the loudest can differ for lines from low to high. */
static double
predict (unsigned rate, double low_hz, double high_hz, double range)
{
  const double ideal = 22050.0 / 2048, n = 2 * rint (2048.0 * rate / 22050 / 2);
  double worst = 0, level[BANDS];
  for (double hz = low_hz; hz <= high_hz; hz += 2) {
    double loudest = -200;
    for (unsigned b = 0; b < BANDS; b++) {
      level[b] = line_level (b, hz, ideal);
      loudest = fmax (loudest, level[b]);
    }
    for (unsigned b = 0; b < BANDS; b++)
      if (level[b] > loudest - range)
        worst = fmax (worst, fabs (line_level (b, hz, rate / n) - level[b]));
  }
  return worst;
}

/* What the window's length makes of a line in the straight part of a filter, in dB. */
static double
window_db (unsigned rate)
{
  const double ideal = 2048.0 * rate / 22050;
  return fabs (10 * log10 (ideal / (2 * rint (ideal / 2))));
}

/* Levels not `range` dB below the loudest of the frame.  The first frame and the last are left out: they see the sound
 * break off, which the centre's rounding moves. */
static double
difference (float expected[FRAMES][BANDS], float found[FRAMES][BANDS], float range, unsigned least)
{
  double worst = 0;
  unsigned compared = 0;
  for (size_t t = 1; t + 1 < FRAMES; t++) {
    float loudest = -200;
    for (size_t b = 0; b < BANDS; b++)
      loudest = fmaxf (loudest, expected[t][b]);
    for (size_t b = 0; b < BANDS; b++)
      if (expected[t][b] > loudest - range) {
        worst = fmax (worst, fabs ((double) found[t][b] - (double) expected[t][b]));
        compared++;
      }
  }
  CHECK (compared >= least, "%u levels compared", compared);
  return worst;
}

int
main (void)
{
  static const unsigned rates[] = { 24000, 32000, 44056, 44100, 48000, 96000, 192000 };
  static float lines_db[FRAMES][BANDS], chirp_db[FRAMES][BANDS], found[FRAMES][BANDS];
  make_edges ();
  analyse (lines, 22050, lines_db);
  analyse (chirp, 22050, chirp_db);
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    const unsigned rate = rates[i];
    const double rounding = 1e-4;

    analyse (lines, rate, found);
    const double lines_off = difference (lines_db, found, 50, 130);
    CHECK (lines_off <= window_db (rate) + rounding, "lines, %u Hz: %g dB", rate, lines_off);
    CHECK (lines_off <= 0.003, "lines, %u Hz: %g dB", rate, lines_off);

    /* 10 dB below its peak a band of these is 18 Hz from its edge, and its level changes by 4.34 400 Hz/s / 18 Hz. */
    analyse (chirp, rate, found);
    const double chirp_off = difference (chirp_db, found, 10, 40);
    const double predicted = predict (rate, 3000, 3800, 10);
    CHECK (chirp_off <= predicted + 100 * 0.5 / rate + rounding, "chirp, %u Hz: %g dB", rate, chirp_off);
    printf ("%u Hz: lines %.5f dB (%.5f), chirp %.5f dB (%.5f)\n", rate, lines_off, window_db (rate), chirp_off,
        predicted);
  }
  TEST_END ();
}
