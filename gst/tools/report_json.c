/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/report.h"

#include "models/json_write.h"

#include <math.h>

/* ",\"key\":" */
static void
append_key (GString *json, const char *key)
{
  const char last = json->len > 0 ? json->str[json->len - 1] : '{';

  if (last != '{' && last != '[')
    g_string_append_c (json, ',');
  g_string_append_printf (json, "\"%s\":", key);
}

static void
append_json_number (GString *json, const char *key, double value)
{
  append_key (json, key);
  if (isfinite (value))
    json_append_double (json, value);
  else
    g_string_append (json, "null");
}

static void
append_json_count (GString *json, const char *key, guint64 value)
{
  append_key (json, key);
  g_string_append_printf (json, "%" G_GUINT64_FORMAT, value);
}

static void
append_json_string (GString *json, const char *key, const char *value)
{
  append_key (json, key);
  json_append_string (json, value);
}

/* Between two objects of an array. */
static void
open_object (GString *json, gsize index)
{
  g_string_append (json, index == 0 ? "{" : ",{");
}

static void
append_json_confusion (GString *json, const ToolEvaluation *evaluation)
{
  const char *const *labels = genre_model_labels (evaluation->model);
  const gsize n = evaluation->by_track->n_labels;

  append_key (json, "labels");
  for (gsize i = 0; i < n; i++) {
    g_string_append_c (json, i == 0 ? '[' : ',');
    json_append_string (json, labels[i]);
  }
  g_string_append_c (json, ']');
  append_key (json, "confusion");
  for (gsize i = 0; i < n * n; i++)
    g_string_append_printf (json, "%s%" G_GUINT64_FORMAT,
        i == 0           ? "[["
            : i % n == 0 ? "],["
                         : ",",
        evaluation->by_track->confusion[i]);
  g_string_append (json, "]]");
}

static void
append_json_classes (GString *json, const ToolEvaluation *evaluation)
{
  const char *const *labels = genre_model_labels (evaluation->model);

  append_key (json, "classes");
  g_string_append_c (json, '[');
  for (gsize i = 0; labels[i]; i++) {
    const MetricsClass *class = &evaluation->by_track->classes[i];
    open_object (json, i);
    append_json_string (json, "label", labels[i]);
    append_json_count (json, "tracks", class->support);
    append_json_count (json, "predicted", class->predicted);
    append_json_number (json, "precision", class->precision);
    append_json_number (json, "recall", class->recall);
    append_json_number (json, "f1", class->f1);
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_left_out (GString *json, const ToolEvaluation *evaluation)
{
  append_key (json, "left_out");
  g_string_append_c (json, '{');
  append_json_count (json, "unlabelled", evaluation->tracks->unlabelled);
  append_json_count (json, "unknown_label", evaluation->tracks->unknown);
  append_json_count (json, "contradictory", evaluation->tracks->contradictory);
  append_json_count (json, "too_short", evaluation->too_short);
  g_string_append_c (json, '}');
}

static void
append_json_seconds (GString *json, const ToolSeconds *seconds)
{
  append_key (json, "seconds");
  g_string_append_c (json, '[');
  for (gsize i = 0; i < TOOL_N_SECONDS; i++) {
    open_object (json, i);
    append_json_number (json, "seconds", seconds[i].seconds);
    append_json_count (json, "tracks", seconds[i].n_cases);
    append_json_number (json, "accuracy", tool_rate (seconds[i].right, seconds[i].n_cases));
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_gains (GString *json, const ToolReport *report)
{
  append_key (json, "gain");
  g_string_append_c (json, '[');
  for (gsize i = 0; i < report->n_gains; i++) {
    const ToolGain *gain = &report->gains[i];
    open_object (json, i);
    append_json_number (json, "gain_db", gain->gain_db);
    append_json_number (json, "accuracy", gain->accuracy);
    append_json_count (json, "changed", gain->changed);
    append_json_number (json, "changed_rate", tool_rate (gain->changed, gain->n_cases));
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_comparison (GString *json, const ToolReport *report)
{
  const ToolComparison *comparison = &report->comparison;

  append_key (json, "compare");
  g_string_append_c (json, '{');
  append_json_string (json, "model", report->other->name);
  append_json_count (json, "tracks", comparison->n_cases);
  append_json_number (json, "accuracy", tool_rate (comparison->second_right, comparison->n_cases));
  append_json_count (json, "only_first", comparison->only_first);
  append_json_count (json, "only_second", comparison->only_second);
  append_json_number (json, "p", comparison->n_cases > 0 ? comparison->p : (double) NAN);
  append_json_seconds (json, report->other_seconds);
  g_string_append_c (json, '}');
}

static void
append_json_calibration (GString *json, const ToolCalibration *calibration)
{
  append_key (json, "calibration");
  g_string_append_c (json, '{');
  append_json_string (json, "set", calibration->set);
  append_json_count (json, "tracks", calibration->n_cases);
  append_key (json, "changed");
  g_string_append (json, calibration->changed ? "true" : "false");
  append_json_number (json, "temperature_before", calibration->temperature[0]);
  append_json_number (json, "temperature", calibration->temperature[1]);
  append_json_number (json, "ece_before", calibration->ece[0]);
  append_json_number (json, "ece", calibration->ece[1]);
  append_json_number (json, "nll_before", calibration->nll[0]);
  append_json_number (json, "nll", calibration->nll[1]);
  g_string_append_c (json, '}');
}

char *
tool_report_json (const ToolReport *report)
{
  const ToolEvaluation *evaluation = report->evaluation;
  const Metrics *tracks = evaluation->by_track;
  GString *json = g_string_new ("{");

  append_json_string (json, "model", evaluation->name);
  append_json_count (json, "clips", evaluation->n_clips);
  append_json_count (json, "tracks", evaluation->n_cases);
  append_json_number (json, "accuracy", tracks->accuracy);
  append_json_number (json, "accuracy_window", evaluation->by_window->accuracy);
  append_json_number (json, "macro_f1", tracks->macro_f1);
  append_json_number (json, "top2", tracks->top2);
  append_json_number (json, "ece", tracks->ece);
  append_json_confusion (json, evaluation);
  append_key (json, "wilson");
  g_string_append_c (json, '[');
  json_append_double (json, tracks->wilson[0]);
  g_string_append_c (json, ',');
  json_append_double (json, tracks->wilson[1]);
  g_string_append_c (json, ']');

  append_json_string (json, "set", genre_feature_set_name (evaluation->set));
  append_json_count (json, "windows", evaluation->by_window->n_cases);
  append_json_number (json, "ece_window", evaluation->by_window->ece);
  append_json_number (json, "ece_chance", tool_evaluation_ece_chance (evaluation));
  append_json_number (json, "nll", tracks->nll);
  append_json_number (json, "temperature", genre_model_temperature (evaluation->model));
  append_json_left_out (json, evaluation);
  append_json_classes (json, evaluation);
  append_json_seconds (json, report->seconds);
  if (report->n_gains > 0)
    append_json_gains (json, report);
  if (report->other)
    append_json_comparison (json, report);
  if (report->calibration)
    append_json_calibration (json, report->calibration);
  g_string_append (json, "}\n");
  return g_string_free (json, FALSE);
}
