/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/spectral_shape.h"

#include <math.h>

enum
{
  LANES = 4, /* sums that run side by side, since the compiler may not reorder one of doubles by itself */
};

static double
sum (const double lane[LANES])
{
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

double
dsp_spectral_centroid (const float *magnitude, size_t n, double bin_hz)
{
  double total[LANES] = { 0 }, moment[LANES] = { 0 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    for (size_t l = 0; l < LANES; l++) {
      total[l] += (double) magnitude[k + l];
      moment[l] += (double) (k + l) * (double) magnitude[k + l];
    }
  for (; k < n; k++) {
    total[0] += (double) magnitude[k];
    moment[0] += (double) k * (double) magnitude[k];
  }
  return sum (total) > 0 ? bin_hz * sum (moment) / sum (total) : 0;
}

double
dsp_spectral_rolloff (const float *magnitude, size_t n, double bin_hz, double share)
{
  /* One sum in one order: the last bin is reached for any share. */
  double total = 0;
  for (size_t k = 0; k < n; k++)
    total += (double) magnitude[k];

  double below = 0;
  for (size_t k = 0; k < n; k++) {
    below += (double) magnitude[k];
    if (below >= share * total)
      return (double) k * bin_hz;
  }
  return 0;
}

static double
sum_of_squares (const float *x, size_t n)
{
  double lane[LANES] = { 0 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    for (size_t l = 0; l < LANES; l++)
      lane[l] += (double) x[k + l] * (double) x[k + l];
  for (; k < n; k++)
    lane[0] += (double) x[k] * (double) x[k];
  return sum (lane);
}

/* previous[k] becomes X[k] times gain; returns the sum of the squares of what it changes by. */
static double
replace (const float *magnitude, size_t n, double gain, float *previous)
{
  double lane[LANES] = { 0 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    for (size_t l = 0; l < LANES; l++) {
      const float now = (float) ((double) magnitude[k + l] * gain);
      const double change = (double) now - (double) previous[k + l];
      lane[l] += change * change;
      previous[k + l] = now;
    }
  for (; k < n; k++) {
    const float now = (float) ((double) magnitude[k] * gain);
    const double change = (double) now - (double) previous[k];
    lane[0] += change * change;
    previous[k] = now;
  }
  return sum (lane);
}

double
dsp_spectral_flux (const float *magnitude, size_t n, float *previous)
{
  const double energy = sum_of_squares (magnitude, n);

  return replace (magnitude, n, energy > 0 ? 1 / sqrt (energy) : 0, previous);
}
