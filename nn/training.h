/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/training.h - what a layer does in training: forward with what it must remember, and backward.
 *
 * Layer:   nn.
 * Threads: the slices of a batch may be worked on by several threads at once; what is said to be for the whole batch is
 *          called once, on one thread, between them.  NnLayer is written to by prepare() and the totals only.
 *
 * All samples of a batch have the same number of items.  A batch is cut into slices whose size does not depend on the
 * number of threads; sums over a batch are sums over its slices in their order.  That makes training bit-identical for
 * any number of threads.
 *
 * Arrays of a slice are [samples][items][rows][values], the memory order of nn/layer.h.
 */
#ifndef NN_TRAINING_H
#define NN_TRAINING_H

#include "nn/layer.h"

#include <stdint.h>

typedef struct NnSlice
{
  size_t samples; /* in this slice */
  size_t first;   /* index of its first sample in the batch */
  size_t items;   /* that come in, for each sample */
  bool fixed;     /* the layer works as at inference, and there will be no backward() */
  uint64_t seed;  /* of this layer and step: what a dropout drops follows from it, the sample's index and the value's */
} NnSlice;

enum
{
  NN_SLICE = 4,       /* samples: what a thread works on at once; 1 to 8 cost the same within 4 % */
  NN_MAX_SLICES = 16, /* each has gradients of its own; larger batches have larger slices */
};

/* Samples of each slice of a batch but the last, which may have fewer. */
static inline size_t
nn_slice_samples (size_t batch)
{
  const size_t least = (batch + NN_MAX_SLICES - 1) / NN_MAX_SLICES;

  return least > NN_SLICE ? least : NN_SLICE;
}

/* Slices of a batch. */
static inline size_t
nn_slice_count (size_t batch)
{
  return (batch + nn_slice_samples (batch) - 1) / nn_slice_samples (batch);
}

struct NnLayerTraining
{
  /* Floats that forward() leaves for backward(), for one sample of `items`.  NULL: none. */
  size_t (*cache_values) (const NnLayer *layer, size_t items);

  /* Floats that forward() and backward() work in, for one slice.  NULL: none. */
  size_t (*scratch_values) (const NnLayer *layer, const NnSlice *slice);

  /* Whole batch, before forward: packs the present tensors as the kernels want them; allocates at the first call only.
   * NULL: nothing to do.  NN_OK or NN_NO_MEMORY. */
  NnStatus (*prepare) (NnLayer *layer);

  /* Sums over all samples that forward() or backward() need (batch_norm): `n_sums` doubles each.  NULL: none.
   *
   * forward_sums    slice: sums [n_sums] out
   * forward_total   whole batch: the sums over all slices, of `count` items in all; updates running statistics
   * forward_fixed   whole batch, in place of both where the layer is to stay as it is: works by its running statistics
   * backward_sums   slice: sums [n_sums] out
   * backward_total  whole batch; adds to the gradients [n_tensors] of the batch what follows from the sums */
  size_t (*n_sums) (const NnLayer *layer);
  void (*forward_sums) (const NnLayer *layer, const NnSlice *slice, const float *in, double *sums);
  void (*forward_total) (NnLayer *layer, size_t count, const double *sums);
  void (*forward_fixed) (NnLayer *layer);
  void (*backward_sums) (const NnLayer *layer, const NnSlice *slice, const float *in, const float *dout, double *sums);
  void (*backward_total) (NnLayer *layer, size_t count, const double *sums, float *const *gradients);

  /* in [..] -> out [..], cache [samples][cache_values].  in == out where `in_place`. */
  void (
      *forward) (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache, float *scratch);

  /* dout, shaped as out: d loss / d out -> din, shaped as in; NULL: not wanted.  dout == din where `in_place`.
   * in, out, cache: as forward() had and left them; `in` is lost where the layer is in_place, and `out` where the
   * layer behind it is: the layers look at neither then.
   * gradients [n_tensors]: each of its tensor's shape, of this slice: the layer adds. */
  void (*backward) (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
      const float *dout, float *din, float *const *gradients, float *scratch);

  bool in_place;
};

#endif
