/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/train_options.h"

#include <math.h>
#include <string.h>

static const int CHECKPOINT_SECONDS = 60;

static const char text[] =
    "A directory with one folder per genre is decoded first; feature sets, as extract writes them, are\n"
    "used as they are.  Some recordings are held back: they choose the best weights.  With --validation,\n"
    "another set chooses them.\n"
    "\n"
    "After Ctrl-C, or a crash, the same command continues the training.  Decoded recordings are kept in\n"
    "~/.cache/genreclassify or $XDG_CACHE_HOME/genreclassify, 8 GiB at most, which may be deleted at any\n"
    "time.  If MODEL exists, it must be a model, and is replaced in the end; so are its card, MODEL.md,\n"
    "and its learning curve, MODEL.svg.\n"
    "\n"
    "  gst-genre-1.0 train ~/Music/by-genre -o mine.safetensors\n"
    "  gst-genre-1.0 train train.safetensors --validation valid.safetensors -o mine.safetensors\n"
    "  gst-launch-1.0 -m filesrc location=song.mp3 ! decodebin ! audioconvert ! genreclassify \\\n"
    "      model=mine.safetensors ! fakesink\n"
    "\n"
    "docs/training.md explains recipes; --print-recipe prints one, which you can edit.\n";

/* --- recipe ---------------------------------------------------------------------------------------------------- */

gboolean
tool_train_limit_steps (TrainRecipe *recipe, const TrainingData *data, unsigned steps)
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

gboolean
tool_train_recipe_is_final (const ToolTrainOptions *options, const TrainRecipe *recipe)
{
  for (gsize i = 0; options->steps > 0 && i < recipe->n_stages; i++)
    if (recipe->stages[i].epochs > 0)
      return FALSE;
  return TRUE;
}

TrainRecipe *
tool_train_options_recipe (const ToolTrainOptions *options, GError **error)
{
  TrainRecipe *recipe = train_recipe_load (options->recipe ? options->recipe : "default", error);
  if (!recipe)
    return NULL;
  if (options->seed >= 0)
    recipe->seed = (unsigned) options->seed;
  if (options->seeds > 0)
    recipe->seeds = (unsigned) options->seeds;
  if (options->steps > 0)
    tool_train_limit_steps (recipe, NULL, (unsigned) options->steps);
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
  if (options->validation && !tool_train_options_validates (options))
    recipe->protocol = TRAIN_PROTOCOL_NONE;
  return recipe;
}

gboolean
tool_train_options_validates (const ToolTrainOptions *options)
{
  return options->validation && (strcmp (options->validation[0], "none") != 0 || options->validation[1]);
}

/* --- command line ---------------------------------------------------------------------------------------------- */

static ToolStatus
check (const ToolTrainOptions *options)
{
  if (options->print_recipe)
    return TOOL_OK;
  if (!options->sources || !options->sources[0])
    return tool_usage_error ("train", "expected a directory or feature sets, found none");
  if (!options->output)
    return tool_usage_error ("train", "expected -o MODEL, found none");
  if (g_file_test (options->output, G_FILE_TEST_IS_DIR))
    return tool_usage_error ("train", "expected -o MODEL, found the directory %s", options->output);
  if (options->validation && g_strv_length (options->validation) > TRAINING_MAX_TESTS)
    return tool_usage_error ("train", "expected at most %d times --validation, found %u", TRAINING_MAX_TESTS,
        g_strv_length (options->validation));
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

gboolean
tool_train_options_parse (ToolTrainOptions *options, int n, char **arguments, ToolStatus *ret_status)
{
  *options = (ToolTrainOptions){ .seed = -1,
    .seeds = -1,
    .threads = -1,
    .steps = -1,
    .epochs = -1,
    .checkpoint = CHECKPOINT_SECONDS };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "The model to write", "MODEL" },
    { "recipe", 'r', 0, G_OPTION_ARG_FILENAME, &options->recipe,
        "A JSON file, or default, small, genre-crnn, deck-cnn-gru, deck-cnn-lstm, or one of the last three "
        "with -teacher",
        "RECIPE" },
    { "validation", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->validation,
        "A set or directory that chooses the best weights; may be given several times; or none", "SET" },
    { "not-music", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->not_music,
        "A set or directory of sounds that are not music: speech, noises; may be given several times", "SET" },
    { "protocol", 0, 0, G_OPTION_ARG_STRING, &options->protocol,
        "What is held back without --validation: groups (recordings, artists), or leaky-segments", "NAME" },
    { "initial", 0, 0, G_OPTION_ARG_FILENAME, &options->initial,
        "A model whose weights the training begins with; or default, the embedded one; or none, random weights",
        "MODEL" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &options->seed, "Seed of all random numbers", "N" },
    { "seeds", 0, 0, G_OPTION_ARG_INT, &options->seeds,
        "Number of runs, each with the next seed; the best one becomes the model", "N" },
    { "threads", 't', 0, G_OPTION_ARG_INT, &options->threads,
        "Number of threads; default: number of CPUs; the model does not depend on it", "N" },
    { "steps", 0, 0, G_OPTION_ARG_INT, &options->steps, "Number of steps of all stages together", "N" },
    { "epochs", 0, 0, G_OPTION_ARG_INT, &options->epochs, "Number of epochs of each stage", "N" },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &options->resume,
        "Continue an interrupted run, even if its files have other names or times", NULL },
    { "restart", 0, 0, G_OPTION_ARG_NONE, &options->restart,
        "Delete the checkpoint of an interrupted run and begin again", NULL },
    { "checkpoint", 0, 0, G_OPTION_ARG_INT, &options->checkpoint, "Seconds between two checkpoints; default: 60", "N" },
    { "print-recipe", 0, 0, G_OPTION_ARG_NONE, &options->print_recipe, "Print the recipe with every key and exit",
        NULL },
    { "no-cache", 0, 0, G_OPTION_ARG_NONE, &options->no_cache, "Decode every file, and keep nothing for the next time",
        NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Print only errors and the result", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->sources, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  if (!tool_parse_options ("train", "DIRECTORY|SET... -o MODEL", text, entries, n, arguments, ret_status))
    return FALSE;
  *ret_status = check (options);
  return *ret_status == TOOL_OK;
}

void
tool_train_options_clear (ToolTrainOptions *options)
{
  g_free (options->output);
  g_free (options->recipe);
  g_strfreev (options->validation);
  g_strfreev (options->not_music);
  g_free (options->initial);
  g_free (options->protocol);
  g_strfreev (options->sources);
}
