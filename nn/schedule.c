/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/schedule.h"

#include <assert.h>
#include <math.h>

double
nn_schedule_rate (const NnSchedule *schedule, uint64_t step)
{
  const double pi = 3.14159265358979323846;

  assert (schedule->steps >= 1 && schedule->warmup <= schedule->steps);

  if (step < schedule->warmup)
    return schedule->peak * (double) (step + 1) / (double) schedule->warmup;
  if (step + 1 >= schedule->steps)
    return schedule->peak * schedule->end;

  const double p = (double) (step - schedule->warmup) / (double) (schedule->steps - 1 - schedule->warmup);

  return schedule->peak * (schedule->end + (1 - schedule->end) * (1 + cos (pi * p)) / 2);
}
