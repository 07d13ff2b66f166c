/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_data.h"

#include "models/file/error.h"
#include "models/frontend.h"
#include "models/file/json_write.h"
#include "models/training/random.h"
#include "models/file/regular_file.h"
#include "models/training/sampler.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A band that hardly moves is left as it is: its noise is not to be blown up. */
static const double least_std_db = .1;

/* Data in the making. */
typedef struct Load
{
  const TrainRecipe *recipe;
  TrainingData *data;
  GArray *group;   /* of int: the group of each set; -1: validation */
  int validation;  /* index of the set that validates; -1: none */
  GPtrArray *sums; /* of char *: each set's SHA-256 */
} Load;

static bool fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static bool
fail (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_DATA, what);
  return false;
}

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

static bool
wants_anywhere (const TrainRecipe *recipe, TrainLoss loss)
{
  for (gsize i = 0; i < recipe->n_data; i++)
    if (training_data_wants (recipe, i, loss))
      return true;
  return false;
}

static const GenreFeatureSet *
set_of (const Load *load, gsize index)
{
  return g_ptr_array_index (load->data->sets, index);
}

static int
group_of (const Load *load, gsize set)
{
  return g_array_index (load->group, int, set);
}

/* --- sets ------------------------------------------------------------------------------------------------------ */

static bool
load_set (Load *load, const char *path, int group, GError **error)
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

bool
training_data_match (const TrainRecipe *recipe, const char *const *paths, gsize n_paths, GError **error)
{
  bool filled[TRAIN_MAX_DATA] = { false };

  for (gsize i = 0; i < n_paths; i++) {
    const int group = train_recipe_group (recipe, paths[i]);
    if (group < 0) {
      g_autofree char *name = g_filename_display_name (paths[i]);
      return fail (error, "%s: expected a name that a group of the recipe's \"data\" matches, found none that does",
          name);
    }
    filled[group] = true;
  }
  for (gsize i = 0; i < recipe->n_data; i++) {
    bool used = false;
    for (gsize s = 0; s < recipe->n_stages; s++)
      used |= recipe->stages[s].shares[i].windows > 0;
    if (used && !filled[i]) {
      g_autofree char *quoted = json_quote (recipe->data[i].name);
      g_autofree char *patterns = g_strjoinv ("\" or \"", recipe->data[i].match);
      return fail (error, "the recipe's group %s of data: expected a feature set named like \"%s\", found none", quoted,
          patterns);
    }
  }
  return true;
}

static bool
load_sets (Load *load, const char *const *paths, gsize n_paths, const char *validation, GError **error)
{
  if (!training_data_match (load->recipe, paths, n_paths, error))
    return false;
  for (gsize i = 0; i < n_paths; i++)
    if (!load_set (load, paths[i], train_recipe_group (load->recipe, paths[i]), error))
      return false;
  if (!validation)
    return true;
  load->validation = (int) load->data->sets->len;
  return load_set (load, validation, -1, error);
}

/* --- front end ------------------------------------------------------------------------------------------------- */

static bool
choose_initial (Load *load, GError **error)
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
choose_frontend (Load *load, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  const GenreFrontend *initial = load->data->initial ? genre_model_frontend (load->data->initial) : NULL;
  const GenreFrontend *spectrogram = genre_feature_set_frontend (set_of (load, 0));
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
      return fail (error,
          "recipe: frontend: normalize: expected %" G_GSIZE_FORMAT
          " bands, as the feature sets have, found %" G_GSIZE_FORMAT,
          frontend->bands, recipe->frontend.bands);
    copy_normalize (&recipe->frontend, frontend);
  }
  for (gsize i = 0; i < load->data->sets->len; i++)
    if (!genre_feature_set_fits (set_of (load, i), frontend, error))
      return false;
  return true;
}

/* Mean and deviation of each band over all that is learned from, as the network would see it unstandardised. */
static void
measure_normalize (const Load *load)
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
      const GenreFeatureSet *set = set_of (load, item->set);
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

