/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/metrics.h"
#include "models/training/training.h"

#include "models/training/checkpoint.h"
#include "models/frontend.h"
#include "models/file/json_field.h"
#include "models/file/json_write.h"
#include "models/network_spec.h"
#include "models/file/printable.h"
#include "models/training/svg_plot.h"
#include "models/training/training_batch.h"
#include "nn/schedule.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

enum
{
  CURVE_POINTS = 200, /* of the loss, about */
};

static const char model_name[] = "model in training";
static const char no_memory[] = "no memory, or no more threads, for this network with batches of this size";

/* What the curve remembers. */
typedef struct LossPoint
{
  guint64 step;
  double loss; /* mean since the point before */
} LossPoint;

typedef struct AccuracyPoint
{
  guint64 step;
  TrainingAccuracy accuracy;
} AccuracyPoint;

struct Training
{
  const TrainRecipe *recipe;
  const TrainingData *data;
  guint64 seed;
  NnLayerSpec *layers; /* [n_layers] of the model */
  gsize n_layers;
  guint64 stage_steps[TRAIN_MAX_STAGES];
  guint64 steps; /* of all stages */
  guint64 loss_every;
  char *digest; /* of recipe and seed */
  char *origin; /* NULL: unknown */

  NnPool *pool;
  TrainingBatch *batch;
  NnTrainer *trainer;
  float **best; /* [n_tensors] the average of the weights at best_step */

  guint64 step; /* of all stages, done */
  double loss, learning_rate;
  gsize windows;
  double loss_sum; /* since the last point */
  guint64 loss_count;
  GArray *losses;     /* of LossPoint */
  GArray *accuracies; /* of AccuracyPoint */
  guint64 best_step;  /* 0: none yet */
  TrainingAccuracy best_accuracy;
};

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

static bool
fail (GenreModelError code, GError **error, const char *what)
{
  g_set_error_literal (error, GENRE_MODEL_ERROR, (int) code, what);
  return false;
}

/* The recipe's layers with as many outputs as there are labels. */
static bool
copy_layers (Training *training, GError **error)
{
  const TrainRecipe *recipe = training->recipe;
  training->n_layers = recipe->n_layers;
  training->layers = g_memdup2 (recipe->layers, recipe->n_layers * sizeof *recipe->layers);
  NnLayerSpec *dense = &training->layers[recipe->n_layers - 2];
  if (dense->units != 0 && dense->units != training->data->n_labels) {
    g_autofree char *what =
        g_strdup_printf ("recipe: network: expected a last dense of %u units, one a label of the data, found %u",
            training->data->n_labels, dense->units);
    return fail (GENRE_MODEL_ERROR_LABELS, error, what);
  }
  if (!dense->use_bias)
    return fail (GENRE_MODEL_ERROR_NETWORK, error,
        "recipe: network: expected a last dense with bias, found one without");
  dense->units = training->data->n_labels;
  return true;
}

