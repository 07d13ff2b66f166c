/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/jobs.h"

#include "gst/tools/interrupt.h"
#include "tests/test.h"

#include <sched.h>
#include <stdatomic.h>

enum
{
  NEVER = 1 << 30
};

/* In place of a signal. */
static atomic_bool interrupted;

gboolean
tool_interrupted (void)
{
  return atomic_load (&interrupted);
}

void
tool_progress_update (ToolProgress *progress, guint64 done, const char *note)
{
  (void) progress, (void) done, (void) note;
  CHECK (false, "every run here has a function for its progress");
}

/* What one run saw. */
typedef struct Watch
{
  gsize n_jobs;
  guint n_threads;
  gsize first_waits; /* job 0 ends when so many have begun */
  gsize stop_at, interrupt_at;
  guint n_ahead;
  bool unordered;
  int begin_fails; /* so many threads have no memory */

  atomic_size_t begun, alive, most_alive, states, dropped;
  atomic_int begins;
  gsize taken, wrong, progress, sum;
} Watch;

/* A result: the number of its job + 1; of every seventh, NULL. */
typedef struct Result
{
  Watch *watch;
  gsize index;
} Result;

static gpointer
begin (gpointer data)
{
  Watch *watch = data;
  if (atomic_fetch_add (&watch->begins, 1) < watch->begin_fails)
    return NULL;
  atomic_fetch_add (&watch->states, 1);
  return &watch->states;
}

static void
end (gpointer state)
{
  atomic_fetch_sub ((atomic_size_t *) state, 1);
}

static gpointer
work (gpointer data, gpointer state, gsize index)
{
  Watch *watch = data;
  atomic_fetch_add (&watch->begun, 1);
  CHECK (state == &watch->states, "job %zu: another's state", index);
  while (index == 0 && atomic_load (&watch->begun) < watch->first_waits)
    sched_yield ();
  uint64_t random = index + 1;
  for (uint64_t i = test_random (&random) % 20; i > 0; i--)
    sched_yield (); /* in another order than they were begun */
  if (index % 7 == 6)
    return NULL;
  Result *result = g_new (Result, 1);
  *result = (Result){ watch, index };
  const gsize alive = atomic_fetch_add (&watch->alive, 1) + 1;
  for (gsize most = atomic_load (&watch->most_alive);
       alive > most && !atomic_compare_exchange_weak (&watch->most_alive, &most, alive);)
    ;
  return result;
}

static gboolean
take (gpointer data, gsize index, gpointer result)
{
  Watch *watch = data;
  const Result *own = result;
  watch->wrong += (!watch->unordered && index != watch->taken) || (own ? own->index != index : index % 7 != 6);
  watch->taken++;
  watch->sum += index;
  if (own)
    atomic_fetch_sub (&watch->alive, 1);
  g_free (result);
  if (index == watch->interrupt_at)
    atomic_store (&interrupted, true);
  return index != watch->stop_at;
}

static void
drop (gpointer result)
{
  Watch *watch = ((Result *) result)->watch;
  atomic_fetch_add (&watch->dropped, 1);
  atomic_fetch_sub (&watch->alive, 1);
  g_free (result);
}

static void
progress (gpointer data, gsize n_taken)
{
  Watch *watch = data;
  watch->wrong += n_taken < watch->progress || n_taken != watch->taken;
  watch->progress = n_taken;
}

static ToolJobsEnd
run (Watch *watch)
{
  const ToolJobs jobs = {
    .n_jobs = watch->n_jobs,
    .n_threads = watch->n_threads,
    .n_ahead = watch->n_ahead,
    .unordered = watch->unordered,
    .data = watch,
    .begin = begin,
    .end = end,
    .work = work,
    .take = take,
    .drop = drop,
    .progress = progress,
  };
  const ToolJobsEnd result = tool_jobs_run (&jobs);
  CHECK (watch->wrong == 0, "%zu wrong results or steps of progress", watch->wrong);
  CHECK (atomic_load (&watch->states) == 0, "%zu states are left", atomic_load (&watch->states));
  CHECK (atomic_load (&watch->alive) == 0, "%zu results are left", atomic_load (&watch->alive));
  atomic_store (&interrupted, false);
  return result;
}

/* Every result once, in order, for any number of threads; no more in memory than may wait, and the one in hand. */
static void
test_order (void)
{
  for (guint threads = 1; threads <= 9; threads += 2) {
    for (gsize n = 0; n <= 1000; n = n * 10 + (n == 0)) {
      Watch watch = { .n_jobs = n, .n_threads = threads, .stop_at = NEVER, .interrupt_at = NEVER };
      CHECK (run (&watch) == TOOL_JOBS_DONE, "%zu jobs, %u threads", n, threads);
      CHECK (watch.taken == n && watch.progress == n && atomic_load (&watch.begun) == n, "%zu of %zu", watch.taken, n);
      CHECK (atomic_load (&watch.most_alive) <= TOOL_JOBS_AHEAD * threads + 1, "%zu at once of %u threads",
          atomic_load (&watch.most_alive), threads);
      CHECK (atomic_load (&watch.begins) == (int) MIN (n, threads), "%d threads", atomic_load (&watch.begins));
    }
  }
}