/* --- labels ---------------------------------------------------------------------------------------------------- */

static int
find_text (char *const *texts, gsize n, const char *text)
{
  for (gsize i = 0; i < n; i++)
    if (strcmp (texts[i], text) == 0)
      return (int) i;
  return -1;
}

/* The labels that clips of the sets have whose labels count, in the order of the sets' own lists. */
static bool
choose_labels (Load *load, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);

  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = set_of (load, s);
    if (group_of (load, s) < 0 || !training_data_wants (recipe, (gsize) group_of (load, s), TRAIN_LOSS_LABELS))
      continue;
    g_autofree bool *used = g_new0 (bool, genre_feature_set_n_labels (set) + 1);
    for (gsize clip = 0; clip < genre_feature_set_n_clips (set); clip++)
      if (genre_feature_set_label (set, clip) >= 0)
        used[genre_feature_set_label (set, clip)] = true;
    for (gsize i = 0; i < genre_feature_set_n_labels (set); i++) {
      const char *label = genre_feature_set_labels (set)[i];
      if (used[i] && find_text ((char **) labels->pdata, labels->len, label) < 0)
        g_ptr_array_add (labels, g_strdup (label));
    }
  }
  if (!wants_anywhere (recipe, TRAIN_LOSS_LABELS))
    for (gsize i = 0; i < recipe->n_pseudo; i++)
      g_ptr_array_add (labels, g_strdup (recipe->pseudo_labels[i]));
  if (labels->len < 2)
    return fail (error, "expected clips of two labels or more to tell apart, found %s%s",
        labels->len == 1 ? "only " : "none", labels->len == 1 ? (const char *) labels->pdata[0] : "");
  load->data->n_labels = labels->len;
  g_ptr_array_add (labels, NULL);
  load->data->labels = (char **) g_ptr_array_free (g_steal_pointer (&labels), FALSE);
  return true;
}

static int
label_of (const Load *load, const GenreFeatureSet *set, gsize clip)
{
  const int label = genre_feature_set_label (set, clip);
  if (label < 0)
    return -1;
  return find_text (load->data->labels, load->data->n_labels, genre_feature_set_labels (set)[label]);
}

/* --- items ----------------------------------------------------------------------------------------------------- */

/* Whether any stage has something to say about it. */
static bool
has_target (const Load *load, const GenreFeatureSet *set, gsize group, gsize clip, int label)
{
  const TrainRecipe *recipe = load->recipe;
  const bool measured = genre_feature_set_n_logits (set) > 0 && genre_feature_set_measured (set, clip);

  return (label >= 0 && training_data_wants (recipe, group, TRAIN_LOSS_LABELS))
      || (genre_feature_set_n_embedding (set) > 0 && training_data_wants (recipe, group, TRAIN_LOSS_TEACHER_EMBEDDING))
      || (measured && training_data_wants (recipe, group, TRAIN_LOSS_TEACHER_LOGITS))
      || (measured && training_data_wants (recipe, group, TRAIN_LOSS_PSEUDO_LABELS))
      || (genre_feature_set_n_soft (set) > 0 && training_data_wants (recipe, group, TRAIN_LOSS_SOFT_LABELS));
}

/* Decides the side of every clip of every set. */
static void
choose_split (Load *load)
{
  const TrainRecipe *recipe = load->recipe;
  const gsize n_sets = load->data->sets->len;
  const bool holds_back = load->validation < 0 && recipe->protocol == TRAIN_PROTOCOL_GROUPS;
  g_autofree TrainingSplitSet *sets = g_new (TrainingSplitSet, n_sets);
  g_autoptr (GPtrArray) arrays = g_ptr_array_new_with_free_func (g_free);

  for (gsize s = 0; s < n_sets; s++) {
    const GenreFeatureSet *set = set_of (load, s);
    const int group = group_of (load, s);
    int *label = g_new (int, genre_feature_set_n_clips (set));
    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
      label[i] = genre_feature_set_clip_frames (set, i) < recipe->min_frames ? -1 : label_of (load, set, i);
    g_ptr_array_add (arrays, label);
    sets[s] = (TrainingSplitSet){ set, label, group < 0,
      group >= 0 && training_data_wants (recipe, (gsize) group, TRAIN_LOSS_LABELS) };
  }
  load->data->split = training_split_new (sets, n_sets, (const char *const *) load->data->labels, load->data->n_labels,
      holds_back ? recipe->fraction : 0, recipe->seed);
}

