/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loops of nn/pixels.h in vectors of GCC and clang, compiled once for each instruction set (nn/simd.h), and once
 * for none.
 *
 * Channels are cut into pieces of one vector.  Where they are no multiple of it, the last piece overlaps the one
 * before: what it writes again is the same, and what it sums again is left out.  Less than one vector of channels is
 * copied into one and out of it.
 */
#include "nn/pixels.h"
#include "nn/simd.h"

#include <string.h>

enum
{
  BLOCK = 128 /* pixels that are summed in float; then in double */
};

typedef double Doubles __attribute__ ((vector_size (LANES * sizeof (double)), aligned (sizeof (double)), may_alias));

/* n is LANES, and known to be when this is inlined, or less. */
INLINE Vector
load (const float *x, const size_t n)
{
  Vector v = { 0 };

  if (n == LANES)
    return *(const Stored *) x;
  memcpy (&v, x, n * sizeof *x);
  return v;
}

INLINE void
store (float *x, Vector v, const size_t n)
{
  if (n == LANES)
    *(Stored *) x = v;
  else
    memcpy (x, &v, n * sizeof *x);
}

/* a where the mask is set, else b. */
INLINE Vector
choose (Mask mask, Vector a, Vector b)
{
  return (Vector) (((Mask) a & mask) | ((Mask) b & ~mask));
}

/* Where the piece that starts at or behind channel c really starts. */
static size_t
piece_at (size_t channels, size_t c)
{
  return channels - c < LANES ? channels - LANES : c;
}

/* --- sums -------------------------------------------------------------------------------------------------------- */

/* sums[i] += v[i] for the channels that no piece before had: those from `skip` on. */
INLINE void
add_to (double *sums, Vector v, size_t skip, const size_t n)
{
  if (skip == 0 && n == LANES)
    /* clang-format off */
    *(Doubles *) sums += __builtin_convertvector (v, Doubles);
  /* clang-format on */
  else
    for (size_t i = skip; i < n; i++)
      sums[i] += (double) v[i];
}

INLINE void
sum_squares_piece (const float *x, size_t pixels, size_t channels, const float *pivot, size_t skip, const size_t n,
    double *sums)
{
  const Vector p = load (pivot, n);
  Vector sum[2] = { { 0 }, { 0 } }, square[2] = { { 0 }, { 0 } };

  for (size_t i = 0; i < pixels; i++, x += channels) {
    const Vector d = load (x, n) - p;

    sum[0] += d;
    square[0] = multiply_add (d, d, square[0]);
    if (++i == pixels)
      break;
    x += channels;

    const Vector e = load (x, n) - p;

    sum[1] += e;
    square[1] = multiply_add (e, e, square[1]);
  }
  add_to (sums, sum[0] + sum[1], skip, n);
  add_to (sums + channels, square[0] + square[1], skip, n);
}

static void
sum_squares (const float *x, size_t pixels, size_t channels, const float *pivot, double *sums)
{
  for (size_t first = 0; first < pixels; first += BLOCK, x += BLOCK * channels) {
    const size_t block = pixels - first < BLOCK ? pixels - first : BLOCK;

    if (channels < LANES)
      sum_squares_piece (x, block, channels, pivot, 0, channels, sums);
    else
      for (size_t c = 0; c < channels; c += LANES) {
        const size_t at = piece_at (channels, c);

        sum_squares_piece (x + at, block, channels, pivot + at, c - at, LANES, sums + at);
      }
  }
}

INLINE void
sum_products_piece (const float *x, const float *dy, size_t pixels, size_t channels, const float *mean, size_t skip,
    const size_t n, double *sums)
{
  const Vector m = load (mean, n);
  Vector sum[2] = { { 0 }, { 0 } }, product[2] = { { 0 }, { 0 } };

  for (size_t i = 0; i < pixels; i++, x += channels, dy += channels) {
    const Vector d = load (dy, n);

    sum[0] += d;
    product[0] = multiply_add (d, load (x, n) - m, product[0]);
    if (++i == pixels)
      break;
    x += channels;
    dy += channels;

    const Vector e = load (dy, n);

    sum[1] += e;
    product[1] = multiply_add (e, load (x, n) - m, product[1]);
  }
  add_to (sums, sum[0] + sum[1], skip, n);
  add_to (sums + channels, product[0] + product[1], skip, n);
}

static void
sum_products (const float *x, const float *dy, size_t pixels, size_t channels, const float *mean, double *sums)
{
  for (size_t first = 0; first < pixels; first += BLOCK, x += BLOCK * channels, dy += BLOCK * channels) {
    const size_t block = pixels - first < BLOCK ? pixels - first : BLOCK;

    if (channels < LANES)
      sum_products_piece (x, dy, block, channels, mean, 0, channels, sums);
    else
      for (size_t c = 0; c < channels; c += LANES) {
        const size_t at = piece_at (channels, c);

        sum_products_piece (x + at, dy + at, block, channels, mean + at, c - at, LANES, sums + at);
      }
  }
}

