/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/layers/padding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last columns of the input, each with its rows of zero padding, in a ring. */
typedef struct ConvState
{
  unsigned filled; /* columns held, at most kernel[1] */
  unsigned oldest; /* slot of the oldest */
  float columns[]; /* [kernel[1]][padded rows][in channels] */
} ConvState;

static size_t
slot_floats (const NnLayer *layer)
{
  return (layer->in.rows + nn_padding_total (layer->spec.padding[0], layer->spec.kernel[0])) * layer->in.values;
}

static size_t
conv2d_items_out (const NnLayer *layer, size_t items)
{
  const unsigned kernel = layer->spec.kernel[1];
  const size_t padded = items + nn_padding_total (layer->spec.padding[1], kernel);

  return padded < kernel ? 0 : padded - kernel + 1;
}

static NnStatus
conv2d_configure (NnLayer *layer, NnIssue *issue)
{
  const NnLayerSpec *spec = &layer->spec;

  if (!nn_layer_expects (layer, 3, issue))
    return NN_BAD_SHAPE;
  if (spec->filters < 1 || spec->filters > NN_MAX_UNITS) {
    snprintf (issue->text, sizeof issue->text, "filters must be 1 to %d, not %u", NN_MAX_UNITS, spec->filters);
    return NN_BAD_LAYER;
  }
  for (int axis = 0; axis < 2; axis++)
    if (spec->kernel[axis] < 1 || spec->kernel[axis] > NN_MAX_KERNEL) {
      snprintf (issue->text, sizeof issue->text, "kernel must be 1 to %d, not %u", NN_MAX_KERNEL, spec->kernel[axis]);
      return NN_BAD_LAYER;
    }

  const size_t rows = layer->in.rows + nn_padding_total (spec->padding[0], spec->kernel[0]);

  if (rows < spec->kernel[0]) {
    snprintf (issue->text, sizeof issue->text, "a kernel of %u bands does not fit into %zu", spec->kernel[0], rows);
    return NN_BAD_SHAPE;
  }
  if (layer->in.values > NN_MAX_RUN_VALUES / spec->kernel[1] / rows) {
    snprintf (issue->text, sizeof issue->text, "a kernel over %u columns of %zu x %zu values needs too much memory",
        spec->kernel[1], rows, layer->in.values);
    return NN_BAD_SHAPE;
  }
  layer->out = (NnShape){ .rank = 3, .rows = rows - spec->kernel[0] + 1, .values = spec->filters };
  layer->state_bytes = sizeof (ConvState) + spec->kernel[1] * slot_floats (layer) * sizeof (float);
  layer->zeros_after = nn_padding_total (spec->padding[1], spec->kernel[1])
      - nn_padding_before (spec->padding[1], spec->kernel[1]);
  nn_layer_add_tensor (layer, NN_ROLE_KERNEL, 4,
      (const size_t[]){ spec->kernel[0], spec->kernel[1], layer->in.values, spec->filters });
  if (spec->use_bias)
    nn_layer_add_tensor (layer, NN_ROLE_BIAS, 1, (const size_t[]){ spec->filters });
  return NN_OK;
}

/* Folds a batch_norm: weights times scale, bias' = bias scale + shift. */
static void
fold (const NnLayer *norm, float *kernel, size_t rows, float *bias, size_t filters)
{
  for (size_t o = 0; o < filters; o++) {
    const double scale = (double) norm->tensors[0].values[o]
        / sqrt ((double) norm->tensors[3].values[o] + norm->spec.epsilon);

    for (size_t r = 0; r < rows; r++)
      kernel[r * filters + o] = (float) ((double) kernel[r * filters + o] * scale);
    bias[o] = (float) (((double) bias[o] - (double) norm->tensors[2].values[o]) * scale
        + (double) norm->tensors[1].values[o]);
  }
}

