/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pool.c - POSIX's threads rather than C11's, which ThreadSanitizer does not know.
 */
#include "nn/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct Worker
{
  NnPool *pool;
  pthread_t thread;
  unsigned index;
} Worker;

/* Tasks last from some 10 us on, so that one lock for all is seldom waited for. */
struct NnPool
{
  unsigned threads;
  pthread_mutex_t lock; /* of all that follows */
  pthread_cond_t work;  /* the workers wait for tasks, or the end */
  pthread_cond_t done;  /* the caller waits for the last task */

  NnPoolFunc func; /* of the present run */
  void *data;
  size_t n_tasks;
  size_t next;       /* the next task */
  size_t unfinished; /* tasks, taken or not */
  bool stop;

  bool has_lock, has_work, has_done; /* made, and to be destroyed */
  unsigned n_workers;                /* started */
  Worker workers[];                  /* [threads - 1] */
};

/* With the lock held, before and after. */
static void
do_tasks (NnPool *pool, unsigned worker)
{
  while (pool->next < pool->n_tasks) {
    const size_t task = pool->next++;
    const NnPoolFunc func = pool->func;
    void *data = pool->data;

    pthread_mutex_unlock (&pool->lock);
    func (data, task, worker);
    pthread_mutex_lock (&pool->lock);
    if (--pool->unfinished == 0)
      pthread_cond_signal (&pool->done);
  }
}

static void *
work (void *data)
{
  const Worker *worker = data;
  NnPool *pool = worker->pool;

  pthread_mutex_lock (&pool->lock);
  while (!pool->stop) {
    do_tasks (pool, worker->index);
    if (!pool->stop)
      pthread_cond_wait (&pool->work, &pool->lock);
  }
  pthread_mutex_unlock (&pool->lock);
  return NULL;
}

NnPool *
nn_pool_new (unsigned threads)
{
  assert (threads >= 1);

  NnPool *pool = calloc (1, sizeof *pool + (threads - 1) * sizeof *pool->workers);

  if (!pool)
    return NULL;
  pool->threads = threads;
  pool->has_lock = pthread_mutex_init (&pool->lock, NULL) == 0;
  pool->has_work = pthread_cond_init (&pool->work, NULL) == 0;
  pool->has_done = pthread_cond_init (&pool->done, NULL) == 0;
  if (!pool->has_lock || !pool->has_work || !pool->has_done)
    goto fail;

  for (unsigned i = 0; i + 1 < threads; i++) {
    Worker *worker = &pool->workers[i];

    *worker = (Worker){ .pool = pool, .index = i + 1 };
    if (pthread_create (&worker->thread, NULL, work, worker) != 0)
      goto fail;
    pool->n_workers++;
  }
  return pool;

fail:
  nn_pool_free (pool);
  return NULL;
}

void
nn_pool_free (NnPool *pool)
{
  if (!pool)
    return;
  if (pool->n_workers > 0) {
    pthread_mutex_lock (&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast (&pool->work);
    pthread_mutex_unlock (&pool->lock);
    for (unsigned i = 0; i < pool->n_workers; i++)
      pthread_join (pool->workers[i].thread, NULL);
  }
  if (pool->has_done)
    pthread_cond_destroy (&pool->done);
  if (pool->has_work)
    pthread_cond_destroy (&pool->work);
  if (pool->has_lock)
    pthread_mutex_destroy (&pool->lock);
  free (pool);
}

unsigned
nn_pool_threads (const NnPool *pool)
{
  return pool->threads;
}

void
nn_pool_run (NnPool *pool, size_t n_tasks, NnPoolFunc func, void *data)
{
  pthread_mutex_lock (&pool->lock);
  assert (pool->unfinished == 0);
  pool->func = func;
  pool->data = data;
  pool->next = 0;
  pool->n_tasks = n_tasks;
  pool->unfinished = n_tasks;
  if (n_tasks > 1 && pool->n_workers > 0)
    pthread_cond_broadcast (&pool->work);
  do_tasks (pool, 0);
  while (pool->unfinished > 0)
    pthread_cond_wait (&pool->done, &pool->lock);
  pthread_mutex_unlock (&pool->lock);
}
