/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/energy.c - sums and sums of squares in fixed lanes.
 *
 * Layer:   dsp; uses dsp/lanes.
 * Threads: plain data; one at a time.
 */
#include "dsp/energy.h"

#include <string.h>

static void
add_one (DspEnergy *energy, float sample)
{
  const double x = (double) sample - energy->first;
  const size_t lane = (size_t) (energy->n++ % DSP_LANES);

  energy->sum[lane] += x;
  energy->square[lane] += x * x;
}

/* samples [n_groups][DSP_LANES]; it runs over every sample of the stream. */
VECTOR_CLONES static void
add_groups (DspEnergy *energy, const float *samples, size_t n_groups)
{
  DspFour sum[DSP_FOURS], square[DSP_FOURS];

  memcpy (sum, energy->sum, sizeof sum);
  memcpy (square, energy->square, sizeof square);
  for (size_t g = 0; g < n_groups; g++, samples += DSP_LANES)
    for (size_t i = 0; i < DSP_FOURS; i++) {
      const DspFour x = DSP_FOUR (samples + 4 * i) - energy->first;

      sum[i] += x;
      square[i] += x * x;
    }
  memcpy (energy->sum, sum, sizeof sum);
  memcpy (energy->square, square, sizeof square);
  energy->n += n_groups * DSP_LANES;
}

void
dsp_energy_add (DspEnergy *energy, const float *samples, size_t n)
{
  size_t done = 0;

  if (n > 0 && energy->n == 0)
    energy->first = (double) samples[0];
  while (done < n && energy->n % DSP_LANES != 0)
    add_one (energy, samples[done++]);

  const size_t n_groups = (n - done) / DSP_LANES;

  add_groups (energy, samples + done, n_groups);
  for (done += n_groups * DSP_LANES; done < n; done++)
    add_one (energy, samples[done]);
}

/* sum (x - mean)^2 = sum (x - first)^2 - (sum (x - first))^2 / n */
DspLevel
dsp_energy_level (const DspEnergy *energy)
{
  DspLevel level = { .n = (double) energy->n };
  double sum = 0, square = 0;

  if (energy->n == 0)
    return level;
  for (size_t l = 0; l < DSP_LANES; l++) {
    sum += energy->sum[l];
    square += energy->square[l];
  }
  level.mean = energy->first + sum / level.n;
  level.energy = square - sum / level.n * sum;
  if (level.energy < 0)
    level.energy = 0; /* rounding */
  return level;
}

/* The squares of each about its own mean, and those of the means about that of all. */
DspLevel
dsp_level_join (DspLevel a, DspLevel b)
{
  const double n = a.n + b.n, apart = b.mean - a.mean;

  if (a.n == 0 || b.n == 0)
    return a.n == 0 ? b : a;
  return (DspLevel){ n, a.mean + apart * (b.n / n), a.energy + b.energy + apart * apart * (a.n * (b.n / n)) };
}
