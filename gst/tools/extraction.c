/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files are decoded in parallel and appended in the order of their names.
 */
#include "gst/tools/extraction.h"

#include "gst/tools/decode.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/jobs.h"
#include "gst/tools/progress.h"
#include "gst/tools/recording.h"
#include "models/sets/feature_set_writer.h"
#include "models/frontend.h"

enum
{
  CLIP_FRAMES = 387, /* 30 s at the default model's hop */
};

/* What a job found. */
typedef struct Result
{
  ToolRecording *recording;
  gboolean kept; /* it had been decoded before */
  GError *error; /* NULL: there is a recording */
} Result;

typedef struct Extraction
{
  const ToolExtractionConfig *config;
  const ToolFiles *files;
  GenreFeatureSetWriter *writer;
  ToolProgress *progress;
  GError *error; /* why the set cannot be written */
  int n_recordings;
  guint failed, kept;
  double seconds; /* in clips, their filling included */
} Extraction;

static void
free_result (gpointer data)
{
  Result *result = data;
  tool_recording_free (result->recording);
  g_clear_error (&result->error);
  g_free (result);
}

/* --- jobs ------------------------------------------------------------------------------------------------------ */

static gpointer
decode_file (gpointer data, gpointer state, gsize index)
{
  const Extraction *extraction = data;
  const ToolFile *file = g_ptr_array_index (extraction->files->files, index);
  Result *result = g_new0 (Result, 1);

  (void) state;
  result->recording = tool_recording_cache_read (extraction->config->cache, extraction->config->recipe, file->path,
      &result->kept, &result->error);
  return result;
}

/* --- clips ----------------------------------------------------------------------------------------------------- */

/* Sections are cut into clips one by one. */
static gboolean
append_recording (Extraction *extraction, const ToolFile *file, const ToolRecording *recording)
{
  GenreFeatureClip clip = {
    .label = file->label,
    .recording = extraction->n_recordings++,
    .not_music = extraction->config->not_music,
    .name = file->name,
    .artist = recording->artist,
    .album_artist = recording->album_artist,
  };

  for (gsize section = 0, first = 0; section < recording->n_sections; section++) {
    for (; first < recording->ends[section]; first += clip.frames) {
      clip.frames = MIN (recording->ends[section] - first, CLIP_FRAMES);
      clip.db = recording->db + first * extraction->config->recipe->bands;
      if (clip.frames >= MIN (extraction->config->min_frames, CLIP_FRAMES)
          && !genre_feature_set_writer_append (extraction->writer, &clip, &extraction->error))
        return FALSE;
    }
  }
  return TRUE;
}

/* Frames of its longest section. */
static gsize
longest_section (const ToolRecording *recording)
{
  gsize longest = 0;

  for (gsize i = 0; i < recording->n_sections; i++)
    longest = MAX (longest, recording->ends[i] - (i > 0 ? recording->ends[i - 1] : 0));
  return longest;
}

/* FALSE: the set cannot be written. */
static gboolean
append_result (Extraction *extraction, const ToolFile *file, const Result *result)
{
  const ToolRecording *recording = result->recording;

  extraction->kept += result->kept;
  if (!recording) {
    extraction->failed++;
    tool_progress_message (extraction->progress, "%s: %s", file->name, result->error->message);
    return TRUE;
  }
  const gsize longest = longest_section (recording);
  if (longest < MIN (extraction->config->min_frames, CLIP_FRAMES)) {
    extraction->failed++;
    tool_progress_message (extraction->progress,
        "%s: too short: %.1f s are %" G_GSIZE_FORMAT " frames%s, the model needs %u", file->name, recording->seconds,
        longest, recording->n_sections > 1 ? " at most without a break" : "", extraction->config->min_frames);
    return TRUE;
  }
  if (recording->cancelled)
    tool_progress_message (extraction->progress, "%s: %s", file->name, GENRE_DECODER_CANCELLED);
  extraction->seconds += recording->seconds;
  return append_recording (extraction, file, recording);
}

/* One file, in its turn. */
static gboolean
take_result (gpointer data, gsize index, gpointer result)
{
  Extraction *extraction = data;
  const gboolean ok = append_result (extraction, g_ptr_array_index (extraction->files->files, index), result);

  free_result (result);
  return ok;
}

/* All files, in order.  FALSE: the set cannot be written, or an interruption. */
static gboolean
extract_all (Extraction *extraction)
{
  const ToolJobs jobs = {
    .n_jobs = extraction->files->files->len,
    .n_threads = extraction->config->jobs,
    .data = extraction,
    .work = decode_file,
    .take = take_result,
    .drop = free_result,
    .shown = extraction->progress,
  };
  const ToolJobsEnd end = tool_jobs_run (&jobs);

  if (end == TOOL_JOBS_NO_MEMORY)
    g_set_error (&extraction->error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
        "no memory for %u jobs, or the system allows no more threads", extraction->config->jobs);
  return end == TOOL_JOBS_DONE;
}

/* --- before and after ------------------------------------------------------------------------------------------- */

