/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/worker.h"

#include "gst/mark.h"

enum
{
  MAX_MARKS = 128, /* segments, resets and finals that may wait; half of them wake the worker */
};

struct GenreWorker
{
  GenreShared shared;
  GenreSession *session; /* NULL: stopped */
  GThread *thread;       /* the session's */
};

GenreWorker *
genre_worker_new (GstElement *element, const GenreListener *listener)
{
  GenreQueue *queue = genre_queue_new (sizeof (GenreMark), MAX_MARKS);

  if (!queue)
    return NULL;

  GenreWorker *worker = g_new0 (GenreWorker, 1);

  g_weak_ref_init (&worker->shared.element, element);
  worker->shared.queue = queue;
  worker->shared.listener = listener;
  g_mutex_init (&worker->shared.lock);
  return worker;
}

void
genre_worker_free (GenreWorker *worker)
{
  if (!worker)
    return;
  genre_worker_stop (worker);
  g_weak_ref_clear (&worker->shared.element);
  genre_queue_free (worker->shared.queue);
  g_mutex_clear (&worker->shared.lock);
  g_free (worker);
}

GenreQueue *
genre_worker_queue (GenreWorker *worker)
{
  return worker->shared.queue;
}

gboolean
genre_worker_start (GenreWorker *worker, GenreModel *model, guint window_frames, gboolean descriptors)
{
  genre_worker_stop (worker);
  g_mutex_lock (&worker->shared.lock);
  worker->shared.stats = (GenreWorkerStats){ 0 };
  g_mutex_unlock (&worker->shared.lock);
  genre_queue_restart (worker->shared.queue);

  GenreSession *session = genre_session_new (&worker->shared, model, window_frames, descriptors);

  if (!session)
    return FALSE;
  worker->thread = g_thread_try_new ("genreclassify", genre_session_work, session, NULL);
  if (!worker->thread) {
    genre_session_free (session);
    return FALSE;
  }
  worker->session = session;
  return TRUE;
}

void
genre_worker_stop (GenreWorker *worker)
{
  GenreSession *session = g_steal_pointer (&worker->session);
  GThread *thread = g_steal_pointer (&worker->thread);

  genre_queue_stop (worker->shared.queue);
  if (!session)
    return;
  if (thread == g_thread_self ()) {
    genre_session_end (session);
    g_thread_unref (thread);
  } else {
    g_thread_join (thread);
    genre_session_free (session);
  }
}

void
genre_worker_configure (GenreWorker *worker, const GenreStreamConfig *config)
{
  g_mutex_lock (&worker->shared.lock);
  const gboolean earlier = config->interval_ns < worker->shared.config.interval_ns;
  worker->shared.config = *config;
  g_mutex_unlock (&worker->shared.lock);
  if (earlier) /* an answer may be due before the one that the worker waits for */
    genre_queue_hurry (worker->shared.queue);
}

void
genre_worker_get_stats (GenreWorker *worker, GenreWorkerStats *ret_stats)
{
  g_mutex_lock (&worker->shared.lock);
  *ret_stats = worker->shared.stats;
  g_mutex_unlock (&worker->shared.lock);
  ret_stats->wakes = genre_queue_wakes (worker->shared.queue);
}
