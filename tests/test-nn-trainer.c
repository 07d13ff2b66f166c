/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/trainer.h: toy problems are learnt; gradients against differences of the loss; weights that do not depend on the
 * number of threads nor on interruptions, bit for bit; AdamW by hand; what must change nothing; every allocation that
 * may fail.
 *
 * Linked with --wrap for malloc and calloc.  For ThreadSanitizer too.
 */
#include "nn/trainer.h"

#include "nn/layers.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "tests/nn_random.h"
#include "tests/nn_trained.h"

#include <stdlib.h>

enum
{
  BANDS = 8,
  MIN_FRAMES = 6,
  MAX_FRAMES = 12,
  SAMPLES = 21, /* six slices, the last of one sample */
  MAX_LAYERS = 16,
  MAX_HEADS = 3,
  UNITS = 3,
  NEVER = -1,
};

static long allocations_left = NEVER;

void *__real_malloc (size_t size);
void *__real_calloc (size_t n, size_t size);
void *__wrap_malloc (size_t size);
void *__wrap_calloc (size_t n, size_t size);

static bool
allocation_fails (void)
{
  return allocations_left != NEVER && allocations_left-- <= 0;
}

void *
__wrap_malloc (size_t size)
{
  return allocation_fails () ? NULL : __real_malloc (size);
}

void *
__wrap_calloc (size_t n, size_t size)
{
  return allocation_fails () ? NULL : __real_calloc (n, size);
}

/* --- networks and data ----------------------------------------------------------------------------------------- */

typedef struct Body
{
  NnLayerSpec specs[MAX_LAYERS];
  size_t n;
} Body;

static NnLayerSpec *
add (Body *body, const char *type)
{
  NnLayerSpec *spec = &body->specs[body->n++];

  *spec = nn_layer_spec_default (nn_layer_class_find (type));
  if (nn_layer_class_has_key (spec->class, "name"))
    snprintf (spec->name, sizeof spec->name, "%s%d", type, (int) body->n);
  return spec;
}

/* What ours are made of, small: two places where all slices meet. */
static Body
crnn (double rate)
{
  Body body = { .n = 0 };
  NnLayerSpec *spec;

  for (unsigned i = 0; i < 2; i++) {
    spec = add (&body, "conv2d");
    spec->filters = 5 + i;
    spec->kernel[0] = 3;
    spec->kernel[1] = 2;
    spec->padding[0] = NN_PADDING_SAME;
    spec->use_bias = false;
    add (&body, "batch_norm")->momentum = .9;
    add (&body, "relu");
    spec = add (&body, "max_pool2d");
    spec->pool[1] = 1;
  }
  add (&body, "dropout")->rate = rate;
  add (&body, "to_sequence");
  spec = add (&body, "gru");
  spec->units = 7;
  spec->return_sequences = true;
  add (&body, "dropout")->rate = rate; /* in place, behind a layer that remembers what it gave */
  spec = add (&body, "temporal_pool");
  spec->n_stats = 2;
  spec->stats[1] = NN_STAT_MAX;
  return body;
}

/* No layer that is different in training; any number of frames. */
static Body
plain (void)
{
  Body body = { .n = 0 };
  NnLayerSpec *spec;

  add (&body, "to_sequence");
  add (&body, "dense")->units = 9;
  add (&body, "tanh");
  spec = add (&body, "temporal_pool");
  spec->n_stats = 1;
  return body;
}

static const NnHead heads[MAX_HEADS] = {
  { "head", UNITS, NN_LOSS_CROSS_ENTROPY },
  { "other", UNITS, NN_LOSS_MEAN_SQUARED_ERROR },
  { "third", UNITS, NN_LOSS_SIGMOID_CROSS_ENTROPY },
};

enum
{
  MAX_THREADS = 8,
};

static NnPool *pools[MAX_THREADS + 1]; /* [threads], NULL where none was wanted yet */

static NnPool *
pool_of (unsigned threads)
{
  if (!pools[threads])
    pools[threads] = nn_pool_new (threads);
  return pools[threads];
}

