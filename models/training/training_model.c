/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_run.h"

#include "models/file/error.h"
#include "models/file/json_write.h"
#include "models/network_heads.h"
#include "models/network_spec.h"

#include <string.h>

bool
training_takes_best (const Training *training)
{
  return training->recipe->choose_best && training->best_step > 0;
}

static const char music_head[] =
    "{\"music\":[{\"type\":\"dense\",\"name\":\"music\",\"units\":1},{\"type\":\"sigmoid\"}]}";

/* Whether the body is that of the initial model in the end: then its head "music" is still right. */
static bool
keeps_body (const Training *training)
{
  bool keeps = training->data->initial != NULL;
  for (gsize i = 0; i < training->recipe->n_stages; i++)
    keeps &= training->recipe->stages[i].heads_only;
  return keeps;
}

/* The head "music" where it is learned, or else that of the initial model where its body has stayed. */
static bool
add_heads (const Training *training, NnNetwork *network, GError **error)
{
  if (training->data->learns_music)
    return network_heads_parse (music_head, training_model_name, network, error);
  if (keeps_body (training) && !network_heads_copy (genre_model_network (training->data->initial), network))
    return training_fail_memory (error);
  return true;
}

/* The average of a tensor's weights, or what the initial model has.  One of them knows it. */
static const float *
find_values (const Training *training, bool best, const NnTensor *tensor)
{
  GenreModel *initial = training->data->initial;
  for (size_t t = 0; t < nn_trainer_n_tensors (training->trainer); t++)
    if (strcmp (nn_trainer_tensor (training->trainer, t)->name, tensor->name) == 0)
      return best ? training->best[t] : nn_trainer_array (training->trainer, NN_TRAINER_AVERAGE, t);
  for (gsize t = 0; initial && t < nn_network_n_tensors (genre_model_network (initial)); t++)
    if (strcmp (genre_model_tensor (initial, t)->name, tensor->name) == 0)
      return genre_model_tensor (initial, t)->values;
  return NULL;
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
    training_fail_memory (error);
    return NULL;
  }
  if (status != NN_OK) {
    g_autofree char *layer = network_spec_describe (&training->layers[issue.layer], issue.layer);
    genre_model_fail (error, GENRE_MODEL_ERROR_NETWORK, "recipe: network: %s: %s", layer, issue.text);
    return NULL;
  }

  if (!add_heads (training, network, error)) {
    nn_network_free (network);
    return NULL;
  }
  for (size_t t = 0; t < nn_network_n_tensors (network); t++) {
    NnTensor *tensor = nn_network_tensor (network, t);
    memcpy (tensor->values, find_values (training, best, tensor), nn_tensor_size (tensor) * sizeof (float));
  }
  return network;
}

GenreModel *
training_make_model (const Training *training, bool best, GError **error)
{
  NnNetwork *network = make_network (training, best, error);
  return network ? genre_model_new ((const char *const *) training->data->labels, &training->data->frontend, network,
             training->recipe->window_frames, training->recipe->min_frames, training_model_name, error)
                 : NULL;
}

static GBytes *
serialize (const Training *training, bool best, const char *json, GError **error)
{
  GenreModel *model = training_make_model (training, best, error);
  if (!model)
    return NULL;
  GBytes *bytes = genre_model_serialize_tempered (model, genre_model_temperature (model), json, error);
  genre_model_unref (model);
  return bytes;
}

static void
append_rate (GString *json, const char *key, gsize right, gsize n)
{
  json_add_number (json, key, n > 0 ? (double) right / (double) n : 0);
}

/* What was measured on one set; set NULL: on what was held back. */
static void
append_accuracy (const Training *training, const GenreFeatureSet *set, const TrainingAccuracy *accuracy, GString *json)
{
  json_open (json, NULL, '{');
  json_add_string (json, "protocol", training->data->protocol);
  if (set) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (set));
    json_add_string (json, "set", base);
  }
  json_add_count (json, "tracks", accuracy->n_tracks);
  append_rate (json, "accuracy", accuracy->right_tracks, accuracy->n_tracks);
  json_add_number (json, "mean_recall", accuracy->mean_recall);
  json_add_count (json, "windows", accuracy->n_windows);
  append_rate (json, "accuracy_window", accuracy->right_windows, accuracy->n_windows);
  g_string_append_c (json, '}');
}

static void
append_music (const TrainingMusic *music, GString *json)
{
  json_open (json, NULL, '{');
  json_add_string (json, "protocol", "music or not, by track and by clip that is not music");
  json_add_count (json, "music", music->n_music);
  append_rate (json, "missed", music->missed, music->n_music);
  json_add_count (json, "not_music", music->n_other);
  append_rate (json, "taken", music->taken, music->n_other);
  json_add_number (json, "auc", music->auc);
  g_string_append_c (json, '}');
}

/* score: NULL: there is none */
static void
append_score (const Training *training, const TrainingScore *score, GString *json)
{
  const TrainingData *data = training->data;
  json_open (json, "measured", '[');
  for (gsize i = 0; score && i < MAX (data->n_tests, 1); i++)
    if (score->tests[i].n_tracks > 0)
      append_accuracy (training, data->n_tests > 0 ? g_ptr_array_index (data->sets, data->test[i]) : NULL,
          &score->tests[i], json);
  if (score && score->music.n_other > 0)
    append_music (&score->music, json);
  g_string_append_c (json, ']');
}

guint64
training_count_windows (const Training *training, guint64 steps)
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
  const guint64 steps = training_takes_best (training) ? training->best_step : training->step;
  GString *json = g_string_new ("{");
  json_open (json, "data", '[');
  for (gsize i = 0; i < training->data->sets->len; i++) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (g_ptr_array_index (training->data->sets, i)));
    json_add_string (json, NULL, base);
  }
  g_string_append_c (json, ']');
  json_add_string (json, "data_digest", training->data->digest);
  json_add_count (json, "seed", training->seed);
  json_add_string (json, "commit", commit);
  json_add_count (json, "steps", steps);
  json_add_count (json, "windows", training_count_windows (training, steps));
  append_score (training, training_score (training), json);
  json_add_key (json, "recipe");
  train_recipe_append (training->recipe, json);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

GBytes *
training_export (const Training *training, const char *commit, GError **error)
{
  g_autofree char *json = describe (training, commit);
  return serialize (training, training_takes_best (training), json, error);
}
