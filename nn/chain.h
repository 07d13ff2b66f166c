/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/chain.h - a body of layers and its heads that learn: all their parameters in one array, and all gradients.
 *
 * Layer:   nn; uses the layers, nn/heads, nn/arena, nn/initializer and, to check descriptions, nn/network.
 * Threads: plain data; nn/pass works on it.
 */
#ifndef NN_CHAIN_H
#define NN_CHAIN_H

#include "nn/heads.h"
#include "nn/training.h"

/* A layer of the body, or a head's. */
typedef struct NnLink
{
  NnLayer layer;                 /* its tensors' values are in `weights` */
  size_t offset[NN_MAX_TENSORS]; /* of each tensor in the arrays of all values */
} NnLink;

typedef struct NnChain
{
  size_t n_layers, n_heads;
  size_t max_frames;
  size_t n_tensors;
  size_t n_values;  /* of all tensors, and what is between them to align each */
  NnLoss *losses;   /* [n_heads] */
  void *memory;     /* what follows: the body's tensors, then the heads', each in their order */
  float *weights;   /* [n_values] */
  float *gradients; /* [n_values], 0 where nothing is to learn */
  NnLink links[];   /* [n_layers] the body, [n_heads] */
} NnChain;

/* As nn_trainer_new(); all parameters are 0. */
NnStatus nn_chain_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, NnChain **ret_chain, NnIssue *reterr_issue);
void nn_chain_free (NnChain *chain); /* NULL is a no-op */

/* Tensor `index` of all: its offset in the arrays of all values, and what it is. */
size_t nn_chain_offset (const NnChain *chain, size_t index);
const NnTensor *nn_chain_tensor (const NnChain *chain, size_t index);

/* Keras's initial weights, each tensor from the seed and its own index. */
void nn_chain_initialize (NnChain *chain, uint64_t seed);

#endif
