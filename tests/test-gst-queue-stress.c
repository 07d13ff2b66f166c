/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-queue-stress.c [SECONDS [SEED]] - gst/queue under a random producer, consumer and flusher.
 *
 * Layer:   tests; gst/queue.  Meant for ThreadSanitizer too.
 * Threads: a producer writes, marks, drains and resizes, a consumer takes and sometimes flushes itself, as a seek in a
 *          synchronous bus handler does, a third thread flushes, and the main thread stops them all at any moment.
 *
 * Samples are numbered.  Between two flushes the consumer must see each exactly once, in order, marks in their places;
 * after a drain without a flush it must have seen all; what it holds must not change under its hands.
 */
#include "gst/queue.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum
{
  ROUNDS = 20,
  MAX_CAPACITY = 40000,
  MAX_MARKS = 5,
  NUMBER_MASK = 0xffffff, /* what a float holds exactly */
  PATIENCE_S = 60,
};

typedef struct Mark
{
  uint64_t number; /* of the next sample */
  uint64_t serial;
} Mark;

/* Written by the consumer; the producer reads it after a drain, which orders the two. */
typedef struct Seen
{
  uint64_t epoch;
  uint64_t samples; /* in this epoch, as the next */
  uint64_t marks;
  uint64_t number; /* of the next sample, unless nothing has come in this epoch */
  uint64_t serial; /* of the next mark, unless none has */
} Seen;

typedef struct Stress
{
  GenreQueue *queue;
  uint64_t seed; /* differs from round to round */
  Seen seen;
  uint64_t number; /* the producer's, over all rounds */
  uint64_t serial;
  uint64_t total_samples;
  uint64_t total_marks;
  uint64_t total_drains;
  uint64_t total_flushes;
  _Atomic uint64_t in_hand; /* epoch of what the consumer has, + 1; 0: nothing */
  atomic_bool no_more_flushes;
  bool last;
} Stress;

static void
sleep_us (uint64_t us)
{
  nanosleep (&(struct timespec){ .tv_nsec = (long) us * 1000 }, NULL);
}

static uint64_t
below (uint64_t *random, uint64_t n)
{
  return (test_random (random) >> 16) % n;
}

/* --- The consumer --- */

static void
check_span (const float *samples, size_t n, uint64_t number, const char *when)
{
  for (size_t i = 0; i < n; i++) {
    if (samples[i] != (float) ((number + i) & NUMBER_MASK)) {
      CHECK (false, "%s: sample %zu of %zu is %g, not %u", when, i, n, (double) samples[i],
          (unsigned) ((number + i) & NUMBER_MASK));
      return;
    }
  }
}

static void
begin_epoch (Seen *seen, uint64_t epoch)
{
  CHECK (epoch >= seen->epoch, "epochs run backwards");
  if (epoch != seen->epoch) {
    seen->epoch = epoch;
    seen->samples = 0;
    seen->marks = 0;
  }
}

/* A flush may have swallowed numbers, but none comes twice. */
static uint64_t
skip_forward (uint64_t number, uint64_t next)
{
  uint64_t gap = (next - number) & NUMBER_MASK;
  CHECK (gap < NUMBER_MASK / 2, "sample %u comes after %u", (unsigned) (next & NUMBER_MASK),
      (unsigned) (number & NUMBER_MASK));
  return number + gap;
}

