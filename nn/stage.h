/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/stage.h - one link of a chain at work on a batch: forward and backward, slice by slice.
 *
 * Layer:   nn; uses nn/arena and nn/chain.
 * Threads: slices may be worked on at once; nn_stage_begin() and the totals are for the whole batch, on one thread.
 */
#ifndef NN_STAGE_H
#define NN_STAGE_H

#include "nn/arena.h"
#include "nn/chain.h"

typedef struct NnStage
{
  NnLink *link;
  size_t n_sums;
  bool copies; /* in place, but on a copy: where what comes in must stay */

  float *out;         /* [max_samples][..]; what comes in where in place */
  float *cache;       /* [max_samples][..] */
  double *slice_sums; /* [NN_MAX_SLICES][n_sums] */
  double *sums;       /* [n_sums] */

  const float *in;                            /* of the present batch, as all that follows */
  size_t items;                               /* that come in, for each sample */
  size_t in_values, out_values, cache_values; /* of one sample */
  uint64_t seed;
  bool fixed; /* as NnSlice */
} NnStage;

/* copies: what comes in must stay, whether the layer works in place or not */
NnStage nn_stage_of (NnLink *link, bool copies);

/* Its arrays, for batches of up to max_samples of the most items.  before: `out` of the stage before. */
void nn_stage_lay_out (NnStage *stage, size_t max_samples, float *before, NnArena *arena);

/* Floats that forward and backward of one slice of such a batch work in. */
size_t nn_stage_scratch_values (const NnStage *stage, size_t max_samples);

/* The next batch.  in [samples][items][..].  Returns the items that come out. */
size_t nn_stage_begin (NnStage *stage, const float *in, size_t items, bool fixed, uint64_t seed);

/* Slice `index` of a batch of so many samples. */
NnSlice nn_stage_slice (const NnStage *stage, size_t samples, size_t index);

void nn_stage_forward (const NnStage *stage, const NnSlice *slice, float *scratch);

/* dout -> din, NULL if it is not wanted, and adds to the slice's gradients of all tensors of the chain. */
void nn_stage_backward (const NnStage *stage, const NnSlice *slice, const float *dout, float *din, float *gradients,
    float *scratch);

/* The sums of slice `index` (n_sums > 0), and what follows for all samples once every slice has them. */
void nn_stage_forward_sums (const NnStage *stage, const NnSlice *slice, size_t index);
void nn_stage_forward_total (NnStage *stage, size_t samples);
void nn_stage_backward_sums (const NnStage *stage, const NnSlice *slice, size_t index, const float *dout);
void nn_stage_backward_total (NnStage *stage, size_t samples, float *gradients);

#endif
