/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"
#include "nn/training.h"

#include <stdio.h>

static NnStatus
to_sequence_configure (NnLayer *layer, NnIssue *issue)
{
  if (!nn_layer_expects (layer, 3, issue))
    return NN_BAD_SHAPE;
  layer->out = (NnShape){ .rank = 2, .rows = 1, .values = nn_shape_item (&layer->in) };
  return NN_OK;
}

/* out[c * rows + h] = in[h][c] */
static bool
to_sequence_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  const size_t rows = layer->in.rows, channels = layer->in.values;

  (void) state;
  for (size_t c = 0; c < channels; c++)
    for (size_t h = 0; h < rows; h++)
      out[c * rows + h] = in[h * channels + c];
  return true;
}

void
nn_to_sequence_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  for (size_t w = 0; w < items; w++)
    to_sequence_push (layer, NULL, in + w * nn_shape_item (&layer->in), out + w * nn_shape_item (&layer->in));
}

static void
to_sequence_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t values = nn_shape_item (&layer->in);

  (void) cache;
  (void) scratch;
  for (size_t i = 0; i < slice->samples * slice->items; i++)
    to_sequence_push (layer, NULL, in + i * values, out + i * values);
}

static void
to_sequence_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t rows = layer->in.rows, channels = layer->in.values;

  (void) in;
  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  for (size_t i = 0; din && i < slice->samples * slice->items; i++, dout += rows * channels, din += rows * channels)
    for (size_t c = 0; c < channels; c++)
      for (size_t h = 0; h < rows; h++)
        din[h * channels + c] = dout[c * rows + h];
}

static const NnLayerTraining to_sequence_training = {
  .forward = to_sequence_train_forward,
  .backward = to_sequence_train_backward,
};

const NnLayerClass nn_to_sequence_class = {
  .type = "to_sequence",
  .keys = " ",
  .configure = to_sequence_configure,
  .push = to_sequence_push,
  .training = &to_sequence_training,
};
