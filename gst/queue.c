/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/queue.c - ring of mono samples, with marks between them, from one streaming thread to one worker.
 *
 * Layer:   gst; pthread only, no GLib, no GStreamer.
 * Threads: one lock, never held by two objects at once, never across a call of the caller's; three conditions under it:
 *          `item`      the consumer waits for something to take,
 *          `space`     the producer waits for room,
 *          `progress`  everybody else waits for the consumer.
 *
 * Positions count samples since the last restart, in 64 bits, and never wrap:
 *
 *   tail <= tail + held <= head <= max (tail + limit, awaited) <= tail + size    (or what a resize found queued)
 *
 *   [tail, tail + held)   with the consumer: neither flush nor resize touches it
 *   [tail + held, head)   committed; a flush takes head back to tail + held
 *   [head, ...)           the producer's, reserved or free
 *
 * Position tail lies at ring[start], and spans end where the ring does.  The samples before `offered` and the first
 * `offered_marks` marks may be taken: when what waits is enough, all of it is offered at once, and the consumer takes
 * it item by item without a look at what it wanted.
 *
 * No wake-up is lost: whatever can make it enough (commit, mark, drain, hurry, resize) asks in the same critical
 * section whether a consumer waits for it, and the consumer asks in the one in which it begins to wait.  A blocked
 * producer never meets a sleeping consumer: a full ring is enough, half of the marks are, and the producer asks before
 * it waits.
 *
 * A producer that is faster than the consumer meets a full ring again and again.  It is woken when half of the ring is
 * free, or the consumer sleeps: for each span that is released, it would cost more than the samples are worth.
 *
 * `busy` holds from the return of one take to the begin of the next, therefore also for marks and while the consumer
 * posts what it found.
 */
#include "gst/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum
{
  SPAN = 16384, /* samples at a time, so that a producer that is faster goes on while they are worked on */
};

/* Of a mark. */
typedef struct Place
{
  uint64_t position; /* of the sample behind it */
  uint64_t samples;  /* that it stands for */
} Place;

struct GenreQueue
{
  size_t mark_bytes; /* const after new */
  size_t max_marks;
  size_t limit;    /* set by resize; 0: not yet called */
  size_t patience; /* at least 1 */

  float *ring; /* [size] */
  size_t size;
  unsigned char *marks; /* [max_marks][mark_bytes], a ring of its own */
  Place *mark_at;       /* [max_marks] */

  pthread_mutex_t lock;
  pthread_cond_t item;
  pthread_cond_t space;
  pthread_cond_t progress;
  bool has_lock, has_item, has_space, has_progress; /* made, and to be destroyed */

  uint64_t head;
  uint64_t tail;
  uint64_t offered;
  uint64_t awaited; /* where enough is, as the consumer said last */
  size_t start;
  size_t held;
  size_t first_mark;
  size_t n_marks;
  size_t offered_marks;
  uint64_t marked_samples; /* sum of what the marks stand for */
  uint64_t wanted;         /* by the consumer, at least 1 */
  uint64_t wakes;          /* of the consumer */

  uint64_t epoch;         /* flushes and stops so far */
  uint64_t turns;         /* takes begun */
  uint64_t reserve_epoch; /* of the last reserve */
  size_t reserved;
  unsigned waiting;    /* threads in `progress` */
  bool producer_waits; /* in `space`, and not yet signalled */

