/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/train_recipe.h - how a model is to be trained: network, front end, data, losses, stages, all out of
 * JSON.
 *
 * Layer:   models/training; uses json_field, json_write, network_spec, frontend, augment (types), nn (types).
 * Threads: no state.
 *
 * docs/training.md has every key.  A key that is absent keeps what "base" says, or else its default; one that is
 * unknown is an error.
 */
#ifndef MODELS_TRAINING_TRAIN_RECIPE_H
#define MODELS_TRAINING_TRAIN_RECIPE_H

#include "models/training/augment.h"
#include "models/frontend.h"
#include "nn/network.h"

#include <stdbool.h>

enum
{
  TRAIN_MAX_DATA = 8,
  TRAIN_MAX_STAGES = 16,
  TRAIN_MAX_WINDOW = 1024,  /* frames */
  TRAIN_MAX_SAMPLES = 4096, /* of a batch */
  TRAIN_SURE_LEVELS = 4,    /* how sure a label can be */
};

typedef enum TrainLoss
{
  TRAIN_LOSS_LABELS,            /* cross-entropy against the label */
  TRAIN_LOSS_PSEUDO_LABELS,     /* cross-entropy against the teacher's opinion on the labels */
  TRAIN_LOSS_SOFT_LABELS,       /* cross-entropy against the set's soft labels, each by its weight */
  TRAIN_LOSS_TEACHER_EMBEDDING, /* mean squared error, standardised per value */
  TRAIN_LOSS_TEACHER_LOGITS,    /* sigmoid cross-entropy of some of the teacher's classes */
  TRAIN_LOSS_MUSIC,             /* sigmoid cross-entropy of whether it is music */
  TRAIN_N_LOSSES
} TrainLoss;

/* A group of feature sets that is treated alike: a set belongs to the first group with a matching pattern. */
typedef struct TrainData
{
  char *name;
  char **match;     /* globs on the file's name without directories, then NULL */
  bool not_music;   /* none of its clips is music, whatever the sets say; the group may have no set */
  bool balance;     /* draws every label equally often */
  double rarity;    /* draws a clip in proportion to (how much of the group is of its genre)^-rarity; 0: all alike */
  double mix_share; /* of the windows that are mixed with another of the group */
  double mix_beta;
  double overlay_share; /* of the windows, over which a sound of the groups that are not music is laid */
  double overlay_min_db, overlay_max_db; /* the sound's mean power above the window's */
} TrainData;

/* What one group contributes to a stage. */
typedef struct TrainShare
{
  unsigned windows;              /* of each batch; 0: the group has no part in the stage */
  double weight[TRAIN_N_LOSSES]; /* of the mean of each loss over these windows; 0: none */
} TrainShare;

typedef struct TrainStage
{
  char *name;
  unsigned steps, windows, epochs; /* its length: one of them, the others 0 */
  TrainShare shares[TRAIN_MAX_DATA];
  double learning_rate; /* at the peak */
  unsigned warmup;      /* steps; at most half of the stage */
  double final;         /* learning rate at the end, as a fraction of the peak */
  double weight_decay;
  double clip;       /* norm of the gradients; 0: none */
  double average;    /* decay of the moving average of the weights */
  double crop_share; /* of the batches that are cut to a random length of min_frames to window_frames */
  bool has_augment;  /* false: the recipe's */
  AugmentConfig augment;
  bool heads_only; /* learns the dense layers behind the body, which stays what the average of its weights has become */
} TrainStage;

typedef enum TrainProtocol
{
  TRAIN_PROTOCOL_GROUPS,         /* by artist, recording and sound */
  TRAIN_PROTOCOL_LEAKY_SEGMENTS, /* windows of all clips shuffled: parts of one recording on both sides */
  TRAIN_PROTOCOL_NONE,
} TrainProtocol;

typedef struct TrainRecipe
{
  char *name;
  NnLayerSpec *layers; /* [n_layers], ends in dense and softmax; units of the dense 0: as many as labels */
  gsize n_layers;
  bool has_spectrogram; /* false: that of the feature sets */
  bool has_level;       /* amin, ref or top_db is said; false: the initial model's, if there is one */
  bool has_normalize;   /* false: the initial model's, or else measured on the training data */
  GenreFrontend frontend;
  unsigned window_frames, min_frames;
  double smoothing;               /* of labels: that much of the target is spread over all */
  bool class_weights;             /* labels weigh in the loss as if all were equally frequent */
  double sure[TRAIN_SURE_LEVELS]; /* weight of a label by how sure it is, 0 to FEATURE_SET_SURE */
  double logits_factor;           /* of the mean over classes */
  unsigned *logits;               /* [n_logits] which of the teacher's classes; none: all */
  gsize n_logits;
  char **pseudo_labels;  /* [n_pseudo], then NULL: a label, and */
  char **pseudo_classes; /* [n_pseudo], then NULL: the teacher's class that means it */
  gsize n_pseudo;
  double soft_base; /* is added to the weight of every soft label above 0 */
  char *initial;    /* model whose weights to begin with, "default": the embedded one; NULL: random */
  AugmentConfig augment;
  TrainData data[TRAIN_MAX_DATA];
  gsize n_data;
  TrainStage stages[TRAIN_MAX_STAGES];
  gsize n_stages;
  TrainProtocol protocol;
  double fraction;      /* of the recordings of each label, which validate, where no set is given for it */
  unsigned every;       /* steps from one validation to the next */
  double interval_s;    /* between the windows of a validation */
  bool choose_best;     /* on validation; else the last */
  unsigned seed, seeds; /* the first, and how many */
} TrainRecipe;

/* text [size]  untrusted JSON; file: stands for it in messages
 *
 * NULL: GENRE_MODEL_ERROR_JSON, _SIZE, _RECIPE, _FRONTEND or _NETWORK. */
TrainRecipe *train_recipe_parse (const char *text, gsize size, const char *file, GError **error);

/* path: a file, or the name of a built-in recipe. */
TrainRecipe *train_recipe_load (const char *path, GError **error);
void train_recipe_free (TrainRecipe *recipe); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrainRecipe, train_recipe_free)

/* Names of the built-in recipes, then NULL. */
const char *const *train_recipe_names (void);

/* Appends the whole recipe as one JSON object, every key written out: parsing it gives an equal recipe. */
void train_recipe_append (const TrainRecipe *recipe, GString *json);

/* The same on many lines, for people.  Freed with g_free(). */
char *train_recipe_print (const TrainRecipe *recipe);

/* Which group a file belongs to; -1: none. */
int train_recipe_group (const TrainRecipe *recipe, const char *path);

/* The group of what is not music; -1: none. */
int train_recipe_not_music (const TrainRecipe *recipe);

/* A recipe whose group of what is not music has no set learns without it, and nothing about music. */
void train_recipe_drop_not_music (TrainRecipe *recipe);

/* Windows of a batch. */
unsigned train_stage_samples (const TrainRecipe *recipe, const TrainStage *stage);

const AugmentConfig *train_stage_augment (const TrainRecipe *recipe, const TrainStage *stage);

/* "labels", ... */
const char *train_loss_name (TrainLoss loss);

#endif
