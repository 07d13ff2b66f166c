/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/network.h - what a network is: a list of layers with their weights, for windows of so many frames.
 *
 * Layer:   nn; uses nn/stack, nn/plan and the layers.
 * Threads: an NnNetwork is constant after nn_network_prepare() and serves any number of threads, each by an NnRun.
 *
 * A network may have *heads*: further outputs, each a list of layers of its own.  They look at the vector that comes
 * out of the network's *body*, the layers before its last dense one, which runs once for all outputs.
 */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include "nn/plan.h"

enum
{
  NN_MAX_HEADS = 4 /* of a network */
};

typedef struct NnNetwork NnNetwork;

/* specs         [n_layers], n_layers >= 1, copied
 * bands         rows of the input, one channel
 * min_frames    the fewest, at least 1, and
 * max_frames    the most columns it must accept
 * ret_network   out, on NN_OK; the tensors' values are zero
 * reterr_issue  out, on NN_BAD_LAYER and NN_BAD_SHAPE
 *
 * Checks every shape, and that weights and runs stay within the limits of nn/layer.h: descriptions are untrusted. */
NnStatus nn_network_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    NnNetwork **ret_network, NnIssue *reterr_issue);
void nn_network_free (NnNetwork *network); /* NULL is a no-op */

/* name          of at most NN_MAX_NAME bytes, copied
 * specs         [n_layers], n_layers >= 1, copied; layers that work on a vector
 * reterr_issue  out, on NN_BAD_LAYER and NN_BAD_SHAPE: its layer counts from the head's first
 *
 * Before nn_network_prepare(), at most NN_MAX_HEADS times.  What fails leaves the network as it was. */
NnStatus nn_network_add_head (NnNetwork *network, const char *name, const NnLayerSpec *specs, size_t n_layers,
    NnIssue *reterr_issue);

/* The tensors in the order of the layers, those of the heads behind them; fill `values`, then prepare.  Finite values;
 * a moving_variance that is not above -epsilon makes its outputs undefined numbers. */
size_t nn_network_n_tensors (const NnNetwork *network);
NnTensor *nn_network_tensor (NnNetwork *network, size_t index);

/* Folds batch_norm and packs the weights as the kernels want them.  Once, after the tensors are filled.
 * NN_OK or NN_NO_MEMORY. */
NnStatus nn_network_prepare (NnNetwork *network);

size_t nn_network_n_parameters (const NnNetwork *network); /* all tensor values, those of the heads included */
size_t nn_network_n_layers (const NnNetwork *network);     /* without the heads */
const NnLayerSpec *nn_network_spec (const NnNetwork *network, size_t index);
const NnLayer *nn_network_layer (const NnNetwork *network, size_t index); /* its shapes and tensors, to look at */
const NnStack *nn_network_stack (const NnNetwork *network);               /* all of them */
const NnPlan *nn_network_plan (const NnNetwork *network);                 /* for windows of max_frames */
NnShape nn_network_output (const NnNetwork *network); /* shape after the last layer, for max_frames */
bool nn_network_ends_in_softmax (const NnNetwork *network);

size_t nn_network_n_heads (const NnNetwork *network);
const char *nn_network_head_name (const NnNetwork *network, size_t head);
const NnStack *nn_network_head (const NnNetwork *network, size_t head); /* its layers */

/* How many of the layers the heads stand behind; all if there are no heads. */
size_t nn_network_body (const NnNetwork *network);

/* Product of the time pools: columns of windows that start on multiples of it can be shared. */
size_t nn_network_time_stride (const NnNetwork *network);

/* Whether no layer pads time and the network ends in one vector for any number of frames. */
bool nn_network_can_share (const NnNetwork *network);

/* Whether at least one item is left of so many frames at every layer. */
bool nn_network_accepts (const NnNetwork *network, size_t frames);

#endif
