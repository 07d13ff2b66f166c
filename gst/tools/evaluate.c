/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 evaluate - how good a model is on labelled music.
 */
#include "gst/tools/extraction.h"
#include "gst/tools/report.h"
#include "models/safetensors_writer.h"

#include <glib/gstdio.h>
#include <gst/gst.h>
#include <stdio.h>

typedef struct Options
{
  char *csv, *tracks_csv, *confusion_svg, *seconds_svg, *compare, *calibrate, *output;
  gboolean json, gain, seconds, quiet;
  int jobs;
} Options;

static const double gains_db[] = { -12, -6, 6 };

/* --- sets ------------------------------------------------------------------------------------------------------ */

/* A feature set that is loaded, or one made of a directory. */
typedef struct Source
{
  GenreFeatureSet *set;
  gboolean incomplete; /* some files of the directory failed */
} Source;

static void
remove_set (char *directory, char *path)
{
  g_unlink (path);
  g_rmdir (directory);
  g_free (path);
  g_free (directory);
}

/* FALSE: said on stderr. */
static gboolean
extract (const char *directory, const GenreModel *model, const Options *options, Source *ret_source)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("gst-genre-XXXXXX", &error);
  if (!folder) {
    tool_fail ("%s", error->message);
    return FALSE;
  }
  char *path = g_build_filename (folder, "set.safetensors", NULL);
  const ToolExtractionConfig config = {
    .recipe = genre_model_frontend (model),
    .min_frames = genre_model_min_frames (model),
    .layout = TOOL_LAYOUT_GENRES,
    .type = SAFETENSORS_F16,
    .jobs = tool_jobs (options->jobs),
    .quiet = options->quiet,
  };
  gboolean written = FALSE;

  gst_init (NULL, NULL);
  ret_source->incomplete = tool_extraction_run (&config, directory, path, &written) != TOOL_OK;
  g_autoptr (GBytes) bytes = NULL;
  if (written) {
    char *contents = NULL;
    gsize size = 0;
    if (g_file_get_contents (path, &contents, &size, &error))
      bytes = g_bytes_new_take (contents, size);
  }
  remove_set (folder, path);
  if (bytes) {
    g_autofree char *name = g_filename_display_name (directory);
    ret_source->set = genre_feature_set_parse (bytes, name, &error);
  }
  if (error)
    tool_fail ("%s", error->message);
  return ret_source->set != NULL;
}

/* location: a feature set, or a directory with one folder a genre.  FALSE: said on stderr. */
static gboolean
open_source (const char *location, const GenreModel *model, const Options *options, Source *ret_source)
{
  g_autoptr (GError) error = NULL;

  *ret_source = (Source){ NULL, FALSE };
  if (g_file_test (location, G_FILE_TEST_IS_DIR))
    return extract (location, model, options, ret_source);
  ret_source->set = genre_feature_set_load (location, &error);
  if (!ret_source->set)
    tool_fail ("%s", error->message);
  return ret_source->set != NULL;
}

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

/* A rename would replace a file that nobody may write to, and root may write to all: its own word counts.
 * FALSE: said on stderr. */
static gboolean
may_replace (const char *path)
{
  g_autofree char *name = g_filename_display_name (path);
  GStatBuf status;

  if (g_stat (path, &status) != 0 || (status.st_mode & 0222) != 0)
    return TRUE;
  tool_fail ("%s: it is write-protected: give the calibrated model another place with -o", name);
  return FALSE;
}

/* *model becomes the calibrated one, and is written.  FALSE: said on stderr. */
static gboolean
calibrate (const Options *options, const char *path, GenreModel **model, const ToolEvaluationConfig *config,
    ToolCalibration *ret_calibration)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  Source source;

  if (!may_replace (options->output ? options->output : path)
      || !open_source (options->calibrate, *model, options, &source))
    return FALSE;
  GenreModel *calibrated = tool_calibrate (*model, name, source.set, config, ret_calibration, &bytes, &error);
  genre_feature_set_free (source.set);
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

