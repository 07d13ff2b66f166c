/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/lanes.h - doubles side by side: vectors of four, and sums in sixteen lanes.
 *
 * Layer:   dsp; libc only.
 * Threads: stateless.
 *
 * The compiler may not reorder a sum of doubles by itself, and each addition waits for the last one in its lane.  The
 * order here depends on the length alone, so that a function with VECTOR_CLONES gets the same bits on every processor.
 * No vector is passed by value: how that is done depends on the processor that a function is compiled for.
 */
#ifndef DSP_LANES_H
#define DSP_LANES_H

#include <stddef.h>

enum
{
  DSP_FOURS = 4,
  DSP_LANES = 4 * DSP_FOURS,
};

typedef double DspFour __attribute__ ((vector_size (4 * sizeof (double))));

/* The least multiple of `unit` that is not below n. */
static inline size_t
dsp_round_up (size_t n, size_t unit)
{
  return (n + unit - 1) / unit * unit;
}

/* x[0] to x[3], floats, as doubles.  GCC 12 makes one instruction of this, but five of __builtin_convertvector(). */
#define DSP_FOUR(x) ((DspFour){ (double) (x)[0], (double) (x)[1], (double) (x)[2], (double) (x)[3] })

/* Lane l of it is lane[l / 4][l % 4]. */
static inline double
dsp_lanes_sum (const DspFour lane[DSP_FOURS])
{
  const DspFour four = (lane[0] + lane[2]) + (lane[1] + lane[3]);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/* x[0] + ... + x[n-1] */
static inline double
dsp_sum (const float *x, size_t n)
{
  DspFour lane[DSP_FOURS] = { { 0 } };
  double rest = 0;
  size_t k = 0;
  for (; n - k >= DSP_LANES; k += DSP_LANES)
    for (size_t i = 0; i < DSP_FOURS; i++)
      lane[i] += DSP_FOUR (x + k + 4 * i);
  for (; n - k >= 4; k += 4)
    lane[0] += DSP_FOUR (x + k);
  for (; k < n; k++)
    rest += (double) x[k];
  return dsp_lanes_sum (lane) + rest;
}

/* x[0]^2 + ... + x[n-1]^2 */
static inline double
dsp_sum_of_squares (const float *x, size_t n)
{
  DspFour lane[DSP_FOURS] = { { 0 } };
  double rest = 0;
  size_t k = 0;
  for (; n - k >= DSP_LANES; k += DSP_LANES)
    for (size_t i = 0; i < DSP_FOURS; i++) {
      const DspFour four = DSP_FOUR (x + k + 4 * i);
      lane[i] += four * four;
    }
  for (; k < n; k++)
    rest += (double) x[k] * (double) x[k];
  return dsp_lanes_sum (lane) + rest;
}

#endif
