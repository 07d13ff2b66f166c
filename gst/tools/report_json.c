/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/report.h"

#include "models/file/json_write.h"

#include <math.h>

static void
append_json_confusion (GString *json, const ToolEvaluation *evaluation)
{
  const gsize n = evaluation->by_track->n_labels;

  json_add_strings (json, "labels", genre_model_labels (evaluation->model), n);
  json_add_key (json, "confusion");
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

  json_open (json, "classes", '[');
  for (gsize i = 0; labels[i]; i++) {
    const MetricsClass *class = &evaluation->by_track->classes[i];
    json_open (json, NULL, '{');
    json_add_string (json, "label", labels[i]);
    json_add_count (json, "tracks", class->support);
    json_add_count (json, "predicted", class->predicted);
    json_add_number (json, "precision", class->precision);
    json_add_number (json, "recall", class->recall);
    json_add_number (json, "f1", class->f1);
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_left_out (GString *json, const ToolEvaluation *evaluation)
{
  json_open (json, "left_out", '{');
  json_add_count (json, "unlabelled", evaluation->tracks->unlabelled);
  json_add_count (json, "unknown_label", evaluation->tracks->unknown);
  json_add_count (json, "contradictory", evaluation->tracks->contradictory);
  json_add_count (json, "too_short", evaluation->too_short);
  json_add_count (json, "silent", evaluation->silent);
  json_add_count (json, "not_music", evaluation->not_music);
  g_string_append_c (json, '}');
}

static void
append_json_seconds (GString *json, const ToolSeconds *seconds)
{
  json_open (json, "seconds", '[');
  for (gsize i = 0; i < TOOL_N_SECONDS; i++) {
    json_open (json, NULL, '{');
    json_add_number (json, "seconds", seconds[i].seconds);
    json_add_count (json, "tracks", seconds[i].n_cases);
    json_add_number (json, "accuracy", tool_rate (seconds[i].right, seconds[i].n_cases));
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_coverage (GString *json, const ToolCoverage *coverage)
{
  json_open (json, "coverage", '[');
  for (gsize i = 0; i < TOOL_N_COVERAGES; i++) {
    json_open (json, NULL, '{');
    json_add_number (json, "confidence", coverage[i].threshold);
    json_add_count (json, "tracks", coverage[i].n_cases);
    json_add_number (json, "accuracy", tool_rate (coverage[i].right, coverage[i].n_cases));
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_gains (GString *json, const ToolReport *report)
{
  json_open (json, "gain", '[');
  for (gsize i = 0; i < report->n_gains; i++) {
    const ToolGain *gain = &report->gains[i];
    json_open (json, NULL, '{');
    json_add_number (json, "gain_db", gain->gain_db);
    json_add_count (json, "tracks", gain->n_cases);
    json_add_number (json, "accuracy", gain->accuracy);
    json_add_count (json, "changed", gain->changed);
    json_add_number (json, "changed_rate", tool_rate (gain->changed, gain->n_cases));
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
}

static void
append_json_comparison (GString *json, const ToolReport *report)
{
  const ToolComparison *comparison = &report->comparison;

  json_open (json, "compare", '{');
  json_add_string (json, "model", report->other->name);
  json_add_count (json, "tracks", comparison->n_cases);
  json_add_number (json, "accuracy", tool_rate (comparison->second_right, comparison->n_cases));
  json_add_count (json, "only_first", comparison->only_first);
  json_add_count (json, "only_second", comparison->only_second);
  json_add_number (json, "p", comparison->n_cases > 0 ? comparison->p : (double) NAN);
  append_json_seconds (json, report->other_seconds);
  g_string_append_c (json, '}');
}

static void
append_json_calibration (GString *json, const ToolCalibration *calibration)
{
  json_open (json, "calibration", '{');
  json_add_string (json, "set", calibration->set);
  json_add_count (json, "tracks", calibration->n_cases);
  json_add_boolean (json, "changed", calibration->changed);
  json_add_number (json, "temperature_before", calibration->temperature[0]);
  json_add_number (json, "temperature", calibration->temperature[1]);
  json_add_number (json, "ece_before", calibration->ece[0]);
  json_add_number (json, "ece", calibration->ece[1]);
  json_add_number (json, "nll_before", calibration->nll[0]);
  json_add_number (json, "nll", calibration->nll[1]);
  g_string_append_c (json, '}');
}

static void
add_rate (GString *json, const char *count, const char *wrong, const ToolMusicRate *rate)
{
  json_add_count (json, count, rate->n);
  json_add_number (json, wrong, tool_rate (rate->wrong, rate->n));
}

static void
append_json_kinds (GString *json, const ToolMusicSet *set)
{
  const char *const *kinds = genre_feature_set_kinds (set->set);
  json_open (json, "kinds", '{');
  for (gsize i = 0; i < genre_feature_set_n_kinds (set->set); i++) {
    json_open (json, kinds[i], '{');
    add_rate (json, "clips", "called_music", &set->kinds[i]);
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, '}');
}

static void
append_json_music (GString *json, const ToolMusic *music)
{
  json_open (json, "music", '{');
  add_rate (json, "tracks", "called_not_music", &music->music.cases);
  add_rate (json, "windows", "called_not_music_window", &music->music.windows);
  json_open (json, "not_music", '[');
  for (gsize i = 0; i < music->n_others; i++) {
    const ToolMusicSet *set = &music->others[i];
    json_open (json, NULL, '{');
    json_add_string (json, "set", genre_feature_set_name (set->set));
    add_rate (json, "clips", "called_music", &set->cases);
    add_rate (json, "windows", "called_music_window", &set->windows);
    json_add_number (json, "auc", set->auc);
    append_json_kinds (json, set);
    g_string_append_c (json, '}');
  }
  g_string_append (json, "]}");
}

char *
tool_report_json (const ToolReport *report)
{
  const ToolEvaluation *evaluation = report->evaluation;
  const Metrics *tracks = evaluation->by_track;
  GString *json = g_string_new ("{");

  json_add_string (json, "model", evaluation->name);
  json_add_count (json, "clips", evaluation->n_clips);
  json_add_count (json, "tracks", evaluation->n_cases);
  json_add_number (json, "accuracy", tracks->accuracy);
  json_add_number (json, "accuracy_window", evaluation->by_window->accuracy);
  json_add_number (json, "macro_f1", tracks->macro_f1);
  json_add_number (json, "top2", tracks->top2);
  json_add_number (json, "ece", tracks->ece);
  append_json_confusion (json, evaluation);
  json_add_numbers (json, "wilson", tracks->wilson, 2);
  json_add_string (json, "set", genre_feature_set_name (evaluation->set));
  json_add_count (json, "windows", evaluation->by_window->n_cases);
  json_add_number (json, "mean_recall", tracks->mean_recall);
  json_add_number (json, "ece_window", evaluation->by_window->ece);
  json_add_number (json, "ece_chance", tool_evaluation_ece_chance (evaluation));
  json_add_number (json, "nll", tracks->nll);
  json_add_number (json, "temperature", genre_model_temperature (evaluation->model));
  append_json_left_out (json, evaluation);
  append_json_classes (json, evaluation);
  append_json_seconds (json, report->seconds);
  append_json_coverage (json, report->coverage);
  if (report->n_gains > 0)
    append_json_gains (json, report);
  if (report->other)
    append_json_comparison (json, report);
  if (report->calibration)
    append_json_calibration (json, report->calibration);
  if (report->music)
    append_json_music (json, report->music);
  g_string_append (json, "}\n");
  return g_string_free (json, FALSE);
}
