/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 train - folders of music, or feature sets -> a model of one's own genres.
 *
 * Beside MODEL.safetensors come MODEL.md, its card, and MODEL.svg, the learning curve; while it runs MODEL.lock and
 * MODEL.safetensors.checkpoint, and for each directory MODEL-DIRECTORY.features.safetensors, which stays.  All that can
 * be known to be wrong is said before the first file is decoded.
 */
#include "gst/tools/commit.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/lock.h"
#include "gst/tools/outputs.h"
#include "gst/tools/progress.h"
#include "gst/tools/train_sources.h"
#include "models/metrics.h"
#include "models/checkpoint.h"
#include "models/printable.h"
#include "models/safetensors_writer.h"
#include "models/training.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const int CHECKPOINT_SECONDS = 60;

typedef struct Options
{
  char *output, *recipe, *validation, *initial, *protocol;
  int seed, seeds, threads, steps, epochs, checkpoint;
  gboolean resume, restart, print_recipe, quiet, no_cache;
} Options;

/* One run of the subcommand. */
typedef struct Train
{
  const Options *options;
  TrainRecipe *recipe;
  ToolTrainSources *sources;
  char *origin; /* of the data, for checkpoints */
  TrainingData *data;
  char *stem; /* of the files beside the model */
  guint threads;
  gboolean some_failed; /* files that could not be decoded, but the rest went on */
} Train;

static const char text[] =
    "A directory with one folder a genre is decoded first; feature sets, as extract writes them, are\n"
    "taken as they are.  Recordings are held back to choose the best weights by, unless --validation\n"
    "gives a set of others.\n"
    "\n"
    "Ctrl-C, or worse, loses nothing: the same command goes on.  Recordings that were decoded are kept\n"
    "in ~/.cache/genreclassify or $XDG_CACHE_HOME/genreclassify, 8 GiB at most, which may be removed\n"
    "at any time.  MODEL may be there already if it is a model, and is replaced in the end; so are its\n"
    "card, MODEL.md, and its learning curve, MODEL.svg.\n"
    "\n"
    "  gst-genre-1.0 train ~/Music/by-genre -o mine.safetensors\n"
    "  gst-launch-1.0 -m filesrc location=song.mp3 ! decodebin ! audioconvert ! genreclassify \\\n"
    "      model=mine.safetensors ! fakesink\n"
    "\n"
    "docs/training.md explains recipes; --print-recipe shows one, to begin a file of one's own with.\n";

/* --- recipe ---------------------------------------------------------------------------------------------------- */

/* All stages together get so many steps, each in proportion to what it had.  data: NULL: not there yet.
 * FALSE: the length of a stage is known with the data only. */
static gboolean
limit_steps (TrainRecipe *recipe, const TrainingData *data, unsigned steps)
{
  double length[TRAIN_MAX_STAGES], total = 0;
  for (gsize i = 0; i < recipe->n_stages; i++) {
    if (recipe->stages[i].epochs > 0 && !data)
      return FALSE;
    length[i] = (double) training_stage_steps (recipe, data, &recipe->stages[i]);
    total += length[i];
  }
  for (gsize i = 0; i < recipe->n_stages; i++) {
    TrainStage *stage = &recipe->stages[i];
    stage->steps = (unsigned) MAX (floor (steps * length[i] / total + .5), 1);
    stage->windows = stage->epochs = 0;
  }
  return TRUE;
}

static void
replace (char **text_field, const char *value)
{
  g_free (*text_field);
  *text_field = g_strdup (value);
}

/* Whether no part of it waits for the data. */
static gboolean
recipe_is_complete (const Train *train)
{
  for (gsize i = 0; train->options->steps > 0 && i < train->recipe->n_stages; i++)
    if (train->recipe->stages[i].epochs > 0)
      return FALSE;
  return TRUE;
}

