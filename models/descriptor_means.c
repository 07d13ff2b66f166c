/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/descriptor_means.h"

#include <stdlib.h>
#include <string.h>

enum
{
  STEP = GENRE_TEXTURE_FRAMES / 2, /* from one texture window of a run to the next */
};

struct GenreDescriptorMeans
{
  GenreDescriptors *descriptors;
  size_t capacity; /* frames that the longest window has */
  double *frames;  /* [capacity][GENRE_FRAME_VALUES] ring: frame t is at t mod capacity */

  /* of the run */
  double frame_sum[GENRE_FRAME_VALUES];
  double texture_sum[GENRE_TEXTURE_VALUES];
  uint64_t n_frames, n_textures;

  GenreDescriptorValues answer;
};

GenreDescriptorMeans *
genre_descriptor_means_new (unsigned rate_hz, uint64_t history)
{
  GenreDescriptorMeans *means = calloc (1, sizeof *means);

  if (means && !genre_descriptor_means_set_rate (means, rate_hz, history))
    g_clear_pointer (&means, genre_descriptor_means_free);
  return means;
}

void
genre_descriptor_means_free (GenreDescriptorMeans *means)
{
  if (!means)
    return;
  genre_descriptors_free (means->descriptors);
  free (means->frames);
  free (means);
}

bool
genre_descriptor_means_set_rate (GenreDescriptorMeans *means, unsigned rate_hz, uint64_t history)
{
  GenreDescriptors *descriptors = genre_descriptors_new (rate_hz);
  if (!descriptors)
    return false;
  /* Hops differ by a sample: the tenth tells their length well enough. */
  const size_t capacity = (size_t) (10 * history / genre_descriptors_center (descriptors, 10)) + 2;
  double *frames = calloc (capacity * GENRE_FRAME_VALUES, sizeof *frames);
  if (!frames) {
    genre_descriptors_free (descriptors);
    return false;
  }

  genre_descriptors_free (means->descriptors);
  free (means->frames);
  means->descriptors = descriptors;
  means->capacity = capacity;
  means->frames = frames;
  return true;
}

void
genre_descriptor_means_reset_window (GenreDescriptorMeans *means)
{
  genre_descriptors_reset (means->descriptors);
}

void
genre_descriptor_means_reset (GenreDescriptorMeans *means)
{
  genre_descriptor_means_reset_window (means);
  memset (means->frame_sum, 0, sizeof means->frame_sum);
  memset (means->texture_sum, 0, sizeof means->texture_sum);
  means->n_frames = means->n_textures = 0;
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

static double *
frame_at (const GenreDescriptorMeans *means, uint64_t frame)
{
  return means->frames + frame % means->capacity * GENRE_FRAME_VALUES;
}

static void
add (double *sum, const double *values, size_t n)
{
  for (size_t i = 0; i < n; i++)
    sum[i] += values[i];
}

static void
take_frames (GenreDescriptorMeans *means)
{
  double texture[GENRE_TEXTURE_VALUES], *frame;
  uint64_t n = genre_descriptors_frame (means->descriptors);

  while (genre_descriptors_next (means->descriptors, frame = frame_at (means, n))) {
    n++;
    means->n_frames++;
    add (means->frame_sum, frame, GENRE_FRAME_VALUES);
    if (n % STEP == 0 && genre_descriptors_texture (means->descriptors, texture)) {
      means->n_textures++;
      add (means->texture_sum, texture, GENRE_TEXTURE_VALUES);
    }
  }
}

void
genre_descriptor_means_push (GenreDescriptorMeans *means, const float *samples, size_t n_samples)
{
  for (size_t taken = 0; taken < n_samples;) {
    taken += genre_descriptors_push (means->descriptors, samples + taken, n_samples - taken);
    take_frames (means);
  }
}

/* --- answers --------------------------------------------------------------------------------------------------- */

/* values [n] become sum / count */
static void
set_mean (double *values, const double *sum, size_t n, uint64_t count)
{
  for (size_t i = 0; i < n; i++)
    values[i] = sum[i] / (double) count;
}

const GenreDescriptorValues *
genre_descriptor_means_window (GenreDescriptorMeans *means, uint64_t first)
{
  const uint64_t end = genre_descriptors_frame (means->descriptors);
  GenreDescriptorValues *answer = &means->answer;
  double sum[GENRE_FRAME_VALUES] = { 0 };
  uint64_t n = 0;

  while (n < end && n < means->capacity && genre_descriptors_center (means->descriptors, end - 1 - n) >= first) {
    n++;
    add (sum, frame_at (means, end - n), GENRE_FRAME_VALUES);
  }
  *answer = (GenreDescriptorValues){ .has_short_term = n > 0 };
  if (n > 0)
    set_mean (answer->values, sum, GENRE_FRAME_VALUES, n);
  answer->has_long_term = genre_descriptors_texture (means->descriptors, answer->values + GENRE_FRAME_VALUES);
  return answer;
}

const GenreDescriptorValues *
genre_descriptor_means_finish (GenreDescriptorMeans *means)
{
  GenreDescriptorValues *answer = &means->answer;

  genre_descriptors_finish (means->descriptors);
  take_frames (means);
  *answer = (GenreDescriptorValues){ .has_short_term = means->n_frames > 0, .has_long_term = means->n_textures > 0 };
  if (answer->has_short_term)
    set_mean (answer->values, means->frame_sum, GENRE_FRAME_VALUES, means->n_frames);
  if (answer->has_long_term)
    set_mean (answer->values + GENRE_FRAME_VALUES, means->texture_sum, GENRE_TEXTURE_VALUES, means->n_textures);
  return answer;
}