static bool
set_network_error (const Training *training, NnStatus status, const NnIssue *issue, const NnHead *heads, GError **error)
{
  const gsize n_body = training->n_layers - 2;
  if (status == NN_NO_MEMORY)
    return fail (GENRE_MODEL_ERROR_SIZE, error, no_memory);
  g_autofree char *layer = issue->layer < n_body ? network_spec_describe (&training->layers[issue->layer], issue->layer)
                                                 : g_strdup_printf ("head \"%s\"", heads[issue->layer - n_body].name);
  g_autofree char *what = g_strdup_printf ("recipe: network: %s: %s", layer, issue->text);
  return fail (GENRE_MODEL_ERROR_NETWORK, error, what);
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

static GBytes *serialize (const Training *training, bool best, const char *json, GError **error);

/* What the model file would refuse in the end is refused now. */
static bool
check_file (const Training *training, GError **error)
{
  g_autoptr (GBytes) bytes = serialize (training, false, "{}", error);
  if (!bytes)
    return false;
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *model = genre_model_parse (data, size, model_name, error);
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
  training->accuracies = g_array_new (FALSE, FALSE, sizeof (AccuracyPoint));
  for (gsize i = 0; i < recipe->n_stages; i++) {
    training->stage_steps[i] = training_stage_steps (recipe, data, &recipe->stages[i]);
    training->steps += training->stage_steps[i];
  }
  training->loss_every = MAX (training->steps / CURVE_POINTS, 1);
  training->pool = nn_pool_new (threads);
  if (!training->pool) {
    fail (GENRE_MODEL_ERROR_SIZE, error, no_memory);
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
  g_array_unref (training->accuracies);
  g_free (training->layers);
  g_free (training->digest);
  g_free (training->origin);
  g_free (training);
}

/* --- the model ------------------------------------------------------------------------------------------------- */

static bool
takes_best (const Training *training)
{
  return training->recipe->choose_best && training->best_step > 0;
}

/* The network with the average of the weights: the present one, or that of the best step. */
static NnNetwork *
make_network (const Training *training, bool best, GError **error)
{
  NnNetwork *network = NULL;
  NnIssue issue = { 0 };
  const NnStatus status = nn_network_new (training->layers, training->n_layers, training->data->frontend.bands,
      training->recipe->min_frames, training->recipe->window_frames, &network, &issue);
  if (status == NN_NO_MEMORY) {
    fail (GENRE_MODEL_ERROR_SIZE, error, no_memory);
    return NULL;
  }
  if (status != NN_OK) {
    g_autofree char *layer = network_spec_describe (&training->layers[issue.layer], issue.layer);
    g_autofree char *what = g_strdup_printf ("recipe: network: %s: %s", layer, issue.text);
    fail (GENRE_MODEL_ERROR_NETWORK, error, what);
    return NULL;
  }

  /* The body's tensors, then head 0: the first of the trainer's, in the same order. */
  for (size_t t = 0; t < nn_network_n_tensors (network); t++) {
    NnTensor *tensor = nn_network_tensor (network, t);
    const float *values = best ? training->best[t] : nn_trainer_array (training->trainer, NN_TRAINER_AVERAGE, t);
    memcpy (tensor->values, values, nn_tensor_size (tensor) * sizeof (float));
  }
  return network;
}

static GenreModel *
make_model (const Training *training, bool best, GError **error)
{
  NnNetwork *network = make_network (training, best, error);
  return network ? genre_model_new ((const char *const *) training->data->labels, &training->data->frontend, network,
             training->recipe->window_frames, training->recipe->min_frames, model_name, error)
                 : NULL;
}

static GBytes *
serialize (const Training *training, bool best, const char *json, GError **error)
{
  GenreModel *model = make_model (training, best, error);
  if (!model)
    return NULL;
  GBytes *bytes = genre_model_serialize_tempered (model, genre_model_temperature (model), json, error);
  genre_model_unref (model);
  return bytes;
}

static void
append_accuracy (const Training *training, const TrainingAccuracy *accuracy, GString *json)
{
  g_string_append (json, "{\"protocol\":");
  json_append_string (json, training->data->protocol);
  g_string_append_printf (json, ",\"tracks\":%" G_GSIZE_FORMAT ",\"accuracy\":", accuracy->n_tracks);
  json_append_double (json, accuracy->n_tracks > 0 ? (double) accuracy->right_tracks / (double) accuracy->n_tracks : 0);
  g_string_append_printf (json, ",\"windows\":%" G_GSIZE_FORMAT ",\"accuracy_window\":", accuracy->n_windows);
  json_append_double (json,
      accuracy->n_windows > 0 ? (double) accuracy->right_windows / (double) accuracy->n_windows : 0);
  g_string_append_c (json, '}');
}

static guint64
count_windows (const Training *training, guint64 steps)
{
  guint64 windows = 0;
  for (gsize i = 0; i < training->recipe->n_stages; i++) {
    const guint64 n = MIN (steps, training->stage_steps[i]);
    windows += n * train_stage_samples (training->recipe, &training->recipe->stages[i]);
    steps -= n;
  }
  return windows;
}

/* The metadata of that name. */
static char *
describe (const Training *training, const char *commit)
{
  const TrainingAccuracy accuracy = training_accuracy (training);
  const guint64 steps = takes_best (training) ? training->best_step : training->step;
  GString *json = g_string_new ("{\"data\":[");
  for (gsize i = 0; i < training->data->sets->len; i++) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (g_ptr_array_index (training->data->sets, i)));
    if (i > 0)
      g_string_append_c (json, ',');
    json_append_string (json, base);
  }
  g_string_append_printf (json,
      "],\"data_digest\":\"%s\",\"seed\":%" G_GUINT64_FORMAT ",\"commit\":", training->data->digest, training->seed);
  if (commit)
    json_append_string (json, commit);
  else
    g_string_append (json, "null");
  g_string_append_printf (json, ",\"steps\":%" G_GUINT64_FORMAT ",\"windows\":%" G_GUINT64_FORMAT ",\"measured\":[",
      steps, count_windows (training, steps));
  if (accuracy.n_tracks > 0)
    append_accuracy (training, &accuracy, json);
  g_string_append (json, "],\"recipe\":");
  train_recipe_append (training->recipe, json);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

GBytes *
training_export (const Training *training, const char *commit, GError **error)
{
  g_autofree char *json = describe (training, commit);
  return serialize (training, takes_best (training), json, error);
}

TrainingAccuracy
training_accuracy (const Training *training)
{
  const GArray *points = training->accuracies;
  if (takes_best (training))
    return training->best_accuracy;
  if (points->len > 0 && g_array_index (points, AccuracyPoint, points->len - 1).step == training->step)
    return g_array_index (points, AccuracyPoint, points->len - 1).accuracy;
  return (TrainingAccuracy){ 0 };
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

static bool
learns_labels (const Training *training, gsize stage)
{
  for (gsize i = 0; i < training->recipe->n_data; i++) {
    const TrainShare *share = &training->recipe->stages[stage].shares[i];
    if (share->windows > 0
        && (share->weight[TRAIN_LOSS_LABELS] > 0 || share->weight[TRAIN_LOSS_PSEUDO_LABELS] > 0
            || share->weight[TRAIN_LOSS_SOFT_LABELS] > 0))
      return true;
  }
  return false;
}

/* More tracks right; or as many, but surer of them. */
static bool
is_better (const TrainingAccuracy *a, const TrainingAccuracy *b)
{
  return a->right_tracks > b->right_tracks || (a->right_tracks == b->right_tracks && a->nll < b->nll);
}

static bool
validate (Training *training, bool *ret_best, GError **error)
{
  GenreModel *model = make_model (training, false, error);
  if (!model)
    return false;
  AccuracyPoint point = { .step = training->step };
  const bool ok = training_validate (training->data, model, training->recipe->interval_s, training->pool,
      &point.accuracy, NULL);
  genre_model_unref (model);
  if (!ok)
    return fail (GENRE_MODEL_ERROR_SIZE, error, no_memory);

  g_array_append_val (training->accuracies, point);
  *ret_best = training->best_step == 0 || is_better (&point.accuracy, &training->best_accuracy);
  if (*ret_best) {
    training->best_step = training->step;
    training->best_accuracy = point.accuracy;
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
  g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_DIVERGED,
      "stage \"%s\", step %" G_GUINT64_FORMAT ": the %s is no longer a finite number: the learning rate of %g is "
      "probably too high for this network and data",
      training->recipe->stages[stage].name, training->step + 1, loss ? "loss" : "gradient", training->learning_rate);
  return false;
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
    training->windows = training_batch_samples (training->batch);
    const NnStep how = {
      .learning_rate = training->learning_rate,
      .weight_decay = stage->weight_decay,
      .clip_norm = stage->clip,
      .average = stage->average,
      .seed = training->seed,
      .heads_only = stage->heads_only,
    };
    const NnStepReport report = nn_trainer_step (training->trainer, training_batch_input (training->batch),
        training->windows, training_batch_frames (training->batch), training_batch_targets (training->batch), &how);
    if (!report.finite)
      return diverged (training, index, &report, error);
    training->step++;
    training->loss = report.loss;
    remember_loss (training);
    if (training->data->n_validation > 0 && learns_labels (training, index)
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
  const GArray *points = training->accuracies;
  double accuracy = (double) NAN;
  gsize n_tracks = 0, right_tracks = 0;
  if (points->len > 0) {
    const TrainingAccuracy *last = &g_array_index (points, AccuracyPoint, points->len - 1).accuracy;
    n_tracks = last->n_tracks;
    right_tracks = last->right_tracks;
    accuracy = (double) right_tracks / (double) MAX (n_tracks, 1);
  }
  *ret_progress = (TrainingProgress){
    .step = training->step,
    .steps = training->steps,
    .stage = stage,
    .stage_name = training->recipe->stages[stage].name,
    .loss = training->loss,
    .learning_rate = training->learning_rate,
    .windows = training->windows,
    .accuracy = accuracy,
    .n_tracks = n_tracks,
    .right_tracks = right_tracks,
    .finished = training->step == training->steps,
  };
}

/* --- checkpoints ----------------------------------------------------------------------------------------------- */

static const NnTrainerKind saved_kinds[] = { NN_TRAINER_WEIGHT, NN_TRAINER_AVERAGE, NN_TRAINER_MOMENT_1,
  NN_TRAINER_MOMENT_2 };
static const char *const kind_names[] = { "weight", "average", "moment_1", "moment_2" };

static char *
array_name (const Training *training, const char *kind, size_t tensor)
{
  return g_strdup_printf ("%s:%s", kind, nn_trainer_tensor (training->trainer, tensor)->name);
}

/* Numbers that are no floats: as JSON, every digit. */
static char *
write_state (const Training *training)
{
  GString *json = g_string_new (NULL);
  g_string_append_printf (json,
      "{\"step\":%" G_GUINT64_FORMAT ",\"trainer_steps\":%" G_GUINT64_FORMAT ",\"best_step\":%" G_GUINT64_FORMAT
      ",\"loss\":",
      training->step, (guint64) nn_trainer_steps (training->trainer), training->best_step);
  json_append_double (json, training->loss);
  g_string_append (json, ",\"loss_sum\":");
  json_append_double (json, training->loss_sum);
  g_string_append_printf (json, ",\"loss_count\":%" G_GUINT64_FORMAT ",\"losses\":[", training->loss_count);
  for (guint i = 0; i < training->losses->len; i++) {
    const LossPoint *point = &g_array_index (training->losses, LossPoint, i);
    g_string_append_printf (json, "%s[%" G_GUINT64_FORMAT ",", i > 0 ? "," : "", point->step);
    json_append_double (json, point->loss);
    g_string_append_c (json, ']');
  }
  g_string_append (json, "],\"accuracies\":[");
  for (guint i = 0; i < training->accuracies->len; i++) {
    const AccuracyPoint *point = &g_array_index (training->accuracies, AccuracyPoint, i);
    const TrainingAccuracy *a = &point->accuracy;
    g_string_append_printf (json,
        "%s[%" G_GUINT64_FORMAT ",%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT ",",
        i > 0 ? "," : "", point->step, a->n_tracks, a->right_tracks, a->n_windows, a->right_windows);
    json_append_double (json, a->nll);
    g_string_append_c (json, ']');
  }
  g_string_append (json, "]}");
  return g_string_free (json, FALSE);
}

void
training_set_origin (Training *training, const char *origin)
{
  g_free (training->origin);
  training->origin = g_strdup (origin);
}

bool
training_save (const Training *training, const char *path, GError **error)
{
  g_autofree char *state = write_state (training);
  const char *const texts[CHECKPOINT_N_TEXTS] = {
    [CHECKPOINT_RECIPE] = training->digest,
    [CHECKPOINT_DATA] = training->data->digest,
    [CHECKPOINT_ORIGIN] = training->origin ? training->origin : "",
    [CHECKPOINT_STATE] = state,
  };
  g_autoptr (Checkpoint) checkpoint = checkpoint_new (texts);

  for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++) {
    const gsize n = nn_tensor_size (nn_trainer_tensor (training->trainer, t));
    for (gsize k = 0; k < G_N_ELEMENTS (saved_kinds); k++) {
      g_autofree char *name = array_name (training, kind_names[k], t);
      checkpoint_add_floats (checkpoint, name, nn_trainer_array (training->trainer, saved_kinds[k], t), n);
    }
    g_autofree char *name = array_name (training, "best", t);
    checkpoint_add_floats (checkpoint, name, training->best[t], n);
  }
  return checkpoint_save (checkpoint, path, error);
}

static guint64
integer_member (JsonObject *object, const char *name)
{
  return (guint64) json_object_get_int_member_with_default (object, name, 0);
}

/* A digest said that the text is as it was written: no more is checked than keeps us in bounds. */
static bool
read_state (Training *training, const Safetensors *file, GError **error)
{
  const char *text = checkpoint_text (file, CHECKPOINT_STATE);
  const JsonPlace place = { safetensors_name (file), "state", NULL, GENRE_MODEL_ERROR_CHECKPOINT };
  g_autoptr (JsonNode) root = json_field_parse (text, strlen (text), &place, error);
  if (!root)
    return false;
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *losses = object ? json_object_get_member (object, "losses") : NULL;
  JsonNode *accuracies = object ? json_object_get_member (object, "accuracies") : NULL;
  if (!losses || !accuracies || !JSON_NODE_HOLDS_ARRAY (losses) || !JSON_NODE_HOLDS_ARRAY (accuracies)
      || integer_member (object, "step") > training->steps)
    return json_field_fail (root, &place, "the state of a training", error);

  training->step = integer_member (object, "step");
  nn_trainer_set_steps (training->trainer, integer_member (object, "trainer_steps"));
  training->best_step = integer_member (object, "best_step");
  training->loss = json_object_get_double_member_with_default (object, "loss", 0);
  training->loss_sum = json_object_get_double_member_with_default (object, "loss_sum", 0);
  training->loss_count = integer_member (object, "loss_count");
  g_array_set_size (training->losses, 0);
  g_array_set_size (training->accuracies, 0);
  for (guint i = 0; i < json_array_get_length (json_node_get_array (losses)); i++) {
    JsonArray *pair = json_array_get_array_element (json_node_get_array (losses), i);
    if (!pair || json_array_get_length (pair) != 2)
      return json_field_fail (losses, &place, "pairs of step and loss", error);
    const LossPoint point = { (guint64) json_array_get_int_element (pair, 0), json_array_get_double_element (pair, 1) };
    g_array_append_val (training->losses, point);
  }
  for (guint i = 0; i < json_array_get_length (json_node_get_array (accuracies)); i++) {
    JsonArray *list = json_array_get_array_element (json_node_get_array (accuracies), i);
    if (!list || json_array_get_length (list) != 6)
      return json_field_fail (accuracies, &place, "lists of six numbers", error);
    const AccuracyPoint point = {
      (guint64) json_array_get_int_element (list, 0),
      {
          .n_tracks = (gsize) json_array_get_int_element (list, 1),
          .right_tracks = (gsize) json_array_get_int_element (list, 2),
          .n_windows = (gsize) json_array_get_int_element (list, 3),
          .right_windows = (gsize) json_array_get_int_element (list, 4),
          .nll = json_array_get_double_element (list, 5),
      },
    };
    g_array_append_val (training->accuracies, point);
    if (point.step == training->best_step)
      training->best_accuracy = point.accuracy;
  }
  return true;
}

static bool
check_origin (const Training *training, const Safetensors *file, GError **error)
{
  const char *what = NULL;
  if (strcmp (checkpoint_text (file, CHECKPOINT_RECIPE), training->digest) != 0)
    what = "another recipe or another seed";
  else if (strcmp (checkpoint_text (file, CHECKPOINT_DATA), training->data->digest) != 0)
    what = "other data";
  if (!what)
    return true;
  g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_CHECKPOINT,
      "%s: expected a checkpoint of this very training, found one of %s", safetensors_name (file), what);
  return false;
}

bool
training_resume (Training *training, const char *path, char **ret_reason, GError **error)
{
  g_autofree char *reason = NULL;
  g_autoptr (Safetensors) file = checkpoint_load (path, &reason, error);
  if (!file || !check_origin (training, file, error))
    return false;
  for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++) {
    const gsize n = nn_tensor_size (nn_trainer_tensor (training->trainer, t));
    for (gsize k = 0; k < G_N_ELEMENTS (saved_kinds); k++) {
      g_autofree char *name = array_name (training, kind_names[k], t);
      if (!checkpoint_read_floats (file, name, nn_trainer_array (training->trainer, saved_kinds[k], t), n, error))
        return false;
    }
    g_autofree char *name = array_name (training, "best", t);
    if (!checkpoint_read_floats (file, name, training->best[t], n, error))
      return false;
  }
  if (!read_state (training, file, error))
    return false;
  *ret_reason = g_steal_pointer (&reason);
  return true;
}