/* The recipe, and what the command line says instead. */
static TrainRecipe *
load_recipe (const Options *options, GError **error)
{
  TrainRecipe *recipe = train_recipe_load (options->recipe ? options->recipe : "default", error);
  if (!recipe)
    return NULL;
  if (options->seed >= 0)
    recipe->seed = (unsigned) options->seed;
  if (options->seeds > 0)
    recipe->seeds = (unsigned) options->seeds;
  if (options->steps > 0)
    limit_steps (recipe, NULL, (unsigned) options->steps);
  for (gsize i = 0; options->epochs > 0 && i < recipe->n_stages; i++) {
    recipe->stages[i].epochs = (unsigned) options->epochs;
    recipe->stages[i].steps = recipe->stages[i].windows = 0;
  }
  if (options->initial)
    replace (&recipe->initial, strcmp (options->initial, "none") == 0 ? NULL : options->initial);
  if (g_strcmp0 (options->protocol, "leaky-segments") == 0)
    recipe->protocol = TRAIN_PROTOCOL_LEAKY_SEGMENTS;
  else if (g_strcmp0 (options->protocol, "groups") == 0)
    recipe->protocol = TRAIN_PROTOCOL_GROUPS;
  if (g_strcmp0 (options->validation, "none") == 0)
    recipe->protocol = TRAIN_PROTOCOL_NONE;
  return recipe;
}

/* --- data ------------------------------------------------------------------------------------------------------ */

static void
say_data (const Train *train)
{
  const TrainingData *data = train->data;
  GString *labels = g_string_new (NULL);
  gsize n_items = 0;
  for (gsize i = 0; i < train->recipe->n_data; i++)
    n_items += data->groups[i].n_items;
  for (unsigned i = 0; i < data->n_labels; i++)
    g_string_append_printf (labels, "%s%s", i == 0 ? "" : " ", data->labels[i]);
  for (guint i = 0; i < data->split->notes->len; i++)
    tool_say ("%s", (const char *) g_ptr_array_index (data->split->notes, i));
  tool_say ("%" G_GSIZE_FORMAT " %s to learn from, %" G_GSIZE_FORMAT " %s to validate on; %u labels: %s", n_items,
      strcmp (data->cases, "windows") == 0 ? "windows" : "clips", data->n_tracks, data->cases, data->n_labels,
      labels->str);
  if (data->n_short > 0)
    tool_say ("%" G_GSIZE_FORMAT " clips of fewer than %u frames are left out", data->n_short,
        train->recipe->min_frames);
  g_string_free (labels, TRUE);
}

/* Decodes what is to be decoded, and loads all of it. */
static gboolean
load_data (Train *train)
{
  const ToolTrainSources *sources = train->sources;
  const guint n = sources->list->len - (sources->validates ? 1 : 0);
  g_autofree const char **sets = g_new (const char *, n + 1);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < sources->list->len; i++)
    sets[i] = ((const ToolTrainSource *) g_ptr_array_index (sources->list, i))->set;
  if (!tool_train_sources_decode (sources, &train->some_failed))
    return FALSE;
  train->data = training_data_load (train->recipe, sets, n, sources->validates ? sets[n] : NULL, &error);
  if (!train->data) {
    tool_fail ("%s", error->message);
    return FALSE;
  }
  for (guint i = 0; i < train->data->split->problems->len; i++)
    tool_fail ("%s", (const char *) g_ptr_array_index (train->data->split->problems, i));
  if (train->options->steps > 0)
    limit_steps (train->recipe, train->data, (unsigned) train->options->steps);
  if (!train->options->quiet)
    say_data (train);
  return TRUE;
}

/* --- what is written ------------------------------------------------------------------------------------------- */

static guint
n_seeds (const Train *train)
{
  return train->recipe->seeds;
}

/* Of the model of a seed, "" or ".seed-N" and so on; the path of the only one is the output's. */
static char *
seed_stem (const Train *train, guint index)
{
  return n_seeds (train) == 1 ? g_strdup (train->stem)
                              : g_strdup_printf ("%s.seed-%u", train->stem, train->recipe->seed + index);
}

static char *
seed_path (const Train *train, guint index)
{
  g_autofree char *stem = seed_stem (train, index);
  return n_seeds (train) == 1 ? g_strdup (train->options->output) : g_strconcat (stem, ".safetensors", NULL);
}