static TrainingSide
side_of (const Load *load, gsize set, gsize clip)
{
  const TrainingSplit *split = load->data->split;
  return split->side[split->first[set] + clip];
}

/* All clips that are long enough, each on its side. */
static void
take_clips (Load *load, GArray *items[TRAIN_MAX_DATA], GArray *validation)
{
  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = set_of (load, s);
    const int group = group_of (load, s);

    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
      const int label = label_of (load, set, i);
      const TrainingItem item = { (guint32) s, (guint32) i, -1, label };
      if (genre_feature_set_clip_frames (set, i) < load->recipe->min_frames)
        load->data->n_short++;
      else if (side_of (load, s, i) == TRAINING_VALIDATES)
        g_array_append_val (validation, item);
      else if (side_of (load, s, i) == TRAINING_LEARNS && group >= 0 && has_target (load, set, (gsize) group, i, label))
        g_array_append_val (items[group], item);
    }
  }
}

/* Windows of all clips in one heap, whoever is in them. */
static void
take_segments (Load *load, GArray *items[TRAIN_MAX_DATA], GArray *validation)
{
  const TrainRecipe *recipe = load->recipe;

  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = set_of (load, s);
    const int group = group_of (load, s);
    g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (TrainingItem));
    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
      const gsize n = genre_feature_set_clip_frames (set, i) / recipe->window_frames;
      const int label = label_of (load, set, i);
      load->data->n_short += n == 0;
      for (gsize k = 0; k < n; k++) {
        const TrainingItem item = { (guint32) s, (guint32) i, (gint32) k, label };
        const TrainingSide side = side_of (load, s, i);
        if (group < 0 ? side == TRAINING_VALIDATES
                      : side == TRAINING_LEARNS && has_target (load, set, (gsize) group, i, label))
          g_array_append_val (all, item);
      }
    }
    const gsize held = load->validation >= 0 ? 0 : (gsize) (recipe->fraction * all->len);
    const guint64 keys[] = { recipe->seed, s };
    for (gsize i = 0; i < all->len; i++) {
      const bool validates = group < 0 || random_permute (keys, G_N_ELEMENTS (keys), i, all->len) < held;
      g_array_append_val (validates ? validation : items[group], g_array_index (all, TrainingItem, i));
    }
  }
}

/* One table of each label's items. */
static void
sort_by_label (TrainingGroup *group, gsize n_labels)
{
  group->by_label = g_new (gsize, group->n_items);
  group->label_first = g_new0 (gsize, n_labels + 1);
  group->present = g_new (gsize, n_labels);
  gsize n = 0;
  for (gsize label = 0; label < n_labels; label++) {
    group->label_first[label] = n;
    for (gsize i = 0; i < group->n_items; i++)
      if (group->items[i].label == (int) label)
        group->by_label[n++] = i;
    if (n > group->label_first[label])
      group->present[group->n_present++] = label;
  }
  group->label_first[n_labels] = n;
}

