/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 evaluate - how good a model is on labelled music.
 */
#include "gst/tools/evaluate_source.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/outputs.h"
#include "gst/tools/report.h"
#include "models/file/safetensors_writer.h"

#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

typedef struct Options
{
  char *csv, *tracks_csv, *confusion_svg, *seconds_svg, *compare, *calibrate, *output;
  gboolean json, gain, seconds, quiet, no_cache;
  int jobs;
} Options;

/* --- models ---------------------------------------------------------------------------------------------------- */

/* NULL: said on stderr. */
static GenreModel *
load_model (const char *path)
{
  g_autoptr (GError) error = NULL;
  GenreModel *model = genre_model_load (path, &error);

  if (!model)
    tool_fail ("%s", error->message);
  return model;
}

/* *model becomes the calibrated one, and is written.  FALSE: said on stderr. */
static gboolean
calibrate (const Options *options, const char *path, const GenreFeatureSet *set, GenreModel **model,
    const ToolEvaluationConfig *config, ToolCalibration *ret_calibration)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  GenreModel *calibrated = tool_calibrate (*model, name, set, config, ret_calibration, &bytes, &error);
  if (calibrated && (ret_calibration->changed || options->output))
    safetensors_save (bytes, options->output ? options->output : path, &error);
  if (error) {
    genre_model_unref (calibrated);
    tool_fail ("%s", error->message);
    return FALSE;
  }
  genre_model_unref (*model);
  *model = calibrated;
  return TRUE;
}

/* --- results --------------------------------------------------------------------------------------------------- */

static gboolean
write_files (const Options *options, const ToolReport *report)
{
  const struct
  {
    const char *path;
    char *(*text) (const ToolReport *report);
  } files[] = {
    { options->csv, tool_report_confusion_csv },
    { options->tracks_csv, tool_report_tracks_csv },
    { options->confusion_svg, tool_report_confusion_svg },
    { options->seconds_svg, tool_report_seconds_svg },
  };
  gboolean ok = TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *text = files[i].path ? files[i].text (report) : NULL;
    ok &= !text || tool_output_save (files[i].path, text, strlen (text));
  }
  return ok;
}

static void
print_report (const Options *options, const ToolReport *report)
{
  g_autofree char *text = options->json ? tool_report_json (report) : tool_report_text (report);

  fputs (text, stdout);
}

/* Fills all but `calibration` of the report, says it and writes it.  compared: NULL: none. */
static gboolean
report_all (const Options *options, const ToolEvaluation *evaluation, const ToolEvaluationConfig *config,
    GenreModel *compared, ToolReport *report)
{
  g_autoptr (ToolEvaluation) other = NULL;
  ToolGain gains[TOOL_N_GAINS];
  g_autoptr (GError) error = NULL;

  report->evaluation = evaluation;
  report->show_seconds = options->seconds;
  tool_evaluation_seconds (evaluation, report->seconds);
  if (options->gain) {
    if (!tool_evaluation_gains (evaluation, config, gains, &error)) {
      tool_fail ("%s", error->message);
      return FALSE;
    }
    report->gains = gains;
    report->n_gains = TOOL_N_GAINS;
  }
  if (compared) {
    g_autofree char *name = g_filename_display_name (options->compare);
    other = tool_evaluation_new (compared, name, evaluation->set, 0, "compare", config, &error);
    if (!other) {
      tool_fail ("%s", error->message);
      return FALSE;
    }
    report->other = other;
    report->comparison = tool_evaluation_compare (evaluation, other);
    tool_evaluation_seconds (other, report->other_seconds);
  }
  const gboolean written = write_files (options, report);
  print_report (options, report);
  return written;
}

/* --- the command ----------------------------------------------------------------------------------------------- */

/* All that a run loads. */
typedef struct Run
{
  const Options *options;
  const char *path; /* of the model */
  GenreModel *model, *compared;
  ToolEvaluateSource sources[2];
  gsize n_sources;
  ToolEvaluateSource *evaluated, *calibrated; /* one of them, or the same; calibrated may be NULL */
} Run;

/* Whether the calibrated model goes where the model is: the one input that may be an output. */
static gboolean
is_in_place (const Run *run)
{
  if (!run->options->output)
    return run->calibrated != NULL;
  g_autofree char *model = tool_outputs_identity (run->path);
  g_autofree char *output = tool_outputs_identity (run->options->output);
  return strcmp (model, output) == 0;
}

static void
add_outputs (const Run *run, ToolOutputs *outputs)
{
  const Options *options = run->options;
  const struct
  {
    const char *path;
    ToolKind kind;
  } texts[] = {
    { options->csv, TOOL_KIND_TABLE },
    { options->tracks_csv, TOOL_KIND_TABLE },
    { options->confusion_svg, TOOL_KIND_PICTURE },
    { options->seconds_svg, TOOL_KIND_PICTURE },
    { is_in_place (run) ? NULL : options->output, TOOL_KIND_MODEL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].path)
      tool_outputs_writes (outputs, texts[i].path, texts[i].kind);
}

