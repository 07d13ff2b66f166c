/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/descriptors.h - PCM stream of any rate -> ten descriptors of the music in it, frame by frame and over seconds.
 *
 * Layer:   dsp; uses dsp/stft and the descriptors' own files.
 * Threads: construct and free on any thread at any time; one object serves one thread at a time.
 *
 * One FFT a frame serves all of them.  Frames lie as dsp/stft.h has them.  At any rate they are what they would be at
 * the rate of the configuration: what lies above half of it is not heard, and magnitudes are scaled (dsp_stft_grid()).
 * The unit of a descriptor and what silence gives stands in its own header; none is ever NaN or Inf.
 */
#ifndef DSP_DESCRIPTORS_H
#define DSP_DESCRIPTORS_H

#include "dsp/octave_bands.h"
#include "dsp/texture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
  DSP_DESCRIPTORS_MFCC = 20,
};

typedef struct DspDescriptorsConfig
{
  unsigned sample_rate_hz; /* 12800 to 1000000: the top octave begins at 6400 Hz */
  unsigned n_fft;          /* even, 64 to 65536 */
  unsigned hop_length;     /* 1 to 1048576 */
  size_t texture_frames;   /* a power of two, 8 to DSP_MODULATION_MAX_FRAMES */
} DspDescriptorsConfig;

/* librosa's 22050 Hz, 2048 and 512; 256 frames are 5.94 s. */
DspDescriptorsConfig dsp_descriptors_default (void);

typedef struct DspFrameValues
{
  double zero_crossings_hz;          /* a second: dsp_zero_crossings() / n, which is librosa's value, times the rate */
  double centroid_hz;                /* dsp/spectral_shape.h */
  double rolloff_hz;                 /* the same, of 85 % */
  double flux;                       /* the same, [0, 2]; 0 in frame 0 */
  double mfcc[DSP_DESCRIPTORS_MFCC]; /* dB, dsp/mfcc.h; of 128 bands from 0 Hz to half the configuration's rate */
  double contrast_db[DSP_OCTAVE_BANDS]; /* dsp/octave_bands.h */
} DspFrameValues;

typedef struct DspDescriptors DspDescriptors;

/* rate_hz: of the input, 2000 to 1000000.  NULL: out of memory. */
DspDescriptors *dsp_descriptors_new (const DspDescriptorsConfig *config, unsigned rate_hz);
void dsp_descriptors_free (DspDescriptors *descriptors); /* NULL is a no-op */

/* As fresh: the next sample is sample 0, the next frame is frame 0. */
void dsp_descriptors_reset (DspDescriptors *descriptors);

uint64_t dsp_descriptors_center (const DspDescriptors *descriptors, uint64_t frame); /* in samples of the input */
uint64_t dsp_descriptors_frame (const DspDescriptors *descriptors);                  /* the next frame */

/* samples [n_samples]  mono, finite, nominally [-1, 1]
 *
 * Takes samples up to the one that completes the next frame, at most n_samples, and returns how many it took.  Call
 * dsp_descriptors_next() until it is false before pushing more. */
size_t dsp_descriptors_push (DspDescriptors *descriptors, const float *samples, size_t n_samples);

/* Zeros follow, and every frame with c(t) <= number of samples is complete.  Only a reset may follow once they are
 * taken. */
void dsp_descriptors_finish (DspDescriptors *descriptors);

/* The next complete frame; false, and nothing written, when there is none yet.  Its values do not depend on how the
 * samples were split into pushes, bit for bit. */
bool dsp_descriptors_next (DspDescriptors *descriptors, DspFrameValues *ret_values);

/* Of the texture window that ends with the last frame; false, and nothing written, where fewer frames have come.  Costs
 * nothing unless it is called. */
bool dsp_descriptors_texture (DspDescriptors *descriptors, DspTextureValues *ret_values);

#endif
