/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 features - recordings -> tables of what can be measured in them: the ten descriptors.
 */
#include "gst/tools/decode.h"
#include "gst/tools/feature_rows.h"
#include "gst/tools/files.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/jobs.h"
#include "gst/tools/output.h"
#include "gst/tools/outputs.h"
#include "gst/tools/progress.h"
#include "gst/tools/walk.h"
#include "models/file/json_write.h"

#include <gst/gst.h>

typedef struct Options
{
  char *output, *per, *only;
  int jobs;
  gboolean json, tsv, quiet;
} Options;

/* What a job made of a recording. */
typedef struct Result
{
  ToolSpool *rows; /* NULL: none, `error` says why */
  ToolFeatureReport report;
  GError *error;
} Result;

typedef struct Run
{
  const Options *options;
  const GPtrArray *inputs; /* of ToolInput */
  ToolFeatureColumns *columns;
  ToolOutput *output;
  ToolProgress *progress;
  ToolRowFormat format;
  guint failed;
  gboolean broken; /* the output: nothing can be written any more */
} Run;

/* --- one recording ---------------------------------------------------------------------------------------------- */

static void
free_result (gpointer data)
{
  Result *result = data;
  tool_spool_free (result->rows);
  g_clear_error (&result->error);
  g_free (result);
}

static gpointer
read_input (gpointer data, gpointer state, gsize index)
{
  const Run *run = data;
  const ToolInput *input = g_ptr_array_index (run->inputs, index);
  g_autofree char *name = tool_file_name (input->location), *uri = tool_input_uri (input);
  Result *result = g_new0 (Result, 1);

  (void) state;
  result->rows = tool_spool_new ();
  if (input->problem)
    g_set_error_literal (&result->error, G_FILE_ERROR, G_FILE_ERROR_FAILED, input->problem);
  else
    tool_feature_rows (run->columns, input->location, name, uri ? uri : "", result->rows, &result->report,
        &result->error);
  return result;
}

/* Its line in JSON, where there is one a recording. */
static gboolean
write_failure (const Run *run, const char *name, const char *uri, const char *reason)
{
  if (run->format != TOOL_ROW_JSON)
    return TRUE;
  g_autoptr (GString) line = g_string_new ("{");
  json_add_string (line, "file", name);
  json_add_string (line, "uri", uri ? uri : "");
  json_add_string (line, "error", reason);
  g_string_append (line, "}\n");
  return tool_output_write (run->output, line->str, line->len);
}

/* FALSE: the output is broken, or the spool is, which is `error`. */
static gboolean
write_rows (Run *run, Result *result)
{
  const char *text;
  gsize size;

  while (tool_spool_read (result->rows, &text, &size, &result->error)) {
    if (size == 0)
      return TRUE;
    if (!tool_output_write (run->output, text, size)) {
      run->broken = TRUE;
      return FALSE;
    }
  }
  return FALSE;
}

static void
take_failure (Run *run, const ToolInput *input, const char *name, const char *reason)
{
  g_autofree char *uri = tool_input_uri (input);

  run->failed++;
  tool_progress_message (run->progress, "%s: %s", name, reason);
  run->broken |= !write_failure (run, name, uri, reason);
}

