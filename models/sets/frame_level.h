/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/frame_level.h - how loud the sound was that log-mel frames were made of: what a feature set knows of
 * silence.
 *
 * Layer:   models/sets; uses frontend, dsp/mel.
 * Threads: a FrameLevel serves one thread.
 *
 * For a frame x of n = n_fft samples under a Hann window w, Parseval says
 *
 *   sum_(0 < k < n/2) |X[k]|^2 = n/2 sum_i (w[i] x[i])^2 = n/2 (3 n / 8) s,   s the mean square of x,
 *
 * as the mean of w^2 is 3/8.  Slaney's row b is 2 / (e[b+2] - e[b]) times a triangle, and the triangles sum to 1, so
 *
 *   s = 16 / (3 n^2) sum_b (e[b+2] - e[b]) / 2 band[b].
 *
 * What lies above fmax is not in the frames: where there is much of it, the sound was louder than this says.  A
 * constant leaks into the lowest band alone, with the same power in each frame: what that band has in all frames of a
 * window does not count, for a constant is no sound.
 */
#ifndef MODELS_SETS_FRAME_LEVEL_H
#define MODELS_SETS_FRAME_LEVEL_H

#include "models/frontend.h"
#include "models/genre_model.h"

typedef struct FrameLevel FrameLevel;

/* max_frames: of a window, at most */
FrameLevel *frame_level_new (const GenreFrontend *frontend, gsize max_frames);
void frame_level_free (FrameLevel *level); /* NULL is a no-op */

/* Before the first frame of a clip.
 *
 * floor_db  levels up to here are no more than a file's least step: they count as no sound; -HUGE_VAL: none do */
void frame_level_reset (FrameLevel *level, double floor_db);

/* db [bands]  in, 10 log10 (power), re 1
 * gain_db     what was added to them */
void frame_level_push (FrameLevel *level, const float *db, double gain_db);

/* Level of the last n frames in dBFS, 1 <= n <= max_frames, n <= those since the reset. */
double frame_level_window_db (const FrameLevel *level, gsize n);

#endif
