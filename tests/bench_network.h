/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench_network.h - the layers of the default network, genre-crnn.safetensors, without its head.
 *
 * Layer:   tests; uses nn/layer.h.
 * Threads: pure functions.
 */
#ifndef TESTS_BENCH_NETWORK_H
#define TESTS_BENCH_NETWORK_H

#include "nn/layer.h"

enum
{
  BENCH_BANDS = 64,
  BENCH_WINDOW = 129, /* frames */
  BENCH_LABELS = 10,
  BENCH_MAX_LAYERS = 32,
};

static inline NnLayerSpec
bench_spec (const char *type)
{
  return nn_layer_spec_default (nn_layer_class_find (type));
}

/* specs [BENCH_MAX_LAYERS]  out; returns how many: dense and softmax are yet to come */
static inline size_t
bench_body (NnLayerSpec *specs)
{
  static const unsigned filters[] = { 20, 40, 56, 72, 96 }, pool_time[] = { 1, 2, 1, 2, 1 };
  size_t n = 0;

  for (size_t i = 0; i < 5; i++) {
    specs[n] = bench_spec ("conv2d");
    specs[n].filters = filters[i];
    specs[n].kernel[0] = specs[n].kernel[1] = 3;
    specs[n].padding[0] = NN_PADDING_SAME;
    specs[n++].use_bias = false;
    specs[n++] = bench_spec ("batch_norm");
    specs[n++] = bench_spec ("relu");
    specs[n] = bench_spec ("max_pool2d");
    specs[n].pool[0] = 2;
    specs[n++].pool[1] = pool_time[i];
  }
  specs[n++] = bench_spec ("to_sequence");
  specs[n] = bench_spec ("gru");
  specs[n].units = 128;
  specs[n++].return_sequences = true;
  specs[n] = bench_spec ("temporal_pool");
  specs[n].n_stats = 2;
  specs[n].stats[0] = NN_STAT_MEAN;
  specs[n++].stats[1] = NN_STAT_MAX;
  return n;
}

#endif
