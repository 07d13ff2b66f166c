/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_batch.h - the windows and targets of step n: a function of seed, stage and step.
 *
 * Layer:   models/training; uses training_data, augment, sampler, nn/trainer.h (types), nn/pool.
 * Threads: one object serves one thread at a time; filling uses the threads of a pool.
 *
 * Heads in their order: 0 the labels, then those of the embedding, the logits and music that any stage wants.
 */
#ifndef MODELS_TRAINING_TRAINING_BATCH_H
#define MODELS_TRAINING_TRAINING_BATCH_H

#include "models/training/training_data.h"
#include "nn/pool.h"
#include "nn/trainer.h"

enum
{
  TRAINING_HEAD_LABELS,
  TRAINING_MAX_HEADS = 4
};

typedef struct TrainingBatch TrainingBatch;

/* recipe, data, pool: kept, not owned */
TrainingBatch *training_batch_new (const TrainRecipe *recipe, const TrainingData *data, NnPool *pool);
void training_batch_free (TrainingBatch *batch); /* NULL is a no-op */

/* Step `step` of stage `stage`.  The same bytes for the same arguments, whatever was filled before. */
void training_batch_fill (TrainingBatch *batch, guint64 seed, gsize stage, guint64 step);

/* What was filled last: [samples][frames][bands] */
const float *training_batch_input (const TrainingBatch *batch, gsize *ret_samples, gsize *ret_frames);
const NnTarget *training_batch_targets (const TrainingBatch *batch); /* [n_heads] */

/* The heads that a recipe's targets need.  heads [TRAINING_MAX_HEADS] out; label_name: of the labels' dense layer */
gsize training_batch_heads (const TrainingData *data, const char *label_name, NnHead *heads);

#endif