/* --- one value at a time ---------------------------------------------------------------------------------------- */

INLINE void
scale_piece (const float *x, size_t pixels, size_t channels, const float *scales, const float *shifts, const size_t n,
    float *y)
{
  const Vector a = load (scales, n), b = load (shifts, n);

  for (size_t i = 0; i < pixels; i++)
    store (y + i * channels, multiply_add (a, load (x + i * channels, n), b), n);
}

static void
scale (const float *x, size_t pixels, size_t channels, const float *scales, const float *shifts, float *y)
{
  for (size_t first = 0; first < pixels; first += BLOCK, x += BLOCK * channels, y += BLOCK * channels) {
    const size_t block = pixels - first < BLOCK ? pixels - first : BLOCK;

    if (channels < LANES)
      scale_piece (x, block, channels, scales, shifts, channels, y);
    else
      for (size_t c = 0; c < channels; c += LANES) {
        const size_t at = piece_at (channels, c);

        scale_piece (x + at, block, channels, scales + at, shifts + at, LANES, y + at);
      }
  }
}

INLINE void
scale_back_piece (const float *x, const float *dy, size_t pixels, size_t channels, const float *mean, const float *a,
    const float *b, const float *shift, const size_t n, float *dx)
{
  const Vector m = load (mean, n), va = load (a, n), vb = load (b, n), vs = load (shift, n);

  for (size_t i = 0; i < pixels; i++) {
    const Vector shifted = multiply_add (vb, load (x + i * channels, n) - m, vs);

    store (dx + i * channels, multiply_add (va, load (dy + i * channels, n), shifted), n);
  }
}

static void
scale_back (const float *x, const float *dy, size_t pixels, size_t channels, const float *mean, const float *a,
    const float *b, const float *shift, float *dx)
{
  for (size_t first = 0; first < pixels; first += BLOCK) {
    const size_t block = pixels - first < BLOCK ? pixels - first : BLOCK;

    if (channels < LANES)
      scale_back_piece (x, dy, block, channels, mean, a, b, shift, channels, dx);
    else
      for (size_t c = 0; c < channels; c += LANES) {
        const size_t at = piece_at (channels, c);

        scale_back_piece (x + at, dy + at, block, channels, mean + at, a + at, b + at, shift + at, LANES, dx + at);
      }
    x += BLOCK * channels;
    dy += BLOCK * channels;
    dx += BLOCK * channels;
  }
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

/* The largest of a cell, a vector of channels. */
INLINE Vector
largest (const NnCells *cells, const float *x, const size_t n)
{
  Vector best = load (x, n);

  for (size_t i = 0; i < cells->high; i++)
    for (size_t j = 0; j < cells->wide; j++) {
      const Vector v = load (x + j * cells->column + i * cells->channels, n);

      best = choose ((Mask) (v > best), v, best);
    }
  return best;
}

static void
max (const NnCells *cells, const float *x, float *out)
{
  const size_t channels = cells->channels;

  for (size_t k = 0; k < cells->cells; k++, x += cells->high * channels, out += channels) {
    if (channels < LANES)
      store (out, largest (cells, x, channels), channels);
    else
      for (size_t c = 0; c < channels; c += LANES) {
        const size_t at = piece_at (channels, c);

        store (out + at, largest (cells, x + at, LANES), LANES);
      }
  }
}

INLINE void
max_back_piece (const NnCells *cells, const float *x, const float *dout, const size_t n, float *dx)
{
  const Vector best = largest (cells, x, n), zero = { 0 };
  Vector left = load (dout, n); /* what no place has taken yet */

  for (size_t i = 0; i < cells->high; i++)
    for (size_t j = 0; j < cells->wide; j++) {
      const size_t at = j * cells->column + i * cells->channels;
      const Mask takes = (Mask) (load (x + at, n) == best);

      store (dx + at, choose (takes, left, zero), n);
      left = choose (takes, zero, left);
    }
}

static void
max_back (const NnCells *cells, const float *x, const float *dout, float *dx)
{
  const size_t channels = cells->channels;

  for (size_t k = 0; k < cells->cells; k++) {
    if (channels < LANES)
      max_back_piece (cells, x, dout, channels, dx);
    else
      for (size_t c = 0; c < channels; c += LANES) {
        const size_t at = piece_at (channels, c);

        max_back_piece (cells, x + at, dout + at, LANES, dx + at);
      }
    x += cells->high * channels;
    dx += cells->high * channels;
    dout += channels;
  }
}

const NnPixels SIMD (nn_pixels) = {
  .sum_squares = sum_squares,
  .sum_products = sum_products,
  .scale = scale,
  .scale_back = scale_back,
  .max = max,
  .max_back = max_back,
};
