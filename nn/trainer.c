/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/trainer.h"

#include "nn/chain.h"
#include "nn/optimizer.h"
#include "nn/pass.h"
#include "nn/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RANGE = 8192, /* parameters that a thread updates at once */
};

/* Some parameters of one tensor. */
typedef struct Range
{
  size_t first, n;
  bool body;   /* false: of a head */
  bool learns; /* false: running statistics, which the layer moves by itself */
  bool decays; /* kernels only */
} Range;

struct NnTrainer
{
  size_t min_frames;
  size_t n_values;
  size_t n_ranges;
  Range *ranges; /* [n_ranges] */
  NnPool *pool;
  NnChain *chain;
  NnPass *pass;

  float *average, *moment_1, *moment_2; /* [n_values], as nn_chain_weights() */
  float *statistics;                    /* [n_values], those that do not learn as before the step */
  uint64_t steps;

  NnAdamW adamw; /* of the present step, as all that follows */
  bool heads_only;
  double decay; /* of the average */
};

/* --- construction ---------------------------------------------------------------------------------------------- */

/* ranges [..]: out; NULL: counts only. */
static size_t
cut_ranges (const NnChain *chain, Range *ranges)
{
  const size_t n_body = chain->n_tensors - chain->n_heads * NN_HEAD_TENSORS;
  size_t n_ranges = 0;

  for (size_t t = 0; t < chain->n_tensors; t++) {
    const NnTensor *tensor = nn_chain_tensor (chain, t);
    const size_t size = nn_tensor_size (tensor);

    for (size_t first = 0; first < size; first += RANGE, n_ranges++)
      if (ranges)
        ranges[n_ranges] = (Range){
          .first = nn_chain_offset (chain, t) + first,
          .n = size - first < RANGE ? size - first : RANGE,
          .body = t < n_body,
          .learns = nn_tensor_learns (tensor),
          .decays = nn_tensor_decays (tensor),
        };
  }
  return n_ranges;
}

static bool
allocate (NnTrainer *trainer)
{
  float **const arrays[] = { &trainer->average, &trainer->moment_1, &trainer->moment_2, &trainer->statistics };

  trainer->n_values = trainer->chain->n_values;
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    if (!(*arrays[i] = calloc (trainer->n_values, sizeof (float))))
      return false;
  trainer->n_ranges = cut_ranges (trainer->chain, NULL);
  trainer->ranges = calloc (trainer->n_ranges, sizeof *trainer->ranges);
  if (!trainer->ranges)
    return false;
  cut_ranges (trainer->chain, trainer->ranges);
  return true;
}

NnStatus
nn_trainer_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, size_t max_samples, NnPool *pool, NnTrainer **ret_trainer,
    NnIssue *reterr_issue)
{
  NnTrainer *trainer = calloc (1, sizeof *trainer);
  NnStatus status = NN_NO_MEMORY;

  if (!trainer)
    return NN_NO_MEMORY;
  trainer->min_frames = min_frames;
  trainer->pool = pool;
  status = nn_chain_new (specs, n_layers, bands, min_frames, max_frames, heads, n_heads, &trainer->chain, reterr_issue);
  if (status != NN_OK)
    goto fail;
  trainer->pass = nn_pass_new (trainer->chain, max_samples, pool);
  if (!trainer->pass || !allocate (trainer)) {
    status = NN_NO_MEMORY;
    goto fail;
  }
  nn_trainer_initialize (trainer, 0);
  *ret_trainer = trainer;
  return NN_OK;

fail:
  nn_trainer_free (trainer);
  return status;
}

void
nn_trainer_free (NnTrainer *trainer)
{
  if (!trainer)
    return;
  nn_pass_free (trainer->pass);
  nn_chain_free (trainer->chain);
  free (trainer->ranges);
  free (trainer->average);
  free (trainer->moment_1);
  free (trainer->moment_2);
  free (trainer->statistics);
  free (trainer);
}

void
nn_trainer_initialize (NnTrainer *trainer, uint64_t seed)
{
  const size_t bytes = trainer->n_values * sizeof (float);

  nn_chain_initialize (trainer->chain, seed);
  memcpy (trainer->average, trainer->chain->weights, bytes);
  memset (trainer->moment_1, 0, bytes);
  memset (trainer->moment_2, 0, bytes);
  trainer->steps = 0;
}

/* --- steps ----------------------------------------------------------------------------------------------------- */