static void
add_model (ToolOutputs *outputs, const char *path, const char *stem)
{
  g_autofree char *card = g_strconcat (stem, ".md", NULL), *curve = g_strconcat (stem, ".svg", NULL);
  tool_outputs_writes (outputs, path, TOOL_KIND_MODEL);
  tool_outputs_writes (outputs, card, TOOL_KIND_CARD);
  tool_outputs_writes (outputs, curve, TOOL_KIND_PICTURE);
}

static void
add_checkpoint (ToolOutputs *outputs, const char *path)
{
  g_autofree char *last = g_strconcat (path, ".checkpoint", NULL);
  g_autofree char *fresh = g_strconcat (last, ".new", NULL), *previous = g_strconcat (last, ".previous", NULL);
  tool_outputs_writes (outputs, last, TOOL_KIND_CHECKPOINT);
  tool_outputs_writes (outputs, fresh, TOOL_KIND_SCRATCH);
  tool_outputs_writes (outputs, previous, TOOL_KIND_SCRATCH);
}

static char *
lock_path (const Train *train)
{
  return g_strconcat (train->stem, ".lock", NULL);
}

static ToolStatus
check_outputs (const Train *train)
{
  const Options *options = train->options;
  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();

  if (options->recipe && g_file_test (options->recipe, G_FILE_TEST_EXISTS))
    tool_outputs_reads (outputs, options->recipe);
  if (train->recipe->initial && g_file_test (train->recipe->initial, G_FILE_TEST_EXISTS))
    tool_outputs_reads (outputs, train->recipe->initial);
  if (!tool_train_sources_add_to (train->sources, outputs))
    return TOOL_USAGE;
  g_autofree char *lock = lock_path (train);
  tool_outputs_writes (outputs, lock, TOOL_KIND_LOCK);
  add_model (outputs, options->output, train->stem);
  for (guint i = 0; i < n_seeds (train); i++) {
    g_autofree char *path = seed_path (train, i), *stem = seed_stem (train, i);
    if (n_seeds (train) > 1)
      add_model (outputs, path, stem);
    add_checkpoint (outputs, path);
  }
  return tool_outputs_check (outputs);
}

/* NULL: said why. */
static ToolLock *
take_lock (const Train *train)
{
  g_autofree char *path = lock_path (train), *output = g_filename_display_name (train->options->output);
  g_autoptr (GError) error = NULL;
  gint64 pid = 0;
  ToolLock *lock = tool_lock_new (path, &pid, &error);

  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN) && pid > 0)
    tool_fail ("another training of %s is running, process %" G_GINT64_FORMAT ": wait for its end, or give another -o",
        output, pid);
  else if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN))
    tool_fail ("another training of %s is running: wait for its end, or give another -o", output);
  else if (error)
    tool_fail ("%s", error->message);
  return lock;
}

/* --- one seed -------------------------------------------------------------------------------------------------- */

static gboolean
save_text (const char *stem, const char *suffix, const char *contents)
{
  g_autofree char *path = g_strconcat (stem, suffix, NULL);
  g_autoptr (GError) error = NULL;
  if (g_file_set_contents (path, contents, -1, &error))
    return TRUE;
  tool_fail ("%s", error->message);
  return FALSE;
}

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

/* The model, its card and its curve. */
static gboolean
save_model (const Train *train, const Training *training, const char *path, const char *stem)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = training_export (training, tool_commit, &error);
  if (!bytes || !safetensors_save (bytes, path, &error)) {
    tool_fail ("%s", error->message);
    return FALSE;
  }
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = printable_text (base);
  g_autofree char *card = training_card (training, name, sha256);
  g_autofree char *curve = training_curve (training);
  const TrainingAccuracy accuracy = training_accuracy (training);
  if (!save_text (stem, ".md", card) || !save_text (stem, ".svg", curve))
    return FALSE;
  g_autofree char *rate = rate_text (accuracy.right_tracks, accuracy.n_tracks);
  if (accuracy.n_tracks > 0)
    printf ("%s: %s of %" G_GSIZE_FORMAT " %s, %.1f %% of answers (%s)\n", name, rate, accuracy.n_tracks,
        train->data->cases, 100 * (double) accuracy.right_windows / (double) MAX (accuracy.n_windows, 1),
        train->data->protocol);
  else
    printf ("%s: not validated\n", name);
  fflush (stdout);
  return TRUE;
}

