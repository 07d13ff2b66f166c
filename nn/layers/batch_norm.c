/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/pixels.h"
#include "nn/training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tensors. */
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
  nn_layer_add_tensor (layer, NN_ROLE_GAMMA, 1, dim);
  nn_layer_add_tensor (layer, NN_ROLE_BETA, 1, dim);
  nn_layer_add_tensor (layer, NN_ROLE_MOVING_MEAN, 1, dim);
  nn_layer_add_tensor (layer, NN_ROLE_MOVING_VARIANCE, 1, dim);
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

/* --- training ---------------------------------------------------------------------------------------------------- */

/* batch_norm in training, with the mean and the biased variance of each channel over all values of the batch:
 *
 *   y = gamma (x - mean) / deviation + beta      deviation = sqrt (variance + epsilon)
 *
 *   d gamma = sum dy (x - mean) / deviation      d beta = sum dy
 *   dx = gamma / deviation (dy - d beta / n - (x - mean) / deviation d gamma / n)
 *
 * The moving mean and variance follow: moving = momentum moving + (1 - momentum) batch.
 *
 * The sums of the forward pass are of x - pivot, the pivot being the moving mean, which is near the mean: the variance
 * does not suffer from cancellation.
 */

/* Rows of layer->packed [N_ROWS][channels]. */
enum
{
  SCALE, /* y = SCALE x + SHIFT */
  SHIFT,
  CENTRE,  /* the batch's mean */
  INVERSE, /* 1 / deviation */
  BACK_DY, /* dx = BACK_DY dy + BACK_X (x - CENTRE) + BACK */
  BACK_X,
  BACK,
  N_ROWS
};

static size_t
pixels_of (const NnLayer *layer, const NnSlice *slice)
{
  return slice->samples * slice->items * layer->in.rows;
}

static size_t
batch_norm_n_sums (const NnLayer *layer)
{
  return 2 * layer->in.values;
}

static NnStatus
batch_norm_train_prepare (NnLayer *layer)
{
  if (!layer->packed)
    layer->packed = calloc (N_ROWS * layer->in.values, sizeof *layer->packed);
  return layer->packed ? NN_OK : NN_NO_MEMORY;
}

static void
batch_norm_forward_sums (const NnLayer *layer, const NnSlice *slice, const float *in, double *sums)
{
  const size_t channels = layer->in.values;

  memset (sums, 0, 2 * channels * sizeof *sums);
  layer->gemm->pixels->sum_squares (in, pixels_of (layer, slice), channels, layer->tensors[MEAN].values, sums);
}

static float
towards (float moving, double now, double momentum)
{
  return (float) (momentum * (double) moving + (1 - momentum) * now);
}

/* What forward() and backward() do to channel c. */
static void
set_rows (NnLayer *layer, size_t c, double mean, double variance)
{
  const size_t channels = layer->in.values;
  float *row = layer->packed + c;
  const double inverse = 1 / sqrt (variance + layer->spec.epsilon);
  const double scale = (double) layer->tensors[GAMMA].values[c] * inverse;

  row[SCALE * channels] = (float) scale;
  row[SHIFT * channels] = (float) ((double) layer->tensors[BETA].values[c] - mean * scale);
  row[CENTRE * channels] = (float) mean;
  row[INVERSE * channels] = (float) inverse;
}

static void
batch_norm_forward_total (NnLayer *layer, size_t count, const double *sums)
{
  const size_t channels = layer->in.values;
  const double n = (double) count * (double) layer->in.rows;

  for (size_t c = 0; c < channels; c++) {
    float *moving_mean = layer->tensors[MEAN].values + c, *moving_variance = layer->tensors[VARIANCE].values + c;
    const double shifted = sums[c] / n, mean = (double) *moving_mean + shifted;
    const double variance = fmax (0, sums[channels + c] / n - shifted * shifted);

    set_rows (layer, c, mean, variance);
    *moving_mean = towards (*moving_mean, mean, layer->spec.momentum);
    *moving_variance = towards (*moving_variance, variance, layer->spec.momentum);
  }
}

static void
batch_norm_forward_fixed (NnLayer *layer)
{
  for (size_t c = 0; c < layer->in.values; c++)
    set_rows (layer, c, (double) layer->tensors[MEAN].values[c], (double) layer->tensors[VARIANCE].values[c]);
}

static void
batch_norm_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t channels = layer->in.values;

  (void) cache;
  (void) scratch;
  layer->gemm->pixels->scale (in, pixels_of (layer, slice), channels, layer->packed + SCALE * channels,
      layer->packed + SHIFT * channels, out);
}

static void
batch_norm_backward_sums (const NnLayer *layer, const NnSlice *slice, const float *in, const float *dout, double *sums)
{
  const size_t channels = layer->in.values;

  memset (sums, 0, 2 * channels * sizeof *sums);
  layer->gemm->pixels->sum_products (in, dout, pixels_of (layer, slice), channels, layer->packed + CENTRE * channels,
      sums);
}

static void
batch_norm_backward_total (NnLayer *layer, size_t count, const double *sums, float *const *gradients)
{
  const size_t channels = layer->in.values;
  const double n = (double) count * (double) layer->in.rows;

  for (size_t c = 0; c < channels; c++) {
    float *row = layer->packed + c;
    const double inverse = (double) row[INVERSE * channels], scale = (double) row[SCALE * channels];
    const double d_beta = sums[c], d_gamma = sums[channels + c] * inverse;

    gradients[GAMMA][c] += (float) d_gamma;
    gradients[BETA][c] += (float) d_beta;
    row[BACK_DY * channels] = (float) scale;
    row[BACK_X * channels] = (float) (-scale * inverse * d_gamma / n);
    row[BACK * channels] = (float) (-scale * d_beta / n);
  }
}

static void
batch_norm_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t channels = layer->in.values;
  const float *rows = layer->packed;

  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  if (din)
    layer->gemm->pixels->scale_back (in, dout, pixels_of (layer, slice), channels, rows + CENTRE * channels,
        rows + BACK_DY * channels, rows + BACK_X * channels, rows + BACK * channels, din);
}

static const NnLayerTraining batch_norm_training = {
  .prepare = batch_norm_train_prepare,
  .n_sums = batch_norm_n_sums,
  .forward_sums = batch_norm_forward_sums,
  .forward_total = batch_norm_forward_total,
  .forward_fixed = batch_norm_forward_fixed,
  .backward_sums = batch_norm_backward_sums,
  .backward_total = batch_norm_backward_total,
  .forward = batch_norm_train_forward,
  .backward = batch_norm_train_backward,
};

const NnLayerClass nn_batch_norm_class = {
  .type = "batch_norm",
  .keys = " name epsilon momentum ",
  .configure = batch_norm_configure,
  .prepare = batch_norm_prepare,
  .push = batch_norm_push,
  .in_place = true,
  .training = &batch_norm_training,
};
