/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/view.h - the moving picture of genrescope: audio and answers in, one picture for each video frame out.
 *
 * Layer:   gst; picture/, frame_clock, pcm, quiet, timeline, models/spectrogram.  Knows no pad.
 * Threads: one object serves one thread at a time.
 */
#ifndef GST_VIEW_H
#define GST_VIEW_H

#include "gst/picture/panel.h"
#include "models/genre_model.h"

#include <gst/audio/audio.h>
#include <gst/gst.h>

typedef struct _GstVideoInfo GstVideoInfo; /* to use them, include <gst/video/video.h> */
typedef struct _GstVideoFrame GstVideoFrame;

typedef struct GenreView GenreView;

GenreView *genre_view_new (void);
void genre_view_free (GenreView *view); /* NULL is a no-op */

/* model  its labels are shown
 * audio  interleaved
 * span   ns of audio that the spectrogram shows, about: each video frame moves it by a whole number of columns
 *
 * If rate, size and frame rate are as before, nothing changes.  Otherwise the picture begins empty, and only its
 * time continues.  FALSE: out of memory; nothing is set up. */
gboolean genre_view_set_up (GenreView *view, const GenreModel *model, const GstAudioInfo *audio,
    const GstVideoInfo *video, GstClockTime span);
gboolean genre_view_is_set_up (const GenreView *view);

/* As new. */
void genre_view_reset (GenreView *view);

/* As new, but for what is set up. */
void genre_view_flush (GenreView *view);

void genre_view_set_segment (GenreView *view, const GstSegment *segment);

/* --- once it is set up ------------------------------------------------------------------------------------------- */

/* Bytes of a sample frame. */
gsize genre_view_frame_bytes (const GenreView *view);

/* Call it before the audio of a buffer is added: takes the buffer's time, and clears the spectrogram if the buffer
 * does not continue the audio before. */
void genre_view_follow (GenreView *view, GstBuffer *buffer);

/* data [n]  sample frames; NULL: zeros.  n >= 1
 *
 * Takes samples up to the end of the present video frame and returns how many; TRUE in *ret_full when they reach it. */
gsize genre_view_add (GenreView *view, guint8 *data, gsize n, gboolean *ret_full);

/* Begins the next video frame.  Returns when the one before began. */
GstClockTime genre_view_next_frame (GenreView *view);

/* mood    what the last answer says; silence is heard here
 * shares  [n_labels]  how much of the music each genre is, in [0, 1]; all 0 while none is known
 * frame   out */
void genre_view_draw (GenreView *view, ScopeMood mood, const gdouble *shares, GstVideoFrame *frame);

#endif
