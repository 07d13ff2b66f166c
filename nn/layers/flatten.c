/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The layers that only put values into another order and need all items for it: flatten, time_distributed_flatten,
 * expand_dims.  Keras sees our images as [rows][columns][channels].
 */
#include "nn/layers.h"
#include "nn/training.h"

#include <stdio.h>
#include <string.h>

/* --- the order of Keras, and back ------------------------------------------------------------------------------ */

/* in [columns][rows][channels] -> out [rows][columns][channels] */
static void
turn (size_t columns, size_t rows, size_t channels, const float *in, float *out)
{
  for (size_t w = 0; w < columns; w++)
    for (size_t h = 0; h < rows; h++)
      memcpy (out + (h * columns + w) * channels, in + (w * rows + h) * channels, channels * sizeof *out);
}

static void
turn_forward (const NnLayer *layer, const float *in, size_t items, float *out, float *scratch)
{
  (void) scratch;
  turn (items, layer->in.rows, layer->in.values, in, out);
}

static void
turn_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t sample = slice->items * nn_shape_item (&layer->in);

  (void) cache;
  for (size_t s = 0; s < slice->samples; s++)
    turn_forward (layer, in + s * sample, slice->items, out + s * sample, scratch);
}

static void
turn_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
    const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t sample = slice->items * nn_shape_item (&layer->in);

  (void) in;
  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  for (size_t s = 0; din && s < slice->samples; s++)
    turn (layer->in.rows, slice->items, layer->in.values, dout + s * sample, din + s * sample);
}

static const NnLayerTraining turn_training = {
  .forward = turn_train_forward,
  .backward = turn_train_backward,
};

/* out[(h * columns + w) * channels + c] = in[w][h][c] */
static void
turn_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  for (size_t w = 0; w < items; w++)
    for (size_t h = 0; h < layer->in.rows; h++)
      for (size_t c = 0; c < layer->in.values; c++)
        out[(h * items + w) * layer->in.values + c] = in[(w * layer->in.rows + h) * layer->in.values + c];
}

/* What is in all columns together must fit into one item. */
static NnStatus
check_size (const NnLayer *layer, NnIssue *issue)
{
  if (layer->in.items <= NN_MAX_ITEM / nn_shape_item (&layer->in))
    return NN_OK;
  snprintf (issue->text, sizeof issue->text, "%zu columns of %zu x %zu values exceed %d", layer->in.items,
      layer->in.rows, layer->in.values, NN_MAX_ITEM);
  return NN_BAD_SHAPE;
}

/* --- flatten ---------------------------------------------------------------------------------------------------- */

static NnStatus
flatten_configure (NnLayer *layer, NnIssue *issue)
{
  layer->out = (NnShape){ .rank = 1, .rows = 1, .values = layer->in.items * nn_shape_item (&layer->in) };
  return check_size (layer, issue);
}

static size_t
flatten_items_out (const NnLayer *layer, size_t items)
{
  return items == layer->in.items;
}

void
nn_flatten_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  turn_ref (layer, in, items, out);
}

const NnLayerClass nn_flatten_class = {
  .type = "flatten",
  .keys = " ",
  .configure = flatten_configure,
  .items_out = flatten_items_out,
  .fixed_items = true,
  .forward = turn_forward,
  .training = &turn_training,
};

/* --- time_distributed_flatten ----------------------------------------------------------------------------------- */

static NnStatus
time_distributed_flatten_configure (NnLayer *layer, NnIssue *issue)
{
  if (!nn_layer_expects (layer, 3, issue))
    return NN_BAD_SHAPE;
  layer->out = (NnShape){ .rank = 2, .rows = 1, .values = layer->in.items * layer->in.values };
  return check_size (layer, issue);
}

static size_t
time_distributed_flatten_items_out (const NnLayer *layer, size_t items)
{
  return items == layer->in.items ? layer->in.rows : 0;
}

void
nn_time_distributed_flatten_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  turn_ref (layer, in, items, out);
}

const NnLayerClass nn_time_distributed_flatten_class = {
  .type = "time_distributed_flatten",
  .keys = " ",
  .configure = time_distributed_flatten_configure,
  .items_out = time_distributed_flatten_items_out,
  .fixed_items = true,
  .forward = turn_forward,
  .training = &turn_training,
};

/* --- expand_dims ------------------------------------------------------------------------------------------------ */

static NnStatus
expand_dims_configure (NnLayer *layer, NnIssue *issue)
{
  if (!nn_layer_expects (layer, 1, issue))
    return NN_BAD_SHAPE;
  layer->out = (NnShape){ .rank = 2, .rows = 1, .values = 1 };
  return NN_OK;
}

static size_t
expand_dims_items_out (const NnLayer *layer, size_t items)
{
  return items * layer->in.values;
}

/* A row turned is a column: the order does not change. */
void
nn_expand_dims_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  memcpy (out, in, items * layer->in.values * sizeof *out);
}

const NnLayerClass nn_expand_dims_class = {
  .type = "expand_dims",
  .keys = " ",
  .configure = expand_dims_configure,
  .items_out = expand_dims_items_out,
  .forward = turn_forward,
  .training = &turn_training,
};