  pthread_t consumer; /* while busy */
  bool busy;
  bool consumer_waits; /* in `item`, and not yet signalled */
  bool draining;
  bool hurry;
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

/* As far as the limit, or as the consumer waits for. */
static size_t
room (const GenreQueue *queue)
{
  const uint64_t limit = queue->tail + queue->limit, end = queue->awaited > limit ? queue->awaited : limit;

  return queue->head < end ? (size_t) (end - queue->head) : 0;
}

/* Nothing has been flushed since `epoch` was read. */
static bool
accepts (const GenreQueue *queue, uint64_t epoch)
{
  return !queue->flushing && !queue->stopped && queue->epoch == epoch;
}

/* What the consumer waits for; less where no more may wait. */
static uint64_t
enough (const GenreQueue *queue)
{
  return queue->wanted < queue->patience ? queue->wanted : queue->patience;
}

/* Offers all that is queued if that is enough.  While flushing nothing is, as nothing is accepted. */
static void
offer (GenreQueue *queue)
{
  const bool in_haste = (queue->draining || queue->hurry) && (used (queue) > 0 || queue->n_marks > 0);
  const bool many_marks = queue->n_marks > 0 && 2 * queue->n_marks >= queue->max_marks;
  const bool full = used (queue) > 0 && room (queue) == 0;

  if (!in_haste && !many_marks && !full && used (queue) + queue->marked_samples < enough (queue))
    return;
  queue->offered = queue->head;
  queue->offered_marks = queue->n_marks;
  queue->hurry = false;
}

/* Whether the consumer has something to take. */
static bool
has_item (const GenreQueue *queue)
{
  return queue->stopped || queue->offered_marks > 0 || queue->offered > queue->tail;
}

/* Whether it is to be signalled: at most once for each time that it waits. */
static bool
must_wake_consumer (GenreQueue *queue)
{
  if (!queue->consumer_waits)
    return false;
  offer (queue);
  if (!has_item (queue))
    return false;
  queue->consumer_waits = false;
  return true;
}

static void
unlock_and_wake_consumer (GenreQueue *queue)
{
  const bool wake = must_wake_consumer (queue);

  pthread_mutex_unlock (&queue->lock);
  if (wake)
    pthread_cond_signal (&queue->item);
}

static void
wait_for_progress (GenreQueue *queue)
{
  if (must_wake_consumer (queue))
    pthread_cond_signal (&queue->item);
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

static void
wait_for_space (GenreQueue *queue)
{
  if (must_wake_consumer (queue))
    pthread_cond_signal (&queue->item);
  queue->producer_waits = true;
  pthread_cond_wait (&queue->space, &queue->lock);
  queue->producer_waits = false;
}

/* Whether the producer is to be signalled: at most once for each time that it waits. */
static bool
must_wake_producer (GenreQueue *queue)
{
  const bool wake = queue->producer_waits;

  queue->producer_waits = false;
  return wake;
}

/* Drops everything that is queued.  What the consumer has taken and the producer has reserved becomes invalid. */
static void
drop_all (GenreQueue *queue)
{
  queue->epoch++;
  queue->head = queue->tail + queue->held;
  queue->offered = queue->head;
  queue->n_marks = queue->offered_marks = 0;
  queue->marked_samples = 0;
  if (must_wake_producer (queue))
    pthread_cond_signal (&queue->space);
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
    .patience = 1,
    .wanted = 1,
  };
  queue->has_lock = pthread_mutex_init (&queue->lock, NULL) == 0;
  queue->has_item = pthread_cond_init (&queue->item, NULL) == 0;
  queue->has_space = pthread_cond_init (&queue->space, NULL) == 0;
  queue->has_progress = pthread_cond_init (&queue->progress, NULL) == 0;
  /* At least one element, so that NULL means out of memory. */
  queue->marks = calloc (max_marks > 0 ? max_marks : 1, mark_bytes > 0 ? mark_bytes : 1);
  queue->mark_at = calloc (max_marks > 0 ? max_marks : 1, sizeof *queue->mark_at);
  if (!queue->marks || !queue->mark_at || !queue->has_lock || !queue->has_item || !queue->has_space
      || !queue->has_progress)
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
  if (queue->has_space)
    pthread_cond_destroy (&queue->space);
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
genre_queue_resize (GenreQueue *queue, size_t capacity, size_t limit, size_t patience)
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
    queue->patience = patience > 0 ? smaller (patience, capacity) : 1;
    if (queue->consumer_waits)
      queue->awaited = queue->tail + enough (queue);
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
    wait_for_space (queue);

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
genre_queue_mark (GenreQueue *queue, const void *mark, uint64_t samples, bool block)
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
    queue->mark_at[at] = (Place){ queue->head, samples };
    queue->marked_samples += samples;
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
    wait_for_progress (queue);
  }
  queue->draining = false;
  pthread_mutex_unlock (&queue->lock);
  return empty;
}