static ToolStatus
check_outputs (const Run *run)
{
  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();

  if (is_in_place (run)) {
    g_autoptr (ToolOutputs) in_place = tool_outputs_new ();
    tool_outputs_writes (in_place, run->path, TOOL_KIND_MODEL);
    const ToolStatus status = tool_outputs_check (in_place);
    if (status != TOOL_OK)
      return status;
  }
  tool_outputs_reads (outputs, run->path);
  if (run->options->compare)
    tool_outputs_reads (outputs, run->options->compare);
  for (gsize i = 0; i < run->n_sources; i++) {
    const ToolEvaluateSource *source = &run->sources[i];
    tool_outputs_reads (outputs, source->path);
    for (guint k = 0; source->files && k < source->files->files->len; k++)
      tool_outputs_reads (outputs, ((const ToolFile *) g_ptr_array_index (source->files->files, k))->path);
  }
  add_outputs (run, outputs);
  return tool_outputs_check (outputs);
}

/* The source of this path: a new one, or the one that is there.  NULL: there is no path. */
static ToolEvaluateSource *
find_source (Run *run, const char *path)
{
  if (!path)
    return NULL;
  g_autofree char *identity = tool_outputs_identity (path);
  for (gsize i = 0; i < run->n_sources; i++) {
    g_autofree char *other = tool_outputs_identity (run->sources[i].path);
    if (strcmp (identity, other) == 0)
      return &run->sources[i];
  }
  run->sources[run->n_sources] = (ToolEvaluateSource){ .path = path };
  return &run->sources[run->n_sources++];
}

/* Models, sets, and all that can be known before anything is decoded. */
static ToolStatus
look_ahead (Run *run, const ToolExtractionConfig *config)
{
  for (gsize i = 0; i < run->n_sources; i++)
    if (!tool_evaluate_source_look (&run->sources[i], run->model, config))
      return TOOL_FAILED;
  if (run->options->compare && !(run->compared = load_model (run->options->compare)))
    return TOOL_FAILED;
  return check_outputs (run);
}

/* With all that is needed.  FALSE: said on stderr. */
static gboolean
evaluate_all (Run *run)
{
  const Options *options = run->options;
  const ToolEvaluationConfig config = { tool_jobs (options->jobs), options->quiet };
  g_autofree char *name = g_filename_display_name (options->output ? options->output : run->path);
  g_autoptr (GError) error = NULL;
  ToolCalibration calibration = { 0 };
  ToolReport report = { 0 };
  gboolean ok = FALSE;

  if (run->calibrated) {
    if (!calibrate (options, run->path, run->calibrated->set, &run->model, &config, &calibration))
      return FALSE;
    report.calibration = &calibration;
  }
  g_autoptr (ToolEvaluation)
      evaluation = tool_evaluation_new (run->model, name, run->evaluated->set, 0, "evaluate", &config, &error);
  if (evaluation)
    ok = report_all (options, evaluation, &config, run->compared, &report);
  else
    tool_fail ("%s", error->message);
  tool_calibration_clear (&calibration);
  return ok;
}

static ToolExtractionConfig
extraction_config (const Options *options, const GenreModel *model, ToolRecordingCache *cache)
{
  return (ToolExtractionConfig){
    .recipe = genre_model_frontend (model),
    .min_frames = genre_model_min_frames (model),
    .layout = TOOL_LAYOUT_GENRES,
    .type = SAFETENSORS_F16,
    .jobs = tool_jobs (options->jobs),
    .quiet = options->quiet,
    .cache = cache,
  };
}

static ToolStatus
run_sources (Run *run)
{
  g_autoptr (ToolRecordingCache) cache = NULL;
  gboolean decodes = FALSE, complete = TRUE;

  for (gsize i = 0; i < run->n_sources; i++)
    decodes |= g_file_test (run->sources[i].path, G_FILE_TEST_IS_DIR);
  if (decodes) {
    gst_init (NULL, NULL);
    cache = tool_extraction_open_cache (run->options->no_cache);
  }
  const ToolExtractionConfig config = extraction_config (run->options, run->model, cache);
  const ToolStatus status = look_ahead (run, &config);
  if (status != TOOL_OK)
    return status;
  for (gsize i = 0; i < run->n_sources; i++) {
    if (!tool_evaluate_source_decode (&run->sources[i], &config))
      return TOOL_FAILED;
    complete &= !run->sources[i].incomplete;
  }
  return evaluate_all (run) && complete ? TOOL_OK : TOOL_FAILED;
}

