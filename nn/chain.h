/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/chain.h - a body of layers and its heads on whole batches: forward, losses, backward, the sum of all gradients.
 *
 * Layer:   nn; what nn/trainer stands on.  Uses the layers, nn/training, nn/loss and nn/pool.
 * Threads: one object serves one thread at a time, and uses the pool inside.
 *
 * All parameters lie in one array, tensor after tensor, the body's and then the heads', and so do their gradients.
 */
#ifndef NN_CHAIN_H
#define NN_CHAIN_H

#include "nn/pool.h"
#include "nn/trainer.h"

typedef struct NnChain NnChain;

/* As nn_trainer_new(); all parameters are 0.  Keeps a pointer to `pool`. */
NnStatus nn_chain_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, size_t max_samples, NnPool *pool, NnChain **ret_chain, NnIssue *reterr_issue);
void nn_chain_free (NnChain *chain); /* NULL is a no-op */

size_t nn_chain_n_values (const NnChain *chain); /* of all tensors, and what is between them to align each */
float *nn_chain_weights (NnChain *chain);        /* [n_values] */
float *nn_chain_gradients (NnChain *chain);      /* [n_values], 0 where nothing is to learn */

size_t nn_chain_n_tensors (const NnChain *chain);
const NnTensor *nn_chain_tensor (const NnChain *chain, size_t index);
size_t nn_chain_offset (const NnChain *chain, size_t index); /* in the arrays of all values */

/* Keras's initial weights, each tensor from the seed and its own index. */
void nn_chain_initialize (NnChain *chain, uint64_t seed);

typedef struct NnChainReport
{
  double loss;
  double gradient_norm;
} NnChainReport;

/* One batch: fills the gradients, and moves batch_norm's running statistics among the weights.
 *
 * input       [samples][frames][bands]
 * targets     [n_heads]
 * heads_only  the body stays as it is and works as at inference; the gradients are those of the heads */
NnChainReport nn_chain_run (NnChain *chain, const float *input, size_t samples, size_t frames, const NnTarget *targets,
    uint64_t seed, bool heads_only);

/* The layers as they were described, and each head's: for networks that infer. */
const NnLayerSpec *nn_chain_body_spec (const NnChain *chain, size_t index);
const NnLayerSpec *nn_chain_head_spec (const NnChain *chain, size_t index);

#endif