static NnTrainer *
trainer_new (const Body *body, size_t n_heads, unsigned threads)
{
  NnTrainer *trainer = NULL;
  NnIssue issue = { 0 };
  const NnStatus status = nn_trainer_new (body->specs, body->n, BANDS, MIN_FRAMES, MAX_FRAMES, heads, n_heads, SAMPLES,
      pool_of (threads), &trainer, &issue);

  if (status != NN_OK) {
    fprintf (stderr, "status %d, layer %zu: %s\n", (int) status, issue.layer, issue.text);
    abort ();
  }
  nn_trainer_initialize (trainer, 1);
  return trainer;
}

/* Samples of three classes: each has a band of its own that is loud. */
typedef struct Batch
{
  float input[SAMPLES * MAX_FRAMES * BANDS];
  float values[MAX_HEADS][SAMPLES * UNITS];
  float weights[MAX_HEADS][SAMPLES];
  NnTarget targets[MAX_HEADS];
  size_t samples, frames;
} Batch;

static void
fill (Batch *batch, uint64_t *seed, size_t samples, size_t frames)
{
  batch->samples = samples;
  batch->frames = frames;
  nn_random_array (seed, .5F, batch->input, samples * frames * BANDS);
  for (size_t s = 0; s < samples; s++) {
    const size_t class = s % UNITS;

    for (size_t t = 0; t < frames; t++)
      batch->input[(s * frames + t) * BANDS + 1 + 2 * class] += 2;
    for (size_t h = 0; h < MAX_HEADS; h++) {
      for (size_t u = 0; u < UNITS; u++)
        batch->values[h][s * UNITS + u] = u == class;
      batch->weights[h][s] = 1 / (float) samples;
    }
  }
  for (size_t h = 0; h < MAX_HEADS; h++)
    batch->targets[h] = (NnTarget){ batch->values[h], batch->weights[h] };
}

static NnStepReport
step_on (NnTrainer *trainer, const Batch *batch, const NnStep *step)
{
  return nn_trainer_step (trainer, batch->input, batch->samples, batch->frames, batch->targets, step);
}

static size_t
size_of (const NnTrainer *trainer, size_t tensor)
{
  return nn_tensor_size (nn_trainer_tensor (trainer, tensor));
}

/* Name of the first tensor whose array of that kind differs, NULL if none does. */
static const char *
difference (NnTrainer *a, NnTrainer *b, NnTrainerKind kind)
{
  for (size_t t = 0; t < nn_trainer_n_tensors (a); t++)
    if (memcmp (nn_trainer_array (a, kind, t), nn_trainer_array (b, kind, t), size_of (a, t) * sizeof (float)) != 0)
      return nn_trainer_tensor (a, t)->name;
  return NULL;
}

static void
check_equal (NnTrainer *a, NnTrainer *b, const char *what)
{
  CHECK (nn_trainer_n_tensors (a) == nn_trainer_n_tensors (b), "%s", what);
  CHECK (nn_trainer_steps (a) == nn_trainer_steps (b), "%s: steps", what);
  for (int kind = 0; kind < NN_TRAINER_GRADIENT; kind++) {
    const char *name = difference (a, b, (NnTrainerKind) kind);

    CHECK (!name, "%s: %s of kind %d differs", what, name, kind);
  }
}

static void
copy_state (NnTrainer *from, NnTrainer *to)
{
  for (int kind = 0; kind < NN_TRAINER_GRADIENT; kind++)
    for (size_t t = 0; t < nn_trainer_n_tensors (from); t++)
      memcpy (nn_trainer_array (to, (NnTrainerKind) kind, t), nn_trainer_array (from, (NnTrainerKind) kind, t),
          size_of (from, t) * sizeof (float));
  nn_trainer_set_steps (to, nn_trainer_steps (from));
}

/* --- learning -------------------------------------------------------------------------------------------------- */

/* The network that would ship: out [samples][UNITS]. */
static void
predict (NnTrainer *trainer, const Body *body, size_t head, const Batch *batch, float *out)
{
  nn_trained_outputs (trainer, body->specs, body->n, &heads[head], batch->input, batch->samples, batch->frames, BANDS,
      out);
}

