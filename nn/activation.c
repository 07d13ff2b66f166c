/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/activation.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

double
nn_activation_ref (NnActivation activation, double x)
{
  switch (activation) {
    case NN_ACTIVATION_TANH:
      return tanh (x);
    case NN_ACTIVATION_SIGMOID:
      return 1 / (1 + exp (-x));
    case NN_ACTIVATION_HARD_SIGMOID:
      return fmin (1, fmax (0, .2 * x + .5));
    case NN_ACTIVATION_RELU:
      return fmax (0, x);
  }
  return 0;
}

/* e^x for |x| <= 87, relative error below 2e-7; written so that loops over it vectorize, which expf() does not.
 * x = n ln 2 + r with |r| <= ln 2 / 2; n by adding 1.5 * 2^23, which rounds to an integer; ln 2 in two parts (Cody and
 * Waite); e^r by its Taylor series to r^7, whose next term is below 6e-9. */
static inline float
exp_bounded (float x)
{
  const float shifted = x * 1.44269504F + 12582912.F;
  const float n = shifted - 12582912.F;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float y = 1 / 5040.F;
  int32_t bits;

  y = y * r + 1 / 720.F;
  y = y * r + 1 / 120.F;
  y = y * r + 1 / 24.F;
  y = y * r + 1 / 6.F;
  y = y * r + .5F;
  y = y * r + 1;
  y = y * r + 1;
  bits = ((int32_t) n + 127) * (1 << 23);

  float scale;
  memcpy (&scale, &bits, sizeof scale);
  return y * scale;
}

static inline float
clamp (float x, float low, float high)
{
  x = x > low ? x : low;
  return x < high ? x : high;
}

/* Clamping is a loop of its own: within the other, GCC makes branches of the clamped ends and does not vectorize. */
VECTOR_CLONES void
nn_activation_apply (NnActivation activation, float *x, size_t n)
{
  switch (activation) {
    case NN_ACTIVATION_TANH: /* 1 - 2 / (e^2x + 1) */
      for (size_t i = 0; i < n; i++)
        x[i] = clamp (2 * x[i], -87, 87);
      for (size_t i = 0; i < n; i++)
        x[i] = 1 - 2 / (exp_bounded (x[i]) + 1);
      return;
    case NN_ACTIVATION_SIGMOID:
      for (size_t i = 0; i < n; i++)
        x[i] = clamp (-x[i], -87, 87);
      for (size_t i = 0; i < n; i++)
        x[i] = 1 / (1 + exp_bounded (x[i]));
      return;
    case NN_ACTIVATION_HARD_SIGMOID:
      for (size_t i = 0; i < n; i++)
        x[i] = clamp (.2F * x[i] + .5F, 0, 1);
      return;
    case NN_ACTIVATION_RELU:
      for (size_t i = 0; i < n; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
      return;
  }
}

void
nn_activation_backward (NnActivation activation, const float *y, float *d, size_t n)
{
  switch (activation) {
    case NN_ACTIVATION_TANH:
      for (size_t i = 0; i < n; i++)
        d[i] *= 1 - y[i] * y[i];
      return;
    case NN_ACTIVATION_SIGMOID:
      for (size_t i = 0; i < n; i++)
        d[i] *= y[i] * (1 - y[i]);
      return;
    case NN_ACTIVATION_HARD_SIGMOID:
      for (size_t i = 0; i < n; i++)
        d[i] = y[i] > 0 && y[i] < 1 ? .2F * d[i] : 0;
      return;
    case NN_ACTIVATION_RELU:
      for (size_t i = 0; i < n; i++)
        d[i] = y[i] > 0 ? d[i] : 0;
      return;
  }
}
