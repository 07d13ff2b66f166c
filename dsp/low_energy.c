/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/low_energy.h"

#include <math.h>

enum
{
  LANES = 8, /* sums that run side by side, since the compiler may not reorder one of doubles by itself */
};

VECTOR_CLONES double
dsp_frame_rms (const float *samples, size_t n)
{
  double lane[LANES] = { 0 };
  size_t i = 0;
  for (; n - i >= LANES; i += LANES)
    for (size_t l = 0; l < LANES; l++)
      lane[l] += (double) samples[i + l] * (double) samples[i + l];

  double sum = 0;
  for (; i < n; i++)
    sum += (double) samples[i] * (double) samples[i];
  for (size_t l = 0; l < LANES; l++)
    sum += lane[l];
  return sqrt (sum / (double) n);
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
