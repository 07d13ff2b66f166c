/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_windows.h - frames of band levels in, which windows are due and what the network says of them out.
 *
 * Layer:   models; uses genre_model, frontend, nn.  Plain C.
 * Threads: one object serves one thread at a time; construct and free on any.
 *
 * The schedule of docs/schedule.md, for whoever has frames: the stream makes them of PCM, an evaluation reads them from
 * a feature set.
 */
#ifndef MODELS_GENRE_WINDOWS_H
#define MODELS_GENRE_WINDOWS_H

#include "models/genre_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
  GENRE_WINDOWS_MAX_FRAMES = 1024 /* of a window */
};

/* The frames [first, end), counted from the last reset. */
typedef struct GenreSpan
{
  uint64_t first, end;
} GenreSpan;

typedef struct GenreWindows GenreWindows;

/* model          a reference is taken
 * window_frames  0: the model's; else clamped to [min_frames, GENRE_WINDOWS_MAX_FRAMES]; a model of fixed length keeps
 *                its own
 * interval_ns    between answers; less than a hop counts as a hop
 * NULL: out of memory. */
GenreWindows *genre_windows_new (GenreModel *model, GenreLevels levels, unsigned window_frames, uint64_t interval_ns);
void genre_windows_free (GenreWindows *windows); /* NULL is a no-op */

/* The longest window, in frames. */
size_t genre_windows_frames (const GenreWindows *windows);

/* Another interval counts from the last answer on; where it is over already, the next frame brings the answer, and the
 * interval counts from there. */
void genre_windows_set_interval (GenreWindows *windows, uint64_t interval_ns);

/* Frames until the next answer, this one included: at least 1. */
uint64_t genre_windows_wanted (const GenreWindows *windows);

/* levels [bands]  of the next frame
 *
 * Whether an answer is due now, at frames *ret_window.  It may be looked at until the next push. */
bool genre_windows_push (GenreWindows *windows, const float *levels, GenreSpan *ret_window);

/* For a run too short for an answer: whether the network takes all the frames there are as one window. */
bool genre_windows_whole (const GenreWindows *windows, GenreSpan *ret_window);

/* window     as one of the two above gave it
 * ret_music  out, the probability that it is music, from 0 to 1; 1 where the model has no such head
 *
 * Returns its distribution [n_labels], sum 1, valid until the next call on the object.  A network whose numbers
 * overflow knows nothing: uniform, and music 1. */
const double *genre_windows_look (GenreWindows *windows, const GenreSpan *window, double *ret_music);

/* The next frame is frame 0 of a new schedule. */
void genre_windows_reset (GenreWindows *windows);

#endif
