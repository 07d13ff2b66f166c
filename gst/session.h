/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/session.h - what a worker's thread does from start to stop: samples and marks out of the queue, answers to the
 * listener.
 *
 * Layer:   gst; uses queue, places, listener and models.
 * Threads: genre_session_work() is the thread; new and free while there is none.  No lock is held while the listener is
 *          called.
 */
#ifndef GST_SESSION_H
#define GST_SESSION_H

#include "gst/listener.h"
#include "gst/queue.h"

typedef struct GenreWorkerStats
{
  guint64 windows;            /* analysed since start, silent ones included */
  GstClockTime inference_sum; /* time spent on them, front end included */
  GstClockTime inference_max;
  GstClockTime lag; /* audio queued when the last message was made */
  GstClockTime lag_max;
  guint64 wakes; /* of the thread, which sleeps until an answer is due */
} GenreWorkerStats;

/* What a worker and its thread both see. */
typedef struct GenreShared
{
  GWeakRef element;
  GenreQueue *queue;
  const GenreListener *listener;

  GMutex lock; /* guards all below; taken by itself and never while the listener is called */
  GenreStreamConfig config;
  GenreWorkerStats stats;
} GenreShared;

typedef struct GenreSession GenreSession;

/* shared: outlives the session, or its end.  window_frames: as genre_stream_new().  descriptors: whether answers have
 * them.  NULL: out of memory. */
GenreSession *genre_session_new (GenreShared *shared, GenreModel *model, guint window_frames, gboolean descriptors);
void genre_session_free (GenreSession *session);

/* Returns when the queue is stopped, or it has been ended, and then it has freed the session. */
gpointer genre_session_work (gpointer session);

/* On its own thread, that is in a handler: when that has returned, it touches nothing that is shared any more. */
void genre_session_end (GenreSession *session);

#endif