typedef struct Pace
{
  gint64 began_us, saved_us;
  guint64 windows;
} Pace;

static void
show_step (ToolProgress *progress, const TrainingProgress *now, const Pace *pace, gboolean quiet)
{
  const double seconds = (double) (g_get_monotonic_time () - pace->began_us) / G_USEC_PER_SEC;
  GString *note = g_string_new (NULL);
  g_string_append_printf (note, "loss %.3f, %.0f windows/s", now->loss, (double) pace->windows / MAX (seconds, 1e-3));
  if (!isnan (now->accuracy))
    g_string_append_printf (note, ", %.1f %%", 100 * now->accuracy);
  tool_progress_update (progress, now->step, note->str);
  if (now->validated && !quiet) {
    g_autofree char *rate = rate_text (now->right_tracks, now->n_tracks);
    tool_progress_message (progress, "step %" G_GUINT64_FORMAT ", %s: loss %.3f, %s of the validation%s", now->step,
        now->stage_name, now->loss, rate, now->best ? ", the best so far" : "");
  }
  g_string_free (note, TRUE);
}

/* Steps until it is finished.  FALSE: said why it is not, and what is left on disk. */
static gboolean
run_steps (const Train *train, Training *training, const char *checkpoint)
{
  const Options *options = train->options;
  const gint64 every_us = (gint64) options->checkpoint * G_USEC_PER_SEC;
  TrainingProgress now;
  Pace pace = { 0 };
  g_autoptr (GError) error = NULL;

  /* The first one says at once whether there is room and permission. */
  if (!training_save (training, checkpoint, &error)) {
    tool_fail ("%s", error->message);
    return FALSE;
  }
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
    show_step (progress, &now, &pace, options->quiet);
    if (now.finished || g_get_monotonic_time () - pace.saved_us >= every_us) {
      if (!training_save (training, checkpoint, &error)) {
        tool_progress_message (progress, "gst-genre-1.0: %s", error->message);
        tool_progress_message (progress, "what was saved before is still there: --resume goes on from it");
        return FALSE;
      }
      pace.saved_us = g_get_monotonic_time ();
    }
  }
  if (now.finished)
    return TRUE;
  g_clear_pointer (&progress, tool_progress_free);
  if (now.step == 0 ? !checkpoint_remove (checkpoint, &error) : !training_save (training, checkpoint, &error)) {
    tool_fail ("interrupted; %s", error->message);
    return FALSE;
  }
  tool_fail ("interrupted after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " steps: the same command, or one with "
             "--resume goes on",
      now.step, now.steps);
  return FALSE;
}

/* What is wrong with a checkpoint that is there, as far as can be told before there is data.  FALSE: said. */
static gboolean
check_checkpoint (const Train *train, const char *checkpoint, guint64 seed)
{
  const Options *options = train->options;
  g_autofree char *reason = NULL, *digest = training_digest (train->recipe, seed);
  g_autoptr (GError) error = NULL;

  if (options->restart || !checkpoint_exists (checkpoint))
    return TRUE;
  g_autoptr (Safetensors) file = checkpoint_load (checkpoint, &reason, &error);
  if (!file)
    tool_fail ("%s; --restart throws it away", error->message);
  else if (recipe_is_complete (train) && strcmp (checkpoint_text (file, CHECKPOINT_RECIPE), digest) != 0)
    tool_fail ("%s is of a training by another recipe or another seed: --restart throws it away", checkpoint);
  else if (!options->resume && strcmp (checkpoint_text (file, CHECKPOINT_ORIGIN), train->origin) != 0)
    tool_fail ("%s is of a training on other files: --resume goes on with it if their music is the same, --restart "
               "throws it away",
        checkpoint);
  else
    return TRUE;
  return FALSE;
}

/* Takes up a checkpoint if there is one.  FALSE: said why not. */
static gboolean
take_checkpoint (const Options *options, Training *training, const char *checkpoint)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;

  if (options->restart && !checkpoint_remove (checkpoint, &error)) {
    tool_fail ("%s", error->message);
    return FALSE;
  }
  if (!checkpoint_exists (checkpoint)) {
    if (options->resume && !options->quiet)
      tool_say ("%s is not there: training begins from the start", checkpoint);
    return TRUE;
  }
  if (!training_resume (training, checkpoint, &reason, &error)) {
    tool_fail ("%s; --restart throws it away", error->message);
    return FALSE;
  }
  if (reason)
    tool_say ("%s; the one before it is whole", reason);
  if (!options->quiet) {
    TrainingProgress now;
    training_progress (training, &now);
    tool_say ("resumed after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " steps", now.step, now.steps);
  }
  return TRUE;
}

