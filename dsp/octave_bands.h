/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/octave_bands.h - a spectrum in octaves: how far its peaks stand above its valleys, and how much power is in each.
 *
 * Layer:   dsp; uses dsp/decibel and dsp/lanes.
 * Threads: one object serves one thread at a time.
 *
 * Band 0 is 0 to 200 Hz, 1 is 200 to 400 Hz, ..., 5 is 3200 to 6400 Hz, 6 is what lies above.
 */
#ifndef DSP_OCTAVE_BANDS_H
#define DSP_OCTAVE_BANDS_H

#include <stddef.h>

enum
{
  DSP_OCTAVE_BANDS = 7,
};

typedef struct DspOctaveBands DspOctaveBands;

/* n_bins  bin k lies at k bin_hz.  NULL: out of memory. */
DspOctaveBands *dsp_octave_bands_new (size_t n_bins, double bin_hz);
void dsp_octave_bands_free (DspOctaveBands *bands); /* NULL is a no-op */

/* Octave-based spectral contrast:
 *
 *   contrast[b] = db (mean of the largest a n magnitudes of the band) - db (mean of the smallest a n)
 *   a = .02, a n rounded and at least 1, db (x) = 10 log10 (max (1e-10, x))
 *
 * magnitude [n_bins]            in, >= 0, finite
 * contrast  [DSP_OCTAVE_BANDS]  out, dB (of the magnitude: half of those of the power), >= 0
 *
 * Source: librosa `spectral_contrast`, its choice of bins included, but for top_db (see dsp/mfcc.h); after Jiang, Lu,
 * Zhang, Tao and Cai, "Music type classification by spectral contrast feature", ICME 2002, who take the logarithm and
 * append the valleys.  A band without a bin, and silence: 0. */
void dsp_octave_bands_contrast (DspOctaveBands *bands, const float *magnitude, double *contrast);

/* power  [n_bins]            in, |X[k]|^2, >= 0, finite
 * octave [DSP_OCTAVE_BANDS]  out, the sum over the bins from the lower edge to below the upper one; 0 if there is none
 */
void dsp_octave_bands_power (const DspOctaveBands *bands, const float *power, double *octave);

#endif
