/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pixels.h: the loops of every instruction set that the processor has, bit for bit, against one value at a time in
 * the order that they have; the largest of cells is tested with the layers that look for it.
 */
#include "nn/gemm.h"
#include "nn/pixels.h"
#include "tests/nn_random.h"

#include <stdlib.h>

enum
{
  BLOCK = 128, /* pixels that are summed in float, odd and even ones apart */
  MAX_PIXELS = 300,
  MAX_CHANNELS = 70,
  SIZE = MAX_PIXELS * MAX_CHANNELS,
};

static size_t pixels, channels;
static float x[SIZE], dy[SIZE], mean[MAX_CHANNELS], a[MAX_CHANNELS], b[MAX_CHANNELS], shift[MAX_CHANNELS];

typedef float (*Fma) (float, float, float);

static float
twice_rounded (float p, float q, float c)
{
  const float product = p * q;

  return product + c;
}

/* sums[2][channels]: of v and of v w; a sum of each over the even and one over the odd pixels of a block. */
static void
sum_blocks (Fma multiply_add, const float *v, const float *v_mean, const float *w, double *sums)
{
  for (size_t c = 0; c < channels; c++)
    for (size_t first = 0; first < pixels; first += BLOCK) {
      float sum[2] = { 0, 0 }, product[2] = { 0, 0 };

      for (size_t i = first; i < pixels && i < first + BLOCK; i++) {
        const float at_v = v[i * channels + c] - (v_mean ? v_mean[c] : 0), at_w = w[i * channels + c] - mean[c];

        sum[i % 2] += at_v;
        product[i % 2] = multiply_add (at_v, at_w, product[i % 2]);
      }
      sums[c] += (double) (sum[0] + sum[1]);
      sums[channels + c] += (double) (product[0] + product[1]);
    }
}

static void
check_sums (const char *name, const char *loop, const double *found, const double *expected)
{
  CHECK (memcmp (found, expected, 2 * channels * sizeof *found) == 0, "%s: %s of %zu pixels of %zu channels", name,
      loop, pixels, channels);
}

static void
check_values (const char *name, const char *loop, const float *found, const float *expected)
{
  CHECK (memcmp (found, expected, pixels * channels * sizeof *found) == 0, "%s: %s of %zu pixels of %zu channels", name,
      loop, pixels, channels);
}

static void
check (const char *name, const NnPixels *loops, Fma multiply_add)
{
  static double sums[2 * MAX_CHANNELS], expected_sums[2 * MAX_CHANNELS];
  static float y[SIZE], expected[SIZE];

  for (size_t c = 0; c < 2 * channels; c++)
    sums[c] = expected_sums[c] = (double) c;
  loops->sum_squares (x, pixels, channels, mean, sums);
  sum_blocks (multiply_add, x, mean, x, expected_sums);
  check_sums (name, "sum_squares", sums, expected_sums);
  loops->sum_products (x, dy, pixels, channels, mean, sums);
  sum_blocks (multiply_add, dy, NULL, x, expected_sums);
  check_sums (name, "sum_products", sums, expected_sums);

  loops->scale (x, pixels, channels, a, shift, y);
  for (size_t i = 0; i < pixels * channels; i++)
    expected[i] = multiply_add (a[i % channels], x[i], shift[i % channels]);
  check_values (name, "scale", y, expected);

  loops->scale_back (x, dy, pixels, channels, mean, a, b, shift, y);
  for (size_t i = 0; i < pixels * channels; i++) {
    const size_t c = i % channels;

    expected[i] = multiply_add (a[c], dy[i], multiply_add (b[c], x[i] - mean[c], shift[c]));
  }
  check_values (name, "scale_back", y, expected);
}

int
main (void)
{
  uint64_t seed = 1;

  nn_random_array (&seed, 1, x, SIZE);
  nn_random_array (&seed, 1, dy, SIZE);
  nn_random_array (&seed, 1, mean, MAX_CHANNELS);
  nn_random_array (&seed, 1, a, MAX_CHANNELS);
  nn_random_array (&seed, 1, b, MAX_CHANNELS);
  nn_random_array (&seed, 1, shift, MAX_CHANNELS);
  for (channels = 1; channels <= MAX_CHANNELS; channels++) {
    const NnGemm *gemm;

    pixels = nn_random_size (&seed, 1, MAX_PIXELS);
    for (size_t i = 0; (gemm = nn_gemm_nth (i)) != NULL; i++)
      check (gemm->name, gemm->pixels, gemm->pixels == &nn_pixels_plain ? twice_rounded : fmaf);
  }
  TEST_END ();
}