/* The accuracy in a model's metadata, if this very training of that seed made it; else -1.  NaN: not measured. */
static double
finished_accuracy (const Train *train, const char *path, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  GenreModel *model = g_file_test (path, G_FILE_TEST_EXISTS) ? genre_model_load (path, &error) : NULL;
  if (!model)
    return -1;
  g_autoptr (JsonNode) node = json_from_string (genre_model_training (model), NULL);
  genre_model_unref (model);
  JsonObject *object = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  if (!object || !json_object_has_member (object, "recipe")
      || g_strcmp0 (json_object_get_string_member_with_default (object, "data_digest", ""), train->data->digest) != 0
      || json_object_get_int_member_with_default (object, "seed", -1) != (gint64) seed)
    return -1;
  GString *recipe = g_string_new (NULL);
  train_recipe_append (train->recipe, recipe);
  g_autoptr (JsonNode) wanted = json_from_string (recipe->str, NULL);
  g_string_free (recipe, TRUE);
  if (!json_node_equal (wanted, json_object_get_member (object, "recipe")))
    return -1;
  JsonArray *measured = json_object_has_member (object, "measured") ? json_object_get_array_member (object, "measured")
                                                                    : NULL;
  if (!measured || json_array_get_length (measured) == 0)
    return (double) NAN;
  return json_object_get_double_member_with_default (json_array_get_object_element (measured, 0), "accuracy",
      (double) NAN);
}

/* FALSE: said why. */
static gboolean
train_seed (const Train *train, const char *path, const char *stem, guint64 seed, double *ret_accuracy)
{
  g_autofree char *checkpoint = g_strconcat (path, ".checkpoint", NULL);
  g_autofree char *fresh = g_strconcat (checkpoint, ".new", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Training) training = training_new (train->recipe, train->data, seed, train->threads, &error);
  if (!training) {
    tool_fail ("%s", error->message);
    return FALSE;
  }
  training_set_origin (training, train->origin);
  tool_leftover_add (fresh);
  if (!take_checkpoint (train->options, training, checkpoint) || !run_steps (train, training, checkpoint)
      || !save_model (train, training, path, stem))
    return FALSE;
  const TrainingAccuracy accuracy = training_accuracy (training);
  *ret_accuracy = accuracy.n_tracks > 0 ? (double) accuracy.right_tracks / (double) accuracy.n_tracks : (double) NAN;
  if (checkpoint_remove (checkpoint, &error))
    return TRUE;
  tool_fail ("%s", error->message);
  return FALSE;
}

/* --- all seeds ------------------------------------------------------------------------------------------------- */

static gboolean
copy_file (const char *from, const char *to)
{
  g_autofree char *contents = NULL;
  gsize size = 0;
  g_autoptr (GError) error = NULL;
  if (g_file_get_contents (from, &contents, &size, &error) && g_file_set_contents (to, contents, (gssize) size, &error))
    return TRUE;
  tool_fail ("%s", error->message);
  return FALSE;
}

/* Mean and deviation, and the best one under the name that was asked for. */
static gboolean
choose_seed (const Train *train, const double *accuracies, guint n)
{
  static const char *const suffixes[] = { ".safetensors", ".md", ".svg" };
  double sum = 0, square = 0;
  guint best = 0;
  for (guint i = 0; i < n; i++) {
    sum += accuracies[i];
    square += accuracies[i] * accuracies[i];
    if (accuracies[i] > accuracies[best])
      best = i;
  }
  const double mean = sum / n, variance = (square - sum * mean) / (n - 1);
  if (!isnan (mean)) {
    printf ("%u seeds:", n);
    for (guint i = 0; i < n; i++)
      printf (" %.1f", 100 * accuracies[i]);
    g_autofree char *name = printable_text (train->options->output);
    printf (" %%; mean %.1f %%, deviation %.1f; %s is seed %u\n", 100 * mean, 100 * sqrt (MAX (variance, 0)), name,
        train->recipe->seed + best);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree char *from = g_strdup_printf ("%s.seed-%u%s", train->stem, train->recipe->seed + best, suffixes[i]);
    g_autofree char *to = i == 0 ? g_strdup (train->options->output) : g_strconcat (train->stem, suffixes[i], NULL);
    if (!copy_file (from, to))
      return FALSE;
  }
  return TRUE;
}

