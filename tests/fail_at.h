/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/fail_at.h - one call of malloc() or calloc() fails, and those before and after it succeed.
 *
 * Layer:   tests.  Included once in a program that is linked with -Wl,--wrap=malloc,--wrap=calloc.
 * Threads: none.
 */
#ifndef TESTS_FAIL_AT_H
#define TESTS_FAIL_AT_H

#include <stdbool.h>
#include <stddef.h>

static long fail_at = -1; /* the allocation that fails, counted down; -1: none */

void *__real_malloc (size_t size);
void *__real_calloc (size_t n, size_t size);
void *__wrap_malloc (size_t size);
void *__wrap_calloc (size_t n, size_t size);

static bool
allocation_fails (void)
{
  return fail_at >= 0 && fail_at-- == 0;
}

void *
__wrap_malloc (size_t size)
{
  return allocation_fails () ? NULL : __real_malloc (size);
}

void *
__wrap_calloc (size_t n, size_t size)
{
  return allocation_fails () ? NULL : __real_calloc (n, size);
}

#endif
