/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/frames.h - mono PCM of any rate in, frames of band levels out, as a front-end recipe has them.
 *
 * Layer:   models; uses frontend, dsp/energy and dsp/log_mel.  Plain C.
 * Threads: one object serves one thread at a time; construct and free on any.
 */
#ifndef MODELS_FRAMES_H
#define MODELS_FRAMES_H

#include "dsp/energy.h"
#include "models/frontend.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* c(t): the sample on which frame t is centred. */
typedef struct GenreFrame
{
  const float *power; /* [bands] mean power of each, finite; valid until the next call on the object */
  DspLevel before;    /* of the samples [c(t-1), c(t)), t being this frame; empty for frame 0 */
  DspLevel behind;    /* of the samples behind c(t) that this frame covers and that have come, up to c(t+1) at most */
} GenreFrame;

typedef struct GenreFrames GenreFrames;

/* frontend  sample_rate ... power of it count; copied
 * rate_hz   of the samples, 2000 to 1000000
 * NULL: out of memory. */
GenreFrames *genre_frames_new (const GenreFrontend *frontend, unsigned rate_hz);
void genre_frames_free (GenreFrames *frames); /* NULL is a no-op */

/* As fresh: the next sample is sample 0, the next frame is frame 0. */
void genre_frames_reset (GenreFrames *frames);

/* samples    [*n_samples]  in and out, mono, finite: moves past those that are taken
 * n_samples  in and out: those that are left
 *
 * The next complete frame; false when all samples are taken and none is complete.  Frames do not depend on how the
 * samples are split, bit for bit. */
bool genre_frames_next (GenreFrames *frames, const float **samples, size_t *n_samples, GenreFrame *ret_frame);

/* The stream has ended: genre_frames_next() gives every frame whose centre it reaches, as if zeros followed.  No more
 * samples before a reset. */
void genre_frames_finish (GenreFrames *frames);

/* c(t), in samples. */
uint64_t genre_frames_center (const GenreFrames *frames, uint64_t frame);

/* Frame t is complete when c(t) and so many samples more have come. */
unsigned genre_frames_half_window (const GenreFrames *frames);

#endif
