/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/queue.c - ring of mono samples, with marks between them, from one streaming thread to one worker.
 *
 * Layer:   gst; pthread only, no GLib, no GStreamer.
 * Threads: one lock, never held by two objects at once, never across a call of the caller's; two conditions under it:
 *          `item`      the consumer waits for something to take,
 *          `progress`  everybody else waits for the consumer.
 *
 * Positions count samples since the last restart, in 64 bits, and never wrap:
 *
 *   tail <= tail + held <= head <= tail + max (limit, what was queued when a resize lowered it) <= tail + size
 *
 *   [tail, tail + held)   with the consumer: neither flush nor resize touches it
 *   [tail + held, head)   committed; a flush takes head back to tail + held
 *   [head, ...)           the producer's, reserved or free
 *
 * Position tail lies at ring[start], and spans end where the ring does.  The samples before `offered` may be taken
 * although they are fewer than `wake`: they were enough when the consumer was woken for them.
 *
 * `busy` holds from the return of one take to the begin of the next, therefore also for marks and while the consumer
 * posts what it found.  A blocked producer never meets a sleeping consumer: a full ring holds at least `wake` samples.
 */
#include "gst/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct GenreQueue
{
  size_t mark_bytes; /* const after new */
  size_t max_marks;
  size_t limit; /* set by resize; 0: not yet called */
  size_t wake;  /* at least 1 */

  float *ring; /* [size] */
  size_t size;
  unsigned char *marks; /* [max_marks][mark_bytes], a ring of its own */
  uint64_t *mark_at;    /* [max_marks], position of the sample behind the mark */

  pthread_mutex_t lock;
  pthread_cond_t item;
  pthread_cond_t progress;
  bool has_lock, has_item, has_progress; /* made, and to be destroyed */

  uint64_t head;
  uint64_t tail;
  uint64_t offered;
  size_t start;
  size_t held;
  size_t first_mark;
  size_t n_marks;

  uint64_t epoch;         /* flushes and stops so far */
  uint64_t turns;         /* takes begun */
  uint64_t reserve_epoch; /* of the last reserve */
  size_t reserved;
  unsigned waiting; /* threads in `progress` */

  pthread_t consumer; /* while busy */
  bool busy;
  bool consumer_waits; /* in `item`, and not yet signalled */
  bool draining;
  bool flushing;
  bool stopped;
};

static size_t
smaller (size_t a, size_t b)
{
  return a < b ? a : b;
}

static size_t
used (const GenreQueue *queue)
{
  return (size_t) (queue->head - queue->tail);
}

static size_t
room (const GenreQueue *queue)
{
  return used (queue) < queue->limit ? queue->limit - used (queue) : 0;
}

/* Nothing has been flushed since `epoch` was read. */
static bool
accepts (const GenreQueue *queue, uint64_t epoch)
{
  return !queue->flushing && !queue->stopped && queue->epoch == epoch;
}

/* Whether the consumer has something to take.  While flushing it has not, as nothing is accepted. */
static bool
has_item (const GenreQueue *queue)
{
  return queue->stopped || queue->n_marks > 0 || used (queue) >= queue->wake || queue->offered > queue->tail
      || (queue->draining && used (queue) > 0);
}

/* Signals at most once for each time that the consumer waits. */
static void
unlock_and_wake_consumer (GenreQueue *queue)
{
  bool wake = queue->consumer_waits && has_item (queue);
  if (wake)
    queue->consumer_waits = false;
  pthread_mutex_unlock (&queue->lock);
  if (wake)
    pthread_cond_signal (&queue->item);
}

static void
wait_for_progress (GenreQueue *queue)
{
  queue->waiting++;
  pthread_cond_wait (&queue->progress, &queue->lock);
  queue->waiting--;
}

static void
announce_progress (GenreQueue *queue)
{
  if (queue->waiting > 0)
    pthread_cond_broadcast (&queue->progress);
}

/* Drops everything that is queued.  What the consumer has taken and the producer has reserved becomes invalid. */
static void
drop_all (GenreQueue *queue)
{
  queue->epoch++;
  queue->head = queue->tail + queue->held;
  queue->offered = queue->head;
  queue->n_marks = 0;
}

static bool
on_consumer_thread (const GenreQueue *queue)
{
  return queue->busy && pthread_equal (queue->consumer, pthread_self ());
}