/* --- for people ------------------------------------------------------------------------------------------------ */

char *
training_curve (const Training *training)
{
  const guint n_losses = training->losses->len, n_accuracies = training->accuracies->len;
  g_autofree double *x = g_new (double, n_losses + n_accuracies + 1);
  g_autofree double *y = g_new (double, n_losses + 2 * n_accuracies + 1);
  double *windows = y + n_losses + n_accuracies;

  for (guint i = 0; i < n_losses; i++) {
    x[i] = (double) g_array_index (training->losses, LossPoint, i).step;
    y[i] = g_array_index (training->losses, LossPoint, i).loss;
  }
  for (guint i = 0; i < n_accuracies; i++) {
    const AccuracyPoint *point = &g_array_index (training->accuracies, AccuracyPoint, i);
    const TrainingAccuracy *a = &point->accuracy;
    x[n_losses + i] = (double) point->step;
    y[n_losses + i] = (double) a->right_tracks / (double) MAX (a->n_tracks, 1);
    windows[i] = (double) a->right_windows / (double) MAX (a->n_windows, 1);
  }
  const SvgLine loss = { NULL, x, y, n_losses };
  const SvgLine accuracies[] = {
    { "tracks", x + n_losses, y + n_losses, n_accuracies },
    { "windows", x + n_losses, windows, n_accuracies },
  };
  const SvgPlot plots[] = {
    { .title = "Loss", .x_title = "step", .lines = &loss, .n_lines = 1 },
    { .title = "Accuracy on validation",
        .x_title = "step",
        .lines = accuracies,
        .n_lines = G_N_ELEMENTS (accuracies),
        .y_max = 1,
        .percent = TRUE,
        .dots = TRUE },
  };
  return svg_plots (plots, n_accuracies > 0 ? 2 : 1);
}

