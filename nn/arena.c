/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/arena.h"

#include <stdint.h>
#include <stdlib.h>

void *
nn_arena_take (NnArena *arena, size_t n, size_t size)
{
  const size_t at = arena->used;

  if (at > SIZE_MAX / 4 || (n > 0 && size > SIZE_MAX / 4 / n)) {
    arena->used = SIZE_MAX;
    return NULL;
  }
  arena->used = (at + n * size + NN_ARENA_ALIGNMENT - 1) / NN_ARENA_ALIGNMENT * NN_ARENA_ALIGNMENT;
  return arena->base ? arena->base + at : NULL;
}

void *
nn_arena_allocate (NnArena *arena)
{
  void *memory = arena->used < SIZE_MAX ? calloc (1, arena->used + NN_ARENA_ALIGNMENT) : NULL;

  if (memory)
    *arena = (NnArena){ .base = (unsigned char *) memory + (-(uintptr_t) memory) % NN_ARENA_ALIGNMENT };
  return memory;
}

size_t
nn_arena_product (size_t a, size_t b)
{
  return b > 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}
