/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/optimizer.h against its formulas in double, and values worked out by hand; nn/schedule.h's corners;
 * nn/initializer.h's distributions.
 */
#include "nn/optimizer.h"

#include "nn/initializer.h"
#include "nn/layers.h"
#include "nn/schedule.h"
#include "tests/nn_random.h"

#include <stdlib.h>

enum
{
  N = 37,
  STEPS = 50,
};

static void
test_adamw (void)
{
  float gradient[N], weight[N], m[N] = { 0 }, v[N] = { 0 };
  double exact_gradient[N], exact_weight[N], exact_m[N] = { 0 }, exact_v[N] = { 0 };
  NnAdamW adamw = { .learning_rate = .01,
    .weight_decay = .1,
    .beta_1 = .9,
    .beta_2 = .999,
    .epsilon = 1e-8,
    .scale = .5 };
  uint64_t seed = 3;

  nn_random_array (&seed, 1, weight, N);
  for (size_t i = 0; i < N; i++)
    exact_weight[i] = (double) weight[i];
  for (adamw.step = 1; adamw.step <= STEPS; adamw.step++) {
    nn_random_array (&seed, adamw.step % 7 == 0 ? 100.F : .01F, gradient, N);
    gradient[0] = 0; /* sqrt (v) is 0: epsilon alone is below */
    for (size_t i = 0; i < N; i++)
      exact_gradient[i] = (double) gradient[i];
    nn_adamw (&adamw, gradient, weight, m, v, N);
    nn_adamw_ref (&adamw, exact_gradient, exact_weight, exact_m, exact_v, N);
    for (size_t i = 0; i < N; i++)
      CHECK (fabs ((double) weight[i] - exact_weight[i]) <= 1e-6, "step %d: weight[%zu] %.9g, not %.9g",
          (int) adamw.step, i, (double) weight[i], exact_weight[i]);
  }
}

/* Both forms: the first step of any gradient goes by the learning rate, and decay is times it. */
static void
test_adamw_by_hand (void)
{
  const NnAdamW adamw = { .learning_rate = .1,
    .weight_decay = .5,
    .beta_1 = .9,
    .beta_2 = .999,
    .epsilon = 1e-8,
    .scale = 1,
    .step = 1 };
  const float gradient[3] = { 3, -1e-3F, 0 };
  float weight[3] = { 2, 2, 2 }, m[3] = { 0 }, v[3] = { 0 };
  double ref_weight[3] = { 2, 2, 2 }, ref_m[3] = { 0 }, ref_v[3] = { 0 };
  const double expected[3] = { 2 * .95 - .1, 2 * .95 + .1, 2 * .95 };

  nn_adamw (&adamw, gradient, weight, m, v, 3);
  nn_adamw_ref (&adamw, (const double[]){ 3, -1e-3, 0 }, ref_weight, ref_m, ref_v, 3);
  for (size_t i = 0; i < 3; i++) {
    CHECK (fabs ((double) weight[i] - expected[i]) < 2e-6, "%zu: %.9g", i, (double) weight[i]);
    CHECK (fabs (ref_weight[i] - expected[i]) < 2e-6, "%zu: %.9g", i, ref_weight[i]);
  }
  CHECK (fabsf (m[0] - .3F) < 1e-6F && fabsf (v[0] - .009F) < 1e-8F, "%g %g", (double) m[0], (double) v[0]);
}

static void
test_clip (void)
{
  CHECK (nn_clip_scale (10, 1) == .1, "10 to 1");
  CHECK (nn_clip_scale (.5, 1) == 1, ".5 stays");
  CHECK (nn_clip_scale (10, 0) == 1, "no limit");
  CHECK (nn_clip_scale (0, 1) == 1, "no gradient");
}

static void
test_average (void)
{
  const float weight[3] = { 1, -2, 5 };
  float average[3] = { 0, 0, 5 };

  nn_average (.75, weight, average, 3);
  CHECK (average[0] == .25F && average[1] == -.5F && average[2] == 5, "%g %g", (double) average[0],
      (double) average[1]);
  nn_average (0, weight, average, 3);
  CHECK (memcmp (average, weight, sizeof weight) == 0, "decay 0 copies");

  CHECK (nn_average_decay (.999, 1) == .1 && nn_average_decay (.999, 11) == .55, "%g", nn_average_decay (.999, 11));
  CHECK (nn_average_decay (.999, 100000) == .999 && nn_average_decay (0, 5) == 0, "limits");

  /* Of a line, 0 1 2 ..., the average lags a tenth of the way behind. */
  float line = 0, of_line = 0;

  for (uint64_t step = 1; step <= 1000; step++) {
    line = (float) step;
    nn_average (nn_average_decay (.9999, step), &line, &of_line, 1);
  }
  CHECK (of_line > 890 && of_line < 910, "%g", (double) of_line);
}

