/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/report.h"

#include "gst/tools/cells.h"
#include "models/file/printable.h"

#include <math.h>
#include <string.h>

enum
{
  MAX_NAME = 24,   /* columns of a label */
  MAX_MATRIX = 20, /* labels, up to which the matrix fits on a terminal */
  CELL = 7,        /* columns of a number in it */
};

/* value with so many decimals; "-" for NaN. */
static void
append_fixed (GString *out, double value, int decimals, gsize width)
{
  char format[16], text[64] = "-";

  g_snprintf (format, sizeof format, "%%.%df", decimals);
  if (isfinite (value))
    g_ascii_formatd (text, sizeof text, format, value);
  tool_cells_append (out, text, MAX (width, strlen (text)), TRUE);
}

static void
append_percent (GString *out, double fraction, gsize width)
{
  append_fixed (out, 100 * fraction, 1, width);
  g_string_append (out, isfinite (fraction) ? " %" : "  ");
}

/* "   95 % interval 9.5 to 90.5 %" of a rate; nothing if there is no rate */
static void
append_interval (GString *out, guint64 right, gsize n)
{
  double low, high;
  if (n == 0)
    return;
  metrics_wilson (right, n, &low, &high);
  g_string_append (out, "   95 % interval ");
  append_fixed (out, 100 * low, 1, 0);
  g_string_append (out, " to ");
  append_percent (out, high, 0);
}

static void
append_count (GString *out, guint64 count, gsize width)
{
  char text[32];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, count);
  tool_cells_append (out, text, MAX (width, strlen (text)), TRUE);
}

/* A number of the summary: its name, then the value from the same column on. */
static void
append_name (GString *out, const char *name)
{
  tool_cells_append (out, name, 22, FALSE);
}

static void
append_percent_line (GString *out, const char *name, double fraction)
{
  append_name (out, name);
  append_percent (out, fraction, 6);
  g_string_append_c (out, '\n');
}

/* "calibration error   0.092 -> 0.031" */
static void
append_change (GString *out, const char *name, const double *values)
{
  append_name (out, name);
  append_fixed (out, values[0], 3, 6);
  g_string_append (out, " -> ");
  append_fixed (out, values[1], 3, 0);
  g_string_append_c (out, '\n');
}

static void
append_left_out (GString *out, const ToolEvaluation *evaluation)
{
  const GenreTracks *tracks = evaluation->tracks;
  const struct
  {
    gsize n;
    const char *why;
  } reasons[] = {
    { tracks->unlabelled, "without a label" },
    { tracks->unknown, "with a label that the model does not know" },
    { tracks->contradictory, "whose clips have different labels" },
    { evaluation->too_short, "too short for an answer" },
    { evaluation->silent, "silent" },
    { evaluation->not_music, "not music, by the model" },
  };
  gboolean any = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++) {
    if (reasons[i].n == 0)
      continue;
    g_string_append_printf (out, "%s%" G_GSIZE_FORMAT " %s", any ? ", " : "left out  ", reasons[i].n, reasons[i].why);
    any = TRUE;
  }
  if (any)
    g_string_append_c (out, '\n');
}

static void
append_summary (GString *out, const ToolEvaluation *evaluation)
{
  const Metrics *tracks = evaluation->by_track, *windows = evaluation->by_window;

  append_name (out, "accuracy");
  append_percent (out, tracks->accuracy, 6);
  append_interval (out, tracks->right, tracks->n_cases);
  g_string_append_printf (out, ", %" G_GUINT64_FORMAT " of %" G_GSIZE_FORMAT " tracks\n", tracks->right,
      tracks->n_cases);
  append_name (out, "accuracy by window");
  append_percent (out, windows->accuracy, 6);
  g_string_append_printf (out, "   %" G_GUINT64_FORMAT " of %" G_GSIZE_FORMAT " windows\n", windows->right,
      windows->n_cases);
  append_percent_line (out, "among the first two", tracks->top2);
  append_name (out, "macro F1");
  append_fixed (out, tracks->macro_f1, 3, 6);
  g_string_append_c (out, '\n');
  append_percent_line (out, "mean recall", tracks->mean_recall);
  append_name (out, "calibration error");
  append_fixed (out, tracks->ece, 3, 6);
  g_string_append (out, "     in 15 bins, where chance alone gives ");
  append_fixed (out, tool_evaluation_ece_chance (evaluation), 3, 0);
  g_string_append (out, " on average; by window ");
  append_fixed (out, windows->ece, 3, 0);
  g_string_append_c (out, '\n');
  append_name (out, "log loss");
  append_fixed (out, tracks->nll, 3, 6);
  g_string_append (out, "     temperature ");
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append (out, g_ascii_formatd (text, sizeof text, "%.4g", genre_model_temperature (evaluation->model)));
  g_string_append_c (out, '\n');
}

