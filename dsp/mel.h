/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/mel.h - Slaney's mel filterbank as sparse rows.
 *
 * Layer:   dsp; libm only.
 * Threads: constant after dsp_mel_new(); any number of threads may apply it.
 */
#ifndef DSP_MEL_H
#define DSP_MEL_H

#include <stddef.h>

typedef struct DspMelConfig
{
  unsigned n_mels;    /* triangles, a multiple of band_pool */
  unsigned band_pool; /* adjacent triangles whose mean is one band, at least 1 */
  double fmin_hz;     /* 0 <= fmin < fmax */
  double fmax_hz;
  double bin_hz;   /* bin k lies at k bin_hz */
  size_t n_bins;   /* of the spectrum, n_fft / 2 + 1 */
  double limit_hz; /* bins above it have no weight */
  double scale;    /* of every row */
} DspMelConfig;

typedef struct DspMel DspMel;

/* Row i of librosa `filters.mel (htk=False, norm='slaney')`: with n_mels + 2 edges e, equally spaced in mel from fmin
 * to fmax, max (0, min ((f - e[i]) / (e[i+1] - e[i]), (e[i+2] - f) / (e[i+2] - e[i+1]))) * 2 / (e[i+2] - e[i]); then
 * times scale, and the mean of each band_pool rows.  A band that no bin falls into is empty: its power is 0.
 * NULL: out of memory. */
DspMel *dsp_mel_new (const DspMelConfig *config);
void dsp_mel_free (DspMel *mel); /* NULL is a no-op */

size_t dsp_mel_bands (const DspMel *mel); /* n_mels / band_pool */

/* How many bins dsp_mel_apply() reads, at least 1: one more than the last that any row weights. */
size_t dsp_mel_bins (const DspMel *mel);

/* bands[b] = sum_k row[b][k] * power[k]
 *
 * power [dsp_mel_bins]   in, |X[k]|^2
 * bands [dsp_mel_bands]  out, must not overlap `power`
 */
void dsp_mel_apply (const DspMel *mel, const float *power, float *bands);

/* Hz -> mel and back, Slaney: linear below 1 kHz, 27 mels per factor of 6.4 above. */
double dsp_mel_from_hz (double hz);
double dsp_mel_to_hz (double mels);

#endif