static void
test_schedule (void)
{
  const NnSchedule schedule = { .peak = 2, .end = .1, .warmup = 10, .steps = 111 };

  CHECK (fabs (nn_schedule_rate (&schedule, 0) - .2) < 1e-15, "first");
  CHECK (fabs (nn_schedule_rate (&schedule, 4) - 1) < 1e-15, "half of the warm-up");
  CHECK (nn_schedule_rate (&schedule, 9) == 2 && nn_schedule_rate (&schedule, 10) == 2, "peak");
  CHECK (fabs (nn_schedule_rate (&schedule, 60) - 2 * .55) < 1e-12, "half of the cosine");
  CHECK (fabs (nn_schedule_rate (&schedule, 110) - .2) < 1e-15, "last");
  CHECK (nn_schedule_rate (&schedule, 110) == nn_schedule_rate (&schedule, 100000), "behind the last");
  for (uint64_t step = 10; step < 110; step++)
    CHECK (nn_schedule_rate (&schedule, step + 1) < nn_schedule_rate (&schedule, step), "falls at %d", (int) step);

  CHECK (nn_schedule_rate (&(NnSchedule){ .peak = 1, .end = .5, .steps = 1 }, 0) == .5, "one step");
  CHECK (nn_schedule_rate (&(NnSchedule){ .peak = 1, .end = 1, .steps = 7 }, 3) == 1, "constant");
  CHECK (nn_schedule_rate (&(NnSchedule){ .peak = 1, .end = 0, .warmup = 4, .steps = 4 }, 3) == 1, "only warm-up");
  CHECK (nn_schedule_rate (&(NnSchedule){ .peak = 1, .end = 0, .warmup = 4, .steps = 5 }, 4) == 0, "end after warm-up");
}

/* --- initial weights ------------------------------------------------------------------------------------------- */

static NnLayer
layer_of (const char *type, NnShape in, unsigned units)
{
  NnLayer layer = { .spec = nn_layer_spec_default (nn_layer_class_find (type)), .in = in };
  NnIssue issue;

  layer.spec.units = layer.spec.filters = units;
  layer.spec.kernel[0] = 3;
  layer.spec.kernel[1] = 2;
  CHECK (layer.spec.class->configure (&layer, &issue) == NN_OK, "%s: %s", type, issue.text);
  for (unsigned t = 0; t < layer.n_tensors; t++) {
    layer.tensors[t].values = calloc (nn_tensor_size (&layer.tensors[t]), sizeof (float));
    if (!layer.tensors[t].values)
      abort ();
    nn_initialize (&layer, t, 7 + t);
  }
  return layer;
}

/* Uniform in [-limit, limit): mean 0, variance limit^2 / 3, and it comes near to both ends. */
static void
check_uniform (const NnTensor *tensor, double limit)
{
  const size_t n = nn_tensor_size (tensor);
  double sum = 0, squares = 0, low = 0, high = 0;

  for (size_t i = 0; i < n; i++) {
    const double x = (double) tensor->values[i];

    sum += x;
    squares += x * x;
    low = fmin (low, x);
    high = fmax (high, x);
  }
  CHECK (fabs (sum / (double) n) < 5 * limit / sqrt (3 * (double) n), "%s: mean %g", tensor->name, sum / (double) n);
  CHECK (fabs (squares / (double) n * 3 / limit / limit - 1) < 6 / sqrt ((double) n), "%s: variance", tensor->name);
  CHECK (low >= -limit && high <= limit && low < -.98 * limit && high > .98 * limit, "%s: [%g, %g]", tensor->name, low,
      high);
}

static void
test_initializer (void)
{
  NnLayer conv = layer_of ("conv2d", (NnShape){ .rank = 3, .items = 9, .rows = 8, .values = 20 }, 40);
  NnLayer norm = layer_of ("batch_norm", (NnShape){ .rank = 3, .items = 9, .rows = 8, .values = 20 }, 1);
  NnLayer gru = layer_of ("gru", (NnShape){ .rank = 2, .items = 9, .rows = 1, .values = 30 }, 128);

  check_uniform (&conv.tensors[0], sqrt (6. / (6 * 20 + 6 * 40)));
  check_uniform (&gru.tensors[0], sqrt (6. / (30 + 3 * 128)));
  for (size_t i = 0; i < 40; i++)
    CHECK (conv.tensors[1].values[i] == 0, "bias");
  for (size_t i = 0; i < 20; i++)
    CHECK (norm.tensors[0].values[i] == 1 && norm.tensors[1].values[i] == 0 && norm.tensors[2].values[i] == 0
            && norm.tensors[3].values[i] == 1,
        "batch_norm %zu", i);

  /* Rows of length 1 that see nothing of each other. */
  for (size_t a = 0; a < 128; a++)
    for (size_t b = 0; b <= a; b++) {
      double sum = 0;

      for (size_t i = 0; i < 384; i++)
        sum += (double) gru.tensors[1].values[a * 384 + i] * (double) gru.tensors[1].values[b * 384 + i];
      CHECK (fabs (sum - (a == b)) < 1e-6, "rows %zu and %zu: %g", a, b, sum);
    }

  const NnLayerClass *lstm_class = nn_layer_class_find ("lstm");

  CHECK (lstm_class != NULL, "lstm");
  if (lstm_class) {
    NnLayer lstm = layer_of ("lstm", (NnShape){ .rank = 2, .items = 9, .rows = 1, .values = 5 }, 3);

    for (size_t i = 0; i < 12; i++)
      CHECK (lstm.tensors[2].values[i] == (i >= 3 && i < 6 ? 1.F : 0.F), "bias %zu", i);
    nn_layer_clear (&lstm);
  }
  nn_layer_clear (&conv);
  nn_layer_clear (&norm);
  nn_layer_clear (&gru);
}

int
main (void)
{
  test_adamw ();
  test_adamw_by_hand ();
  test_clip ();
  test_average ();
  test_schedule ();
  test_initializer ();
  TEST_END ();
}
