/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/stack.h"

#include "nn/size.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* --- construction ---------------------------------------------------------------------------------------------- */

/* The parameters of a layer as the kernels keep them: rows padded to the widest panel of any, so that a model that
 * loads on one machine loads on all. */
static bool
add_parameters (size_t *total, const NnLayer *layer)
{
  for (unsigned t = 0; t < layer->n_tensors; t++) {
    const NnTensor *tensor = &layer->tensors[t];
    size_t rows = 1;

    for (unsigned i = 0; i + 1 < tensor->rank; i++) {
      size_t product = 0;

      if (!nn_size_add (&product, rows, tensor->dim[i], NN_MAX_PARAMETERS))
        return false;
      rows = product;
    }
    if (!nn_size_add (total, rows, (tensor->dim[tensor->rank - 1] + 15) / 16 * 16, NN_MAX_PARAMETERS))
      return false;
  }
  return true;
}

static NnStatus
configure_layer (NnLayer *layer, const NnLayerSpec *spec, NnShape in, size_t min_items, NnIssue *issue)
{
  const NnStatus status = nn_layer_configure (layer, spec, in, issue);

  if (status != NN_OK)
    return status;
  if (layer->spec.class->fixed_items && min_items != in.items) {
    snprintf (issue->text, sizeof issue->text, "needs windows of one length, but %zu to %zu columns come in", min_items,
        in.items);
    return NN_BAD_SHAPE;
  }
  if (layer->out.items == 0 || nn_layer_items_out (layer, min_items) == 0) {
    snprintf (issue->text, sizeof issue->text, "nothing is left of %zu columns", min_items);
    return NN_BAD_SHAPE;
  }
  /* What one item may hold bounds every product of sizes below. */
  if (layer->out.rows > NN_MAX_ITEM / layer->out.values) {
    snprintf (issue->text, sizeof issue->text, "an output of %zu x %zu values a column exceeds %d", layer->out.rows,
        layer->out.values, NN_MAX_ITEM);
    return NN_BAD_SHAPE;
  }
  return NN_OK;
}

/* All layers, each after the one before. */
static NnStatus
configure (NnStack *stack, const NnLayerSpec *specs, size_t n_layers, NnShape shape, size_t min_items, NnIssue *issue)
{
  for (size_t i = 0; i < n_layers; i++) {
    NnLayer *layer = &stack->layers[i];

    stack->n_layers = i + 1;
    issue->layer = i;

    const NnStatus status = configure_layer (layer, &specs[i], shape, min_items, issue);

    if (status != NN_OK)
      return status;
    if (!add_parameters (&stack->packed_parameters, layer)) {
      snprintf (issue->text, sizeof issue->text, "more than %d parameters up to here", NN_MAX_PARAMETERS);
      return NN_BAD_SHAPE;
    }
    shape = layer->out;
    min_items = nn_layer_items_out (layer, min_items);
  }
  return NN_OK;
}

static bool
allocate_tensors (NnStack *stack)
{
  for (size_t i = 0; i < stack->n_layers; i++) {
    NnLayer *layer = &stack->layers[i];

    for (unsigned t = 0; t < layer->n_tensors; t++) {
      layer->tensors[t].values = calloc (nn_tensor_size (&layer->tensors[t]), sizeof (float));
      if (!layer->tensors[t].values)
        return false;
    }
  }
  return true;
}

NnStatus
nn_stack_new (const NnLayerSpec *specs, size_t n_layers, NnShape in, size_t min_items, NnStack **ret_stack,
    NnIssue *reterr_issue)
{
  assert (n_layers > 0 && min_items > 0 && min_items <= in.items);

  NnStack *stack = calloc (1, sizeof *stack + n_layers * sizeof *stack->layers);
  NnIssue issue = { 0 };

  if (!stack)
    return NN_NO_MEMORY;

  NnStatus status = configure (stack, specs, n_layers, in, min_items, &issue);

  if (status == NN_OK && !allocate_tensors (stack))
    status = NN_NO_MEMORY;
  if (status != NN_OK)
    goto fail;
  *ret_stack = stack;
  return NN_OK;

fail:
  if (status != NN_NO_MEMORY)
    *reterr_issue = issue;
  nn_stack_free (stack);
  return status;
}

void
nn_stack_free (NnStack *stack)
{
  if (!stack)
    return;
  for (size_t i = 0; i < stack->n_layers; i++)
    nn_layer_clear (&stack->layers[i]);
  free (stack);
}

NnStatus
nn_stack_prepare (NnStack *stack)
{
  for (size_t i = 0; i < stack->n_layers; i++) {
    NnLayer *layer = &stack->layers[i];

    if (layer->absorbed || !layer->spec.class->prepare)
      continue;

    const NnStatus status = layer->spec.class->prepare (layer, layer + 1, stack->n_layers - i - 1);

    if (status != NN_OK)
      return status;
  }
  return NN_OK;
}

/* --- questions ------------------------------------------------------------------------------------------------- */

size_t
nn_stack_items_after (const NnStack *stack, size_t n, size_t items)
{
  for (size_t i = 0; i < n && items > 0; i++)
    items = nn_layer_items_out (&stack->layers[i], items);
  return items;
}

size_t
nn_stack_n_tensors (const NnStack *stack)
{
  size_t n = 0;

  for (size_t i = 0; i < stack->n_layers; i++)
    n += stack->layers[i].n_tensors;
  return n;
}

NnTensor *
nn_stack_tensor (NnStack *stack, size_t index)
{
  for (size_t i = 0; i < stack->n_layers; i++) {
    if (index < stack->layers[i].n_tensors)
      return &stack->layers[i].tensors[index];
    index -= stack->layers[i].n_tensors;
  }
  return NULL;
}

size_t
nn_stack_n_parameters (const NnStack *stack)
{
  size_t n = 0;

  for (size_t i = 0; i < stack->n_layers; i++)
    for (unsigned t = 0; t < stack->layers[i].n_tensors; t++)
      n += nn_tensor_size (&stack->layers[i].tensors[t]);
  return n;
}
