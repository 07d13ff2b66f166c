/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/train_recipe_json.h - what the files of the recipe share: its parts as tables, or as functions of
 * JsonKey.
 *
 * Layer:   models/training, for train_recipe*.c only; uses json_table, train_recipe.
 * Threads: no state.
 *
 * When reading, the context is a TrainParse; when writing, the TrainRecipe.
 */
#ifndef MODELS_TRAINING_TRAIN_RECIPE_JSON_H
#define MODELS_TRAINING_TRAIN_RECIPE_JSON_H

#include "models/file/json_table.h"
#include "models/training/train_recipe.h"

enum
{
  TRAIN_MAX_COUNT = 1000000000, /* of steps, windows, ... */
  TRAIN_MAX_WEIGHT = 1000000,   /* of a loss */
};

/* A recipe in the making. */
typedef struct TrainParse
{
  TrainRecipe *recipe;
  const char *file;
  unsigned depth; /* of bases */
} TrainParse;

/* The text of a built-in recipe; NULL: there is none of that name. */
const char *train_recipe_builtin (const char *name);
char *train_recipe_builtin_names (void); /* "a", "b", for messages; g_free() */

extern const AugmentConfig train_no_augment;
void train_recipe_clear_data (TrainRecipe *recipe);
void train_recipe_clear_stages (TrainRecipe *recipe);

/* train_recipe_targets.c; object: the recipe */
extern const JsonTable train_labels_table;
extern const JsonTable train_logits_table;
extern const JsonTable train_soft_table;
bool train_pseudo_parse (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error);
void train_pseudo_append (const void *context, const void *object, GString *json);

/* train_recipe_data.c; object: the recipe */
bool train_data_parse (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error);
void train_data_append (const void *context, const void *object, GString *json);

/* train_recipe_stages.c; object: an AugmentConfig, and the recipe */
extern const JsonTable train_augment_table;
bool train_stages_parse (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error);
void train_stages_append (const void *context, const void *object, GString *json);

#endif
