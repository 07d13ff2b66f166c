/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/stack.h - layers one behind the other: their shapes, their tensors, their preparation for inference.
 *
 * Layer:   nn; uses the layers.
 * Threads: constant after nn_stack_prepare().
 */
#ifndef NN_STACK_H
#define NN_STACK_H

#include "nn/layer.h"

typedef struct NnStack
{
  size_t n_layers;
  size_t packed_parameters; /* their room as the kernels keep them */
  NnLayer layers[];         /* each takes what the one before gives */
} NnStack;

/* specs         [n_layers], n_layers >= 1, copied
 * in            what comes into the first layer; in.items is the most that it must accept, and
 * min_items     the fewest
 * ret_stack     out, on NN_OK; the tensors' values are zero
 * reterr_issue  out, on NN_BAD_LAYER and NN_BAD_SHAPE
 *
 * Checks every shape, and that the weights stay within NN_MAX_PARAMETERS: descriptions are untrusted. */
NnStatus nn_stack_new (const NnLayerSpec *specs, size_t n_layers, NnShape in, size_t min_items, NnStack **ret_stack,
    NnIssue *reterr_issue);
void nn_stack_free (NnStack *stack); /* NULL is a no-op */

/* Items behind the first n layers, 0 if one of them leaves none. */
size_t nn_stack_items_after (const NnStack *stack, size_t n, size_t items);

/* The tensors in the order of the layers. */
size_t nn_stack_n_tensors (const NnStack *stack);
NnTensor *nn_stack_tensor (NnStack *stack, size_t index);
size_t nn_stack_n_parameters (const NnStack *stack); /* all tensor values */

/* As nn_network_prepare(). */
NnStatus nn_stack_prepare (NnStack *stack);

#endif
