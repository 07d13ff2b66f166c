/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_run.h"

#include "models/file/error.h"
#include "models/network_spec.h"
#include "nn/schedule.h"

#include <math.h>
#include <string.h>

enum
{
  CURVE_POINTS = 200, /* of the loss, about */
};

const char training_model_name[] = "model in training";

bool
training_has_threads (unsigned threads)
{
  NnPool *pool = nn_pool_new (threads);
  nn_pool_free (pool);
  return pool != NULL;
}

/* --- construction ---------------------------------------------------------------------------------------------- */

guint64
training_stage_steps (const TrainRecipe *recipe, const TrainingData *data, const TrainStage *stage)
{
  if (stage->steps > 0)
    return stage->steps;
  const guint64 samples = train_stage_samples (recipe, stage);
  if (stage->windows > 0)
    return MAX ((stage->windows + samples / 2) / samples, 1);

  /* Epochs of the group whose labels count, else of the first that has a part. */
  gsize group = recipe->n_data;
  for (gsize i = 0; i < recipe->n_data; i++)
    if (stage->shares[i].windows > 0
        && (group == recipe->n_data
            || (stage->shares[i].weight[TRAIN_LOSS_LABELS] > 0
                && !(stage->shares[group].weight[TRAIN_LOSS_LABELS] > 0))))
      group = i;
  const guint64 windows = stage->shares[group].windows, items = data->groups[group].n_items;
  return MAX ((stage->epochs * items + windows - 1) / windows, 1);
}

bool
training_fail_memory (GError **error)
{
  return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE, "%s",
      "no memory, or no more threads, for this network with batches of this size");
}

/* The recipe's layers with as many outputs as there are labels. */
static bool
copy_layers (Training *training, GError **error)
{
  const TrainRecipe *recipe = training->recipe;
  training->n_layers = recipe->n_layers;
  training->layers = g_memdup2 (recipe->layers, recipe->n_layers * sizeof *recipe->layers);
  NnLayerSpec *dense = &training->layers[recipe->n_layers - 2];
  if (dense->units != 0 && dense->units != training->data->n_labels)
    return genre_model_fail (error, GENRE_MODEL_ERROR_LABELS,
        "recipe: network: expected a last dense of %u units, one a label of the data, found %u",
        training->data->n_labels, dense->units);
  if (!dense->use_bias)
    return genre_model_fail (error, GENRE_MODEL_ERROR_NETWORK,
        "recipe: network: expected a last dense with bias, found one without");
  dense->units = training->data->n_labels;
  return true;
}

static bool
set_network_error (const Training *training, NnStatus status, const NnIssue *issue, const NnHead *heads, GError **error)
{
  const gsize n_body = training->n_layers - 2;
  if (status == NN_NO_MEMORY)
    return training_fail_memory (error);
  g_autofree char *layer = issue->layer < n_body ? network_spec_describe (&training->layers[issue->layer], issue->layer)
                                                 : g_strdup_printf ("head \"%s\"", heads[issue->layer - n_body].name);
  return genre_model_fail (error, GENRE_MODEL_ERROR_NETWORK, "recipe: network: %s: %s", layer, issue->text);
}

static bool
make_trainer (Training *training, GError **error)
{
  const TrainRecipe *recipe = training->recipe;
  NnHead heads[TRAINING_MAX_HEADS];
  NnIssue issue = { 0 };
  const gsize n_heads = training_batch_heads (training->data, training->layers[training->n_layers - 2].name, heads);
  gsize max_samples = 0;
  bool crops = false;

  for (gsize i = 0; i < recipe->n_stages; i++) {
    max_samples = MAX (max_samples, train_stage_samples (recipe, &recipe->stages[i]));
    crops |= recipe->stages[i].crop_share > 0;
  }
  const NnStatus status = nn_trainer_new (training->layers, training->n_layers - 2, training->data->frontend.bands,
      crops ? recipe->min_frames : recipe->window_frames, recipe->window_frames, heads, n_heads, max_samples,
      training->pool, &training->trainer, &issue);
  return status == NN_OK || set_network_error (training, status, &issue, heads, error);
}