static void *
consumer_main (void *data)
{
  Stress *stress = data;
  Seen *seen = &stress->seen;
  uint64_t random = stress->seed ^ 0x636f6e73;

  for (;;) {
    const float *samples = NULL;
    size_t n = 0;
    Mark mark;
    uint64_t epoch = 0;

    atomic_store (&stress->in_hand, 0);
    GenreQueueItem item = genre_queue_take (stress->queue, below (&random, 2 * MAX_CAPACITY), &samples, &n, &mark,
        &epoch);
    if (item == GENRE_QUEUE_STOPPED)
      return NULL;
    atomic_store (&stress->in_hand, epoch + 1);
    begin_epoch (seen, epoch);

    if (item == GENRE_QUEUE_MARK) {
      if (seen->samples > 0 || seen->marks > 0)
        CHECK (mark.number == seen->number, "mark at %u, not %u", (unsigned) mark.number, (unsigned) seen->number);
      seen->number = mark.number;
      CHECK (seen->marks == 0 ? mark.serial >= seen->serial : mark.serial == seen->serial, "mark %u for %u",
          (unsigned) mark.serial, (unsigned) seen->serial);
      seen->serial = mark.serial + 1;
      seen->marks++;
      stress->total_marks++;
      if (below (&random, 8) == 0)
        sleep_us (below (&random, 100));
      continue;
    }

    CHECK (n > 0 && n <= MAX_CAPACITY, "a span of %zu", n);
    if (seen->samples == 0 && seen->marks == 0)
      seen->number = skip_forward (seen->number, (uint64_t) samples[0]);
    check_span (samples, n, seen->number, "at first");
    if (below (&random, 100) == 0) {
      genre_queue_flush_begin (stress->queue);
      CHECK (genre_queue_epoch (stress->queue) > epoch, "not void");
      genre_queue_flush_end (stress->queue);
      CHECK (!genre_queue_drain (stress->queue), "a drain on the consumer's thread");
      sleep_us (below (&random, 300));
    }
    if (below (&random, 8) == 0)
      sleep_us (below (&random, 100));
    check_span (samples, n, seen->number, "later");
    seen->number += n;
    seen->samples += n;
    stress->total_samples += n;
    genre_queue_release (stress->queue);
  }
}

/* --- The producer --- */

static bool
resize (GenreQueue *queue, uint64_t *random)
{
  size_t capacity = 1 + (size_t) below (random, MAX_CAPACITY);
  size_t limit = 1 + (size_t) below (random, capacity);
  static const uint64_t rates[] = { 0, 1000, 1000000, 100000000 };
  genre_queue_set_rate (queue, rates[below (random, 4)]);
  return genre_queue_resize (queue, capacity, limit, 1 + (size_t) below (random, capacity));
}

/* Returns the number of samples written; 0 if refused. */
static size_t
write_samples (Stress *stress, uint64_t *random)
{
  float *span;
  size_t n = genre_queue_reserve (stress->queue, 1 + (size_t) below (random, 8000), below (random, 8) != 0, &span);
  if (n == 0)
    return 0;
  if (below (random, 8) == 0)
    n = (size_t) below (random, n);
  for (size_t i = 0; i < n; i++) {
    span[i] = (float) ((stress->number + i) & NUMBER_MASK);
    if (i == n / 2 && below (random, 32) == 0)
      sleep_us (below (random, 100));
  }
  genre_queue_commit (stress->queue, n);
  stress->number += n;
  return n;
}

/* All that was sent in `epoch` has been seen, if that is still the epoch, and known how much that is. */
static void
check_drained (Stress *stress, uint64_t epoch, uint64_t sent, uint64_t sent_marks, bool known)
{
  if (!genre_queue_drain (stress->queue) || genre_queue_epoch (stress->queue) != epoch)
    return;
  CHECK (genre_queue_pending (stress->queue) == 0, "pending");
  if (!known || (sent == 0 && sent_marks == 0))
    return;
  stress->total_drains++;
  CHECK (stress->seen.epoch == epoch && stress->seen.samples == sent && stress->seen.marks == sent_marks,
      "%u samples and %u marks of %u and %u", (unsigned) stress->seen.samples, (unsigned) stress->seen.marks,
      (unsigned) sent, (unsigned) sent_marks);
}

