/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pool.h - a few threads that share out numbered tasks.
 *
 * Layer:   nn; pthread only.
 * Threads: one NnPool serves one caller at a time.
 *
 * Which thread does which task is not determined: a task's result must depend on its number alone.
 */
#ifndef NN_POOL_H
#define NN_POOL_H

#include <stddef.h>

typedef struct NnPool NnPool;

/* data    as given to nn_pool_run()
 * task    0 to n_tasks - 1
 * worker  0 to threads - 1; no two tasks that run at once have the same */
typedef void (*NnPoolFunc) (void *data, size_t task, unsigned worker);

/* threads: 1 or more, the caller's included.  NULL: out of memory, or the system allows no more threads. */
NnPool *nn_pool_new (unsigned threads);
void nn_pool_free (NnPool *pool); /* NULL is a no-op */

unsigned nn_pool_threads (const NnPool *pool);

/* Calls func once for each task, in the order of their numbers as threads come free, the caller's among them.
 * All that tasks wrote is seen when it returns.  Allocates nothing and cannot fail; not to be called from a task. */
void nn_pool_run (NnPool *pool, size_t n_tasks, NnPoolFunc func, void *data);

#endif
