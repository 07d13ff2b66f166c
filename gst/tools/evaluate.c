/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 evaluate - how good a model is on labelled music.
 */
#include "gst/tools/evaluate_source.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/output.h"
#include "gst/tools/outputs.h"
#include "gst/tools/report.h"
#include "models/file/safetensors_writer.h"

#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

/* What the report is written to, besides stdout. */
enum
{
  CONFUSION_CSV,
  TRACKS_CSV,
  CONFUSION_SVG,
  SECONDS_SVG,
  N_FILES
};

typedef struct Options
{
  char *files[N_FILES]; /* paths; NULL: not wanted */
  char *compare, *output;
  char **calibrate, **not_music; /* end in NULL; or NULL */
  gboolean json, gain, seconds, coverage, quiet, no_cache;
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
calibrate (const Options *options, const char *path, const GenreFeatureSet *const *sets, gsize n_sets,
    GenreModel **model, const ToolEvaluationConfig *config, ToolCalibration *ret_calibration)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  GenreModel *calibrated = tool_calibrate (*model, name, sets, n_sets, config, ret_calibration, &bytes, &error);
  if (calibrated && (ret_calibration->changed || options->output))
    safetensors_save (bytes, options->output ? options->output : path, &error);
  if (error) {
    genre_model_unref (calibrated);
    return tool_reject ("%s", error->message);
  }
  genre_model_unref (*model);
  *model = calibrated;
  return TRUE;
}

/* --- results --------------------------------------------------------------------------------------------------- */

static const struct
{
  ToolKind kind;
  char *(*text) (const ToolReport *report);
} files[N_FILES] = {
  [CONFUSION_CSV] = { TOOL_KIND_TABLE, tool_report_confusion_csv },
  [TRACKS_CSV] = { TOOL_KIND_TABLE, tool_report_tracks_csv },
  [CONFUSION_SVG] = { TOOL_KIND_PICTURE, tool_report_confusion_svg },
  [SECONDS_SVG] = { TOOL_KIND_PICTURE, tool_report_seconds_svg },
};

