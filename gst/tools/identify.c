/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 identify - the genre of recordings.
 */
#include "gst/tools/identify.h"

#include "gst/tools/identify_tags.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/outputs.h"
#include "gst/tools/tag_file.h"
#include "gst/tools/timeline_text.h"
#include "models/genre_stream.h"

#include <glib/gstdio.h>
#include <gst/gst.h>
#include <math.h>
#include <string.h>

enum
{
  MAX_SHARDS = 1000000,
};

/* --- what is there ---------------------------------------------------------------------------------------------- */

/* FALSE: said on stderr. */
static gboolean
list_inputs (const ToolIdentifyOptions *options, ToolWalk *walk)
{
  const char end = options->null_separated ? '\0' : '\n';
  g_autoptr (GError) error = NULL;

  if (options->files_from && !tool_walk_add_list (walk, options->files_from, end, &error))
    return tool_reject ("%s", error->message);
  for (char **argument = options->arguments; argument && *argument; argument++) {
    if (strcmp (*argument, "-") != 0) {
      tool_walk_add (walk, *argument);
    } else if (!tool_walk_add_list (walk, "-", end, &error)) {
      return tool_reject ("%s", error->message);
    }
  }
  return TRUE;
}

static gboolean
has_results (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > 0;
}

static ToolStatus
check_outputs (const ToolIdentifyOptions *options, const ToolWalk *walk)
{
  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();

  if (!options->output && !options->tag_log)
    return TOOL_OK;
  if (options->model)
    tool_outputs_reads (outputs, options->model);
  for (guint i = 0; i < walk->inputs->len; i++) {
    const ToolInput *input = g_ptr_array_index (walk->inputs, i);
    if (!input->is_uri)
      tool_outputs_reads (outputs, input->location);
  }
  if (options->genre_map)
    tool_outputs_reads (outputs, options->genre_map);
  if (options->output)
    tool_outputs_writes (outputs, options->output, TOOL_KIND_RESULTS);
  if (options->tag_log)
    tool_outputs_writes (outputs, options->tag_log, TOOL_KIND_TAG_LOG);
  const ToolStatus status = tool_outputs_check (outputs);
  if (status == TOOL_OK && options->output && has_results (options->output) && !options->resume && !options->force)
    return tool_fail ("%s: it has results already: --resume continues them, --force replaces them", options->output);
  return status;
}

static ToolStatus
identify (const ToolIdentifyOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ToolWalk) walk = NULL;
  GenreModel *model = options->model ? genre_model_load (options->model, &error) : genre_model_default (&error);
  if (!model)
    return tool_fail ("%s", error->message);

  tool_catch_interrupts ();
  gst_init (NULL, NULL);
  walk = tool_walk_new ();
  ToolStatus status = list_inputs (options, walk) ? TOOL_OK : TOOL_FAILED;
  if (status == TOOL_OK && walk->inputs->len == 0)
    status = tool_fail ("found no music to read");
  if (status == TOOL_OK)
    status = check_outputs (options, walk);
  if (status == TOOL_OK)
    status = tool_identify_run (options, walk, model);
  genre_model_unref (model);
  return status;
}

/* --- the command line ------------------------------------------------------------------------------------------- */

static const char text[] =
    "Prints a line for each FILE, each recording below a DIRECTORY, each entry of a PLAYLIST (M3U, PLS) and each URI:\n"
    "the most probable genres, in percent.  A file that cannot be decoded is reported on standard error, and the run\n"
    "continues.  \"-\" reads names from standard input, one per line.  Exit status: 0 success, 1 something failed,\n"
    "2 wrong usage, 130 interrupted.\n"
    "\n"
    "  gst-genre-1.0 identify ~/Music\n"
    "  gst-genre-1.0 identify ~/Music -o genres.jsonl --resume\n"
    "  gst-genre-1.0 identify ~/Music --write-tags --dry-run\n";

