/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_load.h"

#include "models/file/error.h"
#include "models/file/json_write.h"
#include "models/training/random.h"

#include <string.h>

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
bool
training_load_choose_labels (TrainingLoad *load, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);

  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = training_load_set (load, s);
    if (training_load_group (load, s) < 0
        || !training_data_wants (recipe, (gsize) training_load_group (load, s), TRAIN_LOSS_LABELS))
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
  if (!training_load_wants (load, TRAIN_LOSS_LABELS))
    for (gsize i = 0; i < recipe->n_pseudo; i++)
      g_ptr_array_add (labels, g_strdup (recipe->pseudo_labels[i]));
  if (labels->len < 2)
    return genre_model_fail (error, GENRE_MODEL_ERROR_DATA, "expected clips with two labels or more, found %s%s",
        labels->len == 1 ? "only " : "none", labels->len == 1 ? (const char *) labels->pdata[0] : "");
  load->data->n_labels = labels->len;
  g_ptr_array_add (labels, NULL);
  load->data->labels = (char **) g_ptr_array_free (g_steal_pointer (&labels), FALSE);
  return true;
}

int
training_load_find_label (const TrainingLoad *load, const char *label)
{
  return find_text (load->data->labels, load->data->n_labels, label);
}

static bool
in_not_music (const TrainingLoad *load, gsize set)
{
  const int group = training_load_group (load, set);
  return group >= 0 && load->recipe->data[group].not_music;
}

/* A clip that can be learned from or validated on; one that is not music has no label. */
static TrainingItem
make_item (const TrainingLoad *load, gsize s, gsize clip)
{
  const GenreFeatureSet *set = training_load_set (load, s);
  const bool music = !in_not_music (load, s) && genre_feature_set_music (set, clip);
  const int label = music ? genre_feature_set_label (set, clip) : -1;
  return (TrainingItem){ (guint32) s, (guint32) clip, -1,
    label < 0 ? -1 : training_load_find_label (load, genre_feature_set_labels (set)[label]), music };
}

/* --- items ----------------------------------------------------------------------------------------------------- */

/* Whether any stage has something to say about it. */
static bool
has_target (const TrainingLoad *load, gsize group, const TrainingItem *item)
{
  const TrainRecipe *recipe = load->recipe;
  const GenreFeatureSet *set = training_load_set (load, item->set);
  const bool measured = genre_feature_set_n_logits (set) > 0 && genre_feature_set_measured (set, item->clip);

  return (item->label >= 0 && training_data_wants (recipe, group, TRAIN_LOSS_LABELS))
      || training_data_wants (recipe, group, TRAIN_LOSS_MUSIC)
      || (genre_feature_set_n_embedding (set) > 0 && training_data_wants (recipe, group, TRAIN_LOSS_TEACHER_EMBEDDING))
      || (measured && training_data_wants (recipe, group, TRAIN_LOSS_TEACHER_LOGITS))
      || (measured && training_data_wants (recipe, group, TRAIN_LOSS_PSEUDO_LABELS))
      || (genre_feature_set_n_soft (set) > 0 && training_data_wants (recipe, group, TRAIN_LOSS_SOFT_LABELS));
}

/* What a clip counts as when sides are chosen: its label, or n_labels, not music; -1: nothing.
 *
 * A label counts where the group learns labels, and what is not music where it learns that; in a set that validates
 * both do. */
static int
split_label (const TrainingLoad *load, gsize s, gsize clip)
{
  const TrainRecipe *recipe = load->recipe;
  const int group = training_load_group (load, s);
  const TrainingItem item = make_item (load, s, clip);

  if (genre_feature_set_clip_frames (training_load_set (load, s), clip) < recipe->min_frames)
    return -1;
  if (item.music)
    return group < 0 || training_data_wants (recipe, (gsize) group, TRAIN_LOSS_LABELS) ? item.label : -1;
  return load->data->learns_music && (group < 0 || training_data_wants (recipe, (gsize) group, TRAIN_LOSS_MUSIC))
      ? (int) load->data->n_labels
      : -1;
}

