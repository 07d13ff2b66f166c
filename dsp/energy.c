/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/energy.c - sum of squares in fixed lanes.
 *
 * Layer:   dsp; libc only.
 * Threads: plain data; one at a time.
 */
#include "dsp/energy.h"

/* At most up to the end of the lanes: what is left of a group that an earlier piece began, or begins one. */
static size_t
add_part (DspEnergy *energy, const float *samples, size_t n)
{
  size_t i = 0;
  for (; i < n && energy->next < DSP_ENERGY_LANES; i++, energy->next++)
    energy->lane[energy->next] += (double) samples[i] * (double) samples[i];
  energy->next %= DSP_ENERGY_LANES;
  return i;
}

void
dsp_energy_add (DspEnergy *energy, const float *samples, size_t n)
{
  size_t done = energy->next ? add_part (energy, samples, n) : 0;

  /* A copy that the compiler can keep in registers: it runs over every sample of the stream. */
  double lane[DSP_ENERGY_LANES];
  for (size_t l = 0; l < DSP_ENERGY_LANES; l++)
    lane[l] = energy->lane[l];
  for (; n - done >= DSP_ENERGY_LANES; done += DSP_ENERGY_LANES)
    for (size_t l = 0; l < DSP_ENERGY_LANES; l++)
      lane[l] += (double) samples[done + l] * (double) samples[done + l];
  for (size_t l = 0; l < DSP_ENERGY_LANES; l++)
    energy->lane[l] = lane[l];

  add_part (energy, samples + done, n - done);
}

double
dsp_energy_total (const DspEnergy *energy)
{
  double total = 0;
  for (size_t l = 0; l < DSP_ENERGY_LANES; l++)
    total += energy->lane[l];
  return total;
}
