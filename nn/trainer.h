/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/trainer.h - a network with one or several heads that learns: batches, losses, AdamW, averaged weights.
 *
 * Layer:   nn; uses nn/chain, nn/pass, nn/heads, nn/optimizer and nn/pool.
 * Threads: one object serves one thread at a time; a step uses the pool's threads inside.  Results do not depend
 *          on their number, bit for bit.
 */
#ifndef NN_TRAINER_H
#define NN_TRAINER_H

#include "nn/heads.h"
#include "nn/pool.h"

#include <stdint.h>

typedef struct NnStep
{
  double learning_rate;
  double weight_decay; /* AdamW's: decoupled, times learning_rate; not on biases and batch_norm */
  double clip_norm;    /* of all gradients together; 0: no clipping */
  double average;      /* decay of the moving average of the weights; 0: the average is the weights */
  uint64_t seed;       /* of the dropouts */
  bool heads_only;     /* the body stays as it is, and works as at inference */
} NnStep;

typedef struct NnStepReport
{
  double loss;
  double gradient_norm; /* before clipping */
  bool finite;          /* false: loss or gradient is not, and nothing was changed */
} NnStepReport;

typedef struct NnTrainer NnTrainer;

/* specs        [n_layers] the body, up to the vector that the heads look at
 * bands        rows of the input
 * min_frames, max_frames  lengths of the samples that will come
 * heads        [n_heads]
 * max_samples  the largest batch
 * pool         outlives the trainer, and does nothing else while a call to it lasts
 * As nn_network_new(); a layer that cannot be trained is NN_BAD_LAYER; an issue's layer of n_layers + h is head h.
 * Initialized with seed 0. */
NnStatus nn_trainer_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, size_t max_samples, NnPool *pool, NnTrainer **ret_trainer,
    NnIssue *reterr_issue);
void nn_trainer_free (NnTrainer *trainer); /* NULL is a no-op */

/* Keras's initial weights: Glorot uniform kernels, orthogonal recurrent kernels, biases 0 (LSTM's forget gate 1),
 * batch_norm gamma 1, beta 0, mean 0, variance 1.  Discards all that was learned and the optimiser's state. */
void nn_trainer_initialize (NnTrainer *trainer, uint64_t seed);

/* One step of AdamW on one batch (beta .9 and .999, epsilon 1e-8, bias-corrected).  Allocates nothing.
 *
 * What a dropout drops follows from step->seed and the steps so far.  The average's decay is at most n / (9 + n) at
 * step n = 1, 2, ...: see nn_average_decay().
 *
 * input    [samples][frames][bands]
 * targets  [n_heads] */
NnStepReport nn_trainer_step (NnTrainer *trainer, const float *input, size_t samples, size_t frames,
    const NnTarget *targets, const NnStep *step);

/* Loss and gradients only, into nn_trainer_array (..., NN_TRAINER_GRADIENT); for tests and tools. */
NnStepReport nn_trainer_gradients (NnTrainer *trainer, const float *input, size_t samples, size_t frames,
    const NnTarget *targets, uint64_t seed);

/* The parts of its state, each with one array for every tensor of the body and then of the heads, in their order.
 * Copying all arrays of all kinds but GRADIENT, and the steps, into a new trainer continues to the same weights. */
typedef enum NnTrainerKind
{
  NN_TRAINER_WEIGHT,  /* batch_norm's moving statistics among them */
  NN_TRAINER_AVERAGE, /* moving average of the weights: what to ship */
  NN_TRAINER_MOMENT_1,
  NN_TRAINER_MOMENT_2,
  NN_TRAINER_GRADIENT, /* of the last step, before clipping */
  NN_TRAINER_N_KINDS,
} NnTrainerKind;

size_t nn_trainer_n_tensors (const NnTrainer *trainer);
const NnTensor *nn_trainer_tensor (const NnTrainer *trainer, size_t index);     /* name and shape */
float *nn_trainer_array (NnTrainer *trainer, NnTrainerKind kind, size_t index); /* [nn_tensor_size()] */
uint64_t nn_trainer_steps (const NnTrainer *trainer);
void nn_trainer_set_steps (NnTrainer *trainer, uint64_t steps);

#endif
