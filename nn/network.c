/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/network.h"

#include "nn/layers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Head
{
  char name[NN_MAX_NAME + 1];
  NnStack *stack;
} Head;

struct NnNetwork
{
  NnStack *stack;
  NnPlan plan;
  size_t n_body; /* layers before the heads */
  Head heads[NN_MAX_HEADS];
  size_t n_heads;
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
  network->n_body = n_layers;
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
  for (size_t i = 0; i < network->n_heads; i++)
    nn_stack_free (network->heads[i].stack);
  nn_stack_free (network->stack);
  free (network);
}

NnStatus
nn_network_prepare (NnNetwork *network)
{
  NnStatus status = nn_stack_prepare (network->stack);

  for (size_t i = 0; i < network->n_heads && status == NN_OK; i++)
    status = nn_stack_prepare (network->heads[i].stack);
  return status;
}

/* --- heads ----------------------------------------------------------------------------------------------------- */

/* Layers before the last dense one; all if there is none. */
static size_t
layers_before_last_dense (const NnStack *stack)
{
  for (size_t i = stack->n_layers; i > 0; i--)
    if (stack->layers[i - 1].spec.class == &nn_dense_class)
      return i - 1;
  return stack->n_layers;
}

/* Whether each layer can run by itself on one vector. */
static bool
takes_vectors (const NnStack *stack, NnIssue *issue)
{
  for (size_t i = 0; i < stack->n_layers; i++) {
    const NnLayer *layer = &stack->layers[i];

    if (layer->spec.class->push && !layer->spec.class->forward && layer->out.rank == 1)
      continue;
    issue->layer = i;
    snprintf (issue->text, sizeof issue->text, "a head has layers that work on one vector, and this one does not");
    return false;
  }
  return true;
}

static size_t
packed_parameters (const NnNetwork *network)
{
  size_t sum = network->stack->packed_parameters;

  for (size_t i = 0; i < network->n_heads; i++)
    sum += network->heads[i].stack->packed_parameters;
  return sum;
}

static NnStatus
build_head (const NnNetwork *network, const NnLayerSpec *specs, size_t n_layers, NnStack **ret_stack, NnIssue *issue)
{
  const size_t n_body = layers_before_last_dense (network->stack);

  if (n_body == network->stack->n_layers || network->stack->layers[n_body].in.rank != 1) {
    snprintf (issue->text, sizeof issue->text, "a head needs a network that has a dense layer behind a vector");
    return NN_BAD_SHAPE;
  }

  NnStack *stack = NULL;
  NnStatus status = nn_stack_new (specs, n_layers, network->stack->layers[n_body].in, 1, &stack, issue);

  if (status != NN_OK)
    return status;
  if (!takes_vectors (stack, issue)) {
    status = NN_BAD_SHAPE;
  } else if (stack->packed_parameters > NN_MAX_PARAMETERS - packed_parameters (network)) {
    *issue = (NnIssue){ .layer = n_layers - 1 };
    snprintf (issue->text, sizeof issue->text, "more than %d parameters up to here", NN_MAX_PARAMETERS);
    status = NN_BAD_SHAPE;
  }
  if (status == NN_OK)
    *ret_stack = stack;
  else
    nn_stack_free (stack);
  return status;
}

NnStatus
nn_network_add_head (NnNetwork *network, const char *name, const NnLayerSpec *specs, size_t n_layers,
    NnIssue *reterr_issue)
{
  assert (network->n_heads < NN_MAX_HEADS && strlen (name) <= NN_MAX_NAME && n_layers > 0);

  Head *head = &network->heads[network->n_heads];
  NnIssue issue = { 0 };
  const NnStatus status = build_head (network, specs, n_layers, &head->stack, &issue);

  if (status == NN_OK) {
    strcpy (head->name, name);
    network->n_heads++;
    network->n_body = layers_before_last_dense (network->stack);
  } else if (status != NN_NO_MEMORY) {
    *reterr_issue = issue;
  }
  return status;
}

size_t
nn_network_n_heads (const NnNetwork *network)
{
  return network->n_heads;
}

const char *
nn_network_head_name (const NnNetwork *network, size_t head)
{
  return network->heads[head].name;
}

const NnStack *
nn_network_head (const NnNetwork *network, size_t head)
{
  return network->heads[head].stack;
}

size_t
nn_network_body (const NnNetwork *network)
{
  return network->n_body;
}

/* --- questions ------------------------------------------------------------------------------------------------- */

size_t
nn_network_n_tensors (const NnNetwork *network)
{
  size_t n = nn_stack_n_tensors (network->stack);

  for (size_t i = 0; i < network->n_heads; i++)
    n += nn_stack_n_tensors (network->heads[i].stack);
  return n;
}

NnTensor *
nn_network_tensor (NnNetwork *network, size_t index)
{
  NnTensor *tensor = nn_stack_tensor (network->stack, index);

  index -= tensor ? 0 : nn_stack_n_tensors (network->stack);
  for (size_t i = 0; i < network->n_heads && !tensor; i++) {
    tensor = nn_stack_tensor (network->heads[i].stack, index);
    index -= tensor ? 0 : nn_stack_n_tensors (network->heads[i].stack);
  }
  return tensor;
}

size_t
nn_network_n_parameters (const NnNetwork *network)
{
  size_t n = nn_stack_n_parameters (network->stack);

  for (size_t i = 0; i < network->n_heads; i++)
    n += nn_stack_n_parameters (network->heads[i].stack);
  return n;
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