ToolFiles *
tool_extraction_scan (const ToolExtractionConfig *config, const char *directory)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = g_filename_display_name (directory);
  g_autoptr (ToolFiles) files = tool_files_scan (directory, config->layout, &error);
  guint beside = 0;

  if (!files) {
    tool_fail ("%s", error->message);
    return NULL;
  }
  for (guint i = 0; i < files->problems->len; i++) {
    const ToolProblem *problem = g_ptr_array_index (files->problems, i);
    tool_fail ("%s: %s", problem->name, problem->reason);
  }
  if (files->files->len == 0) {
    tool_fail ("%s: there is no music in it", shown);
    return NULL;
  }
  for (guint i = 0; i < files->notes->len && !config->quiet; i++)
    tool_say ("%s: %s", shown, (const char *) g_ptr_array_index (files->notes, i));
  for (guint i = 0; i < files->files->len; i++)
    beside += ((const ToolFile *) g_ptr_array_index (files->files, i))->label < 0;
  if (files->labels->len > 0 && beside > 0 && !config->quiet)
    tool_say ("%s: %u files are in no folder: they have no label", shown, beside);
  return g_steal_pointer (&files);
}

ToolRecordingCache *
tool_extraction_open_cache (gboolean unwanted)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = tool_recording_cache_folder ();
  ToolRecordingCache *cache = unwanted ? NULL : tool_recording_cache_new (folder, TOOL_CACHE_MAX_BYTES, &error);

  if (error)
    tool_say ("%s: decoded recordings are not kept", error->message);
  return cache;
}

/* How much of it need not have been decoded, and what will have to be next time. */
static void
report_cache (const Extraction *extraction)
{
  ToolRecordingCache *cache = extraction->config->cache;
  const char *reason = NULL;
  const guint lost = cache ? tool_recording_cache_lost (cache, &reason) : 0;

  if (extraction->config->quiet)
    return;
  if (extraction->kept > 0)
    tool_say ("%u of %u files were decoded before", extraction->kept, extraction->files->files->len);
  if (lost > 0)
    tool_say ("%u recordings were not kept for the next time: %s", lost, reason);
}

/* --- the set --------------------------------------------------------------------------------------------------- */

static ToolStatus
report (const Extraction *extraction, const char *shown)
{
  const gsize n_clips = genre_feature_set_writer_n_clips (extraction->writer);

  report_cache (extraction);
  if (!extraction->config->quiet)
    tool_say ("%s: %" G_GSIZE_FORMAT " clips of %d recordings, %.2f hours, %u labels", shown, n_clips,
        extraction->n_recordings, extraction->seconds / 3600, extraction->files->labels->len);
  if (extraction->failed > 0)
    return tool_fail ("%u of %u files could not be used", extraction->failed, extraction->files->files->len);
  return extraction->files->problems->len > 0 ? TOOL_FAILED : TOOL_OK;
}

/* directory, output: as they are shown; path: output in the file system's encoding */
static ToolStatus
write_set (Extraction *extraction, const char *directory, const char *output, const char *path, gboolean *ret_written)
{
  const ToolFiles *files = extraction->files;
  GenreFrontend recipe = genre_frontend_of_levels (extraction->config->recipe);
  gboolean ok = FALSE;

  extraction->writer = genre_feature_set_writer_new (path, &recipe, (const char *const *) files->labels->pdata,
      files->labels->len, CLIP_FRAMES, extraction->config->type, &extraction->error);
  genre_frontend_clear (&recipe);
  if (extraction->writer)
    ok = extract_all (extraction);
  g_clear_pointer (&extraction->progress, tool_progress_free);
  if (tool_interrupted ())
    return tool_fail ("interrupted: %s is not written%s", output,
        extraction->config->cache ? "; decoded recordings are kept for the next time" : "");
  if (ok && genre_feature_set_writer_n_clips (extraction->writer) == 0)
    return tool_fail ("%s: none of %u files could be used: %s is not written", directory, files->files->len, output);
  const char *temporary = ok ? genre_feature_set_writer_temporary (extraction->writer) : NULL;
  if (temporary)
    tool_leftover_add (temporary);
  ok = ok && genre_feature_set_writer_finish (extraction->writer, &extraction->error);
  if (temporary)
    tool_leftover_forget (temporary);
  if (!ok)
    return tool_fail ("%s", extraction->error->message);
  *ret_written = TRUE;
  return report (extraction, output);
}

ToolStatus
tool_extraction_run (const ToolExtractionConfig *config, const ToolFiles *files, const char *directory,
    const char *output, const char *name, gboolean *ret_written)
{
  g_autofree char *shown = g_filename_display_name (directory);
  g_autofree char *shown_output = name ? g_strdup (name) : g_filename_display_name (output);

  *ret_written = FALSE;
  Extraction extraction = {
    .config = config,
    .files = files,
    .progress = tool_progress_new ("extract", files->files->len, config->quiet),
  };
  const ToolStatus status = write_set (&extraction, shown, shown_output, output, ret_written);
  genre_feature_set_writer_free (extraction.writer);
  g_clear_error (&extraction.error);
  return status;
}
