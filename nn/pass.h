/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pass.h - whole batches through a chain: forward, losses, backward, the sum of all gradients.
 *
 * Layer:   nn; uses nn/chain, nn/stage and nn/pool.
 * Threads: one object serves one thread at a time, and uses the pool inside.
 */
#ifndef NN_PASS_H
#define NN_PASS_H

#include "nn/chain.h"
#include "nn/pool.h"

typedef struct NnPass NnPass;

/* max_samples: the largest batch.  Keeps pointers to `chain` and `pool`.  NULL: out of memory. */
NnPass *nn_pass_new (NnChain *chain, size_t max_samples, NnPool *pool);
void nn_pass_free (NnPass *pass); /* NULL is a no-op */

typedef struct NnPassReport
{
  double loss;
  double gradient_norm;
} NnPassReport;

/* One batch: fills the chain's gradients, and moves batch_norm's running statistics among its weights.
 *
 * input       [samples][frames][bands]
 * targets     [n_heads]
 * heads_only  the body stays as it is and works as at inference; the gradients are those of the heads */
NnPassReport nn_pass_run (NnPass *pass, const float *input, size_t samples, size_t frames, const NnTarget *targets,
    uint64_t seed, bool heads_only);

#endif
