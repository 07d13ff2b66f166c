/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * batch_norm in training, with the mean and the biased variance of each channel over all values of the batch:
 *
 *   y = gamma (x - mean) / deviation + beta      deviation = sqrt (variance + epsilon)
 *
 *   d gamma = sum dy (x - mean) / deviation      d beta = sum dy
 *   dx = gamma / deviation (dy - d beta / n - (x - mean) / deviation d gamma / n)
 *
 * The moving mean and variance follow: moving = momentum moving + (1 - momentum) batch.
 *
 * Sums run in float over a few pixels, then in double; those of the forward pass are of x - pivot, the pivot being the
 * moving mean, which is near the mean: the variance does not suffer from cancellation.
 */
#include "nn/layers.h"
#include "nn/training.h"

#include <math.h>
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

enum
{
  CHANNELS = 64, /* worked on together */
  PIXELS = 32,   /* summed up in float */
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

/* sums[c] += sum over pixels of x[c] - pivot[c], sums[channels + c] += sum of its square, of n channels */
static void
sum_channels (const float *x, size_t pixels, size_t channels, size_t n, const float *pivot, double *sums)
{
  for (size_t first = 0; first < pixels; first += PIXELS) {
    const size_t last = pixels - first < PIXELS ? pixels : first + PIXELS;
    float sum[CHANNELS] = { 0 }, square[CHANNELS] = { 0 };

    for (size_t p = first; p < last; p++)
      for (size_t c = 0; c < n; c++) {
        const float d = x[p * channels + c] - pivot[c];

        sum[c] += d;
        square[c] += d * d;
      }
    for (size_t c = 0; c < n; c++) {
      sums[c] += (double) sum[c];
      sums[channels + c] += (double) square[c];
    }
  }
}

static void
batch_norm_forward_sums (const NnLayer *layer, const NnSlice *slice, const float *in, double *sums)
{
  const size_t channels = layer->in.values;

  memset (sums, 0, 2 * channels * sizeof *sums);
  for (size_t c = 0; c < channels; c += CHANNELS)
    sum_channels (in + c, pixels_of (layer, slice), channels, channels - c < CHANNELS ? channels - c : CHANNELS,
        layer->tensors[MEAN].values + c, sums + c);
}

static float
towards (float moving, double now, double momentum)
{
  return (float) (momentum * (double) moving + (1 - momentum) * now);
}

static void
batch_norm_forward_total (NnLayer *layer, size_t count, const double *sums)
{
  const size_t channels = layer->in.values;
  const double n = (double) count * (double) layer->in.rows;

  for (size_t c = 0; c < channels; c++) {
    float *row = layer->packed + c, *moving_mean = layer->tensors[MEAN].values + c,
          *moving_variance = layer->tensors[VARIANCE].values + c;
    const double shifted = sums[c] / n, mean = (double) *moving_mean + shifted;
    const double variance = fmax (0, sums[channels + c] / n - shifted * shifted);
    const double inverse = 1 / sqrt (variance + layer->spec.epsilon);
    const double scale = (double) layer->tensors[GAMMA].values[c] * inverse;

    row[SCALE * channels] = (float) scale;
    row[SHIFT * channels] = (float) ((double) layer->tensors[BETA].values[c] - mean * scale);
    row[CENTRE * channels] = (float) mean;
    row[INVERSE * channels] = (float) inverse;
    *moving_mean = towards (*moving_mean, mean, layer->spec.momentum);
    *moving_variance = towards (*moving_variance, variance, layer->spec.momentum);
  }
}

static void
batch_norm_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t channels = layer->in.values, pixels = pixels_of (layer, slice);
  const float *scale = layer->packed + SCALE * channels, *shift = layer->packed + SHIFT * channels;

  (void) cache;
  (void) scratch;
  for (size_t p = 0; p < pixels; p++)
    for (size_t c = 0; c < channels; c++)
      out[p * channels + c] = scale[c] * in[p * channels + c] + shift[c];
}

/* sums[c] += sum over pixels of dy[c], sums[channels + c] += sum of dy[c] (x[c] - mean[c]), of n channels */
static void
sum_gradients (const float *x, const float *dy, size_t pixels, size_t channels, size_t n, const float *mean,
    double *sums)
{
  for (size_t first = 0; first < pixels; first += PIXELS) {
    const size_t last = pixels - first < PIXELS ? pixels : first + PIXELS;
    float sum[CHANNELS] = { 0 }, product[CHANNELS] = { 0 };

    for (size_t p = first; p < last; p++)
      for (size_t c = 0; c < n; c++) {
        const float d = dy[p * channels + c];

        sum[c] += d;
        product[c] += d * (x[p * channels + c] - mean[c]);
      }
    for (size_t c = 0; c < n; c++) {
      sums[c] += (double) sum[c];
      sums[channels + c] += (double) product[c];
    }
  }
}

static void
batch_norm_backward_sums (const NnLayer *layer, const NnSlice *slice, const float *in, const float *dout, double *sums)
{
  const size_t channels = layer->in.values;

  memset (sums, 0, 2 * channels * sizeof *sums);
  for (size_t c = 0; c < channels; c += CHANNELS)
    sum_gradients (in + c, dout + c, pixels_of (layer, slice), channels,
        channels - c < CHANNELS ? channels - c : CHANNELS, layer->packed + CENTRE * channels + c, sums + c);
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
  const size_t channels = layer->in.values, pixels = pixels_of (layer, slice);
  const float *mean = layer->packed + CENTRE * channels, *dy = layer->packed + BACK_DY * channels,
              *x = layer->packed + BACK_X * channels, *back = layer->packed + BACK * channels;

  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  for (size_t p = 0; din && p < pixels; p++)
    for (size_t i = p * channels, c = 0; c < channels; c++, i++)
      din[i] = dy[c] * dout[i] + x[c] * (in[i] - mean[c]) + back[c];
}

const NnLayerTraining nn_batch_norm_training = {
  .prepare = batch_norm_train_prepare,
  .n_sums = batch_norm_n_sums,
  .forward_sums = batch_norm_forward_sums,
  .forward_total = batch_norm_forward_total,
  .backward_sums = batch_norm_backward_sums,
  .backward_total = batch_norm_backward_total,
  .forward = batch_norm_train_forward,
  .backward = batch_norm_train_backward,
};
