/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 train - folders of music, or feature sets -> a model of one's own genres.
 *
 * Beside MODEL.safetensors come MODEL.md, its card, and MODEL.svg, the learning curve; while it runs MODEL.lock and
 * MODEL.safetensors.checkpoint, and for each directory MODEL-DIRECTORY.features.safetensors, which stays.  All that can
 * be known to be wrong is said before the first file is decoded.
 */
#include "gst/tools/interrupt.h"
#include "gst/tools/lock.h"
#include "gst/tools/output.h"
#include "gst/tools/outputs.h"
#include "gst/tools/train_run.h"
#include "gst/tools/train_sources.h"
#include "models/file/printable.h"

#include <gst/gst.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One run of the subcommand. */
typedef struct Train
{
  const ToolTrainOptions *options;
  TrainRecipe *recipe;
  ToolTrainSources *sources;
  char *origin; /* of the data, for checkpoints */
  TrainingData *data;
  char *stem; /* of the files beside the model */
  guint threads;
  gboolean some_failed; /* files that could not be decoded, but the rest went on */
} Train;

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
  g_autofree TrainingSource *list = tool_train_sources_list (sources);
  g_autoptr (GError) error = NULL;

  if (!tool_train_sources_decode (sources, &train->some_failed))
    return FALSE;
  train->data = training_data_load (train->recipe, list, sources->list->len, &error);
  if (!train->data)
    return tool_reject ("%s", error->message);
  for (guint i = 0; i < train->data->split->problems->len; i++)
    tool_fail ("%s", (const char *) g_ptr_array_index (train->data->split->problems, i));
  if (train->options->steps > 0)
    tool_train_limit_steps (train->recipe, train->data, (unsigned) train->options->steps);
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

static ToolTrainRun
seed_run (const Train *train, guint index, const char *path, const char *stem)
{
  return (ToolTrainRun){
    .options = train->options,
    .recipe = train->recipe,
    .data = train->data,
    .origin = train->origin,
    .path = path,
    .stem = stem,
    .seed = train->recipe->seed + index,
    .threads = train->threads,
  };
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
  const ToolTrainOptions *options = train->options;
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

/* --- all seeds ------------------------------------------------------------------------------------------------- */

static gboolean
copy_file (const char *from, const char *to)
{
  g_autofree char *contents = NULL;
  gsize size = 0;
  g_autoptr (GError) error = NULL;
  if (g_file_get_contents (from, &contents, &size, &error))
    return tool_output_save (to, contents, size);
  return tool_reject ("%s", error->message);
}

/* Mean and deviation of the mean recall, and the best one under the name that was asked for. */
static gboolean
choose_seed (const Train *train, const double *recalls, guint n)
{
  static const char *const suffixes[] = { ".safetensors", ".md", ".svg" };
  double sum = 0, square = 0;
  guint best = 0;
  for (guint i = 0; i < n; i++) {
    sum += recalls[i];
    square += recalls[i] * recalls[i];
    if (recalls[i] > recalls[best])
      best = i;
  }
  const double mean = sum / n, variance = (square - sum * mean) / (n - 1);
  if (!isnan (mean)) {
    printf ("%u seeds, mean recall:", n);
    for (guint i = 0; i < n; i++)
      printf (" %.1f", 100 * recalls[i]);
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
  g_autofree double *recalls = g_new (double, n);

  for (guint i = 0; i < n; i++) {
    const guint seed = train->recipe->seed + i;
    g_autofree char *path = seed_path (train, i), *stem = seed_stem (train, i);
    const ToolTrainRun run = seed_run (train, i, path, stem);
    recalls[i] = n > 1 && train->options->resume ? tool_train_run_finished (&run) : -1;
    if (!(recalls[i] < 0))
      continue;
    if (n > 1 && !train->options->quiet)
      tool_say ("seed %u, %u of %u", seed, i + 1, n);
    if (!tool_train_run (&run, &recalls[i]))
      return FALSE;
  }
  return n == 1 || choose_seed (train, recalls, n);
}

/* --- the command ----------------------------------------------------------------------------------------------- */

/* All that can be known before the first file is decoded.  FALSE: said. */
static gboolean
look_ahead (const Train *train)
{
  if (!tool_train_sources_check (train->sources))
    return FALSE;
  if (!training_has_threads (train->threads))
    return tool_reject ("no memory for %u threads, or the system allows no more: give a smaller --threads",
        train->threads);
  for (guint i = 0; i < n_seeds (train); i++) {
    g_autofree char *path = seed_path (train, i), *stem = seed_stem (train, i);
    const ToolTrainRun run = seed_run (train, i, path, stem);
    if (!tool_train_run_check (&run))
      return FALSE;
  }
  return TRUE;
}

/* With a recipe. */
static ToolStatus
run_recipe (Train *train)
{
  const ToolTrainOptions *options = train->options;
  char *const *validation = tool_train_options_validates (options) ? options->validation : NULL;
  g_autoptr (ToolRecordingCache) cache = tool_extraction_open_cache (options->no_cache);

  train->sources = tool_train_sources_new (train->recipe, options->sources, options->not_music, validation, train->stem,
      train->threads, options->quiet, cache);
  if (!train->sources)
    return TOOL_FAILED;
  g_autofree TrainingSource *list = tool_train_sources_list (train->sources);
  if (!training_data_has_not_music (train->recipe, list, train->sources->list->len))
    train_recipe_drop_not_music (train->recipe);
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
run (const ToolTrainOptions *options)
{
  Train train = { .options = options, .threads = tool_jobs (options->threads) };
  g_autoptr (GError) error = NULL;
  ToolStatus status = TOOL_OK;

  train.recipe = tool_train_options_recipe (options, &error);
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
    status = run_recipe (&train);
  }
  training_data_free (train.data);
  tool_train_sources_free (train.sources);
  train_recipe_free (train.recipe);
  g_free (train.origin);
  g_free (train.stem);
  return status;
}

ToolStatus
tool_train (int n, char **arguments)
{
  ToolTrainOptions options;
  ToolStatus status = TOOL_OK;

  if (tool_train_options_parse (&options, n, arguments, &status))
    status = run (&options);
  tool_train_options_clear (&options);
  return status;
}
