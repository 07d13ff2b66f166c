/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/cost.h"

NnCost
nn_cost_layer (const NnNetwork *network, size_t index, size_t frames, bool shares)
{
  const NnStack *stack = nn_network_stack (network);
  const NnLayer *layer = &stack->layers[index];
  const size_t in = nn_stack_items_after (stack, index, frames), out = nn_layer_items_out (layer, in);
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
  const size_t rows = layer->in.rank == 3 ? layer->out.rows : 1, uses = recurrent > 0 ? in : out * rows;
  const double of_items = (double) kernel * (double) uses, of_steps = (double) recurrent * (double) in;
  const bool shared = shares && index < nn_network_plan (network)->n_trunk;

  return (NnCost){
    .parameters = parameters,
    .columns = shared ? of_items : 0,
    .answer = shared ? of_steps : of_items + of_steps,
  };
}
