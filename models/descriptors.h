/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/descriptors.h - mono PCM of any rate -> the ten descriptors of music, by names and units that a person knows.
 *
 * Layer:   models; uses dsp/descriptors.  Knows no model.
 * Threads: the tables are constant; one GenreDescriptors serves one thread at a time.
 *
 * A descriptor has one value or several, as "mfcc" has "mfcc_0" ... "mfcc_19".  Short-term values are of a frame,
 * long-term ones of a texture window of 256 frames, 5.94 s.  dsp/ says of each how it is computed.
 */
#ifndef MODELS_DESCRIPTORS_H
#define MODELS_DESCRIPTORS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
  GENRE_N_DESCRIPTORS = 10,
  GENRE_FRAME_VALUES = 31,   /* short-term; the first six descriptors */
  GENRE_TEXTURE_VALUES = 43, /* long-term; the other four */
  GENRE_TEXTURE_FRAMES = 256,
};

/* --- names ------------------------------------------------------------------------------------------------------ */

typedef struct GenreDescriptor
{
  const char *name; /* "spectral_centroid" */
  const char *help; /* one line */
  size_t first, n;  /* of its values: the short-term ones are [0, 31), the long-term ones [31, 74) */
} GenreDescriptor;

/* index: less than GENRE_N_DESCRIPTORS; in the order of their values */
const GenreDescriptor *genre_descriptor (size_t index);

/* By its name; NULL: there is none. */
const GenreDescriptor *genre_descriptor_find (const char *name);

/* "spectral_centroid_hz", "spectral_contrast_3_db": g_free() it.  value: less than GENRE_FRAME_VALUES +
 * GENRE_TEXTURE_VALUES */
char *genre_descriptor_value_name (size_t value);

/* --- values ----------------------------------------------------------------------------------------------------- */

typedef struct GenreDescriptors GenreDescriptors;

/* rate_hz: 2000 to 1000000.  NULL: out of memory. */
GenreDescriptors *genre_descriptors_new (unsigned rate_hz);
void genre_descriptors_free (GenreDescriptors *descriptors); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GenreDescriptors, genre_descriptors_free)

/* As fresh: the next sample is sample 0, the next frame is frame 0. */
void genre_descriptors_reset (GenreDescriptors *descriptors);

uint64_t genre_descriptors_frame (const GenreDescriptors *descriptors);                  /* the next */
uint64_t genre_descriptors_center (const GenreDescriptors *descriptors, uint64_t frame); /* samples: where it lies */

/* As dsp_descriptors_push() and dsp_descriptors_finish(). */
size_t genre_descriptors_push (GenreDescriptors *descriptors, const float *samples, size_t n_samples);
void genre_descriptors_finish (GenreDescriptors *descriptors);

/* values [GENRE_FRAME_VALUES]  out, finite
 *
 * Of the next frame; false, and nothing written, when there is none yet. */
bool genre_descriptors_next (GenreDescriptors *descriptors, double *values);

/* values [GENRE_TEXTURE_VALUES]  out, finite
 *
 * Of the texture window that ends with the last frame; false, and nothing written, where fewer frames have come. */
bool genre_descriptors_texture (GenreDescriptors *descriptors, double *values);

#endif
