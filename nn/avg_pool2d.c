/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"
#include "nn/training.h"

#include <stdio.h>
#include <string.h>

/* The sums of the cells that the columns so far belong to. */
typedef struct PoolState
{
  unsigned filled; /* columns of the present cells, below pool[1] */
  float cells[];   /* [out rows][channels] */
} PoolState;

static size_t
avg_pool2d_items_out (const NnLayer *layer, size_t items)
{
  return items / layer->spec.pool[1];
}

static NnStatus
avg_pool2d_configure (NnLayer *layer, NnIssue *issue)
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
avg_pool2d_reset (const NnLayer *layer, void *memory)
{
  (void) layer;
  ((PoolState *) memory)->filled = 0;
}

/* cells[h][c] += sum over i of column[h pool_h + i][c] */
static void
add_column (const NnLayer *layer, const float *column, float *cells)
{
  const size_t channels = layer->in.values, high = layer->spec.pool[0];

  for (size_t h = 0; h < layer->out.rows * high; h++)
    for (size_t c = 0; c < channels; c++)
      cells[h / high * channels + c] += column[h * channels + c];
}

static float
cell_size (const NnLayer *layer)
{
  return (float) (layer->spec.pool[0] * layer->spec.pool[1]);
}

static bool
avg_pool2d_push (const NnLayer *layer, void *memory, const float *in, float *out)
{
  PoolState *state = memory;
  const size_t values = nn_shape_item (&layer->out);

  if (state->filled == 0)
    memset (state->cells, 0, values * sizeof *state->cells);
  add_column (layer, in, state->cells);
  if (++state->filled < layer->spec.pool[1])
    return false;
  for (size_t i = 0; i < values; i++)
    out[i] = state->cells[i] / cell_size (layer);
  state->filled = 0;
  return true;
}

static void
avg_pool2d_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t items_out = avg_pool2d_items_out (layer, slice->items), wide = layer->spec.pool[1];
  const size_t item_in = nn_shape_item (&layer->in), item_out = nn_shape_item (&layer->out);

  (void) cache;
  (void) scratch;
  memset (out, 0, slice->samples * items_out * item_out * sizeof *out);
  for (size_t s = 0; s < slice->samples; s++)
    for (size_t w = 0; w < items_out * wide; w++)
      add_column (layer, in + (s * slice->items + w) * item_in, out + (s * items_out + w / wide) * item_out);
  for (size_t i = 0; i < slice->samples * items_out * item_out; i++)
    out[i] /= cell_size (layer);
}

/* Every value of a cell has its share of the cell's gradient. */
static void
avg_pool2d_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t items_out = avg_pool2d_items_out (layer, slice->items), channels = layer->in.values;
  const size_t high = layer->spec.pool[0], wide = layer->spec.pool[1];
  const size_t item_in = nn_shape_item (&layer->in), item_out = nn_shape_item (&layer->out);

  (void) in;
  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  if (!din)
    return;
  memset (din, 0, slice->samples * slice->items * item_in * sizeof *din);
  for (size_t s = 0; s < slice->samples; s++)
    for (size_t w = 0; w < items_out * wide; w++)
      for (size_t h = 0; h < layer->out.rows * high; h++) {
        const float *cell = dout + (s * items_out + w / wide) * item_out + h / high * channels;
        float *d = din + (s * slice->items + w) * item_in + h * channels;

        for (size_t c = 0; c < channels; c++)
          d[c] = cell[c] / cell_size (layer);
      }
}

static const NnLayerTraining avg_pool2d_training = {
  .forward = avg_pool2d_train_forward,
  .backward = avg_pool2d_train_backward,
};

/* out[w][h][c] = mean over i, j of in[w pool_w + j][h pool_h + i][c] */
void
nn_avg_pool2d_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const size_t channels = layer->in.values, *const rows = &layer->in.rows;
  const unsigned *pool = layer->spec.pool;

  for (size_t w = 0; w < items / pool[1]; w++)
    for (size_t h = 0; h < layer->out.rows; h++)
      for (size_t c = 0; c < channels; c++) {
        double sum = 0;

        for (size_t j = 0; j < pool[1]; j++)
          for (size_t i = 0; i < pool[0]; i++)
            sum += (double) in[((w * pool[1] + j) * *rows + h * pool[0] + i) * channels + c];
        out[(w * layer->out.rows + h) * channels + c] = (float) (sum / (double) (pool[0] * pool[1]));
      }
}

const NnLayerClass nn_avg_pool2d_class = {
  .type = "avg_pool2d",
  .keys = " pool ",
  .configure = avg_pool2d_configure,
  .items_out = avg_pool2d_items_out,
  .reset = avg_pool2d_reset,
  .push = avg_pool2d_push,
  .training = &avg_pool2d_training,
};
