/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/activation.h - pointwise functions over arrays.
 *
 * Layer:   nn; libc and libm.
 * Threads: pure functions.
 */
#ifndef NN_ACTIVATION_H
#define NN_ACTIVATION_H

#include "nn/layer.h"

/* x [n] in place.  Within 3e-7 of the exact value, for every finite x. */
void nn_activation_apply (NnActivation activation, float *x, size_t n);

/* For training: d[i] *= f' (x[i]), given y[i] = f (x[i]); 0 where the function has a corner.
 *
 * y [n]
 * d [n] in place, must not overlap y */
void nn_activation_backward (NnActivation activation, const float *y, float *d, size_t n);

/* nn_activation_apply() by its definition, in double. */
double nn_activation_ref (NnActivation activation, double x);

#endif
