/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/low_energy.h"

#include "dsp/lanes.h"

#include <math.h>

VECTOR_CLONES double
dsp_frame_rms (const float *samples, size_t n)
{
  return sqrt (dsp_sum_of_squares (samples, n) / (double) n);
}

double
dsp_low_energy (const double *rms, size_t n)
{
  double mean = 0;
  for (size_t t = 0; t < n; t++)
    mean += rms[t] / (double) n;

  size_t quiet = 0;
  for (size_t t = 0; t < n; t++)
    quiet += rms[t] < mean;
  return (double) quiet / (double) n;
}
