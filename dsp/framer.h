/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/framer.h - a stream of samples of any rate -> overlapping frames, each centred where it belongs.
 *
 * Layer:   dsp; libc only.
 * Threads: one object serves one thread at a time.
 *
 * Frame t holds the n samples from c(t) - n/2, c(t) = floor (t hop rate / sample_rate + 1/2), computed from t each
 * time: the hop need not be a whole number of samples, and nothing drifts.  Zeros lie before sample 0.
 */
#ifndef DSP_FRAMER_H
#define DSP_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct DspFramer DspFramer;

/* n               samples of a frame at rate_hz, even, at least 2
 * hop_length      samples at sample_rate_hz, 1 to 2^20; may be longer than a frame, or less than a sample of the input
 * sample_rate_hz  the rate that hop_length counts in, rate_hz that of the input; both 1 to 2^20
 * NULL: out of memory. */
DspFramer *dsp_framer_new (size_t n, unsigned hop_length, unsigned sample_rate_hz, unsigned rate_hz);
void dsp_framer_free (DspFramer *framer); /* NULL is a no-op */

/* As fresh: the next sample is sample 0, the next frame is frame 0. */
void dsp_framer_reset (DspFramer *framer);

/* c(t), exact for t < 2^32 and as long as it fits. */
uint64_t dsp_framer_center (const DspFramer *framer, uint64_t frame);

uint64_t dsp_framer_position (const DspFramer *framer); /* samples pushed */
uint64_t dsp_framer_frame (const DspFramer *framer);    /* the next frame */

/* samples [n_samples]
 *
 * Takes samples up to the one that completes the next frame, at most n_samples, and returns how many: 0 while a
 * complete frame waits for dsp_framer_next(). */
size_t dsp_framer_push (DspFramer *framer, const float *samples, size_t n_samples);

/* Zeros follow from here on, and every frame with c(t) <= dsp_framer_position() is complete.  No more pushes. */
void dsp_framer_finish (DspFramer *framer);

/* The next complete frame, [n], valid until the next call that is not const; NULL when there is none yet. */
const float *dsp_framer_next (DspFramer *framer);

#endif