/* Text in a cell of a table, or in a line. */
static void
append_plain (GString *text, const char *words)
{
  g_autofree char *printable = printable_text (words);
  for (const char *c = printable; *c; c++) {
    if (strchr ("|<>&*_`[]\\", *c))
      g_string_append_c (text, '\\');
    g_string_append_c (text, *c);
  }
}

/* "50.0 % (95 % interval 9.5 to 90.5 %)"; n >= 1 */
static void
append_rate (GString *text, gsize right, gsize n)
{
  double low, high;
  metrics_wilson (right, n, &low, &high);
  g_string_append_printf (text, "%.1f %% (95 %% interval %.1f to %.1f %%)", 100 * (double) right / (double) n,
      100 * low, 100 * high);
}

/* recalls [n_labels]  out.  False: there are none, or no memory. */
static bool
measure_recalls (const Training *training, TrainingRecall *recalls)
{
  const TrainingAccuracy accuracy = training_accuracy (training);
  TrainingAccuracy again;
  GenreModel *model = accuracy.n_tracks > 0 ? make_model (training, takes_best (training), NULL) : NULL;
  const bool ok = model
      && training_validate (training->data, model, training->recipe->interval_s, training->pool, &again, recalls);
  genre_model_unref (model);
  return ok;
}

static void
append_labels (const Training *training, GString *text)
{
  g_autofree TrainingRecall *recalls = g_new0 (TrainingRecall, training->data->n_labels);
  const bool measured = measure_recalls (training, recalls);
  g_autofree gsize *learned = g_new0 (gsize, training->data->n_labels);
  g_autofree gsize *held = g_new0 (gsize, training->data->n_labels);
  for (gsize g = 0; g < training->recipe->n_data; g++)
    for (gsize i = 0; i < training->data->groups[g].n_items; i++)
      if (training->data->groups[g].items[i].label >= 0 && training_data_wants (training->recipe, g, TRAIN_LOSS_LABELS))
        learned[training->data->groups[g].items[i].label]++;
  for (gsize i = 0; i < training->data->n_validation; i++)
    held[training->data->validation[i].label]++;

  g_string_append_printf (text,
      "| label | learned from | validated on | named correctly, of %s |\n| --- | --- | --- | --- |\n",
      training->data->cases);
  for (gsize i = 0; i < training->data->n_labels; i++) {
    g_string_append (text, "| ");
    append_plain (text, training->data->labels[i]);
    g_string_append_printf (text, " | %" G_GSIZE_FORMAT " | %" G_GSIZE_FORMAT " | ", learned[i], held[i]);
    if (measured && recalls[i].n_tracks > 0) {
      g_string_append_printf (text, "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ", ", recalls[i].right_tracks,
          recalls[i].n_tracks);
      append_rate (text, recalls[i].right_tracks, recalls[i].n_tracks);
    }
    g_string_append (text, " |\n");
  }
}

