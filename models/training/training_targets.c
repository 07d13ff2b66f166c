/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_load.h"

#include "models/file/error.h"
#include "models/file/json_write.h"

#include <math.h>
#include <string.h>

/* --- the teacher ----------------------------------------------------------------------------------------------- */

/* Which of a set's classes has this name; -1: none. */
static int
find_class (const GenreFeatureSet *set, const char *name)
{
  const char *const *classes = genre_feature_set_teacher_classes (set);
  for (gsize i = 0; classes && i < genre_feature_set_n_logits (set); i++)
    if (strcmp (classes[i], name) == 0)
      return (int) i;
  return -1;
}

/* The first set that has `count` of the teacher's values in a group where the loss counts; all others must agree. */
static bool
find_teacher (const TrainingLoad *load, TrainLoss loss, gsize (*count) (const GenreFeatureSet *set),
    const GenreFeatureSet **ret_set, GError **error)
{
  *ret_set = NULL;
  for (gsize s = 0; s < load->data->sets->len; s++) {
    const GenreFeatureSet *set = training_load_set (load, s);
    const int group = training_load_group (load, s);
    if (group < 0 || !training_data_wants (load->recipe, (gsize) group, loss) || count (set) == 0)
      continue;
    if (!*ret_set)
      *ret_set = set;
    else if (count (set) != count (*ret_set))
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "%s: %s: expected %" G_GSIZE_FORMAT " values, as %s has, found %" G_GSIZE_FORMAT,
          genre_feature_set_name (set), train_loss_name (loss), count (*ret_set), genre_feature_set_name (*ret_set),
          count (set));
  }
  if (!*ret_set && training_load_wants (load, loss))
    return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
        "the recipe learns %s: expected feature sets that have them, found none", train_loss_name (loss));
  return true;
}

/* Mean and deviation of each value over all windows that are learned from. */
static void
measure_embedding (const TrainingLoad *load, gsize n)
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
      const GenreFeatureSet *set = training_load_set (load, item->set);
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
choose_logits (const TrainingLoad *load, const GenreFeatureSet *teacher, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  TrainingData *data = load->data;
  const gsize n = genre_feature_set_n_logits (teacher);

  data->n_logits = recipe->n_logits > 0 ? recipe->n_logits : n;
  data->logits = g_new (unsigned, data->n_logits);
  for (gsize i = 0; i < data->n_logits; i++) {
    data->logits[i] = recipe->n_logits > 0 ? recipe->logits[i] : (unsigned) i;
    if (data->logits[i] >= n)
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "recipe: teacher_logits: expected classes below %" G_GSIZE_FORMAT ", as many as %s has, found %u", n,
          genre_feature_set_name (teacher), data->logits[i]);
  }
  return true;
}

/* Of the recipe's pairs, those whose label the model has. */
static bool
choose_pseudo (const TrainingLoad *load, const GenreFeatureSet *teacher, GError **error)
{
  const TrainRecipe *recipe = load->recipe;
  TrainingData *data = load->data;

  data->pseudo = g_new (unsigned, recipe->n_pseudo + 1);
  data->pseudo_label = g_new (unsigned, recipe->n_pseudo + 1);
  for (gsize i = 0; i < recipe->n_pseudo; i++) {
    const int label = training_load_find_label (load, recipe->pseudo_labels[i]);
    const int class = find_class (teacher, recipe->pseudo_classes[i]);
    if (label < 0)
      continue;
    if (class < 0) {
      g_autofree char *quoted = json_quote (recipe->pseudo_classes[i]);
      return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
          "recipe: pseudo_labels: expected a class of the teacher of %s, found %s", genre_feature_set_name (teacher),
          quoted);
    }
    data->pseudo[data->n_pseudo] = (unsigned) class;
    data->pseudo_label[data->n_pseudo++] = (unsigned) label;
  }
  if (data->n_pseudo < 2)
    return genre_model_fail (error, GENRE_MODEL_ERROR_DATA,
        "recipe: pseudo_labels: expected two of the model's labels or more, found %" G_GSIZE_FORMAT, data->n_pseudo);
  return true;
}

bool
training_load_choose_teacher (TrainingLoad *load, GError **error)
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

bool
training_load_choose_soft (TrainingLoad *load, GError **error)
{
  const GenreFeatureSet *first = NULL;
  TrainingData *data = load->data;

  if (!find_teacher (load, TRAIN_LOSS_SOFT_LABELS, genre_feature_set_n_soft, &first, error))
    return false;
  data->soft_label = g_new0 (int *, data->sets->len);
  for (gsize s = 0; s < data->sets->len; s++) {
    const GenreFeatureSet *set = training_load_set (load, s);
    data->soft_label[s] = g_new (int, genre_feature_set_n_soft (set) + 1);
    for (gsize i = 0; i < genre_feature_set_n_soft (set); i++)
      data->soft_label[s][i] = training_load_find_label (load, genre_feature_set_soft_labels (set)[i]);
  }
  return true;
}

/* The label that an item is taken for when it is drawn: its own, else the first of its soft labels over the whole clip;
 * n_labels: unknown. */
static gsize
likely_label (const TrainingLoad *load, const TrainingItem *item)
{
  const TrainingData *data = load->data;
  const GenreFeatureSet *set = training_load_set (load, item->set);
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
void
training_load_weigh_items (TrainingLoad *load)
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

/* --- weights ------------------------------------------------------------------------------------------------- */

/* How much the label of a clip counts: by how sure it is. */
double
training_data_sure (const TrainingData *data, const TrainRecipe *recipe, const TrainingItem *item)
{
  return recipe->sure[genre_feature_set_sure (g_ptr_array_index (data->sets, item->set), item->clip)];
}

/* n / (labels n_label), n counted by how sure labels are: their mean over the items is 1. */
void
training_load_weigh_classes (TrainingLoad *load)
{
  TrainingData *data = load->data;
  g_autofree double *n = g_new0 (double, data->n_labels);
  double total = 0;

  data->class_weight = g_new (double, data->n_labels);
  for (gsize g = 0; g < load->recipe->n_data; g++)
    for (gsize i = 0; training_data_wants (load->recipe, g, TRAIN_LOSS_LABELS) && i < data->groups[g].n_items; i++) {
      const TrainingItem *item = &data->groups[g].items[i];

      /* A group that is balanced when it is drawn has no label more often than another. */
      if (item->label < 0 || load->recipe->data[g].balance)
        continue;
      const double sure = training_data_sure (data, load->recipe, item);
      n[item->label] += sure;
      total += sure;
    }
  for (gsize i = 0; i < data->n_labels; i++)
    data->class_weight[i] = load->recipe->class_weights && n[i] > 0 ? total / (data->n_labels * n[i]) : 1;
}
