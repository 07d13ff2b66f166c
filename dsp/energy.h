/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/energy.h - sum of squares of a span of samples that arrives in pieces.
 *
 * Layer:   dsp; libc only.
 * Threads: plain data; one at a time.
 */
#ifndef DSP_ENERGY_H
#define DSP_ENERGY_H

#include <stddef.h>

enum
{
  DSP_ENERGY_LANES = 16, /* eight SSE2 registers of two doubles */
};

/* Sample i of the span goes to lane i mod DSP_ENERGY_LANES, whatever the pieces: the order of the additions, and so
 * every bit of the sum, depends on the span alone.  All zeros is the empty span. */
typedef struct DspEnergy
{
  double lane[DSP_ENERGY_LANES];
  size_t next; /* lane of the next sample */
} DspEnergy;

/* samples [n]  in, finite; the squares are exact in double and cannot overflow it */
void dsp_energy_add (DspEnergy *energy, const float *samples, size_t n);

double dsp_energy_total (const DspEnergy *energy);

#endif
