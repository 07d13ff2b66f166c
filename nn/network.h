/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/network.h - a list of layers with their weights, and one stream's run through it.
 *
 * Layer:   nn; uses the layers.
 * Threads: an NnNetwork is constant after nn_network_prepare() and serves any number of threads; an NnRun serves one.
 */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include "nn/layer.h"

#include <stdint.h>

typedef struct NnNetwork NnNetwork;
typedef struct NnRun NnRun;

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

/* The tensors in the order of the layers; fill `values`, then prepare.  Finite values; a moving_variance that is not
 * above -epsilon makes its outputs undefined numbers. */
size_t nn_network_n_tensors (const NnNetwork *network);
NnTensor *nn_network_tensor (NnNetwork *network, size_t index);

/* Folds batch_norm and packs the weights as the kernels want them.  Once, after the tensors are filled.
 * NN_OK or NN_NO_MEMORY. */
NnStatus nn_network_prepare (NnNetwork *network);

size_t nn_network_n_parameters (const NnNetwork *network); /* all tensor values */
size_t nn_network_n_layers (const NnNetwork *network);
const NnLayerSpec *nn_network_spec (const NnNetwork *network, size_t index);
const NnLayer *nn_network_layer (const NnNetwork *network, size_t index); /* its shapes and tensors, to look at */
NnShape nn_network_output (const NnNetwork *network); /* shape after the last layer, for max_frames */
bool nn_network_ends_in_softmax (const NnNetwork *network);

/* Product of the time pools: columns of windows that start on multiples of it can be shared. */
size_t nn_network_time_stride (const NnNetwork *network);

/* Whether no layer pads time and the network ends in one vector for any number of frames. */
bool nn_network_can_share (const NnNetwork *network);

/* Whether at least one item is left of so many frames at every layer. */
bool nn_network_accepts (const NnNetwork *network, size_t frames);

/* max_frames: the longest window that nn_run_forward() or nn_run_head() will be asked for; the network must accept it.
 * Keeps a pointer to `network`.  NULL: out of memory, or more than NN_MAX_RUN_VALUES. */
NnRun *nn_run_new (const NnNetwork *network, size_t max_frames);
void nn_run_free (NnRun *run); /* NULL is a no-op */

/* One whole window.  Forgets all columns that were pushed before.
 *
 * frames    [n_frames][bands], n_frames accepted and <= max_frames
 * out       [output.items][output.rows][output.values] for n_frames */
void nn_run_forward (NnRun *run, const float *frames, size_t n_frames, float *out);

/* A stream of overlapping windows, for a network that can share: reset once, push frame after frame, ask for any
 * window whose frames have all been pushed, that starts on a multiple of the time stride and is at most
 * max_frames long and no older than max_frames.  Equal to nn_run_forward() of the same frames, bit for bit. */
void nn_run_reset (NnRun *run);
void nn_run_push (NnRun *run, const float *frame); /* [bands] */
void nn_run_head (NnRun *run, uint64_t first_frame, size_t n_frames, float *out);

#endif
