/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/worker.h - the thread that analyses what the streaming thread has queued.
 *
 * Layer:   gst; uses queue and session.
 * Threads: every function may be called on any thread, start, stop and free on one at a time.  No lock is held while
 *          the listener is called, so that a handler of messages may call anything here, stop and free as well.
 */
#ifndef GST_WORKER_H
#define GST_WORKER_H

#include "gst/session.h"

#include <gst/gst.h>

typedef struct GenreWorker GenreWorker;

/* element:  owns the worker; the worker keeps a weak reference.
 * listener: not copied.
 * NULL: out of memory. */
GenreWorker *genre_worker_new (GstElement *element, const GenreListener *listener);

/* Stops it first.  NULL is a no-op. */
void genre_worker_free (GenreWorker *worker);

/* Where samples and marks (GenreMark) for the worker go; it belongs to the worker. */
GenreQueue *genre_worker_queue (GenreWorker *worker);

/* Starts the thread, the queue empty; the model is referenced until stop.
 * window_frames: as genre_stream_new().  descriptors: whether answers have them.  False: out of memory or threads. */
gboolean genre_worker_start (GenreWorker *worker, GenreModel *model, guint window_frames, gboolean descriptors);

/* Stops the queue and waits for the thread.  Called on that thread, by a handler of messages, it does not wait: the
 * thread ends when the handler has returned.  Start and free are allowed at once. */
void genre_worker_stop (GenreWorker *worker);

/* From the next window on. */
void genre_worker_configure (GenreWorker *worker, const GenreStreamConfig *config);
void genre_worker_get_stats (GenreWorker *worker, GenreWorkerStats *ret_stats);

#endif
