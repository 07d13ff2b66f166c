/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_batch.h"

#include "models/training/random.h"
#include "models/training/sampler.h"

#include <math.h>
#include <string.h>

/* What the numbers of a batch are drawn for: first key of each sequence. */
enum
{
  KEY_LENGTH,
  KEY_ITEM,
  KEY_LABEL,
  KEY_SAMPLE,
};

/* Of one window, before the weights of the batch are known. */
typedef struct Target
{
  float *labels;                             /* [n_labels] distribution times mass */
  float *pseudo;                             /* [n_labels] likewise */
  float *soft;                               /* [n_labels] likewise */
  float *embedding;                          /* [n_embedding] */
  float *logits;                             /* [n_logits] probabilities */
  double label_mass, pseudo_mass, soft_mass; /* 0: none */
  bool has_embedding, has_logits;
} Target;

/* What one thread works in. */
typedef struct Work
{
  float *clip;  /* [most frames of a clip][bands] */
  float *other; /* [window_frames][bands] the window that is mixed in */
  float *class_logits;
  float *probabilities; /* [most soft labels of a set] */
  Target target;        /* of that window */
} Work;

struct TrainingBatch
{
  const TrainRecipe *recipe;
  const TrainingData *data;
  NnPool *pool;
  gsize max_samples;
  gsize embedding_head, logits_head, n_heads; /* a head that is not there is n_heads */
  float *input;                               /* [max_samples][window_frames][bands] */
  Target *raw;                                /* [max_samples] */
  float *values[TRAINING_MAX_HEADS];          /* [max_samples][units] */
  float *weights[TRAINING_MAX_HEADS];         /* [max_samples] */
  NnTarget targets[TRAINING_MAX_HEADS];
  Work *work; /* [threads] */

  /* of the present step */
  guint64 seed, stage_key, step;
  const TrainStage *stage;
  gsize samples, frames;
};

/* --- construction ---------------------------------------------------------------------------------------------- */

gsize
training_batch_heads (const TrainingData *data, const char *label_name, NnHead *heads)
{
  gsize n = 0;
  heads[n] = (NnHead){ .units = data->n_labels, .loss = NN_LOSS_CROSS_ENTROPY };
  g_strlcpy (heads[n++].name, label_name, sizeof heads[0].name);
  if (data->n_embedding > 0) {
    heads[n] = (NnHead){ .units = data->n_embedding, .loss = NN_LOSS_MEAN_SQUARED_ERROR };
    g_strlcpy (heads[n++].name, "teacher_embedding", sizeof heads[0].name);
  }
  if (data->n_logits > 0) {
    heads[n] = (NnHead){ .units = data->n_logits, .loss = NN_LOSS_SIGMOID_CROSS_ENTROPY };
    g_strlcpy (heads[n++].name, "teacher_logits", sizeof heads[0].name);
  }
  return n;
}

static void
allocate_target (const TrainingData *data, Target *target)
{
  target->labels = g_new0 (float, data->n_labels);
  target->pseudo = g_new0 (float, data->n_labels);
  target->soft = g_new0 (float, data->n_labels);
  target->embedding = g_new0 (float, data->n_embedding + 1);
  target->logits = g_new0 (float, data->n_logits + 1);
}

static void
clear_target (Target *target)
{
  g_free (target->labels);
  g_free (target->pseudo);
  g_free (target->soft);
  g_free (target->embedding);
  g_free (target->logits);
}

TrainingBatch *
training_batch_new (const TrainRecipe *recipe, const TrainingData *data, NnPool *pool)
{
  TrainingBatch *batch = g_new0 (TrainingBatch, 1);
  const gsize bands = data->frontend.bands;
  NnHead heads[TRAINING_MAX_HEADS];
  gsize most_frames = 0, most_logits = 0, most_soft = 0;

  batch->recipe = recipe;
  batch->data = data;
  batch->pool = pool;
  for (gsize i = 0; i < recipe->n_stages; i++)
    batch->max_samples = MAX (batch->max_samples, train_stage_samples (recipe, &recipe->stages[i]));
  for (gsize i = 0; i < data->sets->len; i++) {
    const GenreFeatureSet *set = g_ptr_array_index (data->sets, i);
    most_frames = MAX (most_frames, genre_feature_set_n_frames (set));
    most_logits = MAX (most_logits, genre_feature_set_n_logits (set));
    most_soft = MAX (most_soft, genre_feature_set_n_soft (set));
  }

  batch->n_heads = training_batch_heads (data, "labels", heads);
  batch->embedding_head = data->n_embedding > 0 ? 1 : batch->n_heads;
  batch->logits_head = data->n_logits > 0 ? batch->n_heads - 1 : batch->n_heads;
  batch->input = g_new0 (float, batch->max_samples * recipe->window_frames * bands);
  batch->raw = g_new0 (Target, batch->max_samples);
  for (gsize i = 0; i < batch->max_samples; i++)
    allocate_target (data, &batch->raw[i]);
  for (gsize h = 0; h < batch->n_heads; h++) {
    batch->values[h] = g_new0 (float, batch->max_samples *heads[h].units);
    batch->weights[h] = g_new0 (float, batch->max_samples);
    batch->targets[h] = (NnTarget){ batch->values[h], batch->weights[h] };
  }
  batch->work = g_new0 (Work, nn_pool_threads (pool));
  for (unsigned i = 0; i < nn_pool_threads (pool); i++) {
    Work *work = &batch->work[i];
    work->clip = g_new (float, most_frames *bands);
    work->other = g_new (float, recipe->window_frames *bands);
    work->class_logits = g_new (float, most_logits + 1);
    work->probabilities = g_new (float, most_soft + 1);
    allocate_target (data, &work->target);
  }
  return batch;
}