/* The format by option, or else by the name of the output. */
static ToolFormat
choose_format (const ToolIdentifyOptions *options)
{
  static const struct
  {
    const char *suffix;
    ToolFormat format;
  } known[] = {
    { ".jsonl", TOOL_FORMAT_JSON },
    { ".ndjson", TOOL_FORMAT_JSON },
    { ".json", TOOL_FORMAT_JSON },
    { ".csv", TOOL_FORMAT_CSV },
    { ".tsv", TOOL_FORMAT_TSV },
  };

  if (options->json || options->csv || options->tsv)
    return options->json ? TOOL_FORMAT_JSON : options->csv ? TOOL_FORMAT_CSV : TOOL_FORMAT_TSV;
  for (gsize i = 0; options->output && i < G_N_ELEMENTS (known); i++) {
    if (g_str_has_suffix (options->output, known[i].suffix))
      return known[i].format;
  }
  return TOOL_FORMAT_TEXT;
}

/* "3/16" */
static gboolean
parse_shard (ToolIdentifyOptions *options)
{
  g_auto (GStrv) parts = g_strsplit (options->shard, "/", 3);
  guint64 index, n;

  if (g_strv_length (parts) != 2 || !g_ascii_string_to_unsigned (parts[1], 10, 1, MAX_SHARDS, &n, NULL)
      || !g_ascii_string_to_unsigned (parts[0], 10, 0, n - 1, &index, NULL))
    return FALSE;
  options->shard_index = (guint) index;
  options->n_shards = (guint) n;
  return TRUE;
}

static ToolStatus
check_numbers (const ToolIdentifyOptions *options)
{
  if (options->jobs < 0 || options->jobs > TOOL_MAX_JOBS)
    return tool_usage_error ("identify", "expected --jobs from 1 to %d, found %d", TOOL_MAX_JOBS, options->jobs);
  if (options->top < 1 || options->top > 10)
    return tool_usage_error ("identify", "expected --top from 1 to 10, found %d", options->top);
  if (!(options->threshold >= 0 && options->threshold <= 1))
    return tool_usage_error ("identify", "expected --threshold from 0 to 1, found %g", options->threshold);
  if (!(options->music_threshold >= 0 && options->music_threshold <= 1))
    return tool_usage_error ("identify", "expected --music-threshold from 0 to 1, found %g", options->music_threshold);
  if (!(options->min_confidence >= 0 && options->min_confidence <= 1))
    return tool_usage_error ("identify", "expected --min-confidence from 0 to 1, found %g", options->min_confidence);
  if (!(options->seconds >= 0 && options->offset >= 0 && options->min_span >= 0) || !isfinite (options->seconds)
      || !isfinite (options->offset))
    return tool_usage_error ("identify", "expected 0 seconds or more for --seconds, --offset and --min-span");
  return TOOL_OK;
}

/* Of what is made besides lines. */
static ToolStatus
check_extras (ToolIdentifyOptions *options)
{
  const gboolean table = options->format == TOOL_FORMAT_CSV || options->format == TOOL_FORMAT_TSV;

  if (options->format_names && !options->timeline)
    return tool_usage_error ("identify", "--format needs --timeline");
  if (options->format_names && !tool_timeline_parse (options->format_names, &options->timelines))
    return tool_usage_error ("identify", "expected --format of text, json, srt, vtt, audacity and lrc, found %s",
        options->format_names);
  if (options->output_dir && options->timelines == 0 && !options->sidecar)
    return tool_usage_error ("identify", "--output-dir is for the files of --sidecar and --timeline --format");
  if (options->by_folder && table)
    return tool_usage_error ("identify", "--by-folder needs text or JSON: a table has only tracks");
  if (options->report && options->resume && !tool_tag_file_is_available ())
    return tool_usage_error ("identify", "--report with --resume needs TagLib, and this program was built without it");
  return TOOL_OK;
}

