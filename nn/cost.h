/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/cost.h - how many parameters a layer has, and how many multiply-adds it takes.
 *
 * Layer:   nn; uses nn/network.
 * Threads: pure functions.
 */
#ifndef NN_COST_H
#define NN_COST_H

#include "nn/network.h"

/* Multiply-adds of the products with kernels; what else a layer does is not counted. */
typedef struct NnCost
{
  size_t parameters;
  double columns; /* multiply-adds of a window's columns: where windows share them, each is worked out only once */
  double answer;  /* multiply-adds of the rest, for every window anew */
} NnCost;

/* index   of the layer
 * frames  of the window, accepted by the network
 * shares  windows share their columns; if not, all is in `answer` */
NnCost nn_cost_layer (const NnNetwork *network, size_t index, size_t frames, bool shares);

/* The same of a layer of a head: all in `answer`. */
NnCost nn_cost_head_layer (const NnNetwork *network, size_t head, size_t index);

#endif
