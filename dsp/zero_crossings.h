/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/zero_crossings.h - how often a stretch of samples changes its sign: how bright and noisy a sound is.
 *
 * Layer:   dsp; libc only.
 * Threads: stateless.
 *
 *   zero crossings = 1/n sum_i [x[i] < 0] != [x[i-1] < 0]
 *
 * Source: librosa `zero_crossing_rate`, which is this sum over a frame of n samples.
 */
#ifndef DSP_ZERO_CROSSINGS_H
#define DSP_ZERO_CROSSINGS_H

#include <stddef.h>

/* samples [n]  in, finite
 *
 * The number of i from 1 to n - 1 at which the sign is another than at i - 1.  What is not below -1e-10 counts as
 * positive, as in librosa: silence has no crossing. */
size_t dsp_zero_crossings (const float *samples, size_t n);

#endif
