/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/initializer.h"

#include "nn/random.h"

#include <math.h>

/* Uniform in [0, 1). */
static double
uniform (uint64_t *state)
{
  return (double) (nn_random_next (state) >> 11) * 0x1p-53;
}

/* Box and Muller's, of which one of the two is thrown away. */
static double
normal (uint64_t *state)
{
  const double pi = 3.14159265358979323846, radius = sqrt (-2 * log (1 - uniform (state)));

  return radius * cos (2 * pi * uniform (state));
}

static void
fill (NnTensor *tensor, size_t first, size_t n, float value)
{
  for (size_t i = first; i < first + n; i++)
    tensor->values[i] = value;
}

/* [in][out], or [kh][kw][in][out] with fans of kh kw in and kh kw out. */
static void
glorot_uniform (NnTensor *tensor, uint64_t *state)
{
  const size_t size = nn_tensor_size (tensor), in = tensor->dim[tensor->rank - 2], out = tensor->dim[tensor->rank - 1];
  const double fans = (double) size / (double) in + (double) size / (double) out;
  const double limit = sqrt (6 / fans);

  for (size_t i = 0; i < size; i++)
    tensor->values[i] = (float) (limit * (2 * uniform (state) - 1));
}

static double
dot (const float *a, const float *b, size_t n)
{
  double sum = 0;

  for (size_t i = 0; i < n; i++)
    sum += (double) a[i] * (double) b[i];
  return sum;
}

/* Gram and Schmidt's on rows of normal numbers.  The rows are several times longer than many, and so not nearly
 * dependent: rounding leaves nothing of one in another. */
static void
orthogonal (NnTensor *tensor, uint64_t *state)
{
  const size_t rows = tensor->dim[0], n = tensor->dim[1]; /* n is a multiple of rows */

  for (size_t r = 0; r < rows; r++) {
    float *row = tensor->values + r * n;

    for (size_t i = 0; i < n; i++)
      row[i] = (float) normal (state);
    for (size_t q = 0; q < r; q++) {
      const float *other = tensor->values + q * n;
      const double along = dot (row, other, n);

      for (size_t i = 0; i < n; i++)
        row[i] -= (float) (along * (double) other[i]);
    }

    const double length = sqrt (dot (row, row, n));

    for (size_t i = 0; i < n; i++)
      row[i] = (float) ((double) row[i] / length);
  }
}

void
nn_initialize (NnLayer *layer, unsigned index, uint64_t seed)
{
  NnTensor *tensor = &layer->tensors[index];
  const size_t size = nn_tensor_size (tensor);

  switch (tensor->role) {
    case NN_ROLE_KERNEL:
      glorot_uniform (tensor, &seed);
      break;
    case NN_ROLE_RECURRENT_KERNEL:
      orthogonal (tensor, &seed);
      break;
    case NN_ROLE_GAMMA:
    case NN_ROLE_MOVING_VARIANCE:
      fill (tensor, 0, size, 1);
      break;
    case NN_ROLE_BIAS:
    case NN_ROLE_BETA:
    case NN_ROLE_MOVING_MEAN:
      fill (tensor, 0, size, 0);
      break;
    case NN_ROLE_LSTM_BIAS:
      fill (tensor, 0, size, 0);
      fill (tensor, size / 4, size / 4, 1);
      break;
  }
}
