/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/cost.h"

/* in  items that come in
 * shared  whether windows share what it works out of each */
static NnCost
layer_cost (const NnLayer *layer, size_t in, bool shared)
{
  size_t parameters = 0, kernel = 0, recurrent = 0;

  for (unsigned t = 0; t < layer->n_tensors; t++) {
    const NnTensor *tensor = &layer->tensors[t];
    const size_t size = nn_tensor_size (tensor);

    parameters += size;
    kernel += tensor->role == NN_ROLE_KERNEL ? size : 0;
    recurrent += tensor->role == NN_ROLE_RECURRENT_KERNEL ? size : 0;
  }

  /* A recurrent layer multiplies each step with either kernel; any other layer each item, and row of an image, that
   * comes out of it. */
  const size_t rows = layer->in.rank == 3 ? layer->out.rows : 1,
               uses = recurrent > 0 ? in : nn_layer_items_out (layer, in) * rows;
  const double of_items = (double) kernel * (double) uses, of_steps = (double) recurrent * (double) in;

  return (NnCost){
    .parameters = parameters,
    .columns = shared ? of_items : 0,
    .answer = shared ? of_steps : of_items + of_steps,
  };
}

NnCost
nn_cost_layer (const NnNetwork *network, size_t index, size_t frames, bool shares)
{
  const NnStack *stack = nn_network_stack (network);

  return layer_cost (&stack->layers[index], nn_stack_items_after (stack, index, frames),
      shares && index < nn_network_plan (network)->n_trunk);
}

NnCost
nn_cost_head_layer (const NnNetwork *network, size_t head, size_t index)
{
  return layer_cost (&nn_network_head (network, head)->layers[index], 1, false);
}
