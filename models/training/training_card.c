/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_run.h"

#include "models/file/printable.h"
#include "models/sets/metrics.h"
#include "models/training/svg_plot.h"

#include <string.h>

char *
training_curve (const Training *training)
{
  const guint n_losses = training->losses->len, n_scores = training->scores->len;
  g_autofree double *x = g_new (double, n_losses + n_scores + 1);
  g_autofree double *y = g_new (double, n_losses + 2 * n_scores + 1);
  double *windows = y + n_losses + n_scores;

  for (guint i = 0; i < n_losses; i++) {
    x[i] = (double) g_array_index (training->losses, LossPoint, i).step;
    y[i] = g_array_index (training->losses, LossPoint, i).loss;
  }
  for (guint i = 0; i < n_scores; i++) {
    const ScorePoint *point = &g_array_index (training->scores, ScorePoint, i);
    const TrainingAccuracy *a = &point->score.all;
    x[n_losses + i] = (double) point->step;
    y[n_losses + i] = (double) a->right_tracks / (double) MAX (a->n_tracks, 1);
    windows[i] = (double) a->right_windows / (double) MAX (a->n_windows, 1);
  }
  const SvgLine loss = { NULL, x, y, n_losses };
  const SvgLine accuracies[] = {
    { "tracks", x + n_losses, y + n_losses, n_scores },
    { "windows", x + n_losses, windows, n_scores },
  };
  const SvgPlot plots[] = {
    { .title = "Loss", .x_title = "step", .lines = &loss, .n_lines = 1 },
    { .title = "Accuracy on validation",
        .x_title = "step",
        .lines = accuracies,
        .n_lines = G_N_ELEMENTS (accuracies),
        .y_max = 1,
        .percent = TRUE,
        .dots = TRUE },
  };
  return svg_plots (plots, n_scores > 0 ? 2 : 1);
}

/* Text in a cell of a table, or in a line. */
static void
append_plain (GString *text, const char *words)
{
  g_autofree char *printable = printable_text (words);
  for (const char *c = printable; *c; c++) {
    if (strchr ("|<>&*_`[]\\", *c))
      g_string_append_c (text, '\\');
    g_string_append_c (text, *c);
  }
}

/* "50.0 % (95 % interval 9.5 to 90.5 %)"; n >= 1 */
static void
append_rate (GString *text, gsize right, gsize n)
{
  double low, high;
  metrics_wilson (right, n, &low, &high);
  g_string_append_printf (text, "%.1f %% (95 %% interval %.1f to %.1f %%)", 100 * (double) right / (double) n,
      100 * low, 100 * high);
}

/* recalls [n_labels]  out.  False: there are none, or no memory. */
static bool
measure_recalls (const Training *training, TrainingRecall *recalls)
{
  TrainingScore again;
  GenreModel *model = training_score (training) ? training_make_model (training, training_takes_best (training), NULL)
                                                : NULL;
  const bool ok = model
      && training_validate (training->data, model, training->recipe->interval_s, training->pool, &again, recalls);
  genre_model_unref (model);
  return ok;
}

static void
append_labels (const Training *training, GString *text)
{
  g_autofree TrainingRecall *recalls = g_new0 (TrainingRecall, training->data->n_labels);
  const bool measured = measure_recalls (training, recalls);
  g_autofree gsize *learned = g_new0 (gsize, training->data->n_labels);
  g_autofree gsize *held = g_new0 (gsize, training->data->n_labels);
  for (gsize g = 0; g < training->recipe->n_data; g++)
    for (gsize i = 0; i < training->data->groups[g].n_items; i++)
      if (training->data->groups[g].items[i].label >= 0 && training_data_wants (training->recipe, g, TRAIN_LOSS_LABELS))
        learned[training->data->groups[g].items[i].label]++;
  for (gsize i = 0; i < training->data->n_validation; i++)
    if (training->data->validation[i].label >= 0)
      held[training->data->validation[i].label]++;

  g_string_append_printf (text,
      "| label | learned from | validated on | named correctly, of %s |\n| --- | --- | --- | --- |\n",
      training->data->cases);
  for (gsize i = 0; i < training->data->n_labels; i++) {
    g_string_append (text, "| ");
    append_plain (text, training->data->labels[i]);
    g_string_append_printf (text, " | %" G_GSIZE_FORMAT " | %" G_GSIZE_FORMAT " | ", learned[i], held[i]);
    if (measured && recalls[i].n_tracks > 0) {
      g_string_append_printf (text, "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ", ", recalls[i].right_tracks,
          recalls[i].n_tracks);
      append_rate (text, recalls[i].right_tracks, recalls[i].n_tracks);
    }
    g_string_append (text, " |\n");
  }
}

