/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/loss.h"

#include <math.h>

/* ln softmax (y)[i] = y[i] - m - ln sum over j of exp (y[j] - m), with m = max y: no exponent is above 0
 *
 * d/dy[i] = softmax (y)[i] sum over j of target[j] - target[i] */
static double
cross_entropy (const float *y, const float *target, size_t units, float *gradient)
{
  double largest = (double) y[0], sum = 0, mass = 0, loss = 0;

  for (size_t i = 1; i < units; i++)
    largest = (double) y[i] > largest ? (double) y[i] : largest;
  for (size_t i = 0; i < units; i++) {
    sum += exp ((double) y[i] - largest);
    mass += (double) target[i];
  }

  const double log_sum = log (sum);

  for (size_t i = 0; i < units; i++) {
    const double log_p = (double) y[i] - largest - log_sum, t = (double) target[i];

    if (t != 0) /* 0 ln p = 0, also for p = 0 */
      loss -= t * log_p;
    gradient[i] = (float) (exp (log_p) * mass - t);
  }
  return loss;
}

static double
mean_squared_error (const float *y, const float *target, size_t units, float *gradient)
{
  double loss = 0;

  for (size_t i = 0; i < units; i++) {
    const double error = (double) y[i] - (double) target[i];

    loss += error * error;
    gradient[i] = (float) (2 * error / (double) units);
  }
  return loss / (double) units;
}

/* - t ln s (y) - (1 - t) ln (1 - s (y)) = max (0, y) - t y + ln (1 + exp (-|y|));   d/dy = s (y) - t */
static double
sigmoid_cross_entropy (const float *y, const float *target, size_t units, float *gradient)
{
  double loss = 0;

  for (size_t i = 0; i < units; i++) {
    const double x = (double) y[i], t = (double) target[i], e = exp (-fabs (x));
    const double sigmoid = (x < 0 ? e : 1) / (1 + e);

    loss += (x > 0 ? x : 0) - t * x + log1p (e);
    gradient[i] = (float) ((sigmoid - t) / (double) units);
  }
  return loss / (double) units;
}

double
nn_loss (NnLoss loss, const float *y, const float *target, size_t units, float *gradient)
{
  switch (loss) {
    case NN_LOSS_CROSS_ENTROPY:
      return cross_entropy (y, target, units, gradient);
    case NN_LOSS_MEAN_SQUARED_ERROR:
      return mean_squared_error (y, target, units, gradient);
    case NN_LOSS_SIGMOID_CROSS_ENTROPY:
      return sigmoid_cross_entropy (y, target, units, gradient);
  }
  return 0;
}

double
nn_loss_ref (NnLoss loss, const double *y, const double *target, size_t units)
{
  double sum = 0, z = 0;

  for (size_t i = 0; i < units; i++)
    z += exp (y[i]);
  for (size_t i = 0; i < units; i++) {
    const double t = target[i], s = 1 / (1 + exp (-y[i]));

    switch (loss) {
      case NN_LOSS_CROSS_ENTROPY:
        sum -= t * log (exp (y[i]) / z);
        break;
      case NN_LOSS_MEAN_SQUARED_ERROR:
        sum += (y[i] - t) * (y[i] - t) / (double) units;
        break;
      case NN_LOSS_SIGMOID_CROSS_ENTROPY:
        sum += (-t * log (s) - (1 - t) * log (1 - s)) / (double) units;
        break;
    }
  }
  return sum;
}
