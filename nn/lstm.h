/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/lstm.h - what inference and training of the LSTM share.
 *
 * Layer:   nn.
 * Threads: constant.
 */
#ifndef NN_LSTM_H
#define NN_LSTM_H

#include "nn/layer.h"

/* Its tensors. */
enum
{
  NN_LSTM_KERNEL,
  NN_LSTM_RECURRENT,
  NN_LSTM_BIAS,
};

#endif