/* Mean loss of the average's predictions. */
static double
loss_of_predictions (NnTrainer *trainer, const Body *body, const Batch *batch, size_t head)
{
  float out[SAMPLES * UNITS], gradient[UNITS];
  double loss = 0;

  predict (trainer, body, head, batch, out);
  for (size_t s = 0; s < batch->samples; s++)
    loss += nn_loss (heads[head].loss, out + s * UNITS, batch->values[head] + s * UNITS, UNITS, gradient);
  return loss / (double) batch->samples;
}

/* One head at a time, on new samples at each step. */
static void
test_learns (void)
{
  static Batch batch;
  const Body bodies[] = { crnn (.1), plain () };
  const NnStep step = { .learning_rate = .02, .weight_decay = 1e-4, .clip_norm = 5, .average = .9, .seed = 5 };

  for (size_t i = 0; i < 2; i++)
    for (size_t h = 0; h < MAX_HEADS; h++) {
      NnTrainer *trainer = trainer_new (&bodies[i], MAX_HEADS, 2);
      NnStepReport report = { 0 };
      double first = 0;
      uint64_t seed = 11;

      for (int k = 0; k < 160; k++) {
        fill (&batch, &seed, SAMPLES, nn_random_size (&seed, MIN_FRAMES, MAX_FRAMES));
        for (size_t other = 0; other < MAX_HEADS; other++)
          if (other != h)
            memset (batch.weights[other], 0, sizeof batch.weights[other]);
        report = step_on (trainer, &batch, &step);
        if (k == 0)
          first = report.loss;
        CHECK (report.finite, "step %d", k);
      }
      fill (&batch, &seed, SAMPLES, 9);

      const double predicted = loss_of_predictions (trainer, &bodies[i], &batch, h);

      CHECK (nn_trainer_steps (trainer) == 160, "steps");
      CHECK (first > .15 && report.loss < .03, "body %zu, head %zu: loss from %g to %g", i, h, first, report.loss);
      CHECK (predicted < .02, "body %zu, head %zu: predicts with a loss of %g", i, h, predicted);
      nn_trainer_free (trainer);
    }
}

/* --- gradients ------------------------------------------------------------------------------------------------- */

/* Each tensor a little along its own gradient, and back: the loss changes by the gradient's square. */
static void
test_gradients (void)
{
  static Batch batch;
  const Body bodies[] = { crnn (.25), plain () };
  const double rounding = 3e-7;
  uint64_t seed = 21;

  for (size_t i = 0; i < 2; i++) {
    NnTrainer *trainer = trainer_new (&bodies[i], MAX_HEADS, 2);

    fill (&batch, &seed, SAMPLES, MIN_FRAMES + i);
    for (size_t h = 0; h < MAX_HEADS; h++) {
      nn_random_array (&seed, .4F, batch.weights[h], SAMPLES);
      batch.weights[h][h + 5] = 0;
    }

    for (size_t t = 0; t < nn_trainer_n_tensors (trainer); t++) {
      const NnTensor *tensor = nn_trainer_tensor (trainer, t);
      const size_t size = size_of (trainer, t);
      float *weights = nn_trainer_array (trainer, NN_TRAINER_WEIGHT, t);
      float *before = calloc (2 * size, sizeof *before), *along = before + size;
      double square = 0, loss[2];

      if (!before)
        abort ();
      nn_trainer_gradients (trainer, batch.input, batch.samples, batch.frames, batch.targets, 3);
      memcpy (before, weights, size * sizeof *weights);
      memcpy (along, nn_trainer_array (trainer, NN_TRAINER_GRADIENT, t), size * sizeof *along);
      for (size_t k = 0; k < size; k++)
        square += (double) along[k] * (double) along[k];
      if (strstr (tensor->name, "/moving_")) {
        CHECK (square == 0, "%s has a gradient", tensor->name);
        free (before);
        continue;
      }
      CHECK (square > 1e-8, "%s has none", tensor->name);

      const double length = sqrt (square), h = 3e-4;

      for (int side = 0; side < 2; side++) {
        for (size_t k = 0; k < size; k++)
          weights[k] = before[k] + (float) ((side ? -h : h) / length) * along[k];
        loss[side] = nn_trainer_gradients (trainer, batch.input, batch.samples, batch.frames, batch.targets, 3).loss;
      }
      memcpy (weights, before, size * sizeof *weights);

      const double slope = (loss[0] - loss[1]) / (2 * h);

      CHECK (fabs (slope - length) <= .01 * length + rounding / h, "%s: %g, not %g", tensor->name, length, slope);
      free (before);
    }
    nn_trainer_free (trainer);
  }
}

