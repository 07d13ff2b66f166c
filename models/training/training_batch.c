/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_batch.h"

#include "models/training/random.h"
#include "models/training/sampler.h"
#include "models/training/training_target.h"

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

/* What one thread works in. */
typedef struct Work
{
  float *clip;  /* [most frames of a clip][bands] */
  float *other; /* [window_frames][bands] the window that is mixed in or laid over */
  TrainingScratch scratch;
  TrainingTarget target; /* of that window */
} Work;

struct TrainingBatch
{
  const TrainRecipe *recipe;
  const TrainingData *data;
  NnPool *pool;
  gsize max_samples;
  gsize n_values[TRAIN_N_LOSSES]; /* 0: no stage wants it */
  gsize head[TRAIN_N_LOSSES];     /* of each loss that is wanted */
  gsize n_heads;
  float *input;                       /* [max_samples][window_frames][bands] */
  TrainingTarget *raw;                /* [max_samples] */
  float *values[TRAINING_MAX_HEADS];  /* [max_samples][units] */
  float *weights[TRAINING_MAX_HEADS]; /* [max_samples] */
  NnTarget targets[TRAINING_MAX_HEADS];
  Work *work; /* [threads] */

  /* of the present step */
  guint64 seed, stage_key, step;
  const TrainStage *stage;
  gsize samples, frames;
};

/* --- construction ---------------------------------------------------------------------------------------------- */

/* One head for all losses of the labels, then one for each other loss that is wanted. */
static const struct
{
  TrainLoss loss;
  NnLoss how;
} other_heads[] = {
  { TRAIN_LOSS_TEACHER_EMBEDDING, NN_LOSS_MEAN_SQUARED_ERROR },
  { TRAIN_LOSS_TEACHER_LOGITS, NN_LOSS_SIGMOID_CROSS_ENTROPY },
  { TRAIN_LOSS_MUSIC, NN_LOSS_SIGMOID_CROSS_ENTROPY },
};

gsize
training_batch_heads (const TrainingData *data, const char *label_name, NnHead *heads)
{
  gsize n = 0, n_values[TRAIN_N_LOSSES];
  training_target_count (data, n_values);
  heads[n] = (NnHead){ .units = data->n_labels, .loss = NN_LOSS_CROSS_ENTROPY };
  g_strlcpy (heads[n++].name, label_name, sizeof heads[0].name);
  for (gsize i = 0; i < G_N_ELEMENTS (other_heads); i++) {
    if (n_values[other_heads[i].loss] == 0)
      continue;
    heads[n] = (NnHead){ .units = n_values[other_heads[i].loss], .loss = other_heads[i].how };
    g_strlcpy (heads[n++].name, train_loss_name (other_heads[i].loss), sizeof heads[0].name);
  }
  return n;
}

/* Which head each loss belongs to, in the order above. */
static void
number_heads (TrainingBatch *batch)
{
  batch->n_heads = 1; /* the labels' is 0 */
  for (gsize i = 0; i < G_N_ELEMENTS (other_heads); i++)
    if (batch->n_values[other_heads[i].loss] > 0)
      batch->head[other_heads[i].loss] = batch->n_heads++;
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

  training_target_count (data, batch->n_values);
  number_heads (batch);
  training_batch_heads (data, "labels", heads);
  batch->input = g_new0 (float, batch->max_samples * recipe->window_frames * bands);
  batch->raw = g_new0 (TrainingTarget, batch->max_samples);
  for (gsize i = 0; i < batch->max_samples; i++)
    training_target_init (batch->data, &batch->raw[i]);
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
    work->scratch.logits = g_new (float, most_logits + 1);
    work->scratch.probabilities = g_new (float, most_soft + 1);
    training_target_init (batch->data, &work->target);
  }
  return batch;
}

