/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/spectral_shape.h"

#include "dsp/lanes.h"

#include <math.h>

static const double SILENCE = 1e-60; /* energy whose square root has an inverse among floats */

enum
{
  BLOCK = 32,
};

/* sum k X[k], k being the first bin of a group of lanes, and the place in it. */
VECTOR_CLONES double
dsp_spectral_centroid (const float *magnitude, size_t n, double bin_hz)
{
  DspFour total[DSP_FOURS] = { { 0 } }, grouped[DSP_FOURS] = { { 0 } }, within[DSP_FOURS];
  double rest = 0, rest_moment = 0;
  size_t k = 0;
  for (; n - k >= DSP_LANES; k += DSP_LANES) {
    const double first = (double) k;
    for (size_t i = 0; i < DSP_FOURS; i++) {
      const DspFour four = DSP_FOUR (magnitude + k + 4 * i);
      total[i] += four;
      grouped[i] += first * four;
    }
  }
  for (; k < n; k++) {
    rest += (double) magnitude[k];
    rest_moment += (double) k * (double) magnitude[k];
  }
  for (size_t i = 0; i < DSP_FOURS; i++)
    within[i] = total[i] * ((DspFour){ 0, 1, 2, 3 } + (double) (4 * i));

  const double sum = dsp_lanes_sum (total) + rest;
  const double moment = dsp_lanes_sum (grouped) + dsp_lanes_sum (within) + rest_moment;
  return sum > 0 ? bin_hz * moment / sum : 0;
}

/* Whole blocks are passed over by their sums; `total` is the sum of the same sums, so that a share of 1 is reached. */
VECTOR_CLONES double
dsp_spectral_rolloff (const float *magnitude, size_t n, double bin_hz, double share)
{
  double total = 0;
  for (size_t k = 0; k < n; k += BLOCK)
    total += dsp_sum (magnitude + k, n - k < BLOCK ? n - k : BLOCK);

  const double wanted = share * total;
  double below = 0;
  for (size_t first = 0; first < n; first += BLOCK) {
    const size_t length = n - first < BLOCK ? n - first : BLOCK;
    const double next = below + dsp_sum (magnitude + first, length);
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
energy_of (const float *magnitude, size_t n)
{
  return dsp_sum_of_squares (magnitude, n);
}

/* Sum of (gain X[k] - previous[k])^2 */
VECTOR_CLONES static double
energy_of_change (const float *magnitude, size_t n, float gain, const float *previous)
{
  DspFour lane[DSP_FOURS] = { { 0 } };
  double rest = 0;
  size_t k = 0;
  for (; n - k >= DSP_LANES; k += DSP_LANES)
    for (size_t i = 0; i < DSP_FOURS; i++) {
      const float *x = magnitude + k + 4 * i, *before = previous + k + 4 * i;
      const DspFour change = {
        (double) (gain * x[0] - before[0]),
        (double) (gain * x[1] - before[1]),
        (double) (gain * x[2] - before[2]),
        (double) (gain * x[3] - before[3]),
      };
      lane[i] += change * change;
    }
  for (; k < n; k++) {
    const double change = (double) (gain * magnitude[k] - previous[k]);
    rest += change * change;
  }
  return dsp_lanes_sum (lane) + rest;
}

VECTOR_CLONES static void
multiply (const float *restrict magnitude, size_t n, float gain, float *restrict product)
{
  for (size_t k = 0; k < n; k++)
    product[k] = gain * magnitude[k];
}

double
dsp_spectral_flux (const float *magnitude, size_t n, float *previous)
{
  const double energy = energy_of (magnitude, n);
  const float gain = energy > SILENCE ? (float) (1 / sqrt (energy)) : 0;
  const double flux = energy_of_change (magnitude, n, gain, previous);

  multiply (magnitude, n, gain, previous);
  return flux;
}
