/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * max_pool2d and avg_pool2d: one value for each cell of pool[0] bands and pool[1] columns.  Cells do not overlap;
 * incomplete ones are dropped.
 */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/pixels.h"
#include "nn/training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The cells that the columns so far belong to: their maxima, or their sums. */
typedef struct PoolState
{
  unsigned filled; /* columns of the present cells, below pool[1] */
  float cells[];   /* [out rows][channels] */
} PoolState;

static size_t
pool2d_items_out (const NnLayer *layer, size_t items)
{
  return items / layer->spec.pool[1];
}

static NnStatus
pool2d_configure (NnLayer *layer, NnIssue *issue)
{
  const NnLayerSpec *spec = &layer->spec;

  if (!nn_layer_expects (layer, 3, issue))
    return NN_BAD_SHAPE;
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
pool2d_reset (const NnLayer *layer, void *memory)
{
  (void) layer;
  ((PoolState *) memory)->filled = 0;
}

/* --- max_pool2d ------------------------------------------------------------------------------------------------- */

/* One row of cells: those of `wide` columns. */
static NnCells
cells_of (const NnLayer *layer, size_t wide)
{
  return (NnCells){
    .cells = layer->out.rows,
    .channels = layer->in.values,
    .high = layer->spec.pool[0],
    .wide = wide,
    .column = nn_shape_item (&layer->in),
  };
}

static bool
max_pool2d_push (const NnLayer *layer, void *memory, const float *in, float *out)
{
  PoolState *state = memory;
  const NnCells cells = cells_of (layer, 1);
  const size_t values = nn_shape_item (&layer->out);

  layer->gemm->pixels->max (&cells, in, out);
  if (state->filled > 0)
    for (size_t i = 0; i < values; i++)
      out[i] = out[i] > state->cells[i] ? out[i] : state->cells[i];
  if (++state->filled == layer->spec.pool[1]) {
    state->filled = 0;
    return true;
  }
  memcpy (state->cells, out, values * sizeof *out);
  return false;
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

static void
max_pool2d_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const NnCells cells = cells_of (layer, layer->spec.pool[1]);
  const size_t columns = slice->items / cells.wide, item_out = nn_shape_item (&layer->out);

  (void) cache;
  (void) scratch;
  for (size_t s = 0; s < slice->samples; s++)
    for (size_t w = 0; w < columns; w++)
      layer->gemm->pixels->max (&cells, in + (s * slice->items + w * cells.wide) * cells.column,
          out + (s * columns + w) * item_out);
}

/* The gradient of a cell goes to its first maximum, row after row as Keras goes. */
static void
max_pool2d_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const NnCells cells = cells_of (layer, layer->spec.pool[1]);
  const size_t columns = slice->items / cells.wide, item_out = nn_shape_item (&layer->out);

  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  if (!din)
    return;
  if (slice->items % cells.wide > 0 || layer->in.rows % cells.high > 0) /* what is in no cell */
    memset (din, 0, slice->samples * slice->items * cells.column * sizeof *din);
  for (size_t s = 0; s < slice->samples; s++)
    for (size_t w = 0; w < columns; w++) {
      const size_t at = (s * slice->items + w * cells.wide) * cells.column;

      layer->gemm->pixels->max_back (&cells, in + at, dout + (s * columns + w) * item_out, din + at);
    }
}

static const NnLayerTraining max_pool2d_training = {
  .forward = max_pool2d_train_forward,
  .backward = max_pool2d_train_backward,
};

const NnLayerClass nn_max_pool2d_class = {
  .type = "max_pool2d",
  .keys = " pool ",
  .configure = pool2d_configure,
  .items_out = pool2d_items_out,
  .reset = pool2d_reset,
  .push = max_pool2d_push,
  .training = &max_pool2d_training,
};

/* --- avg_pool2d ------------------------------------------------------------------------------------------------- */

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

static void
avg_pool2d_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t items_out = pool2d_items_out (layer, slice->items), wide = layer->spec.pool[1];
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
  const size_t items_out = pool2d_items_out (layer, slice->items), channels = layer->in.values;
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

const NnLayerClass nn_avg_pool2d_class = {
  .type = "avg_pool2d",
  .keys = " pool ",
  .configure = pool2d_configure,
  .items_out = pool2d_items_out,
  .reset = pool2d_reset,
  .push = avg_pool2d_push,
  .training = &avg_pool2d_training,
};