static gboolean
train_seeds (const Train *train)
{
  const guint n = n_seeds (train);
  g_autofree double *accuracies = g_new (double, n);

  for (guint i = 0; i < n; i++) {
    const guint seed = train->recipe->seed + i;
    g_autofree char *path = seed_path (train, i), *stem = seed_stem (train, i);
    accuracies[i] = n > 1 && train->options->resume ? finished_accuracy (train, path, seed) : -1;
    if (!(accuracies[i] < 0))
      continue;
    if (n > 1 && !train->options->quiet)
      tool_say ("seed %u, %u of %u", seed, i + 1, n);
    if (!train_seed (train, path, stem, seed, &accuracies[i]))
      return FALSE;
  }
  return n == 1 || choose_seed (train, accuracies, n);
}

/* --- command line ---------------------------------------------------------------------------------------------- */

/* All that can be known before the first file is decoded.  FALSE: said. */
static gboolean
look_ahead (const Train *train)
{
  if (!tool_train_sources_check (train->sources))
    return FALSE;
  if (!training_has_threads (train->threads)) {
    tool_fail ("no memory for %u threads, or no more threads to be had: --threads takes fewer", train->threads);
    return FALSE;
  }
  for (guint i = 0; i < n_seeds (train); i++) {
    g_autofree char *path = seed_path (train, i), *checkpoint = g_strconcat (path, ".checkpoint", NULL);
    if (!check_checkpoint (train, checkpoint, train->recipe->seed + i))
      return FALSE;
  }
  return TRUE;
}

/* With a recipe. */
static ToolStatus
run_recipe (Train *train, char **sources)
{
  const Options *options = train->options;
  const char *validation = g_strcmp0 (options->validation, "none") == 0 ? NULL : options->validation;
  g_autoptr (ToolRecordingCache) cache = tool_extraction_open_cache (options->no_cache);

  train->sources = tool_train_sources_new (train->recipe, sources, validation, train->stem, train->threads,
      options->quiet, cache);
  if (!train->sources)
    return TOOL_FAILED;
  train->origin = tool_train_sources_digest (train->sources);
  const ToolStatus status = check_outputs (train);
  if (status != TOOL_OK)
    return status;
  g_autoptr (ToolLock) lock = take_lock (train); /* before checkpoints, which may be of the one that has it */
  if (!lock || !look_ahead (train) || !load_data (train) || !train_seeds (train))
    return TOOL_FAILED;
  return train->some_failed ? TOOL_FAILED : TOOL_OK;
}

static ToolStatus
run (const Options *options, char **sources)
{
  Train train = { .options = options, .threads = tool_jobs (options->threads) };
  g_autoptr (GError) error = NULL;
  ToolStatus status = TOOL_OK;

  train.recipe = load_recipe (options, &error);
  if (!train.recipe)
    return tool_fail ("%s", error->message);
  if (options->print_recipe) {
    g_autofree char *printed = train_recipe_print (train.recipe);
    puts (printed);
  } else {
    train.stem = g_str_has_suffix (options->output, ".safetensors")
        ? g_strndup (options->output, strlen (options->output) - strlen (".safetensors"))
        : g_strdup (options->output);
    tool_catch_interrupts ();
    gst_init (NULL, NULL);
    status = run_recipe (&train, sources);
  }
  training_data_free (train.data);
  tool_train_sources_free (train.sources);
  train_recipe_free (train.recipe);
  g_free (train.origin);
  g_free (train.stem);
  return status;
}