void
training_batch_free (TrainingBatch *batch)
{
  if (!batch)
    return;
  for (gsize i = 0; i < batch->max_samples; i++)
    clear_target (&batch->raw[i]);
  for (gsize h = 0; h < batch->n_heads; h++) {
    g_free (batch->values[h]);
    g_free (batch->weights[h]);
  }
  for (unsigned i = 0; i < nn_pool_threads (batch->pool); i++) {
    g_free (batch->work[i].clip);
    g_free (batch->work[i].other);
    g_free (batch->work[i].class_logits);
    g_free (batch->work[i].probabilities);
    clear_target (&batch->work[i].target);
  }
  g_free (batch->work);
  g_free (batch->raw);
  g_free (batch->input);
  g_free (batch);
}

/* --- one window ------------------------------------------------------------------------------------------------ */

/* Whether what is learned is about one of the teacher's windows. */
static bool
wants_window (const TrainShare *share)
{
  return share->weight[TRAIN_LOSS_TEACHER_EMBEDDING] > 0 || share->weight[TRAIN_LOSS_TEACHER_LOGITS] > 0
      || share->weight[TRAIN_LOSS_PSEUDO_LABELS] > 0 || share->weight[TRAIN_LOSS_SOFT_LABELS] > 0;
}

/* Windows of the teacher that lie in the clip's true length, at least one. */
static gsize
whole_windows (const GenreFeatureSet *set, gsize clip)
{
  const gsize n = genre_feature_set_n_windows (set);
  gsize whole = genre_feature_set_clip_frames (set, clip) * n / genre_feature_set_n_frames (set);
  return MAX (whole, 1);
}

/* Where in its clip a window begins that spans `span` frames: in the part [begin, end) of it where it can, else around
 * that part's middle, within the clip's `frames`. */
static double
choose_first (Random *random, double span, double begin, double end, double frames)
{
  const double place = random_uniform (random);
  double first = end - begin >= span ? begin + place * (end - begin - span) : (begin + end - span) / 2;
  first = MIN (first, frames - span);
  return MAX (first, 0);
}

/* The window's levels in dB, stretched, and which of the teacher's windows it shows; 0 where there is none. */
static gsize
cut_window (const TrainingBatch *batch, const TrainShare *share, const TrainingItem *item, double stretch,
    Random *random, Work *work, float *out)
{
  const GenreFeatureSet *set = g_ptr_array_index (batch->data->sets, item->set);
  const gsize bands = batch->data->frontend.bands, frames = genre_feature_set_clip_frames (set, item->clip);
  const double span = (double) (batch->frames - 1) * stretch + 1;
  gsize window = 0, begin = 0, end = frames;

  if (item->segment >= 0) {
    begin = (gsize) item->segment * batch->recipe->window_frames;
    end = begin + batch->recipe->window_frames;
  } else if (genre_feature_set_n_windows (set) > 0 && wants_window (share)) {
    const gsize n = genre_feature_set_n_windows (set), all = genre_feature_set_n_frames (set);
    window = random_below (random, whole_windows (set, item->clip));
    begin = MIN (window * all / n, frames - 1);
    end = MIN ((window + 1) * all / n, frames);
  }

  const double first = choose_first (random, span, (double) begin, (double) end, (double) frames);

  /* Of a clip that is long enough, only what is looked at is read; one that is not repeats from its beginning. */
  const bool whole = first + span > (double) frames;
  const gsize from = whole ? 0 : (gsize) first;
  const gsize n = whole ? frames : MIN ((gsize) ceil (first + span) + 1, frames) - from;
  genre_feature_set_clip_db (set, item->clip, from, n, work->clip);
  augment_stretch (work->clip, n, bands, first - (double) from, stretch, out, batch->frames);
  return window;
}

