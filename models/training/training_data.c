/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_load.h"

#include "models/file/error.h"
#include "models/file/json_write.h"
#include "models/file/regular_file.h"
#include "models/frontend.h"

#include <math.h>
#include <string.h>

/* A band that hardly moves is left as it is: its noise is not to be blown up. */
static const double least_std_db = .1;

bool
training_data_wants (const TrainRecipe *recipe, gsize group, TrainLoss loss)
{
  for (gsize i = 0; i < recipe->n_stages; i++) {
    const TrainShare *share = &recipe->stages[i].shares[group];
    if (share->windows > 0 && share->weight[loss] > 0)
      return true;
  }
  return false;
}

bool
training_load_wants (const TrainingLoad *load, TrainLoss loss)
{
  for (gsize i = 0; i < load->recipe->n_data; i++)
    if (training_data_wants (load->recipe, i, loss))
      return true;
  return false;
}

const GenreFeatureSet *
training_load_set (const TrainingLoad *load, gsize index)
{
  return g_ptr_array_index (load->data->sets, index);
}

int
training_load_group (const TrainingLoad *load, gsize set)
{
  return g_array_index (load->group, int, set);
}

/* --- sets ------------------------------------------------------------------------------------------------------ */

static bool
load_set (TrainingLoad *load, const char *path, int group, GError **error)
{
  g_autoptr (GBytes) bytes = regular_file_read (path, FEATURE_SET_MAX_BYTES, error);
  if (!bytes)
    return false;
  g_autofree char *name = g_filename_display_name (path);
  GenreFeatureSet *set = genre_feature_set_parse (bytes, name, error);
  if (!set)
    return false;
  g_ptr_array_add (load->data->sets, set);
  g_array_append_val (load->group, group);
  g_ptr_array_add (load->sums, g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes));
  return true;
}

/* The group that a source belongs to; -1: it validates, or none matches. */
static int
source_group (const TrainRecipe *recipe, const TrainingSource *source)
{
  switch (source->role) {
    case TRAINING_ROLE_LEARNS:
      return train_recipe_group (recipe, source->path);
    case TRAINING_ROLE_NOT_MUSIC:
      return train_recipe_not_music (recipe);
    case TRAINING_ROLE_VALIDATES:
      break;
  }
  return -1;
}

bool
training_data_match (const TrainRecipe *recipe, const TrainingSource *sources, gsize n_sources, GError **error)
{
  bool filled[TRAIN_MAX_DATA] = { false };

  for (gsize i = 0; i < n_sources; i++) {
    const int group = source_group (recipe, &sources[i]);
    if (sources[i].role == TRAINING_ROLE_VALIDATES)
      continue;
    g_autofree char *name = g_filename_display_name (sources[i].path);
    if (group < 0 && sources[i].role == TRAINING_ROLE_NOT_MUSIC)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "%s: expected a recipe with a group of \"data\" for sounds that are not music, found none", name);
    if (group < 0)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "%s: expected a name that matches a group of the recipe's \"data\", found none", name);
    filled[group] = true;
  }
  for (gsize i = 0; i < recipe->n_data; i++) {
    bool used = false;
    for (gsize s = 0; s < recipe->n_stages; s++)
      used |= recipe->stages[s].shares[i].windows > 0;
    if (used && !filled[i]) {
      g_autofree char *quoted = json_quote (recipe->data[i].name);
      g_autofree char *patterns = g_strjoinv ("\" or \"", recipe->data[i].match);
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "the recipe's group %s of data: expected a feature set named like \"%s\", found none", quoted, patterns);
    }
  }
  return true;
}

bool
training_data_has_not_music (const TrainRecipe *recipe, const TrainingSource *sources, gsize n_sources)
{
  const int group = train_recipe_not_music (recipe);
  for (gsize i = 0; group >= 0 && i < n_sources; i++)
    if (source_group (recipe, &sources[i]) == group)
      return true;
  return false;
}