/* Numbers the tracks of what validates: clips of one recording are one, and so is each window if they are shuffled. */
static void
number_tracks (Load *load)
{
  TrainingData *data = load->data;
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  data->track = g_new (gsize, data->n_validation);
  for (gsize i = 0; i < data->n_validation; i++) {
    const TrainingItem *item = &data->validation[i];
    const GenreFeatureSet *set = set_of (load, item->set);
    char *key = g_strdup_printf ("%u %" G_GSIZE_FORMAT " %d", item->set, genre_feature_set_track (set, item->clip),
        item->segment < 0 ? -1 : (int) i);
    gpointer number = NULL;
    if (g_hash_table_lookup_extended (numbers, key, NULL, &number)) {
      data->track[i] = GPOINTER_TO_SIZE (number);
      g_free (key);
    } else {
      data->track[i] = data->n_tracks++;
      g_hash_table_insert (numbers, key, GSIZE_TO_POINTER (data->track[i]));
    }
  }
}

/* Every label must be learned and, where there is a validation, be in it: or nobody knows what was learned of it. */
static bool
check_items (const Load *load, GError **error)
{
  const TrainingData *data = load->data;
  g_autofree gsize *learned = g_new0 (gsize, data->n_labels);
  g_autofree gsize *validated = g_new0 (gsize, data->n_labels);

  for (gsize g = 0; g < load->recipe->n_data; g++) {
    bool used = false;
    for (gsize s = 0; s < load->recipe->n_stages; s++)
      used |= load->recipe->stages[s].shares[g].windows > 0;
    if (used && data->groups[g].n_items == 0) {
      g_autofree char *quoted = json_quote (load->recipe->data[g].name);
      return fail (error,
          "group %s of data: expected clips of at least %u frames with what the recipe learns from, found none", quoted,
          load->recipe->min_frames);
    }
    for (gsize i = 0; i < data->groups[g].n_items; i++)
      if (data->groups[g].items[i].label >= 0)
        learned[data->groups[g].items[i].label]++;
  }
  for (gsize i = 0; i < data->n_validation; i++)
    validated[data->validation[i].label]++;

  const bool labelled = wants_anywhere (load->recipe, TRAIN_LOSS_LABELS);
  const bool split = load->validation < 0 && load->recipe->protocol != TRAIN_PROTOCOL_NONE;
  for (gsize i = 0; labelled && i < data->n_labels; i++) {
    g_autofree char *quoted = json_quote (data->labels[i]);
    if (learned[i] == 0 && data->split->n_contradictory[i] > 0)
      return fail (error,
          "label %s: expected clips to learn from, found only %" G_GSIZE_FORMAT
          " recordings that have another label too",
          quoted, data->split->n_contradictory[i]);
    if (learned[i] == 0)
      return fail (error, "label %s: expected clips to learn from, found none", quoted);
    if (split && validated[i] == 0)
      return fail (error,
          "label %s: expected two recordings or more, one to learn from and one to validate on, found %s; "
          "--validation none trains without",
          quoted, data->split->labels ? "one" : "no window that was drawn to validate on");
  }
  if (load->validation >= 0 && data->n_validation == 0)
    return fail (error, "%s: expected clips with labels of the model to validate on, found none",
        genre_feature_set_name (set_of (load, (gsize) load->validation)));
  return true;
}

/* Adds what was left out, and may be what is missing. */
static void
explain_missing (const GPtrArray *problems, GError **error)
{
  if (problems->len == 0 || !error)
    return;
  g_autofree char *missing = (*error)->message;
  g_autofree char *more = problems->len > 1 ? g_strdup_printf ("; and %u times more", problems->len - 1)
                                            : g_strdup ("");
  (*error)->message = g_strdup_printf ("%s; %s%s", missing, (const char *) problems->pdata[0], more);
}

