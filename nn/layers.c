/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"

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