char *
training_card (const Training *training, const char *name, const char *sha256)
{
  const TrainingAccuracy accuracy = training_accuracy (training);
  const guint64 steps = takes_best (training) ? training->best_step : training->step;
  const GenreFrontend *frontend = &training->data->frontend;
  const double hop_s = (double) frontend->mel.hop_length / frontend->mel.sample_rate_hz;
  g_autofree char *recipe_name = printable_text (training->recipe->name ? training->recipe->name : "unnamed");
  GString *text = g_string_new ("# ");

  append_plain (text, name);
  g_string_append_printf (text, "\n\nA genre model for `genreclassify model=FILE`.  SHA-256 `%s`.\n\n", sha256);
  g_string_append_printf (text, "It hears windows of %.1f to %.1f seconds, from %u mel bands.\n\n",
      training->recipe->min_frames * hop_s, training->recipe->window_frames * hop_s, (unsigned) frontend->bands);
  g_string_append (text, "## What it knows\n\nClips (or windows, where they were shuffled) of each label:\n\n");
  append_labels (training, text);
  g_string_append (text, "\n## How good it is\n\n");
  if (accuracy.n_tracks > 0) {
    append_rate (text, accuracy.right_tracks, accuracy.n_tracks);
    g_string_append_printf (text,
        " of %" G_GSIZE_FORMAT " %s and %.1f %% of %" G_GSIZE_FORMAT " answers; protocol: %s.\n", accuracy.n_tracks,
        training->data->cases, 100 * (double) accuracy.right_windows / (double) MAX (accuracy.n_windows, 1),
        accuracy.n_windows, training->data->protocol);
    if (training->recipe->choose_best)
      g_string_append (text, "The best of several measurements on the same music: expect a little less on others.\n");
    if (training->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS)
      g_string_append (text, "Parts of the same recordings were learned from: on new music it will be much worse.\n");
  } else {
    g_string_append (text, "Not measured: there was nothing to validate on.\n");
  }
  g_string_append_printf (text,
      "\n## How it was made\n\nRecipe `%s`, seed %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " steps, %" G_GUINT64_FORMAT
      " windows; digest of the data `%s`.\n\n",
      recipe_name, training->seed, steps, count_windows (training, steps), training->data->digest);
  for (gsize i = 0; i < training->data->sets->len; i++) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (g_ptr_array_index (training->data->sets, i)));
    g_string_append (text, "* ");
    append_plain (text, base);
    g_string_append_c (text, '\n');
  }
  g_autofree char *recipe = train_recipe_print (training->recipe);
  g_string_append_printf (text, "\n```json\n%s\n```\n", recipe);
  return g_string_free (text, FALSE);
}