/* The loss of a step is the weighted sum of the predictions' where training does nothing else. */
static void
test_loss_is_weighted_sum (void)
{
  static Batch batch;
  const Body body = plain ();
  NnTrainer *trainer = trainer_new (&body, MAX_HEADS, 1);
  uint64_t seed = 8;
  double expected = 0;

  fill (&batch, &seed, 13, 8);
  for (size_t h = 0; h < MAX_HEADS; h++) {
    float out[SAMPLES * UNITS], gradient[UNITS];

    nn_random_array (&seed, 1, batch.weights[h], 13);
    predict (trainer, &body, h, &batch, out);
    for (size_t s = 0; s < 13; s++)
      expected += (double) batch.weights[h][s]
          * nn_loss (heads[h].loss, out + s * UNITS, batch.values[h] + s * UNITS, UNITS, gradient);
  }

  const double loss = nn_trainer_gradients (trainer, batch.input, 13, 8, batch.targets, 0).loss;

  CHECK (fabs (loss - expected) < 1e-5, "%.9g, not %.9g", loss, expected);
  nn_trainer_free (trainer);
}

/* --- reproducible ---------------------------------------------------------------------------------------------- */

/* A few steps of changing sizes. */
static void
walk (NnTrainer *trainer, uint64_t *seed, int steps)
{
  static const size_t samples[] = { SAMPLES, 3, 16, 17, 1, SAMPLES };
  static Batch batch;
  const NnStep step = { .learning_rate = .01, .weight_decay = .1, .clip_norm = 1, .average = .99, .seed = 77 };

  for (int k = 0; k < steps; k++) {
    const uint64_t now = nn_trainer_steps (trainer);

    *seed = now + 1;
    fill (&batch, seed, samples[now % 6], MIN_FRAMES + now % (MAX_FRAMES - MIN_FRAMES + 1));
    CHECK (step_on (trainer, &batch, &step).finite, "step %d", k);
  }
}

static void
test_threads (void)
{
  static const unsigned threads[] = { 2, 3, 7 };
  const Body body = crnn (.3);
  NnTrainer *one = trainer_new (&body, MAX_HEADS, 1);
  uint64_t seed;

  walk (one, &seed, 8);
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    NnTrainer *several = trainer_new (&body, MAX_HEADS, threads[i]);

    walk (several, &seed, 8);
    check_equal (one, several, "threads");
    nn_trainer_free (several);
  }

  /* Starting anew forgets everything; another seed is another network. */
  NnTrainer *fresh = trainer_new (&body, MAX_HEADS, 1);

  nn_trainer_initialize (one, 1);
  check_equal (one, fresh, "initialized again");
  nn_trainer_initialize (one, 2);
  CHECK (difference (one, fresh, NN_TRAINER_WEIGHT) != NULL, "seeds 1 and 2");
  nn_trainer_free (fresh);
  nn_trainer_free (one);
}

static void
test_continues (void)
{
  const Body body = crnn (.3);
  NnTrainer *whole = trainer_new (&body, 2, 2), *second = trainer_new (&body, 2, 3);
  uint64_t seed;

  walk (whole, &seed, 4);
  walk (second, &seed, 1);
  copy_state (whole, second);
  check_equal (whole, second, "copied");
  walk (whole, &seed, 5);
  walk (second, &seed, 5);
  check_equal (whole, second, "continued");
  nn_trainer_free (whole);
  nn_trainer_free (second);
}

/* --- by hand --------------------------------------------------------------------------------------------------- */

