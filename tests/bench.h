/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench.h - the clocks and the order statistics of the benchmarks.
 *
 * Layer:   tests; POSIX clocks: the includer defines _POSIX_C_SOURCE, 200809L, or GNU's extensions.
 * Threads: pure functions.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdlib.h>
#include <time.h>

/* CLOCK_MONOTONIC; CLOCK_THREAD_CPUTIME_ID, of the calling thread; CLOCK_PROCESS_CPUTIME_ID, of all threads. */
static inline double
bench_seconds (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static inline int
bench_by_value (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* values [n]  n at least 1; are sorted
 * q           in [0, 1]: the value at that part of the way, the nearest one */
static inline double
bench_quantile (double *values, size_t n, double q)
{
  qsort (values, n, sizeof *values, bench_by_value);
  return values[(size_t) (q * (double) (n - 1) + .5)];
}

/* The same; the mean of the two in the middle where n is even. */
static inline double
bench_median (double *values, size_t n)
{
  qsort (values, n, sizeof *values, bench_by_value);
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

#endif