static bool
choose_items (Load *load, GError **error)
{
  TrainingData *data = load->data;
  GArray *items[TRAIN_MAX_DATA];
  GArray *validation = g_array_new (FALSE, FALSE, sizeof (TrainingItem));

  choose_split (load);
  for (gsize g = 0; g < TRAIN_MAX_DATA; g++)
    items[g] = g_array_new (FALSE, FALSE, sizeof (TrainingItem));
  if (load->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS)
    take_segments (load, items, validation);
  else
    take_clips (load, items, validation);
  for (gsize g = 0; g < TRAIN_MAX_DATA; g++) {
    data->groups[g].n_items = items[g]->len;
    data->groups[g].items = (TrainingItem *) (void *) g_array_free (items[g], FALSE);
    sort_by_label (&data->groups[g], data->n_labels);
  }
  data->n_validation = validation->len;
  data->validation = (TrainingItem *) (void *) g_array_free (validation, FALSE);
  number_tracks (load);

  data->cases = load->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS ? "windows" : "tracks";
  if (load->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS && load->validation < 0)
    data->protocol = "A, leaky segments";
  else if (load->validation >= 0)
    data->protocol = load->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS ? "validation set, by window"
                                                                             : "validation set, by track";
  else
    data->protocol = data->split->by_artist ? "held-out artists, by track" : "held-out recordings, by track";
  if (check_items (load, error))
    return true;
  explain_missing (data->split->problems, error);
  return false;
}

/* n / (labels n_label): their mean over the items is 1. */
static void
weigh_classes (const Load *load)
{
  TrainingData *data = load->data;
  g_autofree double *n = g_new0 (double, data->n_labels);
  double total = 0;

  data->class_weight = g_new (double, data->n_labels);
  for (gsize g = 0; g < load->recipe->n_data; g++)
    for (gsize i = 0; training_data_wants (load->recipe, g, TRAIN_LOSS_LABELS) && i < data->groups[g].n_items; i++) {
      const int label = data->groups[g].items[i].label;

      /* A group that is balanced when it is drawn has no label more often than another. */
      if (label < 0 || load->recipe->data[g].balance)
        continue;
      n[label]++;
      total++;
    }
  for (gsize i = 0; i < data->n_labels; i++)
    data->class_weight[i] = load->recipe->class_weights && n[i] > 0 ? total / (data->n_labels * n[i]) : 1;
}

/* --- the teacher ----------------------------------------------------------------------------------------------- */

int
training_data_find_class (const GenreFeatureSet *set, const char *name)
{
  const char *const *classes = genre_feature_set_teacher_classes (set);
  for (gsize i = 0; classes && i < genre_feature_set_n_logits (set); i++)
    if (strcmp (classes[i], name) == 0)
      return (int) i;
  return -1;
}

/* The first set that has `count` of the teacher's values in a group where the loss counts; all others must agree. */
static bool
find_teacher (const Load *load, TrainLoss loss, gsize (*count) (const GenreFeatureSet *set),
    const GenreFeatureSet **ret_set, GError **error)
{
  *ret_set = NULL;
  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = set_of (load, s);
    const int group = group_of (load, s);
    if (group < 0 || !training_data_wants (load->recipe, (gsize) group, loss) || count (set) == 0)
      continue;
    if (!*ret_set)
      *ret_set = set;
    else if (count (set) != count (*ret_set))
      return fail (error, "%s: %s: expected %" G_GSIZE_FORMAT " values, as %s has, found %" G_GSIZE_FORMAT,
          genre_feature_set_name (set), train_loss_name (loss), count (*ret_set), genre_feature_set_name (*ret_set),
          count (set));
  }
  if (!*ret_set && wants_anywhere (load->recipe, loss))
    return fail (error, "the recipe learns %s: expected feature sets that have them, found none",
        train_loss_name (loss));
  return true;
}

