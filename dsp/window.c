/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/window.c - the periodic Hann window.
 *
 * Layer:   dsp; libm only.
 * Threads: stateless.
 */
#include "dsp/window.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

void
dsp_window_hann (double *window, size_t n)
{
  for (size_t i = 0; i < n; i++)
    window[i] = 0.5 - 0.5 * cos (2.0 * PI * (double) i / (double) n);
}