/* What is enough is looked at again each time: a flush may have taken away what the consumer was woken for. */
static void
wait_for_item (GenreQueue *queue)
{
  for (offer (queue); !has_item (queue); offer (queue)) {
    if (must_wake_producer (queue))
      pthread_cond_signal (&queue->space);
    queue->consumer_waits = true;
    pthread_cond_wait (&queue->item, &queue->lock);
    queue->consumer_waits = false;
    queue->wakes++;
  }
}

static void
take_mark (GenreQueue *queue, void *ret_mark)
{
  if (queue->mark_bytes > 0)
    memcpy (ret_mark, queue->marks + queue->first_mark * queue->mark_bytes, queue->mark_bytes);
  queue->marked_samples -= queue->mark_at[queue->first_mark].samples;
  queue->first_mark = (queue->first_mark + 1) % queue->max_marks;
  queue->n_marks--;
  queue->offered_marks--;
  announce_progress (queue);
}

/* All up to the next mark, or what has been offered. */
static void
take_samples (GenreQueue *queue, const float **ret_samples, size_t *ret_n)
{
  const uint64_t end = queue->offered_marks > 0 ? queue->mark_at[queue->first_mark].position : queue->offered;

  queue->held = smaller (smaller ((size_t) (end - queue->tail), queue->size - queue->start), SPAN);
  *ret_samples = queue->ring + queue->start;
  *ret_n = queue->held;
}

GenreQueueItem
genre_queue_take (GenreQueue *queue, uint64_t wanted, const float **ret_samples, size_t *ret_n, void *ret_mark,
    uint64_t *ret_epoch)
{
  GenreQueueItem item = GENRE_QUEUE_STOPPED;

  pthread_mutex_lock (&queue->lock);
  assert (queue->held == 0);
  queue->busy = false;
  queue->turns++;
  queue->wanted = wanted > 0 ? wanted : 1;
  queue->awaited = queue->tail + enough (queue);
  announce_progress (queue);
  wait_for_item (queue);
  if (!queue->stopped) {
    item = queue->offered_marks > 0 && queue->mark_at[queue->first_mark].position == queue->tail ? GENRE_QUEUE_MARK
                                                                                                 : GENRE_QUEUE_SAMPLES;
    if (item == GENRE_QUEUE_MARK)
      take_mark (queue, ret_mark);
    else
      take_samples (queue, ret_samples, ret_n);
    *ret_epoch = queue->epoch;
    queue->busy = true;
    queue->consumer = pthread_self ();
  }
  pthread_mutex_unlock (&queue->lock);
  return item;
}

void
genre_queue_release (GenreQueue *queue)
{
  bool wake = false;

  pthread_mutex_lock (&queue->lock);
  if (queue->held > 0) {
    queue->tail += queue->held;
    queue->start = (queue->start + queue->held) % queue->size;
    queue->held = 0;
    announce_progress (queue);
    wake = 2 * room (queue) >= queue->limit && must_wake_producer (queue);
  }
  pthread_mutex_unlock (&queue->lock);
  if (wake) /* not before: it would meet the lock, and sleep again */
    pthread_cond_signal (&queue->space);
}

void
genre_queue_hurry (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  queue->hurry = true;
  unlock_and_wake_consumer (queue);
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
  queue->head = queue->tail = queue->offered = queue->awaited = 0;
  queue->start = queue->held = 0;
  queue->first_mark = queue->n_marks = queue->offered_marks = 0;
  queue->marked_samples = queue->wakes = 0;
  queue->reserved = 0;
  queue->busy = queue->draining = queue->hurry = queue->flushing = queue->stopped = false;
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

size_t
genre_queue_lag (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  const uint64_t from = queue->awaited > queue->tail ? queue->awaited : queue->tail;
  const size_t n = !queue->stopped && queue->head > from ? (size_t) (queue->head - from) : 0;
  pthread_mutex_unlock (&queue->lock);
  return n;
}

uint64_t
genre_queue_wakes (GenreQueue *queue)
{
  pthread_mutex_lock (&queue->lock);
  const uint64_t n = queue->wakes;
  pthread_mutex_unlock (&queue->lock);
  return n;
}
