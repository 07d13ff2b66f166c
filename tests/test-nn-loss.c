/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/loss.h: against the definitions and their central differences, in double; known values; what would overflow.
 */
#include "nn/loss.h"

#include "tests/nn_random.h"

enum
{
  MAX_UNITS = 40,
  ROUNDS = 300,
};

static const struct
{
  NnLoss loss;
  const char *name;
} losses[] = {
  { NN_LOSS_CROSS_ENTROPY, "cross-entropy" },
  { NN_LOSS_MEAN_SQUARED_ERROR, "mean squared error" },
  { NN_LOSS_SIGMOID_CROSS_ENTROPY, "sigmoid cross-entropy" },
};

/* Targets in [0, 1), a distribution for cross-entropy but now and then. */
static void
random_target (uint64_t *seed, NnLoss loss, float *target, size_t units)
{
  float sum = 0;

  for (size_t i = 0; i < units; i++) {
    target[i] = .5F + .5F * test_noise (seed);
    if (nn_random_size (seed, 0, 4) == 0)
      target[i] = 0;
    sum += target[i];
  }
  if (loss == NN_LOSS_CROSS_ENTROPY && sum > 0 && nn_random_size (seed, 0, 5) > 0)
    for (size_t i = 0; i < units; i++)
      target[i] /= sum;
}

static void
test_gradients (void)
{
  uint64_t seed = 1;

  for (size_t k = 0; k < sizeof losses / sizeof *losses; k++)
    for (int round = 0; round < ROUNDS; round++) {
      const size_t units = nn_random_size (&seed, 1, MAX_UNITS);
      float y[MAX_UNITS], target[MAX_UNITS], gradient[MAX_UNITS];
      double exact_y[MAX_UNITS], exact_target[MAX_UNITS];

      nn_random_array (&seed, 6, y, units);
      random_target (&seed, losses[k].loss, target, units);
      for (size_t i = 0; i < units; i++) {
        exact_y[i] = (double) y[i];
        exact_target[i] = (double) target[i];
      }

      const double loss = nn_loss (losses[k].loss, y, target, units, gradient);
      const double expected = nn_loss_ref (losses[k].loss, exact_y, exact_target, units);

      CHECK (fabs (loss - expected) <= 1e-12 * fmax (1, fabs (expected)), "%s: %.17g, not %.17g", losses[k].name, loss,
          expected);
      for (size_t i = 0; i < units; i++) {
        const double at = exact_y[i], step = 1e-5;

        exact_y[i] = at + step;
        const double above = nn_loss_ref (losses[k].loss, exact_y, exact_target, units);
        exact_y[i] = at - step;
        const double below = nn_loss_ref (losses[k].loss, exact_y, exact_target, units);
        exact_y[i] = at;
        const double slope = (above - below) / (2 * step);

        CHECK (fabs ((double) gradient[i] - slope) <= 1e-6 * fmax (1, fabs (slope)), "%s: d/dy[%zu] %.9g, not %.9g",
            losses[k].name, i, (double) gradient[i], slope);
      }

      /* The gradient may take the place of y. */
      nn_loss (losses[k].loss, y, target, units, y);
      CHECK (memcmp (y, gradient, units * sizeof *y) == 0, "%s in place", losses[k].name);
    }
}

static void
test_known (void)
{
  const float zeros[4] = { 0 }, one_hot[4] = { 0, 0, 1, 0 }, smooth[4] = { .05F, .05F, .85F, .05F };
  const float y[2] = { 1, -3 }, target[2] = { 3, 1 };
  float gradient[4];

  CHECK (fabs (nn_loss (NN_LOSS_CROSS_ENTROPY, zeros, one_hot, 4, gradient) - log (4)) < 1e-15, "ln 4");
  CHECK (gradient[2] == -.75F && gradient[0] == .25F, "%g %g", (double) gradient[2], (double) gradient[0]);
  CHECK (fabs (nn_loss (NN_LOSS_CROSS_ENTROPY, zeros, smooth, 4, gradient) - log (4)) < 1e-7, "smoothed");
  CHECK (nn_loss (NN_LOSS_MEAN_SQUARED_ERROR, y, target, 2, gradient) == 10, "(4 + 16) / 2");
  CHECK (gradient[0] == -2 && gradient[1] == -4, "%g %g", (double) gradient[0], (double) gradient[1]);
  CHECK (fabs (nn_loss (NN_LOSS_SIGMOID_CROSS_ENTROPY, zeros, smooth, 4, gradient) - log (2)) < 1e-15, "ln 2");
  CHECK (fabsf (gradient[2] + .35F / 4) < 1e-7F, "%g", (double) gradient[2]);
}

/* Outputs whose exp() is infinite, or whose probability is 0 in float. */
static void
test_extremes (void)
{
  const float y[3] = { 1000, -1000, 999 }, first[3] = { 1, 0, 0 }, second[3] = { 0, 1, 0 };
  const float huge[2] = { 3e38F, -3e38F }, right[2] = { 1, 0 };
  float gradient[3];
  double loss;

  loss = nn_loss (NN_LOSS_CROSS_ENTROPY, y, first, 3, gradient);
  CHECK (fabs (loss - log1p (exp (-1))) < 1e-12, "%g", loss);
  loss = nn_loss (NN_LOSS_CROSS_ENTROPY, y, second, 3, gradient);
  CHECK (fabs (loss - 2000 - log1p (exp (-1))) < 1e-9, "%g", loss);
  CHECK (gradient[1] == -1 && gradient[0] > .7F && gradient[0] < .74F, "%g", (double) gradient[1]);
  loss = nn_loss (NN_LOSS_SIGMOID_CROSS_ENTROPY, y, first, 3, gradient);
  CHECK (fabs (loss - 333) < 1e-9, "%g", loss);
  CHECK (gradient[0] == 0 && gradient[1] == 0 && gradient[2] == 1.F / 3, "%g", (double) gradient[2]);
  loss = nn_loss (NN_LOSS_CROSS_ENTROPY, huge, right, 2, gradient);
  CHECK (loss == 0 && gradient[0] == 0 && gradient[1] == 0, "%g", loss);
  loss = nn_loss (NN_LOSS_SIGMOID_CROSS_ENTROPY, huge, right, 2, gradient);
  CHECK (loss == 0 && gradient[0] == 0 && gradient[1] == 0, "%g", loss);

  for (size_t k = 0; k < sizeof losses / sizeof *losses; k++)
    for (size_t i = 0; i < 3; i++) {
      float broken[3] = { 1, 2, 3 };

      broken[i] = NAN;
      loss = nn_loss (losses[k].loss, broken, first, 3, gradient);
      CHECK (!isfinite (loss), "%s of NaN is %g", losses[k].name, loss);
    }
}

int
main (void)
{
  test_gradients ();
  test_known ();
  test_extremes ();
  TEST_END ();
}
