/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/calibration.h"

#include "models/file/json_node.h"
#include "models/file/json_write.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static const double MIN_TEMPERATURE = .01, MAX_TEMPERATURE = 100; /* beyond, something else is wrong */

enum
{
  MAX_ROUNDS = 6,
};

void
tool_calibration_clear (ToolCalibration *calibration)
{
  g_clear_pointer (&calibration->set, g_free);
}

/* Four digits: what the file shows. */
static double
round_digits (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_ascii_strtod (g_ascii_formatd (text, sizeof text, "%.4g", value), NULL);
}

/* The text of an object without this member: as it was, unless it had one. */
static char *
without_member (const char *json, const char *key)
{
  g_autoptr (JsonNode) root = json_from_string (json, NULL);
  JsonObject *object = root ? json_node_get_object (root) : NULL;

  if (!object || !json_object_has_member (object, key))
    return g_strdup (json);
  json_object_remove_member (object, key);

  GString *text = g_string_new (NULL);

  json_append_node (text, root);
  return g_string_free (text, FALSE);
}

/* The training record with a member "calibration". */
static char *
record (const GenreModel *model, const ToolCalibration *calibration)
{
  g_autofree char *before = g_strchomp (without_member (genre_model_training (model), "calibration"));
  g_autofree char *set = g_path_get_basename (calibration->set);

  before[strlen (before) - 1] = '\0'; /* the closing brace */
  g_strchomp (before);
  GString *json = g_string_new (before);
  json_add_key (json, "calibration");
  g_string_append_c (json, '{');
  json_add_string (json, "set", set);
  json_add_count (json, "tracks", calibration->n_cases);
  json_add_number (json, "temperature", calibration->temperature[1]);
  json_add_number (json, "ece_before", calibration->ece[0]);
  json_add_number (json, "ece", calibration->ece[1]);
  json_add_number (json, "nll_before", calibration->nll[0]);
  json_add_number (json, "nll", calibration->nll[1]);
  g_string_append (json, "}}");
  return g_string_free (json, FALSE);
}

/* The model at this temperature; ret_bytes: its file */
static GenreModel *
write_tempered (const GenreModel *model, const char *name, double temperature, const char *training, GBytes **ret_bytes,
    GError **error)
{
  g_autoptr (GBytes) bytes = genre_model_serialize_tempered (model, temperature, training, error);
  if (!bytes)
    return NULL;
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *tempered = genre_model_parse (data, size, name, error);
  if (tempered)
    *ret_bytes = g_steal_pointer (&bytes);
  return tempered;
}

static gboolean
fail (const ToolEvaluation *evaluation, const char *why, GError **error)
{
  g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_CLIPS,
      "%s: no temperature of %s can be fitted on these %" G_GSIZE_FORMAT " tracks: %s",
      genre_feature_set_name (evaluation->set), evaluation->name, evaluation->n_cases, why);
  return FALSE;
}

/* Whether the set says anything about confidence. */
static gboolean
check (const ToolEvaluation *evaluation, GError **error)
{
  if (evaluation->by_track->right == evaluation->n_cases)
    return fail (evaluation, "all are named correctly, so that more confidence is always better", error);
  return TRUE;
}

/* Hears the model at better and better temperatures.  The evaluation at the last one; NULL: an error. */
static ToolEvaluation *
approach (const ToolEvaluation *before, const ToolEvaluationConfig *config, GError **error)
{
  const ToolEvaluation *now = before;
  ToolEvaluation *found = NULL;

  for (int round = 0; round < MAX_ROUNDS; round++) {
    const double old = genre_model_temperature (now->model);
    const double wanted = old * tool_evaluation_fit (now);
    const double temperature = round_digits (wanted);

    if (fabs (log (wanted / old)) < 1e-3)
      break;
    if (!(temperature >= MIN_TEMPERATURE && temperature <= MAX_TEMPERATURE)) {
      fail (before,
          wanted > 1 ? "its answers are no better than chance"
                     : "its confidence is too low for any temperature allowed",
          error);
      tool_evaluation_free (found);
      return NULL;
    }
    GenreModel *model = genre_model_temper (now->model, temperature, before->name, error);
    ToolEvaluation *next = model ? tool_evaluation_new (model, before->name, before->set, 0, "calibrate", config, error)
                                 : NULL;
    genre_model_unref (model);
    tool_evaluation_free (found);
    if (!next)
      return NULL;
    now = found = next;
  }
  /* At once where it should be: once more, for the caller owns what comes. */
  return found ? found : tool_evaluation_new (before->model, before->name, before->set, 0, "calibrate", config, error);
}

GenreModel *
tool_calibrate (GenreModel *model, const char *name, const GenreFeatureSet *set, const ToolEvaluationConfig *config,
    ToolCalibration *ret_calibration, GBytes **ret_bytes, GError **error)
{
  g_autoptr (ToolEvaluation) before = tool_evaluation_new (model, name, set, 0, "calibrate", config, error);
  if (!before || !check (before, error))
    return NULL;
  g_autoptr (ToolEvaluation) after = approach (before, config, error);
  if (!after)
    return NULL;

  const gboolean changed = after->by_track->ece < before->by_track->ece;
  const ToolEvaluation *result = changed ? after : before;
  ToolCalibration calibration = {
    .set = g_strdup (genre_feature_set_name (set)),
    .n_cases = before->n_cases,
    .changed = changed,
    .temperature = { genre_model_temperature (model), genre_model_temperature (result->model) },
    .ece = { before->by_track->ece, result->by_track->ece },
    .nll = { before->by_track->nll, result->by_track->nll },
  };
  g_autofree char *training = changed ? record (model, &calibration) : g_strdup (genre_model_training (model));
  GenreModel *calibrated = write_tempered (model, name, calibration.temperature[1], training, ret_bytes, error);
  if (calibrated)
    *ret_calibration = calibration;
  else
    tool_calibration_clear (&calibration);
  return calibrated;
}
