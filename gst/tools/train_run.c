/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/train_run.h"

#include "gst/tools/commit.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/output.h"
#include "gst/tools/progress.h"
#include "models/training/checkpoint.h"
#include "models/sets/metrics.h"
#include "models/file/printable.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- scores ---------------------------------------------------------------------------------------------------- */

/* "50.0 % (95 % interval 9.5 to 90.5 %)", or "-" of none. */
static char *
rate_text (gsize right, gsize n)
{
  double low, high;
  if (n == 0)
    return g_strdup ("-");
  metrics_wilson (right, n, &low, &high);
  return g_strdup_printf ("%.1f %% (95 %% interval %.1f to %.1f %%)", 100 * (double) right / (double) n, 100 * low,
      100 * high);
}

static double
accuracy_of (const TrainingScore *score)
{
  return (double) score->all.right_tracks / (double) MAX (score->all.n_tracks, 1);
}

/* "80.0 % (95 % interval ...) of 210 tracks of a.safetensors, mean recall 73.5 %; ..." */
static char *
score_text (const TrainingData *data, const TrainingScore *score)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < MAX (data->n_tests, 1); i++) {
    const TrainingAccuracy *accuracy = &score->tests[i];
    if (accuracy->n_tracks == 0)
      continue;
    g_autofree char *rate = rate_text (accuracy->right_tracks, accuracy->n_tracks);
    g_string_append_printf (text, "%s%s of %" G_GSIZE_FORMAT " %s ", text->len > 0 ? "; " : "", rate,
        accuracy->n_tracks, data->cases);
    if (data->n_tests > 0) {
      const GenreFeatureSet *set = g_ptr_array_index (data->sets, data->test[i]);
      g_autofree char *base = g_path_get_basename (genre_feature_set_name (set));
      g_string_append_printf (text, "of %s", base);
    } else {
      g_string_append (text, "held back");
    }
    g_string_append_printf (text, ", mean recall %.1f %%", 100 * accuracy->mean_recall);
  }
  if (score->music.n_other > 0)
    g_string_append_printf (text,
        "%s%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " clips that are not music called music, %" G_GSIZE_FORMAT
        " of %" G_GSIZE_FORMAT " tracks of music not",
        text->len > 0 ? "; " : "", score->music.taken, score->music.n_other, score->music.missed, score->music.n_music);
  return g_string_free (text, FALSE);
}

/* --- what is written ------------------------------------------------------------------------------------------- */

static gboolean
save_text (const char *stem, const char *suffix, const char *contents)
{
  g_autofree char *path = g_strconcat (stem, suffix, NULL);
  return tool_output_save (path, contents, strlen (contents));
}

/* The model, its card and its curve. */
static gboolean
save_model (const ToolTrainRun *run, const Training *training)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = training_export (training, tool_commit, &error);
  if (!bytes)
    return tool_reject ("%s", error->message);
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);
  if (!tool_output_save (run->path, data, size))
    return FALSE;
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *base = g_path_get_basename (run->path);
  g_autofree char *name = printable_text (base);
  g_autofree char *card = training_card (training, name, sha256);
  g_autofree char *curve = training_curve (training);
  const TrainingScore *score = training_score (training);
  if (!save_text (run->stem, ".md", card) || !save_text (run->stem, ".svg", curve))
    return FALSE;
  g_autofree char *measured = score ? score_text (run->data, score) : NULL;
  if (measured)
    printf ("%s: %s (%s)\n", name, measured, run->data->protocol);
  else
    printf ("%s: not validated\n", name);
  fflush (stdout);
  return TRUE;
}

/* --- steps ----------------------------------------------------------------------------------------------------- */

typedef struct Pace
{
  gint64 began_us, saved_us;
  guint64 windows;
} Pace;

static void
show_step (ToolProgress *progress, const TrainingData *data, const TrainingProgress *now, const Pace *pace,
    gboolean quiet)
{
  const double seconds = (double) (g_get_monotonic_time () - pace->began_us) / G_USEC_PER_SEC;
  GString *note = g_string_new (NULL);
  g_string_append_printf (note, "loss %.3f, %.0f windows/s", now->loss, (double) pace->windows / MAX (seconds, 1e-3));
  if (now->score)
    g_string_append_printf (note, ", %.1f %%", 100 * accuracy_of (now->score));
  tool_progress_update (progress, now->step, note->str);
  if (now->validated && !quiet) {
    g_autofree char *score = score_text (data, now->score);
    tool_progress_message (progress, "step %" G_GUINT64_FORMAT ", %s: loss %.3f, %s%s", now->step, now->stage_name,
        now->loss, score, now->best ? ", the best so far" : "");
  }
  g_string_free (note, TRUE);
}

/* Steps until it is finished.  FALSE: said why it is not, and what is left on disk. */
static gboolean
run_steps (const ToolTrainRun *run, Training *training, const char *checkpoint)
{
  const ToolTrainOptions *options = run->options;
  const gint64 every_us = (gint64) options->checkpoint * G_USEC_PER_SEC;
  TrainingProgress now;
  Pace pace = { 0 };
  g_autoptr (GError) error = NULL;

  /* The first one says at once whether there is room and permission. */
  if (!training_save (training, checkpoint, &error))
    return tool_reject ("%s", error->message);
  training_progress (training, &now);
  g_autoptr (ToolProgress) progress = tool_progress_new ("train", now.steps, options->quiet);
  tool_progress_start_at (progress, now.step);
  pace.began_us = pace.saved_us = g_get_monotonic_time ();
  while (!now.finished && !tool_interrupted ()) {
    if (!training_step (training, &now, &error)) {
      tool_progress_message (progress, "gst-genre-1.0: %s", error->message);
      tool_progress_message (progress, "%s has the last weights that were saved before", checkpoint);
      return FALSE;
    }
    pace.windows += now.windows;
    show_step (progress, run->data, &now, &pace, options->quiet);
    if (now.finished || g_get_monotonic_time () - pace.saved_us >= every_us) {
      if (!training_save (training, checkpoint, &error)) {
        tool_progress_message (progress, "gst-genre-1.0: %s", error->message);
        tool_progress_message (progress, "the checkpoint before this one is still there: --resume continues from it");
        return FALSE;
      }
      pace.saved_us = g_get_monotonic_time ();
    }
  }
  if (now.finished)
    return TRUE;
  g_clear_pointer (&progress, tool_progress_free);
  if (now.step == 0 ? !checkpoint_remove (checkpoint, &error) : !training_save (training, checkpoint, &error))
    return tool_reject ("interrupted; %s", error->message);
  return tool_reject ("interrupted after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                      " steps: the same command, with or without --resume, continues",
      now.step, now.steps);
}

