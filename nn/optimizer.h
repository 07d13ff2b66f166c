/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/optimizer.h - AdamW, and the moving average of the weights, on arrays.
 *
 * Layer:   nn.
 * Threads: functions of their arguments: ranges of the same arrays may be worked on at once.
 */
#ifndef NN_OPTIMIZER_H
#define NN_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

typedef struct NnAdamW
{
  double learning_rate;
  double weight_decay; /* decoupled, times learning_rate */
  double beta_1, beta_2;
  double epsilon;
  double scale;  /* of the gradients: below 1 where they are clipped */
  uint64_t step; /* 1 for the first */
} NnAdamW;

/* As PyTorch's AdamW (Keras's adds epsilon before the bias correction of v):
 *
 *   g = scale * gradient
 *   weight -= learning_rate weight_decay weight
 *   m = beta_1 m + (1 - beta_1) g       v = beta_2 v + (1 - beta_2) g^2
 *   weight -= learning_rate (m / (1 - beta_1^step)) / (sqrt (v / (1 - beta_2^step)) + epsilon)
 *
 * gradient   [n]  in
 * weight     [n]  in, out
 * m, v       [n]  in, out, zeros before the first step
 * No two may overlap. */
void nn_adamw (const NnAdamW *adamw, const float *gradient, float *weight, float *m, float *v, size_t n);

/* The same in double, value by value. */
void nn_adamw_ref (const NnAdamW *adamw, const double *gradient, double *weight, double *m, double *v, size_t n);

/* What gradients of that norm are to be multiplied with so that it becomes limit; 1 if it is not above, or limit 0. */
double nn_clip_scale (double norm, double limit);

/* The decay that the average takes at a step (1 for the first): min (decay, step / (9 + step)).
 *
 * An average with a constant decay of .999 would consist of initial weights, to a third still after 1000 steps; one
 * with bias correction removes these, but keeps the weights that came next as long.  This one looks back over a tenth
 * of the steps so far, until `decay` is reached. */
double nn_average_decay (double decay, uint64_t step);

/* average = decay average + (1 - decay) weight; a copy if decay is 0.  [n] each, not overlapping. */
void nn_average (double decay, const float *weight, float *average, size_t n);

#endif
