/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/feed.h - what the streaming thread does with buffers and events: decides what is continuous, and queues it.
 *
 * Layer:   gst; uses queue, pcm, planes, channels, mark and timeline.
 * Threads: the streaming thread, with the stream lock held, but for start (no streaming yet) and
 *          genre_feed_get_skipped() and _is_live() (any).
 *
 * What resets what (gst/timeline.h says how far is far):
 *
 *   event on the stream                         | window | run
 *   start, FLUSH_STOP, STREAM_START of a new id | reset  | begins
 *   another title, with `split-titles`          | reset  | begins
 *   EOS, SEGMENT_DONE                           | reset  | final, ends
 *   DISCONT up to 1 s ahead                     | zeros  | goes on
 *   DISCONT farther ahead, more than 1 s back, or without PTS | reset | goes on
 *   jump of more than 1 s and than the buffer   | reset  | goes on
 *   any other time stamp that disagrees         | -      | goes on; the next window counts its time from it
 *   caps change, skipped by max-lag             | reset  | goes on
 *   a buffer that cannot be read                | reset  | goes on
 *   GAP buffer; GAP event of known duration     | zeros  | goes on
 *   GAP event longer than the window, of unknown duration or MISSING_DATA | reset | goes on
 *   audio or a gap while the rate is negative   | reset  | goes on
 *   SEGMENT, STREAM_START of the same id        | -      | goes on
 */
#ifndef GST_FEED_H
#define GST_FEED_H

#include "gst/queue.h"
#include "models/genre_model.h"

#include <gst/audio/audio.h>
#include <gst/gst.h>

typedef struct GenreFeed GenreFeed;

enum
{
  /* Caps can have 2^31 - 1: GStreamer's bytes of a sample frame, an int, overflow then to anything, 0 among it. */
  GENRE_FEED_MAX_CHANNELS = 65536,
};

/* sinkpad: whose peer is asked whether it is live, and what is logged about.  Neither it nor queue is owned. */
GenreFeed *genre_feed_new (GstPad *sinkpad, GenreQueue *queue);
void genre_feed_free (GenreFeed *feed); /* NULL is a no-op */

/* As new.  window_frames: length of the longest window; max_lag: ns of audio that may be queued when live. */
void genre_feed_start (GenreFeed *feed, const GenreModel *model, guint window_frames, GstClockTime max_lag);

/* FALSE: such audio is not analysed, for its rate or its number of channels; it passes. */
gboolean genre_feed_set_info (GenreFeed *feed, const GstAudioInfo *info);

void genre_feed_segment (GenreFeed *feed, const GstSegment *segment);

/* TRUE: another stream than before; the final of that one is posted if it had audio. */
gboolean genre_feed_stream_start (GenreFeed *feed, const gchar *stream_id);

/* The same stream, but another run: the final of this one is posted if it had audio. */
void genre_feed_next_run (GenreFeed *feed);
void genre_feed_gap (GenreFeed *feed, GstClockTime pts, GstClockTime duration, gboolean missing);
void genre_feed_flush_stop (GenreFeed *feed);

/* EOS, SEGMENT_DONE: returns when everything is posted, or a flush or a stop came between. */
void genre_feed_finish (GenreFeed *feed);

/* Reads the buffer, keeps no reference, allocates nothing, does not block when live. */
void genre_feed_buffer (GenreFeed *feed, GstBuffer *buffer);

GstClockTime genre_feed_get_skipped (GenreFeed *feed);
gboolean genre_feed_is_live (GenreFeed *feed);

#endif
