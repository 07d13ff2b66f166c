/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* pthread_condattr_setclock, clock_gettime */

#include "gst/tools/jobs.h"

#include "gst/tools/interrupt.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

enum
{
  PROGRESS_MS = 100
};

/* A job, from its begin until its result is taken. */
typedef struct Slot
{
  gsize index;
  gpointer result;
  bool busy, done; /* done: busy, and the result is there */
} Slot;

/* Locks that ThreadSanitizer sees, unlike GLib's. */
typedef struct Run
{
  const ToolJobs *jobs;
  gsize n_slots;

  pthread_mutex_t lock;
  pthread_cond_t room;  /* for the threads: a slot is free, or the run ends */
  pthread_cond_t ready; /* for the caller: a slot is done, or a thread has ended */

  /* Under the lock. */
  Slot *slots; /* [n_slots] */
  gsize begun; /* jobs that a thread has begun */
  gsize taken; /* results that the caller has taken */
  guint running;
  bool stopped; /* no job is begun any more */
} Run;

static void
init_run (Run *run, const ToolJobs *jobs)
{
  pthread_condattr_t attributes;

  *run = (Run){ .jobs = jobs, .n_slots = (gsize) TOOL_JOBS_AHEAD * jobs->n_threads };
  run->n_slots = MAX (run->n_slots, jobs->n_ahead);
  run->slots = g_new0 (Slot, run->n_slots);
  pthread_mutex_init (&run->lock, NULL);
  pthread_cond_init (&run->room, NULL);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&run->ready, &attributes);
  pthread_condattr_destroy (&attributes);
}

static void
clear_run (Run *run)
{
  for (gsize i = 0; i < run->n_slots; i++) {
    if (run->slots[i].result)
      run->jobs->drop (run->slots[i].result);
  }
  g_free (run->slots);
  pthread_cond_destroy (&run->ready);
  pthread_cond_destroy (&run->room);
  pthread_mutex_destroy (&run->lock);
}

/* --- a thread -------------------------------------------------------------------------------------------------- */

/* NULL: all are busy.  Under the lock. */
static Slot *
free_slot (Run *run)
{
  for (gsize i = 0; i < run->n_slots; i++) {
    if (!run->slots[i].busy)
      return &run->slots[i];
  }
  return NULL;
}

/* NULL: there is no more to do. */
static Slot *
begin_job (Run *run)
{
  Slot *slot = NULL;

  pthread_mutex_lock (&run->lock);
  while (!run->stopped && run->begun < run->jobs->n_jobs && !(slot = free_slot (run)))
    pthread_cond_wait (&run->room, &run->lock);
  const bool begun = slot && !run->stopped && !tool_interrupted () && run->begun < run->jobs->n_jobs;
  if (begun)
    *slot = (Slot){ run->begun++, NULL, true, false };
  pthread_mutex_unlock (&run->lock);
  return begun ? slot : NULL;
}

static void
end_job (Run *run, Slot *slot, gpointer result)
{
  pthread_mutex_lock (&run->lock);
  slot->result = result;
  slot->done = true;
  pthread_cond_signal (&run->ready);
  pthread_mutex_unlock (&run->lock);
}

static void *
do_jobs (void *data)
{
  Run *run = data;
  const ToolJobs *jobs = run->jobs;
  gpointer state = jobs->begin ? jobs->begin (jobs->data) : NULL;
  Slot *slot;

  while ((state || !jobs->begin) && (slot = begin_job (run)))
    end_job (run, slot, jobs->work (jobs->data, state, slot->index));
  if (state)
    jobs->end (state);
  pthread_mutex_lock (&run->lock);
  run->running--;
  pthread_cond_signal (&run->ready);
  pthread_mutex_unlock (&run->lock);
  return NULL;
}

/* threads [n_threads]  out; returns how many there are */
static guint
start_threads (Run *run, pthread_t *threads)
{
  guint n = 0;

  pthread_mutex_lock (&run->lock); /* `running` counts before one of them ends */
  while (n < MIN (run->jobs->n_threads, run->jobs->n_jobs) && pthread_create (&threads[n], NULL, do_jobs, run) == 0)
    n++;
  run->running = n;
  pthread_mutex_unlock (&run->lock);
  return n;
}

