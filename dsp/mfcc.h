/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/mfcc.h - mel-frequency cepstral coefficients: the shape of a spectrum's envelope, the timbre, in few numbers.
 *
 * Layer:   dsp; uses dsp/decibel, dsp/lanes and dsp/mel.
 * Threads: one object serves one thread at a time.
 *
 *   mfcc[c] = s_c sum_m db[m] cos (pi c (m + 1/2) / n_mels),   s_0 = sqrt (1 / n_mels), else sqrt (2 / n_mels)
 *   db[m]   = 10 log10 (max (1e-10, mel[m]))
 *
 * Source: librosa `mfcc (S=power_to_db (melspectrogram (...), top_db=None))`: a type-2 DCT, orthonormal.  librosa's
 * default raises every level to 80 dB below the loudest of the whole recording (top_db=80), which a stream does not
 * know.  The unit is dB.  mfcc[0] is the mean level times sqrt (n_mels); silence, at -100 dB in all bands, is that in
 * mfcc[0] and 0 in the others.
 */
#ifndef DSP_MFCC_H
#define DSP_MFCC_H

#include "dsp/mel.h"

typedef struct DspMfcc DspMfcc;

/* config          of the mel bands
 * n_coefficients  1 to the number of bands
 * NULL: out of memory. */
DspMfcc *dsp_mfcc_new (const DspMelConfig *config, size_t n_coefficients);
void dsp_mfcc_free (DspMfcc *mfcc); /* NULL is a no-op */

/* power        [config.n_bins]   in, |X[k]|^2, >= 0, finite
 * coefficients [n_coefficients]  out, dB */
void dsp_mfcc_apply (DspMfcc *mfcc, const float *power, double *coefficients);

#endif
