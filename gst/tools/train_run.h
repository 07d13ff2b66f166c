/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/train_run.h - the training of one seed: steps, checkpoints, and the model with its card and curve.
 *
 * Layer:   gst; progress, interrupt, train_options, models/training/training.
 * Threads: the main thread; the training has threads of its own.
 */
#ifndef GST_TOOLS_TRAIN_RUN_H
#define GST_TOOLS_TRAIN_RUN_H

#include "gst/tools/train_options.h"

/* Nothing of it is owned. */
typedef struct ToolTrainRun
{
  const ToolTrainOptions *options;
  const TrainRecipe *recipe;
  const TrainingData *data; /* NULL: not there yet */
  const char *origin;       /* of the data, for checkpoints */
  const char *path;         /* of the model; PATH.checkpoint is its checkpoint */
  const char *stem;         /* STEM.md is the card, STEM.svg the curve */
  guint64 seed;
  guint threads;
} ToolTrainRun;

/* Whether the checkpoint fits, if there is one, as far as can be told without data.  FALSE: said on stderr. */
gboolean tool_train_run_check (const ToolTrainRun *run);

/* The mean recall in the model's metadata, over sets, if this very training made it; else -1.  NaN: not measured. */
double tool_train_run_finished (const ToolTrainRun *run);

/* Trains, from a checkpoint if there is one, and writes the model.
 *
 * ret_recall  out: mean over sets of the mean recall over labels; NaN: not measured
 *
 * FALSE: the reason, and what is left on disk, is said on stderr. */
gboolean tool_train_run (const ToolTrainRun *run, double *ret_recall);

#endif
