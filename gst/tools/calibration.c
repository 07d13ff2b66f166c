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

/* The same model on all the sets. */
typedef struct Round
{
  ToolEvaluation *evaluations[TOOL_MAX_CALIBRATION];
  gsize n;
} Round;

static void
round_free (Round *round)
{
  for (gsize i = 0; round && i < round->n; i++)
    tool_evaluation_free (round->evaluations[i]);
  g_free (round);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Round, round_free)

/* NULL: an error. */
static Round *
round_new (GenreModel *model, const char *name, const GenreFeatureSet *const *sets, gsize n_sets,
    const ToolEvaluationConfig *config, GError **error)
{
  g_autoptr (Round) round = g_new0 (Round, 1);
  for (; round->n < n_sets; round->n++) {
    round->evaluations[round->n] = tool_evaluation_new (model, name, sets[round->n], 0, "calibrate", config, error);
    if (!round->evaluations[round->n])
      return NULL;
  }
  return g_steal_pointer (&round);
}

static GenreModel *
round_model (const Round *round)
{
  return round->evaluations[0]->model;
}

static gsize
count_cases (const Round *round)
{
  gsize n = 0;
  for (gsize i = 0; i < round->n; i++)
    n += round->evaluations[i]->n_cases;
  return n;
}

static double
mean_ece (const Round *round)
{
  double sum = 0;
  for (gsize i = 0; i < round->n; i++)
    sum += round->evaluations[i]->by_track->ece;
  return sum / (double) round->n;
}

static double
mean_nll (const Round *round)
{
  double sum = 0;
  for (gsize i = 0; i < round->n; i++)
    sum += round->evaluations[i]->by_track->nll * (double) round->evaluations[i]->n_cases;
  return sum / (double) count_cases (round);
}

/* "a.safetensors, b.safetensors" */
static char *
name_sets (const Round *round)
{
  GString *names = g_string_new (NULL);
  for (gsize i = 0; i < round->n; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", genre_feature_set_name (round->evaluations[i]->set));
  return g_string_free (names, FALSE);
}

static gboolean
fail (const Round *round, const char *why, GError **error)
{
  g_autofree char *names = name_sets (round);
  return genre_model_fail (error, GENRE_MODEL_ERROR_CLIPS,
      "%s: no temperature of %s can be fitted on these %" G_GSIZE_FORMAT " tracks: %s", names,
      round->evaluations[0]->name, count_cases (round), why);
}

/* Whether the sets say anything about confidence. */
static gboolean
check (const Round *round, GError **error)
{
  for (gsize i = 0; i < round->n; i++)
    if (round->evaluations[i]->by_track->right < round->evaluations[i]->n_cases)
      return TRUE;
  return fail (round, "all are named correctly, so that more confidence is always better", error);
}

/* Hears the model at better and better temperatures.  The round at the last one; NULL: an error. */
static Round *
approach (const Round *before, const char *name, const GenreFeatureSet *const *sets, const ToolEvaluationConfig *config,
    GError **error)
{
  g_autoptr (Round) found = NULL;

  for (int i = 0; i < MAX_ROUNDS; i++) {
    const Round *now = found ? found : before;
    const double old = genre_model_temperature (round_model (now));
    const double wanted = old * tool_evaluation_fit (now->evaluations, now->n);
    const double temperature = round_digits (wanted);

    if (fabs (log (wanted / old)) < 1e-3)
      break;
    if (!(temperature >= MIN_TEMPERATURE && temperature <= MAX_TEMPERATURE)) {
      fail (before,
          wanted > 1 ? "its answers are no better than chance"
                     : "its confidence is too low for any temperature allowed",
          error);
      return NULL;
    }
    GenreModel *model = genre_model_temper (round_model (now), temperature, name, error);
    Round *next = model ? round_new (model, name, sets, before->n, config, error) : NULL;
    genre_model_unref (model);
    if (!next)
      return NULL;
    round_free (found);
    found = next;
  }
  /* At once where it should be: once more, for the caller owns what comes. */
  return found ? g_steal_pointer (&found) : round_new (round_model (before), name, sets, before->n, config, error);
}

/* The training record with a member "calibration". */
static char *
record (const GenreModel *model, const Round *round, const ToolCalibration *calibration)
{
  g_autofree char *before = g_strchomp (without_member (genre_model_training (model), "calibration"));

  before[strlen (before) - 1] = '\0'; /* the closing brace */
  g_strchomp (before);
  GString *json = g_string_new (before);
  json_open (json, "calibration", '{');
  json_open (json, "sets", '[');
  for (gsize i = 0; i < round->n; i++) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (round->evaluations[i]->set));
    json_add_string (json, NULL, base);
  }
  g_string_append_c (json, ']');
  json_add_count (json, "tracks", calibration->n_cases);
  json_add_number (json, "temperature", calibration->temperature[1]);
  json_add_number (json, "ece_before", calibration->ece[0]);
  json_add_number (json, "ece", calibration->ece[1]);
  json_add_number (json, "nll_before", calibration->nll[0]);
  json_add_number (json, "nll", calibration->nll[1]);
  g_string_append (json, "}}");
  return g_string_free (json, FALSE);
}

GenreModel *
tool_calibrate (GenreModel *model, const char *name, const GenreFeatureSet *const *sets, gsize n_sets,
    const ToolEvaluationConfig *config, ToolCalibration *ret_calibration, GBytes **ret_bytes, GError **error)
{
  g_autoptr (Round) before = round_new (model, name, sets, n_sets, config, error);
  if (!before || !check (before, error))
    return NULL;
  g_autoptr (Round) after = approach (before, name, sets, config, error);
  if (!after)
    return NULL;

  const gboolean changed = mean_ece (after) < mean_ece (before);
  const Round *result = changed ? after : before;
  ToolCalibration calibration = {
    .set = name_sets (before),
    .n_cases = count_cases (before),
    .changed = changed,
    .temperature = { genre_model_temperature (model), genre_model_temperature (round_model (result)) },
    .ece = { mean_ece (before), mean_ece (result) },
    .nll = { mean_nll (before), mean_nll (result) },
  };
  g_autofree char *training = changed ? record (model, before, &calibration) : g_strdup (genre_model_training (model));
  GenreModel *calibrated = write_tempered (model, name, calibration.temperature[1], training, ret_bytes, error);
  if (calibrated)
    *ret_calibration = calibration;
  else
    tool_calibration_clear (&calibration);
  return calibrated;
}
