/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/optimizer.h"

#include <math.h>
#include <string.h>

void
nn_adamw (const NnAdamW *adamw, const float *restrict gradient, float *restrict weight, float *restrict m,
    float *restrict v, size_t n)
{
  const float beta_1 = (float) adamw->beta_1, beta_2 = (float) adamw->beta_2;
  const float rest_1 = (float) (1 - adamw->beta_1), rest_2 = (float) (1 - adamw->beta_2);
  const float keep = (float) (1 - adamw->learning_rate * adamw->weight_decay);
  const float rate = (float) (adamw->learning_rate / (1 - pow (adamw->beta_1, (double) adamw->step)));
  const float correction = (float) (1 / sqrt (1 - pow (adamw->beta_2, (double) adamw->step)));
  const float scale = (float) adamw->scale, epsilon = (float) adamw->epsilon;

  for (size_t i = 0; i < n; i++) {
    const float g = scale * gradient[i];

    m[i] = beta_1 * m[i] + rest_1 * g;
    v[i] = beta_2 * v[i] + rest_2 * g * g;
    weight[i] = keep * weight[i] - rate * m[i] / (sqrtf (v[i]) * correction + epsilon);
  }
}

void
nn_adamw_ref (const NnAdamW *adamw, const double *gradient, double *weight, double *m, double *v, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const double g = adamw->scale * gradient[i];

    weight[i] -= adamw->learning_rate * adamw->weight_decay * weight[i];
    m[i] = adamw->beta_1 * m[i] + (1 - adamw->beta_1) * g;
    v[i] = adamw->beta_2 * v[i] + (1 - adamw->beta_2) * g * g;

    const double mean = m[i] / (1 - pow (adamw->beta_1, (double) adamw->step));
    const double square = v[i] / (1 - pow (adamw->beta_2, (double) adamw->step));

    weight[i] -= adamw->learning_rate * mean / (sqrt (square) + adamw->epsilon);
  }
}

double
nn_clip_scale (double norm, double limit)
{
  return limit > 0 && norm > limit ? limit / norm : 1;
}

double
nn_average_decay (double decay, uint64_t step)
{
  return fmin (decay, (double) step / (9 + (double) step));
}

void
nn_average (double decay, const float *restrict weight, float *restrict average, size_t n)
{
  const float rest = (float) (1 - decay);

  if (decay <= 0) {
    memcpy (average, weight, n * sizeof *average);
    return;
  }
  for (size_t i = 0; i < n; i++)
    average[i] += rest * (weight[i] - average[i]);
}
