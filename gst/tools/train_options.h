/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/train_options.h - the command line of train, and what it changes in a recipe.
 *
 * Layer:   gst; tool, models/training/train_recipe, models/training/training.
 * Threads: the main thread.
 */
#ifndef GST_TOOLS_TRAIN_OPTIONS_H
#define GST_TOOLS_TRAIN_OPTIONS_H

#include "gst/tools/tool.h"
#include "models/training/training.h"

/* Numbers are -1 where the command line has none. */
typedef struct ToolTrainOptions
{
  char *output, *recipe, *initial, *protocol;
  char **validation, **not_music; /* end in NULL; or NULL */
  char **sources;                 /* ends in NULL; at least one, unless print_recipe */
  int seed, seeds, threads, steps, epochs;
  int checkpoint; /* seconds from one to the next */
  gboolean resume, restart, print_recipe, quiet, no_cache;
} ToolTrainOptions;

/* FALSE: the command ends with *ret_status; the reason is said.  In both cases, clear the options. */
gboolean tool_train_options_parse (ToolTrainOptions *options, int n, char **arguments, ToolStatus *ret_status);
void tool_train_options_clear (ToolTrainOptions *options);

/* Whether sets are given to validate on. */
gboolean tool_train_options_validates (const ToolTrainOptions *options);

/* The recipe, and what the command line says instead. */
TrainRecipe *tool_train_options_recipe (const ToolTrainOptions *options, GError **error);

/* All stages together get so many steps, each in proportion to what it had.  data: NULL: not there yet.
 * FALSE: the length of a stage is known with the data only. */
gboolean tool_train_limit_steps (TrainRecipe *recipe, const TrainingData *data, unsigned steps);

/* Whether the recipe is final before there is data: no stage's length depends on it. */
gboolean tool_train_recipe_is_final (const ToolTrainOptions *options, const TrainRecipe *recipe);

#endif
