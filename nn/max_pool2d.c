/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The maxima of the cells that the columns so far belong to. */
typedef struct PoolState
{
  unsigned filled; /* columns of the present cells, below pool[1] */
  float cells[];   /* [out rows][channels] */
} PoolState;

static size_t
max_pool2d_items_out (const NnLayer *layer, size_t items)
{
  return items / layer->spec.pool[1];
}

static NnStatus
max_pool2d_configure (NnLayer *layer, NnIssue *issue)
{
  const NnLayerSpec *spec = &layer->spec;

  if (layer->in.rank != 3) {
    snprintf (issue->text, sizeof issue->text, "needs an image, but a %s comes in",
        layer->in.rank == 2 ? "sequence" : "vector");
    return NN_BAD_SHAPE;
  }
  for (int axis = 0; axis < 2; axis++)
    if (spec->pool[axis] < 1 || spec->pool[axis] > NN_MAX_KERNEL) {
      snprintf (issue->text, sizeof issue->text, "pool must be 1 to %d, not %u", NN_MAX_KERNEL, spec->pool[axis]);
      return NN_BAD_LAYER;
    }
  layer->out = (NnShape){ .rank = 3, .rows = layer->in.rows / spec->pool[0], .values = layer->in.values };
  if (layer->out.rows == 0) {
    snprintf (issue->text, sizeof issue->text, "a cell of %u bands does not fit into %zu", spec->pool[0],
        layer->in.rows);
    return NN_BAD_SHAPE;
  }
  layer->state_bytes = sizeof (PoolState) + nn_shape_item (&layer->out) * sizeof (float);
  return NN_OK;
}

static void
max_pool2d_reset (const NnLayer *layer, void *memory)
{
  (void) layer;
  ((PoolState *) memory)->filled = 0;
}

static bool
max_pool2d_push (const NnLayer *layer, void *memory, const float *in, float *out)
{
  PoolState *state = memory;
  const size_t channels = layer->in.values, high = layer->spec.pool[0];

  for (size_t row = 0; row < layer->out.rows; row++) {
    float *cell = state->cells + row * channels;
    size_t first = 0;

    if (state->filled == 0) {
      memcpy (cell, in + row * high * channels, channels * sizeof *cell);
      first = 1;
    }
    for (size_t h = first; h < high; h++) {
      const float *x = in + (row * high + h) * channels;

      for (size_t c = 0; c < channels; c++)
        cell[c] = x[c] > cell[c] ? x[c] : cell[c];
    }
  }
  if (++state->filled < layer->spec.pool[1])
    return false;
  memcpy (out, state->cells, nn_shape_item (&layer->out) * sizeof *out);
  state->filled = 0;
  return true;
}

/* out[w][h][c] = max over i, j of in[w pool_w + j][h pool_h + i][c] */
void
nn_max_pool2d_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const size_t channels = layer->in.values, *const rows = &layer->in.rows;
  const unsigned *pool = layer->spec.pool;

  for (size_t w = 0; w < items / pool[1]; w++)
    for (size_t h = 0; h < layer->out.rows; h++)
      for (size_t c = 0; c < channels; c++) {
        float best = -INFINITY;

        for (size_t j = 0; j < pool[1]; j++)
          for (size_t i = 0; i < pool[0]; i++)
            best = fmaxf (best, in[((w * pool[1] + j) * *rows + h * pool[0] + i) * channels + c]);
        out[(w * layer->out.rows + h) * channels + c] = best;
      }
}

const NnLayerClass nn_max_pool2d_class = {
  .type = "max_pool2d",
  .keys = " pool ",
  .configure = max_pool2d_configure,
  .items_out = max_pool2d_items_out,
  .reset = max_pool2d_reset,
  .push = max_pool2d_push,
  .training = &nn_max_pool2d_training,
};
