/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pixels.h - the loops of max_pool2d, and of batch_norm in training, over arrays with channels innermost.
 *
 * Layer:   nn; libc.
 * Threads: pure functions.
 *
 * Arrays are [pixels][channels] unless they say otherwise; what is written overlaps nothing that is read.
 */
#ifndef NN_PIXELS_H
#define NN_PIXELS_H

#include <stddef.h>

/* Cells of a max_pool2d side by side: `cells` of them, one behind the other in one row of cells.
 *
 * The first value of cell n of an image is at n * high * channels, its other columns are `column` values apart. */
typedef struct NnCells
{
  size_t cells, channels;
  size_t high, wide;
  size_t column;
} NnCells;

typedef struct NnPixels
{
  /* sums[c] += sum of x[..][c] - pivot[c]     sums[channels + c] += sum of (x[..][c] - pivot[c])^2 */
  void (*sum_squares) (const float *x, size_t pixels, size_t channels, const float *pivot, double *sums);

  /* sums[c] += sum of dy[..][c]     sums[channels + c] += sum of dy[..][c] (x[..][c] - mean[c]) */
  void (
      *sum_products) (const float *x, const float *dy, size_t pixels, size_t channels, const float *mean, double *sums);

  /* y = scale[c] x + shift[c] */
  void (*scale) (const float *x, size_t pixels, size_t channels, const float *scale, const float *shift, float *y);

  /* dx = a[c] dy + b[c] (x - mean[c]) + shift[c] */
  void (*scale_back) (const float *x, const float *dy, size_t pixels, size_t channels, const float *mean,
      const float *a, const float *b, const float *shift, float *dx);

  /* out [cells][channels]: the largest of each cell of x */
  void (*max) (const NnCells *cells, const float *x, float *out);

  /* dx: dout [cells][channels] where x has the first largest of its cell, row after row of it; else 0 */
  void (*max_back) (const NnCells *cells, const float *x, const float *dout, float *dx);
} NnPixels;

/* pixels_simd.c, each where nn_gemm_... of that name is; the last on every machine. */
extern const NnPixels nn_pixels_avx512;
extern const NnPixels nn_pixels_avx2;
extern const NnPixels nn_pixels_neon;
extern const NnPixels nn_pixels_plain;

#endif
