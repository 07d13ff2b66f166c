/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_load.h - what the files that make a TrainingData share: training_data.c loads sets and front
 * end, training_items.c decides what is learned from and what validates, training_targets.c what is asked of it.
 *
 * Layer:   models/training, for these three files only.
 * Threads: one TrainingLoad serves one thread.
 */
#ifndef MODELS_TRAINING_TRAINING_LOAD_H
#define MODELS_TRAINING_TRAINING_LOAD_H

#include "models/training/training_data.h"

/* Data in the making. */
typedef struct TrainingLoad
{
  const TrainRecipe *recipe;
  TrainingData *data;
  GArray *group;   /* of int: the group of each set; -1: it validates */
  GPtrArray *sums; /* of char *: each set's SHA-256 */
} TrainingLoad;

const GenreFeatureSet *training_load_set (const TrainingLoad *load, gsize index);
int training_load_group (const TrainingLoad *load, gsize set);

/* Whether any stage gives that loss of any group a weight. */
bool training_load_wants (const TrainingLoad *load, TrainLoss loss);

/* Which of the model's labels this is; -1: none. */
int training_load_find_label (const TrainingLoad *load, const char *label);

/* training_items.c; false: GENRE_MODEL_ERROR_DATA. */
bool training_load_choose_labels (TrainingLoad *load, GError **error);
bool training_load_choose_items (TrainingLoad *load, GError **error);

/* training_targets.c; false: GENRE_MODEL_ERROR_DATA. */
bool training_load_choose_teacher (TrainingLoad *load, GError **error);
bool training_load_choose_soft (TrainingLoad *load, GError **error);
void training_load_weigh_classes (TrainingLoad *load);
void training_load_weigh_items (TrainingLoad *load);

#endif
