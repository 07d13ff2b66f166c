/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/pixels.h"
#include "nn/training.h"

#include <string.h>

/* One row of cells: those of pool[1] columns. */
static NnCells
cells_of (const NnLayer *layer)
{
  return (NnCells){
    .cells = layer->out.rows,
    .channels = layer->in.values,
    .high = layer->spec.pool[0],
    .wide = layer->spec.pool[1],
    .column = nn_shape_item (&layer->in),
  };
}

static void
max_pool2d_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const NnCells cells = cells_of (layer);
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
  const NnCells cells = cells_of (layer);
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

const NnLayerTraining nn_max_pool2d_training = {
  .forward = max_pool2d_train_forward,
  .backward = max_pool2d_train_backward,
};