/* Takes `text`.  A file appears whole or not at all; what is no regular file, such as a pipe, is written to. */
static gboolean
write_text (const char *path, char *text)
{
  g_autofree char *owned = text;
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    if (g_file_set_contents_full (path, owned, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666, &error))
      return TRUE;
    tool_fail ("%s", error->message);
    return FALSE;
  }
  FILE *file = g_fopen (path, "w");
  const gboolean written = file && fputs (owned, file) >= 0;
  if ((file && fclose (file) != 0) || !written) {
    tool_fail ("%s: it cannot be written to", name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
write_files (const Options *options, const ToolReport *report)
{
  gboolean ok = TRUE;

  if (options->csv)
    ok &= write_text (options->csv, tool_report_confusion_csv (report));
  if (options->tracks_csv)
    ok &= write_text (options->tracks_csv, tool_report_tracks_csv (report));
  if (options->confusion_svg)
    ok &= write_text (options->confusion_svg, tool_report_confusion_svg (report));
  if (options->seconds_svg)
    ok &= write_text (options->seconds_svg, tool_report_seconds_svg (report));
  return ok;
}

static gboolean
print_report (const Options *options, const ToolReport *report)
{
  g_autofree char *text = options->json ? tool_report_json (report) : tool_report_text (report);

  if (fputs (text, stdout) >= 0 && fflush (stdout) == 0)
    return TRUE;
  tool_fail ("the report cannot be written");
  return FALSE;
}

/* gains [G_N_ELEMENTS (gains_db)]  out.  FALSE: said on stderr. */
static gboolean
hear_gains (const ToolEvaluation *evaluation, const ToolEvaluationConfig *config, ToolGain *gains)
{
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (gains_db); i++) {
    g_autoptr (ToolEvaluation) louder = tool_evaluation_new (evaluation->model, evaluation->name, evaluation->set,
        gains_db[i], "gain", config, &error);
    if (!louder) {
      tool_fail ("%s", error->message);
      return FALSE;
    }
    gains[i] = (ToolGain){ gains_db[i], evaluation->n_cases, tool_evaluation_changes (louder, evaluation),
      louder->by_track->accuracy };
  }
  return TRUE;
}

/* Fills all but `calibration` of the report, says it and writes it. */
static gboolean
report_all (const Options *options, const ToolEvaluation *evaluation, const ToolEvaluationConfig *config,
    ToolReport *report)
{
  g_autoptr (ToolEvaluation) other = NULL;
  ToolGain gains[G_N_ELEMENTS (gains_db)];

  report->evaluation = evaluation;
  report->show_seconds = options->seconds;
  tool_evaluation_seconds (evaluation, report->seconds);
  if (options->gain) {
    if (!hear_gains (evaluation, config, gains))
      return FALSE;
    report->gains = gains;
    report->n_gains = G_N_ELEMENTS (gains);
  }
  if (options->compare) {
    g_autoptr (GError) error = NULL;
    g_autofree char *name = g_filename_display_name (options->compare);
    GenreModel *model = load_model (options->compare);
    if (!model)
      return FALSE;
    other = tool_evaluation_new (model, name, evaluation->set, 0, "compare", config, &error);
    genre_model_unref (model);
    if (!other) {
      tool_fail ("%s", error->message);
      return FALSE;
    }
    report->other = other;
    report->comparison = tool_evaluation_compare (evaluation, other);
    tool_evaluation_seconds (other, report->other_seconds);
  }
  const gboolean written = write_files (options, report);
  return print_report (options, report) && written;
}

/* location  what to evaluate on; NULL: the set of --calibrate */
static ToolStatus
evaluate (const Options *options, const char *path, const char *location)
{
  const ToolEvaluationConfig config = { tool_jobs (options->jobs), options->quiet };
  g_autofree char *name = g_filename_display_name (options->output ? options->output : path);
  g_autoptr (ToolEvaluation) evaluation = NULL;
  g_autoptr (GError) error = NULL;
  ToolCalibration calibration = { 0 };
  ToolReport report = { 0 };
  Source source = { NULL, FALSE };
  gboolean ok = FALSE;

  tool_catch_interrupts ();
  GenreModel *model = load_model (path);
  if (!model)
    return TOOL_FAILED;
  if (options->calibrate) {
    if (!calibrate (options, path, &model, &config, &calibration))
      goto done;
    report.calibration = &calibration;
  }
  if (!open_source (location ? location : options->calibrate, model, options, &source))
    goto done;

  evaluation = tool_evaluation_new (model, name, source.set, 0, "evaluate", &config, &error);
  if (evaluation)
    ok = report_all (options, evaluation, &config, &report) && !source.incomplete;
  else
    tool_fail ("%s", error->message);

done:
  tool_calibration_clear (&calibration);
  genre_model_unref (model);
  genre_feature_set_free (source.set);
  return ok ? TOOL_OK : TOOL_FAILED;
}

/* --- the command line ------------------------------------------------------------------------------------------ */

static const char text[] =
    "FEATURES is a feature set with labels; a DIRECTORY has one folder a genre and is decoded\n"
    "first.  Labels are matched by name; what has none, or one that the model does not know, is\n"
    "left out and counted.  Figures are by track: the aggregate of all its windows.\n"
    "\n"
    "--calibrate SET fits the temperature of the model's softmax on SET, writes the model, in\n"
    "place or to -o, and evaluates that; take a set that the model was not trained on.\n"
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
  if (options->jobs < 0)
    return tool_usage_error ("evaluate", "expected --jobs of at least 1, found %d", options->jobs);
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
    { "tracks-csv", 0, 0, G_OPTION_ARG_FILENAME, &options.tracks_csv, "What each track was taken for", "FILE" },
    { "confusion-svg", 0, 0, G_OPTION_ARG_FILENAME, &options.confusion_svg, "The confusion matrix as a picture",
        "FILE" },
    { "seconds-svg", 0, 0, G_OPTION_ARG_FILENAME, &options.seconds_svg, "Accuracy against seconds heard as a picture",
        "FILE" },
    { "seconds", 0, 0, G_OPTION_ARG_NONE, &options.seconds, "Accuracy after 3.5 to 30 seconds", NULL },
    { "gain", 0, 0, G_OPTION_ARG_NONE, &options.gain, "Accuracy at -12, -6 and +6 dB", NULL },
    { "compare", 0, 0, G_OPTION_ARG_FILENAME, &options.compare, "Whether another model does better", "MODEL" },
    { "calibrate", 0, 0, G_OPTION_ARG_FILENAME, &options.calibrate, "Fit the model's temperature on this set first",
        "SET" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Where the calibrated model goes; default: in place",
        "MODEL" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Tracks heard at once; default: one a processor", "N" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "No progress", NULL },
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
