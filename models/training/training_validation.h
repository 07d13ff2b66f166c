/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_validation.h - how many of the held-out tracks a model names correctly.
 *
 * Layer:   models/training; uses training_data, genre_listener, nn/pool.
 * Threads: uses the threads of a pool; the result does not depend on their number.
 */
#ifndef MODELS_TRAINING_TRAINING_VALIDATION_H
#define MODELS_TRAINING_TRAINING_VALIDATION_H

#include "models/training/training_data.h"
#include "nn/pool.h"

G_BEGIN_DECLS

typedef struct TrainingAccuracy
{
  gsize n_tracks, right_tracks;   /* by the aggregate (docs/schedule.md) over the windows of all clips of a track */
  gsize n_windows, right_windows; /* each by itself */
  double nll;                     /* mean over tracks of -ln p[truth] */
} TrainingAccuracy;

/* The tracks of one label. */
typedef struct TrainingRecall
{
  gsize n_tracks, right_tracks;
} TrainingRecall;

/* interval_s   between windows
 * ret_recalls  [n_labels], or NULL
 *
 * FALSE: out of memory. */
bool training_validate (const TrainingData *data, GenreModel *model, double interval_s, NnPool *pool,
    TrainingAccuracy *ret_accuracy, TrainingRecall *ret_recalls);

G_END_DECLS

#endif
