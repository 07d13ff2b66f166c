/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/network.h"

#include "nn/layers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct NnNetwork
{
  NnStack *stack;
  NnPlan plan;
};

/* --- construction ---------------------------------------------------------------------------------------------- */

static NnStatus
build (NnNetwork *network, const NnLayerSpec *specs, size_t n_layers, NnShape in, size_t min_frames, NnIssue *issue)
{
  if (in.rows > NN_MAX_ITEM) {
    snprintf (issue->text, sizeof issue->text, "%zu bands exceed %d", in.rows, NN_MAX_ITEM);
    return NN_BAD_SHAPE;
  }

  const NnStatus status = nn_stack_new (specs, n_layers, in, min_frames, &network->stack, issue);

  if (status != NN_OK)
    return status;
  if (!nn_plan_make (network->stack, in.items, &network->plan)) {
    issue->layer = n_layers - 1;
    snprintf (issue->text, sizeof issue->text, "%zu frames need more than %d values of memory", in.items,
        NN_MAX_RUN_VALUES);
    return NN_BAD_SHAPE;
  }
  return NN_OK;
}

NnStatus
nn_network_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    NnNetwork **ret_network, NnIssue *reterr_issue)
{
  assert (n_layers > 0 && bands > 0 && min_frames > 0 && min_frames <= max_frames);

  NnNetwork *network = calloc (1, sizeof *network);
  NnIssue issue = { 0 };

  if (!network)
    return NN_NO_MEMORY;

  const NnShape in = { .rank = 3, .items = max_frames, .rows = bands, .values = 1 };
  const NnStatus status = build (network, specs, n_layers, in, min_frames, &issue);

  if (status == NN_OK) {
    *ret_network = network;
    return NN_OK;
  }
  if (status != NN_NO_MEMORY)
    *reterr_issue = issue;
  nn_network_free (network);
  return status;
}

void
nn_network_free (NnNetwork *network)
{
  if (!network)
    return;
  nn_stack_free (network->stack);
  free (network);
}

NnStatus
nn_network_prepare (NnNetwork *network)
{
  return nn_stack_prepare (network->stack);
}

/* --- questions ------------------------------------------------------------------------------------------------- */

size_t
nn_network_n_tensors (const NnNetwork *network)
{
  return nn_stack_n_tensors (network->stack);
}

NnTensor *
nn_network_tensor (NnNetwork *network, size_t index)
{
  return nn_stack_tensor (network->stack, index);
}

size_t
nn_network_n_parameters (const NnNetwork *network)
{
  return nn_stack_n_parameters (network->stack);
}

size_t
nn_network_n_layers (const NnNetwork *network)
{
  return network->stack->n_layers;
}

const NnStack *
nn_network_stack (const NnNetwork *network)
{
  return network->stack;
}

const NnPlan *
nn_network_plan (const NnNetwork *network)
{
  return &network->plan;
}

const NnLayerSpec *
nn_network_spec (const NnNetwork *network, size_t index)
{
  return &network->stack->layers[index].spec;
}

const NnLayer *
nn_network_layer (const NnNetwork *network, size_t index)
{
  return &network->stack->layers[index];
}

NnShape
nn_network_output (const NnNetwork *network)
{
  return network->stack->layers[network->stack->n_layers - 1].out;
}

bool
nn_network_ends_in_softmax (const NnNetwork *network)
{
  return network->stack->layers[network->stack->n_layers - 1].spec.class == &nn_softmax_class;
}

size_t
nn_network_time_stride (const NnNetwork *network)
{
  size_t stride = 1;

  for (size_t i = 0; i < network->stack->n_layers; i++) {
    const NnLayerSpec *spec = &network->stack->layers[i].spec;

    if (spec->class == &nn_max_pool2d_class || spec->class == &nn_avg_pool2d_class)
      stride *= spec->pool[1];
  }
  return stride;
}

bool
nn_network_can_share (const NnNetwork *network)
{
  for (size_t i = 0; i < network->plan.n_trunk; i++)
    if (network->stack->layers[i].zeros_after > 0
        || (network->stack->layers[i].spec.class == &nn_conv2d_class
            && network->stack->layers[i].spec.padding[1] != NN_PADDING_VALID))
      return false;
  for (size_t i = 0; i < network->stack->n_layers; i++)
    if (network->stack->layers[i].spec.class->fixed_items)
      return false;
  return nn_network_output (network).rank == 1;
}

bool
nn_network_accepts (const NnNetwork *network, size_t frames)
{
  return nn_stack_items_after (network->stack, network->stack->n_layers, frames) > 0;
}