/* --- the caller ------------------------------------------------------------------------------------------------ */

/* Under the lock. */
static void
wait_ready (Run *run)
{
  struct timespec until;

  clock_gettime (CLOCK_MONOTONIC, &until);
  until.tv_nsec += PROGRESS_MS * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_cond_timedwait (&run->ready, &run->lock, &until);
}

/* Whose turn it is, and done.  NULL: not yet.  Under the lock. */
static Slot *
find_done (Run *run)
{
  for (gsize i = 0; i < run->n_slots; i++) {
    Slot *slot = &run->slots[i];
    if (slot->done && (run->jobs->unordered || slot->index == run->taken))
      return slot;
  }
  return NULL;
}

/* FALSE: the result is not there yet.  Under the lock. */
static bool
take_slot (Run *run, gsize *ret_index, gpointer *ret_result)
{
  Slot *slot = find_done (run);
  if (!slot)
    return false;
  *ret_index = slot->index;
  *ret_result = slot->result;
  *slot = (Slot){ 0 };
  run->taken++;
  pthread_cond_signal (&run->room);
  return true;
}

/* After an interruption a result may be that of half a job. */
static ToolJobsEnd
take_result (const ToolJobs *jobs, gsize index, gpointer result)
{
  if (!tool_interrupted ())
    return jobs->take (jobs->data, index, result) ? TOOL_JOBS_DONE : TOOL_JOBS_STOPPED;
  if (result)
    jobs->drop (result);
  return TOOL_JOBS_INTERRUPTED;
}

static void
show_progress (const ToolJobs *jobs, gsize n_taken)
{
  if (jobs->progress)
    jobs->progress (jobs->data, n_taken);
  else
    tool_progress_update (jobs->shown, n_taken, NULL);
}

/* Until all results are taken, or something ends the run before. */
static ToolJobsEnd
take_all (Run *run)
{
  const ToolJobs *jobs = run->jobs;
  ToolJobsEnd end = TOOL_JOBS_DONE;

  pthread_mutex_lock (&run->lock);
  while (end == TOOL_JOBS_DONE && run->taken < jobs->n_jobs) {
    gsize index = 0;
    gpointer result = NULL;
    if (tool_interrupted ()) {
      end = TOOL_JOBS_INTERRUPTED;
    } else if (take_slot (run, &index, &result)) {
      const gsize taken = run->taken;
      pthread_mutex_unlock (&run->lock);
      end = take_result (jobs, index, result);
      show_progress (jobs, taken);
      pthread_mutex_lock (&run->lock);
    } else if (run->running == 0) {
      end = TOOL_JOBS_NO_MEMORY;
    } else {
      wait_ready (run);
      const gsize taken = run->taken;
      pthread_mutex_unlock (&run->lock);
      show_progress (jobs, taken);
      pthread_mutex_lock (&run->lock);
    }
  }
  run->stopped = true;
  pthread_cond_broadcast (&run->room);
  pthread_mutex_unlock (&run->lock);
  return end;
}

ToolJobsEnd
tool_jobs_run (const ToolJobs *jobs)
{
  g_autofree pthread_t *threads = g_new (pthread_t, jobs->n_threads);
  Run run;

  init_run (&run, jobs);
  const guint n = start_threads (&run, threads);
  const ToolJobsEnd end = take_all (&run);
  for (guint i = 0; i < n; i++)
    pthread_join (threads[i], NULL);
  clear_run (&run);
  return end;
}

gboolean
tool_jobs_run_all (const ToolJobs *jobs, GError **error)
{
  const ToolJobsEnd end = tool_jobs_run (jobs);

  if (end == TOOL_JOBS_NO_MEMORY)
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "out of memory");
  else if (end != TOOL_JOBS_DONE)
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INTR, "interrupted");
  return end == TOOL_JOBS_DONE;
}
