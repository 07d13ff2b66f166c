/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/nn_shapes.h - shapes and memory for tests of single layers.
 *
 * Layer:   tests; uses nn/layer.h.
 * Threads: pure functions.
 */
#ifndef TESTS_NN_SHAPES_H
#define TESTS_NN_SHAPES_H

#include "nn/layer.h"

#include <stdlib.h>

static inline NnShape
nn_shape_image (size_t items, size_t rows, size_t values)
{
  return (NnShape){ .rank = 3, .items = items, .rows = rows, .values = values };
}

static inline NnShape
nn_shape_sequence (size_t items, size_t values)
{
  return (NnShape){ .rank = 2, .items = items, .rows = 1, .values = values };
}

static inline NnShape
nn_shape_vector (size_t values)
{
  return (NnShape){ .rank = 1, .items = 1, .rows = 1, .values = values };
}

/* How many items the layer makes of so many. */
static inline size_t
nn_shape_items_out (const NnLayer *layer, size_t items)
{
  return layer->spec.class->items_out ? layer->spec.class->items_out (layer, items) : items;
}

/* Zeros, to be freed; never NULL. */
static inline void *
nn_shape_allocate (size_t n, size_t size)
{
  void *memory = calloc (n > 0 ? n : 1, size);

  if (!memory)
    abort ();
  return memory;
}

#endif