/* While the first job is at work the others go on, but only so far. */
static void
test_ahead (void)
{
  enum
  {
    THREADS = 3
  };
  Watch watch = { .n_jobs = 100, .n_threads = THREADS, .stop_at = 0, .interrupt_at = NEVER };
  watch.first_waits = TOOL_JOBS_AHEAD * THREADS;
  CHECK (run (&watch) == TOOL_JOBS_STOPPED, "stop at the first");
  CHECK (watch.taken == 1, "%zu taken", watch.taken);
  const gsize begun = atomic_load (&watch.begun);
  CHECK (begun >= TOOL_JOBS_AHEAD * THREADS && begun <= TOOL_JOBS_AHEAD * THREADS + 1, "%zu begun", begun);
}

/* The caller may allow more of them than the threads would. */
static void
test_far_ahead (void)
{
  Watch watch = { .n_jobs = 100, .n_threads = 2, .stop_at = 0, .interrupt_at = NEVER, .n_ahead = 64 };
  watch.first_waits = 64;
  CHECK (run (&watch) == TOOL_JOBS_STOPPED, "stop at the first");
  CHECK (atomic_load (&watch.begun) >= 64 && atomic_load (&watch.begun) <= 65, "%zu begun", atomic_load (&watch.begun));
}

/* As they come: job 0 ends when all others have begun, which is more than may wait. */
static void
test_unordered (void)
{
  Watch watch = { .n_jobs = 100, .n_threads = 3, .stop_at = NEVER, .interrupt_at = NEVER, .unordered = true };
  watch.first_waits = 100;
  CHECK (run (&watch) == TOOL_JOBS_DONE, "unordered");
  CHECK (watch.taken == 100 && watch.sum == 99 * 100 / 2, "%zu taken", watch.taken);
  CHECK (atomic_load (&watch.most_alive) <= TOOL_JOBS_AHEAD * 3, "%zu at once", atomic_load (&watch.most_alive));
}

/* What the caller has taken is the caller's; the rest is dropped, and few jobs are begun for nothing. */
static void
test_stop (void)
{
  static const gsize places[] = { 0, 1, 50, 98, 99 };
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++) {
    Watch stopped = { .n_jobs = 100, .n_threads = 4, .stop_at = places[i], .interrupt_at = NEVER };
    CHECK (run (&stopped) == TOOL_JOBS_STOPPED, "stop at %zu", places[i]);
    CHECK (stopped.taken == places[i] + 1, "%zu taken", stopped.taken);
    CHECK (atomic_load (&stopped.begun) <= places[i] + 2 + TOOL_JOBS_AHEAD * 4, "%zu begun",
        atomic_load (&stopped.begun));

    Watch broken = { .n_jobs = 100, .n_threads = 4, .stop_at = NEVER, .interrupt_at = places[i] };
    const ToolJobsEnd end = run (&broken);
    CHECK (end == (places[i] == 99 ? TOOL_JOBS_DONE : TOOL_JOBS_INTERRUPTED), "interrupted at %zu: %d", places[i], end);
    CHECK (broken.taken == places[i] + 1, "%zu taken", broken.taken);
    CHECK (atomic_load (&broken.begun) <= places[i] + 2 + TOOL_JOBS_AHEAD * 4, "%zu begun",
        atomic_load (&broken.begun));
  }
}

/* Interrupted before it began: nothing is done. */
static void
test_interrupted_before (void)
{
  Watch watch = { .n_jobs = 100, .n_threads = 4, .stop_at = NEVER, .interrupt_at = NEVER };
  atomic_store (&interrupted, true);
  CHECK (run (&watch) == TOOL_JOBS_INTERRUPTED, "interrupted before");
  CHECK (watch.taken == 0 && atomic_load (&watch.begun) == 0, "%zu begun", atomic_load (&watch.begun));
}

/* One thread that has memory does the work of all. */
static void
test_no_memory (void)
{
  for (int fails = 0; fails <= 4; fails++) {
    Watch watch = { .n_jobs = 50, .n_threads = 4, .stop_at = NEVER, .interrupt_at = NEVER, .begin_fails = fails };
    const ToolJobsEnd end = run (&watch);
    CHECK (end == (fails < 4 ? TOOL_JOBS_DONE : TOOL_JOBS_NO_MEMORY), "%d without memory: %d", fails, end);
    CHECK (watch.taken == (fails < 4 ? 50 : 0), "%zu taken", watch.taken);
  }
}

int
main (void)
{
  test_order ();
  test_ahead ();
  test_far_ahead ();
  test_unordered ();
  test_stop ();
  test_interrupted_before ();
  test_no_memory ();
  TEST_END ();
}