static gboolean
write_files (const Options *options, const ToolReport *report)
{
  gboolean ok = TRUE;

  for (gsize i = 0; i < N_FILES; i++) {
    g_autofree char *text = options->files[i] ? files[i].text (report) : NULL;
    ok &= !text || tool_output_save (options->files[i], text, strlen (text));
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
  report->show_coverage = options->coverage;
  tool_evaluation_seconds (evaluation, report->seconds);
  tool_evaluation_coverage (evaluation, report->coverage);
  if (options->gain) {
    if (!tool_evaluation_gains (evaluation, config, gains, &error))
      return tool_reject ("%s", error->message);
    report->gains = gains;
    report->n_gains = TOOL_N_GAINS;
  }
  if (compared) {
    g_autofree char *name = g_filename_display_name (options->compare);
    other = tool_evaluation_new (compared, name, evaluation->set, 0, "compare", config, &error);
    if (!other)
      return tool_reject ("%s", error->message);
    report->other = other;
    report->comparison = tool_evaluation_compare (evaluation, other);
    tool_evaluation_seconds (other, report->other_seconds);
  }
  const gboolean written = write_files (options, report);
  print_report (options, report);
  return written;
}

/* --- the command ----------------------------------------------------------------------------------------------- */

enum
{
  MAX_NOT_MUSIC = 8, /* sets */
  MAX_SOURCES = 1 + TOOL_MAX_CALIBRATION + MAX_NOT_MUSIC,
};

/* All that a run loads. */
typedef struct Run
{
  const Options *options;
  const char *path; /* of the model */
  GenreModel *model, *compared;
  ToolEvaluateSource sources[MAX_SOURCES]; /* each path once */
  gsize n_sources;
  ToolEvaluateSource *evaluated; /* one of them, and so are */
  ToolEvaluateSource *calibrated[TOOL_MAX_CALIBRATION], *not_music[MAX_NOT_MUSIC];
  gsize n_calibrated, n_not_music;
} Run;

/* Whether the calibrated model goes where the model is: the one input that may be an output. */
static gboolean
is_in_place (const Run *run)
{
  if (!run->options->output)
    return run->n_calibrated > 0;
  g_autofree char *model = tool_outputs_identity (run->path);
  g_autofree char *output = tool_outputs_identity (run->options->output);
  return strcmp (model, output) == 0;
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
  for (gsize i = 0; i < N_FILES; i++)
    if (run->options->files[i])
      tool_outputs_writes (outputs, run->options->files[i], files[i].kind);
  if (run->options->output && !is_in_place (run))
    tool_outputs_writes (outputs, run->options->output, TOOL_KIND_MODEL);
  return tool_outputs_check (outputs);
}

/* The source of this path: a new one, or the one that is there. */
static ToolEvaluateSource *
find_source (Run *run, const char *path)
{
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
  if (run->n_not_music > 0 && !genre_model_has_music (run->model)) {
    g_autofree char *name = g_filename_display_name (run->path);
    tool_fail ("%s: expected a model with a head for music, for --not-music, found one without", name);
    return TOOL_FAILED;
  }
  if (run->options->compare && !(run->compared = load_model (run->options->compare)))
    return TOOL_FAILED;
  return check_outputs (run);
}

/* sets [n]  out */
static void
list_sets (ToolEvaluateSource *const *sources, gsize n, const GenreFeatureSet **sets)
{
  for (gsize i = 0; i < n; i++)
    sets[i] = sources[i]->set;
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

  if (run->n_calibrated > 0) {
    const GenreFeatureSet *sets[TOOL_MAX_CALIBRATION];
    list_sets (run->calibrated, run->n_calibrated, sets);
    if (!calibrate (options, run->path, sets, run->n_calibrated, &run->model, &config, &calibration))
      return FALSE;
    report.calibration = &calibration;
  }
  g_autoptr (ToolEvaluation)
      evaluation = tool_evaluation_new (run->model, name, run->evaluated->set, 0, "evaluate", &config, &error);
  g_autoptr (ToolMusic) music = NULL;
  if (evaluation && run->n_not_music > 0) {
    const GenreFeatureSet *sets[MAX_NOT_MUSIC];
    list_sets (run->not_music, run->n_not_music, sets);
    report.music = music = tool_music_new (run->model, evaluation->set, sets, run->n_not_music, &config, &error);
  }
  if (!error)
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
  for (; options->calibrate && options->calibrate[run.n_calibrated]; run.n_calibrated++)
    run.calibrated[run.n_calibrated] = find_source (&run, options->calibrate[run.n_calibrated]);
  run.evaluated = location ? find_source (&run, location) : run.calibrated[0];
  for (; options->not_music && options->not_music[run.n_not_music]; run.n_not_music++) {
    run.not_music[run.n_not_music] = find_source (&run, options->not_music[run.n_not_music]);
    run.not_music[run.n_not_music]->not_music = TRUE;
  }
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
    "matched by name; tracks without a label, or with a label that the model does not know, are\n"
    "left out and counted.  All figures are per track: the aggregate of its windows.\n"
    "\n"
    "--calibrate SET fits the temperature of the model's softmax on SET, writes the model to\n"
    "its own file or to -o, and evaluates it; use a set that the model was not trained on.  If\n"
    "it is given several times, one temperature is fitted on all sets.  If a FILE exists, it\n"
    "must be one that this command wrote, and is replaced.\n"
    "\n"
    "--not-music SET measures how well the model distinguishes the music of FEATURES from the\n"
    "clips of SET, or the files of a directory, that are not music.\n"
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
  if (options->calibrate && g_strv_length (options->calibrate) > TOOL_MAX_CALIBRATION)
    return tool_usage_error ("evaluate", "expected at most %d times --calibrate, found %u", TOOL_MAX_CALIBRATION,
        g_strv_length (options->calibrate));
  if (options->not_music && g_strv_length (options->not_music) > MAX_NOT_MUSIC)
    return tool_usage_error ("evaluate", "expected at most %d times --not-music, found %u", MAX_NOT_MUSIC,
        g_strv_length (options->not_music));
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
  char **rest = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print one JSON object instead of text", NULL },
    { "csv", 0, 0, G_OPTION_ARG_FILENAME, &options.files[CONFUSION_CSV], "Write the confusion matrix as a table",
        "FILE" },
    { "tracks-csv", 0, 0, G_OPTION_ARG_FILENAME, &options.files[TRACKS_CSV],
        "Write the true and the predicted label of each track", "FILE" },
    { "confusion-svg", 0, 0, G_OPTION_ARG_FILENAME, &options.files[CONFUSION_SVG], "Draw the confusion matrix",
        "FILE" },
    { "seconds-svg", 0, 0, G_OPTION_ARG_FILENAME, &options.files[SECONDS_SVG],
        "Draw the accuracy after 3.5 to 30 seconds", "FILE" },
    { "seconds", 0, 0, G_OPTION_ARG_NONE, &options.seconds, "Print the accuracy after 3.5 to 30 seconds", NULL },
    { "coverage", 0, 0, G_OPTION_ARG_NONE, &options.coverage,
        "Print the accuracy of the tracks above each level of confidence", NULL },
    { "gain", 0, 0, G_OPTION_ARG_NONE, &options.gain, "Print the accuracy at -30, -20, -12, -6 and +6 dB", NULL },
    { "compare", 0, 0, G_OPTION_ARG_FILENAME, &options.compare, "Compare with another model on the same tracks",
        "MODEL" },
    { "calibrate", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.calibrate,
        "Fit the model's temperature on SET first; may be given several times", "SET" },
    { "not-music", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.not_music,
        "A set or directory of sounds that are not music; may be given several times", "SET" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
        "Path of the calibrated model; default: it replaces MODEL", "MODEL" },
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
  tool_clear_options (entries);
  return status;
}
