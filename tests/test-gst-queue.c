/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-queue.c - every line of gst/queue.h's contract, on one thread and on two.
 *
 * Layer:   tests; gst/queue.  Linked with --wrap for malloc, calloc, pthread_cond_signal and the makers of locks.
 * Threads: the main thread plays one role, a Call the other.  That a call blocks is seen by its thread, of which the
 *          kernel says that it sleeps; that it goes on to block, by its not being done after a nap: on a slow machine
 *          that check may miss a defect, but never invents one.
 */
#define _GNU_SOURCE /* gettid */

#include "gst/queue.h"
#include "tests/fail_at.h" /* here locks and conditions count, too */
#include "tests/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum
{
  MAX_SECONDS = 60
};

/* --- What the linker wraps --- */

int __real_pthread_cond_signal (pthread_cond_t *cond);
int __wrap_pthread_cond_signal (pthread_cond_t *cond);
int __real_pthread_mutex_init (pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __real_pthread_cond_init (pthread_cond_t *cond, const pthread_condattr_t *attributes);
int __wrap_pthread_mutex_init (pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_cond_init (pthread_cond_t *cond, const pthread_condattr_t *attributes);

static atomic_int signals;

int
__wrap_pthread_mutex_init (pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
  return allocation_fails () ? ENOMEM : __real_pthread_mutex_init (mutex, attributes);
}

int
__wrap_pthread_cond_init (pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
  return allocation_fails () ? EAGAIN : __real_pthread_cond_init (cond, attributes);
}

int
__wrap_pthread_cond_signal (pthread_cond_t *cond)
{
  atomic_fetch_add (&signals, 1);
  return __real_pthread_cond_signal (cond);
}

/* --- A call on a thread of its own --- */

typedef enum Verb
{
  RESIZE,
  RESERVE,
  MARK,
  DRAIN,
  TAKE,
  FLUSH_END
} Verb;

typedef struct Call
{
  GenreQueue *queue;
  Verb verb;
  size_t n; /* RESIZE: capacity */
  bool ok;
  size_t n_reserved;
  GenreQueueItem item;
  const float *samples;
  size_t n_samples;
  int mark;
  uint64_t epoch;
  atomic_int id; /* the kernel's, of the thread; 0 before it runs */
  atomic_bool done;
  pthread_t thread;
} Call;

static void *
call_main (void *data)
{
  Call *call = data;
  const Verb verb = call->verb;
  float *span;

  atomic_store (&call->id, (int) gettid ());

  switch (verb) {
    case RESIZE:
      call->ok = genre_queue_resize (call->queue, call->n, call->n, call->n);
      break;
    case RESERVE:
      call->n_reserved = genre_queue_reserve (call->queue, call->n, true, &span);
      break;
    case MARK:
      call->ok = genre_queue_mark (call->queue, &call->mark, 0, true);
      break;
    case DRAIN:
      call->ok = genre_queue_drain (call->queue);
      break;
    case TAKE:
      call->item = genre_queue_take (call->queue, UINT64_MAX, &call->samples, &call->n_samples, &call->mark,
          &call->epoch);
      break;
    case FLUSH_END:
      genre_queue_flush_end (call->queue);
      break;
  }
  atomic_store (&call->done, true);
  while (verb == TAKE)
    pause (); /* a thread's identity must not come back while the queue remembers it as its consumer's */
  return NULL;
}

static void
sleep_ms (unsigned ms)
{
  nanosleep (&(struct timespec){ .tv_nsec = ms * 1000 * 1000 }, NULL);
}

static void
nap (void)
{
  sleep_ms (20);
}

static void
call_begin (Call *call, GenreQueue *queue, Verb verb, size_t n)
{
  *call = (Call){ .queue = queue, .verb = verb, .n = n, .n_reserved = 99 };
  if (pthread_create (&call->thread, NULL, call_main, call) != 0)
    abort ();
}

/* Whether the kernel says that the call's thread sleeps. */
static bool
call_sleeps (Call *call)
{
  char name[64], state = '?';

  snprintf (name, sizeof name, "/proc/self/task/%d/stat", atomic_load (&call->id));
  FILE *file = fopen (name, "r");
  if (!file)
    return false;
  if (fscanf (file, "%*d (%*[^)]) %c", &state) != 1)
    state = '?';
  fclose (file);
  return state == 'S';
}

/* Begins a call that must block.  It does when its thread is seen asleep again and again, however late it starts. */
static void
call_blocked (Call *call, GenreQueue *queue, Verb verb, size_t n)
{
  call_begin (call, queue, verb, n);
  for (int asleep = 0; asleep < 5 && !atomic_load (&call->done); sleep_ms (1))
    asleep = call_sleeps (call) ? asleep + 1 : 0;
  CHECK (!atomic_load (&call->done), "verb %d has not waited", verb);
}

static void
call_end (Call *call)
{
  if (call->verb != TAKE) {
    pthread_join (call->thread, NULL);
    return;
  }
  pthread_detach (call->thread);
  while (!atomic_load (&call->done))
    sleep_ms (1);
}

/* --- Short forms --- */

static GenreQueue *
new_queue (size_t capacity, size_t limit, size_t patience)
{
  GenreQueue *queue = genre_queue_new (sizeof (int), 3);
  if (!queue || !genre_queue_resize (queue, capacity, limit, patience))
    abort ();
  return queue;
}

/* Writes first, first + 1, ... without blocking; returns how many fitted. */
static size_t
put (GenreQueue *queue, unsigned first, size_t n)
{
  size_t done = 0;
  float *span;
  size_t n_span;
  while (done < n && (n_span = genre_queue_reserve (queue, n - done, false, &span)) > 0) {
    CHECK (n_span <= n - done, "span longer than wanted: %zu", n_span);
    for (size_t i = 0; i < n_span; i++)
      span[i] = (float) (first + done + i);
    genre_queue_commit (queue, n_span);
    done += n_span;
  }
  return done;
}

/* One that the consumer is not to wait behind. */
static bool
put_mark (GenreQueue *queue, int mark)
{
  const bool ok = genre_queue_mark (queue, &mark, 0, false);

  genre_queue_hurry (queue);
  return ok;
}

static void
check_samples (const float *samples, size_t n, unsigned first)
{
  for (size_t i = 0; i < n; i++)
    CHECK (samples[i] == (float) (first + i), "sample %zu is %g", i, (double) samples[i]);
}

/* Takes n samples in as many spans as it needs; the queue must have them. */
static void
get (GenreQueue *queue, unsigned first, size_t n)
{
  for (size_t done = 0; done < n;) {
    const float *samples;
    size_t n_span;
    int mark;
    uint64_t epoch;
    GenreQueueItem item = genre_queue_take (queue, UINT64_MAX, &samples, &n_span, &mark, &epoch);
    CHECK (item == GENRE_QUEUE_SAMPLES, "item %d", item);
    if (item != GENRE_QUEUE_SAMPLES)
      return;
    CHECK (n_span > 0 && n_span <= n - done, "span of %zu", n_span);
    CHECK (epoch == genre_queue_epoch (queue), "epoch");
    check_samples (samples, n_span, first + (unsigned) done);
    genre_queue_release (queue);
    done += n_span;
  }
}

static void
get_mark (GenreQueue *queue, int expected)
{
  const float *samples = NULL;
  size_t n = 99;
  int mark = -1;
  uint64_t epoch = 99;
  GenreQueueItem item = genre_queue_take (queue, UINT64_MAX, &samples, &n, &mark, &epoch);
  CHECK (item == GENRE_QUEUE_MARK && mark == expected, "item %d, mark %d for %d", item, mark, expected);
  CHECK (!samples && n == 99, "a mark touches the samples' outputs");
}

/* Takes what is there, without release. */
static size_t
hold (GenreQueue *queue, const float **ret_samples, uint64_t *ret_epoch)
{
  size_t n = 0;
  int mark;
  GenreQueueItem item = genre_queue_take (queue, UINT64_MAX, ret_samples, &n, &mark, ret_epoch);
  CHECK (item == GENRE_QUEUE_SAMPLES, "item %d", item);
  return n;
}

/* --- One thread --- */

static void
test_no_room_before_resize (void)
{
  GenreQueue *queue = genre_queue_new (0, 0);
  float *span = NULL;
  CHECK (genre_queue_reserve (queue, 5, false, &span) == 0 && !span, "room from nowhere");
  CHECK (genre_queue_reserve (queue, 5, true, &span) == 0 && !span, "room from nowhere");
  CHECK (!genre_queue_mark (queue, NULL, 0, true) && !genre_queue_mark (queue, NULL, 0, false), "a mark of none");
  CHECK (genre_queue_drain (queue), "nothing to drain");
  CHECK (genre_queue_pending (queue) == 0 && genre_queue_epoch (queue) == 0, "not empty");
  genre_queue_free (queue);
  genre_queue_free (NULL);
  CHECK (!genre_queue_new (SIZE_MAX / 2, 3), "overflow");

  queue = genre_queue_new (0, 2); /* marks without payload */
  CHECK (genre_queue_mark (queue, NULL, 0, false), "mark");
  get_mark (queue, -1); /* it is half of all marks: enough */
  genre_queue_free (queue);
}

static void
test_samples_and_pending (void)
{
  GenreQueue *queue = new_queue (10, 10, 1);
  const float *samples;
  uint64_t epoch = 99;
  float *span;

  CHECK (put (queue, 0, 6) == 6 && genre_queue_pending (queue) == 6, "put");
  CHECK (hold (queue, &samples, &epoch) == 6 && epoch == 0, "epoch %u", (unsigned) epoch);
  check_samples (samples, 6, 0);
  CHECK (genre_queue_pending (queue) == 6, "held samples are pending");
  CHECK (put (queue, 6, 9) == 4, "held samples keep their room");
  check_samples (samples, 6, 0);
  genre_queue_release (queue);
  CHECK (genre_queue_pending (queue) == 4, "released");
  get (queue, 6, 4);

  CHECK (genre_queue_reserve (queue, 0, true, &span) == 0, "nothing wanted");
  genre_queue_commit (queue, 0);

  /* Fewer than reserved, none at all, and a reservation that a second one replaces. */
  CHECK (genre_queue_reserve (queue, 10, false, &span) == 10, "an empty ring gives all of it in one span");
  span[0] = 10.0f;
  genre_queue_commit (queue, 1);
  CHECK (genre_queue_reserve (queue, 5, false, &span) == 5, "reserve");
  genre_queue_commit (queue, 0);
  CHECK (genre_queue_reserve (queue, 5, false, &span) == 5, "reserve");
  CHECK (genre_queue_reserve (queue, 2, false, &span) == 2, "reserve");
  span[0] = 11.0f;
  span[1] = 12.0f;
  genre_queue_commit (queue, 2);
  CHECK (genre_queue_pending (queue) == 3, "pending");
  get (queue, 10, 3);
  genre_queue_free (queue);
}

/* Samples 99, 100, ..., 99 + n, of which the first lies at ring[start], start > 0. */
static void
put_from (GenreQueue *queue, size_t start, size_t n)
{
  const float *samples;
  uint64_t epoch;
  CHECK (put (queue, 0, start) == start, "put");
  CHECK (hold (queue, &samples, &epoch) == start, "hold");
  CHECK (put (queue, 99, 1) == 1, "put"); /* an empty ring would begin anew */
  genre_queue_release (queue);
  CHECK (put (queue, 100, n) == n, "put");
}

/* Every start and length in a ring of 7. */
static void
test_wrap_around (void)
{
  for (unsigned start = 1; start < 7; start++) {
    for (unsigned n = 1; n <= 6; n++) {
      GenreQueue *queue = new_queue (7, 7, 1);
      put_from (queue, start, n);
      get (queue, 99, n + 1);
      genre_queue_free (queue);
    }
  }

  /* Samples that were enough together go out, though the ring's end leaves two halves that are not. */
  GenreQueue *queue = new_queue (7, 7, 4);
  put_from (queue, 5, 3);
  get (queue, 99, 4);
  genre_queue_free (queue);

  /* Never empty, so that the ring is crossed at every offset. */
  queue = new_queue (7, 7, 1);
  unsigned in = 0, out = 0;
  in += (unsigned) put (queue, in, 3);
  for (unsigned i = 0; i < 200; i++) {
    in += (unsigned) put (queue, in, 1 + i % 4);
    const float *samples;
    uint64_t epoch;
    size_t n = hold (queue, &samples, &epoch);
    check_samples (samples, n, out);
    out += (unsigned) n;
    in += (unsigned) put (queue, in, 1 + i % 3);
    check_samples (samples, n, out - (unsigned) n);
    genre_queue_release (queue);
  }
  CHECK (genre_queue_pending (queue) == in - out, "pending");
  genre_queue_free (queue);
}

static void
test_marks (void)
{
  GenreQueue *queue = new_queue (10, 10, 10);

  /* In order, each behind the samples that came before; too few samples go out because a mark hurries. */
  CHECK (put_mark (queue, 1), "mark");
  CHECK (put (queue, 0, 4) == 4, "put");
  CHECK (put_mark (queue, 2) && put_mark (queue, 3), "mark");
  CHECK (!put_mark (queue, 4), "a fourth of three marks");
  CHECK (put (queue, 4, 2) == 2, "put");
  get_mark (queue, 1);
  get (queue, 0, 4);
  get_mark (queue, 2);
  CHECK (put_mark (queue, 4) && put_mark (queue, 5) && !put_mark (queue, 6), "mark");
  get_mark (queue, 3);
  get (queue, 4, 2);
  get_mark (queue, 4);
  get_mark (queue, 5);

  /* A mark that comes while the samples before it are held. */
  put (queue, 0, 10);
  const float *samples;
  uint64_t epoch;
  CHECK (hold (queue, &samples, &epoch) == 10, "hold");
  put_mark (queue, 7);
  genre_queue_release (queue);
  get_mark (queue, 7);

  /* A mark that comes while a span is reserved lies before it. */
  float *span;
  CHECK (genre_queue_reserve (queue, 10, false, &span) == 10, "reserve");
  put_mark (queue, 8);
  for (unsigned i = 0; i < 10; i++)
    span[i] = (float) i;
  genre_queue_commit (queue, 10);
  get_mark (queue, 8);
  get (queue, 0, 10);
  genre_queue_free (queue);
}

static void
test_resize (void)
{
  for (unsigned start = 1; start < 5; start++) {
    for (unsigned n = 1; n <= 3; n++) {
      GenreQueue *queue = new_queue (5, 5, 1);
      put_from (queue, start, n);
      CHECK (put_mark (queue, 8), "mark");
      CHECK (genre_queue_resize (queue, 9, 9, 1), "resize");
      CHECK (put (queue, 100 + n, 20) == 8 - n, "room of 9");
      get (queue, 99, n + 1);
      get_mark (queue, 8);
      get (queue, 100 + n, 8 - n);
      genre_queue_free (queue);
    }
  }

  /* Limits: below the capacity, lowered below what is queued, raised again within what is allocated. */
  GenreQueue *queue = new_queue (10, 4, 1);
  CHECK (put (queue, 0, 10) == 4, "limit");
  CHECK (genre_queue_resize (queue, 10, 8, 1) && put (queue, 4, 10) == 4, "limit raised");
  CHECK (genre_queue_resize (queue, 3, 2, 2), "smaller");
  CHECK (genre_queue_pending (queue) == 8 && put (queue, 8, 1) == 0, "what is queued stays");
  get (queue, 0, 8);
  CHECK (put (queue, 8, 10) == 2, "limit lowered");
  get (queue, 8, 2);
  fail_at = 0;
  CHECK (genre_queue_resize (queue, 10, 10, 1), "has shrunk");
  fail_at = -1;
  CHECK (put (queue, 0, 11) == 10, "room");
  get (queue, 0, 10);

  /* While a span is held: what fits needs no waiting. */
  put (queue, 0, 6);
  const float *samples;
  uint64_t epoch;
  size_t n = hold (queue, &samples, &epoch);
  CHECK (genre_queue_resize (queue, 7, 7, 7), "within what is allocated");
  check_samples (samples, n, 0);
  genre_queue_release (queue);
  CHECK (!genre_queue_resize (queue, SIZE_MAX / 2, 1, 1), "overflow");
  genre_queue_free (queue);
}

static void
test_flush (void)
{
  GenreQueue *queue = new_queue (10, 10, 1);
  float *span;

  put (queue, 0, 5);
  put_mark (queue, 1);
  genre_queue_flush_begin (queue);
  CHECK (genre_queue_epoch (queue) == 1 && genre_queue_pending (queue) == 0, "dropped");
  CHECK (genre_queue_reserve (queue, 1, false, &span) == 0, "accepts while flushing");
  CHECK (genre_queue_reserve (queue, 1, true, &span) == 0, "accepts while flushing");
  CHECK (!genre_queue_mark (queue, &(int){ 0 }, 0, false) && !genre_queue_mark (queue, &(int){ 0 }, 0, true), "mark");
  CHECK (!genre_queue_resize (queue, 20, 20, 1) && !genre_queue_resize (queue, 5, 5, 1), "resize");
  CHECK (!genre_queue_drain (queue), "drain");
  genre_queue_flush_end (queue);
  CHECK (put (queue, 10, 20) == 10, "as before the refused resize");
  get (queue, 10, 10);

  /* A flush between reserve and commit, complete or not. */
  CHECK (genre_queue_reserve (queue, 3, false, &span) == 3, "reserve");
  genre_queue_flush_begin (queue);
  genre_queue_commit (queue, 3);
  genre_queue_flush_end (queue);
  CHECK (genre_queue_pending (queue) == 0, "commit while flushing");
  CHECK (genre_queue_reserve (queue, 3, false, &span) == 3, "reserve");
  genre_queue_flush_begin (queue);
  genre_queue_flush_end (queue);
  genre_queue_commit (queue, 3);
  CHECK (genre_queue_pending (queue) == 0, "commit after a flush");
  put (queue, 0, 2);
  get (queue, 0, 2);

  /* On the consumer's own thread, a span in hand: it stays readable while the producer goes on, and keeps its room. */
  put (queue, 0, 4);
  put_mark (queue, 2);
  put (queue, 4, 4);
  const float *samples;
  uint64_t epoch;
  CHECK (hold (queue, &samples, &epoch) == 4, "hold");
  genre_queue_flush_begin (queue);
  CHECK (genre_queue_epoch (queue) != epoch, "not void");
  CHECK (genre_queue_pending (queue) == 4, "the span that is held, no more");
  genre_queue_flush_end (queue);
  CHECK (put (queue, 20, 20) == 6, "room");
  check_samples (samples, 4, 0);
  genre_queue_release (queue);
  CHECK (put (queue, 26, 20) == 4, "room");
  get (queue, 20, 10);

  /* An end without a begin does nothing; begins count. */
  put (queue, 0, 3);
  epoch = genre_queue_epoch (queue);
  genre_queue_flush_end (queue);
  CHECK (genre_queue_epoch (queue) == epoch && genre_queue_pending (queue) == 3, "a stray end");
  get (queue, 0, 3);
  genre_queue_free (queue);
}

static void
test_stop_and_restart (void)
{
  GenreQueue *queue = new_queue (10, 10, 1);
  const float *samples = NULL;
  size_t n = 99;
  int mark = 99;
  uint64_t epoch = 99;
  float *span = NULL;

  put (queue, 0, 5);
  put_mark (queue, 1);
  uint64_t before = genre_queue_epoch (queue);
  for (unsigned i = 0; i < 2; i++) {
    genre_queue_stop (queue);
    CHECK (genre_queue_epoch (queue) != before, "results are not void");
    CHECK (genre_queue_take (queue, UINT64_MAX, &samples, &n, &mark, &epoch) == GENRE_QUEUE_STOPPED, "take");
    CHECK (!samples && n == 99 && mark == 99 && epoch == 99, "outputs are touched");
    CHECK (genre_queue_reserve (queue, 1, false, &span) == 0 && genre_queue_reserve (queue, 1, true, &span) == 0,
        "reserve");
    genre_queue_commit (queue, 0);
    CHECK (!put_mark (queue, 1) && !genre_queue_mark (queue, &mark, 0, true), "mark");
    CHECK (!genre_queue_drain (queue) && !genre_queue_resize (queue, 20, 20, 1), "drain, resize");
    CHECK (genre_queue_pending (queue) == 0, "pending");
    genre_queue_flush_begin (queue);
    genre_queue_flush_end (queue);
  }

  genre_queue_restart (queue);
  CHECK (genre_queue_pending (queue) == 0 && genre_queue_drain (queue), "not empty");
  CHECK (put (queue, 30, 11) == 10 && put_mark (queue, 3), "room survives");
  get (queue, 30, 10);
  get_mark (queue, 3);

  /* A restart out of the middle: a span held, flushing, marks, a reservation. */
  put (queue, 0, 5);
  hold (queue, &samples, &epoch);
  put_mark (queue, 4);
  genre_queue_reserve (queue, 5, false, &span);
  genre_queue_flush_begin (queue);
  genre_queue_stop (queue);
  CHECK (genre_queue_pending (queue) == 0, "pending");
  genre_queue_restart (queue);
  CHECK (genre_queue_epoch (queue) != epoch, "not void");
  CHECK (genre_queue_drain (queue), "the consumer is not forgotten");
  CHECK (put (queue, 40, 11) == 10, "room");
  get (queue, 40, 10);
  genre_queue_free (queue);
}

static void
test_out_of_memory (void)
{
  GenreQueue *queue = NULL;
  int k = 0;
  for (; !queue && k < 10; k++) {
    fail_at = k;
    queue = genre_queue_new (4, 3);
  }
  CHECK (k == 8, "new allocates %d times", k - 1);

  fail_at = 0;
  CHECK (!genre_queue_resize (queue, 8, 8, 1), "resize");
  fail_at = -1;
  CHECK (genre_queue_resize (queue, 8, 8, 1), "resize");
  put (queue, 0, 6);
  fail_at = 0;
  CHECK (!genre_queue_resize (queue, 16, 16, 16), "resize");
  fail_at = -1;
  CHECK (put (queue, 6, 8) == 2, "the queue is as before");
  get (queue, 0, 8);
  genre_queue_free (queue);
}

/* --- Two threads --- */

/* The take has begun: what is there is no lag to a consumer that waits for more. */
static void
wait_until_taking (GenreQueue *queue)
{
  while (genre_queue_lag (queue) > 0)
    sleep_ms (1);
}

static void
test_take_waits (void)
{
  Call take;
  GenreQueue *queue = new_queue (10, 10, 4);

  /* Below what it has patience for, and as much. */
  put (queue, 0, 3);
  call_blocked (&take, queue, TAKE, 0);
  put (queue, 3, 1);
  call_end (&take);
  CHECK (take.item == GENRE_QUEUE_SAMPLES && take.n_samples == 4, "%zu samples", take.n_samples);
  genre_queue_release (queue);

  /* A mark behind too few samples. */
  put (queue, 0, 2);
  call_blocked (&take, queue, TAKE, 0);
  put_mark (queue, 5);
  call_end (&take);
  CHECK (take.item == GENRE_QUEUE_SAMPLES && take.n_samples == 2, "%zu samples", take.n_samples);
  genre_queue_release (queue);
  put (queue, 0, 3);
  get_mark (queue, 5);
  call_blocked (&take, queue, TAKE, 0); /* the mark no longer waits behind the rest */

  /* Less patience. */
  genre_queue_resize (queue, 10, 10, 3);
  call_end (&take);
  CHECK (take.item == GENRE_QUEUE_SAMPLES && take.n_samples == 3, "%zu samples", take.n_samples);
  genre_queue_release (queue);

  /* No patience beyond what fits: a full ring is always given out.  The limit is none where the consumer wants more. */
  genre_queue_resize (queue, 10, 5, 1000);
  CHECK (put (queue, 0, 9) == 5, "limit");
  call_blocked (&take, queue, TAKE, 0);
  wait_until_taking (queue);
  CHECK (put (queue, 5, 4) == 4, "no room for what the consumer waits for");
  nap ();
  CHECK (!atomic_load (&take.done), "nine of ten");
  put (queue, 9, 1);
  call_end (&take);
  CHECK (take.item == GENRE_QUEUE_SAMPLES && take.n_samples == 10, "%zu samples", take.n_samples);
  CHECK (put (queue, 10, 1) == 0, "room while it is awake");
  genre_queue_release (queue);
  genre_queue_resize (queue, 10, 5, 5);

  /* Flushes leave it waiting; what was queued before is gone. */
  put (queue, 0, 4);
  call_blocked (&take, queue, TAKE, 0);
  genre_queue_flush_begin (queue);
  genre_queue_flush_end (queue);
  put (queue, 50, 4);
  nap ();
  CHECK (!atomic_load (&take.done), "woken by 4 + 4 samples with a flush between");
  put (queue, 54, 1);
  call_end (&take);
  CHECK (take.n_samples == 5 && take.epoch == 1, "%zu samples", take.n_samples);
  check_samples (take.samples, take.n_samples, 50);
  genre_queue_release (queue);

  call_blocked (&take, queue, TAKE, 0);
  genre_queue_stop (queue);
  call_end (&take);
  CHECK (take.item == GENRE_QUEUE_STOPPED, "item %d", take.item);
  genre_queue_free (queue);
}

/* The verbs that wait for room: what ends them, and how they end then. */
static void
test_blocked_producer (Verb verb)
{
  GenreQueue *queue = new_queue (4, 4, 4);
  const float *samples;
  uint64_t epoch;
  Call call;

  enum
  {
    RELEASE,
    FLUSH,
    WHOLE_FLUSH,
    STOP
  };
  for (int way = RELEASE; way <= STOP; way++) {
    /* Full of samples and marks, the first samples held. */
    CHECK (put (queue, 0, 4) == 4, "put");
    for (int i = 0; i < 3; i++)
      CHECK (put_mark (queue, i), "mark");
    CHECK (hold (queue, &samples, &epoch) == 4, "hold");
    call_blocked (&call, queue, verb, 8);
    switch (way) {
      case RELEASE:
        genre_queue_release (queue);
        if (verb == MARK)
          get_mark (queue, 0);
        break;
      case FLUSH:
        genre_queue_flush_begin (queue);
        break;
      case WHOLE_FLUSH:
        genre_queue_flush_begin (queue);
        genre_queue_flush_end (queue);
        break;
      case STOP:
        genre_queue_stop (queue);
        break;
    }
    call_end (&call);
    CHECK (call.ok == (way == RELEASE && verb != RESERVE), "verb %d way %d: %d", verb, way, call.ok);
    if (verb == RESERVE)
      CHECK ((call.n_reserved > 0) == (way == RELEASE), "way %d: %zu", way, call.n_reserved);
    check_samples (samples, way == RELEASE ? 0 : 4, 0);

    genre_queue_release (queue);
    genre_queue_flush_begin (queue);
    genre_queue_flush_end (queue);
    if (way == RELEASE) {
      genre_queue_free (queue); /* resize may have succeeded */
      queue = new_queue (4, 4, 4);
    }
  }
  genre_queue_free (queue);
}

/* Waits with what it wants; must be told to stop. */
typedef struct Wish
{
  GenreQueue *queue;
  uint64_t wanted;
  atomic_size_t n_samples;
  atomic_int n_marks;
  pthread_t thread;
} Wish;

static void *
wish_main (void *data)
{
  Wish *wish = data;
  const float *samples;
  size_t n;
  int mark;
  uint64_t epoch;
  GenreQueueItem item;

  while ((item = genre_queue_take (wish->queue, wish->wanted, &samples, &n, &mark, &epoch)) != GENRE_QUEUE_STOPPED) {
    if (item == GENRE_QUEUE_MARK) {
      atomic_fetch_add (&wish->n_marks, 1);
      continue;
    }
    genre_queue_release (wish->queue);
    atomic_fetch_add (&wish->n_samples, n);
  }
  return NULL;
}

/* The consumer has them all, and sleeps again.  On a slow machine it may not have slept before. */
static void
expect (Wish *wish, size_t n_samples, int n_marks, unsigned n_wakes, const char *when)
{
  for (unsigned i = 0;
       i < 1000 && (atomic_load (&wish->n_samples) != n_samples || atomic_load (&wish->n_marks) != n_marks); i++)
    sleep_ms (1);
  nap ();
  CHECK (atomic_load (&wish->n_samples) == n_samples && atomic_load (&wish->n_marks) == n_marks,
      "%s: %zu samples and %d marks, not %zu and %d", when, atomic_load (&wish->n_samples),
      atomic_load (&wish->n_marks), n_samples, n_marks);
  CHECK (genre_queue_wakes (wish->queue) <= n_wakes, "%s: woken %u times, not %u", when,
      (unsigned) genre_queue_wakes (wish->queue), n_wakes);
}

static void
wish_begin (Wish *wish, GenreQueue *queue, uint64_t wanted)
{
  *wish = (Wish){ .queue = queue, .wanted = wanted };
  if (pthread_create (&wish->thread, NULL, wish_main, wish) != 0)
    abort ();
  nap ();
}

static void
wish_end (Wish *wish)
{
  genre_queue_stop (wish->queue);
  pthread_join (wish->thread, NULL);
  genre_queue_free (wish->queue);
}

/* At a rate of 1000, ten samples each 10 ms.  The third time that the consumer waits, after 60 samples, it may know
 * when to wake.  A busy machine may keep the producer from its time, but not for ever. */
static void
test_real_time (void)
{
  GenreQueue *queue = new_queue (1000, 1000, 30);
  Wish wish;
  unsigned puts = 0;

  genre_queue_set_rate (queue, 1000);
  wish_begin (&wish, queue, UINT64_MAX);
  for (; puts < 2000 && genre_queue_alarms (queue) == 0; puts++) {
    CHECK (put (queue, 10 * puts, 10) == 10, "no room");
    sleep_ms (10);
  }
  CHECK (genre_queue_alarms (queue) == 1 && puts >= 6, "%u times ten samples, %u times by the clock", puts,
      (unsigned) genre_queue_alarms (queue));
  CHECK (genre_queue_wakes (queue) >= 3, "%u wakes", (unsigned) genre_queue_wakes (queue));

  /* Nothing comes when it should: it wakes in vain, and waits for what comes later, faster, and with another rate. */
  sleep_ms (100);
  for (unsigned i = 0; i < 20; i++) {
    genre_queue_set_rate (queue, i % 3 * 1000);
    CHECK (put (queue, i, 30) == 30, "no room");
    while (genre_queue_pending (queue) > 0)
      sleep_ms (1);
  }
  genre_queue_stop (queue);
  pthread_join (wish.thread, NULL);
  genre_queue_restart (queue);
  CHECK (genre_queue_alarms (queue) == 0, "restart");
  genre_queue_free (queue);
}

/* What is released little by little wakes a producer when half of the ring is free.  Until nothing is there, a consumer
 * that it has outrun takes what there is, and only then waits for more. */
static void
test_producer_sleeps_on (void)
{
  GenreQueue *queue = new_queue (8, 8, 8);
  const float *samples;
  uint64_t epoch;
  Call reserve, take;

  CHECK (put (queue, 0, 3) == 3 && put_mark (queue, 0) && put (queue, 3, 1) == 1 && put_mark (queue, 1), "put");
  CHECK (put (queue, 4, 4) == 4, "put");
  call_blocked (&reserve, queue, RESERVE, 8);
  get (queue, 0, 3);
  get_mark (queue, 0);
  nap ();
  CHECK (!atomic_load (&reserve.done), "three of eight are free");
  get (queue, 3, 1);
  call_end (&reserve);
  CHECK (reserve.n_reserved == 4, "half is free: %zu", reserve.n_reserved);
  get_mark (queue, 1);
  get (queue, 4, 4);

  CHECK (put (queue, 0, 3) == 3, "put");
  genre_queue_hurry (queue);
  CHECK (hold (queue, &samples, &epoch) == 3, "hold");
  CHECK (put (queue, 3, 5) == 5, "put");
  call_blocked (&reserve, queue, RESERVE, 8);
  genre_queue_release (queue);
  nap ();
  CHECK (!atomic_load (&reserve.done), "three of eight are free");
  CHECK (hold (queue, &samples, &epoch) == 5, "less than it wants");
  nap ();
  CHECK (!atomic_load (&reserve.done), "they are held");
  genre_queue_release (queue);
  call_end (&reserve);
  CHECK (reserve.n_reserved == 8, "all is free: %zu", reserve.n_reserved);
  CHECK (put (queue, 8, 1) == 1, "put");
  CHECK (hold (queue, &samples, &epoch) == 1, "the first of many");
  genre_queue_release (queue);
  call_blocked (&take, queue, TAKE, 0);
  CHECK (put (queue, 9, 7) == 7, "put");
  nap ();
  CHECK (!atomic_load (&take.done), "seven of eight");
  genre_queue_stop (queue);
  call_end (&take);
  genre_queue_free (queue);
}

/* What wakes a consumer that wants 10 samples, and what does not. */
static void
test_wishes (void)
{
  GenreQueue *queue = genre_queue_new (sizeof (int), 8);
  Wish wish;

  if (!queue || !genre_queue_resize (queue, 100, 100, 50))
    abort ();
  wish_begin (&wish, queue, 10);
  put (queue, 0, 9);
  expect (&wish, 0, 0, 0, "fewer");
  wait_until_taking (queue); /* what it lets wait is no lag */
  put (queue, 9, 1);
  expect (&wish, 10, 0, 1, "as many");
  put (queue, 10, 25);
  expect (&wish, 35, 0, 2, "more, at once");

  /* Marks: not by themselves, but by the samples that they stand for, and where they are half of all. */
  int mark = 1;
  put (queue, 35, 4);
  CHECK (genre_queue_mark (queue, &mark, 0, false) && genre_queue_mark (queue, &mark, 5, false), "mark");
  expect (&wish, 35, 0, 2, "9 with the mark's");
  CHECK (genre_queue_mark (queue, &mark, 1, false), "mark");
  expect (&wish, 39, 3, 3, "10 with the marks'");
  for (int i = 0; i < 4; i++) {
    expect (&wish, 39, 3, 3, "few marks");
    CHECK (genre_queue_mark (queue, &mark, 0, false), "mark");
  }
  expect (&wish, 39, 7, 4, "half of all marks");

  /* A hurry: for what is there, or else for what comes. */
  put (queue, 39, 1);
  genre_queue_hurry (queue);
  expect (&wish, 40, 7, 5, "a hurry");
  put (queue, 40, 1);
  expect (&wish, 40, 7, 5, "a hurry that is over");
  put (queue, 41, 9);
  expect (&wish, 50, 7, 6, "as many again");
  genre_queue_hurry (queue);
  expect (&wish, 50, 7, 6, "a hurry for nothing");
  put (queue, 50, 1);
  expect (&wish, 51, 7, 7, "a hurry for what comes");
  genre_queue_hurry (queue);
  CHECK (genre_queue_mark (queue, &mark, 0, false), "mark");
  expect (&wish, 51, 8, 8, "a hurry for a mark");

  /* A flush takes what waited. */
  put (queue, 51, 6);
  genre_queue_flush_begin (queue);
  genre_queue_flush_end (queue);
  put (queue, 57, 9);
  expect (&wish, 51, 8, 8, "9 after a flush");
  put (queue, 66, 1);
  expect (&wish, 61, 8, 9, "10 after a flush");
  wish_end (&wish);

  /* Nobody wants more than may wait, and a lower limit wakes too. */
  wish_begin (&wish, new_queue (100, 100, 50), UINT64_MAX);
  put (wish.queue, 0, 49);
  expect (&wish, 0, 0, 0, "patience");
  put (wish.queue, 49, 1);
  expect (&wish, 50, 0, 1, "no more patience");
  put (wish.queue, 50, 20);
  CHECK (genre_queue_resize (wish.queue, 100, 15, 15), "resize");
  expect (&wish, 70, 0, 2, "a lower limit");
  wish_end (&wish);
}

/* Late is what comes after the samples that the consumer wanted, while it is not asleep. */
static void
test_lag (void)
{
  GenreQueue *queue = new_queue (100, 100, 50);
  Call take;

  put (queue, 0, 5);
  CHECK (genre_queue_lag (queue) == 5, "nobody waits: %zu", genre_queue_lag (queue));
  call_blocked (&take, queue, TAKE, 0); /* until there are 50 */
  wait_until_taking (queue);
  put (queue, 5, 44);
  CHECK (genre_queue_lag (queue) == 0, "asleep: %zu", genre_queue_lag (queue));
  put (queue, 49, 21);
  call_end (&take);
  CHECK (take.n_samples >= 50, "%zu samples", take.n_samples);
  CHECK (genre_queue_lag (queue) == 20 && genre_queue_pending (queue) == 70, "in hand: %zu", genre_queue_lag (queue));
  genre_queue_release (queue);
  CHECK (genre_queue_lag (queue) == genre_queue_pending (queue), "released: %zu", genre_queue_lag (queue));
  genre_queue_stop (queue);
  CHECK (genre_queue_lag (queue) == 0, "stopped");
  genre_queue_free (queue);
}

static void
test_drain (void)
{
  GenreQueue *queue = new_queue (10, 10, 10);
  const float *samples;
  uint64_t epoch;
  Call drain, take;

  /* Nobody has ever taken: nothing to wait for.  Too few samples are handed out by a drain. */
  CHECK (genre_queue_drain (queue), "empty");
  put (queue, 0, 3);
  call_blocked (&drain, queue, DRAIN, 0);
  CHECK (hold (queue, &samples, &epoch) == 3, "hold");
  CHECK (!genre_queue_drain (queue), "on the consumer's thread");
  genre_queue_release (queue);
  CHECK (!genre_queue_drain (queue), "on the consumer's thread");
  nap ();
  CHECK (!atomic_load (&drain.done), "released is not yet finished");
  call_begin (&take, queue, TAKE, 0);
  call_end (&drain);
  CHECK (drain.ok, "drain");

  /* A consumer that waits already for more is woken. */
  put (queue, 3, 2);
  nap ();
  CHECK (!atomic_load (&take.done), "two of ten");
  call_begin (&drain, queue, DRAIN, 0);
  call_end (&take);
  CHECK (take.n_samples == 2, "%zu samples", take.n_samples);
  nap ();
  CHECK (!atomic_load (&drain.done), "held");
  genre_queue_release (queue);
  call_begin (&take, queue, TAKE, 0);
  call_end (&drain);
  CHECK (drain.ok, "drain");

  /* Marks count, until the next take. */
  put_mark (queue, 1);
  call_end (&take);
  CHECK (take.item == GENRE_QUEUE_MARK, "item %d", take.item);
  call_blocked (&drain, queue, DRAIN, 0);
  put (queue, 0, 10);
  get (queue, 0, 10);
  call_begin (&take, queue, TAKE, 0);
  call_end (&drain);
  CHECK (drain.ok, "drain");

  /* After a drain, too few samples wait again. */
  put (queue, 0, 9);
  nap ();
  CHECK (!atomic_load (&take.done), "nine of ten");
  put (queue, 9, 1);
  call_end (&take);

  /* Flushed, flushed and over, stopped. */
  call_blocked (&drain, queue, DRAIN, 0);
  genre_queue_flush_begin (queue);
  call_end (&drain);
  CHECK (!drain.ok, "flushed");
  genre_queue_release (queue);
  call_begin (&take, queue, TAKE, 0);
  genre_queue_flush_end (queue);
  put (queue, 0, 10);
  call_end (&take);
  call_blocked (&drain, queue, DRAIN, 0);
  genre_queue_flush_begin (queue);
  Call end;
  call_begin (&end, queue, FLUSH_END, 0);
  call_end (&drain);
  CHECK (!drain.ok, "flushed");
  genre_queue_release (queue);
  call_begin (&take, queue, TAKE, 0);
  call_end (&end);
  put (queue, 0, 10);
  call_end (&take);
  call_blocked (&drain, queue, DRAIN, 0);
  genre_queue_stop (queue);
  call_end (&drain);
  CHECK (!drain.ok, "stopped");
  genre_queue_free (queue);
}

static void
test_flush_end_waits (void)
{
  GenreQueue *queue = new_queue (10, 10, 5);
  const float *samples;
  uint64_t epoch;
  Call end, take;

  /* For a span: until the next take, not just its release. */
  put (queue, 0, 5);
  CHECK (hold (queue, &samples, &epoch) == 5, "hold");
  genre_queue_flush_begin (queue);
  call_blocked (&end, queue, FLUSH_END, 0);
  genre_queue_release (queue);
  nap ();
  CHECK (!atomic_load (&end.done), "released is not yet finished");
  CHECK (put (queue, 0, 5) == 0, "accepts while it waits");
  call_begin (&take, queue, TAKE, 0);
  call_end (&end);
  CHECK (put (queue, 10, 5) == 5, "accepts");
  call_end (&take);
  check_samples (take.samples, take.n_samples, 10);
  CHECK (take.epoch == epoch + 1, "epoch");
  genre_queue_release (queue);

  /* For a mark. */
  put_mark (queue, 1);
  get_mark (queue, 1);
  genre_queue_flush_begin (queue);
  call_blocked (&end, queue, FLUSH_END, 0);
  call_begin (&take, queue, TAKE, 0);
  call_end (&end);
  put (queue, 0, 5);
  call_end (&take);
  genre_queue_release (queue);

  /* The consumer's own flush meanwhile lets it go on; the other one ends all the same, without ending a third. */
  put (queue, 0, 5);
  hold (queue, &samples, &epoch);
  genre_queue_flush_begin (queue);
  call_blocked (&end, queue, FLUSH_END, 0);
  genre_queue_flush_begin (queue);
  genre_queue_flush_end (queue);
  CHECK (put (queue, 20, 5) == 5, "accepts after the consumer's own flush");
  genre_queue_release (queue);
  genre_queue_flush_begin (queue);
  CHECK (!atomic_load (&end.done), "has not waited");
  call_begin (&take, queue, TAKE, 0);
  call_end (&end);
  CHECK (put (queue, 30, 5) == 0, "has ended a flush that is not its own");
  genre_queue_flush_end (queue);
  CHECK (put (queue, 40, 5) == 5, "accepts");
  call_end (&take);
  check_samples (take.samples, take.n_samples, 40);

  /* Stopped. */
  genre_queue_flush_begin (queue);
  call_blocked (&end, queue, FLUSH_END, 0);
  genre_queue_stop (queue);
  call_end (&end);
  genre_queue_free (queue);
}

typedef struct Count
{
  GenreQueue *queue;
  unsigned seen;
  unsigned takes;
} Count;

static void *
count_main (void *data)
{
  Count *count = data;
  const float *samples;
  size_t n;
  int mark;
  uint64_t epoch;
  while (genre_queue_take (count->queue, UINT64_MAX, &samples, &n, &mark, &epoch) == GENRE_QUEUE_SAMPLES) {
    check_samples (samples, n, count->seen);
    count->seen += (unsigned) n;
    count->takes++;
    genre_queue_release (count->queue);
  }
  return NULL;
}

/* The consumer is woken at most once per WAKE samples, wherever the ring ends. */
static void
test_signals (void)
{
  enum
  {
    WAKE = 100,
    TOTAL = 100000
  };
  Count count = { .queue = new_queue (250, 250, WAKE) };
  pthread_t thread;

  atomic_store (&signals, 0);
  if (pthread_create (&thread, NULL, count_main, &count) != 0)
    abort ();
  for (unsigned i = 0; i < TOTAL; i++) {
    float *span;
    CHECK (genre_queue_reserve (count.queue, 1, true, &span) == 1, "reserve");
    *span = (float) i;
    genre_queue_commit (count.queue, 1);
  }
  int for_samples = atomic_load (&signals);
  CHECK (for_samples >= 1 && for_samples <= TOTAL / WAKE, "%d signals", for_samples);
  CHECK (genre_queue_drain (count.queue), "drain");
  CHECK (count.seen == TOTAL, "%u seen", count.seen);
  CHECK (atomic_load (&signals) <= for_samples + 1, "signals of the drain");
  genre_queue_stop (count.queue);
  pthread_join (thread, NULL);
  genre_queue_free (count.queue);
}

typedef struct Heir
{
  GenreQueue *queue;
  unsigned taken; /* by the heir */
} Heir;

static void *
heir_main (void *data)
{
  Heir *heir = data;
  const float *samples;
  size_t n;
  int mark;
  uint64_t epoch;

  while (genre_queue_take (heir->queue, UINT64_MAX, &samples, &n, &mark, &epoch) == GENRE_QUEUE_SAMPLES) {
    check_samples (samples, n, 100 + heir->taken);
    heir->taken += (unsigned) n;
    genre_queue_release (heir->queue);
  }
  return NULL;
}

static void *
old_consumer_main (void *data)
{
  Heir *heir = data;
  const float *samples;
  size_t n;
  int mark;
  uint64_t epoch;
  pthread_t thread;

  CHECK (genre_queue_take (heir->queue, UINT64_MAX, &samples, &n, &mark, &epoch) == GENRE_QUEUE_SAMPLES && n == 8,
      "take");
  genre_queue_stop (heir->queue);
  genre_queue_restart (heir->queue);
  if (pthread_create (&thread, NULL, heir_main, heir) != 0)
    abort ();
  for (unsigned i = 0; i < 50; i++) { /* the old span was all of the ring: these write over it */
    CHECK (put (heir->queue, 100 + 8 * i, 8) == 8, "no room");
    CHECK (genre_queue_drain (heir->queue), "this thread is taken for the consumer");
  }
  genre_queue_stop (heir->queue);
  pthread_join (thread, NULL);
  return NULL;
}

/* The consumer stops and restarts the queue with a span in hand, and another thread takes its place. */
static void
test_restart_on_consumer (void)
{
  Heir heir = { .queue = new_queue (8, 8, 8) };
  pthread_t thread;

  for (unsigned round = 0; round < 20; round++) {
    heir.taken = 0;
    if (pthread_create (&thread, NULL, old_consumer_main, &heir) != 0)
      abort ();
    CHECK (put (heir.queue, 0, 8) == 8, "no room");
    pthread_join (thread, NULL);
    CHECK (heir.taken == 400, "%u of 400 samples", heir.taken);
    genre_queue_restart (heir.queue);
  }
  genre_queue_free (heir.queue);
}

int
main (void)
{
  alarm (MAX_SECONDS); /* a hang is a failure */

  test_no_room_before_resize ();
  test_samples_and_pending ();
  test_wrap_around ();
  test_marks ();
  test_resize ();
  test_flush ();
  test_stop_and_restart ();
  test_out_of_memory ();
  test_take_waits ();
  test_real_time ();
  test_blocked_producer (RESERVE);
  test_blocked_producer (MARK);
  test_blocked_producer (RESIZE);
  test_producer_sleeps_on ();
  test_wishes ();
  test_lag ();
  test_drain ();
  test_flush_end_waits ();
  test_signals ();
  test_restart_on_consumer ();
  TEST_END ();
}