/* Weights by name and shape.  Those of the labels' head only where the labels are the same. */
static void
take_initial (Training *training)
{
  GenreModel *model = training->data->initial;
  if (!model)
    return;
  const gsize n_tensors = nn_network_n_tensors (genre_model_network (model));
  const bool same_labels = g_strv_equal (genre_model_labels (model), (const char *const *) training->data->labels);
  g_autofree char *head = g_strconcat (training->layers[training->n_layers - 2].name, "/", NULL);

  for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++) {
    const NnTensor *tensor = nn_trainer_tensor (training->trainer, t);
    const gsize bytes = nn_tensor_size (tensor) * sizeof (float);
    for (gsize i = 0; i < n_tensors; i++) {
      const NnTensor *from = genre_model_tensor (model, i);
      if (strcmp (from->name, tensor->name) != 0 || from->rank != tensor->rank
          || memcmp (from->dim, tensor->dim, from->rank * sizeof *from->dim) != 0
          || (!same_labels && g_str_has_prefix (tensor->name, head)))
        continue;
      memcpy (nn_trainer_array (training->trainer, NN_TRAINER_WEIGHT, t), from->values, bytes);
      memcpy (nn_trainer_array (training->trainer, NN_TRAINER_AVERAGE, t), from->values, bytes);
    }
  }
}

char *
training_digest (const TrainRecipe *recipe, guint64 seed)
{
  GString *json = g_string_new (NULL);
  train_recipe_append (recipe, json);
  g_string_append_printf (json, " %" G_GUINT64_FORMAT, seed);
  char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, json->str, (gssize) json->len);
  g_string_free (json, TRUE);
  return digest;
}

/* What the model file would refuse in the end is refused now. */
static bool
check_file (const Training *training, GError **error)
{
  g_autoptr (GBytes) bytes = training_export (training, NULL, error);
  if (!bytes)
    return false;
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *model = genre_model_parse (data, size, training_model_name, error);
  genre_model_unref (model);
  return model != NULL;
}

Training *
training_new (const TrainRecipe *recipe, const TrainingData *data, guint64 seed, unsigned threads, GError **error)
{
  g_autoptr (Training) training = g_new0 (Training, 1);
  training->recipe = recipe;
  training->data = data;
  training->seed = seed;
  training->losses = g_array_new (FALSE, FALSE, sizeof (LossPoint));
  training->scores = g_array_new (FALSE, FALSE, sizeof (ScorePoint));
  for (gsize i = 0; i < recipe->n_stages; i++) {
    training->stage_steps[i] = training_stage_steps (recipe, data, &recipe->stages[i]);
    training->steps += training->stage_steps[i];
  }
  training->loss_every = MAX (training->steps / CURVE_POINTS, 1);
  training->pool = nn_pool_new (threads);
  if (!training->pool) {
    training_fail_memory (error);
    return NULL;
  }
  if (!copy_layers (training, error) || !make_trainer (training, error))
    return NULL;
  training->batch = training_batch_new (recipe, data, training->pool);
  nn_trainer_initialize (training->trainer, seed);
  take_initial (training);
  training->best = g_new0 (float *, nn_trainer_n_tensors (training->trainer));
  for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++)
    training->best[t] = g_new0 (float, nn_tensor_size (nn_trainer_tensor (training->trainer, t)));
  training->digest = training_digest (recipe, seed);

  return check_file (training, error) ? g_steal_pointer (&training) : NULL;
}

void
training_free (Training *training)
{
  if (!training)
    return;
  for (size_t t = 0; training->best && t < nn_trainer_n_tensors (training->trainer); t++)
    g_free (training->best[t]);
  g_free (training->best);
  training_batch_free (training->batch);
  nn_trainer_free (training->trainer);
  nn_pool_free (training->pool);
  g_array_unref (training->losses);
  g_array_unref (training->scores);
  g_free (training->layers);
  g_free (training->digest);
  g_free (training->origin);
  g_free (training);
}

/* --- steps ----------------------------------------------------------------------------------------------------- */

/* Which stage step `step` of all belongs to, and its number there. */
static gsize
find_stage (const Training *training, guint64 step, guint64 *ret_step)
{
  gsize stage = 0;
  while (stage + 1 < training->recipe->n_stages && step >= training->stage_steps[stage])
    step -= training->stage_steps[stage++];
  *ret_step = step;
  return stage;
}

/* Whether a stage learns what a validation measures: labels, or what is music. */
static bool
is_validated (const Training *training, gsize stage)
{
  for (gsize i = 0; i < training->recipe->n_data; i++) {
    const TrainShare *share = &training->recipe->stages[stage].shares[i];
    if (share->windows > 0
        && (share->weight[TRAIN_LOSS_LABELS] > 0 || share->weight[TRAIN_LOSS_PSEUDO_LABELS] > 0
            || share->weight[TRAIN_LOSS_SOFT_LABELS] > 0 || share->weight[TRAIN_LOSS_MUSIC] > 0))
      return true;
  }
  return false;
}

/* A higher mean recall; or as high, but surer. */
static bool
is_better (const TrainingScore *a, const TrainingScore *b)
{
  return a->mean_recall > b->mean_recall || (a->mean_recall == b->mean_recall && a->all.nll < b->all.nll);
}

