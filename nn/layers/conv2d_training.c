/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * conv2d in training, one sample after the other, each by the products of nn/gemm.h:
 *
 *   out[w]        forward    a column of the output: one segment for each column of the kernel, rows overlap
 *   din[w]        backward   the same with dout, zeros around it, and the kernel turned around: a full convolution
 *   kernel[.][j]  backward   += sum over w, h of in[w + j][h ...] dout[w][h], as many columns as the cache holds
 *
 * Rows of zeros above and below are copied around the image, columns of zeros are one and the same.
 */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/layers/padding.h"
#include "nn/training.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MAX_COLUMNS = 64,      /* of one call for the kernel's gradient */
  SUM_VALUES = 3 * 4096, /* of in and dout together, that it runs over: 48 KiB */
};

/* --- shapes ---------------------------------------------------------------------------------------------------- */

/* An image with rows of zeros above and below. */
typedef struct Padded
{
  size_t before, rows; /* of zeros above; of all */
  size_t column;       /* values of a column */
} Padded;

static Padded
padded_in (const NnLayer *layer)
{
  const NnPadding padding = layer->spec.padding[0];
  const unsigned kernel = layer->spec.kernel[0];
  const size_t rows = layer->in.rows + nn_padding_total (padding, kernel);

  return (Padded){ nn_padding_before (padding, kernel), rows, rows * layer->in.values };
}

/* What the full convolution needs: each row of the input meets kernel rows of dout. */
static Padded
padded_dout (const NnLayer *layer)
{
  const unsigned kernel = layer->spec.kernel[0];
  const size_t rows = layer->in.rows + kernel - 1;

  return (Padded){ kernel - 1 - nn_padding_before (layer->spec.padding[0], kernel), rows, rows * layer->out.values };
}

static size_t
columns_out (const NnLayer *layer, size_t columns)
{
  return columns + nn_padding_total (layer->spec.padding[1], layer->spec.kernel[1]) - layer->spec.kernel[1] + 1;
}

static size_t
larger (size_t a, size_t b)
{
  return a > b ? a : b;
}

/* Both images padded, a column of zeros, what a sum reads behind the last, and the kernel's gradient. */
static size_t
conv2d_train_scratch (const NnLayer *layer, const NnSlice *slice)
{
  const size_t in = padded_in (layer).column, dout = padded_dout (layer).column;

  return slice->items * in + columns_out (layer, slice->items) * dout + larger (in, dout) + NN_GEMM_SLACK
      + nn_tensor_size (&layer->tensors[0]);
}

/* image [columns][rows][values] -> padded [columns][padded rows][values] */
static void
pad (const Padded *shape, const float *image, size_t columns, size_t rows, size_t values, float *padded)
{
  const size_t before = shape->before * values, inside = rows * values, after = shape->column - before - inside;

  for (size_t w = 0; w < columns; w++, padded += shape->column) {
    memset (padded, 0, before * sizeof *padded);
    memcpy (padded + before, image + w * inside, inside * sizeof *padded);
    memset (padded + before + inside, 0, after * sizeof *padded);
  }
}

/* --- weights ----------------------------------------------------------------------------------------------------- */

/* packed       [kw][kh][in][out] as in inference
 * packed_back  [kw][kh][out][in], both axes of the kernel turned around
 * zeros        bias of either */