void
training_batch_free (TrainingBatch *batch)
{
  if (!batch)
    return;
  for (gsize i = 0; i < batch->max_samples; i++)
    training_target_clear (&batch->raw[i]);
  for (gsize h = 0; h < batch->n_heads; h++) {
    g_free (batch->values[h]);
    g_free (batch->weights[h]);
  }
  for (unsigned i = 0; i < nn_pool_threads (batch->pool); i++) {
    g_free (batch->work[i].clip);
    g_free (batch->work[i].other);
    g_free (batch->work[i].scratch.logits);
    g_free (batch->work[i].scratch.probabilities);
    training_target_clear (&batch->work[i].target);
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

/* A window of another item, augmented by itself, in work->other; returns what cut_window() does. */
static gsize
cut_other (const TrainingBatch *batch, const TrainShare *share, const TrainingItem *item, const AugmentConfig *config,
    Random *random, Work *work)
{
  const gsize bands = batch->data->frontend.bands;
  const Augment augment = augment_draw (config, random, batch->frames, bands);
  const gsize window = cut_window (batch, share, item, augment.stretch, random, work, work->other);

  augment_colour (&augment, work->other, batch->frames, bands);
  return window;
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

/* A clip of any group that is not music; NULL: there is none. */
static const TrainingItem *
draw_sound (const TrainingBatch *batch, Random *random)
{
  gsize n = 0;

  for (gsize i = 0; i < batch->recipe->n_data; i++)
    n += batch->recipe->data[i].not_music ? batch->data->groups[i].n_items : 0;
  if (n == 0)
    return NULL;

  gsize place = random_below (random, n), group = 0;

  for (;; group++) {
    const gsize here = batch->recipe->data[group].not_music ? batch->data->groups[group].n_items : 0;
    if (place < here)
      return &batch->data->groups[group].items[place];
    place -= here;
  }
}

/* What is learned of the window stays as it is: it is still that music. */
static void
lay_sound_over (const TrainingBatch *batch, const TrainData *group, const AugmentConfig *config, Random *random,
    Work *work, float *out)
{
  static const TrainShare nothing = { 0 };
  const double level_db = group->overlay_min_db
      + random_uniform (random) * (group->overlay_max_db - group->overlay_min_db);
  const TrainingItem *sound = draw_sound (batch, random);

  if (!sound)
    return;

  cut_other (batch, &nothing, sound, config, random, work);
  augment_overlay (out, work->other, level_db, batch->frames * batch->data->frontend.bands);
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
  TrainingTarget *target = &batch->raw[task];
  float *out = batch->input + task * batch->frames * bands;

  const AugmentConfig *config = train_stage_augment (recipe, batch->stage);
  const Augment augment = augment_draw (config, &random, batch->frames, bands);
  gsize window = cut_window (batch, share, item, augment.stretch, &random, work, out);
  augment_colour (&augment, out, batch->frames, bands);
  training_target_fill (recipe, data, share, item, window, &work->scratch, target);

  if (random_uniform (&random) < group->mix_share) {
    const double part = random_beta (&random, group->mix_beta);
    const TrainingItem *partner = &data->groups[index].items[random_below (&random, data->groups[index].n_items)];
    window = cut_other (batch, share, partner, config, &random, work);
    augment_mix (out, work->other, part, batch->frames * bands);
    training_target_fill (recipe, data, share, partner, window, &work->scratch, &work->target);
    training_target_mix (data, target, &work->target, part);
  }
  if (group->overlay_share > 0 && random_uniform (&random) < group->overlay_share)
    lay_sound_over (batch, group, config, &random, work, out);
  augment_low_pass (config, &random, out, batch->frames, bands);
  augment_roll (config, &random, out, batch->frames, bands);
  augment_edge (config, &random, out, batch->frames, bands);
  genre_frontend_apply (&data->frontend, GENRE_LEVELS_DB, out, out, batch->frames);
  augment_mask (&augment, out, batch->frames, bands);
}

/* --- the batch ------------------------------------------------------------------------------------------------- */

/* The head of the labels learns the mean of what its losses ask for, by their weights. */
static void
weigh_labels (TrainingBatch *batch, gsize sample, const double *weight)
{
  const gsize n = batch->data->n_labels;
  const TrainingTarget *target = &batch->raw[sample];
  const double label = weight[TRAIN_LOSS_LABELS], pseudo = weight[TRAIN_LOSS_PSEUDO_LABELS];
  const double soft = weight[TRAIN_LOSS_SOFT_LABELS];
  const double mass = label * target->mass[TRAIN_LOSS_LABELS] + pseudo * target->mass[TRAIN_LOSS_PSEUDO_LABELS]
      + soft * target->mass[TRAIN_LOSS_SOFT_LABELS];

  batch->weights[TRAINING_HEAD_LABELS][sample] = (float) mass;
  for (gsize i = 0; mass > 0 && i < n; i++)
    batch->values[TRAINING_HEAD_LABELS][sample * n + i] =
        (float) ((label * (double) target->values[TRAIN_LOSS_LABELS][i]
                     + pseudo * (double) target->values[TRAIN_LOSS_PSEUDO_LABELS][i]
                     + soft * (double) target->values[TRAIN_LOSS_SOFT_LABELS][i])
            / mass);
}

/* Weighs every loss so that it is the mean over the windows of the batch that it is asked of, group by group. */
static void
weigh_sample (TrainingBatch *batch, gsize sample, const double *weight)
{
  const TrainingTarget *target = &batch->raw[sample];

  weigh_labels (batch, sample, weight);
  for (gsize i = 0; i < G_N_ELEMENTS (other_heads); i++) {
    const TrainLoss loss = other_heads[i].loss;
    const gsize n = batch->n_values[loss], head = batch->head[loss];
    if (n == 0)
      continue;
    const double factor = loss == TRAIN_LOSS_TEACHER_LOGITS ? batch->recipe->logits_factor : 1;
    batch->weights[head][sample] = (float) (target->mass[loss] * weight[loss] * factor);
    memcpy (batch->values[head] + sample * n, target->values[loss], n * sizeof (float));
  }
}

/* counts [TRAIN_N_LOSSES] out: the windows of the batch that have something to say about each loss */
static void
count_targets (const TrainingBatch *batch, gsize *counts)
{
  for (gsize i = 0; i < batch->samples; i++)
    for (unsigned loss = 0; loss < TRAIN_N_LOSSES; loss++)
      counts[loss] += batch->raw[i].mass[loss] > 0;
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
training_batch_input (const TrainingBatch *batch, gsize *ret_samples, gsize *ret_frames)
{
  *ret_samples = batch->samples;
  *ret_frames = batch->frames;
  return batch->input;
}

const NnTarget *
training_batch_targets (const TrainingBatch *batch)
{
  return batch->targets;
}
