/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/energy.c - sums and sums of squares in fixed lanes.
 *
 * Layer:   dsp; libc only.
 * Threads: plain data; one at a time.
 */
#include "dsp/energy.h"

static void
add_one (DspEnergy *energy, float sample)
{
  const double x = (double) sample - energy->first;
  const size_t lane = (size_t) (energy->n++ % DSP_ENERGY_LANES);

  energy->sum[lane] += x;
  energy->square[lane] += x * x;
}

/* samples [n_groups][DSP_ENERGY_LANES].  Copies that the compiler can keep in registers: it runs over every sample of
 * the stream. */
VECTOR_CLONES static void
add_groups (DspEnergy *energy, const float *samples, size_t n_groups)
{
  const double first = energy->first;
  double sum[DSP_ENERGY_LANES], square[DSP_ENERGY_LANES];

  for (size_t l = 0; l < DSP_ENERGY_LANES; l++) {
    sum[l] = energy->sum[l];
    square[l] = energy->square[l];
  }
  for (size_t g = 0; g < n_groups; g++, samples += DSP_ENERGY_LANES)
    for (size_t l = 0; l < DSP_ENERGY_LANES; l++) {
      const double x = (double) samples[l] - first;

      sum[l] += x;
      square[l] += x * x;
    }
  for (size_t l = 0; l < DSP_ENERGY_LANES; l++) {
    energy->sum[l] = sum[l];
    energy->square[l] = square[l];
  }
  energy->n += n_groups * DSP_ENERGY_LANES;
}

void
dsp_energy_add (DspEnergy *energy, const float *samples, size_t n)
{
  size_t done = 0;

  if (n > 0 && energy->n == 0)
    energy->first = (double) samples[0];
  while (done < n && energy->n % DSP_ENERGY_LANES != 0)
    add_one (energy, samples[done++]);

  const size_t n_groups = (n - done) / DSP_ENERGY_LANES;

  add_groups (energy, samples + done, n_groups);
  for (done += n_groups * DSP_ENERGY_LANES; done < n; done++)
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
  for (size_t l = 0; l < DSP_ENERGY_LANES; l++) {
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
