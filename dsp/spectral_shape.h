/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/spectral_shape.h - where the weight of a spectrum lies, and how much it changes: centroid, rolloff and flux.
 *
 * Layer:   dsp; libm and dsp/lanes.
 * Threads: stateless.
 *
 * X[k] is the magnitude of bin k, which lies at k bin_hz.
 */
#ifndef DSP_SPECTRAL_SHAPE_H
#define DSP_SPECTRAL_SHAPE_H

#include <stddef.h>

/* centroid = sum_k k bin_hz X[k] / sum_k X[k], in Hz, 0 to that of the last bin
 *
 * magnitude [n]  in, >= 0, finite
 *
 * Source: librosa `spectral_centroid`.  Silence: 0. */
double dsp_spectral_centroid (const float *magnitude, size_t n, double bin_hz);

/* rolloff = the least k bin_hz with X[0] + ... + X[k] >= share (X[0] + ... + X[n-1]), in Hz, 0 to that of the last bin
 *
 * magnitude [n]  in, >= 0, finite
 * share          0 to 1
 *
 * Source: librosa `spectral_rolloff`, which sums magnitudes; Essentia's sums energies.  Silence: 0. */
double dsp_spectral_rolloff (const float *magnitude, size_t n, double bin_hz, double share);

/* flux = sum_k (X[k] / |X| - P[k] / |P|)^2, P being the spectrum before, |.| the root of the sum of squares
 *
 * From 0, the same spectrum at whatever level, to 2, one without a bin in common.
 *
 * magnitude [n]  in, >= 0, finite
 * previous  [n]  in and out, P / |P|, becomes X / |X|; all zeros is silence, and is before the first frame
 *
 * Source: Tzanetakis and Cook, "Musical genre classification of audio signals", IEEE Trans. Speech and Audio Processing
 * 10(5), 2002.  They do not say which norm; with this one the value does not depend on the number of bins.  Silence,
 * |X| up to 1e-30, counts as all zeros: from silence to silence is 0, to or from sound is 1. */
double dsp_spectral_flux (const float *magnitude, size_t n, float *previous);

#endif
