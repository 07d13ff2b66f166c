/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/size.h - sizes computed from descriptions that are not checked yet, kept within a limit.
 *
 * Layer:   nn; libc.
 * Threads: pure functions.
 */
#ifndef NN_SIZE_H
#define NN_SIZE_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t
nn_size_larger (size_t a, size_t b)
{
  return a > b ? a : b;
}

/* total += a * b; false, and total as it was, if that exceeds the limit. */
static inline bool
nn_size_add (size_t *total, size_t a, size_t b, size_t limit)
{
  if (*total > limit || (b > 0 && a > (limit - *total) / b))
    return false;
  *total += a * b;
  return true;
}

#endif
