/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training.h - one run of a recipe with one seed: step by step, interrupted and resumed at will, to a
 * model.
 *
 * Layer:   models/training; uses train_recipe, training_data, training_batch, training_validation, checkpoint,
 *          nn/trainer.
 * Threads: one object serves one thread at a time; it uses threads of its own inside.
 *
 * No clocks, no callbacks, no printing: whoever calls training_step() shows what it reports, and decides when to save.
 * The model's bytes are a function of recipe, data and seed: not of the number of threads, nor of where the run was
 * interrupted.
 */
#ifndef MODELS_TRAINING_TRAINING_H
#define MODELS_TRAINING_TRAINING_H

#include "models/training/training_data.h"
#include "models/training/training_validation.h"

typedef struct Training Training;

typedef struct TrainingProgress
{
  guint64 step, steps; /* done, in all; over all stages */
  gsize stage;
  const char *stage_name; /* valid as long as the recipe */
  double loss;            /* of this step */
  double learning_rate;
  gsize windows;              /* learned from in this step */
  bool validated;             /* the next is of this step */
  bool best;                  /* better than all before */
  const TrainingScore *score; /* of the last validation, valid until the next step; NULL: there was none */
  bool finished;              /* there is no step left */
} TrainingProgress;

/* recipe, data: kept, not owned; data is what training_data_load() made of the recipe
 *
 * NULL: GENRE_MODEL_ERROR_NETWORK, the recipe's network does not fit the data or cannot be trained; _LABELS, it has
 * another number of outputs; _SIZE, no memory; or what genre_model_parse() says of a model that would come of it. */
Training *training_new (const TrainRecipe *recipe, const TrainingData *data, guint64 seed, unsigned threads,
    GError **error);
void training_free (Training *training); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Training, training_free)

/* One step, and the validation that is due after it.  Nothing happens once it is finished.
 *
 * FALSE: GENRE_MODEL_ERROR_DIVERGED, the loss is no number; the weights are those before the step.  Or _SIZE. */
bool training_step (Training *training, TrainingProgress *ret_progress, GError **error);

/* Where it is, as training_step() reports it. */
void training_progress (const Training *training, TrainingProgress *ret_progress);

/* Whether so many threads can be had now. */
bool training_has_threads (unsigned threads);

/* How many steps a stage has, whichever way the recipe gives its length. */
guint64 training_stage_steps (const TrainRecipe *recipe, const TrainingData *data, const TrainStage *stage);

/* What stands for recipe and seed in a checkpoint, as CHECKPOINT_RECIPE: known before there is any data.  Freed with
 * g_free(). */
char *training_digest (const TrainRecipe *recipe, guint64 seed);

/* What its checkpoints say as CHECKPOINT_ORIGIN from now on.  NULL: nothing. */
void training_set_origin (Training *training, const char *origin);

/* Writes all that is needed to go on, whole or not at all; see checkpoint_save(). */
bool training_save (const Training *training, const char *path, GError **error);

/* Goes on where a checkpoint of the same recipe, data and seed was written.
 *
 * ret_reason  out: NULL, or why it was the one before the last; freed with g_free()
 *
 * False: GENRE_MODEL_ERROR_CHECKPOINT; the training is as it was if it is another's or not whole. */
bool training_resume (Training *training, const char *path, char **ret_reason, GError **error);

/* The model file of the average of the weights: the best on validation so far if the recipe says so, else the present
 * one.  commit: of the program that trained, for its metadata; NULL: unknown. */
GBytes *training_export (const Training *training, const char *commit, GError **error);

/* What was measured of the weights that training_export() takes; NULL: nothing.  Valid until the next step. */
const TrainingScore *training_score (const Training *training);

/* The run so far as a picture: loss and accuracy over steps.  SVG, freed with g_free(). */
char *training_curve (const Training *training);

/* What people should know of the model before they use it.  Markdown, freed with g_free().
 *
 * name    of the model's file
 * sha256  of its bytes */
char *training_card (const Training *training, const char *name, const char *sha256);

#endif
