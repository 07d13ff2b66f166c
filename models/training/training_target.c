/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_target.h"

#include <math.h>
#include <string.h>

/* A window, and what is wanted of it. */
typedef struct Window
{
  const TrainRecipe *recipe;
  const TrainingData *data;
  const TrainShare *share;
  const TrainingItem *item;
  const GenreFeatureSet *set; /* of the item */
  gsize window;               /* of the teacher */
} Window;

void
training_target_count (const TrainingData *data, gsize *n_values)
{
  n_values[TRAIN_LOSS_LABELS] = n_values[TRAIN_LOSS_PSEUDO_LABELS] = n_values[TRAIN_LOSS_SOFT_LABELS] = data->n_labels;
  n_values[TRAIN_LOSS_TEACHER_EMBEDDING] = data->n_embedding;
  n_values[TRAIN_LOSS_TEACHER_LOGITS] = data->n_logits;
  n_values[TRAIN_LOSS_MUSIC] = data->learns_music ? 1 : 0;
}

void
training_target_init (const TrainingData *data, TrainingTarget *target)
{
  gsize n_values[TRAIN_N_LOSSES];
  training_target_count (data, n_values);
  for (unsigned loss = 0; loss < TRAIN_N_LOSSES; loss++)
    target->values[loss] = g_new0 (float, n_values[loss] + 1);
}

void
training_target_clear (TrainingTarget *target)
{
  for (unsigned loss = 0; loss < TRAIN_N_LOSSES; loss++)
    g_free (target->values[loss]);
}

static void
add_pseudo_label (const TrainingData *data, const float *logits, TrainingTarget *target)
{
  float *values = target->values[TRAIN_LOSS_PSEUDO_LABELS];
  double largest = -HUGE_VAL, sum = 0, sure = 0;
  for (gsize i = 0; i < data->n_pseudo; i++)
    largest = MAX (largest, (double) logits[data->pseudo[i]]);
  for (gsize i = 0; i < data->n_pseudo; i++) {
    const double logit = (double) logits[data->pseudo[i]];
    sum += exp (logit - largest);
    sure += 1 / (1 + exp (-logit));
  }
  const double mass = target->mass[TRAIN_LOSS_PSEUDO_LABELS] = MIN (sure, 1);
  for (gsize i = 0; i < data->n_pseudo; i++)
    values[data->pseudo_label[i]] += (float) (mass * exp ((double) logits[data->pseudo[i]] - largest) / sum);
}

/* An opinion on labels that the model does not have is worth as much less. */
static void
add_soft_label (const Window *window, float *probabilities, TrainingTarget *target)
{
  const int *label = window->data->soft_label[window->item->set];
  const double worth = (double) genre_feature_set_soft (window->set, window->item->clip, window->window, probabilities);
  if (!(worth > 0))
    return;
  for (gsize i = 0; i < genre_feature_set_n_soft (window->set); i++) {
    const double mass = (worth + window->recipe->soft_base) * (double) probabilities[i];
    if (label[i] < 0)
      continue;
    target->values[TRAIN_LOSS_SOFT_LABELS][label[i]] += (float) mass;
    target->mass[TRAIN_LOSS_SOFT_LABELS] += mass;
  }
}

static void
add_label (const Window *window, TrainingTarget *target)
{
  const TrainingData *data = window->data;
  const TrainingItem *item = window->item;
  const double smoothing = window->recipe->smoothing;
  const double mass = data->class_weight[item->label] * training_data_sure (data, window->recipe, item);
  float *values = target->values[TRAIN_LOSS_LABELS];

  for (gsize i = 0; i < data->n_labels; i++)
    values[i] = (float) (mass * smoothing / data->n_labels);
  values[item->label] += (float) (mass * (1 - smoothing));
  target->mass[TRAIN_LOSS_LABELS] = mass;
}

