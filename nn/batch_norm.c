/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum
{
  GAMMA,
  BETA,
  MEAN,
  VARIANCE
};

static NnStatus
batch_norm_configure (NnLayer *layer, NnIssue *issue)
{
  const size_t dim[] = { layer->in.values };

  if (!(layer->spec.epsilon >= 0 && layer->spec.epsilon <= 1)) {
    snprintf (issue->text, sizeof issue->text, "epsilon must be 0 to 1, not %g", layer->spec.epsilon);
    return NN_BAD_LAYER;
  }
  if (!(layer->spec.momentum >= 0 && layer->spec.momentum <= 1)) {
    snprintf (issue->text, sizeof issue->text, "momentum must be 0 to 1, not %g", layer->spec.momentum);
    return NN_BAD_LAYER;
  }
  layer->out = layer->in;
  nn_layer_add_tensor (layer, "gamma", 1, dim);
  nn_layer_add_tensor (layer, "beta", 1, dim);
  nn_layer_add_tensor (layer, "moving_mean", 1, dim);
  nn_layer_add_tensor (layer, "moving_variance", 1, dim);
  return NN_OK;
}

static double
scale_of (const NnLayer *layer, size_t c)
{
  return (double) layer->tensors[GAMMA].values[c]
      / sqrt ((double) layer->tensors[VARIANCE].values[c] + layer->spec.epsilon);
}

/* packed = scale, packed_bias = shift: y = scale x + shift */
static NnStatus
batch_norm_prepare (NnLayer *layer, NnLayer *next, size_t n_next)
{
  const size_t channels = layer->in.values;

  (void) next;
  (void) n_next;
  layer->packed = calloc (channels, sizeof *layer->packed);
  layer->packed_bias = calloc (channels, sizeof *layer->packed_bias);
  if (!layer->packed || !layer->packed_bias)
    return NN_NO_MEMORY;
  for (size_t c = 0; c < channels; c++) {
    const double scale = scale_of (layer, c);

    layer->packed[c] = (float) scale;
    layer->packed_bias[c] = (float) ((double) layer->tensors[BETA].values[c]
        - (double) layer->tensors[MEAN].values[c] * scale);
  }
  return NN_OK;
}

static bool
batch_norm_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  const size_t channels = layer->in.values;

  (void) state;
  for (size_t h = 0; h < layer->in.rows; h++)
    for (size_t c = 0; c < channels; c++)
      out[h * channels + c] = in[h * channels + c] * layer->packed[c] + layer->packed_bias[c];
  return true;
}

/* out[i][c] = gamma[c] (in[i][c] - moving_mean[c]) / sqrt (moving_variance[c] + epsilon) + beta[c] */
void
nn_batch_norm_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const size_t channels = layer->in.values;

  for (size_t i = 0; i < items * nn_shape_item (&layer->in); i++) {
    const size_t c = i % channels;

    out[i] = (float) (((double) in[i] - (double) layer->tensors[MEAN].values[c]) * scale_of (layer, c)
        + (double) layer->tensors[BETA].values[c]);
  }
}

const NnLayerClass nn_batch_norm_class = {
  .type = "batch_norm",
  .keys = " name epsilon momentum ",
  .configure = batch_norm_configure,
  .prepare = batch_norm_prepare,
  .push = batch_norm_push,
  .in_place = true,
  .training = &nn_batch_norm_training,
};
