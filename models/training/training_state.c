/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_run.h"

#include "models/file/json_field.h"
#include "models/file/json_write.h"
#include "models/training/checkpoint.h"

#include <json-glib/json-glib.h>
#include <string.h>

enum
{
  MAX_NUMBERS = 6 * (TRAINING_MAX_TESTS + 2), /* of a score */
};

static const NnTrainerKind saved_kinds[] = { NN_TRAINER_WEIGHT, NN_TRAINER_AVERAGE, NN_TRAINER_MOMENT_1,
  NN_TRAINER_MOMENT_2 };
static const char *const kind_names[] = { "weight", "average", "moment_1", "moment_2" };

static char *
array_name (const Training *training, const char *kind, size_t tensor)
{
  return g_strdup_printf ("%s:%s", kind, nn_trainer_tensor (training->trainer, tensor)->name);
}

/* The numbers of a score in their order, to be written and to be read.
 *
 * numbers [MAX_NUMBERS]  out, pointers to counts or to doubles
 *
 * Returns how many there are. */
typedef struct Number
{
  gsize *count; /* or */
  double *value;
} Number;

static gsize
list_accuracy (TrainingAccuracy *accuracy, Number *numbers)
{
  const Number all[] = { { .count = &accuracy->n_tracks }, { .count = &accuracy->right_tracks },
    { .count = &accuracy->n_windows }, { .count = &accuracy->right_windows }, { .value = &accuracy->nll },
    { .value = &accuracy->mean_recall } };
  memcpy (numbers, all, sizeof all);
  return G_N_ELEMENTS (all);
}

static gsize
list_score (const Training *training, TrainingScore *score, Number *numbers)
{
  TrainingMusic *music = &score->music;
  const Number rest[] = { { .value = &score->mean_recall }, { .count = &music->n_music }, { .count = &music->missed },
    { .count = &music->n_other }, { .count = &music->taken }, { .value = &music->auc } };
  gsize n = list_accuracy (&score->all, numbers);
  for (gsize i = 0; i < MAX (training->data->n_tests, 1); i++)
    n += list_accuracy (&score->tests[i], numbers + n);
  memcpy (numbers + n, rest, sizeof rest);
  return n + G_N_ELEMENTS (rest);
}

/* [step, the numbers of the score] */
static void
write_score (const Training *training, const ScorePoint *point, GString *json)
{
  TrainingScore score = point->score;
  Number numbers[MAX_NUMBERS];
  const gsize n = list_score (training, &score, numbers);
  json_open (json, NULL, '[');
  json_add_count (json, NULL, point->step);
  for (gsize i = 0; i < n; i++)
    json_add_number (json, NULL, numbers[i].count ? (double) *numbers[i].count : *numbers[i].value);
  g_string_append_c (json, ']');
}

/* Numbers that are no floats: as JSON, every digit. */
static char *
write_state (const Training *training)
{
  GString *json = g_string_new ("{");
  json_add_count (json, "step", training->step);
  json_add_count (json, "trainer_steps", nn_trainer_steps (training->trainer));
  json_add_count (json, "best_step", training->best_step);
  json_add_number (json, "loss", training->loss);
  json_add_number (json, "loss_sum", training->loss_sum);
  json_add_count (json, "loss_count", training->loss_count);
  json_open (json, "losses", '[');
  for (guint i = 0; i < training->losses->len; i++) {
    const LossPoint *point = &g_array_index (training->losses, LossPoint, i);
    json_open (json, NULL, '[');
    json_add_count (json, NULL, point->step);
    json_add_number (json, NULL, point->loss);
    g_string_append_c (json, ']');
  }
  g_string_append_c (json, ']');
  json_open (json, "scores", '[');
  for (guint i = 0; i < training->scores->len; i++)
    write_score (training, &g_array_index (training->scores, ScorePoint, i), json);
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

static bool
read_score (const Training *training, JsonArray *list, ScorePoint *ret_point)
{
  Number numbers[MAX_NUMBERS];
  const gsize n = list_score (training, &ret_point->score, numbers);
  if (!list || json_array_get_length (list) != n + 1)
    return false;
  ret_point->step = (guint64) json_array_get_int_element (list, 0);
  for (gsize i = 0; i < n; i++) {
    const double value = json_array_get_double_element (list, (guint) i + 1);
    if (numbers[i].count)
      *numbers[i].count = (gsize) value;
    else
      *numbers[i].value = value;
  }
  return true;
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
  JsonNode *scores = object ? json_object_get_member (object, "scores") : NULL;
  if (!losses || !scores || !JSON_NODE_HOLDS_ARRAY (losses) || !JSON_NODE_HOLDS_ARRAY (scores)
      || integer_member (object, "step") > training->steps)
    return json_field_fail (root, &place, "the state of a training", error);

  training->step = integer_member (object, "step");
  nn_trainer_set_steps (training->trainer, integer_member (object, "trainer_steps"));
  training->best_step = integer_member (object, "best_step");
  training->loss = json_object_get_double_member_with_default (object, "loss", 0);
  training->loss_sum = json_object_get_double_member_with_default (object, "loss_sum", 0);
  training->loss_count = integer_member (object, "loss_count");
  g_array_set_size (training->losses, 0);
  g_array_set_size (training->scores, 0);
  for (guint i = 0; i < json_array_get_length (json_node_get_array (losses)); i++) {
    JsonArray *pair = json_array_get_array_element (json_node_get_array (losses), i);
    if (!pair || json_array_get_length (pair) != 2)
      return json_field_fail (losses, &place, "pairs of step and loss", error);
    const LossPoint point = { (guint64) json_array_get_int_element (pair, 0), json_array_get_double_element (pair, 1) };
    g_array_append_val (training->losses, point);
  }
  for (guint i = 0; i < json_array_get_length (json_node_get_array (scores)); i++) {
    ScorePoint point = { 0 };
    if (!read_score (training, json_array_get_array_element (json_node_get_array (scores), i), &point))
      return json_field_fail (scores, &place, "lists of a step and the numbers of a score", error);
    g_array_append_val (training->scores, point);
    if (point.step == training->best_step)
      training->best_score = point.score;
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
  return genre_model_fail (error, GENRE_MODEL_ERROR_CHECKPOINT,
      "%s: expected a checkpoint of this training, found one of %s", safetensors_name (file), what);
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
