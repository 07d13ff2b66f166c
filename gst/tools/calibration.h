/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/calibration.h - the softmax temperature at which a model's confidence is what it is worth.
 *
 * Layer:   gst; evaluation.
 * Threads: the main thread; it starts the jobs.
 */
#ifndef GST_TOOLS_CALIBRATION_H
#define GST_TOOLS_CALIBRATION_H

#include "gst/tools/evaluation.h"

enum
{
  TOOL_MAX_CALIBRATION = 8 /* sets */
};

/* Before and after, on the sets that the temperature was fitted on. */
typedef struct ToolCalibration
{
  char *set; /* their names, ", " between them */
  gsize n_cases;
  gboolean changed;      /* FALSE: no temperature gives a smaller calibration error; the model is as it was */
  double temperature[2]; /* of the softmax */
  double ece[2];         /* mean over the sets */
  double nll[2];         /* of the aggregates, mean over all tracks */
} ToolCalibration;

/* Fits the temperature on the tracks' aggregates: least negative log-likelihood.  The model is heard again at what was
 * found, until that is no longer improved.
 *
 * sets             [n_sets]  at least one, at most TOOL_MAX_CALIBRATION
 * ret_calibration  out, on success; tool_calibration_clear() it
 * ret_bytes        out, on success: the file of the calibrated model, with the figures in its training record
 *
 * NULL: an error; else the calibrated model, or a new reference to `model`. */
GenreModel *tool_calibrate (GenreModel *model, const char *name, const GenreFeatureSet *const *sets, gsize n_sets,
    const ToolEvaluationConfig *config, ToolCalibration *ret_calibration, GBytes **ret_bytes, GError **error);

void tool_calibration_clear (ToolCalibration *calibration);

#endif
