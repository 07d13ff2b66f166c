/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/report.h"

#include "gst/tools/row.h"
#include "models/genre_aggregate.h"
#include "models/training/svg_confusion.h"
#include "models/training/svg_plot.h"

#include <string.h>

/* --- CSV (RFC 4180, but for the ends of lines) ----------------------------------------------------------------- */

static void
append_cell (GString *csv, const char *text)
{
  tool_row_quote (csv, TOOL_ROW_CSV, text);
}

static void
append_labels (GString *csv, const char *const *labels)
{
  for (gsize i = 0; labels[i]; i++) {
    g_string_append_c (csv, ',');
    append_cell (csv, labels[i]);
  }
  g_string_append_c (csv, '\n');
}

char *
tool_report_confusion_csv (const ToolReport *report)
{
  const char *const *labels = genre_model_labels (report->evaluation->model);
  const Metrics *metrics = report->evaluation->by_track;
  GString *csv = g_string_new ("true");

  append_labels (csv, labels);
  for (gsize i = 0; labels[i]; i++) {
    append_cell (csv, labels[i]);
    for (gsize k = 0; k < metrics->n_labels; k++)
      g_string_append_printf (csv, ",%" G_GUINT64_FORMAT, metrics->confusion[i * metrics->n_labels + k]);
    g_string_append_c (csv, '\n');
  }
  return g_string_free (csv, FALSE);
}

static void
append_csv_track (GString *csv, const ToolEvaluation *evaluation, gsize index)
{
  const char *const *labels = genre_model_labels (evaluation->model);
  const gsize n_labels = evaluation->by_track->n_labels, at = evaluation->cases[index];
  const GenreTrack *track = &evaluation->tracks->tracks[at];
  const double *p = evaluation->probabilities + index * n_labels;
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (csv, "%" G_GSIZE_FORMAT ",", track->id);
  append_cell (csv, track->name ? track->name : "");
  g_string_append_c (csv, ',');
  append_cell (csv, labels[track->truth]);
  g_string_append_c (csv, ',');
  append_cell (csv, labels[genre_probabilities_top (p, n_labels)]);
  g_string_append_printf (csv, ",%" G_GSIZE_FORMAT, evaluation->hearings[at]->n_answers);
  for (gsize i = 0; i < n_labels; i++)
    g_string_append_printf (csv, ",%s", g_ascii_formatd (text, sizeof text, "%.6f", p[i]));
  g_string_append_c (csv, '\n');
}

char *
tool_report_tracks_csv (const ToolReport *report)
{
  const char *const *labels = genre_model_labels (report->evaluation->model);
  GString *csv = g_string_new ("track,name,label,predicted,windows");

  append_labels (csv, labels);
  for (gsize k = 0; k < report->evaluation->n_cases; k++)
    append_csv_track (csv, report->evaluation, k);
  return g_string_free (csv, FALSE);
}

/* --- pictures -------------------------------------------------------------------------------------------------- */

char *
tool_report_confusion_svg (const ToolReport *report)
{
  const ToolEvaluation *evaluation = report->evaluation;
  GString *title = g_string_new (NULL);

  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (number, sizeof number, "%.1f", 100 * evaluation->by_track->accuracy);
  g_string_append_printf (title, "%s %% of %" G_GSIZE_FORMAT " tracks named correctly", number, evaluation->n_cases);
  char *svg = svg_confusion (title->str, genre_model_labels (evaluation->model), evaluation->by_track->n_labels,
      evaluation->by_track->confusion);
  g_string_free (title, TRUE);
  return svg;
}

/* The last part of its path, for a legend. */
static char *
short_name (const ToolEvaluation *evaluation)
{
  char *name = g_path_get_basename (evaluation->name);

  if (g_str_has_suffix (name, ".safetensors"))
    name[strlen (name) - strlen (".safetensors")] = '\0';
  return name;
}

char *
tool_report_seconds_svg (const ToolReport *report)
{
  double x[TOOL_N_SECONDS], y[2][TOOL_N_SECONDS];
  g_autofree char *name = short_name (report->evaluation);
  g_autofree char *other = report->other ? short_name (report->other) : NULL;

  for (gsize i = 0; i < TOOL_N_SECONDS; i++) {
    x[i] = report->seconds[i].seconds;
    y[0][i] = tool_rate (report->seconds[i].right, report->seconds[i].n_cases);
    y[1][i] = tool_rate (report->other_seconds[i].right, report->other_seconds[i].n_cases);
  }
  const SvgLine lines[] = { { name, x, y[0], TOOL_N_SECONDS }, { other, x, y[1], TOOL_N_SECONDS } };
  const SvgPlot plot = {
    .title = "Accuracy against seconds heard",
    .x_title = "seconds",
    .y_title = "tracks named correctly",
    .lines = lines,
    .n_lines = report->other ? 2 : 1,
    .y_min = 0,
    .y_max = 1,
    .percent = TRUE,
    .dots = TRUE,
  };
  return svg_plots (&plot, 1);
}
