/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/descriptor_means.h - a stream that goes on -> what the descriptors are over a window of it, and over a run.
 *
 * Layer:   models; uses descriptors.
 * Threads: one object serves one thread at a time.
 *
 * Windows, runs and resets are those of models/genre_stream.
 */
#ifndef MODELS_DESCRIPTOR_MEANS_H
#define MODELS_DESCRIPTOR_MEANS_H

#include "models/descriptors.h"

typedef struct GenreDescriptorValues
{
  bool has_short_term;                                      /* there was a frame */
  bool has_long_term;                                       /* there were as many as a texture window has */
  double values[GENRE_FRAME_VALUES + GENRE_TEXTURE_VALUES]; /* as models/descriptors.h numbers them; 0 where there are
                                                               none */
} GenreDescriptorValues;

typedef struct GenreDescriptorMeans GenreDescriptorMeans;

/* rate_hz  2000 to 1000000
 * history  no window is longer: genre_stream_history()
 * NULL: out of memory. */
GenreDescriptorMeans *genre_descriptor_means_new (unsigned rate_hz, uint64_t history);
void genre_descriptor_means_free (GenreDescriptorMeans *means); /* NULL is a no-op */

/* Another rate: resets the window, keeps the run.  False: out of memory, nothing has changed. */
bool genre_descriptor_means_set_rate (GenreDescriptorMeans *means, unsigned rate_hz, uint64_t history);

/* A discontinuity: the next sample is sample 0. */
void genre_descriptor_means_reset_window (GenreDescriptorMeans *means);

/* The same, and a run begins. */
void genre_descriptor_means_reset (GenreDescriptorMeans *means);

/* samples [n_samples]  mono, finite; all of them are taken */
void genre_descriptor_means_push (GenreDescriptorMeans *means, const float *samples, size_t n_samples);

/* Of what has been pushed from sample `first` on: means over the frames that lie there and are complete, and the
 * texture window that ends with the last of them.  Valid until the next call. */
const GenreDescriptorValues *genre_descriptor_means_window (GenreDescriptorMeans *means, uint64_t first);

/* Of the run: means over all its frames, and over its texture windows, one each 128 frames, as `gst-genre-1.0 features`
 * has them.  A reset must follow. */
const GenreDescriptorValues *genre_descriptor_means_finish (GenreDescriptorMeans *means);

#endif
