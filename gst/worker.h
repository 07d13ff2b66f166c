/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/worker.h - the thread that analyses what the streaming thread has queued, and posts.
 *
 * Layer:   gst; uses queue, message and models.
 * Threads: every function may be called on any thread, start, stop and free on one at a time.  No lock is held while a
 *          message is posted, so that a handler may call anything here, stop and free as well.
 */
#ifndef GST_WORKER_H
#define GST_WORKER_H

#include "gst/queue.h"
#include "models/genre_stream.h"

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct GenreWorker GenreWorker;

/* What may change while it runs, from the next window on. */
typedef struct GenreWorkerConfig
{
  GenreStreamConfig stream;
  gdouble threshold; /* [0, 1] */
  gboolean post_messages;
} GenreWorkerConfig;

typedef struct GenreWorkerStats
{
  guint64 windows;            /* analysed since start, silent ones included */
  GstClockTime inference_sum; /* time spent on them, front end included */
  GstClockTime inference_max;
  GstClockTime lag; /* audio queued when the last message was made */
  GstClockTime lag_max;
} GenreWorkerStats;

/* Called on the worker's thread with no lock held, finals included; the element is alive and the result valid until it
 * returns. */
typedef void (*GenreWorkerFunc) (GstElement *element, const GenreResult *result);

/* element: its messages' source, which owns the worker; a weak reference is kept.
 * func:    is handed every answer in place of a message; NULL: messages.
 * NULL: out of memory. */
GenreWorker *genre_worker_new (GstElement *element, GenreWorkerFunc func);

/* Stops it first.  NULL is a no-op. */
void genre_worker_free (GenreWorker *worker);

/* The way to it, of GenreMark; the worker's. */
GenreQueue *genre_worker_queue (GenreWorker *worker);

/* Starts the thread, the queue empty; the model is referenced until stop.
 * window_frames: as genre_stream_new().  False: out of memory or threads. */
gboolean genre_worker_start (GenreWorker *worker, GenreModel *model, guint window_frames);

/* Stops the queue and waits for the thread.  On that thread itself, that is in a handler, it only sees to it that the
 * thread ends when the handler has returned; start and free are allowed at once. */
void genre_worker_stop (GenreWorker *worker);

void genre_worker_configure (GenreWorker *worker, const GenreWorkerConfig *config);
void genre_worker_get_stats (GenreWorker *worker, GenreWorkerStats *ret_stats);

/* The label that the tag of the run should have by now: the aggregate's after ten windows, when it is at least
 * max (threshold, .5) and has led for 10 s, or at the final.  NULL: none, or the same as returned before in this run.
 * Free with g_free(). */
gchar *genre_worker_take_tag (GenreWorker *worker);

/* The run is over: its tag, taken or not, is void. */
void genre_worker_forget_tag (GenreWorker *worker);

G_END_DECLS

#endif