static void
add_pseudo_label (const TrainingData *data, const float *logits, Target *target)
{
  double largest = -HUGE_VAL, sum = 0, sure = 0;
  for (gsize i = 0; i < data->n_pseudo; i++)
    largest = MAX (largest, (double) logits[data->pseudo[i]]);
  for (gsize i = 0; i < data->n_pseudo; i++) {
    const double logit = (double) logits[data->pseudo[i]];
    sum += exp (logit - largest);
    sure += 1 / (1 + exp (-logit));
  }
  target->pseudo_mass = MIN (sure, 1);
  for (gsize i = 0; i < data->n_pseudo; i++)
    target->pseudo[data->pseudo_label[i]] += (float) (target->pseudo_mass
        * exp ((double) logits[data->pseudo[i]] - largest) / sum);
}

/* An opinion on labels that the model does not have is worth as much less. */
static void
add_soft_label (const TrainingBatch *batch, const TrainingItem *item, gsize window, float *probabilities,
    Target *target)
{
  const GenreFeatureSet *set = g_ptr_array_index (batch->data->sets, item->set);
  const int *label = batch->data->soft_label[item->set];
  const double worth = (double) genre_feature_set_soft (set, item->clip, window, probabilities);
  if (!(worth > 0))
    return;
  for (gsize i = 0; i < genre_feature_set_n_soft (set); i++) {
    const double mass = (worth + batch->recipe->soft_base) * (double) probabilities[i];
    if (label[i] < 0)
      continue;
    target->soft[label[i]] += (float) mass;
    target->soft_mass += mass;
  }
}

/* What is known of a window of this item.  target: arrays as allocated, values overwritten */
static void
fill_target (const TrainingBatch *batch, const TrainShare *share, const TrainingItem *item, gsize window, Work *work,
    Target *target)
{
  float *class_logits = work->class_logits;
  const TrainingData *data = batch->data;
  const GenreFeatureSet *set = g_ptr_array_index (data->sets, item->set);

  memset (target->labels, 0, data->n_labels * sizeof *target->labels);
  memset (target->pseudo, 0, data->n_labels * sizeof *target->pseudo);
  memset (target->soft, 0, data->n_labels * sizeof *target->soft);
  target->label_mass = target->pseudo_mass = target->soft_mass = 0;
  target->has_embedding = target->has_logits = false;

  if (item->label >= 0 && share->weight[TRAIN_LOSS_LABELS] > 0) {
    const double smoothing = batch->recipe->smoothing, mass = data->class_weight[item->label];
    for (gsize i = 0; i < data->n_labels; i++)
      target->labels[i] = (float) (mass * smoothing / data->n_labels);
    target->labels[item->label] += (float) (mass * (1 - smoothing));
    target->label_mass = mass;
  }
  if (share->weight[TRAIN_LOSS_SOFT_LABELS] > 0 && genre_feature_set_n_soft (set) > 0)
    add_soft_label (batch, item, window, work->probabilities, target);
  if (share->weight[TRAIN_LOSS_TEACHER_EMBEDDING] > 0 && genre_feature_set_n_embedding (set) > 0) {
    genre_feature_set_embedding (set, item->clip, window, target->embedding);
    for (gsize i = 0; i < data->n_embedding; i++)
      target->embedding[i] = (target->embedding[i] - data->embedding_mean[i]) / data->embedding_std[i];
    target->has_embedding = true;
  }
  if (genre_feature_set_n_logits (set) == 0 || !genre_feature_set_measured (set, item->clip))
    return;
  const bool pseudo = share->weight[TRAIN_LOSS_PSEUDO_LABELS] > 0;
  target->has_logits = share->weight[TRAIN_LOSS_TEACHER_LOGITS] > 0;
  if (!pseudo && !target->has_logits)
    return;
  genre_feature_set_logits (set, item->clip, window, class_logits);
  for (gsize i = 0; target->has_logits && i < data->n_logits; i++)
    target->logits[i] = (float) (1 / (1 + exp (-(double) class_logits[data->logits[i]])));
  if (pseudo)
    add_pseudo_label (data, class_logits, target);
}