static bool
load_sets (TrainingLoad *load, const TrainingSource *sources, gsize n_sources, GError **error)
{
  if (!training_data_match (load->recipe, sources, n_sources, error))
    return false;
  for (gsize i = 0; i < n_sources; i++) {
    if (!load_set (load, sources[i].path, source_group (load->recipe, &sources[i]), error))
      return false;
    load->data->n_tests += sources[i].role == TRAINING_ROLE_VALIDATES;
  }
  if (load->data->n_tests > TRAINING_MAX_TESTS)
    return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
        "expected at most %d sets to validate on, found %" G_GSIZE_FORMAT, TRAINING_MAX_TESTS, load->data->n_tests);
  return true;
}

/* --- front end ------------------------------------------------------------------------------------------------- */

static bool
choose_initial (TrainingLoad *load, GError **error)
{
  const char *initial = load->recipe->initial;
  if (!initial)
    return true;
  load->data->initial = strcmp (initial, "default") == 0 ? genre_model_default (error)
                                                         : genre_model_load (initial, error);
  return load->data->initial != NULL;
}

static void
copy_normalize (const GenreFrontend *from, GenreFrontend *to)
{
  to->mean = g_memdup2 (from->mean, from->bands * sizeof *from->mean);
  to->std = g_memdup2 (from->std, from->bands * sizeof *from->std);
}

/* Spectrogram by the recipe, or the model to begin with, or the sets; and all sets agree with it. */
static bool
choose_frontend (TrainingLoad *load, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  const GenreFrontend *initial = load->data->initial ? genre_model_frontend (load->data->initial) : NULL;
  const GenreFrontend *spectrogram = genre_feature_set_frontend (training_load_set (load, 0));
  GenreFrontend *frontend = &load->data->frontend;

  if (recipe->has_spectrogram)
    spectrogram = &recipe->frontend;
  else if (initial)
    spectrogram = initial;
  *frontend = recipe->frontend;
  frontend->mel = spectrogram->mel;
  frontend->bands = spectrogram->bands;
  frontend->mean = frontend->std = NULL;
  if (initial && !recipe->has_level) {
    frontend->amin = initial->amin;
    frontend->ref = initial->ref;
    frontend->top_db = initial->top_db;
  }
  if (initial) {
    copy_normalize (initial, frontend);
  } else if (recipe->has_normalize) {
    if (recipe->frontend.bands != frontend->bands)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "recipe: frontend: normalize: expected %" G_GSIZE_FORMAT
          " bands, as the feature sets have, found %" G_GSIZE_FORMAT,
          frontend->bands, recipe->frontend.bands);
    copy_normalize (&recipe->frontend, frontend);
  }
  for (gsize i = 0; i < load->data->sets->len; i++)
    if (!genre_feature_set_fits (training_load_set (load, i), frontend, error))
      return false;
  return true;
}

/* Mean and deviation of each band over all that is learned from, as the network would see it unstandardised. */
static void
measure_normalize (const TrainingLoad *load)
{
  TrainingData *data = load->data;
  GenreFrontend *frontend = &data->frontend;
  const gsize bands = frontend->bands, window = load->recipe->window_frames;

  frontend->mean = g_new0 (float, bands);
  frontend->std = g_new (float, bands);
  for (gsize b = 0; b < bands; b++)
    frontend->std[b] = 1;

  g_autofree double *sum = g_new0 (double, bands);
  g_autofree double *square = g_new0 (double, bands);
  double n = 0;
  g_autofree float *db = g_new (float, window *bands);
  for (gsize g = 0; g < load->recipe->n_data; g++) {
    const TrainingGroup *group = &data->groups[g];
    for (gsize i = 0; i < group->n_items; i++) {
      const TrainingItem *item = &group->items[i];
      const GenreFeatureSet *set = training_load_set (load, item->set);
      const gsize frames = genre_feature_set_clip_frames (set, item->clip);
      const gsize begin = item->segment < 0 ? 0 : (gsize) item->segment * window;
      const gsize end = item->segment < 0 ? frames : begin + window;
      for (gsize first = begin; first < end; first += window) {
        const gsize n_frames = MIN (window, end - first);
        genre_feature_set_clip_db (set, item->clip, first, n_frames, db);
        genre_frontend_apply (frontend, GENRE_LEVELS_DB, db, db, n_frames);
        for (gsize k = 0; k < n_frames * bands; k++) {
          sum[k % bands] += (double) db[k];
          square[k % bands] += (double) db[k] * (double) db[k];
        }
        n += (double) n_frames;
      }
    }
  }
  for (gsize b = 0; b < bands; b++) {
    const double mean = sum[b] / n, variance = square[b] / n - mean * mean;
    frontend->mean[b] = (float) mean;
    frontend->std[b] = (float) (variance > least_std_db * least_std_db ? sqrt (variance) : 1);
  }
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void
compute_digest (const TrainingLoad *load)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  for (gsize i = 0; i < load->sums->len; i++) {
    g_autofree char *line = g_strdup_printf ("%s %d\n", (const char *) load->sums->pdata[i],
        training_load_group (load, i));
    g_checksum_update (sum, (const guchar *) line, -1);
  }
  const TrainingSplit *split = load->data->split;
  for (gsize clip = 0; split->labels && clip < split->first[load->data->sets->len]; clip++) {
    const guchar side = (guchar) split->side[clip];
    g_checksum_update (sum, &side, 1);
  }
  if (load->data->initial)
    g_checksum_update (sum, (const guchar *) genre_model_sha256 (load->data->initial), -1);
  load->data->digest = g_strdup (g_checksum_get_string (sum));
}

