/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/nn_reference.h - what a network must give: its layers' references, one after the other.
 *
 * Layer:   tests; uses nn.
 * Threads: pure functions.
 */
#ifndef TESTS_NN_REFERENCE_H
#define TESTS_NN_REFERENCE_H

#include "nn/layers.h"
#include "nn/network.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/* [n] zeros; the caller frees. */
static inline float *
floats_new (size_t n)
{
  float *x = calloc (n, sizeof *x);

  if (!x)
    abort ();
  return x;
}

/* in [items][...] -> out, by the class's definition. */
static inline void
layer_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  static const struct
  {
    const NnLayerClass *class;
    void (*reference) (const NnLayer *layer, const float *in, size_t items, float *out);
  } rows[] = {
    { &nn_avg_pool2d_class, nn_avg_pool2d_ref },
    { &nn_batch_norm_class, nn_batch_norm_ref },
    { &nn_conv2d_class, nn_conv2d_ref },
    { &nn_dense_class, nn_dense_ref },
    { &nn_elu_class, nn_elu_ref },
    { &nn_expand_dims_class, nn_expand_dims_ref },
    { &nn_flatten_class, nn_flatten_ref },
    { &nn_gru_class, nn_gru_ref },
    { &nn_hard_sigmoid_class, nn_hard_sigmoid_ref },
    { &nn_lstm_class, nn_lstm_ref },
    { &nn_max_pool2d_class, nn_max_pool2d_ref },
    { &nn_relu_class, nn_relu_ref },
    { &nn_sigmoid_class, nn_sigmoid_ref },
    { &nn_softmax_class, nn_softmax_ref },
    { &nn_tanh_class, nn_tanh_ref },
    { &nn_temporal_pool_class, nn_temporal_pool_ref },
    { &nn_time_distributed_flatten_class, nn_time_distributed_flatten_ref },
    { &nn_to_sequence_class, nn_to_sequence_ref },
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].class == layer->spec.class) {
      rows[i].reference (layer, in, items, out);
      return;
    }
  CHECK (layer->spec.class == &nn_dropout_class, "no reference for %s", layer->spec.class->type);
  memcpy (out, in, items * nn_shape_item (&layer->in) * sizeof *out);
}

/* specs      [n_layers] that the network was made of
 * frames     [n_frames][bands]
 * ret_shape  out, of what comes out
 *
 * The caller frees. */
static inline float *
network_ref (NnNetwork *network, const NnLayerSpec *specs, size_t n_layers, size_t bands, const float *frames,
    size_t n_frames, NnShape *ret_shape)
{
  NnShape shape = { .rank = 3, .items = n_frames, .rows = bands, .values = 1 };
  float *x = floats_new (n_frames * bands);
  size_t tensor = 0;

  memcpy (x, frames, n_frames * bands * sizeof *x);
  for (size_t i = 0; i < n_layers; i++) {
    NnLayer layer = { .spec = specs[i], .in = shape };
    NnIssue issue;

    if (layer.spec.class->configure (&layer, &issue) != NN_OK)
      abort ();
    layer.out.items = layer.spec.class->items_out ? layer.spec.class->items_out (&layer, shape.items) : shape.items;
    for (unsigned t = 0; t < layer.n_tensors; t++)
      layer.tensors[t].values = nn_network_tensor (network, tensor++)->values;

    float *y = floats_new (layer.out.items * nn_shape_item (&layer.out));

    layer_ref (&layer, x, shape.items, y);
    free (x);
    x = y;
    shape = layer.out;
  }
  *ret_shape = shape;
  return x;
}

#endif