GenreQueue *
genre_queue_new (size_t mark_bytes, size_t max_marks)
{
  if (mark_bytes > 0 && max_marks > SIZE_MAX / mark_bytes)
    return NULL;

  GenreQueue *queue = calloc (1, sizeof *queue);
  if (!queue)
    return NULL;

  *queue = (GenreQueue){
    .mark_bytes = mark_bytes,
    .max_marks = max_marks,
    .wake = 1,
  };
  queue->has_lock = pthread_mutex_init (&queue->lock, NULL) == 0;
  queue->has_item = pthread_cond_init (&queue->item, NULL) == 0;
  queue->has_progress = pthread_cond_init (&queue->progress, NULL) == 0;
  /* At least one element, so that NULL means out of memory. */
  queue->marks = calloc (max_marks > 0 ? max_marks : 1, mark_bytes > 0 ? mark_bytes : 1);
  queue->mark_at = calloc (max_marks > 0 ? max_marks : 1, sizeof *queue->mark_at);
  if (!queue->marks || !queue->mark_at || !queue->has_lock || !queue->has_item || !queue->has_progress)
    goto fail;

  return queue;

fail:
  genre_queue_free (queue);
  return NULL;
}

void
genre_queue_free (GenreQueue *queue)
{
  if (!queue)
    return;

  if (queue->has_progress)
    pthread_cond_destroy (&queue->progress);
  if (queue->has_item)
    pthread_cond_destroy (&queue->item);
  if (queue->has_lock)
    pthread_mutex_destroy (&queue->lock);
  free (queue->mark_at);
  free (queue->marks);
  free (queue->ring);
  free (queue);
}

/* Puts the queue into `ring`, returns the old one.  The consumer holds nothing. */
static float *
move_ring (GenreQueue *queue, float *ring, size_t size)
{
  float *old = queue->ring;
  size_t n = used (queue);
  size_t n_first = smaller (n, queue->size - queue->start);

  if (n > 0) {
    memcpy (ring, old + queue->start, n_first * sizeof *ring);
    memcpy (ring + n_first, old, (n - n_first) * sizeof *ring);
  }
  queue->ring = ring;
  queue->size = size;
  queue->start = 0;
  return old;
}

bool
genre_queue_resize (GenreQueue *queue, size_t capacity, size_t limit, size_t wake)
{
  assert (limit >= 1 && limit <= capacity);

  /* Only this thread writes `size`; it may read it without the lock. */
  float *ring = NULL;
  if (capacity > queue->size) {
    if (capacity > SIZE_MAX / 2 / sizeof *ring)
      return false;
    ring = malloc (capacity * sizeof *ring);
    if (!ring)
      return false;
  }

  pthread_mutex_lock (&queue->lock);
  uint64_t epoch = queue->epoch;
  while (ring && queue->held > 0 && accepts (queue, epoch))
    wait_for_progress (queue);
  bool ok = accepts (queue, epoch);
  if (ok) {
    if (ring)
      ring = move_ring (queue, ring, capacity);
    queue->limit = limit;
    queue->wake = wake > 0 ? smaller (wake, limit) : 1;
    queue->reserved = 0;
  }
  unlock_and_wake_consumer (queue);

  free (ring); /* the old ring, or the new one if it was not used */
  return ok;
}

size_t
genre_queue_reserve (GenreQueue *queue, size_t wanted, bool block, float **ret_span)
{
  pthread_mutex_lock (&queue->lock);
  uint64_t epoch = queue->epoch;
  while (block && queue->limit > 0 && room (queue) == 0 && accepts (queue, epoch))
    wait_for_progress (queue);

  size_t n = accepts (queue, epoch) ? smaller (wanted, room (queue)) : 0;
  if (n > 0) {
    if (used (queue) == 0)
      queue->start = 0; /* the longest spans */
    size_t at = (queue->start + used (queue)) % queue->size;
    n = smaller (n, queue->size - at);
    *ret_span = queue->ring + at;
  }
  queue->reserved = n;
  queue->reserve_epoch = epoch;
  pthread_mutex_unlock (&queue->lock);
  return n;
}

void
genre_queue_commit (GenreQueue *queue, size_t n)
{
  pthread_mutex_lock (&queue->lock);
  assert (n <= queue->reserved);
  if (accepts (queue, queue->reserve_epoch))
    queue->head += n;
  queue->reserved = 0;
  unlock_and_wake_consumer (queue);
}

bool
genre_queue_mark (GenreQueue *queue, const void *mark, bool block)
{
  pthread_mutex_lock (&queue->lock);
  uint64_t epoch = queue->epoch;
  while (block && queue->max_marks > 0 && queue->n_marks == queue->max_marks && accepts (queue, epoch))
    wait_for_progress (queue);

  bool ok = accepts (queue, epoch) && queue->n_marks < queue->max_marks;
  if (ok) {
    size_t at = (queue->first_mark + queue->n_marks) % queue->max_marks;
    if (queue->mark_bytes > 0)
      memcpy (queue->marks + at * queue->mark_bytes, mark, queue->mark_bytes);
    queue->mark_at[at] = queue->head;
    queue->n_marks++;
  }
  unlock_and_wake_consumer (queue);
  return ok;
}

