/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_split.h - which recordings are learned from and which validate, over all sets, and what was
 * odd.
 *
 * Layer:   models/training; uses feature_set, pieces, split.
 * Threads: constant: any number of threads may read it.
 *
 * What sounds the same is on one side, and so is an artist where that leaves enough to learn from.  A recording under
 * two labels is on neither side.
 */
#ifndef MODELS_TRAINING_TRAINING_SPLIT_H
#define MODELS_TRAINING_TRAINING_SPLIT_H

#include "models/sets/feature_set.h"
#include "models/training/split.h"

/* A set, and what it is for. */
typedef struct TrainingSplitSet
{
  const GenreFeatureSet *set;
  const int *label; /* [n_clips] of the model; -1: none, or too short */
  bool validates;   /* it was given to validate on */
  bool labelled;    /* what its labels say is learned */
} TrainingSplitSet;

typedef enum TrainingSide
{
  TRAINING_LEARNS,
  TRAINING_VALIDATES,
  TRAINING_NEITHER,
} TrainingSide;

typedef struct TrainingSplit
{
  gsize *first;           /* [n_sets] where each set's clips begin in side */
  TrainingSide *side;     /* [n_clips of all sets] */
  SplitLabel *labels;     /* [n_labels] recordings, those that sound the same counted once; NULL: none were held back */
  gsize *n_contradictory; /* [n_labels] recordings that are left out, for they have another label too */
  bool by_artist;         /* an artist is known, and none is on both sides */
  GPtrArray *problems;    /* of char *, UTF-8 without control characters of ours: what is left out, and why */
  GPtrArray *notes;       /* of char *: what was held back, which recordings are copies */
} TrainingSplit;

/* sets      [n_sets]    outlive nothing
 * labels    [n_labels]  their names
 * fraction  to be held back of the recordings of each label, see split_items(); 0: none */
TrainingSplit *training_split_new (const TrainingSplitSet *sets, gsize n_sets, const char *const *labels,
    gsize n_labels, double fraction, guint64 seed);
void training_split_free (TrainingSplit *split); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrainingSplit, training_split_free)

#endif
