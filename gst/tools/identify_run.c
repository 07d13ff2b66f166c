/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recordings are heard in parallel; what is said of them is written by the main thread, in their order.
 */
#include "gst/tools/audio_estimate.h"
#include "gst/tools/decode.h"
#include "gst/tools/identify.h"
#include "gst/tools/identify_extras.h"
#include "gst/tools/identify_summary.h"
#include "gst/tools/identify_tags.h"
#include "gst/tools/jobs.h"
#include "gst/tools/progress.h"
#include "gst/tools/results.h"
#include "gst/tools/track_table.h"

#include <stdio.h>
#include <string.h>

enum
{
  MAX_AHEAD = 64, /* results that wait behind a long recording */
};

typedef struct Run
{
  const ToolIdentifyOptions *options;
  const ToolWalk *walk;
  const char *model;         /* its SHA-256 */
  const char *const *labels; /* of it */
  ToolIdentifyConfig config;
  atomic_uint heard; /* seconds, by all threads */

  GPtrArray *todo; /* of ToolInput, the walk's */
  guint before;    /* tracks that an earlier run has done */
  ToolResults *results;
  ToolRow *row; /* of a table; NULL: text or JSON */
  ToolTextStyle *style;
  ToolSummary *summary;
  ToolExtras *extras;
  ToolTags *tags; /* NULL: none are written */
  ToolProgress *progress;
  ToolAudioEstimate *estimate;
  double taken; /* seconds in results that were taken */
  gint64 began_us;
  gboolean failed; /* to write */
} Run;

/* --- what is to be heard ---------------------------------------------------------------------------------------- */

/* Of the path as a URI, so that all machines that see the same tree agree, and new files do not move old ones. */
static gboolean
is_in_shard (const Run *run, const char *uri)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uri, -1);
  char start[9] = "";

  memcpy (start, sum, sizeof start - 1);
  return g_ascii_strtoull (start, NULL, 16) % run->options->n_shards == run->options->shard_index;
}

/* Whether an earlier run has heard this very file with this very model. */
static gboolean
is_done (const ToolDone *done, const ToolInput *input)
{
  guint64 size;
  gint64 mtime_us;

  if (!done)
    return FALSE;
  tool_track_stat (input, &size, &mtime_us);
  return !done->error && done->same_model && done->size == size && done->mtime_us == mtime_us;
}

/* Whether what an earlier run has heard is wanted again, track by track. */
static gboolean
wants_done (const Run *run)
{
  return run->tags || run->options->by_folder || run->options->report;
}

static void
choose (Run *run)
{
  run->todo = g_ptr_array_new ();
  for (guint i = 0; i < run->walk->inputs->len; i++) {
    ToolInput *input = g_ptr_array_index (run->walk->inputs, i);
    g_autofree char *uri = tool_input_uri (input);
    if (run->options->n_shards > 1 && !is_in_shard (run, uri))
      continue;
    const ToolDone *done = tool_results_find (run->results, uri);
    if (is_done (done, input)) {
      run->before++;
      if (wants_done (run))
        g_ptr_array_add (run->todo, input);
      else
        tool_extras_add_done (run->extras, input, done);
      continue;
    }
    g_ptr_array_add (run->todo, input);
    tool_audio_estimate_add (run->estimate, input->location, input->size);
  }
}

/* --- jobs ------------------------------------------------------------------------------------------------------- */

static gpointer
begin (gpointer data)
{
  const Run *run = data;

  return tool_identifier_new (&run->config);
}

/* A track as an earlier run has heard it.  NULL: it has not, or its line cannot be read. */
static ToolTrack *
recall (const Run *run, ToolInput *input)
{
  g_autofree char *uri = tool_input_uri (input);
  const ToolDone *done = tool_results_find (run->results, uri);
  g_autofree char *line = is_done (done, input) ? tool_results_line (run->results, done) : NULL;
  ToolIdentification *heard = line ? tool_track_json_heard (line, done->length, run->labels) : NULL;
  if (!heard)
    return NULL;
  if (run->options->report) {
    g_strfreev (heard->genres);
    heard->genres = tool_tag_genres (input->location);
  }

  ToolTrack *track = g_new (ToolTrack, 1);
  *track = (ToolTrack){
    .input = input,
    .size = done->size,
    .mtime_us = done->mtime_us,
    .heard = heard,
    .line = g_steal_pointer (&line),
  };
  return track;
}

static gpointer
work (gpointer data, gpointer state, gsize index)
{
  const Run *run = data;
  ToolInput *input = g_ptr_array_index (run->todo, index);
  ToolTrack *track = wants_done (run) ? recall (run, input) : NULL;

  if (!track)
    track = tool_track_new (input, state);
  if (run->tags)
    tool_tags_apply (run->tags, track);
  return track;
}

/* --- results ---------------------------------------------------------------------------------------------------- */