static gsize
name_width (char *const *labels)
{
  gsize width = 0;

  for (gsize i = 0; labels[i]; i++)
    width = MAX (width, tool_cells (labels[i]));
  return CLAMP (width, 5, MAX_NAME);
}

static void
append_classes (GString *out, const ToolEvaluation *evaluation)
{
  g_auto (GStrv) labels = printable_texts (genre_model_labels (evaluation->model));
  const gsize width = name_width (labels);

  g_string_append_c (out, '\n');
  tool_cells_append (out, "label", width, FALSE);
  g_string_append (out, "   tracks  predicted  precision   recall     F1   of the recall\n");
  for (gsize i = 0; labels[i]; i++) {
    const MetricsClass *class = &evaluation->by_track->classes[i];
    tool_cells_append (out, labels[i], width, FALSE);
    append_count (out, class->support, 9);
    append_count (out, class->predicted, 11);
    append_percent (out, class->precision, 9);
    append_percent (out, class->recall, 7);
    append_fixed (out, class->f1, 3, 7);
    append_interval (out, class->right, class->support);
    g_string_append_c (out, '\n');
  }
}

static void
append_matrix (GString *out, const ToolEvaluation *evaluation)
{
  g_auto (GStrv) labels = printable_texts (genre_model_labels (evaluation->model));
  const gsize n = evaluation->by_track->n_labels, width = name_width (labels);

  g_string_append_c (out, '\n');
  if (n > MAX_MATRIX) {
    g_string_append (out, "The confusion matrix is too wide for a terminal: see --csv and --confusion-svg.\n");
    return;
  }
  tool_cells_append (out, "true", width, FALSE);
  g_string_append (out, "   predicted\n");
  tool_cells_append (out, "", width, FALSE);
  for (gsize i = 0; i < n; i++) {
    g_autofree char *name = tool_cells_cut (labels[i], CELL - 1);
    tool_cells_append (out, name, CELL, TRUE);
  }
  g_string_append_c (out, '\n');
  for (gsize i = 0; i < n; i++) {
    tool_cells_append (out, labels[i], width, FALSE);
    for (gsize k = 0; k < n; k++) {
      const guint64 count = evaluation->by_track->confusion[i * n + k];
      if (count > 0)
        append_count (out, count, CELL);
      else
        tool_cells_append (out, ".", CELL, TRUE);
    }
    g_string_append_c (out, '\n');
  }
}

static void
append_seconds (GString *out, const ToolSeconds *seconds)
{
  g_string_append (out, "\nseconds heard  accuracy  tracks\n");
  for (gsize i = 0; i < TOOL_N_SECONDS; i++) {
    append_fixed (out, seconds[i].seconds, 1, 13);
    append_percent (out, tool_rate (seconds[i].right, seconds[i].n_cases), 8);
    append_count (out, seconds[i].n_cases, 8);
    append_interval (out, seconds[i].right, seconds[i].n_cases);
    g_string_append_c (out, '\n');
  }
}

static void
append_coverage (GString *out, const ToolCoverage *coverage)
{
  g_string_append (out, "\nconfidence  accuracy  tracks\n");
  for (gsize i = 0; i < TOOL_N_COVERAGES; i++) {
    append_fixed (out, coverage[i].threshold, 1, 10);
    append_percent (out, tool_rate (coverage[i].right, coverage[i].n_cases), 8);
    append_count (out, coverage[i].n_cases, 8);
    g_string_append (out, " (");
    append_percent (out, tool_rate (coverage[i].n_cases, coverage[0].n_cases), 0);
    g_string_append_c (out, ')');
    append_interval (out, coverage[i].right, coverage[i].n_cases);
    g_string_append_c (out, '\n');
  }
}

static void
append_gains (GString *out, const ToolReport *report)
{
  g_string_append (out, "\ngain      accuracy  other labels\n");
  for (gsize i = 0; i < report->n_gains; i++) {
    const ToolGain *gain = &report->gains[i];
    g_autofree char *name = g_strdup_printf ("%+.0f dB", gain->gain_db);
    tool_cells_append (out, name, 6, TRUE);
    append_percent (out, gain->accuracy, 10);
    append_count (out, gain->changed, 6);
    g_string_append_printf (out, " of %" G_GSIZE_FORMAT " (", gain->n_cases);
    append_percent (out, tool_rate (gain->changed, gain->n_cases), 0);
    g_string_append_c (out, ')');
    append_interval (out, gain->right, gain->n_judged);
    g_string_append_c (out, '\n');
  }
}