/* From one array of all values to another, those that do not learn. */
static void
copy_statistics (const NnTrainer *trainer, const float *from, float *to)
{
  for (size_t i = 0; i < trainer->n_ranges; i++) {
    const Range *range = &trainer->ranges[i];

    if (!range->learns)
      memcpy (to + range->first, from + range->first, range->n * sizeof *to);
  }
}

/* Moves the running statistics. */
static NnStepReport
run_batch (NnTrainer *trainer, const float *input, size_t samples, size_t frames, const NnTarget *targets,
    uint64_t seed, bool heads_only)
{
  assert (frames >= trainer->min_frames);

  copy_statistics (trainer, trainer->chain->weights, trainer->statistics);

  const NnPassReport report = nn_pass_run (trainer->pass, input, samples, frames, targets,
      seed ^ trainer->steps * NN_RANDOM_STEP, heads_only);

  return (NnStepReport){
    .loss = report.loss,
    .gradient_norm = report.gradient_norm,
    .finite = isfinite (report.loss) && isfinite (report.gradient_norm),
  };
}

static void
update_task (void *data, size_t index, unsigned worker)
{
  NnTrainer *trainer = data;
  const Range *range = &trainer->ranges[index];
  float *weights = trainer->chain->weights + range->first;
  NnAdamW adamw = trainer->adamw;

  (void) worker;
  if (range->body && trainer->heads_only)
    return;
  if (!range->decays)
    adamw.weight_decay = 0;
  if (range->learns)
    nn_adamw (&adamw, trainer->chain->gradients + range->first, weights, trainer->moment_1 + range->first,
        trainer->moment_2 + range->first, range->n);
  nn_average (trainer->decay, weights, trainer->average + range->first, range->n);
}

NnStepReport
nn_trainer_step (NnTrainer *trainer, const float *input, size_t samples, size_t frames, const NnTarget *targets,
    const NnStep *step)
{
  const NnStepReport report = run_batch (trainer, input, samples, frames, targets, step->seed, step->heads_only);

  if (!report.finite) {
    copy_statistics (trainer, trainer->statistics, trainer->chain->weights);
    return report;
  }
  trainer->steps++;
  trainer->adamw = (NnAdamW){
    .learning_rate = step->learning_rate,
    .weight_decay = step->weight_decay,
    .beta_1 = .9,
    .beta_2 = .999,
    .epsilon = 1e-8,
    .scale = nn_clip_scale (report.gradient_norm, step->clip_norm),
    .step = trainer->steps,
  };
  trainer->heads_only = step->heads_only;
  trainer->decay = nn_average_decay (step->average, trainer->steps);
  nn_pool_run (trainer->pool, trainer->n_ranges, update_task, trainer);
  return report;
}

NnStepReport
nn_trainer_gradients (NnTrainer *trainer, const float *input, size_t samples, size_t frames, const NnTarget *targets,
    uint64_t seed)
{
  const NnStepReport report = run_batch (trainer, input, samples, frames, targets, seed, false);

  copy_statistics (trainer, trainer->statistics, trainer->chain->weights);
  return report;
}

/* --- state ----------------------------------------------------------------------------------------------------- */

size_t
nn_trainer_n_tensors (const NnTrainer *trainer)
{
  return trainer->chain->n_tensors;
}

const NnTensor *
nn_trainer_tensor (const NnTrainer *trainer, size_t index)
{
  return nn_chain_tensor (trainer->chain, index);
}

float *
nn_trainer_array (NnTrainer *trainer, NnTrainerKind kind, size_t index)
{
  float *values = NULL;

  switch (kind) {
    case NN_TRAINER_WEIGHT:
      values = trainer->chain->weights;
      break;
    case NN_TRAINER_AVERAGE:
      values = trainer->average;
      break;
    case NN_TRAINER_MOMENT_1:
      values = trainer->moment_1;
      break;
    case NN_TRAINER_MOMENT_2:
      values = trainer->moment_2;
      break;
    case NN_TRAINER_GRADIENT:
      values = trainer->chain->gradients;
      break;
    case NN_TRAINER_N_KINDS:
      break;
  }
  return values ? values + nn_chain_offset (trainer->chain, index) : NULL;
}

uint64_t
nn_trainer_steps (const NnTrainer *trainer)
{
  return trainer->steps;
}

void
nn_trainer_set_steps (NnTrainer *trainer, uint64_t steps)
{
  trainer->steps = steps;
}