static NnStatus
conv2d_prepare (NnLayer *layer, NnLayer *next, size_t n_next)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t depth = layer->in.values, filters = spec->filters;
  const size_t rows = (size_t) spec->kernel[0] * spec->kernel[1] * depth;
  float *kernel = calloc (rows * filters, sizeof *kernel);
  float *bias = calloc (filters, sizeof *bias);
  NnStatus status = NN_NO_MEMORY;

  if (!kernel || !bias)
    goto done;

  /* [kh][kw][in][out] -> [kw][kh][in][out]: one segment of the product per column */
  for (size_t h = 0; h < spec->kernel[0]; h++)
    for (size_t w = 0; w < spec->kernel[1]; w++)
      memcpy (kernel + (w * spec->kernel[0] + h) * depth * filters,
          layer->tensors[0].values + (h * spec->kernel[1] + w) * depth * filters, depth * filters * sizeof *kernel);
  if (spec->use_bias)
    memcpy (bias, layer->tensors[1].values, filters * sizeof *bias);

  if (n_next > 0 && next->spec.class == &nn_batch_norm_class) {
    fold (next, kernel, rows, bias, filters);
    next->absorbed = true;
    next++;
    n_next--;
  }
  if (n_next > 0 && next->spec.class == &nn_relu_class) {
    layer->fused_relu = true;
    next->absorbed = true;
  }

  layer->packed = nn_gemm_pack (layer->gemm, kernel, rows, filters);
  layer->packed_bias = nn_gemm_pack_bias (layer->gemm, bias, filters);
  if (layer->packed && layer->packed_bias)
    status = NN_OK;

done:
  free (kernel);
  free (bias);
  return status;
}

static void
conv2d_reset (const NnLayer *layer, void *memory)
{
  ConvState *state = memory;

  memset (state, 0, layer->state_bytes);
  state->filled = (unsigned) nn_padding_before (layer->spec.padding[1], layer->spec.kernel[1]);
}

static bool
conv2d_push (const NnLayer *layer, void *memory, const float *in, float *out)
{
  ConvState *state = memory;
  const NnLayerSpec *spec = &layer->spec;
  const size_t depth = layer->in.values, slot = slot_floats (layer);
  const unsigned columns = spec->kernel[1];
  const float *segments[NN_MAX_KERNEL];

  memcpy (state->columns + (state->oldest + state->filled) % columns * slot
          + nn_padding_before (spec->padding[0], spec->kernel[0]) * depth,
      in, layer->in.rows * depth * sizeof *in);
  if (++state->filled < columns)
    return false;

  for (unsigned w = 0; w < columns; w++)
    segments[w] = state->columns + (state->oldest + w) % columns * slot;
  layer->gemm->run (
      &(NnGemmShape){
          .m = layer->out.rows,
          .n = spec->filters,
          .k = spec->kernel[0] * depth,
          .segments = columns,
          .lda = depth,
      },
      segments, layer->packed, layer->packed_bias, layer->fused_relu, out);
  state->oldest = (state->oldest + 1) % columns;
  state->filled--;
  return true;
}

/* The input at column w, row h with the padding around it. */
static double
padded_at (const NnLayer *layer, const float *in, size_t items, long w, long h, size_t c)
{
  if (w < 0 || h < 0 || w >= (long) items || h >= (long) layer->in.rows)
    return 0;
  return (double) in[((size_t) w * layer->in.rows + (size_t) h) * layer->in.values + c];
}

/* out[w][h][o] = bias[o] + sum over i, j, c of in[w + j - pad][h + i - pad][c] kernel[i][j][c][o] */
void
nn_conv2d_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t filters = spec->filters, depth = layer->in.values, items_out = conv2d_items_out (layer, items);
  const long top = (long) nn_padding_before (spec->padding[0], spec->kernel[0]);
  const long left = (long) nn_padding_before (spec->padding[1], spec->kernel[1]);

  for (size_t w = 0; w < items_out; w++)
    for (size_t h = 0; h < layer->out.rows; h++)
      for (size_t o = 0; o < filters; o++) {
        double sum = spec->use_bias ? (double) layer->tensors[1].values[o] : 0;

        for (size_t i = 0; i < spec->kernel[0]; i++)
          for (size_t j = 0; j < spec->kernel[1]; j++)
            for (size_t c = 0; c < depth; c++)
              sum += padded_at (layer, in, items, (long) (w + j) - left, (long) (h + i) - top, c)
                  * (double) layer->tensors[0].values[((i * spec->kernel[1] + j) * depth + c) * filters + o];
        out[(w * layer->out.rows + h) * filters + o] = (float) sum;
      }
}

const NnLayerClass nn_conv2d_class = {
  .type = "conv2d",
  .keys = " name filters kernel padding use_bias ",
  .configure = conv2d_configure,
  .items_out = conv2d_items_out,
  .prepare = conv2d_prepare,
  .reset = conv2d_reset,
  .push = conv2d_push,
  .training = &nn_conv2d_training,
};