/* "music called not music   0.5 %   1 of 210 tracks   95 % interval ..." */
static void
append_music_rate (GString *out, const char *name, const ToolMusicRate *rate, const char *cases)
{
  append_name (out, name);
  append_percent (out, tool_rate (rate->wrong, rate->n), 6);
  g_string_append_printf (out, "   %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " %s", rate->wrong, rate->n, cases);
  append_interval (out, rate->wrong, rate->n);
  g_string_append_c (out, '\n');
}

static void
append_music (GString *out, const ToolMusic *music)
{
  g_string_append (out, "\nmusic or not\n");
  append_music_rate (out, "  music, missed", &music->music.cases, "tracks");
  append_music_rate (out, "", &music->music.windows, "windows of the shortest length");
  for (gsize i = 0; i < music->n_others; i++) {
    const ToolMusicSet *set = &music->others[i];
    const char *const *kinds = genre_feature_set_kinds (set->set);
    g_autofree char *name = printable_text (genre_feature_set_name (set->set));
    g_string_append_printf (out, "  not music: %s, AUC ", name);
    append_fixed (out, set->auc, 4, 0);
    g_string_append_c (out, '\n');
    append_music_rate (out, "  called music", &set->cases, "clips");
    append_music_rate (out, "", &set->windows, "windows of the shortest length");
    for (gsize k = 0; k < genre_feature_set_n_kinds (set->set); k++) {
      g_autofree char *kind = printable_text (kinds[k]);
      g_autofree char *indented = g_strconcat ("    ", kind, NULL);
      if (set->kinds[k].n > 0)
        append_music_rate (out, indented, &set->kinds[k], "clips");
    }
  }
}

static void
append_comparison (GString *out, const ToolReport *report)
{
  const ToolComparison *comparison = &report->comparison;
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *other = printable_text (report->other->name);

  g_string_append_printf (out, "\ncompared with %s on the %" G_GSIZE_FORMAT " tracks of both\n", other,
      comparison->n_cases);
  const guint64 right[] = { comparison->first_right, comparison->second_right };
  for (gsize i = 0; i < G_N_ELEMENTS (right); i++) {
    append_name (out, i == 0 ? "  accuracy" : "  the other");
    append_percent (out, tool_rate (right[i], comparison->n_cases), 6);
    append_interval (out, right[i], comparison->n_cases);
    g_string_append_c (out, '\n');
  }
  append_name (out, "  right alone");
  append_count (out, comparison->only_first, 6);
  g_string_append_printf (out, "     the other %" G_GUINT64_FORMAT "\n", comparison->only_second);
  append_name (out, "  McNemar's test");
  g_ascii_formatd (text, sizeof text, "%.2g", comparison->p);
  g_string_append_printf (out, "p = %s: %s\n", text,
      comparison->p < .05 ? "one is better than the other" : "no difference that is more than chance");
}

static void
append_calibration (GString *out, const ToolCalibration *calibration)
{
  char text[2][G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *set = printable_text (calibration->set);

  g_string_append_printf (out, "calibrated on %s, %" G_GSIZE_FORMAT " tracks%s\n", set, calibration->n_cases,
      calibration->changed ? "" : ": no temperature gives a smaller calibration error, the model stays as it is");
  if (!calibration->changed) {
    g_string_append_c (out, '\n');
    return;
  }
  for (int i = 0; i < 2; i++)
    g_ascii_formatd (text[i], sizeof text[i], "%.4g", calibration->temperature[i]);
  append_name (out, "  temperature");
  g_string_append_printf (out, "%6s -> %s\n", text[0], text[1]);
  append_change (out, "  calibration error", calibration->ece);
  append_change (out, "  log loss", calibration->nll);
  g_string_append_c (out, '\n');
}

char *
tool_report_text (const ToolReport *report)
{
  const ToolEvaluation *evaluation = report->evaluation;
  g_autofree char *model = printable_text (evaluation->name);
  g_autofree char *set = printable_text (genre_feature_set_name (evaluation->set));
  GString *out = g_string_new (NULL);

  if (report->calibration)
    append_calibration (out, report->calibration);
  g_string_append_printf (out, "model     %s\nset       %s, %" G_GSIZE_FORMAT " clips of %" G_GSIZE_FORMAT " tracks\n",
      model, set, evaluation->n_clips, evaluation->n_cases);
  append_left_out (out, evaluation);
  g_string_append_c (out, '\n');
  append_summary (out, evaluation);
  append_classes (out, evaluation);
  append_matrix (out, evaluation);
  if (report->show_seconds)
    append_seconds (out, report->seconds);
  if (report->show_coverage)
    append_coverage (out, report->coverage);
  if (report->n_gains > 0)
    append_gains (out, report);
  if (report->music)
    append_music (out, report->music);
  if (report->other)
    append_comparison (out, report);
  return g_string_free (out, FALSE);
}
