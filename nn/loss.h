/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/loss.h - the loss of a head's output, and its gradient.
 *
 * Layer:   nn.
 * Threads: pure functions.
 */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include <stddef.h>

typedef enum NnLoss
{
  NN_LOSS_CROSS_ENTROPY,         /* - sum target ln softmax (y); targets are distributions, smoothed by the caller */
  NN_LOSS_MEAN_SQUARED_ERROR,    /* mean over units of (y - target)^2 */
  NN_LOSS_SIGMOID_CROSS_ENTROPY, /* mean over units of - t ln s (y) - (1 - t) ln (1 - s (y)) */
} NnLoss;

/* Loss of one sample, and its gradient.  No finite y and target overflow but where the loss itself does.
 *
 * y         [units]  out of the head, before softmax or sigmoid
 * target    [units]
 * gradient  [units]  out, d loss / d y; may be y */
double nn_loss (NnLoss loss, const float *y, const float *target, size_t units, float *gradient);

/* The loss as its definition above says, which overflows where exp (y) does. */
double nn_loss_ref (NnLoss loss, const double *y, const double *target, size_t units);

#endif
