/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/stft.h - PCM stream of any rate -> overlapping frames and their power spectra: framer, window and FFT.
 *
 * Layer:   dsp; uses dsp/fft, dsp/framer and dsp/window.
 * Threads: construct and free on any thread at any time; one object serves one thread at a time.
 *
 * Nothing is resampled: window and hop keep their length in seconds.
 */
#ifndef DSP_STFT_H
#define DSP_STFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As librosa's stft with a periodic Hann window and center=True with zeros. */
typedef struct DspStftConfig
{
  unsigned sample_rate_hz; /* the rate that lengths count in, 2000 to 1000000 */
  unsigned n_fft;          /* even, 2 to 65536 */
  unsigned hop_length;     /* 1 to 1048576 */
} DspStftConfig;

/* What a frame measures at the rate of the input. */
typedef struct DspStftGrid
{
  unsigned n;    /* samples of a frame: 2 round (n_fft rate / (2 sample_rate)), ties to even, at least 2 */
  double bin_hz; /* bin k of n / 2 + 1 lies at k bin_hz */
  double scale;  /* of |X|^2, to what it would be at sample_rate: (n_fft/n)^2, the square of a line's amplitude, times
                    (n_fft rate)/(n sample_rate), the number of bins that a filter covers */
} DspStftGrid;

/* rate_hz: of the input, 2000 to 1000000 */
DspStftGrid dsp_stft_grid (const DspStftConfig *config, unsigned rate_hz);

typedef struct DspStft DspStft;

/* n_bins: wanted, from 0 up, 1 to n / 2 + 1; how many they are may change the last digits, see dsp/fft.h.
 * NULL: out of memory. */
DspStft *dsp_stft_new (const DspStftConfig *config, unsigned rate_hz, size_t n_bins);
void dsp_stft_free (DspStft *stft); /* NULL is a no-op */

/* As fresh: the next sample is sample 0, the next frame is frame 0. */
void dsp_stft_reset (DspStft *stft);

/* c(t) = floor (t hop rate / sample_rate + 1/2) in samples of the input: where frame t is centred. */
uint64_t dsp_stft_center (const DspStft *stft, uint64_t frame);

uint64_t dsp_stft_position (const DspStft *stft); /* samples pushed */
uint64_t dsp_stft_frame (const DspStft *stft);    /* the next frame */

/* samples [n_samples]  mono, finite
 *
 * Takes samples up to the one that completes the next frame, at most n_samples, and returns how many it took.  Frame t
 * is complete when c(t) + n/2 samples have come.  Call dsp_stft_next() until it is NULL before pushing more. */
size_t dsp_stft_push (DspStft *stft, const float *samples, size_t n_samples);

/* Zeros follow from here on, and every frame with c(t) <= dsp_stft_position() is complete.  No more pushes. */
void dsp_stft_finish (DspStft *stft);

/* The samples of the next complete frame, [n], not windowed; NULL when there is none yet.  They and the spectrum that
 * goes with them are valid until the next call that is not const, and do not depend on how the samples were split into
 * pushes, bit for bit. */
const float *dsp_stft_next (DspStft *stft);

/* |X[k]|^2 of the frame that dsp_stft_next() gave, [n_bins], unscaled; Inf or NaN where the float range is exceeded. */
const float *dsp_stft_power (const DspStft *stft);

#endif
