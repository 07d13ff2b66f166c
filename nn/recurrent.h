/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/recurrent.h - what the training of GRU and LSTM shares: their products over all samples of a slice at once.
 *
 * Layer:   nn; uses nn/gemm.
 * Threads: nn_recurrent_prepare() writes to the layer, the rest works on the caller's arrays only.
 *
 * Gradients of the gates are kept for all steps, [samples][steps][gates]; the sums over steps come at the end.
 */
#ifndef NN_RECURRENT_H
#define NN_RECURRENT_H

#include "nn/gemm.h"
#include "nn/training.h"

/* What a slice's sequences measure. */
typedef struct NnRecurrent
{
  const NnGemm *gemm;
  size_t samples, steps;
  size_t n_in, units, gates; /* gates: 3 or 4 times units */
} NnRecurrent;

NnRecurrent nn_recurrent_of (const NnLayer *layer, const NnSlice *slice);

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
