/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/window.h - the window that a frame is weighted with.
 *
 * Layer:   dsp; libm only.
 * Threads: stateless.
 */
#ifndef DSP_WINDOW_H
#define DSP_WINDOW_H

#include <stddef.h>

/* window[i] = 1/2 - 1/2 cos (2 pi i / n): scipy `get_window ('hann', n)`, the periodic one (sym=False).
 *
 * window [n]  out, 0 to 1
 */
void dsp_window_hann (double *window, size_t n);

#endif
