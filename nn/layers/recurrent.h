/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/layers/recurrent.h - what GRU and LSTM share: their tensors, the product of each step with the kernel, and in
 * training the products over all samples of a slice at once.
 *
 * Layer:   nn; uses nn/gemm.
 * Threads: nn_recurrent_configure() and nn_recurrent_prepare() write to the layer, the rest works on the caller's
 *          arrays only.
 *
 * Gradients of the gates are kept for all steps, [samples][steps][gates]; the sums over steps come at the end.
 */
#ifndef NN_LAYERS_RECURRENT_H
#define NN_LAYERS_RECURRENT_H

#include "nn/gemm.h"
#include "nn/training.h"

/* Their tensors. */
enum
{
  NN_GATES_KERNEL,    /* [n_in][gates] */
  NN_GATES_RECURRENT, /* [units][gates] */
  NN_GATES_BIAS,
};

/* configure() up to the bias, which is the next tensor.  gates: of one unit. */
NnStatus nn_recurrent_configure (NnLayer *layer, size_t gates, NnIssue *issue);
size_t nn_recurrent_items_out (const NnLayer *layer, size_t items);

/* out [gates] = x kernel + bias: one step by itself.  A push(). */
bool nn_recurrent_push (const NnLayer *layer, void *state, const float *in, float *out);

/* --- training --- */

/* What a slice's sequences measure. */
typedef struct NnRecurrent
{
  const NnGemm *gemm;
  size_t samples, steps;
  size_t n_in, units, gates; /* gates: 3 or 4 times units */
  size_t n_kept;             /* arrays of `units` that a step leaves for backward() */
} NnRecurrent;

NnRecurrent nn_recurrent_of (const NnLayer *layer, const NnSlice *slice, size_t n_kept);

/* The cache, for each sample: h [steps][units], then what is kept [steps][n_kept][units]. */

static inline size_t
nn_recurrent_cache_stride (const NnRecurrent *size)
{
  return size->steps * size->units * (1 + size->n_kept);
}

/* h after step t of a sample. */
static inline size_t
nn_recurrent_state_at (const NnRecurrent *size, size_t sample, size_t t)
{
  return sample * nn_recurrent_cache_stride (size) + t * size->units;
}

/* What step t of a sample keeps, [n_kept][units]. */
static inline size_t
nn_recurrent_kept_at (const NnRecurrent *size, size_t sample, size_t t)
{
  return sample * nn_recurrent_cache_stride (size) + (size->steps + t * size->n_kept) * size->units;
}

/* kernel [n_in][gates] -> packed, and transposed packed_back; bias_rows rows of packed_bias (each padded, zeros), zeros
 * and `packing`, all large enough for either kernel.  Allocates at the first call only.  NN_OK or NN_NO_MEMORY. */
NnStatus nn_recurrent_prepare (NnLayer *layer, size_t bias_rows);

/* d gate inputs -> gradients of kernel [n_in][gates] and bias [gates], added, and din if wanted
 *
 * in   [samples][steps][n_in]
 * d    [samples][steps][gates], NN_GEMM_SLACK values behind it are readable
 * din  [samples][steps][n_in] or NULL */
void nn_recurrent_input_backward (const NnLayer *layer, const NnRecurrent *size, const float *in, const float *d,
    float *din, float *kernel, float *bias);

/* recurrent[v][n] += sum over samples and steps t > 0 of h[sample][t - 1][v] d[sample][t][n], for n < columns
 *
 * h          [units] of step t of a sample at h + sample * stride + t * units
 * d          [samples][steps][gates], as above
 * recurrent  [units][gates] */
void nn_recurrent_state_gradient (const NnRecurrent *size, const float *h, size_t stride, const float *d,
    size_t columns, float *recurrent);

#endif