/* Two steps from the gradients that the trainer itself shows: clipped, decayed, averaged as trainer.h says. */
static void
test_update (void)
{
  static Batch batch;
  const Body body = crnn (0);
  NnStep step = { .learning_rate = .01, .weight_decay = .5, .average = .999, .seed = 1 };
  NnTrainer *trainer = trainer_new (&body, 1, 2);
  uint64_t seed = 31;

  for (uint64_t k = 1; k <= 2; k++) {
    NnTrainer *before = trainer_new (&body, 1, 1);

    copy_state (trainer, before);
    fill (&batch, &seed, SAMPLES, MAX_FRAMES);
    step.clip_norm = k == 1 ? .01 : 0;

    const NnStepReport report = step_on (trainer, &batch, &step);
    const double scale = k == 1 ? .01 / report.gradient_norm : 1;
    double square = 0;

    CHECK (k > 1 || report.gradient_norm > .02, "nothing to clip: %g", report.gradient_norm);
    for (size_t t = 0; t < nn_trainer_n_tensors (trainer); t++) {
      const NnTensor *tensor = nn_trainer_tensor (trainer, t);
      const float *w = nn_trainer_array (before, NN_TRAINER_WEIGHT, t);
      const float *new_w = nn_trainer_array (trainer, NN_TRAINER_WEIGHT, t);
      const float *a = nn_trainer_array (before, NN_TRAINER_AVERAGE, t);
      const float *new_a = nn_trainer_array (trainer, NN_TRAINER_AVERAGE, t);
      const float *g = nn_trainer_array (trainer, NN_TRAINER_GRADIENT, t);
      const bool kernel = strstr (tensor->name, "kernel") != NULL, moves = strstr (tensor->name, "/moving_") != NULL;

      for (size_t i = 0; i < nn_tensor_size (tensor); i++) {
        const NnAdamW adamw = { .01, kernel ? .5 : 0, .9, .999, 1e-8, scale, k };
        const double gradient = (double) g[i], decay = (double) k / (9 + (double) k);
        double weight = (double) w[i];
        double m = (double) nn_trainer_array (before, NN_TRAINER_MOMENT_1, t)[i];
        double v = (double) nn_trainer_array (before, NN_TRAINER_MOMENT_2, t)[i];

        square += gradient * gradient;
        if (moves)
          weight = (double) new_w[i];
        else
          nn_adamw_ref (&adamw, &gradient, &weight, &m, &v, 1);
        CHECK (fabs ((double) new_w[i] - weight) < 1e-5, "%s[%zu]: %g, not %g", tensor->name, i, (double) new_w[i],
            weight);
        CHECK (fabs ((double) nn_trainer_array (trainer, NN_TRAINER_MOMENT_1, t)[i] - m) < 1e-6, "%s[%zu]: moment",
            tensor->name, i);
        CHECK (fabs ((double) new_a[i] - decay * (double) a[i] - (1 - decay) * weight) < 1e-5, "%s[%zu]: average",
            tensor->name, i);
      }
      if (moves)
        CHECK (memcmp (w, new_w, nn_tensor_size (tensor) * sizeof *w) != 0, "%s stood still", tensor->name);
    }
    CHECK (fabs (sqrt (square) / report.gradient_norm - 1) < 1e-6, "norm %g, not %g", report.gradient_norm,
        sqrt (square));
    nn_trainer_free (before);
  }

  /* Decay 0: the average is the weights. */
  step.average = 0;
  step_on (trainer, &batch, &step);
  for (size_t t = 0; t < nn_trainer_n_tensors (trainer); t++)
    CHECK (memcmp (nn_trainer_array (trainer, NN_TRAINER_AVERAGE, t), nn_trainer_array (trainer, NN_TRAINER_WEIGHT, t),
               size_of (trainer, t) * sizeof (float))
            == 0,
        "average 0: %s", nn_trainer_tensor (trainer, t)->name);
  nn_trainer_free (trainer);
}