/* target = share target + (1 - share) other; what only one of the two has of the teacher, the mixture has not. */
static void
mix_targets (const TrainingData *data, Target *target, const Target *other, double share)
{
  const float a = (float) share, b = (float) (1 - share);

  for (gsize i = 0; i < data->n_labels; i++) {
    target->labels[i] = a * target->labels[i] + b * other->labels[i];
    target->pseudo[i] = a * target->pseudo[i] + b * other->pseudo[i];
    target->soft[i] = a * target->soft[i] + b * other->soft[i];
  }
  target->label_mass = share * target->label_mass + (1 - share) * other->label_mass;
  target->pseudo_mass = share * target->pseudo_mass + (1 - share) * other->pseudo_mass;
  target->soft_mass = share * target->soft_mass + (1 - share) * other->soft_mass;
  target->has_embedding &= other->has_embedding;
  target->has_logits &= other->has_logits;
  for (gsize i = 0; target->has_embedding && i < data->n_embedding; i++)
    target->embedding[i] = a * target->embedding[i] + b * other->embedding[i];
  for (gsize i = 0; target->has_logits && i < data->n_logits; i++)
    target->logits[i] = a * target->logits[i] + b * other->logits[i];
}

/* An item by its chance, whatever was drawn before. */
static gsize
draw_rare (const TrainingGroup *group, const guint64 *stage_keys, gsize n_keys, guint64 draw)
{
  guint64 keys[8];
  memcpy (keys, stage_keys, n_keys * sizeof *keys);
  keys[n_keys] = draw;
  Random random = random_from (keys, n_keys + 1);
  const double place = random_uniform (&random) * group->reach[group->n_items - 1];
  gsize low = 0, high = group->n_items - 1;
  while (low < high) {
    const gsize middle = low + (high - low) / 2;
    if (group->reach[middle] > place)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* Item number `draw` of the stage. */
static const TrainingItem *
draw_item (const TrainingBatch *batch, gsize index, guint64 draw)
{
  const TrainingGroup *group = &batch->data->groups[index];
  const guint64 keys[] = { KEY_ITEM, batch->seed, batch->stage_key, index };

  if (group->reach)
    return &group->items[draw_rare (group, keys, G_N_ELEMENTS (keys), draw)];
  if (!batch->recipe->data[index].balance || group->n_present == 0)
    return &group->items[sampler_draw (keys, G_N_ELEMENTS (keys), draw, group->n_items)];

  const guint64 label_keys[] = { KEY_LABEL, batch->seed, batch->stage_key, index };
  const gsize label = group->present[sampler_draw (label_keys, G_N_ELEMENTS (label_keys), draw, group->n_present)];
  const guint64 of_label[] = { KEY_ITEM, batch->seed, batch->stage_key, index, label };
  const gsize first = group->label_first[label], n = group->label_first[label + 1] - first;
  return &group->items[group->by_label[first
      + sampler_draw (of_label, G_N_ELEMENTS (of_label), draw / group->n_present, n)]];
}

static void
fill_sample (void *user_data, size_t task, unsigned worker)
{
  const TrainingBatch *batch = user_data;
  const TrainingData *data = batch->data;
  const TrainRecipe *recipe = batch->recipe;
  const gsize bands = data->frontend.bands;
  Work *work = &batch->work[worker];
  gsize index = 0, within = task;
  while (within >= batch->stage->shares[index].windows)
    within -= batch->stage->shares[index++].windows;

  const TrainShare *share = &batch->stage->shares[index];
  const TrainData *group = &recipe->data[index];
  const TrainingItem *item = draw_item (batch, index, batch->step * share->windows + within);
  const guint64 keys[] = { KEY_SAMPLE, batch->seed, batch->stage_key, batch->step, task };
  Random random = random_from (keys, G_N_ELEMENTS (keys));
  Target *target = &batch->raw[task];
  float *out = batch->input + task * batch->frames * bands;

  const AugmentConfig *config = train_stage_augment (recipe, batch->stage);
  const Augment augment = augment_draw (config, &random, batch->frames, bands);
  gsize window = cut_window (batch, share, item, augment.stretch, &random, work, out);
  augment_colour (&augment, out, batch->frames, bands);
  fill_target (batch, share, item, window, work, target);

  if (random_uniform (&random) < group->mix_share) {
    const double part = random_beta (&random, group->mix_beta);
    const TrainingItem *partner = &data->groups[index].items[random_below (&random, data->groups[index].n_items)];
    const Augment other = augment_draw (config, &random, batch->frames, bands);
    window = cut_window (batch, share, partner, other.stretch, &random, work, work->other);
    augment_colour (&other, work->other, batch->frames, bands);
    augment_mix (out, work->other, part, batch->frames * bands);
    fill_target (batch, share, partner, window, work, &work->target);
    mix_targets (data, target, &work->target, part);
  }
  augment_low_pass (config, &random, out, batch->frames, bands);
  augment_roll (config, &random, out, batch->frames, bands);
  genre_frontend_apply (&data->frontend, GENRE_LEVELS_DB, out, out, batch->frames);
  augment_mask (&augment, out, batch->frames, bands);
}

/* --- the batch ------------------------------------------------------------------------------------------------- */

/* Weighs every loss so that it is the mean over the windows of the batch that it is asked of, group by group. */
static void
weigh_sample (TrainingBatch *batch, gsize sample, const double *weight)
{
  const TrainingData *data = batch->data;
  const Target *target = &batch->raw[sample];
  const double label = weight[TRAIN_LOSS_LABELS], pseudo = weight[TRAIN_LOSS_PSEUDO_LABELS];
  const double soft = weight[TRAIN_LOSS_SOFT_LABELS];
  const double mass = label * target->label_mass + pseudo * target->pseudo_mass + soft * target->soft_mass;

  batch->weights[TRAINING_HEAD_LABELS][sample] = (float) mass;
  for (gsize i = 0; mass > 0 && i < data->n_labels; i++)
    batch->values[TRAINING_HEAD_LABELS][sample * data->n_labels + i] =
        (float) ((label * (double) target->labels[i] + pseudo * (double) target->pseudo[i]
                     + soft * (double) target->soft[i])
            / mass);
  if (data->n_embedding > 0) {
    batch->weights[batch->embedding_head][sample] = target->has_embedding ? (float) weight[TRAIN_LOSS_TEACHER_EMBEDDING]
                                                                          : 0;
    memcpy (batch->values[batch->embedding_head] + sample * data->n_embedding, target->embedding,
        data->n_embedding * sizeof (float));
  }
  if (data->n_logits > 0) {
    batch->weights[batch->logits_head][sample] = target->has_logits
        ? (float) (weight[TRAIN_LOSS_TEACHER_LOGITS] * batch->recipe->logits_factor)
        : 0;
    memcpy (batch->values[batch->logits_head] + sample * data->n_logits, target->logits,
        data->n_logits * sizeof (float));
  }
}

/* counts [TRAIN_N_LOSSES] out: the windows of the batch that have something to say about each loss */
static void
count_targets (const TrainingBatch *batch, gsize *counts)
{
  for (gsize i = 0; i < batch->samples; i++) {
    const Target *target = &batch->raw[i];
    counts[TRAIN_LOSS_LABELS] += target->label_mass > 0;
    counts[TRAIN_LOSS_PSEUDO_LABELS] += target->pseudo_mass > 0;
    counts[TRAIN_LOSS_SOFT_LABELS] += target->soft_mass > 0;
    counts[TRAIN_LOSS_TEACHER_EMBEDDING] += target->has_embedding;
    counts[TRAIN_LOSS_TEACHER_LOGITS] += target->has_logits;
  }
}

void
training_batch_fill (TrainingBatch *batch, guint64 seed, gsize stage, guint64 step)
{
  const guint64 keys[] = { KEY_LENGTH, seed, stage, step };
  Random random = random_from (keys, G_N_ELEMENTS (keys));
  const TrainRecipe *recipe = batch->recipe;
  const gsize range = recipe->window_frames - recipe->min_frames + 1;

  batch->seed = seed;
  batch->stage_key = stage;
  batch->step = step;
  batch->stage = &recipe->stages[stage];
  batch->samples = train_stage_samples (recipe, batch->stage);
  batch->frames = random_uniform (&random) < batch->stage->crop_share
      ? recipe->min_frames + random_below (&random, range)
      : recipe->window_frames;
  nn_pool_run (batch->pool, batch->samples, fill_sample, batch);

  gsize counts[TRAIN_N_LOSSES] = { 0 };
  count_targets (batch, counts);
  for (gsize sample = 0, index = 0, within = 0; sample < batch->samples; sample++, within++) {
    while (within >= batch->stage->shares[index].windows) {
      within = 0;
      index++;
    }
    double weight[TRAIN_N_LOSSES];
    for (unsigned loss = 0; loss < TRAIN_N_LOSSES; loss++)
      weight[loss] = counts[loss] > 0 ? batch->stage->shares[index].weight[loss] / (double) counts[loss] : 0;
    weigh_sample (batch, sample, weight);
  }
}

const float *
training_batch_input (const TrainingBatch *batch)
{
  return batch->input;
}

gsize
training_batch_samples (const TrainingBatch *batch)
{
  return batch->samples;
}

gsize
training_batch_frames (const TrainingBatch *batch)
{
  return batch->frames;
}

const NnTarget *
training_batch_targets (const TrainingBatch *batch)
{
  return batch->targets;
}
