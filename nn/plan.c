/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/plan.h"

#include "nn/size.h"

/* Where the trunk ends and the tail begins. */
static void
split (const NnStack *stack, NnPlan *plan)
{
  size_t i = 0;

  while (i < stack->n_layers && stack->layers[i].spec.class->push) {
    i++;
    if (stack->layers[i - 1].spec.class->forward) {
      plan->tail_first = i - 1;
      break;
    }
    plan->tail_first = i;
  }
  plan->n_trunk = i;
  plan->column_values = i > 0 ? stack->layers[i - 1].push_values : plan->input;
}

/* total: of all values that a run keeps; false if it exceeds the limit, as below. */
static bool
add_trunk (const NnStack *stack, NnPlan *plan, size_t *total)
{
  for (size_t i = 0; i < plan->n_trunk; i++) {
    const NnLayer *layer = &stack->layers[i];

    if (layer->zeros_after > 0)
      plan->zeros = nn_size_larger (plan->zeros, nn_shape_item (&layer->in));
    if (!nn_size_add (total, layer->state_bytes / sizeof (float) + 1, 1, NN_MAX_RUN_VALUES)
        || !nn_size_add (total, layer->push_values, 1, NN_MAX_RUN_VALUES))
      return false;
  }
  return nn_size_add (total, nn_size_larger (plan->input, plan->zeros), 2, NN_MAX_RUN_VALUES);
}

/* items: columns of the longest window */
static bool
add_tail (const NnStack *stack, NnPlan *plan, size_t items, size_t *total)
{
  plan->buffer = items * plan->column_values;
  for (size_t i = plan->tail_first; i < stack->n_layers; i++) {
    const NnLayer *layer = &stack->layers[i];
    const NnLayerClass *class = layer->spec.class;
    size_t pushed = 0, out = 0;

    if (!nn_size_add (&pushed, items, layer->push_values, NN_MAX_RUN_VALUES))
      return false;
    items = nn_layer_items_out (layer, items);
    if (!nn_size_add (&out, items, nn_shape_item (&layer->out), NN_MAX_RUN_VALUES))
      return false;
    plan->buffer = nn_size_larger (plan->buffer, nn_size_larger (pushed, out));
    if (class->scratch_values)
      plan->scratch = nn_size_larger (plan->scratch, class->scratch_values (layer));
  }
  return nn_size_add (total, plan->buffer, 2, NN_MAX_RUN_VALUES)
      && nn_size_add (total, plan->scratch, 1, NN_MAX_RUN_VALUES);
}

bool
nn_plan_make (const NnStack *stack, size_t frames, NnPlan *ret_plan)
{
  NnPlan plan = { .input = nn_shape_item (&stack->layers[0].in), .zeros = 1, .scratch = 1 };
  size_t total = 0;

  split (stack, &plan);

  const size_t columns = nn_stack_items_after (stack, plan.tail_first, frames);

  plan.capacity = 2 * columns + 2;
  if (frames > NN_MAX_RUN_VALUES || !add_trunk (stack, &plan, &total)
      || !nn_size_add (&total, plan.capacity, plan.column_values, NN_MAX_RUN_VALUES)
      || !add_tail (stack, &plan, columns, &total))
    return false;
  *ret_plan = plan;
  return true;
}
