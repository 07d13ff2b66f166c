/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/plan.h - how a run goes through the layers of a network, and the memory it takes.
 *
 * Layer:   nn; uses nn/stack.
 * Threads: pure functions.
 *
 * The layers fall into two parts.  The *trunk*, the first `n_trunk`, works item by item from the input on: what it
 * gives, the *columns*, may be shared between windows.  The *tail*, from `tail_first` on, needs all columns of a
 * window: it starts with the forward() of the trunk's last layer, if that has one, and else with the layer behind it.
 */
#ifndef NN_PLAN_H
#define NN_PLAN_H

#include "nn/stack.h"

typedef struct NnPlan
{
  size_t n_trunk;
  size_t tail_first;
  size_t column_values; /* of a column */

  size_t input;    /* values of a frame */
  size_t zeros;    /* the widest input of a layer in the trunk that pads time, at least 1 */
  size_t capacity; /* columns: twice a window's, so that old ones move away only once in a while, and two under way */
  size_t buffer;   /* the widest array between two layers of the tail */
  size_t scratch;  /* of any forward() */
} NnPlan;

/* frames  the longest window, accepted by the layers
 * False, and nothing written, if all together exceeds NN_MAX_RUN_VALUES. */
bool nn_plan_make (const NnStack *stack, size_t frames, NnPlan *ret_plan);

#endif
