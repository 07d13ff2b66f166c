/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/queue.c - ring of mono samples, with marks between them, from one streaming thread to one worker.
 *
 * Layer:   gst; pthread only, no GLib, no GStreamer.  POSIX: the monotonic clock, also for a condition.
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
 * free: for each span that is released, it would cost more than the samples are worth.  From then on the consumer takes
 * whatever is there, until nothing is: if it slept until all that it wants is there, both would wait for each other by
 * turns.  So it never sleeps while the producer does.
 *
 * To wake a thread on an idle processor costs the producer 35 to 70 us, many times what its samples do.  A stream in
 * real time, live or played, needs none of that: when enough came as it had been foretold from the rate and the time
 * before, the consumer sleeps until the next such moment by the clock, and the producer leaves it alone.  Where the
 * samples are there before, or the consumer has woken in vain, it is signalled as ever.
 *
 * `busy` holds from the return of one take to the begin of the next, therefore also for marks and while the consumer
 * posts what it found.
 */
#define _POSIX_C_SOURCE 200809L

#include "gst/queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum
{
  SPAN = 16384, /* samples at a time, so that a producer that is faster goes on while they are worked on */
  SECOND_NS = 1000000000,
  MARGIN_NS = 1000000, /* by which samples of a stream in real time come before or after their time */
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
  uint64_t alarms;         /* those of them that were by the clock */

  uint64_t rate;       /* samples a second in real time; 0: not known */
  uint64_t buffer;     /* samples of the last commit */
  int64_t due_ns;      /* when what the consumer wanted was there last; 0: not yet */
  uint64_t due_head;   /* and the head then */
  int64_t foretold_ns; /* when it will be there next, in real time; 0: not known */
  int64_t alarm_ns;    /* when the consumer, which waits, wakes by itself; 0: never */
  bool in_real_time;   /* it was there when it had been foretold */
  bool due;            /* it is there, and the consumer is about to wake by itself */

  uint64_t epoch;         /* flushes and stops so far */
  uint64_t turns;         /* takes begun */
  uint64_t reserve_epoch; /* of the last reserve */
  size_t reserved;
  unsigned waiting;    /* threads in `progress` */
  bool producer_waits; /* in `space`, and not yet signalled */

  pthread_t consumer; /* while busy */
  bool busy;
  bool outrun;         /* the producer has waited for room since the consumer last slept */
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
  const bool full = used (queue) > 0 && (room (queue) == 0 || queue->outrun);

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

static int64_t
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* When a stream in real time will have brought what the consumer waits for: with the end of a buffer. */
static int64_t
foretell (const GenreQueue *queue)
{
  if (queue->due_ns == 0 || queue->rate == 0 || queue->buffer == 0 || queue->awaited < queue->due_head)
    return 0;

  const uint64_t buffers = (queue->awaited - queue->due_head + queue->buffer - 1) / queue->buffer;

  return queue->due_ns + (int64_t) (buffers * queue->buffer * SECOND_NS / queue->rate);
}

static void
forget_pace (GenreQueue *queue)
{
  queue->due_ns = queue->foretold_ns = 0;
  queue->in_real_time = queue->due = false;
}

/* What the consumer waits for is there.  Whether it wakes by itself, so soon that nobody need signal it; one that has
 * overslept is no longer waited for. */
static bool
wakes_by_itself (GenreQueue *queue)
{
  const int64_t now = now_ns ();

  if (!queue->due) {
    const int64_t late = now - queue->foretold_ns;

    queue->in_real_time = queue->foretold_ns > 0 && late >= -MARGIN_NS && late <= MARGIN_NS;
    queue->due_ns = now;
    queue->due_head = queue->head;
  }
  queue->due = queue->alarm_ns > now - MARGIN_NS && queue->alarm_ns <= now + 2 * MARGIN_NS;
  return queue->due;
}

/* Whether it is to be signalled: at most once for each time that it waits.
 *
 * in_time  not if it wakes by itself in time */
static bool
must_wake_consumer (GenreQueue *queue, bool in_time)
{
  if (!queue->consumer_waits)
    return false;
  offer (queue);
  if (!has_item (queue) || (in_time && wakes_by_itself (queue)))
    return false;
  queue->consumer_waits = false;
  return true;
}

static void
unlock_and_wake_consumer (GenreQueue *queue, bool in_time)
{
  const bool wake = must_wake_consumer (queue, in_time);

  pthread_mutex_unlock (&queue->lock);
  if (wake)
    pthread_cond_signal (&queue->item);
}

static void
wait_for_progress (GenreQueue *queue)
{
  if (must_wake_consumer (queue, false))
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
  if (must_wake_consumer (queue, false))
    pthread_cond_signal (&queue->item);
  queue->producer_waits = queue->outrun = true;
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
  forget_pace (queue);
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

/* Timed by the clock that nobody sets. */
static bool
condition_init (pthread_cond_t *condition)
{
  pthread_condattr_t attributes;

  if (pthread_condattr_init (&attributes) != 0)
    return false;
  const bool made = pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC) == 0
      && pthread_cond_init (condition, &attributes) == 0;
  pthread_condattr_destroy (&attributes);
  return made;
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
  queue->has_item = condition_init (&queue->item);
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

void
genre_queue_set_rate (GenreQueue *queue, uint64_t rate)
{
  pthread_mutex_lock (&queue->lock);
  queue->rate = rate;
  forget_pace (queue);
  pthread_mutex_unlock (&queue->lock);
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
  unlock_and_wake_consumer (queue, false);

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
  queue->buffer = n;
  unlock_and_wake_consumer (queue, true);
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
  unlock_and_wake_consumer (queue, false);
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

/* For a signal, or for the time when a stream in real time brings what is enough.  One that has not brought it by then
 * is waited for without an alarm. */
static void
sleep_until_due (GenreQueue *queue)
{
  queue->foretold_ns = foretell (queue);
  queue->due = false;
  if (queue->in_real_time && queue->foretold_ns > 0) {
    queue->in_real_time = false;
    queue->alarm_ns = queue->foretold_ns + MARGIN_NS;

    const struct timespec alarm = { (time_t) (queue->alarm_ns / SECOND_NS), (long) (queue->alarm_ns % SECOND_NS) };

    if (pthread_cond_timedwait (&queue->item, &queue->lock, &alarm) == ETIMEDOUT)
      queue->alarms++;
    queue->alarm_ns = 0;
  } else {
    pthread_cond_wait (&queue->item, &queue->lock);
  }
}

/* What is enough is looked at again each time: a flush may have taken away what the consumer was woken for. */
static void
wait_for_item (GenreQueue *queue)
{
  for (offer (queue); !has_item (queue); offer (queue)) {
    queue->outrun = false;
    queue->consumer_waits = true;
    sleep_until_due (queue);
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
  unlock_and_wake_consumer (queue, false);
}

static uint64_t
read_counter (GenreQueue *queue, const uint64_t *counter)
{
  pthread_mutex_lock (&queue->lock);
  const uint64_t n = *counter;
  pthread_mutex_unlock (&queue->lock);
  return n;
}

uint64_t
genre_queue_epoch (GenreQueue *queue)
{
  return read_counter (queue, &queue->epoch);
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
  unlock_and_wake_consumer (queue, false);
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
  queue->marked_samples = queue->wakes = queue->alarms = 0;
  queue->reserved = 0;
  forget_pace (queue);
  queue->busy = queue->outrun = queue->draining = queue->hurry = queue->flushing = queue->stopped = false;
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
  return read_counter (queue, &queue->wakes);
}

uint64_t
genre_queue_alarms (GenreQueue *queue)
{
  return read_counter (queue, &queue->alarms);
}