static void
append_text (const Run *run, const ToolTrack *track, GString *line)
{
  const gboolean narrow = run->style->terminal.is_terminal && !run->options->output;

  if (!track->heard)
    return; /* it is said on stderr */
  if (track->tag) {
    tool_tags_append_text (run->tags, line, track);
    return;
  }
  tool_track_text_append (line, run->style, track, narrow ? tool_terminal_width (stdout) : 0);
  if (run->options->timeline && run->options->timelines == 0)
    tool_track_text_append_spans (line, run->style, track);
}

/* What is written of a track.  An error that the file has already is not written again. */
static void
append_track (const Run *run, const ToolTrack *track, GString *line)
{
  g_autofree char *uri = tool_input_uri (track->input);
  const ToolDone *done = tool_results_find (run->results, uri);

  if (track->line) { /* it stands there, but for what has been written since */
    if (track->tag && track->tag->outcome == TOOL_TAG_WRITTEN && !track->tag->dry)
      tool_track_json_renew (line, track->line, track);
    return;
  }
  if (track->error && done && g_strcmp0 (done->error, track->error) == 0)
    return;
  if (run->row) {
    tool_track_table_fill (run->row, track, run->model, run->labels, run->tags != NULL);
    g_string_append (line, run->row->text->str);
  } else if (run->options->format == TOOL_FORMAT_JSON) {
    tool_track_json_append (line, track, run->model, run->labels);
  } else {
    append_text (run, track, line);
  }
}

/* FALSE: said on stderr. */
static gboolean
write_line (Run *run, GString *line)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = TRUE;

  if (line->len == 0)
    return TRUE;
  if (!run->options->output && run->style->terminal.is_terminal) {
    tool_progress_hide (run->progress);
    if (run->options->format == TOOL_FORMAT_TEXT)
      tool_terminal_put (stdout, line->str);
    else
      tool_terminal_put_table (stdout, line->str);
    ok = fflush (stdout) == 0;
  } else {
    ok = tool_results_write (run->results, line->str, line->len, &error);
  }
  if (error)
    tool_progress_message (run->progress, "gst-genre-1.0: %s", error->message);
  run->failed |= !ok;
  return ok;
}

static void
report_failure (Run *run, const ToolTrack *track)
{
  if (track->error)
    tool_progress_message (run->progress, "%s: %s", track->input->location, track->error);
  else if (track->heard->cancelled && !track->line)
    tool_progress_message (run->progress, "%s: %s", track->input->location, GENRE_DECODER_CANCELLED);
}

/* Where results go into a file, genres that are written are shown on standard output. */
static void
show_tag (Run *run, const ToolTrack *track)
{
  g_autoptr (GString) line = g_string_new (NULL);

  if (!track->tag || !run->options->output || run->options->quiet || run->options->format == TOOL_FORMAT_TEXT)
    return;
  tool_tags_append_text (run->tags, line, track);
  tool_progress_hide (run->progress);
  tool_terminal_put (stdout, line->str);
  run->failed |= fflush (stdout) != 0;
}

static gboolean
take (gpointer data, gsize index, gpointer result)
{
  Run *run = data;
  ToolTrack *track = result;
  g_autoptr (GString) line = g_string_new (NULL);
  const double seconds = track->heard && !track->line ? track->heard->seconds : 0;

  (void) index;
  report_failure (run, track);
  append_track (run, track, line);
  const gboolean ok = write_line (run, line);
  show_tag (run, track);
  run->failed |= !tool_extras_add (run->extras, track, run->progress);
  if (run->tags)
    run->failed |= !tool_tags_count (run->tags, track, run->progress);
  if (!track->line) {
    tool_summary_add (run->summary, track);
    tool_audio_estimate_take (run->estimate, track->input->location, track->input->size, seconds);
  }
  run->taken += seconds;
  tool_track_free (track);
  return ok;
}

/* Audio that threads have heard of recordings they are still at counts too. */
static void
show_progress (gpointer data, gsize n_taken)
{
  Run *run = data;
  const double spent = (double) (g_get_monotonic_time () - run->began_us) / G_USEC_PER_SEC;
  const double heard = MAX ((double) atomic_load (&run->heard), run->taken);
  const double left = tool_audio_estimate_left (run->estimate), rate = heard / MAX (spent, 1e-3);
  g_autofree char *note = heard > 0 ? g_strdup_printf ("%.0f x real time", rate) : NULL;

  tool_progress_set_left (run->progress, left < 0 || heard <= 0 ? -1 : MAX (left - (heard - run->taken), 0) / rate);
  tool_progress_update (run->progress, n_taken, note);
}

/* --- the run ---------------------------------------------------------------------------------------------------- */

static ToolJobsEnd
hear_all (Run *run)
{
  const guint n_threads = MIN (tool_jobs (run->options->jobs), MAX (run->todo->len, 1));
  const ToolJobs jobs = {
    .n_jobs = run->todo->len,
    .n_threads = n_threads,
    .n_ahead = MAX_AHEAD,
    .unordered = run->options->unordered,
    .data = run,
    .begin = begin,
    .end = (GDestroyNotify) tool_identifier_free,
    .work = work,
    .take = take,
    .drop = (GDestroyNotify) tool_track_free,
    .progress = show_progress,
  };

  return tool_jobs_run (&jobs);
}

