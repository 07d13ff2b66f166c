/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_data.h - feature sets and a recipe -> labels, front end, and what is learned from and
 * validated on.
 *
 * Layer:   models/training; uses train_recipe, feature_set, training_split, sampler, regular_file.
 * Threads: constant: any number of threads may read it.
 */
#ifndef MODELS_TRAINING_TRAINING_DATA_H
#define MODELS_TRAINING_TRAINING_DATA_H

#include "models/sets/feature_set.h"
#include "models/genre_model.h"
#include "models/training/train_recipe.h"
#include "models/training/training_split.h"

enum
{
  TRAINING_MAX_TESTS = 8 /* sets to validate on */
};

/* What a batch can draw: a clip, or a fixed part of one. */
typedef struct TrainingItem
{
  guint32 set;    /* index into sets */
  guint32 clip;   /* of the set */
  gint32 segment; /* frames from segment * window_frames on; -1: anywhere in the clip */
  int label;      /* of the model; -1: none */
  bool music;
} TrainingItem;

/* A feature set, and what it is there for. */
typedef enum TrainingRole
{
  TRAINING_ROLE_LEARNS,    /* in the group of the recipe that its name matches */
  TRAINING_ROLE_NOT_MUSIC, /* in the group of what is not music, whatever its name */
  TRAINING_ROLE_VALIDATES,
} TrainingRole;

typedef struct TrainingSource
{
  const char *path;
  TrainingRole role;
} TrainingSource;

/* The items of one of the recipe's groups. */
typedef struct TrainingGroup
{
  TrainingItem *items; /* [n_items] */
  gsize n_items;
  gsize *by_label;    /* [n_items] indices into items, label after label; those without one are not in it */
  gsize *label_first; /* [n_labels + 1] where each label begins in by_label */
  gsize *present;     /* [n_present] the labels that have an item */
  gsize n_present;
  double *reach; /* [n_items] sum of the chances of the items up to and with this one; NULL: all are alike */
} TrainingGroup;

typedef struct TrainingData
{
  GPtrArray *sets; /* of GenreFeatureSet */
  char **labels;   /* [n_labels], then NULL */
  unsigned n_labels;
  GenreFrontend frontend; /* of the model */
  TrainingGroup groups[TRAIN_MAX_DATA];
  bool learns_music;        /* a stage learns what is music */
  TrainingItem *validation; /* [n_validation], with a label or not music */
  gsize n_validation;
  gsize *track; /* [n_validation] which track each belongs to, 0, 1, ...; each clip that is not music is one */
  gsize n_tracks;
  guint32 *test;         /* [n_tests] the sets that were given to validate on, in their order */
  gsize n_tests;         /* 0: what validates was held back from the others */
  const char *protocol;  /* what an accuracy measured here is to be called */
  const char *cases;     /* what n_tracks counts: "tracks", or "windows" that were shuffled */
  double *class_weight;  /* [n_labels] */
  gsize n_embedding;     /* 0: no stage wants it */
  float *embedding_mean; /* [n_embedding] */
  float *embedding_std;
  gsize n_logits;         /* of the recipe's classes; 0: no stage wants them */
  unsigned *logits;       /* [n_logits] indices into the teacher's classes */
  gsize n_pseudo;         /* 0: no stage wants pseudo-labels */
  unsigned *pseudo;       /* [n_pseudo] indices into the teacher's classes, and */
  unsigned *pseudo_label; /* [n_pseudo] the label of the model that each means */
  int **soft_label;       /* [sets->len][n_soft of the set] the label of the model that each means; -1: none */
  GenreModel *initial;    /* what to begin with; NULL: random weights */
  TrainingSplit *split;   /* which clips are learned from */
  gsize n_short;          /* clips of fewer than min_frames, left out */
  char *digest;           /* SHA-256, hexadecimal, of all that training depends on but recipe and seed */
} TrainingData;

/* sources [n_sources]  those that validate after those that are learned from; none validates: as the recipe says
 *
 * NULL: what genre_feature_set_load() or genre_model_load() say, or GENRE_MODEL_ERROR_DATA in a sentence. */
TrainingData *training_data_load (const TrainRecipe *recipe, const TrainingSource *sources, gsize n_sources,
    GError **error);
void training_data_free (TrainingData *data); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrainingData, training_data_free)

/* Whether each set belongs to a group of the recipe, and each group that is learned from has one.  FALSE:
 * GENRE_MODEL_ERROR_DATA. */
bool training_data_match (const TrainRecipe *recipe, const TrainingSource *sources, gsize n_sources, GError **error);

/* Whether the recipe's group of what is not music gets a set; see train_recipe_drop_not_music(). */
bool training_data_has_not_music (const TrainRecipe *recipe, const TrainingSource *sources, gsize n_sources);

/* How much an item's label counts, by how sure it is. */
double training_data_sure (const TrainingData *data, const TrainRecipe *recipe, const TrainingItem *item);

/* Whether any stage gives that loss of that group a weight. */
bool training_data_wants (const TrainRecipe *recipe, gsize group, TrainLoss loss);

#endif