/* location  what to evaluate on; NULL: the set of --calibrate */
static ToolStatus
evaluate (const Options *options, const char *path, const char *location)
{
  Run run = { .options = options, .path = path };

  tool_catch_interrupts ();
  run.model = load_model (path);
  if (!run.model)
    return TOOL_FAILED;
  run.calibrated = find_source (&run, options->calibrate);
  run.evaluated = location ? find_source (&run, location) : run.calibrated;
  const ToolStatus status = run_sources (&run);
  genre_model_unref (run.model);
  genre_model_unref (run.compared);
  for (gsize i = 0; i < run.n_sources; i++)
    tool_evaluate_source_clear (&run.sources[i]);
  return status;
}

/* --- the command line ------------------------------------------------------------------------------------------ */

static const char text[] =
    "FEATURES is a feature set with labels; a DIRECTORY has one folder per genre and is decoded\n"
    "first; decoded recordings are kept in ~/.cache/genreclassify for the next time.  Labels are\n"
    "matched by name; tracks without a label, or with one that the model does not know, are left\n"
    "out and counted.  Figures are per track: the aggregate of all its windows.\n"
    "\n"
    "--calibrate SET fits the temperature of the model's softmax on SET, writes the model, in\n"
    "place or to -o, and evaluates it; use a set that the model was not trained on.  If a FILE\n"
    "exists, it must be one that this command wrote, and is replaced.\n"
    "\n"
    "  gst-genre-1.0 evaluate my.safetensors ~/Music/by-genre\n"
    "  gst-genre-1.0 evaluate my.safetensors valid.safetensors --seconds --gain\n"
    "  gst-genre-1.0 evaluate my.safetensors test.safetensors --json --compare other.safetensors\n"
    "  gst-genre-1.0 evaluate my.safetensors --calibrate valid.safetensors -o calibrated.safetensors\n";

static ToolStatus
check (const Options *options, char **arguments)
{
  const guint n = arguments ? g_strv_length (arguments) : 0;

  if (n == 0)
    return tool_usage_error ("evaluate", "expected a model and a feature set or directory, found none");
  if (n == 1 && !options->calibrate)
    return tool_usage_error ("evaluate", "expected a feature set or directory after the model, found none");
  if (n > 2)
    return tool_usage_error ("evaluate", "expected a model and one feature set or directory, found %u arguments", n);
  if (options->output && !options->calibrate)
    return tool_usage_error ("evaluate", "-o is for the model that --calibrate makes");
  if (options->jobs < 0 || options->jobs > TOOL_MAX_JOBS)
    return tool_usage_error ("evaluate", "expected --jobs from 1 to %d, found %d", TOOL_MAX_JOBS, options->jobs);
  return TOOL_OK;
}

ToolStatus
tool_evaluate (int n, char **arguments)
{
  Options options = { 0 };
  g_auto (GStrv) rest = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON object instead of the text", NULL },
    { "csv", 0, 0, G_OPTION_ARG_FILENAME, &options.csv, "The confusion matrix as a table", "FILE" },
    { "tracks-csv", 0, 0, G_OPTION_ARG_FILENAME, &options.tracks_csv,
        "The label that each track has, and the one it was given", "FILE" },
    { "confusion-svg", 0, 0, G_OPTION_ARG_FILENAME, &options.confusion_svg, "The confusion matrix as a picture",
        "FILE" },
    { "seconds-svg", 0, 0, G_OPTION_ARG_FILENAME, &options.seconds_svg, "Accuracy against seconds heard as a picture",
        "FILE" },
    { "seconds", 0, 0, G_OPTION_ARG_NONE, &options.seconds, "Accuracy after 3.5 to 30 seconds", NULL },
    { "gain", 0, 0, G_OPTION_ARG_NONE, &options.gain, "Accuracy at -12, -6 and +6 dB", NULL },
    { "compare", 0, 0, G_OPTION_ARG_FILENAME, &options.compare, "Compare with another model on the same tracks",
        "MODEL" },
    { "calibrate", 0, 0, G_OPTION_ARG_FILENAME, &options.calibrate, "Fit the model's temperature on this set first",
        "SET" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Where the calibrated model goes; default: in place",
        "MODEL" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Tracks evaluated at the same time; default: number of CPUs",
        "N" },
    { "no-cache", 0, 0, G_OPTION_ARG_NONE, &options.no_cache, "Decode every file, and keep nothing for the next time",
        NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Show no progress", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (tool_parse_options ("evaluate", "MODEL FEATURES|DIRECTORY", text, entries, n, arguments, &status)) {
    status = check (&options, rest);
    if (status == TOOL_OK)
      status = evaluate (&options, rest[0], rest[1]);
  }
  g_free (options.csv);
  g_free (options.tracks_csv);
  g_free (options.confusion_svg);
  g_free (options.seconds_svg);
  g_free (options.compare);
  g_free (options.calibrate);
  g_free (options.output);
  return status;
}
