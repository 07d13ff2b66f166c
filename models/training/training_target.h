/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_target.h - what is known of one window, loss by loss, and of two that are mixed.
 *
 * Layer:   models/training; uses training_data.
 * Threads: functions of their arguments.
 */
#ifndef MODELS_TRAINING_TRAINING_TARGET_H
#define MODELS_TRAINING_TRAINING_TARGET_H

#include "models/training/training_data.h"

/* Before the weights of the batch are known. */
typedef struct TrainingTarget
{
  float *values[TRAIN_N_LOSSES]; /* as many as training_target_count() says; of labels a distribution times its mass */
  double mass[TRAIN_N_LOSSES];   /* 0: it says nothing about this loss */
} TrainingTarget;

/* What a thread reads into. */
typedef struct TrainingScratch
{
  float *logits;        /* [most logits of a set] */
  float *probabilities; /* [most soft labels of a set] */
} TrainingScratch;

/* n_values [TRAIN_N_LOSSES]  out, how many values a target of each loss has; 0: no stage wants it */
void training_target_count (const TrainingData *data, gsize *n_values);

void training_target_init (const TrainingData *data, TrainingTarget *target); /* allocates */
void training_target_clear (TrainingTarget *target);

/* What is known of a window of this item.
 *
 * share    of the item's group in the stage: only what it wants is filled in
 * window   of the teacher that the item's window shows
 * target   initialized; its values are overwritten */
void training_target_fill (const TrainRecipe *recipe, const TrainingData *data, const TrainShare *share,
    const TrainingItem *item, gsize window, TrainingScratch *scratch, TrainingTarget *target);

/* target = share target + (1 - share) other; what only one of the two has of the teacher, the mixture has not. */
void training_target_mix (const TrainingData *data, TrainingTarget *target, const TrainingTarget *other, double share);

#endif
