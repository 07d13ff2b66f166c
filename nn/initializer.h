/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/initializer.h - what a layer's tensors hold before they learn: as Keras does it.
 *
 * Layer:   nn.
 * Threads: functions of their arguments.
 */
#ifndef NN_INITIALIZER_H
#define NN_INITIALIZER_H

#include "nn/layer.h"

#include <stdint.h>

/* Fills the values of layer->tensors[index]:
 *
 *   kernel            uniform in [-a, a), a = sqrt (6 / (fan in + fan out))   Glorot; all gates as one matrix
 *   recurrent_kernel  [u][gates u], random rows, orthogonal and of length 1
 *   gamma, moving_variance  1
 *   bias              0, an LSTM's forget gate 1
 *   anything else     0
 *
 * The same on every machine whose log(), cos() and sqrt() are the same. */
void nn_initialize (NnLayer *layer, unsigned index, uint64_t seed);

#endif