static gboolean
take_result (gpointer data, gsize index, gpointer taken)
{
  Run *run = data;
  Result *result = taken;
  const ToolInput *input = g_ptr_array_index (run->inputs, index);
  g_autofree char *name = tool_file_name (input->location);

  if (!result->error)
    write_rows (run, result);
  if (result->error)
    take_failure (run, input, name, result->error->message);
  else if (result->report.cancelled)
    tool_progress_message (run->progress, "%s: %s", name, GENRE_DECODER_CANCELLED);
  free_result (result);
  return !run->broken;
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

static ToolJobsEnd
read_all (Run *run)
{
  run->progress = tool_progress_new ("features", run->inputs->len, run->options->quiet);
  const ToolJobs jobs = {
    .n_jobs = run->inputs->len,
    .n_threads = tool_jobs (run->options->jobs),
    .data = run,
    .work = read_input,
    .take = take_result,
    .drop = free_result,
    .shown = run->progress,
  };
  const ToolJobsEnd end = tool_jobs_run (&jobs);
  g_clear_pointer (&run->progress, tool_progress_free);
  return end;
}

static ToolStatus
run_all (Run *run)
{
  g_autoptr (GString) header = g_string_new (NULL);

  tool_feature_columns_append_header (run->columns, header);
  if (!tool_output_write (run->output, header->str, header->len))
    return TOOL_FAILED;
  const ToolJobsEnd end = read_all (run);
  if (end == TOOL_JOBS_INTERRUPTED)
    return tool_fail ("interrupted%s", run->options->output ? ": nothing is written" : "");
  if (end == TOOL_JOBS_NO_MEMORY)
    return tool_fail ("no memory for %u jobs, or the system allows no more threads", tool_jobs (run->options->jobs));
  if (run->broken || !tool_output_finish (run->output))
    return TOOL_FAILED;
  return run->failed == 0 ? TOOL_OK
                          : tool_fail ("%u of %u recordings could not be read", run->failed, run->inputs->len);
}

static ToolStatus
check_output (const Options *options, const GPtrArray *inputs)
{
  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();

  for (guint i = 0; i < inputs->len; i++) {
    const ToolInput *input = g_ptr_array_index (inputs, i);
    if (!input->is_uri)
      tool_outputs_reads (outputs, input->location);
  }
  if (options->output)
    tool_outputs_writes (outputs, options->output, TOOL_KIND_TABLE);
  return tool_outputs_check (outputs);
}

static ToolStatus
features (const Options *options, const ToolFeaturesConfig *config, char **locations)
{
  tool_catch_interrupts ();
  gst_init (NULL, NULL);
  g_autoptr (ToolWalk) walk = tool_walk_new ();
  for (char **location = locations; *location; location++)
    tool_walk_add (walk, *location);
  if (walk->inputs->len == 0)
    return tool_fail ("found no music to read");
  const ToolStatus status = check_output (options, walk->inputs);
  if (status != TOOL_OK)
    return status;

  g_autoptr (ToolFeatureColumns) columns = tool_feature_columns_new (config);
  g_autoptr (ToolOutput) output = tool_output_new (options->output);
  Run run = {
    .options = options,
    .inputs = walk->inputs,
    .columns = columns,
    .output = output,
    .format = config->format,
  };
  return run_all (&run);
}

/* --- the command line ------------------------------------------------------------------------------------------- */

static const char text_before[] =
    "Writes one row per recording: mean and standard deviation of each value below over the whole\n"
    "recording.  These are the descriptors, as --only takes them:\n"
    "\n";

static const char text_after[] =
    "\n"
    "The last four describe texture windows of 5.94 s, one every 2.97 s; their cells are empty if a\n"
    "recording is shorter.  A frame is 93 ms long, one every 23 ms.  At any sampling rate, the values\n"
    "are those of librosa at 22050 Hz; docs/features.md has the formulas.  If FILE exists, it must be\n"
    "a table of this program.  Long results wait in $TMPDIR or /tmp until they are written in order.\n"
    "\n"
    "  gst-genre-1.0 features ~/Music -o features.csv\n"
    "  gst-genre-1.0 features --per frame --only spectral_centroid,mfcc song.flac > frames.csv\n"
    "  gst-genre-1.0 features --json http://example.org/song.ogg\n";

static char *
help_text (void)
{
  GString *text = g_string_new (text_before);

  for (gsize i = 0; i < GENRE_N_DESCRIPTORS; i++)
    g_string_append_printf (text, "  %-18s %s\n", genre_descriptor (i)->name, genre_descriptor (i)->help);
  g_string_append (text, text_after);
  return g_string_free (text, FALSE);
}

static ToolStatus
read_per (const Options *options, ToolFeaturesConfig *config)
{
  static const char *const names[] = {
    [TOOL_FEATURES_PER_FILE] = "file",
    [TOOL_FEATURES_PER_TEXTURE] = "texture",
    [TOOL_FEATURES_PER_FRAME] = "frame",
    NULL,
  };
  const int found = options->per ? tool_find_word (names, options->per) : TOOL_FEATURES_PER_FILE;

  if (found < 0)
    return tool_usage_error ("features", "expected --per file, texture or frame, found %s", options->per);
  config->per = (ToolFeaturesPer) found;
  return TOOL_OK;
}

static ToolStatus
read_only (const Options *options, ToolFeaturesConfig *config)
{
  g_auto (GStrv) names = g_strsplit (options->only ? options->only : "", ",", -1);

  for (gsize i = 0; i < GENRE_N_DESCRIPTORS && !options->only; i++)
    config->wanted[i] = TRUE;
  if (options->only && !names[0])
    return tool_usage_error ("features", "expected descriptors in --only, found none");
  for (char **name = names; *name; name++) {
    const GenreDescriptor *descriptor = genre_descriptor_find (*name);
    if (!descriptor)
      return tool_usage_error ("features", "expected descriptors in --only, found \"%s\"", *name);
    if (config->per == TOOL_FEATURES_PER_FRAME && descriptor->first >= GENRE_FRAME_VALUES)
      return tool_usage_error ("features", "%s needs a texture window: expected --per file or texture, found frame",
          *name);
    config->wanted[descriptor - genre_descriptor (0)] = TRUE;
  }
  return TOOL_OK;
}

static ToolStatus
check (const Options *options, char **locations, ToolFeaturesConfig *config)
{
  if (!locations || !locations[0])
    return tool_usage_error ("features", "expected files, directories or URIs, found none");
  if (options->json && options->tsv)
    return tool_usage_error ("features", "expected --json or --tsv, found both");
  if (options->jobs < 0 || options->jobs > TOOL_MAX_JOBS)
    return tool_usage_error ("features", "expected --jobs from 1 to %d, found %d", TOOL_MAX_JOBS, options->jobs);
  config->format = options->json ? TOOL_ROW_JSON : options->tsv ? TOOL_ROW_TSV : TOOL_ROW_CSV;
  const ToolStatus status = read_per (options, config);
  return status == TOOL_OK ? read_only (options, config) : status;
}

ToolStatus
tool_features (int n, char **arguments)
{
  Options options = { 0 };
  char **locations = NULL;
  g_autofree char *text = help_text ();
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "File of the table; default: standard output", "FILE" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON object per line instead of CSV", NULL },
    { "tsv", 0, 0, G_OPTION_ARG_NONE, &options.tsv, "Columns separated by tabs instead of CSV", NULL },
    { "per", 0, 0, G_OPTION_ARG_STRING, &options.per, "One row per file, texture (window) or frame; default: file",
        "WHAT" },
    { "only", 0, 0, G_OPTION_ARG_STRING, &options.only, "Only these descriptors; default: all", "NAME,..." },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Files read at the same time; default: number of CPUs", "N" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Show no progress", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &locations, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (tool_parse_options ("features", "FILES|DIRECTORIES|URIS", text, entries, n, arguments, &status)) {
    ToolFeaturesConfig config = { 0 };
    status = check (&options, locations, &config);
    if (status == TOOL_OK)
      status = features (&options, &config, locations);
  }
  tool_clear_options (entries);
  return status;
}