/* Decides the side of every clip of every set.  What is not music is a label of its own here. */
static void
choose_split (TrainingLoad *load)
{
  const TrainRecipe *recipe = load->recipe;
  const gsize n_sets = load->data->sets->len, n_labels = load->data->n_labels;
  const bool holds_back = load->data->n_tests == 0 && recipe->protocol == TRAIN_PROTOCOL_GROUPS;
  g_autofree TrainingSplitSet *sets = g_new (TrainingSplitSet, n_sets);
  g_autoptr (GPtrArray) arrays = g_ptr_array_new_with_free_func (g_free);
  g_autofree const char **labels = g_new0 (const char *, n_labels + 2);

  for (gsize i = 0; i < n_labels; i++)
    labels[i] = load->data->labels[i];
  labels[n_labels] = "not music";
  for (gsize s = 0; s < n_sets; s++) {
    const GenreFeatureSet *set = training_load_set (load, s);
    const int group = training_load_group (load, s);
    int *label = g_new (int, genre_feature_set_n_clips (set));
    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
      label[i] = split_label (load, s, i);
    g_ptr_array_add (arrays, label);
    sets[s] = (TrainingSplitSet){ set, label, group < 0,
      group >= 0
          && (training_data_wants (recipe, (gsize) group, TRAIN_LOSS_LABELS)
              || training_data_wants (recipe, (gsize) group, TRAIN_LOSS_MUSIC)) };
  }
  load->data->split = training_split_new (sets, n_sets, labels, n_labels + load->data->learns_music,
      holds_back ? recipe->fraction : 0, recipe->seed);
}

static TrainingSide
side_of (const TrainingLoad *load, gsize set, gsize clip)
{
  const TrainingSplit *split = load->data->split;
  return split->side[split->first[set] + clip];
}

/* All clips that are long enough, each on its side. */
static void
take_clips (TrainingLoad *load, GArray *items[TRAIN_MAX_DATA], GArray *validation)
{
  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = training_load_set (load, s);
    const int group = training_load_group (load, s);

    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
      const TrainingItem item = make_item (load, s, i);
      if (genre_feature_set_clip_frames (set, i) < load->recipe->min_frames)
        load->data->n_short++;
      else if (side_of (load, s, i) == TRAINING_VALIDATES)
        g_array_append_val (validation, item);
      else if (side_of (load, s, i) == TRAINING_LEARNS && group >= 0 && has_target (load, (gsize) group, &item))
        g_array_append_val (items[group], item);
    }
  }
}

/* Windows of all clips in one heap, whoever is in them. */
static void
take_segments (TrainingLoad *load, GArray *items[TRAIN_MAX_DATA], GArray *validation)
{
  const TrainRecipe *recipe = load->recipe;

  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = training_load_set (load, s);
    const int group = training_load_group (load, s);
    g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (TrainingItem));
    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
      const gsize n = genre_feature_set_clip_frames (set, i) / recipe->window_frames;
      TrainingItem item = make_item (load, s, i);
      load->data->n_short += n == 0;
      for (gsize k = 0; k < n; k++) {
        item.segment = (gint32) k;
        const TrainingSide side = side_of (load, s, i);
        if (group < 0 ? side == TRAINING_VALIDATES : side == TRAINING_LEARNS && has_target (load, (gsize) group, &item))
          g_array_append_val (all, item);
      }
    }
    const gsize held = load->data->n_tests > 0 ? 0 : (gsize) (recipe->fraction * all->len);
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

/* Numbers the tracks of what validates: clips of one recording are one, and so is each window if they are shuffled, and
 * each clip that is not music, of which a recording is but a voice or a folder of sounds. */