static void *
producer_main (void *data)
{
  Stress *stress = data;
  uint64_t random = stress->seed ^ 0x70726f64;
  uint64_t epoch = 0, sent = 0, sent_marks = 0;
  bool final = false, known = true;

  while (!final) {
    bool ok = true;
    size_t n = 0;
    bool marked = false;

    /* Read before the last drain, after which no flush comes. */
    final = stress->last && atomic_load (&stress->no_more_flushes);
    uint64_t now = genre_queue_epoch (stress->queue);
    if (now != epoch) {
      epoch = now;
      sent = 0;
      sent_marks = 0;
      known = true;
    }
    uint64_t dice = below (&random, 32);
    if (final || dice < 2) {
      check_drained (stress, epoch, sent, sent_marks, known);
    } else if (dice < 3) {
      ok = resize (stress->queue, &random);
    } else if (dice < 8) {
      Mark mark = { .number = stress->number, .serial = stress->serial };
      ok = marked = genre_queue_mark (stress->queue, &mark, below (&random, 2000), below (&random, 4) != 0);
      stress->serial += marked;
    } else {
      ok = (n = write_samples (stress, &random)) > 0;
    }
    now = genre_queue_epoch (stress->queue);
    if (now == epoch) {
      sent += n;
      sent_marks += marked;
    } else if (n > 0 || marked) {
      /* Before the flush or behind it: nobody knows. */
      epoch = now;
      known = false;
    }
    if (!ok)
      sleep_us (20); /* flushing, full, or stopped for good */
    if (!stress->last && atomic_load (&stress->no_more_flushes) && !ok)
      return NULL;
  }
  return NULL;
}

/* --- The flusher --- */

static void *
flusher_main (void *data)
{
  Stress *stress = data;
  uint64_t random = stress->seed ^ 0x666c7573;

  while (!atomic_load (&stress->no_more_flushes)) {
    sleep_us (below (&random, 3000));
    CHECK (genre_queue_pending (stress->queue) <= 2 * MAX_CAPACITY, "pending"); /* under their hands */
    genre_queue_flush_begin (stress->queue);
    uint64_t epoch = genre_queue_epoch (stress->queue);
    if (below (&random, 2) == 0)
      sleep_us (below (&random, 200));
    genre_queue_flush_end (stress->queue);
    uint64_t in_hand = atomic_load (&stress->in_hand);
    CHECK (in_hand == 0 || in_hand - 1 >= epoch || atomic_load (&stress->no_more_flushes),
        "the consumer still works on epoch %u in %u", (unsigned) (in_hand - 1), (unsigned) epoch);
    stress->total_flushes++;
  }
  return NULL;
}

/* --- Rounds --- */

static void
run_round (Stress *stress, uint64_t round_us)
{
  pthread_t producer, consumer, flusher;

  atomic_store (&stress->no_more_flushes, false);
  if (pthread_create (&consumer, NULL, consumer_main, stress) != 0
      || pthread_create (&producer, NULL, producer_main, stress) != 0
      || pthread_create (&flusher, NULL, flusher_main, stress) != 0)
    abort ();

  sleep_us (round_us);
  atomic_store (&stress->no_more_flushes, true);
  if (stress->last) {
    pthread_join (flusher, NULL);
    pthread_join (producer, NULL);
    genre_queue_stop (stress->queue);
  } else {
    genre_queue_stop (stress->queue);
    pthread_join (flusher, NULL);
    pthread_join (producer, NULL);
  }
  pthread_join (consumer, NULL);
  genre_queue_restart (stress->queue);
}

int
main (int argc, char **argv)
{
  double seconds = argc > 1 ? atof (argv[1]) : 3.0;
  uint64_t seed = argc > 2 ? strtoull (argv[2], NULL, 0) : 20240229;
  Stress stress = { .queue = genre_queue_new (sizeof (Mark), MAX_MARKS) };

  alarm (PATIENCE_S + (unsigned) seconds); /* a hang is a failure */
  if (!stress.queue || seed == 0 || !genre_queue_resize (stress.queue, 100, 100, 10))
    abort ();

  for (int round = 0; round < ROUNDS; round++) {
    stress.seed = test_random (&seed);
    stress.last = round == ROUNDS - 1;
    run_round (&stress, (uint64_t) (seconds * 1e6 / ROUNDS));
  }
  genre_queue_free (stress.queue);

  printf ("%u samples, %u marks, %u drains, %u flushes\n", (unsigned) stress.total_samples,
      (unsigned) stress.total_marks, (unsigned) stress.total_drains, (unsigned) stress.total_flushes);
  CHECK (stress.total_samples >= 1000 && stress.total_marks >= 100, "too little has happened");
  CHECK (stress.total_drains >= 20 && stress.total_flushes >= ROUNDS, "too little has happened");
  TEST_END ();
}
