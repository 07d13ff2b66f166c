/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/spectral_shape.h"

#include <math.h>

static const double SILENCE = 1e-60; /* energy whose square root has an inverse among floats */

enum
{
  LANES = 4, /* sums that run side by side, since the compiler may not reorder one of doubles by itself */
  BLOCK = 32,
};

static double
sum (const double lane[LANES])
{
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

VECTOR_CLONES double
dsp_spectral_centroid (const float *magnitude, size_t n, double bin_hz)
{
  double total[LANES] = { 0 }, moment[LANES] = { 0 }, bin[LANES] = { 0, 1, 2, 3 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    for (size_t l = 0; l < LANES; l++) {
      total[l] += (double) magnitude[k + l];
      moment[l] += bin[l] * (double) magnitude[k + l];
      bin[l] += LANES;
    }
  for (; k < n; k++) {
    total[0] += (double) magnitude[k];
    moment[0] += (double) k * (double) magnitude[k];
  }
  return sum (total) > 0 ? bin_hz * sum (moment) / sum (total) : 0;
}

/* Sum of n values, in lanes. */
static inline double
sum_of (const float *x, size_t n)
{
  double lane[LANES] = { 0 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    for (size_t l = 0; l < LANES; l++)
      lane[l] += (double) x[k + l];
  for (; k < n; k++)
    lane[0] += (double) x[k];
  return sum (lane);
}

/* Whole blocks are passed over by their sums; `total` is the sum of the same sums, so that a share of 1 is reached. */
VECTOR_CLONES double
dsp_spectral_rolloff (const float *magnitude, size_t n, double bin_hz, double share)
{
  double total = 0;
  for (size_t k = 0; k < n; k += BLOCK)
    total += sum_of (magnitude + k, n - k < BLOCK ? n - k : BLOCK);

  const double wanted = share * total;
  double below = 0;
  for (size_t first = 0; first < n; first += BLOCK) {
    const size_t length = n - first < BLOCK ? n - first : BLOCK;
    const double next = below + sum_of (magnitude + first, length);
    if (next >= wanted) {
      size_t k = 0;
      while (k + 1 < length && (below += (double) magnitude[first + k]) < wanted)
        k++;
      return (double) (first + k) * bin_hz;
    }
    below = next;
  }
  return 0;
}

VECTOR_CLONES static double
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
VECTOR_CLONES static double
replace (const float *restrict magnitude, size_t n, float gain, float *restrict previous)
{
  double lane[LANES] = { 0 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    for (size_t l = 0; l < LANES; l++) {
      const float now = magnitude[k + l] * gain;
      const double change = (double) (now - previous[k + l]);
      lane[l] += change * change;
      previous[k + l] = now;
    }
  for (; k < n; k++) {
    const float now = magnitude[k] * gain;
    const double change = (double) (now - previous[k]);
    lane[0] += change * change;
    previous[k] = now;
  }
  return sum (lane);
}

double
dsp_spectral_flux (const float *magnitude, size_t n, float *previous)
{
  const double energy = sum_of_squares (magnitude, n);

  return replace (magnitude, n, energy > SILENCE ? (float) (1 / sqrt (energy)) : 0, previous);
}
