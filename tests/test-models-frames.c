/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-frames.c - frames are those of dsp/log_mel, whatever the pieces; reset equals fresh; the end brings
 * the frames that are centred before it; levels are librosa's dB; the k-th allocation fails for every k.
 *
 * Layer:   tests; models.  Link with -Wl,--wrap=malloc,--wrap=calloc.
 * Threads: one.
 */
#include "dsp/log_mel.h"
#include "models/frames.h"
#include "tests/allocations_left.h"
#include "tests/test.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  BANDS = 20,
  HOP = 256,
  RATE = 11025, /* of the input; the recipe's is 16000 */
  N = 20000,
  MAX_FRAMES = 200,
};

static const GenreFrontend frontend = {
  .mel = {
    .sample_rate_hz = 16000,
    .n_fft = 512,
    .hop_length = HOP,
    .n_mels = 2 * BANDS,
    .band_pool = 2,
    .fmax_hz = 8000,
  },
  .bands = BANDS,
};

/* All frames of a stream. */
typedef struct Frames
{
  size_t n;
  float power[MAX_FRAMES][BANDS];
  DspLevel before[MAX_FRAMES], behind[MAX_FRAMES];
} Frames;

/* As the header of dsp/log_mel says it is used, all samples in one call. */
static void
expect (const float *samples, size_t n, bool finish, Frames *all)
{
  DspLogMel *mel = dsp_log_mel_new (&frontend.mel, RATE);

  memset (all, 0, sizeof *all);
  for (size_t at = 0; at < n;) {
    at += dsp_log_mel_push (mel, samples + at, n - at);
    while (dsp_log_mel_next (mel, all->power[all->n], &all->before[all->n], &all->behind[all->n]))
      all->n++;
  }
  if (finish)
    dsp_log_mel_finish (mel);
  while (finish && dsp_log_mel_next (mel, all->power[all->n], &all->before[all->n], &all->behind[all->n]))
    all->n++;
  dsp_log_mel_free (mel);
}

static void
take (GenreFrames *frames, const float *samples, size_t n, Frames *all)
{
  GenreFrame frame;

  while (genre_frames_next (frames, &samples, &n, &frame)) {
    memcpy (all->power[all->n], frame.power, sizeof all->power[0]);
    all->before[all->n] = frame.before;
    all->behind[all->n++] = frame.behind;
  }
  CHECK (n == 0, "%zu samples are left", n);
}

static void
test_pieces (const float *samples)
{
  static Frames expected, found;
  GenreFrames *frames = genre_frames_new (&frontend, RATE);

  for (int finish = 0; finish < 2; finish++) {
    expect (samples, N, finish, &expected);
    CHECK (expected.n > 100 && expected.n < MAX_FRAMES, "%zu frames", expected.n);
    for (size_t piece = 1; piece <= N; piece = 2 * piece + 13) {
      genre_frames_reset (frames);
      memset (&found, 0, sizeof found);
      for (size_t at = 0; at < N; at += piece)
        take (frames, samples + at, N - at < piece ? N - at : piece, &found);
      if (finish) {
        genre_frames_finish (frames);
        take (frames, NULL, 0, &found);
      }
      CHECK (memcmp (&expected, &found, sizeof found) == 0, "pieces of %zu, %d: %zu other frames", piece, finish,
          found.n);
    }
  }
  genre_frames_free (frames);
}

/* When a frame comes: with the sample that completes it, and not before. */
static void
test_times (const float *samples)
{
  GenreFrames *frames = genre_frames_new (&frontend, RATE);
  const unsigned half = genre_frames_half_window (frames);
  GenreFrame frame;
  uint64_t t = 0;

  CHECK (genre_frames_center (frames, 0) == 0 && genre_frames_center (frames, 16000) == (uint64_t) HOP * RATE,
      "frame 16000 is centred on sample %d", (int) genre_frames_center (frames, 16000));
  for (size_t i = 0; i < N; i++) {
    const float *next = samples + i;
    size_t left = 1;

    while (genre_frames_next (frames, &next, &left, &frame)) {
      CHECK (i + 1 == genre_frames_center (frames, t) + half, "frame %d came with sample %zu", (int) t, i);
      t++;
    }
  }
  CHECK (t > 100, "%d frames", (int) t);
  genre_frames_free (frames);
}

static void
test_levels (void)
{
  const float power[] = { 0, 1e-12f, 1e-10f, 1e-3f, 1, 1e6f }, expected[] = { -100, -100, -100, -30, 0, 60 };
  float mean[BANDS], std[BANDS], db[6];
  GenreFrontend whole = frontend;

  whole.amin = 1e-5, whole.ref = 0, whole.top_db = -1, whole.mean = mean, whole.std = std;

  genre_frontend_power_to_db (power, db, 6);
  for (size_t i = 0; i < 6; i++)
    CHECK (fabsf (db[i] - expected[i]) < 1e-4f, "%g is %g dB", (double) power[i], (double) db[i]);

  GenreFrontend levels = genre_frontend_of_levels (&whole);
  CHECK (levels.mel.sample_rate_hz == 16000 && levels.mel.n_fft == 512 && levels.mel.hop_length == HOP
          && levels.mel.n_mels == 2 * BANDS && levels.mel.band_pool == 2 && levels.bands == BANDS
          && fabs (levels.mel.fmin_hz) < 1e-9 && fabs (levels.mel.fmax_hz - 8000) < 1e-9,
      "another spectrogram");
  CHECK (fabs (levels.amin - 1e-10) < 1e-24 && fabs (levels.ref - 1) < 1e-12 && fabs (levels.top_db - 80) < 1e-12,
      "amin %g, ref %g, top_db %g", levels.amin, levels.ref, levels.top_db);
  for (size_t b = 0; b < BANDS; b++)
    CHECK (fabsf (levels.mean[b]) < 1e-12f && fabsf (levels.std[b] - 1) < 1e-12f, "band %zu is standardised", b);
  genre_frontend_clear (&levels);
}

static void
test_oom (void)
{
  GenreFrames *frames = NULL;
  int k = 0;

  for (; !frames && k < 1000; k++) {
    allocations_left = k;
    frames = genre_frames_new (&frontend, RATE);
    allocations_left = INT_MAX;
  }
  CHECK (k >= 5 && frames, "%d allocations", k);
  genre_frames_free (frames);
  genre_frames_free (NULL);
}

int
main (void)
{
  float *samples = malloc (N * sizeof *samples);
  uint64_t seed = 3;

  for (size_t i = 0; i < N; i++)
    samples[i] = test_noise (&seed);
  test_pieces (samples);
  test_times (samples);
  test_levels ();
  test_oom ();
  free (samples);
  TEST_END ();
}