/* Mean and deviation of each value over all windows that are learned from. */
static void
measure_embedding (const Load *load, gsize n)
{
  TrainingData *data = load->data;
  g_autofree double *sum = g_new0 (double, n);
  g_autofree double *square = g_new0 (double, n);
  g_autofree float *values = g_new (float, n);
  double count = 0;

  for (gsize g = 0; g < load->recipe->n_data; g++) {
    if (!training_data_wants (load->recipe, g, TRAIN_LOSS_TEACHER_EMBEDDING))
      continue;
    for (gsize i = 0; i < data->groups[g].n_items; i++) {
      const TrainingItem *item = &data->groups[g].items[i];
      const GenreFeatureSet *set = set_of (load, item->set);
      for (gsize w = 0; genre_feature_set_n_embedding (set) > 0 && w < genre_feature_set_n_windows (set); w++) {
        genre_feature_set_embedding (set, item->clip, w, values);
        for (gsize k = 0; k < n; k++) {
          sum[k] += (double) values[k];
          square[k] += (double) values[k] * (double) values[k];
        }
        count++;
      }
    }
  }
  data->n_embedding = n;
  data->embedding_mean = g_new (float, n);
  data->embedding_std = g_new (float, n);
  for (gsize k = 0; k < n; k++) {
    const double mean = sum[k] / count, variance = square[k] / count - mean * mean;
    data->embedding_mean[k] = (float) mean;
    data->embedding_std[k] = (float) sqrt (MAX (variance, 1e-12));
  }
}

static bool
choose_logits (const Load *load, const GenreFeatureSet *teacher, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  TrainingData *data = load->data;
  const gsize n = genre_feature_set_n_logits (teacher);

  data->n_logits = recipe->n_logits > 0 ? recipe->n_logits : n;
  data->logits = g_new (unsigned, data->n_logits);
  for (gsize i = 0; i < data->n_logits; i++) {
    data->logits[i] = recipe->n_logits > 0 ? recipe->logits[i] : (unsigned) i;
    if (data->logits[i] >= n)
      return fail (error,
          "recipe: teacher_logits: expected classes below %" G_GSIZE_FORMAT ", as many as %s has, found %u", n,
          genre_feature_set_name (teacher), data->logits[i]);
  }
  return true;
}

/* Of the recipe's pairs, those whose label the model has. */
static bool
choose_pseudo (const Load *load, const GenreFeatureSet *teacher, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  TrainingData *data = load->data;

  data->pseudo = g_new (unsigned, recipe->n_pseudo + 1);
  data->pseudo_label = g_new (unsigned, recipe->n_pseudo + 1);
  for (gsize i = 0; i < recipe->n_pseudo; i++) {
    const int label = find_text (data->labels, data->n_labels, recipe->pseudo_labels[i]);
    const int class = training_data_find_class (teacher, recipe->pseudo_classes[i]);
    if (label < 0)
      continue;
    if (class < 0) {
      g_autofree char *quoted = json_quote (recipe->pseudo_classes[i]);
      return fail (error, "recipe: pseudo_labels: expected a class of the teacher of %s, found %s",
          genre_feature_set_name (teacher), quoted);
    }
    data->pseudo[data->n_pseudo] = (unsigned) class;
    data->pseudo_label[data->n_pseudo++] = (unsigned) label;
  }
  if (data->n_pseudo < 2)
    return fail (error, "recipe: pseudo_labels: expected two of the model's labels or more, found %" G_GSIZE_FORMAT,
        data->n_pseudo);
  return true;
}

static bool
choose_teacher (Load *load, GError **error)
{
  const GenreFeatureSet *embedding = NULL, *logits = NULL, *pseudo = NULL;
  if (!find_teacher (load, TRAIN_LOSS_TEACHER_EMBEDDING, genre_feature_set_n_embedding, &embedding, error)
      || !find_teacher (load, TRAIN_LOSS_TEACHER_LOGITS, genre_feature_set_n_logits, &logits, error)
      || !find_teacher (load, TRAIN_LOSS_PSEUDO_LABELS, genre_feature_set_n_logits, &pseudo, error))
    return false;
  if (embedding)
    measure_embedding (load, genre_feature_set_n_embedding (embedding));
  return (!logits || choose_logits (load, logits, error)) && (!pseudo || choose_pseudo (load, pseudo, error));
}

/* --- soft labels ----------------------------------------------------------------------------------------------- */

