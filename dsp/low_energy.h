/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/low_energy.h - how much of a stretch of frames is quieter than the mean: high where loud and quiet alternate, as
 * in speech, low where the level is even.
 *
 * Layer:   dsp; libm and dsp/lanes.
 * Threads: stateless.
 */
#ifndef DSP_LOW_ENERGY_H
#define DSP_LOW_ENERGY_H

#include <stddef.h>

/* sqrt (1/n sum_i x[i]^2), librosa `rms` of one frame
 *
 * samples [n]  in, finite; n at least 1
 *
 * In the samples' unit: 0 for silence, 1 for a square wave of full scale. */
double dsp_frame_rms (const float *samples, size_t n);

/* low energy = 1/n |{t: rms[t] < mean of rms}|, 0 to less than 1
 *
 * rms [n]  in, of consecutive frames; n at least 1
 *
 * Source: Tzanetakis and Cook, 2002 (see dsp/spectral_shape.h).  Silence: 0, for no frame is below the mean. */
double dsp_low_energy (const double *rms, size_t n);

#endif
