/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/run.h - frames through a network: whole windows, or windows of a stream that share their columns.
 *
 * Layer:   nn; uses nn/network.
 * Threads: one NnRun serves one thread at a time; any number may use the same network.
 *
 * What a column, the trunk and the tail are: nn/plan.h.
 */
#ifndef NN_RUN_H
#define NN_RUN_H

#include "nn/network.h"

#include <stdint.h>

typedef struct NnRun NnRun;

/* max_frames: the longest window that nn_run_forward() or nn_run_window() will be asked for; the network must accept
 * it.  Keeps a pointer to `network`.  NULL: out of memory, or more than NN_MAX_RUN_VALUES. */
NnRun *nn_run_new (const NnNetwork *network, size_t max_frames);
void nn_run_free (NnRun *run); /* NULL is a no-op */

/* One whole window.  Drops all columns that were pushed before.
 *
 * frames    [n_frames][bands], n_frames accepted and <= max_frames
 * out       [output.items][output.rows][output.values] for n_frames */
void nn_run_forward (NnRun *run, const float *frames, size_t n_frames, float *out);

/* A stream of overlapping windows, for a network that can share: reset once, push frame after frame, ask for any
 * window whose frames have all been pushed, that starts on a multiple of the time stride and is at most
 * max_frames long and no older than max_frames.  Equal to nn_run_forward() of the same frames, bit for bit. */
void nn_run_reset (NnRun *run);
void nn_run_push (NnRun *run, const float *frame); /* [bands] */
void nn_run_window (NnRun *run, uint64_t first_frame, size_t n_frames, float *out);

/* What a head of the network says of the window that was run last; valid until the next one. */
const float *nn_run_head (const NnRun *run, size_t head); /* [values] */

#endif
