/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/nn_random.h - random arrays and weights, and the one comparison, for the tests of nn/.
 *
 * Layer:   tests; uses nn/layer.h.
 * Threads: pure functions but for the state of the generator that is passed in.
 */
#ifndef TESTS_NN_RANDOM_H
#define TESTS_NN_RANDOM_H

#include "nn/layer.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

/* Uniform in [low, high]. */
static inline size_t
nn_random_size (uint64_t *seed, size_t low, size_t high)
{
  return low + (size_t) (test_random (seed) >> 33) % (high - low + 1);
}

/* x [n]  out, uniform in [-scale, scale) */
static inline void
nn_random_array (uint64_t *seed, float scale, float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] = scale * test_noise (seed);
}

/* Weights that keep a unit input at about unit size; variances in [.5, 1.5), gammas of both signs. */
static inline void
nn_random_tensor (uint64_t *seed, NnTensor *tensor)
{
  const size_t size = nn_tensor_size (tensor);
  const float fan_in = (float) size / (float) tensor->dim[tensor->rank - 1];

  nn_random_array (seed, tensor->rank > 1 ? sqrtf (3 / fan_in) : .5F, tensor->values, size);
  for (size_t i = 0; i < size; i++)
    if (tensor->role == NN_ROLE_MOVING_VARIANCE)
      tensor->values[i] += 1;
    else if (tensor->role == NN_ROLE_GAMMA)
      tensor->values[i] += i % 3 == 0 ? -1.F : 1.F;
}

/* max |x - expected| / max |expected| over [n]; infinite if anything is not finite. */
static inline double
nn_relative_error (const float *x, const float *expected, size_t n)
{
  double error = 0, size = 1e-30;

  for (size_t i = 0; i < n; i++) {
    if (!isfinite (x[i]) || !isfinite (expected[i]))
      return (double) INFINITY;
    error = fmax (error, fabs ((double) x[i] - (double) expected[i]));
    size = fmax (size, fabs ((double) expected[i]));
  }
  return error / size;
}

#endif
