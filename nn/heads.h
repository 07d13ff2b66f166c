/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/heads.h - outputs behind one body in training: what each is, and how wrong it was.
 *
 * Layer:   nn; uses nn/loss.
 * Threads: functions of their arguments.
 *
 * The *body* is the layers up to the vector that all heads look at.
 */
#ifndef NN_HEADS_H
#define NN_HEADS_H

#include "nn/layer.h"
#include "nn/loss.h"

/* A dense layer "NAME" with bias on what the body gives, and its loss. */
typedef struct NnHead
{
  char name[NN_MAX_NAME + 1];
  size_t units;
  NnLoss loss;
} NnHead;

/* What a head should have said.
 *
 * values   [samples][units]
 * weights  [samples], 0: this sample has none; its values are not read
 *
 * The loss of a step is the sum over heads and samples of weight times loss: divide by what you want a mean over. */
typedef struct NnTarget
{
  const float *values;
  const float *weights;
} NnTarget;

enum
{
  NN_HEAD_TENSORS = 2 /* kernel and bias */
};

/* The head's layer; what has too many units is refused when it is configured. */
NnLayerSpec nn_head_spec (const NnHead *head);

/* Samples [first, first + samples) of a batch: adds their losses, weighted, to *sum.
 *
 * target  of the whole batch
 * out     [samples][units] of the head, from sample `first` on
 * dout    [samples][units] out, d loss / d out
 * False if no sample has a weight. */
bool nn_head_weigh (NnLoss loss, const NnTarget *target, size_t first, size_t samples, size_t units, const float *out,
    float *dout, double *sum);

#endif
