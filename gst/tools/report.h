/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/report.h - an evaluation to read, as JSON, as CSV and as pictures.
 *
 * Layer:   gst; calibration, evaluation, music_evaluation, models/training/svg.
 * Threads: no state.
 *
 * All text is UTF-8, the same for the same evaluation in any locale, and freed with g_free().
 */
#ifndef GST_TOOLS_REPORT_H
#define GST_TOOLS_REPORT_H

#include "gst/tools/calibration.h"
#include "gst/tools/music_evaluation.h"

typedef struct ToolReport
{
  const ToolEvaluation *evaluation;
  ToolSeconds seconds[TOOL_N_SECONDS];

  const ToolEvaluation *other; /* NULL: not compared */
  ToolSeconds other_seconds[TOOL_N_SECONDS];
  ToolComparison comparison;

  const ToolGain *gains; /* [n_gains] */
  gsize n_gains;
  const ToolCalibration *calibration; /* NULL: none */
  const ToolMusic *music;             /* NULL: not measured */
  ToolCoverage coverage[TOOL_N_COVERAGES];
  gboolean show_seconds, show_coverage; /* in the text */
} ToolReport;

char *tool_report_text (const ToolReport *report);

/* One object on one line: its keys in docs/evaluation.md. */
char *tool_report_json (const ToolReport *report);

/* The confusion matrix: a first line of labels, then one a true label. */
char *tool_report_confusion_csv (const ToolReport *report);

/* A line a track: what it is, what it was taken for, every probability. */
char *tool_report_tracks_csv (const ToolReport *report);

char *tool_report_confusion_svg (const ToolReport *report);
char *tool_report_seconds_svg (const ToolReport *report);

#endif
