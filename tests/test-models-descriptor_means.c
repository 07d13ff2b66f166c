/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-descriptor_means.c - means over windows and runs, against all frames kept.
 *
 * Layer:   tests; models.  Link with -Wl,--wrap=calloc.
 * Threads: one.
 */
#include "models/descriptor_means.h"
#include "tests/allocations_left.h"
#include "tests/test.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RATE = 8000,
  HISTORY = 6 * RATE,
  SAMPLES = 20 * RATE,
  MAX_FRAMES = 1000,
  N_VALUES = GENRE_FRAME_VALUES + GENRE_TEXTURE_VALUES,
};

/* All frames of samples [0, n) that are complete, or with the end all. */
typedef struct Frames
{
  double values[MAX_FRAMES][GENRE_FRAME_VALUES];
  double texture[GENRE_TEXTURE_VALUES];      /* the last */
  double texture_mean[GENRE_TEXTURE_VALUES]; /* of one each 128 frames */
  uint64_t center[MAX_FRAMES];
  size_t n, n_textures;
} Frames;

static void
read_frames (Frames *frames, const float *x, size_t n, bool to_the_end)
{
  GenreDescriptors *descriptors = genre_descriptors_new (RATE);
  memset (frames, 0, sizeof *frames);
  bool ended = false;
  for (size_t at = 0; at < n || (to_the_end && !ended);) {
    if (at < n) {
      at += genre_descriptors_push (descriptors, x + at, n - at);
    } else {
      genre_descriptors_finish (descriptors);
      ended = true;
    }
    while (genre_descriptors_next (descriptors, frames->values[frames->n])) {
      frames->center[frames->n] = genre_descriptors_center (descriptors, frames->n);
      frames->n++;
      if (genre_descriptors_texture (descriptors, frames->texture) && frames->n % 128 == 0) {
        frames->n_textures++;
        for (size_t i = 0; i < GENRE_TEXTURE_VALUES; i++)
          frames->texture_mean[i] += (frames->texture[i] - frames->texture_mean[i]) / (double) frames->n_textures;
      }
    }
  }
  genre_descriptors_free (descriptors);
}

static void
compare (const GenreDescriptorValues *found, const Frames *frames, uint64_t first, const double *texture,
    const char *name)
{
  double sum[GENRE_FRAME_VALUES] = { 0 };
  size_t n = 0;
  for (size_t t = 0; t < frames->n; t++)
    if (frames->center[t] >= first) {
      n++;
      for (size_t i = 0; i < GENRE_FRAME_VALUES; i++)
        sum[i] += frames->values[t][i];
    }
  CHECK (found->has_short_term == (n > 0) && found->has_long_term == (texture != NULL), "%s: what there is", name);
  for (size_t i = 0; i < GENRE_FRAME_VALUES && n > 0; i++)
    CHECK (fabs (found->values[i] - sum[i] / (double) n) <= 1e-9 * fmax (1, fabs (found->values[i])),
        "%s: value %zu: %g, not %g", name, i, found->values[i], sum[i] / (double) n);
  for (size_t i = 0; i < GENRE_TEXTURE_VALUES && texture; i++)
    CHECK (fabs (found->values[GENRE_FRAME_VALUES + i] - texture[i]) <= 1e-9 * fmax (1, fabs (texture[i])),
        "%s: long-term value %zu", name, i);
}

static void
test_windows (const float *x)
{
  static Frames frames;
  GenreDescriptorMeans *means = genre_descriptor_means_new (RATE, HISTORY);
  char name[64];

  for (int turn = 0; turn < 2; turn++) {
    size_t at = 0;
    for (size_t end = 500; end <= SAMPLES; end += 7777) {
      genre_descriptor_means_push (means, x + at, end - at);
      at = end;
      read_frames (&frames, x, end, false);
      for (uint64_t length = 100; length <= HISTORY; length *= 8) {
        const uint64_t first = end > length ? end - length : 0;
        snprintf (name, sizeof name, "turn %d, %d samples from %d", turn, (int) (end - first), (int) first);
        compare (genre_descriptor_means_window (means, first), &frames, first,
            frames.n >= GENRE_TEXTURE_FRAMES ? frames.texture : NULL, name);
      }
    }
    genre_descriptor_means_reset_window (means);
  }
  genre_descriptor_means_free (means);
}

static void
test_runs (const float *x)
{
  static Frames frames;
  static const size_t lengths[] = { 0, 1, 500, 4 * RATE, SAMPLES };
  GenreDescriptorMeans *means = genre_descriptor_means_new (RATE, HISTORY);

  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    genre_descriptor_means_push (means, x, lengths[i]);
    read_frames (&frames, x, lengths[i], true);
    compare (genre_descriptor_means_finish (means), &frames, 0, frames.n_textures > 0 ? frames.texture_mean : NULL,
        "a run");
    genre_descriptor_means_reset (means);
  }

  /* A run goes on over a reset of the window, and another rate. */
  genre_descriptor_means_push (means, x, 2 * RATE);
  genre_descriptor_means_reset_window (means);
  genre_descriptor_means_push (means, x, 2 * RATE);
  CHECK (genre_descriptor_means_set_rate (means, RATE, HISTORY), "the same rate");
  genre_descriptor_means_push (means, x, 2 * RATE);
  genre_descriptor_means_reset_window (means);
  const GenreDescriptorValues thrice = *genre_descriptor_means_finish (means);
  genre_descriptor_means_reset (means);
  genre_descriptor_means_push (means, x, 2 * RATE);
  genre_descriptor_means_reset_window (means);
  const GenreDescriptorValues once = *genre_descriptor_means_finish (means);
  for (size_t i = 0; i < GENRE_FRAME_VALUES; i++) /* the one frame of no sample at the end weighs less */
    CHECK (fabs (thrice.values[i] - once.values[i]) <= .03 * fmax (1, fabs (once.values[i])), "three times: %zu", i);
  genre_descriptor_means_free (means);
}

/* Without memory for another rate the object goes on as it was. */
static void
test_memory (const float *x)
{
  GenreDescriptorMeans *means = NULL;
  int needed = 0;

  for (; !means && needed < 100; needed++) {
    allocations_left = needed;
    means = genre_descriptor_means_new (RATE, HISTORY);
    allocations_left = INT_MAX;
  }
  CHECK (means && needed > 30, "%d allocations", needed);
  genre_descriptor_means_push (means, x, RATE);
  const GenreDescriptorValues before = *genre_descriptor_means_window (means, 0);
  for (int k = 0; k < needed - 2; k++) {
    allocations_left = k;
    CHECK (!genre_descriptor_means_set_rate (means, 2 * RATE, 2 * HISTORY), "%d allocations are enough", k);
    allocations_left = INT_MAX;
    CHECK (memcmp (genre_descriptor_means_window (means, 0), &before, sizeof before) == 0, "changed by a failure");
  }
  genre_descriptor_means_free (means);
  genre_descriptor_means_free (NULL);
}

int
main (void)
{
  static float x[SAMPLES];
  uint64_t seed = 1;
  for (size_t i = 0; i < SAMPLES; i++)
    x[i] = test_noise (&seed) * (float) (1 + sin ((double) i / 3000)) / 2;
  test_windows (x);
  test_runs (x);
  test_memory (x);
  TEST_END ();
}