static void
add_embedding (const Window *window, TrainingTarget *target)
{
  const TrainingData *data = window->data;
  float *values = target->values[TRAIN_LOSS_TEACHER_EMBEDDING];
  genre_feature_set_embedding (window->set, window->item->clip, window->window, values);
  for (gsize i = 0; i < data->n_embedding; i++)
    values[i] = (values[i] - data->embedding_mean[i]) / data->embedding_std[i];
  target->mass[TRAIN_LOSS_TEACHER_EMBEDDING] = 1;
}

/* What follows from the teacher's logits. */
static void
add_logits (const Window *window, float *class_logits, TrainingTarget *target)
{
  const TrainingData *data = window->data;
  const bool wants_logits = window->share->weight[TRAIN_LOSS_TEACHER_LOGITS] > 0;
  const bool wants_pseudo = window->share->weight[TRAIN_LOSS_PSEUDO_LABELS] > 0;
  if (!wants_logits && !wants_pseudo)
    return;
  genre_feature_set_logits (window->set, window->item->clip, window->window, class_logits);
  if (wants_logits) {
    for (gsize i = 0; i < data->n_logits; i++)
      target->values[TRAIN_LOSS_TEACHER_LOGITS][i] = (float) (1 / (1 + exp (-(double) class_logits[data->logits[i]])));
    target->mass[TRAIN_LOSS_TEACHER_LOGITS] = 1;
  }
  if (wants_pseudo)
    add_pseudo_label (data, class_logits, target);
}

void
training_target_fill (const TrainRecipe *recipe, const TrainingData *data, const TrainShare *share,
    const TrainingItem *item, gsize window, TrainingScratch *scratch, TrainingTarget *target)
{
  const GenreFeatureSet *set = g_ptr_array_index (data->sets, item->set);
  const Window of = { recipe, data, share, item, set, window };
  gsize n_values[TRAIN_N_LOSSES];

  training_target_count (data, n_values);
  for (unsigned loss = 0; loss < TRAIN_N_LOSSES; loss++) {
    memset (target->values[loss], 0, n_values[loss] * sizeof (float));
    target->mass[loss] = 0;
  }
  if (item->label >= 0 && share->weight[TRAIN_LOSS_LABELS] > 0)
    add_label (&of, target);
  if (share->weight[TRAIN_LOSS_SOFT_LABELS] > 0 && genre_feature_set_n_soft (set) > 0)
    add_soft_label (&of, scratch->probabilities, target);
  if (share->weight[TRAIN_LOSS_TEACHER_EMBEDDING] > 0 && genre_feature_set_n_embedding (set) > 0)
    add_embedding (&of, target);
  if (genre_feature_set_n_logits (set) > 0 && genre_feature_set_measured (set, item->clip))
    add_logits (&of, scratch->logits, target);
  if (share->weight[TRAIN_LOSS_MUSIC] > 0) {
    target->values[TRAIN_LOSS_MUSIC][0] = item->music ? 1 : 0;
    target->mass[TRAIN_LOSS_MUSIC] = 1;
  }
}

/* Whether its targets are distributions times a mass: then one that says nothing is a distribution of mass 0. */
static bool
has_mass (TrainLoss loss)
{
  return loss == TRAIN_LOSS_LABELS || loss == TRAIN_LOSS_PSEUDO_LABELS || loss == TRAIN_LOSS_SOFT_LABELS;
}

void
training_target_mix (const TrainingData *data, TrainingTarget *target, const TrainingTarget *other, double share)
{
  const float a = (float) share, b = (float) (1 - share);
  gsize n_values[TRAIN_N_LOSSES];

  training_target_count (data, n_values);
  for (unsigned loss = 0; loss < TRAIN_N_LOSSES; loss++) {
    float *values = target->values[loss];
    if (has_mass ((TrainLoss) loss))
      target->mass[loss] = share * target->mass[loss] + (1 - share) * other->mass[loss];
    else
      target->mass[loss] = MIN (target->mass[loss], other->mass[loss]);
    for (gsize i = 0; target->mass[loss] > 0 && i < n_values[loss]; i++)
      values[i] = a * values[i] + b * other->values[loss][i];
  }
}
