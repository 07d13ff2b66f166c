/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/schedule.h - the learning rate of each step: a linear warm-up, then half a cosine.
 *
 * Layer:   nn.
 * Threads: a pure function.
 */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H

#include <stdint.h>

typedef struct NnSchedule
{
  double peak;     /* learning rate */
  double end;      /* at the last step, as a fraction of the peak */
  uint64_t warmup; /* steps, at most `steps`; 0: none */
  uint64_t steps;  /* in all, at least 1 */
} NnSchedule;

/* step k of 0, 1, ... steps - 1; behind the last as the last
 *
 *   k < warmup   peak (k + 1) / warmup
 *   else         peak (end + (1 - end) (1 + cos (pi p)) / 2),  p = (k - warmup) / (steps - 1 - warmup), at most 1
 *
 * The peak is therefore at k = warmup - 1 and k = warmup, peak * end at k = steps - 1. */
double nn_schedule_rate (const NnSchedule *schedule, uint64_t step);

#endif
