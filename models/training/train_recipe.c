/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/train_recipe_json.h"

#include "models/file/error.h"
#include "models/training/recipes.h"
#include "models/file/regular_file.h"

#include <string.h>

enum
{
  MAX_BYTES = 1 << 20,
};

static const char *const losses[TRAIN_N_LOSSES] = {
  [TRAIN_LOSS_LABELS] = "labels",
  [TRAIN_LOSS_PSEUDO_LABELS] = "pseudo_labels",
  [TRAIN_LOSS_SOFT_LABELS] = "soft_labels",
  [TRAIN_LOSS_TEACHER_EMBEDDING] = "teacher_embedding",
  [TRAIN_LOSS_TEACHER_LOGITS] = "teacher_logits",
  [TRAIN_LOSS_MUSIC] = "music",
};

const AugmentConfig train_no_augment = { .stretch_min = 1, .stretch_max = 1 };

const char *
train_recipe_builtin (const char *name)
{
  for (gsize i = 0; models_recipes[i].name; i++)
    if (strcmp (models_recipes[i].name, name) == 0)
      return models_recipes[i].text;
  return NULL;
}

char *
train_recipe_builtin_names (void)
{
  GString *names = g_string_new (NULL);
  for (gsize i = 0; models_recipes[i].name; i++)
    g_string_append_printf (names, "%s\"%s\"", i == 0 ? "" : ", ", models_recipes[i].name);
  return g_string_free (names, FALSE);
}

TrainRecipe *
train_recipe_load (const char *path, GError **error)
{
  const char *builtin = train_recipe_builtin (path);
  if (builtin)
    return train_recipe_parse (builtin, strlen (builtin), path, error);

  g_autoptr (GError) failure = NULL;
  g_autoptr (GBytes) bytes = regular_file_read (path, MAX_BYTES, &failure);
  if (!bytes) {
    g_autofree char *names = train_recipe_builtin_names ();
    const bool lost = g_error_matches (failure, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_NOT_FOUND);
    g_propagate_prefixed_error (error, g_steal_pointer (&failure), "recipe: ");
    if (lost && error && *error) {
      g_autofree char *message = g_strdup_printf ("%s; built-in recipes are %s", (*error)->message, names);
      g_free ((*error)->message);
      (*error)->message = g_steal_pointer (&message);
    }
    return NULL;
  }
  gsize size = 0;
  const char *text = g_bytes_get_data (bytes, &size);
  g_autofree char *name = g_filename_display_name (path);
  return train_recipe_parse (text ? text : "", size, name, error);
}

static void
clear_data (TrainData *data)
{
  g_free (data->name);
  g_strfreev (data->match);
  *data = (TrainData){ 0 };
}

void
train_recipe_clear_data (TrainRecipe *recipe)
{
  for (gsize i = 0; i < recipe->n_data; i++)
    clear_data (&recipe->data[i]);
  recipe->n_data = 0;
}

void
train_recipe_clear_stages (TrainRecipe *recipe)
{
  for (gsize i = 0; i < recipe->n_stages; i++)
    g_free (recipe->stages[i].name);
  memset (recipe->stages, 0, sizeof recipe->stages);
  recipe->n_stages = 0;
}

void
train_recipe_free (TrainRecipe *recipe)
{
  if (!recipe)
    return;
  train_recipe_clear_stages (recipe);
  train_recipe_clear_data (recipe);
  genre_frontend_clear (&recipe->frontend);
  g_free (recipe->name);
  g_free (recipe->layers);
  g_free (recipe->logits);
  g_strfreev (recipe->pseudo_labels);
  g_strfreev (recipe->pseudo_classes);
  g_free (recipe->initial);
  g_free (recipe);
}

const char *const *
train_recipe_names (void)
{
  return models_recipe_names;
}

int
train_recipe_group (const TrainRecipe *recipe, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_filename_display_name (base);
  for (gsize i = 0; i < recipe->n_data; i++)
    for (gsize k = 0; recipe->data[i].match[k]; k++)
      if (g_pattern_match_simple (recipe->data[i].match[k], name))
        return (int) i;
  return -1;
}

int
train_recipe_not_music (const TrainRecipe *recipe)
{
  for (gsize i = 0; i < recipe->n_data; i++)
    if (recipe->data[i].not_music)
      return (int) i;
  return -1;
}

void
train_recipe_drop_not_music (TrainRecipe *recipe)
{
  for (gsize s = 0; s < recipe->n_stages; s++) {
    for (gsize i = 0; i < recipe->n_data; i++) {
      TrainShare *share = &recipe->stages[s].shares[i];
      share->weight[TRAIN_LOSS_MUSIC] = 0;
      if (recipe->data[i].not_music)
        *share = (TrainShare){ 0 };
    }
  }
}

unsigned
train_stage_samples (const TrainRecipe *recipe, const TrainStage *stage)
{
  unsigned samples = 0;
  for (gsize i = 0; i < recipe->n_data; i++)
    samples += stage->shares[i].windows;
  return samples;
}

const AugmentConfig *
train_stage_augment (const TrainRecipe *recipe, const TrainStage *stage)
{
  return stage->has_augment ? &stage->augment : &recipe->augment;
}

const char *
train_loss_name (TrainLoss loss)
{
  return losses[loss];
}
