/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/layers/padding.h - zeros around the input of a convolution, along one axis.
 *
 * Layer:   nn.
 * Threads: pure functions.
 */
#ifndef NN_LAYERS_PADDING_H
#define NN_LAYERS_PADDING_H

#include "nn/layer.h"

static inline size_t
nn_padding_before (NnPadding padding, unsigned kernel)
{
  return padding == NN_PADDING_SAME ? (kernel - 1) / 2 : 0;
}

static inline size_t
nn_padding_total (NnPadding padding, unsigned kernel)
{
  return padding == NN_PADDING_SAME ? kernel - 1 : 0;
}

#endif