static bool
choose_soft (Load *load, GError **error)
{
  const GenreFeatureSet *first = NULL;
  TrainingData *data = load->data;

  if (!find_teacher (load, TRAIN_LOSS_SOFT_LABELS, genre_feature_set_n_soft, &first, error))
    return false;
  data->soft_label = g_new0 (int *, data->sets->len);
  for (gsize s = 0; s < data->sets->len; s++) {
    const GenreFeatureSet *set = set_of (load, s);
    data->soft_label[s] = g_new (int, genre_feature_set_n_soft (set) + 1);
    for (gsize i = 0; i < genre_feature_set_n_soft (set); i++)
      data->soft_label[s][i] = find_text (data->labels, data->n_labels, genre_feature_set_soft_labels (set)[i]);
  }
  return true;
}

/* The label that an item is taken for when it is drawn: its own, else the first of its soft labels over the whole clip;
 * n_labels: unknown. */
static gsize
likely_label (const Load *load, const TrainingItem *item)
{
  const TrainingData *data = load->data;
  const GenreFeatureSet *set = set_of (load, item->set);
  const gsize n_soft = genre_feature_set_n_soft (set);
  if (item->label >= 0)
    return (gsize) item->label;

  g_autofree double *sum = g_new0 (double, data->n_labels + 1);
  g_autofree float *p = g_new (float, n_soft + 1);
  gsize best = data->n_labels;
  for (gsize w = 0; n_soft > 0 && w < genre_feature_set_n_windows (set); w++) {
    const double weight = (double) genre_feature_set_soft (set, item->clip, w, p);
    for (gsize i = 0; i < n_soft; i++)
      if (data->soft_label[item->set][i] >= 0)
        sum[data->soft_label[item->set][i]] += weight * (double) p[i];
  }
  for (gsize label = 0; label < data->n_labels; label++)
    if (sum[label] > sum[best])
      best = label;
  return best;
}

/* Chances in proportion to (items of the same label)^-rarity. */
static void
weigh_items (const Load *load)
{
  TrainingData *data = load->data;
  for (gsize g = 0; g < load->recipe->n_data; g++) {
    TrainingGroup *group = &data->groups[g];
    if (!(load->recipe->data[g].rarity > 0))
      continue;
    g_autofree gsize *label = g_new (gsize, group->n_items + 1);
    g_autofree double *n = g_new0 (double, data->n_labels + 1);
    for (gsize i = 0; i < group->n_items; i++)
      n[label[i] = likely_label (load, &group->items[i])]++;
    group->reach = g_new (double, group->n_items);
    double sum = 0;
    for (gsize i = 0; i < group->n_items; i++)
      group->reach[i] = sum += pow (n[label[i]], -load->recipe->data[g].rarity);
  }
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void
compute_digest (const Load *load)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  for (gsize i = 0; i < load->sums->len; i++) {
    g_autofree char *line = g_strdup_printf ("%s %d\n", (const char *) load->sums->pdata[i], group_of (load, i));
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
fill (Load *load, const char *const *paths, gsize n_paths, const char *validation, GError **error)
{
  if (n_paths == 0)
    return fail (error, "expected a feature set to learn from, found none");
  if (!load_sets (load, paths, n_paths, validation, error) || !choose_initial (load, error)
      || !choose_frontend (load, error) || !choose_labels (load, error) || !choose_items (load, error)
      || !choose_teacher (load, error) || !choose_soft (load, error))
    return false;
  weigh_items (load);
  if (!load->data->frontend.mean)
    measure_normalize (load);
  weigh_classes (load);
  compute_digest (load);
  return true;
}

TrainingData *
training_data_load (const TrainRecipe *recipe, const char *const *paths, gsize n_paths, const char *validation,
    GError **error)
{
  TrainingData *data = g_new0 (TrainingData, 1);
  Load load = { .recipe = recipe, .data = data, .validation = -1 };

  data->sets = g_ptr_array_new_with_free_func ((GDestroyNotify) genre_feature_set_free);
  load.group = g_array_new (FALSE, FALSE, sizeof (int));
  load.sums = g_ptr_array_new_with_free_func (g_free);
  const bool ok = fill (&load, paths, n_paths, validation, error);
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
