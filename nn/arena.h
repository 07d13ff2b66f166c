/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/arena.h - one block of memory for many arrays.
 *
 * Layer:   nn; libc.
 * Threads: plain data; one at a time.
 *
 * Arrays are laid out twice by the same calls: once to count, with no base, and once to use.
 */
#ifndef NN_ARENA_H
#define NN_ARENA_H

#include <stddef.h>

enum
{
  NN_ARENA_ALIGNMENT = 64, /* bytes: each array starts on a multiple */
};

/* Zeroed, it counts. */
typedef struct NnArena
{
  unsigned char *base; /* aligned; NULL: only count */
  size_t used;         /* bytes; SIZE_MAX: too many */
} NnArena;

/* The next array of n elements, NULL while it counts.  What is too many, here or earlier, stays so. */
void *nn_arena_take (NnArena *arena, size_t n, size_t size);

/* Starts the second round: allocates what was counted, zeroed.  The block, for free(); NULL: out of memory. */
void *nn_arena_allocate (NnArena *arena);

/* a * b, or what nn_arena_take() refuses. */
size_t nn_arena_product (size_t a, size_t b);

#endif