/* The line above a table that begins. */
static gboolean
write_head (Run *run)
{
  if (!run->row)
    return TRUE;
  tool_track_table_head (run->row, run->labels, run->tags != NULL);
  return write_line (run, run->row->text);
}

/* What follows when all tracks are heard. */
static void
write_end (Run *run)
{
  g_autoptr (GString) lines = g_string_new (NULL), report = g_string_new (NULL);

  run->failed |= !tool_extras_finish (run->extras);
  tool_extras_append_lines (run->extras, lines, run->results);
  tool_extras_append_report (run->extras, report);
  if (run->options->format == TOOL_FORMAT_TEXT)
    g_string_append (lines, report->str);
  write_line (run, lines);
  if (run->options->format != TOOL_FORMAT_TEXT && report->len > 0) {
    tool_progress_hide (run->progress);
    tool_terminal_put (stderr, report->str);
  }
}

static ToolStatus
report_end (Run *run, ToolJobsEnd end)
{
  const char *output = run->options->output;

  switch (end) {
    case TOOL_JOBS_INTERRUPTED:
      if (output && run->options->format == TOOL_FORMAT_JSON)
        return tool_fail ("interrupted: %s has the results so far; the same command with --resume continues", output);
      return tool_fail ("interrupted: with -o FILE.jsonl and --resume a run can be continued");
    case TOOL_JOBS_NO_MEMORY:
      return tool_fail ("no memory for %u jobs, or the system allows no more threads", tool_jobs (run->options->jobs));
    case TOOL_JOBS_STOPPED:
    case TOOL_JOBS_DONE:
      break;
  }
  return run->failed || tool_summary_failed (run->summary) > 0 ? TOOL_FAILED : TOOL_OK;
}

static ToolStatus
run_all (Run *run)
{
  const ToolIdentifyOptions *options = run->options;
  g_autoptr (GError) error = NULL;

  choose (run);
  run->progress = tool_progress_new ("identify", run->todo->len, options->quiet && !options->progress);
  run->began_us = g_get_monotonic_time ();
  const ToolJobsEnd end = write_head (run) ? hear_all (run) : TOOL_JOBS_STOPPED;
  if (end == TOOL_JOBS_DONE)
    write_end (run);
  g_clear_pointer (&run->progress, tool_progress_free);
  if (!tool_results_sync (run->results, &error)) {
    tool_fail ("%s", error->message);
    run->failed = TRUE;
  }
  if (!options->quiet)
    tool_summary_say (run->summary, run->style->names,
        (double) (g_get_monotonic_time () - run->began_us) / G_USEC_PER_SEC, run->before, run->walk);
  if (run->tags && !options->quiet)
    tool_tags_say (run->tags);
  return report_end (run, end);
}

static ToolTextStyle *
choose_style (const Run *run)
{
  ToolTerminal terminal = tool_terminal_look (stdout, run->options->colour);

  if (run->options->output) {
    terminal.is_terminal = FALSE;
    terminal.colour = run->options->colour == TOOL_COLOUR_ALWAYS;
  }
  return tool_text_style_new (&terminal, run->labels, (unsigned) run->options->top);
}

ToolStatus
tool_identify_run (const ToolIdentifyOptions *options, const ToolWalk *walk, GenreModel *model)
{
  g_autoptr (GError) error = NULL;
  Run run = {
    .options = options,
    .walk = walk,
    .model = genre_model_sha256 (model),
    .labels = genre_model_labels (model),
    .config = { model, options->offset, options->seconds, options->threshold, options->music_threshold,
        options->min_span, NULL },
  };
  ToolStatus status = TOOL_FAILED;

  run.config.heard = &run.heard;
  if (options->write_tags) {
    run.tags = tool_tags_new (options, run.model, run.labels, &error);
    if (!run.tags)
      return tool_fail ("%s", error->message);
  }
  run.results = tool_results_open (options->output, options->resume, run.model, &error);
  if (!run.results) {
    tool_tags_free (run.tags);
    return tool_fail ("%s", error->message);
  }
  if (options->format == TOOL_FORMAT_CSV || options->format == TOOL_FORMAT_TSV)
    run.row = tool_row_new (options->format == TOOL_FORMAT_CSV ? TOOL_ROW_CSV : TOOL_ROW_TSV);
  run.style = choose_style (&run);
  run.summary = tool_summary_new (genre_model_n_labels (model));
  run.extras = tool_extras_new (options, walk, run.model, run.labels, run.style);
  run.estimate = tool_audio_estimate_new (options->seconds);
  status = run_all (&run);
  g_ptr_array_unref (run.todo);
  tool_audio_estimate_free (run.estimate);
  tool_extras_free (run.extras);
  tool_tags_free (run.tags);
  tool_summary_free (run.summary);
  tool_text_style_free (run.style);
  tool_row_free (run.row);
  tool_results_free (run.results);
  return status;
}
