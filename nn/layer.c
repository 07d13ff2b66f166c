/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layer.h"

#include "nn/gemm.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NnLayerSpec
nn_layer_spec_default (const NnLayerClass *class)
{
  return (NnLayerSpec){
    .class = class,
    .kernel = { 1, 1 },
    .pool = { 2, 2 },
    .padding = { NN_PADDING_VALID, NN_PADDING_VALID },
    .use_bias = true,
    .reset_after = true,
    .activation = NN_ACTIVATION_TANH,
    .recurrent_activation = NN_ACTIVATION_SIGMOID,
    .epsilon = 1e-3,
    .momentum = .99,
    .temperature = 1,
  };
}

bool
nn_layer_class_has_key (const NnLayerClass *class, const char *key)
{
  const size_t length = strlen (key);

  if (length == 0 || strchr (key, ' '))
    return false;
  for (const char *at = class->keys; (at = strstr (at, key)) != NULL; at += length)
    if (at > class->keys && at[-1] == ' ' && at[length] == ' ')
      return true;
  return false;
}

NnStatus
nn_layer_configure (NnLayer *layer, const NnLayerSpec *spec, NnShape in, NnIssue *issue)
{
  layer->spec = *spec;
  layer->gemm = nn_gemm_best ();
  layer->in = in;

  const NnStatus status = spec->class->configure (layer, issue);

  layer->out.items = status == NN_OK ? nn_layer_items_out (layer, in.items) : 0;
  if (layer->push_values == 0)
    layer->push_values = nn_shape_item (&layer->out);
  return status;
}

size_t
nn_layer_items_out (const NnLayer *layer, size_t items)
{
  return layer->spec.class->items_out ? layer->spec.class->items_out (layer, items) : items;
}

bool
nn_layer_expects (const NnLayer *layer, unsigned rank, NnIssue *issue)
{
  static const char *const names[] = { "nothing", "a vector", "a sequence", "an image" };

  if (layer->in.rank == rank)
    return true;
  snprintf (issue->text, sizeof issue->text, "needs %s, but %s comes in", names[rank], names[layer->in.rank]);
  return false;
}

/* As Keras and the model file call it. */
static const char *
role_name (NnRole role)
{
  switch (role) {
    case NN_ROLE_KERNEL:
      return "kernel";
    case NN_ROLE_RECURRENT_KERNEL:
      return "recurrent_kernel";
    case NN_ROLE_BIAS:
    case NN_ROLE_LSTM_BIAS:
      return "bias";
    case NN_ROLE_GAMMA:
      return "gamma";
    case NN_ROLE_BETA:
      return "beta";
    case NN_ROLE_MOVING_MEAN:
      return "moving_mean";
    case NN_ROLE_MOVING_VARIANCE:
      return "moving_variance";
  }
  return NULL;
}

void
nn_layer_add_tensor (NnLayer *layer, NnRole role, unsigned rank, const size_t *dim)
{
  assert (layer->n_tensors < NN_MAX_TENSORS && rank <= 4);

  NnTensor *tensor = &layer->tensors[layer->n_tensors++];

  snprintf (tensor->name, sizeof tensor->name, "%s/%s", layer->spec.name, role_name (role));
  tensor->role = role;
  tensor->rank = rank;
  memcpy (tensor->dim, dim, rank * sizeof *dim);
}

void
nn_layer_clear (NnLayer *layer)
{
  float **const packed[] = { &layer->packed, &layer->packed_bias, &layer->packed_recurrent, &layer->packed_back,
    &layer->packed_recurrent_back, &layer->packing, &layer->zeros };

  for (unsigned t = 0; t < layer->n_tensors; t++) {
    free (layer->tensors[t].values);
    layer->tensors[t].values = NULL;
  }
  for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
    free (*packed[i]);
    *packed[i] = NULL;
  }
}

size_t
nn_tensor_size (const NnTensor *tensor)
{
  size_t size = 1;

  for (unsigned i = 0; i < tensor->rank; i++)
    size *= tensor->dim[i];
  return size;
}

bool
nn_tensor_learns (const NnTensor *tensor)
{
  return tensor->role != NN_ROLE_MOVING_MEAN && tensor->role != NN_ROLE_MOVING_VARIANCE;
}

bool
nn_tensor_decays (const NnTensor *tensor)
{
  return tensor->role == NN_ROLE_KERNEL || tensor->role == NN_ROLE_RECURRENT_KERNEL;
}

size_t
nn_shape_item (const NnShape *shape)
{
  return shape->rows * shape->values;
}