/* Only the heads learn: the loss is that of the network that would ship, and the body stays to the last bit. */
static void
test_heads_only (void)
{
  static Batch batch;
  const Body body = crnn (.2);
  const NnStep all = { .learning_rate = .01 };
  const NnStep only = { .learning_rate = .01, .weight_decay = .1, .average = .9, .heads_only = true };
  NnTrainer *trainer = trainer_new (&body, 1, 2), *before = trainer_new (&body, 1, 1);
  const size_t n_body = nn_trainer_n_tensors (trainer) - 2;
  uint64_t seed = 41;

  for (int k = 0; k < 5; k++) {
    fill (&batch, &seed, SAMPLES, MAX_FRAMES);
    step_on (trainer, &batch, &all);
  }
  copy_state (trainer, before);

  const double predicted = loss_of_predictions (trainer, &body, &batch, 0);
  const NnStepReport first = step_on (trainer, &batch, &only), second = step_on (trainer, &batch, &only);

  CHECK (fabs (first.loss - predicted) < 1e-6, "loss %g, predicted %g", first.loss, predicted);
  CHECK (second.loss < first.loss, "loss from %g to %g", first.loss, second.loss);
  for (int kind = 0; kind < NN_TRAINER_GRADIENT; kind++)
    for (size_t t = 0; t < nn_trainer_n_tensors (trainer); t++) {
      const bool same = memcmp (nn_trainer_array (trainer, (NnTrainerKind) kind, t),
                            nn_trainer_array (before, (NnTrainerKind) kind, t), size_of (trainer, t) * sizeof (float))
          == 0;

      CHECK (same == (t < n_body), "%s of kind %d", nn_trainer_tensor (trainer, t)->name, kind);
    }

  /* And all learn again. */
  step_on (trainer, &batch, &all);
  for (size_t t = 0; t < nn_trainer_n_tensors (trainer); t++)
    CHECK (memcmp (nn_trainer_array (trainer, NN_TRAINER_WEIGHT, t), nn_trainer_array (before, NN_TRAINER_WEIGHT, t),
               size_of (trainer, t) * sizeof (float))
            != 0,
        "%s stands still", nn_trainer_tensor (trainer, t)->name);
  nn_trainer_free (trainer);
  nn_trainer_free (before);
}

/* --- what must not matter -------------------------------------------------------------------------------------- */

static void
test_not_finite (void)
{
  static Batch batch;
  const Body body = crnn (.1);
  const NnStep step = { .learning_rate = .1, .average = .9 };
  NnTrainer *trainer = trainer_new (&body, 2, 2), *before = trainer_new (&body, 2, 1);
  NnStepReport report;
  uint64_t seed = 41;

  walk (trainer, &seed, 2);
  copy_state (trainer, before);
  fill (&batch, &seed, SAMPLES, 8);
  batch.input[333] = NAN;
  report = step_on (trainer, &batch, &step);
  CHECK (!report.finite, "NaN in the input: loss %g", report.loss);
  check_equal (trainer, before, "NaN in the input");

  fill (&batch, &seed, SAMPLES, 8);
  batch.values[1][20] = INFINITY;
  report = step_on (trainer, &batch, &step);
  CHECK (!report.finite, "an infinite target: loss %g", report.loss);
  check_equal (trainer, before, "an infinite target");
  CHECK (!nn_trainer_gradients (trainer, batch.input, SAMPLES, 8, batch.targets, 0).finite, "gradients");

  /* Looking at gradients changes nothing either, and the next step is what it would have been. */
  fill (&batch, &seed, SAMPLES, 8);
  report = nn_trainer_gradients (trainer, batch.input, SAMPLES, 8, batch.targets, 9);
  CHECK (report.finite && report.gradient_norm > 0, "gradients");
  check_equal (trainer, before, "gradients only");
  step_on (trainer, &batch, &step);
  step_on (before, &batch, &step);
  check_equal (trainer, before, "a step after them");
  nn_trainer_free (trainer);
  nn_trainer_free (before);
}