/* --- checkpoints ----------------------------------------------------------------------------------------------- */

static char *
checkpoint_path (const ToolTrainRun *run)
{
  return g_strconcat (run->path, ".checkpoint", NULL);
}

gboolean
tool_train_run_check (const ToolTrainRun *run)
{
  const ToolTrainOptions *options = run->options;
  g_autofree char *reason = NULL, *checkpoint = checkpoint_path (run),
                  *digest = training_digest (run->recipe, run->seed);
  g_autoptr (GError) error = NULL;

  if (options->restart || !checkpoint_exists (checkpoint))
    return TRUE;
  g_autoptr (Safetensors) file = checkpoint_load (checkpoint, &reason, &error);
  if (!file)
    tool_fail ("%s; --restart deletes it", error->message);
  else if (tool_train_recipe_is_final (options, run->recipe)
      && strcmp (checkpoint_text (file, CHECKPOINT_RECIPE), digest) != 0)
    tool_fail ("%s belongs to a training with another recipe or another seed: --restart deletes it", checkpoint);
  else if (!options->resume && strcmp (checkpoint_text (file, CHECKPOINT_ORIGIN), run->origin) != 0)
    tool_fail ("%s belongs to a training on other files: --resume continues it if their music is the same, "
               "--restart deletes it",
        checkpoint);
  else
    return TRUE;
  return FALSE;
}

/* Takes up a checkpoint if there is one.  FALSE: said why not. */
static gboolean
take_checkpoint (const ToolTrainOptions *options, Training *training, const char *checkpoint)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;

  if (options->restart && !checkpoint_remove (checkpoint, &error))
    return tool_reject ("%s", error->message);
  if (!checkpoint_exists (checkpoint)) {
    if (options->resume && !options->quiet)
      tool_say ("%s is not there: training begins from the start", checkpoint);
    return TRUE;
  }
  if (!training_resume (training, checkpoint, &reason, &error))
    return tool_reject ("%s; --restart deletes it", error->message);
  if (reason)
    tool_say ("%s; the checkpoint before it is complete", reason);
  if (!options->quiet) {
    TrainingProgress now;
    training_progress (training, &now);
    tool_say ("resumed after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " steps", now.step, now.steps);
  }
  return TRUE;
}

/* --- a seed ---------------------------------------------------------------------------------------------------- */

double
tool_train_run_finished (const ToolTrainRun *run)
{
  g_autoptr (GError) error = NULL;
  GenreModel *model = g_file_test (run->path, G_FILE_TEST_EXISTS) ? genre_model_load (run->path, &error) : NULL;
  if (!model)
    return -1;
  g_autoptr (JsonNode) node = json_from_string (genre_model_training (model), NULL);
  genre_model_unref (model);
  JsonObject *object = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  if (!object || !json_object_has_member (object, "recipe")
      || g_strcmp0 (json_object_get_string_member_with_default (object, "data_digest", ""), run->data->digest) != 0
      || json_object_get_int_member_with_default (object, "seed", -1) != (gint64) run->seed)
    return -1;
  GString *recipe = g_string_new (NULL);
  train_recipe_append (run->recipe, recipe);
  g_autoptr (JsonNode) wanted = json_from_string (recipe->str, NULL);
  g_string_free (recipe, TRUE);
  if (!json_node_equal (wanted, json_object_get_member (object, "recipe")))
    return -1;
  JsonArray *measured = json_object_has_member (object, "measured") ? json_object_get_array_member (object, "measured")
                                                                    : NULL;
  double sum = 0;
  guint n = 0;
  for (guint i = 0; measured && i < json_array_get_length (measured); i++) {
    JsonObject *set = json_array_get_object_element (measured, i);
    if (!json_object_has_member (set, "mean_recall"))
      continue;
    sum += json_object_get_double_member (set, "mean_recall");
    n++;
  }
  return n > 0 ? sum / n : (double) NAN;
}

gboolean
tool_train_run (const ToolTrainRun *run, double *ret_recall)
{
  g_autofree char *checkpoint = checkpoint_path (run);
  g_autofree char *fresh = g_strconcat (checkpoint, ".new", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Training) training = training_new (run->recipe, run->data, run->seed, run->threads, &error);
  if (!training)
    return tool_reject ("%s", error->message);
  training_set_origin (training, run->origin);
  tool_leftover_add (fresh);
  if (!take_checkpoint (run->options, training, checkpoint) || !run_steps (run, training, checkpoint)
      || !save_model (run, training))
    return FALSE;
  const TrainingScore *score = training_score (training);
  *ret_recall = score ? score->mean_recall : (double) NAN;
  if (checkpoint_remove (checkpoint, &error))
    return TRUE;
  return tool_reject ("%s", error->message);
}
