/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/energy.h - energy of a span of samples that arrives in pieces, about its mean: a constant has none.
 *
 * Layer:   dsp; uses dsp/lanes.
 * Threads: plain data; one at a time.
 */
#ifndef DSP_ENERGY_H
#define DSP_ENERGY_H

#include "dsp/lanes.h"

#include <stddef.h>
#include <stdint.h>

/* The sums are of x - first, so that they do not cancel where the mean is large: a constant leaves exactly 0, and else
 * the first sample is no farther from the mean than n times the energy allows.
 * Sample i of the span goes to lane i mod DSP_LANES, whatever the pieces: the order of the additions, and so
 * every bit of the sums, depends on the span alone.  All zeros is the empty span. */
typedef struct DspEnergy
{
  double sum[DSP_LANES];    /* of x - first */
  double square[DSP_LANES]; /* of (x - first)^2 */
  double first;
  uint64_t n; /* samples so far */
} DspEnergy;

/* What is known of a span; all zeros is the empty one. */
typedef struct DspLevel
{
  double n; /* samples */
  double mean;
  double energy; /* sum of (x - mean)^2 */
} DspLevel;

/* samples [n]  in, finite; no float is so large that the sums would overflow */
void dsp_energy_add (DspEnergy *energy, const float *samples, size_t n);

DspLevel dsp_energy_level (const DspEnergy *energy);

/* The level of both spans together. */
DspLevel dsp_level_join (DspLevel a, DspLevel b);

#endif