static bool
fill (TrainingLoad *load, const TrainingSource *sources, gsize n_sources, GError **error)
{
  gsize n_learned = 0;
  for (gsize i = 0; i < n_sources; i++)
    n_learned += sources[i].role == TRAINING_ROLE_LEARNS;
  if (n_learned == 0)
    return genre_model_fail (error, GENRE_MODEL_ERROR_DATA, "expected a feature set to learn from, found none");
  if (!load_sets (load, sources, n_sources, error) || !choose_initial (load, error) || !choose_frontend (load, error)
      || !training_load_choose_labels (load, error) || !training_load_choose_items (load, error)
      || !training_load_choose_teacher (load, error) || !training_load_choose_soft (load, error))
    return false;
  training_load_weigh_items (load);
  if (!load->data->frontend.mean)
    measure_normalize (load);
  training_load_weigh_classes (load);
  compute_digest (load);
  return true;
}

TrainingData *
training_data_load (const TrainRecipe *recipe, const TrainingSource *sources, gsize n_sources, GError **error)
{
  TrainingData *data = g_new0 (TrainingData, 1);
  TrainingLoad load = { .recipe = recipe, .data = data };

  data->sets = g_ptr_array_new_with_free_func ((GDestroyNotify) genre_feature_set_free);
  load.group = g_array_new (FALSE, FALSE, sizeof (int));
  load.sums = g_ptr_array_new_with_free_func (g_free);
  const bool ok = fill (&load, sources, n_sources, error);
  g_array_unref (load.group);
  g_ptr_array_unref (load.sums);
  if (ok)
    return data;
  training_data_free (data);
  return NULL;
}

void
training_data_free (TrainingData *data)
{
  if (!data)
    return;
  for (gsize s = 0; data->soft_label && s < data->sets->len; s++)
    g_free (data->soft_label[s]);
  g_free (data->soft_label);
  g_ptr_array_unref (data->sets);
  g_strfreev (data->labels);
  genre_frontend_clear (&data->frontend);
  for (gsize i = 0; i < TRAIN_MAX_DATA; i++) {
    g_free (data->groups[i].items);
    g_free (data->groups[i].by_label);
    g_free (data->groups[i].label_first);
    g_free (data->groups[i].present);
    g_free (data->groups[i].reach);
  }
  g_free (data->validation);
  g_free (data->track);
  g_free (data->test);
  g_free (data->class_weight);
  g_free (data->embedding_mean);
  g_free (data->embedding_std);
  g_free (data->logits);
  g_free (data->pseudo);
  g_free (data->pseudo_label);
  genre_model_unref (data->initial);
  training_split_free (data->split);
  g_free (data->digest);
  g_free (data);
}
