/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_run.h - a Training from within, for the files that make it up: training.c takes steps,
 * training_model.c makes a model file of it, training_state.c checkpoints, training_card.c says it to people.
 *
 * Layer:   models/training, for these four files only.
 * Threads: as training.h.
 */
#ifndef MODELS_TRAINING_TRAINING_RUN_H
#define MODELS_TRAINING_TRAINING_RUN_H

#include "models/training/training.h"
#include "models/training/training_batch.h"

/* What the curve remembers. */
typedef struct LossPoint
{
  guint64 step;
  double loss; /* mean since the point before */
} LossPoint;

typedef struct ScorePoint
{
  guint64 step;
  TrainingScore score;
} ScorePoint;

struct Training
{
  const TrainRecipe *recipe;
  const TrainingData *data;
  guint64 seed;
  NnLayerSpec *layers; /* [n_layers] of the model */
  gsize n_layers;
  guint64 stage_steps[TRAIN_MAX_STAGES];
  guint64 steps; /* of all stages */
  guint64 loss_every;
  char *digest; /* of recipe and seed */
  char *origin; /* NULL: unknown */

  NnPool *pool;
  TrainingBatch *batch;
  NnTrainer *trainer;
  float **best; /* [n_tensors] the average of the weights at best_step */

  guint64 step; /* of all stages, done */
  double loss, learning_rate;
  gsize windows;
  double loss_sum; /* since the last point */
  guint64 loss_count;
  GArray *losses;    /* of LossPoint */
  GArray *scores;    /* of ScorePoint */
  guint64 best_step; /* 0: none yet */
  TrainingScore best_score;
};

/* What stands for the file in messages about it. */
extern const char training_model_name[];

/* False, and GENRE_MODEL_ERROR_SIZE: no memory, or no threads. */
bool training_fail_memory (GError **error);

/* Whether training_export() takes the best weights, and not the present ones. */
bool training_takes_best (const Training *training);

/* The model with the average of the weights: the present one, or that of the best step.  NULL: an error of
 * genre_model_new(), or no memory. */
GenreModel *training_make_model (const Training *training, bool best, GError **error);

/* Windows that were learned from in the first so many steps. */
guint64 training_count_windows (const Training *training, guint64 steps);

#endif