static void
number_tracks (TrainingLoad *load)
{
  TrainingData *data = load->data;
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  data->track = g_new (gsize, data->n_validation);
  for (gsize i = 0; i < data->n_validation; i++) {
    const TrainingItem *item = &data->validation[i];
    const GenreFeatureSet *set = training_load_set (load, item->set);
    char *key = g_strdup_printf ("%u %" G_GSIZE_FORMAT " %d", item->set, genre_feature_set_track (set, item->clip),
        item->segment < 0 && item->music ? -1 : (int) i);
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

static bool
validates_any (const TrainingLoad *load, gsize set)
{
  bool any = false;
  for (gsize i = 0; i < load->data->n_validation; i++)
    any |= load->data->validation[i].set == set;
  return any;
}

/* Every label must be learned and, where there is a validation, be in it: or nobody knows what was learned of it. */
static bool
check_items (const TrainingLoad *load, GError **error)
{
  const TrainingData *data = load->data;
  g_autofree gsize *learned = g_new0 (gsize, data->n_labels + 1);
  g_autofree gsize *validated = g_new0 (gsize, data->n_labels + 1);

  for (gsize g = 0; g < load->recipe->n_data; g++) {
    bool used = false;
    for (gsize s = 0; s < load->recipe->n_stages; s++)
      used |= load->recipe->stages[s].shares[g].windows > 0;
    if (used && data->groups[g].n_items == 0) {
      g_autofree char *quoted = json_quote (load->recipe->data[g].name);
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "group %s of data: expected clips of at least %u frames that the recipe can learn from, found none", quoted,
          load->recipe->min_frames);
    }
    for (gsize i = 0; i < data->groups[g].n_items; i++) {
      const TrainingItem *item = &data->groups[g].items[i];
      if (item->label >= 0 || !item->music)
        learned[item->label >= 0 ? (gsize) item->label : data->n_labels]++;
    }
  }
  for (gsize i = 0; i < data->n_validation; i++)
    validated[data->validation[i].label >= 0 ? (gsize) data->validation[i].label : data->n_labels]++;

  if (data->learns_music && learned[data->n_labels] == 0)
    return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
        "the recipe learns to recognise music: expected clips that are not music, found none");
  const bool labelled = training_load_wants (load, TRAIN_LOSS_LABELS);
  const bool split = load->data->n_tests == 0 && load->recipe->protocol != TRAIN_PROTOCOL_NONE;
  for (gsize i = 0; labelled && i < data->n_labels; i++) {
    g_autofree char *quoted = json_quote (data->labels[i]);
    if (learned[i] == 0 && data->split->n_contradictory[i] > 0)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "label %s: expected clips to learn from, found only %" G_GSIZE_FORMAT
          " recordings that have another label too",
          quoted, data->split->n_contradictory[i]);
    if (learned[i] == 0)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA, "label %s: expected clips to learn from, found none",
          quoted);
    if (split && validated[i] == 0)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "label %s: expected two recordings or more, one to learn from and one to validate on, found %s; "
          "--validation none trains without",
          quoted, data->split->labels ? "one" : "no window that was drawn to validate on");
  }
  for (gsize i = 0; i < data->n_tests; i++)
    if (!validates_any (load, data->test[i]))
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "%s: expected clips with labels of the model to validate on%s, found none",
          genre_feature_set_name (training_load_set (load, data->test[i])),
          data->learns_music ? ", or clips that are not music" : "");
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

bool
training_load_choose_items (TrainingLoad *load, GError **error)
{
  TrainingData *data = load->data;
  GArray *items[TRAIN_MAX_DATA];
  GArray *validation = g_array_new (FALSE, FALSE, sizeof (TrainingItem));

  data->learns_music = training_load_wants (load, TRAIN_LOSS_MUSIC);
  data->test = g_new (guint32, data->n_tests + 1);
  for (gsize s = 0, n = 0; s < data->sets->len; s++)
    if (training_load_group (load, s) < 0)
      data->test[n++] = (guint32) s;
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
  if (load->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS && load->data->n_tests == 0)
    data->protocol = "A, leaky segments";
  else if (load->data->n_tests > 0)
    data->protocol = load->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS ? "validation set, by window"
                                                                             : "validation set, by track";
  else
    data->protocol = data->split->by_artist ? "held-out artists, by track" : "held-out recordings, by track";
  if (check_items (load, error))
    return true;
  explain_missing (data->split->problems, error);
  return false;
}