/* A head without weights might as well not be there; a sample without, have any target. */
static void
test_no_weight (void)
{
  static Batch batch;
  const Body body = crnn (.2);
  const NnStep step = { .learning_rate = .01, .average = .9 };
  NnTrainer *one = trainer_new (&body, 1, 2), *three = trainer_new (&body, 3, 2);
  uint64_t seed = 51;

  for (int k = 0; k < 3; k++) {
    fill (&batch, &seed, SAMPLES, 10);
    for (size_t s = 0; s < 7; s++) { /* a whole slice and more */
      batch.weights[0][s] = 0;
      batch.values[0][s * UNITS] = NAN;
    }
    memset (batch.weights[1], 0, sizeof batch.weights[1]);
    memset (batch.weights[2], 0, sizeof batch.weights[2]);
    batch.targets[1].values = batch.targets[2].values = NULL;

    const NnStepReport report = step_on (one, &batch, &step);

    CHECK (report.finite && report.loss == step_on (three, &batch, &step).loss, "loss %g", report.loss);
  }
  for (int kind = 0; kind < NN_TRAINER_N_KINDS; kind++) {
    const char *name = difference (one, three, (NnTrainerKind) kind);

    CHECK (!name, "%s of kind %d differs", name, kind);
  }
  nn_trainer_free (one);
  nn_trainer_free (three);
}

/* --- refusals, and memory -------------------------------------------------------------------------------------- */

static NnStatus
try_new (const Body *body, const NnHead *of_heads, size_t n_heads, NnIssue *issue)
{
  NnTrainer *trainer = NULL;
  const NnStatus status = nn_trainer_new (body->specs, body->n, BANDS, MIN_FRAMES, MAX_FRAMES, of_heads, n_heads,
      SAMPLES, pool_of (2), &trainer, issue);

  CHECK ((status == NN_OK) == (trainer != NULL), "status %d", (int) status);
  nn_trainer_free (trainer);
  return status;
}

static void
test_refusals (void)
{
  NnHead broken[2] = { heads[0], heads[1] };
  NnIssue issue = { 0 };
  Body body = plain ();

  broken[1].units = 0;
  CHECK (try_new (&body, broken, 2, &issue) == NN_BAD_LAYER && issue.layer == body.n + 1, "units 0: layer %zu",
      issue.layer);
  broken[1].units = SIZE_MAX > UINT32_MAX ? (size_t) UINT32_MAX + 2 : SIZE_MAX;
  CHECK (try_new (&body, broken, 2, &issue) == NN_BAD_LAYER, "units beyond 32 bits, where a size has more");

  add (&body, "softmax");
  CHECK (try_new (&body, heads, 1, &issue) == NN_BAD_LAYER && issue.layer == body.n - 1
          && strstr (issue.text, "softmax"),
      "softmax: layer %zu, %s", issue.layer, issue.text);

  body = plain ();
  body.n--; /* a sequence is left */
  CHECK (try_new (&body, heads, 1, &issue) == NN_BAD_SHAPE && issue.layer == body.n, "sequence: layer %zu, %s",
      issue.layer, issue.text);
  body.n = 0;
  add (&body, "relu"); /* an image */
  CHECK (try_new (&body, heads, 1, &issue) == NN_BAD_SHAPE && issue.layer == 1, "image: layer %zu, %s", issue.layer,
      issue.text);
  body.specs[0].class = &nn_dropout_class;
  body.specs[0].rate = 2;
  CHECK (try_new (&body, heads, 1, &issue) == NN_BAD_LAYER && issue.layer == 0, "rate: layer %zu, %s", issue.layer,
      issue.text);
}

/* Two dropouts of a half leave a quarter, each step another: they do not drop the same. */
static void
test_dropouts (void)
{
  static Batch batch;
  Body body = { .n = 0 };
  NnLayerSpec *spec;
  float first[BANDS * UNITS];
  double sum = 0;
  uint64_t seed = 91;

  add (&body, "dropout")->rate = .5;
  add (&body, "dropout")->rate = .5;
  add (&body, "to_sequence");
  spec = add (&body, "temporal_pool");
  spec->n_stats = 1;
  spec->stats[0] = NN_STAT_MEAN;

  NnTrainer *trainer = trainer_new (&body, 1, 1);
  const float *gradient = nn_trainer_array (trainer, NN_TRAINER_GRADIENT, 0);
  const float *bias = nn_trainer_array (trainer, NN_TRAINER_GRADIENT, 1);

  fill (&batch, &seed, 1, MAX_FRAMES);
  for (size_t i = 0; i < MAX_FRAMES * BANDS; i++)
    batch.input[i] = 1;

  /* d loss / d kernel[band][0] is what comes in, times d loss / d bias[0]: 4 for each frame that is left. */
  nn_trainer_gradients (trainer, batch.input, 1, MAX_FRAMES, batch.targets, 3);
  memcpy (first, gradient, sizeof first);
  for (size_t band = 0; band < BANDS; band++)
    sum += (double) gradient[band * UNITS] / (double) bias[0] / 4 / BANDS;
  CHECK (sum > .1 && sum < .4, "%g of all is left", sum);

  nn_trainer_gradients (trainer, batch.input, 1, MAX_FRAMES, batch.targets, 3);
  CHECK (memcmp (first, gradient, sizeof first) == 0, "the same seed and step");
  nn_trainer_gradients (trainer, batch.input, 1, MAX_FRAMES, batch.targets, 4);
  CHECK (memcmp (first, gradient, sizeof first) != 0, "another seed");
  nn_trainer_set_steps (trainer, 1);
  nn_trainer_gradients (trainer, batch.input, 1, MAX_FRAMES, batch.targets, 3);
  CHECK (memcmp (first, gradient, sizeof first) != 0, "another step");
  nn_trainer_free (trainer);
}

