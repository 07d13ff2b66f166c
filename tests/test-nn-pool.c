/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pool.h: each task once, no two at once with one worker's index, everything seen at the end; no memory.
 *
 * Linked with --wrap for malloc and calloc.  For ThreadSanitizer too.
 */
#include "nn/pool.h"

#include "tests/test.h"

#include <stdatomic.h>
#include <stdlib.h>

enum
{
  MAX_TASKS = 1000,
  MAX_THREADS = 9,
  ROUNDS = 300,
};

typedef struct Work
{
  unsigned threads;
  size_t done[MAX_TASKS];      /* not atomic: the pool's lock makes them seen */
  size_t scratch[MAX_THREADS]; /* of each worker, for ThreadSanitizer to watch */
  atomic_flag busy[MAX_THREADS];
  atomic_int faults;
  atomic_size_t next; /* task that starts at the earliest, with one thread */
} Work;

static bool fail_allocations;

void *__real_malloc (size_t size);
void *__real_calloc (size_t n, size_t size);
void *__wrap_malloc (size_t size);
void *__wrap_calloc (size_t n, size_t size);

void *
__wrap_malloc (size_t size)
{
  return fail_allocations ? NULL : __real_malloc (size);
}

void *
__wrap_calloc (size_t n, size_t size)
{
  return fail_allocations ? NULL : __real_calloc (n, size);
}

static void
task (void *data, size_t index, unsigned worker)
{
  Work *work = data;

  if (worker >= work->threads || atomic_flag_test_and_set (&work->busy[worker]))
    work->faults++;
  if (work->threads == 1 && work->next++ != index)
    work->faults++;
  work->done[index]++;
  for (size_t i = 0; i < index % 50; i++)
    work->scratch[worker] += i;
  atomic_flag_clear (&work->busy[worker]);
}

static void
test_tasks (unsigned threads)
{
  Work *work = calloc (1, sizeof *work);
  NnPool *pool = nn_pool_new (threads);
  size_t expected[MAX_TASKS] = { 0 };
  uint64_t seed = threads;

  CHECK (work && pool && nn_pool_threads (pool) == threads, "%u threads", threads);
  if (!work || !pool)
    return;
  work->threads = threads;
  for (unsigned i = 0; i < MAX_THREADS; i++)
    atomic_flag_clear (&work->busy[i]);
  for (int round = 0; round < ROUNDS; round++) {
    const size_t n = round % 10 == 0 ? (size_t) (round / 10) % 3 : (size_t) (test_random (&seed) >> 40) % MAX_TASKS;

    work->next = 0;
    nn_pool_run (pool, n, task, work);
    for (size_t i = 0; i < n; i++)
      expected[i]++;
    for (size_t i = 0; i < MAX_TASKS; i++)
      CHECK (work->done[i] == expected[i], "%u threads, round %d: task %zu", threads, round, i);
  }
  CHECK (work->faults == 0, "%u threads: %d faults", threads, (int) work->faults);
  nn_pool_free (pool);
  free (work);
}

int
main (void)
{
  for (unsigned threads = 1; threads <= MAX_THREADS; threads += threads < 4 ? 1 : 5)
    test_tasks (threads);
  for (int i = 0; i < 50; i++) /* comes and goes unused */
    nn_pool_free (nn_pool_new (4));

  fail_allocations = true;
  NnPool *pool = nn_pool_new (3);
  fail_allocations = false;
  CHECK (!pool, "a pool without memory");
  nn_pool_free (NULL);
  TEST_END ();
}
