/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/decibel.h - levels of many powers at a time.
 *
 * Layer:   dsp; uses dsp/lanes.
 * Threads: stateless.
 */
#ifndef DSP_DECIBEL_H
#define DSP_DECIBEL_H

#include <stddef.h>

/* x[i] = 10 log10 (max (amin, x[i])), within 1e-13 dB of its rounded value or 1e-15 of it, whichever is more.
 *
 * x [n]  in and out, finite
 * amin   normal and above 0 */
void dsp_decibels (double *x, size_t n, double amin);

#endif
