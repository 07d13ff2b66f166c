/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/modulation.h - how something changes over seconds, by frequency: the rhythm in it.
 *
 * Layer:   dsp; uses dsp/fft.
 * Threads: one object serves one thread at a time.
 *
 * A trajectory is a value of n consecutive frames.  Its modulation spectrum M is its discrete Fourier transform; bin m
 * is m periods in the n frames.  At the default hop 256 frames are 5.94 s, and bin m lies at m .168 Hz.
 */
#ifndef DSP_MODULATION_H
#define DSP_MODULATION_H

#include <stddef.h>

enum
{
  DSP_MODULATION_MAX_FRAMES = 1024,
  DSP_MODULATION_MAX_BANDS = 9,
};

typedef struct DspModulation DspModulation;

/* n_frames: a power of two, 8 to DSP_MODULATION_MAX_FRAMES.  NULL: out of memory. */
DspModulation *dsp_modulation_new (size_t n_frames);
void dsp_modulation_free (DspModulation *modulation); /* NULL is a no-op */

/* Octaves of modulation: log2 (n_frames) - 1.  Band j has the bins from 2^j to below 2^(j+1), band 0 also bin 0; the
 * last ends below n/2. */
size_t dsp_modulation_bands (const DspModulation *modulation);

/* contrast[j] = max |M[m]| / n - min |M[m]| / n over the bins m of band j
 *
 * trajectory [n_frames]              in, finite
 * contrast   [dsp_modulation_bands]  out, in the trajectory's unit, >= 0; of a constant x its magnitude in band 0, else
 *                                    0; a sine of amplitude a on a bin of band j > 0 makes a/2
 *
 * Source: Lee, Shih, Yu and Lin, "Automatic music genre classification based on modulation spectral analysis of
 * spectral and cepstral features", IEEE Trans. Multimedia 11(4), 2009, who do not divide by n.  Their 512 frames of
 * half our hop have one octave more. */
void dsp_modulation_contrast (DspModulation *modulation, const double *trajectory, double *contrast);

/* With P[m] = max (|M[m]|^2, f), m = 1 ... n/2, where f is 1e-10 of |M[0]|^2:
 *
 *   flatness = (product of P)^(1/(n/2)) / mean of P    near 0: one frequency, a steady beat; to 1: all alike
 *   crest    = max of P / mean of P                    1: all alike; to n/2: one frequency
 *
 * envelope [n_frames]  in, >= 0, finite; a power
 *
 * Source: Jang, Jin and Yoo, "Music genre classification using novel features and a weighted voting method", ICME 2008.
 * Bin 0 is left out, since every envelope has a mean, and it would hide all else.  What changes by less than 1e-5 does
 * not change: a constant, silence among them, has flatness 1 and crest 1. */
void dsp_modulation_shape (DspModulation *modulation, const double *envelope, double *ret_flatness, double *ret_crest);

#endif
