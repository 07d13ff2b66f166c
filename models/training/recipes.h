/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/recipes.h - the built-in recipes of models/training/recipes, as text in the program.
 *
 * Layer:   models/training, for train_recipe.c only; made by embed_recipes.py.
 * Threads: constant data.
 */
#ifndef MODELS_TRAINING_RECIPES_H
#define MODELS_TRAINING_RECIPES_H

typedef struct ModelsRecipe
{
  const char *name; /* of the file, without ".json" */
  const char *text; /* JSON */
} ModelsRecipe;

extern const ModelsRecipe models_recipes[];     /* ends in a name of NULL */
extern const char *const models_recipe_names[]; /* then NULL */

#endif
