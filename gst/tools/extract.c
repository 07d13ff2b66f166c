/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 extract - a directory of music -> a feature set.
 */
#include "gst/tools/extraction.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/outputs.h"

#include <gst/gst.h>
#include <string.h>

typedef struct Options
{
  char *output, *model, *type;
  int jobs;
  gboolean unlabelled, not_music, quiet, no_cache;
} Options;

static ToolStatus
check_output (const Options *options, const ToolFiles *files, const char *directory)
{
  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();

  tool_outputs_reads (outputs, directory);
  if (options->model)
    tool_outputs_reads (outputs, options->model);
  for (guint i = 0; i < files->files->len; i++)
    tool_outputs_reads (outputs, ((const ToolFile *) g_ptr_array_index (files->files, i))->path);
  tool_outputs_writes (outputs, options->output, TOOL_KIND_SET);
  return tool_outputs_check (outputs);
}

static ToolStatus
extract (const Options *options, const char *directory)
{
  g_autoptr (GError) error = NULL;
  GenreModel *model = options->model ? genre_model_load (options->model, &error) : genre_model_default (&error);
  if (!model)
    return tool_fail ("%s", error->message);

  tool_catch_interrupts ();
  gst_init (NULL, NULL);
  g_autoptr (ToolRecordingCache) cache = tool_extraction_open_cache (options->no_cache);
  const ToolExtractionConfig config = {
    .recipe = genre_model_frontend (model),
    .min_frames = genre_model_min_frames (model),
    .layout = options->unlabelled || options->not_music ? TOOL_LAYOUT_FLAT : TOOL_LAYOUT_GENRES,
    .not_music = options->not_music,
    .type = g_strcmp0 (options->type, "f16") == 0 ? SAFETENSORS_F16 : SAFETENSORS_U8,
    .jobs = tool_jobs (options->jobs),
    .quiet = options->quiet,
    .cache = cache,
  };
  gboolean written;
  g_autoptr (ToolFiles) files = tool_extraction_scan (&config, directory);
  ToolStatus status = files ? check_output (options, files, directory) : TOOL_FAILED;
  if (status == TOOL_OK)
    status = tool_extraction_run (&config, files, directory, options->output, NULL, &written);
  genre_model_unref (model);
  return status;
}

static const char text[] =
    "A directory with one folder per genre gives clips with labels: the names of the folders.  A\n"
    "directory without folders gives clips without labels, and so does --unlabelled.  A genre's\n"
    "folder may have folders in it.  Recordings are cut into clips of 387 frames; a file that cannot be\n"
    "decoded is reported, and the others are used.  If SET exists, it must be a feature set, and\n"
    "is replaced when the new one is complete.  Decoded recordings are kept (not with --no-cache)\n"
    "in ~/.cache/genreclassify or $XDG_CACHE_HOME/genreclassify, 8 GiB at most, so that the next\n"
    "run, also after Ctrl-C, decodes only new files.  That folder may be deleted at any time.\n"
    "\n"
    "  gst-genre-1.0 extract ~/Music/by-genre -o music.safetensors\n"
    "  gst-genre-1.0 extract ~/Music/new -o new.safetensors --unlabelled\n";

static ToolStatus
check (const Options *options, char **directories)
{
  if (!directories || !directories[0])
    return tool_usage_error ("extract", "expected a directory, found none");
  if (directories[1])
    return tool_usage_error ("extract", "expected one directory, found %u", g_strv_length (directories));
  if (!options->output)
    return tool_usage_error ("extract", "expected -o SET, found none");
  if (options->jobs < 0 || options->jobs > TOOL_MAX_JOBS)
    return tool_usage_error ("extract", "expected --jobs from 1 to %d, found %d", TOOL_MAX_JOBS, options->jobs);
  if (options->type && strcmp (options->type, "u8") != 0 && strcmp (options->type, "f16") != 0)
    return tool_usage_error ("extract", "expected --type u8 or f16, found %s", options->type);
  return TOOL_OK;
}

ToolStatus
tool_extract (int n, char **arguments)
{
  Options options = { 0 };
  char **directories = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "The feature set to write", "SET" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options.model,
        "Model whose front end is used; default: the embedded one", "MODEL" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Files decoded at the same time; default: number of CPUs", "N" },
    { "type", 0, 0, G_OPTION_ARG_STRING, &options.type, "u8, 256 steps over 80 dB, or f16, twice as large; default: u8",
        "TYPE" },
    { "unlabelled", 'u', 0, G_OPTION_ARG_NONE, &options.unlabelled, "The names of folders are not labels", NULL },
    { "not-music", 0, 0, G_OPTION_ARG_NONE, &options.not_music,
        "None of the files is music; train and evaluate use them as examples of that", NULL },
    { "no-cache", 0, 0, G_OPTION_ARG_NONE, &options.no_cache, "Decode every file, and keep nothing for the next time",
        NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print only errors", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &directories, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (tool_parse_options ("extract", "DIRECTORY -o SET", text, entries, n, arguments, &status)) {
    status = check (&options, directories);
    if (status == TOOL_OK)
      status = extract (&options, directories[0]);
  }
  tool_clear_options (entries);
  return status;
}
