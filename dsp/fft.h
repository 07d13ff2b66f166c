/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/fft.h - window and real FFT of any even length, to the power spectrum.
 *
 * Layer:   dsp; links FFTW (double precision) and nothing of ours.
 * Threads: dsp_fft_init(), dsp_fft_new() and dsp_fft_free() may run on any thread at any time.
 *          One DspFft serves one thread at a time.
 */
#ifndef DSP_FFT_H
#define DSP_FFT_H

#include <stddef.h>

/* Makes FFTW's planner safe to call from several threads, whoever else calls it.  Once per process is enough, again is
 * harmless; what else in the process plans while this runs for the first time is not protected, so call it early. */
void dsp_fft_init (void);

typedef struct DspFft DspFft;

/* window [n]  is copied; zero at both ends as Hann's is: lengths with a prime factor above 13 count on it, see fft.c
 * n           samples of a frame, even, at least 2
 * n_bins      wanted, from 0 up, 1 to n / 2 + 1; at lengths with a prime factor above 13 their number decides over the
 *             rounding, which is below 8e-7 of the loudest line in amplitude
 * NULL: out of memory. */
DspFft *dsp_fft_new (const double *window, size_t n, size_t n_bins);
void dsp_fft_free (DspFft *fft); /* NULL is a no-op */

/* power[k] = |sum_t window[t] frame[t] exp (-2 pi i k t / n)|^2
 *
 * frame [n]       in, finite
 * power [n_bins]  out; Inf or NaN where the float range is exceeded
 * Allocates nothing and cannot fail. */
void dsp_fft_power (DspFft *fft, const float *frame, float *power);

#endif
