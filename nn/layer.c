/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layer.h"

#include "nn/layers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const NnLayerClass *const classes[] = {
  &nn_avg_pool2d_class,
  &nn_batch_norm_class,
  &nn_conv2d_class,
  &nn_dense_class,
  &nn_dropout_class,
  &nn_elu_class,
  &nn_expand_dims_class,
  &nn_flatten_class,
  &nn_gru_class,
  &nn_hard_sigmoid_class,
  &nn_lstm_class,
  &nn_max_pool2d_class,
  &nn_relu_class,
  &nn_sigmoid_class,
  &nn_softmax_class,
  &nn_tanh_class,
  &nn_temporal_pool_class,
  &nn_time_distributed_flatten_class,
  &nn_to_sequence_class,
};

const NnLayerClass *
nn_layer_class_find (const char *type)
{
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (strcmp (classes[i]->type, type) == 0)
      return classes[i];
  return NULL;
}

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

void
nn_layer_add_tensor (NnLayer *layer, const char *suffix, unsigned rank, const size_t *dim)
{
  assert (layer->n_tensors < NN_MAX_TENSORS && rank <= 4);

  NnTensor *tensor = &layer->tensors[layer->n_tensors++];

  snprintf (tensor->name, sizeof tensor->name, "%s/%s", layer->spec.name, suffix);
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

size_t
nn_shape_item (const NnShape *shape)
{
  return shape->rows * shape->values;
}