bool
genre_queue_drain (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  uint64_t epoch = queue->epoch;
  bool may_wait = !on_consumer_thread (queue);
  bool empty = false;

  while (may_wait && accepts (queue, epoch)) {
    empty = used (queue) == 0 && queue->n_marks == 0 && !queue->busy;
    if (empty)
      break;
    queue->draining = true;
    if (queue->consumer_waits && has_item (queue)) {
      queue->consumer_waits = false;
      pthread_cond_signal (&queue->item);
    }
    wait_for_progress (queue);
  }
  queue->draining = false;
  pthread_mutex_unlock (&queue->lock);
  return empty;
}

GenreQueueItem
genre_queue_take (GenreQueue *queue, const float **ret_samples, size_t *ret_n, void *ret_mark, uint64_t *ret_epoch)
{
  pthread_mutex_lock (&queue->lock);
  assert (queue->held == 0);
  queue->busy = false;
  queue->turns++;
  announce_progress (queue);

  while (!has_item (queue)) {
    queue->consumer_waits = true;
    pthread_cond_wait (&queue->item, &queue->lock);
  }
  queue->consumer_waits = false;

  if (queue->stopped) {
    pthread_mutex_unlock (&queue->lock);
    return GENRE_QUEUE_STOPPED;
  }

  GenreQueueItem item;
  if (used (queue) >= queue->wake || queue->draining)
    queue->offered = queue->head;
  if (queue->n_marks > 0 && queue->mark_at[queue->first_mark] == queue->tail) {
    item = GENRE_QUEUE_MARK;
    if (queue->mark_bytes > 0)
      memcpy (ret_mark, queue->marks + queue->first_mark * queue->mark_bytes, queue->mark_bytes);
    queue->first_mark = (queue->first_mark + 1) % queue->max_marks;
    queue->n_marks--;
    announce_progress (queue);
  } else {
    item = GENRE_QUEUE_SAMPLES;
    uint64_t end = queue->n_marks > 0 ? queue->mark_at[queue->first_mark] : queue->offered;
    queue->held = smaller ((size_t) (end - queue->tail), queue->size - queue->start);
    *ret_samples = queue->ring + queue->start;
    *ret_n = queue->held;
  }
  *ret_epoch = queue->epoch;
  queue->busy = true;
  queue->consumer = pthread_self ();
  pthread_mutex_unlock (&queue->lock);
  return item;
}

void
genre_queue_release (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  if (queue->held > 0) {
    queue->tail += queue->held;
    queue->start = (queue->start + queue->held) % queue->size;
    queue->held = 0;
    announce_progress (queue);
  }
  pthread_mutex_unlock (&queue->lock);
}

uint64_t
genre_queue_epoch (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  uint64_t epoch = queue->epoch;
  pthread_mutex_unlock (&queue->lock);
  return epoch;
}

void
genre_queue_flush_begin (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  queue->flushing = true;
  drop_all (queue);
  announce_progress (queue);
  pthread_mutex_unlock (&queue->lock);
}

void
genre_queue_flush_end (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  uint64_t epoch = queue->epoch;
  uint64_t turns = queue->turns;
  bool may_wait = !on_consumer_thread (queue);

  /* `busy` alone is not enough: if another flush ends first, the consumer may already have taken new items. */
  while (may_wait && queue->busy && queue->turns == turns && !queue->stopped)
    wait_for_progress (queue);
  /* A flush that has begun in the meantime has its own flush_end. */
  if (queue->epoch == epoch)
    queue->flushing = false;
  pthread_mutex_unlock (&queue->lock);
}

void
genre_queue_stop (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  if (!queue->stopped) {
    queue->stopped = true;
    drop_all (queue);
  }
  announce_progress (queue);
  unlock_and_wake_consumer (queue);
}

void
genre_queue_restart (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  assert (!queue->consumer_waits);
  queue->epoch++; /* not reset, so that epochs read before the restart stay invalid */
  queue->head = queue->tail = queue->offered = 0;
  queue->start = queue->held = 0;
  queue->first_mark = queue->n_marks = 0;
  queue->reserved = 0;
  queue->busy = queue->draining = queue->flushing = queue->stopped = false;
  pthread_mutex_unlock (&queue->lock);
}

size_t
genre_queue_pending (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  size_t n = queue->stopped ? 0 : used (queue);
  pthread_mutex_unlock (&queue->lock);
  return n;
}
