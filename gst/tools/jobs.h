/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/jobs.h - threads do numbered jobs, several at once; the caller takes the results in the order of the
 * numbers, or as they come.
 *
 * Layer:   gst; interrupt, progress, POSIX threads.
 * Threads: as each function says.
 *
 * Memory does not grow with the number of jobs: at most TOOL_JOBS_AHEAD results per thread wait for their turn, or
 * `n_ahead` in all if that is more.
 */
#ifndef GST_TOOLS_JOBS_H
#define GST_TOOLS_JOBS_H

#include "gst/tools/progress.h"

enum
{
  TOOL_JOBS_AHEAD = 4
};

typedef enum ToolJobsEnd
{
  TOOL_JOBS_DONE,        /* all results were taken */
  TOOL_JOBS_STOPPED,     /* take() said so */
  TOOL_JOBS_INTERRUPTED, /* tool_interrupted() */
  TOOL_JOBS_NO_MEMORY,   /* no thread could be started, or no begin() succeeded */
} ToolJobsEnd;

typedef struct ToolJobs
{
  gsize n_jobs;
  guint n_threads; /* at least 1 */
  guint n_ahead;   /* jobs that may be begun behind one that takes long; 0: as TOOL_JOBS_AHEAD says */
  gboolean unordered;
  gpointer data; /* for all functions */

  /* In each thread, before its first job and after its last: what it works with.  begin: or NULL; NULL from it is "out
   * of memory", and the other threads go on without this one. */
  gpointer (*begin) (gpointer data);
  void (*end) (gpointer state);

  /* In a thread.  The result must depend on `index` alone.  NULL is a result like any other. */
  gpointer (*work) (gpointer data, gpointer state, gsize index);

  /* In the caller's thread, in the order of `index` unless `unordered`.  It owns the result from then on.  FALSE: no
   * more jobs. */
  gboolean (*take) (gpointer data, gsize index, gpointer result);

  /* In the caller's thread: frees a result, not NULL, that is not taken because the run ended before. */
  void (*drop) (gpointer result);

  /* In the caller's thread, ten times a second or more: so many results have been taken.  progress NULL: `shown` is
   * updated. */
  void (*progress) (gpointer data, gsize n_taken);
  ToolProgress *shown;
} ToolJobs;

/* Returns when no thread is at work any more. */
ToolJobsEnd tool_jobs_run (const ToolJobs *jobs);

/* The same for who needs all results.  FALSE: a G_FILE_ERROR, "out of memory" or "interrupted". */
gboolean tool_jobs_run_all (const ToolJobs *jobs, GError **error);

#endif