/* A layer in place at the very beginning must not write to the caller's input, and must see it. */
static void
test_input_stays (void)
{
  static Batch batch, copy;
  const NnStep step = { .learning_rate = .01 };
  uint64_t seed = 71;
  Body body = { .n = 0 };

  add (&body, "dropout")->rate = .5;
  add (&body, "relu");
  add (&body, "batch_norm");
  add (&body, "to_sequence");
  add (&body, "gru")->units = 4;

  NnTrainer *trainer = trainer_new (&body, 1, 2);

  fill (&batch, &seed, SAMPLES, 9);
  copy = batch;
  CHECK (step_on (trainer, &batch, &step).finite, "step");
  CHECK (memcmp (batch.input, copy.input, sizeof batch.input) == 0, "the input has changed");
  nn_trainer_free (trainer);

  const Body without = plain ();

  body.n = 0;
  add (&body, "dropout")->rate = 0;
  memcpy (body.specs + 1, without.specs, without.n * sizeof *without.specs);
  body.n += without.n;

  NnTrainer *with = trainer_new (&body, 1, 2), *expected = trainer_new (&without, 1, 2);

  step_on (with, &batch, &step);
  step_on (expected, &batch, &step);
  check_equal (with, expected, "a dropout of nothing");
  nn_trainer_free (with);
  nn_trainer_free (expected);
}

static void
test_no_memory (void)
{
  static Batch batch;
  const Body body = crnn (.2);
  const NnStep step = { .learning_rate = .01, .average = .9 };
  NnTrainer *trainer = NULL;
  NnIssue issue;
  NnStatus status = NN_NO_MEMORY;
  uint64_t seed = 81;
  long k;
  NnPool *pool = pool_of (2); /* has memory already */

  for (k = 0; k < 1000 && status == NN_NO_MEMORY; k++) {
    allocations_left = k;
    status = nn_trainer_new (body.specs, body.n, BANDS, MIN_FRAMES, MAX_FRAMES, heads, 2, SAMPLES, pool, &trainer,
        &issue);
    allocations_left = NEVER;
  }
  CHECK (status == NN_OK && k > 20, "status %d after %ld allocations", (int) status, k);
  if (status != NN_OK)
    return;

  /* A step needs none. */
  fill (&batch, &seed, SAMPLES, MAX_FRAMES);
  allocations_left = 0;
  CHECK (step_on (trainer, &batch, &step).finite, "step");
  CHECK (allocations_left == 0, "a step allocates");
  allocations_left = NEVER;
  nn_trainer_free (trainer);
  nn_trainer_free (NULL);
}

int
main (void)
{
  test_learns ();
  test_gradients ();
  test_loss_is_weighted_sum ();
  test_threads ();
  test_continues ();
  test_update ();
  test_heads_only ();
  test_not_finite ();
  test_no_weight ();
  test_refusals ();
  test_dropouts ();
  test_input_stays ();
  test_no_memory ();
  for (unsigned threads = 0; threads <= MAX_THREADS; threads++)
    nn_pool_free (pools[threads]);
  TEST_END ();
}