static NnStatus
conv2d_train_prepare (NnLayer *layer)
{
  const NnLayerSpec *spec = &layer->spec;
  const NnGemm *gemm = layer->gemm;
  const size_t high = spec->kernel[0], wide = spec->kernel[1], depth = layer->in.values, filters = spec->filters;
  const size_t size = high * wide * depth * filters;
  const float *kernel = layer->tensors[0].values;

  if (!layer->packing)
    layer->packing = calloc (size, sizeof *layer->packing);
  if (!layer->zeros)
    layer->zeros = nn_gemm_pack_bias (gemm, NULL, larger (depth, filters));
  if (!layer->packed_bias)
    layer->packed_bias = nn_gemm_pack_bias (gemm, NULL, filters);
  if (!layer->packing || !layer->zeros || !layer->packed_bias)
    return NN_NO_MEMORY;
  if (spec->use_bias)
    memcpy (layer->packed_bias, layer->tensors[1].values, filters * sizeof (float));

  for (size_t i = 0; i < high; i++)
    for (size_t j = 0; j < wide; j++)
      memcpy (layer->packing + (j * high + i) * depth * filters, kernel + (i * wide + j) * depth * filters,
          depth * filters * sizeof *kernel);
  if (!nn_gemm_repack (gemm, layer->packing, high * wide * depth, filters, &layer->packed))
    return NN_NO_MEMORY;

  for (size_t i = 0; i < high; i++)
    for (size_t j = 0; j < wide; j++)
      for (size_t c = 0; c < depth; c++)
        for (size_t o = 0; o < filters; o++)
          layer->packing[(((wide - 1 - j) * high + high - 1 - i) * filters + o) * depth + c] =
              kernel[((i * wide + j) * depth + c) * filters + o];
  return nn_gemm_repack (gemm, layer->packing, high * wide * filters, depth, &layer->packed_back) ? NN_OK
                                                                                                  : NN_NO_MEMORY;
}

/* --- a sample ---------------------------------------------------------------------------------------------------- */

/* Columns [first, first + n) of an image, those outside of it the column of zeros. */
static void
point_to_columns (const float *image, size_t columns, size_t column, const float *zeros, ptrdiff_t first, size_t n,
    const float **ret_segments)
{
  for (size_t i = 0; i < n; i++) {
    const ptrdiff_t w = first + (ptrdiff_t) i;

    ret_segments[i] = w < 0 || w >= (ptrdiff_t) columns ? zeros : image + (size_t) w * column;
  }
}

/* The padded image of a sample: a copy where there are rows to pad, else itself. */
static const float *
padded_image (const Padded *shape, const float *image, size_t columns, size_t rows, size_t values, float *room)
{
  if (shape->rows == rows)
    return image;
  pad (shape, image, columns, rows, values, room);
  return room;
}

static void
conv2d_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const NnLayerSpec *spec = &layer->spec;
  const Padded shape = padded_in (layer);
  const size_t depth = layer->in.values, n_out = columns_out (layer, slice->items);
  const size_t item_in = nn_shape_item (&layer->in), item_out = nn_shape_item (&layer->out);
  const ptrdiff_t left = (ptrdiff_t) nn_padding_before (spec->padding[1], spec->kernel[1]);
  const NnGemmShape product = {
    .m = layer->out.rows,
    .n = spec->filters,
    .k = spec->kernel[0] * depth,
    .segments = spec->kernel[1],
    .lda = depth,
  };
  float *zeros = scratch + slice->items * shape.column;
  const float *segments[NN_MAX_KERNEL];

  (void) cache;
  memset (zeros, 0, shape.column * sizeof *zeros);
  for (size_t s = 0; s < slice->samples; s++) {
    const float *image = padded_image (&shape, in + s * slice->items * item_in, slice->items, layer->in.rows, depth,
        scratch);

    for (size_t w = 0; w < n_out; w++) {
      point_to_columns (image, slice->items, shape.column, zeros, (ptrdiff_t) w - left, spec->kernel[1], segments);
      layer->gemm->run (&product, segments, layer->packed, layer->packed_bias, false, out + (s * n_out + w) * item_out);
    }
  }
}

/* din[w][h][c] = sum over i, j, o of dout[w + left - j][h + top - i][o] kernel[i][j][c][o]
 *
 * dout [n_out][padded rows][out], padded */
static void
gradient_of_input (const NnLayer *layer, const float *dout, size_t n_out, const float *zeros, size_t columns,
    float *din)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t filters = spec->filters, column = padded_dout (layer).column;
  const ptrdiff_t first = (ptrdiff_t) nn_padding_before (spec->padding[1], spec->kernel[1]) + 1 - spec->kernel[1];
  const NnGemmShape product = {
    .m = layer->in.rows,
    .n = layer->in.values,
    .k = spec->kernel[0] * filters,
    .segments = spec->kernel[1],
    .lda = filters,
  };
  const float *segments[NN_MAX_KERNEL];

  for (size_t w = 0; w < columns; w++) {
    point_to_columns (dout, n_out, column, zeros, (ptrdiff_t) w + first, spec->kernel[1], segments);
    layer->gemm->run (&product, segments, layer->packed_back, layer->zeros, false,
        din + w * nn_shape_item (&layer->in));
  }
}

