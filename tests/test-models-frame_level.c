/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-frame_level.c - the level that is read from the frames against that of the samples.
 */
#include "models/sets/frame_level.h"

#include "models/frames.h"
#include "tests/test.h"

#include <math.h>

enum
{
  SECONDS = 6,
};

/* What a set would say of these samples. */
static double
level_of (const GenreFrontend *frontend, const float *samples, size_t n, unsigned rate_hz)
{
  GenreFrames *frames = genre_frames_new (frontend, rate_hz);
  FrameLevel *level = frame_level_new (frontend, 1024);
  float *db = g_new (float, frontend->bands);
  GenreFrame frame;
  size_t n_frames = 0;

  frame_level_reset (level, -HUGE_VAL);
  while (genre_frames_next (frames, &samples, &n, &frame)) {
    genre_frontend_power_to_db (frame.power, db, frontend->bands);
    if (n_frames++ > 0) /* the first one begins with zeros */
      frame_level_push (level, db, 0);
  }
  const double level_db = frame_level_window_db (level, n_frames - 1);
  g_free (db);
  frame_level_free (level);
  genre_frames_free (frames);
  return level_db;
}

int
main (void)
{
  static const unsigned rates[] = { 22050, 44100, 48000 };
  GenreModel *model = genre_model_default (NULL);
  const GenreFrontend *frontend = genre_model_frontend (model);
  uint64_t random = 11;

  for (size_t r = 0; r < G_N_ELEMENTS (rates); r++) {
    const size_t n = (size_t) rates[r] * SECONDS;
    float *samples = g_new (float, n);

    /* Tones, from bass to treble: the level is that of the samples. */
    for (double hz = 60; hz < 10000; hz *= 1.7) {
      for (size_t i = 0; i < n; i++)
        samples[i] = .02f * (float) sin (2 * 3.14159265358979 * hz * (double) i / rates[r]);
      const double found = level_of (frontend, samples, n, rates[r]), wanted = 20 * log10 (.02) - 3.0103;
      if (hz > 200) /* below, a steady tone may be in the lowest band */
        CHECK (fabs (found - wanted) < .5, "%u Hz: a tone of %.0f Hz: %.2f dBFS instead of %.2f", rates[r], hz, found,
            wanted);
    }

    /* Noise up to half the rate: what lies above fmax is missed. */
    double square = 0;
    for (size_t i = 0; i < n; i++) {
      samples[i] = .01f * test_noise (&random);
      square += (double) samples[i] * (double) samples[i];
    }
    const double share = fmin (1, 22050. / rates[r]);
    const double wanted = 10 * log10 (square / (double) n * share);
    CHECK (fabs (level_of (frontend, samples, n, rates[r]) - wanted) < .5, "%u Hz: noise: %.2f instead of %.2f",
        rates[r], level_of (frontend, samples, n, rates[r]), wanted);

    /* A constant, however large, is no sound. */
    for (size_t i = 0; i < n; i++)
      samples[i] = .1f;
    CHECK (level_of (frontend, samples, n, rates[r]) < -60, "%u Hz: a constant: %.2f", rates[r],
        level_of (frontend, samples, n, rates[r]));
    g_free (samples);
  }
  genre_model_unref (model);
  TEST_END ();
}
