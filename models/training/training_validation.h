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

/* Of one set, or of all together. */
typedef struct TrainingAccuracy
{
  gsize n_tracks, right_tracks;   /* by the aggregate (docs/schedule.md) over the windows of all clips of a track */
  gsize n_windows, right_windows; /* each by itself */
  double nll;                     /* mean over tracks of -ln p[truth] */
  double mean_recall;             /* over the labels that a track has; 0: none */
} TrainingAccuracy;

/* What the head "music" makes of tracks of music, and of clips that are not: the mean over their windows. */
typedef struct TrainingMusic
{
  gsize n_music, missed; /* called not music: below .5 */
  gsize n_other, taken;  /* called music */
  double auc;            /* of the one above the other; 0: one of them is missing */
} TrainingMusic;

typedef struct TrainingScore
{
  TrainingAccuracy all, tests[TRAINING_MAX_TESTS]; /* [n_tests] */
  double mean_recall; /* mean over the sets that have labelled tracks of their mean recall: what chooses */
  TrainingMusic music;
} TrainingScore;

/* The tracks of one label. */
typedef struct TrainingRecall
{
  gsize n_tracks, right_tracks;
} TrainingRecall;

/* interval_s   between windows
 * ret_recalls  [n_labels] over all sets, or NULL
 *
 * FALSE: out of memory. */
bool training_validate (const TrainingData *data, GenreModel *model, double interval_s, NnPool *pool,
    TrainingScore *ret_score, TrainingRecall *ret_recalls);

#endif
