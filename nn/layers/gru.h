/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/layers/gru.h - what inference and training of the GRU share.
 *
 * Layer:   nn.
 * Threads: nn_gru_pack_recurrent() writes to the layer, the rest is constant.
 */
#ifndef NN_LAYERS_GRU_H
#define NN_LAYERS_GRU_H

#include "nn/layer.h"

/* packed_recurrent from the present recurrent_kernel: with reset_after all three gates side by side; without, z and r
 * in one product, and the candidate, whose input they decide on, in another.  Allocates at the first call.
 * NN_OK or NN_NO_MEMORY. */
NnStatus nn_gru_pack_recurrent (NnLayer *layer);

/* Where the candidate's part of packed_recurrent starts, without reset_after. */
size_t nn_gru_candidate_offset (const NnLayer *layer);

#endif