/* Of what is written into files. */
static ToolStatus
check_tags (ToolIdentifyOptions *options)
{
  static const char *const existing_words[] = { "keep", "add", "replace", NULL }; /* as ToolExisting */
  static const char *const link_words[] = { "skip", "split", NULL };
  const gboolean of_writing = options->existing || options->genre_map || options->separator || options->tag_log;
  const int existing = options->existing ? tool_find_word (existing_words, options->existing) : 0;
  const int hard_links = options->hard_links ? tool_find_word (link_words, options->hard_links) : 0;

  if (existing < 0)
    return tool_usage_error ("identify", "expected --existing keep, add or replace, found %s", options->existing);
  if (hard_links < 0)
    return tool_usage_error ("identify", "expected --hard-links skip or split, found %s", options->hard_links);
  options->existing_genres = (ToolExisting) existing;
  options->split_links = hard_links == 1;
  if (options->genres < 1 || options->genres > 10)
    return tool_usage_error ("identify", "expected --genres from 1 to 10, found %d", options->genres);
  if (options->separator && !*options->separator)
    return tool_usage_error ("identify", "expected --separator with one character or more, found none");
  if ((of_writing || options->genres > 1) && !options->write_tags)
    return tool_usage_error ("identify",
        "--existing, --genres, --genre-map, --separator and --tag-log need --write-tags");
  if ((options->dry_run || options->preserve_mtime || options->hard_links) && !options->write_tags && !options->undo)
    return tool_usage_error ("identify", "--dry-run, --preserve-mtime and --hard-links need --write-tags or --undo");
  if ((options->write_tags || options->undo) && !tool_tag_file_is_available ())
    return tool_usage_error ("identify", "--write-tags and --undo need TagLib, and this program was built without it");
  if (options->undo && (options->write_tags || options->arguments || options->files_from || options->output))
    return tool_usage_error ("identify", "--undo restores the genres of a log: expected no other task");
  return TOOL_OK;
}

static ToolStatus
check (ToolIdentifyOptions *options)
{
  const ToolStatus tags = check_tags (options);

  if (tags != TOOL_OK || options->undo)
    return tags;
  if ((!options->arguments || !options->arguments[0]) && !options->files_from)
    return tool_usage_error ("identify", "expected a file, directory, playlist or URI, found none");
  if (options->json + options->csv + options->tsv > 1)
    return tool_usage_error ("identify", "expected one of --json, --csv and --tsv, found several");
  options->format = choose_format (options);
  if (options->resume && (!options->output || options->format != TOOL_FORMAT_JSON))
    return tool_usage_error ("identify", "--resume needs -o FILE with lines of JSON: FILE.jsonl, or --json");
  if (options->resume && options->force)
    return tool_usage_error ("identify", "expected --resume, which continues, or --force, which replaces, found both");
  if (options->color && !tool_terminal_parse_colour (options->color, &options->colour))
    return tool_usage_error ("identify", "expected --color auto, always or never, found %s", options->color);
  if (options->shard && !parse_shard (options))
    return tool_usage_error ("identify", "expected --shard I/N, I from 0 to N - 1, found %s", options->shard);
  const ToolStatus status = check_numbers (options);
  return status == TOOL_OK ? check_extras (options) : status;
}

