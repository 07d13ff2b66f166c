/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/nn_allocations.h - a test of nn/ chooses the kernel, fails allocations, and counts those that are alive.
 *
 * Layer:   tests; uses nn/gemm.  Included once in a program that is linked with --wrap for nn_gemm_best, malloc, calloc
 *          and free.
 * Threads: none.
 */
#ifndef TESTS_NN_ALLOCATIONS_H
#define TESTS_NN_ALLOCATIONS_H

#include "nn/gemm.h"

#include <stdbool.h>
#include <stddef.h>

enum
{
  NEVER = -1 /* of allocations_left */
};

static const NnGemm *kernel; /* what nn/ takes for the best */

/* Allocations to go until one fails; those since the last look; those that are alive. */
static long allocations_left = NEVER;
static size_t n_allocations;
static long n_alive;

const NnGemm *__wrap_nn_gemm_best (void);
void *__real_malloc (size_t size);
void *__real_calloc (size_t n, size_t size);
void __real_free (void *memory);
void *__wrap_malloc (size_t size);
void *__wrap_calloc (size_t n, size_t size);
void __wrap_free (void *memory);

const NnGemm *
__wrap_nn_gemm_best (void)
{
  return kernel;
}

static bool
allocation_fails (void)
{
  n_allocations++;
  return allocations_left != NEVER && allocations_left-- <= 0;
}

static void *
count (void *memory)
{
  n_alive += memory != NULL;
  return memory;
}

void *
__wrap_malloc (size_t size)
{
  return allocation_fails () ? NULL : count (__real_malloc (size));
}

void *
__wrap_calloc (size_t n, size_t size)
{
  return allocation_fails () ? NULL : count (__real_calloc (n, size));
}

void
__wrap_free (void *memory)
{
  n_alive -= memory != NULL;
  __real_free (memory);
}

#endif