static bool
validate (Training *training, bool *ret_best, GError **error)
{
  GenreModel *model = training_make_model (training, false, error);
  if (!model)
    return false;
  ScorePoint point = { .step = training->step };
  const bool ok = training_validate (training->data, model, training->recipe->interval_s, training->pool, &point.score,
      NULL);
  genre_model_unref (model);
  if (!ok)
    return training_fail_memory (error);

  g_array_append_val (training->scores, point);
  *ret_best = training->best_step == 0 || is_better (&point.score, &training->best_score);
  if (*ret_best) {
    training->best_step = training->step;
    training->best_score = point.score;
    for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++)
      memcpy (training->best[t], nn_trainer_array (training->trainer, NN_TRAINER_AVERAGE, t),
          nn_tensor_size (nn_trainer_tensor (training->trainer, t)) * sizeof (float));
  }
  return true;
}

static void
remember_loss (Training *training)
{
  training->loss_sum += training->loss;
  training->loss_count++;
  if (training->step % training->loss_every != 0 && training->step < training->steps)
    return;
  const LossPoint point = { training->step, training->loss_sum / (double) training->loss_count };
  g_array_append_val (training->losses, point);
  training->loss_sum = 0;
  training->loss_count = 0;
}

static bool
diverged (const Training *training, gsize stage, const NnStepReport *report, GError **error)
{
  const bool loss = !isfinite (report->loss);
  return genre_model_fail (error, GENRE_MODEL_ERROR_DIVERGED,
      "stage \"%s\", step %" G_GUINT64_FORMAT ": the %s is no longer a finite number: the learning rate of %g is "
      "probably too high for this network and data",
      training->recipe->stages[stage].name, training->step + 1, loss ? "loss" : "gradient", training->learning_rate);
}

/* The weights become their average: what the body is when only the heads go on. */
static void
take_average (Training *training)
{
  for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++)
    memcpy (nn_trainer_array (training->trainer, NN_TRAINER_WEIGHT, t),
        nn_trainer_array (training->trainer, NN_TRAINER_AVERAGE, t),
        nn_tensor_size (nn_trainer_tensor (training->trainer, t)) * sizeof (float));
}

bool
training_step (Training *training, TrainingProgress *ret_progress, GError **error)
{
  bool validated = false, best = false;

  if (training->step < training->steps) {
    guint64 step;
    const gsize index = find_stage (training, training->step, &step);
    const TrainStage *stage = &training->recipe->stages[index];
    const guint64 steps = training->stage_steps[index];
    const NnSchedule schedule = { stage->learning_rate, stage->final, MIN (stage->warmup, steps / 2), steps };

    if (step == 0 && stage->heads_only)
      take_average (training);
    training->learning_rate = nn_schedule_rate (&schedule, step);
    training_batch_fill (training->batch, training->seed, index, step);
    gsize frames;
    const float *input = training_batch_input (training->batch, &training->windows, &frames);
    const NnStep how = {
      .learning_rate = training->learning_rate,
      .weight_decay = stage->weight_decay,
      .clip_norm = stage->clip,
      .average = stage->average,
      .seed = training->seed,
      .heads_only = stage->heads_only,
    };
    const NnStepReport report = nn_trainer_step (training->trainer, input, training->windows, frames,
        training_batch_targets (training->batch), &how);
    if (!report.finite)
      return diverged (training, index, &report, error);
    training->step++;
    training->loss = report.loss;
    remember_loss (training);
    if (training->data->n_validation > 0 && is_validated (training, index)
        && (training->step % training->recipe->every == 0 || training->step == training->steps)) {
      if (!validate (training, &best, error))
        return false;
      validated = true;
    }
  }
  training_progress (training, ret_progress);
  ret_progress->validated = validated;
  ret_progress->best = best;
  return true;
}

void
training_progress (const Training *training, TrainingProgress *ret_progress)
{
  guint64 step;
  const gsize stage = find_stage (training, training->step > 0 ? training->step - 1 : 0, &step);
  const GArray *points = training->scores;
  *ret_progress = (TrainingProgress){
    .step = training->step,
    .steps = training->steps,
    .stage = stage,
    .stage_name = training->recipe->stages[stage].name,
    .loss = training->loss,
    .learning_rate = training->learning_rate,
    .windows = training->windows,
    .score = points->len > 0 ? &g_array_index (points, ScorePoint, points->len - 1).score : NULL,
    .finished = training->step == training->steps,
  };
}

const TrainingScore *
training_score (const Training *training)
{
  const GArray *points = training->scores;
  if (training_takes_best (training))
    return &training->best_score;
  if (points->len > 0 && g_array_index (points, ScorePoint, points->len - 1).step == training->step)
    return &g_array_index (points, ScorePoint, points->len - 1).score;
  return NULL;
}