ToolStatus
tool_identify (int n, char **arguments)
{
  ToolIdentifyOptions options = { .top = 3,
    .music_threshold = GENRE_STREAM_MUSIC_THRESHOLD,
    .min_span = 5,
    .min_confidence = .6,
    .genres = 1,
    .n_shards = 1 };
  const GOptionEntry entries[] = {
    { "top", 0, 0, G_OPTION_ARG_INT, &options.top, "Largest number of genres in a line; default: 3", "N" },
    { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options.threshold,
        "Probability below which the genre is unknown, 0 to 1; default: 0", "P" },
    { "music-threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options.music_threshold,
        "Probability below which a passage is not music, 0 to 1; default: 0.5", "P" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Analyse only the first N seconds of each recording",
        "N" },
    { "offset", 0, 0, G_OPTION_ARG_DOUBLE, &options.offset,
        "Begin after N seconds; of a shorter recording, the end is analysed", "N" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options.model, "The model to use; default: the embedded one", "MODEL" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Recordings analysed at the same time; default: number of CPUs",
        "N" },
    { "files-from", 0, 0, G_OPTION_ARG_FILENAME, &options.files_from,
        "Read names from FILE, one per line; -: standard input", "FILE" },
    { "null", '0', 0, G_OPTION_ARG_NONE, &options.null_separated,
        "The names in FILE end in NUL, as find -print0 writes them", NULL },
    { "shard", 0, 0, G_OPTION_ARG_STRING, &options.shard,
        "Only part I of N, 0 to N - 1, by a hash of each path: to share work among machines", "I/N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON object per line", NULL },
    { "csv", 0, 0, G_OPTION_ARG_NONE, &options.csv, "A table with commas between the values", NULL },
    { "tsv", 0, 0, G_OPTION_ARG_NONE, &options.tsv, "A table with tabs between the values", NULL },
    { "timeline", 0, 0, G_OPTION_ARG_NONE, &options.timeline, "Print when each genre begins and ends", NULL },
    { "min-span", 0, 0, G_OPTION_ARG_DOUBLE, &options.min_span,
        "Shortest part of a timeline; a shorter one joins its neighbour; default: 5 seconds", "N" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.format_names,
        "With --timeline: write a file for each track and kind: text, json, srt, vtt, audacity, lrc", "KIND,..." },
    { "output-dir", 0, 0, G_OPTION_ARG_FILENAME, &options.output_dir,
        "Folder of the files of --sidecar and --format; default: that of the track", "DIR" },
    { "sidecar", 0, 0, G_OPTION_ARG_NONE, &options.sidecar, "Write TRACK.genre.json for each track", NULL },
    { "playlists", 0, 0, G_OPTION_ARG_FILENAME, &options.playlists,
        "Write a playlist for each genre, and unsure.m3u8, to DIR", "DIR" },
    { "write-tags", 0, 0, G_OPTION_ARG_NONE, &options.write_tags,
        "Write the genre into MP3, FLAC, Ogg Vorbis, Opus and M4A files", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run, "Only print what would be written, old -> new", NULL },
    { "existing", 0, 0, G_OPTION_ARG_STRING, &options.existing,
        "If a file has a genre: keep it, add to it or replace it; default: keep", "WHAT" },
    { "min-confidence", 0, 0, G_OPTION_ARG_DOUBLE, &options.min_confidence,
        "Probability below which a track is unsure and no genre is written, 0 to 1; default: 0.6", "P" },
    { "genres", 0, 0, G_OPTION_ARG_INT, &options.genres,
        "Largest number of genres to write, each at least as probable as --min-confidence; default: 1", "N" },
    { "genre-map", 0, 0, G_OPTION_ARG_FILENAME, &options.genre_map,
        "Names to write: lines of label, tab, name; a label without a name is never written", "FILE" },
    { "separator", 0, 0, G_OPTION_ARG_STRING, &options.separator,
        "Text between several genres in ID3v2.3, which has one field for them; default: '; '", "TEXT" },
    { "preserve-mtime", 0, 0, G_OPTION_ARG_NONE, &options.preserve_mtime,
        "Keep the modification time of files that get a genre", NULL },
    { "hard-links", 0, 0, G_OPTION_ARG_STRING, &options.hard_links,
        "If a file has several names (hard links): skip it, or split this name off; default: skip", "WHAT" },
    { "tag-log", 0, 0, G_OPTION_ARG_FILENAME, &options.tag_log,
        "Append what was written to FILE; default: a new file below ~/.local/share", "FILE" },
    { "undo", 0, 0, G_OPTION_ARG_FILENAME, &options.undo,
        "Restore the genres that files had before the run that wrote LOG", "LOG" },
    { "by-folder", 0, 0, G_OPTION_ARG_NONE, &options.by_folder,
        "At the end, print a genre for each folder whose tracks agree", NULL },
    { "report", 0, 0, G_OPTION_ARG_NONE, &options.report,
        "At the end, compare the genres in the tags with those that were identified", NULL },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
        "Write to FILE; its name decides the format: .jsonl, .csv, .tsv, else text", "FILE" },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &options.resume,
        "Continue FILE; recordings that have not changed are not analysed again", NULL },
    { "force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Replace existing results and files of tracks", NULL },
    { "unordered", 0, 0, G_OPTION_ARG_NONE, &options.unordered, "Write each result as soon as it is known", NULL },
    { "color", 0, 0, G_OPTION_ARG_STRING, &options.color, "Use colours: auto, always or never; default: auto", "WHEN" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print only results and errors", NULL },
    { "progress", 0, 0, G_OPTION_ARG_NONE, &options.progress, "Show progress even with --quiet", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.arguments, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (tool_parse_options ("identify", "FILE|DIRECTORY|PLAYLIST|URI|-...", text, entries, n, arguments, &status)) {
    status = check (&options);
    if (status == TOOL_OK)
      status = options.undo ? tool_tags_undo (&options) : identify (&options);
  }
  tool_clear_options (entries);
  return status;
}