static ToolStatus
check (const Options *options, char **sources)
{
  if (options->print_recipe)
    return TOOL_OK;
  if (!sources || !sources[0])
    return tool_usage_error ("train", "expected a directory or feature sets, found none");
  if (!options->output)
    return tool_usage_error ("train", "expected -o MODEL, found none");
  if (g_file_test (options->output, G_FILE_TEST_IS_DIR))
    return tool_usage_error ("train", "expected -o MODEL, found the directory %s", options->output);
  if (options->resume && options->restart)
    return tool_usage_error ("train", "expected --resume or --restart, found both");
  if (options->steps != -1 && options->epochs != -1)
    return tool_usage_error ("train", "expected --steps or --epochs, found both");
  if (options->protocol && strcmp (options->protocol, "groups") != 0
      && strcmp (options->protocol, "leaky-segments") != 0)
    return tool_usage_error ("train", "expected --protocol groups or leaky-segments, found %s", options->protocol);
  const struct
  {
    const char *name;
    int value, least, most;
  } numbers[] = {
    { "--seed", options->seed, 0, 1000000000 },
    { "--seeds", options->seeds, 1, 1000 },
    { "--threads", options->threads, 1, TOOL_MAX_JOBS },
    { "--steps", options->steps, 1, 1000000000 },
    { "--epochs", options->epochs, 1, 1000000000 },
    { "--checkpoint", options->checkpoint, 0, 1000000000 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i].value != -1 && (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most))
      return tool_usage_error ("train", "expected %s from %d to %d, found %d", numbers[i].name, numbers[i].least,
          numbers[i].most, numbers[i].value);
  return TOOL_OK;
}

ToolStatus
tool_train (int n, char **arguments)
{
  Options options = { .seed = -1,
    .seeds = -1,
    .threads = -1,
    .steps = -1,
    .epochs = -1,
    .checkpoint = CHECKPOINT_SECONDS };
  g_auto (GStrv) sources = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "The model to write", "MODEL" },
    { "recipe", 'r', 0, G_OPTION_ARG_FILENAME, &options.recipe,
        "How: a JSON file, or default, small, genre-crnn, deck-cnn-gru, deck-cnn-lstm, and these two with -teacher",
        "RECIPE" },
    { "validation", 0, 0, G_OPTION_ARG_FILENAME, &options.validation,
        "A set or directory to choose the best weights by; or none", "SET" },
    { "protocol", 0, 0, G_OPTION_ARG_STRING, &options.protocol,
        "What to hold back without it: groups (recordings, artists), or leaky-segments", "NAME" },
    { "initial", 0, 0, G_OPTION_ARG_FILENAME, &options.initial,
        "Model whose weights to begin with; default: the embedded one; none: random", "MODEL" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &options.seed, "Of all that is random", "N" },
    { "seeds", 0, 0, G_OPTION_ARG_INT, &options.seeds, "So many runs; the best one is the model", "N" },
    { "threads", 't', 0, G_OPTION_ARG_INT, &options.threads, "Default: one a processor; the model is the same", "N" },
    { "steps", 0, 0, G_OPTION_ARG_INT, &options.steps, "Of all stages together", "N" },
    { "epochs", 0, 0, G_OPTION_ARG_INT, &options.epochs, "Of each stage", "N" },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &options.resume,
        "Go on where an interrupted run ended, also if its files have other names or times", NULL },
    { "restart", 0, 0, G_OPTION_ARG_NONE, &options.restart, "Forget an interrupted run", NULL },
    { "checkpoint", 0, 0, G_OPTION_ARG_INT, &options.checkpoint, "Seconds from one to the next; default: 60", "N" },
    { "print-recipe", 0, 0, G_OPTION_ARG_NONE, &options.print_recipe, "Print the recipe with every key, and end",
        NULL },
    { "no-cache", 0, 0, G_OPTION_ARG_NONE, &options.no_cache, "Decode all of it, and keep nothing", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Only say what fails, and the result", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &sources, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (tool_parse_options ("train", "DIRECTORY|SET... -o MODEL", text, entries, n, arguments, &status)) {
    status = check (&options, sources);
    if (status == TOOL_OK)
      status = run (&options, sources);
  }
  g_free (options.output);
  g_free (options.recipe);
  g_free (options.validation);
  g_free (options.initial);
  g_free (options.protocol);
  return status;
}
