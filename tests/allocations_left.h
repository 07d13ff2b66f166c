/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/allocations_left.h - so many calls of malloc() and calloc() succeed, and none after them.
 *
 * Layer:   tests.  Included once in a program that is linked with -Wl,--wrap=malloc,--wrap=calloc.
 * Threads: none.
 */
#ifndef TESTS_ALLOCATIONS_LEFT_H
#define TESTS_ALLOCATIONS_LEFT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

static int allocations_left = INT_MAX;

void *__real_malloc (size_t size);
void *__real_calloc (size_t n, size_t size);
void *__wrap_malloc (size_t size);
void *__wrap_calloc (size_t n, size_t size);

static bool
may_allocate (void)
{
  return allocations_left > 0 && allocations_left--;
}

void *
__wrap_malloc (size_t size)
{
  return may_allocate () ? __real_malloc (size) : NULL;
}

void *
__wrap_calloc (size_t n, size_t size)
{
  return may_allocate () ? __real_calloc (n, size) : NULL;
}

#endif