static void
append_set (const GenreFeatureSet *set, const TrainingAccuracy *accuracy, GString *text)
{
  g_autofree char *base = set ? g_path_get_basename (genre_feature_set_name (set)) : g_strdup ("held back");
  if (accuracy->n_tracks == 0)
    return;
  g_string_append (text, "| ");
  append_plain (text, base);
  g_string_append_printf (text, " | %" G_GSIZE_FORMAT " | ", accuracy->n_tracks);
  append_rate (text, accuracy->right_tracks, accuracy->n_tracks);
  g_string_append_printf (text, " | %.1f %% | %.1f %% of %" G_GSIZE_FORMAT " |\n", 100 * accuracy->mean_recall,
      100 * (double) accuracy->right_windows / (double) MAX (accuracy->n_windows, 1), accuracy->n_windows);
}

static void
append_music (const TrainingMusic *music, GString *text)
{
  if (music->n_other == 0)
    return;
  g_string_append (text, "\nWhether it is music, by the mean over a track, or over a clip that is not music: ");
  append_rate (text, music->taken, music->n_other);
  g_string_append_printf (text, " of %" G_GSIZE_FORMAT " that are not are called music", music->n_other);
  if (music->n_music > 0) {
    g_string_append (text, ", ");
    append_rate (text, music->missed, music->n_music);
    g_string_append_printf (text, " of %" G_GSIZE_FORMAT " that are are not; AUC %.4f", music->n_music, music->auc);
  }
  g_string_append (text, ".\n");
}

static void
append_score (const Training *training, const TrainingScore *score, GString *text)
{
  const TrainingData *data = training->data;
  g_string_append_printf (text,
      "Protocol: %s.\n\n| set | %s | named correctly | mean recall | answers |\n| --- | --- | --- | --- | --- |\n",
      data->protocol, data->cases);
  for (gsize i = 0; i < MAX (data->n_tests, 1); i++)
    append_set (data->n_tests > 0 ? g_ptr_array_index (data->sets, data->test[i]) : NULL, &score->tests[i], text);
  append_music (&score->music, text);
  if (training->recipe->choose_best)
    g_string_append (text, "\nThe best of several measurements on the same music: expect a little less on others.\n");
  if (training->recipe->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS)
    g_string_append (text, "\nParts of the same recordings were learned from: on new music it will be much worse.\n");
}

char *
training_card (const Training *training, const char *name, const char *sha256)
{
  const TrainingScore *score = training_score (training);
  const guint64 steps = training_takes_best (training) ? training->best_step : training->step;
  const GenreFrontend *frontend = &training->data->frontend;
  const double hop_s = (double) frontend->mel.hop_length / frontend->mel.sample_rate_hz;
  g_autofree char *recipe_name = printable_text (training->recipe->name ? training->recipe->name : "unnamed");
  GString *text = g_string_new ("# ");

  append_plain (text, name);
  g_string_append_printf (text, "\n\nA genre model for `genreclassify model=FILE`.  SHA-256 `%s`.\n\n", sha256);
  g_string_append_printf (text, "It hears windows of %.1f to %.1f seconds, from %u mel bands.\n\n",
      training->recipe->min_frames * hop_s, training->recipe->window_frames * hop_s, (unsigned) frontend->bands);
  g_string_append (text, "## What it knows\n\nClips (or windows, where they were shuffled) of each label:\n\n");
  append_labels (training, text);
  g_string_append (text, "\n## How good it is\n\n");
  if (score)
    append_score (training, score, text);
  else
    g_string_append (text, "Not measured: there was nothing to validate on.\n");
  g_string_append_printf (text,
      "\n## How it was made\n\nRecipe `%s`, seed %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " steps, %" G_GUINT64_FORMAT
      " windows; digest of the data `%s`.\n\n",
      recipe_name, training->seed, steps, training_count_windows (training, steps), training->data->digest);
  for (gsize i = 0; i < training->data->sets->len; i++) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (g_ptr_array_index (training->data->sets, i)));
    g_string_append (text, "* ");
    append_plain (text, base);
    g_string_append_c (text, '\n');
  }
  g_autofree char *recipe = train_recipe_print (training->recipe);
  g_string_append_printf (text, "\n```json\n%s\n```\n", recipe);
  return g_string_free (text, FALSE);
}