/* turned[j][i][c][o] += sum over w, h of in[w + j - left][h + i][c] dout[w][h][o]
 *
 * in    [columns][padded rows][c]
 * dout  [n_out][dout_column], from its first row on */
static void
gradient_of_kernel (const NnLayer *layer, const float *in, size_t columns, const float *dout, size_t n_out,
    size_t dout_column, float *turned)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t depth = layer->in.values, wide = spec->kernel[1], in_column = padded_in (layer).column;
  const size_t left = nn_padding_before (spec->padding[1], spec->kernel[1]);
  const size_t fit = SUM_VALUES / (in_column + dout_column), most = fit < 1 ? 1 : fit < MAX_COLUMNS ? fit : MAX_COLUMNS;
  const size_t high = spec->kernel[0] * depth;
  NnGemmSum sum = {
    .m = layer->out.rows,
    .n = spec->filters,
    .k = high,
    .lda = depth,
    .ldb = spec->filters,
    .ldo = spec->filters,
  };
  const float *a[MAX_COLUMNS], *b[MAX_COLUMNS];

  for (size_t first = 0; first < n_out; first += most)
    for (size_t j = 0; j < wide; j++) {
      sum.segments = 0;
      for (size_t w = first; w < n_out && w < first + most; w++)
        if (w + j >= left && w + j - left < columns) {
          a[sum.segments] = in + (w + j - left) * in_column;
          b[sum.segments++] = dout + w * dout_column;
        }
      if (sum.segments > 0)
        layer->gemm->sum (&sum, a, b, turned + j * high * spec->filters);
    }
}

/* turned [kw][kh][in * out] added to kernel [kh][kw][in * out] */
static void
turn_back (const NnLayer *layer, const float *turned, float *kernel)
{
  const size_t high = layer->spec.kernel[0], wide = layer->spec.kernel[1], size = layer->in.values * layer->out.values;

  for (size_t j = 0; j < wide; j++)
    for (size_t i = 0; i < high; i++)
      for (size_t v = 0; v < size; v++)
        kernel[(i * wide + j) * size + v] += turned[(j * high + i) * size + v];
}

static void
conv2d_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const Padded shape_in = padded_in (layer), shape_dout = padded_dout (layer);
  const size_t columns = slice->items, n_out = columns_out (layer, columns), filters = layer->out.values;
  const size_t item_in = nn_shape_item (&layer->in), item_out = nn_shape_item (&layer->out);
  float *room_in = scratch, *room_dout = scratch + columns * shape_in.column;
  float *zeros = room_dout + n_out * shape_dout.column, *turned = zeros + shape_dout.column + NN_GEMM_SLACK;

  (void) out;
  (void) cache;
  memset (zeros, 0, (shape_dout.column + NN_GEMM_SLACK) * sizeof *zeros);
  memset (turned, 0, nn_tensor_size (&layer->tensors[0]) * sizeof *turned);
  for (size_t s = 0; s < slice->samples; s++) {
    const float *image = padded_image (&shape_in, in + s * columns * item_in, columns, layer->in.rows, layer->in.values,
        room_in);
    const float *d = dout + s * n_out * item_out;

    pad (&shape_dout, d, n_out, layer->out.rows, filters, room_dout);
    gradient_of_kernel (layer, image, columns, room_dout + shape_dout.before * filters, n_out, shape_dout.column,
        turned);
    if (layer->spec.use_bias)
      nn_add_rows (d, n_out * layer->out.rows, filters, gradients[1]);
    if (din)
      gradient_of_input (layer, room_dout, n_out, zeros, columns, din + s * columns * item_in);
  }
  turn_back (layer, turned, gradients[0]);
}

const NnLayerTraining nn_conv2d_training = {
  .scratch_values = conv2d_train_scratch,
  .prepare = conv2d_train_prepare,
  .forward = conv2d_train_forward,
  .backward = conv2d_train_backward,
};
