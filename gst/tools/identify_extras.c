/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/identify_extras.h"

#include "gst/tools/folder_genres.h"
#include "gst/tools/genre_playlists.h"
#include "gst/tools/genre_report.h"
#include "gst/tools/side_file.h"
#include "gst/tools/timeline_text.h"

#include <string.h>

struct ToolExtras
{
  const ToolIdentifyOptions *options;
  const ToolWalk *walk;
  const char *model;         /* its SHA-256 */
  const char *const *labels; /* of it */
  const ToolTextStyle *style;
  GHashTable *order; /* ToolInput -> its place in the walk, + 1 */

  /* NULL: not wanted */
  ToolPlaylists *playlists;
  ToolFolders *folders;
  ToolGenreReport *report;
};

ToolExtras *
tool_extras_new (const ToolIdentifyOptions *options, const ToolWalk *walk, const char *model, const char *const *labels,
    const ToolTextStyle *style)
{
  ToolExtras *extras = g_new0 (ToolExtras, 1);

  *extras = (ToolExtras){ .options = options, .walk = walk, .model = model, .labels = labels, .style = style };
  extras->order = g_hash_table_new (g_direct_hash, g_direct_equal);
  if (options->playlists) {
    extras->playlists = tool_playlists_new (options->playlists, style->names);
    for (guint i = 0; i < walk->inputs->len; i++)
      g_hash_table_insert (extras->order, g_ptr_array_index (walk->inputs, i), GUINT_TO_POINTER (i + 1));
  }
  if (options->by_folder)
    extras->folders = tool_folders_new (g_strv_length (style->names));
  if (options->report)
    extras->report = tool_genre_report_new (labels);
  return extras;
}

void
tool_extras_free (ToolExtras *extras)
{
  if (!extras)
    return;
  g_hash_table_unref (extras->order);
  tool_playlists_free (extras->playlists);
  tool_folders_free (extras->folders);
  tool_genre_report_free (extras->report);
  g_free (extras);
}

/* --- side files ------------------------------------------------------------------------------------------------- */

/* FALSE: said. */
static gboolean
write_side_file (const ToolExtras *extras, const ToolTrack *track, const char *suffix, const char *mark,
    const GString *text, ToolProgress *progress)
{
  g_autofree char *path = tool_side_file_path (track->input, extras->options->output_dir, suffix);
  g_autoptr (GError) error = NULL;
  const char *reason = NULL;

  if (!path) {
    tool_progress_message (progress, "%s: no file can be written beside a URI", track->input->location);
    return FALSE;
  }
  if (!tool_side_file_may_write (extras->walk, path, extras->options->force, mark, &reason)) {
    tool_progress_message (progress, "%s: %s", path, reason);
    return FALSE;
  }
  if (tool_side_file_write (path, text->str, text->len, &error))
    return TRUE;
  tool_progress_message (progress, "%s", error->message);
  return FALSE;
}

static gboolean
write_sidecar (const ToolExtras *extras, const ToolTrack *track, ToolProgress *progress)
{
  g_autoptr (GString) text = g_string_new (NULL);

  tool_track_json_append (text, track, extras->model, extras->labels);
  return write_side_file (extras, track, ".genre.json", "{\"file\":\"", text, progress);
}

static gboolean
write_timelines (const ToolExtras *extras, const ToolTrack *track, ToolProgress *progress)
{
  gboolean ok = TRUE;

  for (guint kind = 0; kind < TOOL_N_TIMELINES; kind++) {
    if (!(extras->options->timelines & 1u << kind))
      continue;
    GString *text = tool_timeline_text ((ToolTimeline) kind, track, extras->style->names, extras->labels);
    g_autofree char *suffix = g_strconcat (".genre", tool_timeline_suffix ((ToolTimeline) kind), NULL);
    ok &= write_side_file (extras, track, suffix, NULL, text, progress);
    g_string_free (text, TRUE);
  }
  return ok;
}

/* --- tracks ----------------------------------------------------------------------------------------------------- */

static void
add_to_playlist (ToolExtras *extras, const ToolTrack *track)
{
  const ToolIdentification *heard = track->heard;
  const gboolean sure = heard->label >= 0 && heard->confidence >= extras->options->min_confidence;
  const guint order = GPOINTER_TO_UINT (g_hash_table_lookup (extras->order, track->input));

  tool_playlists_add (extras->playlists, order, track->input, sure ? heard->label : -1,
      heard->duration > 0 ? heard->duration : heard->seconds, heard->artist, heard->title);
}

gboolean
tool_extras_add (ToolExtras *extras, const ToolTrack *track, ToolProgress *progress)
{
  gboolean ok = TRUE;

  if (!track->heard)
    return TRUE;
  if (extras->playlists)
    add_to_playlist (extras, track);
  if (extras->folders)
    tool_folders_add (extras->folders, track);
  if (extras->report)
    tool_genre_report_add (extras->report, track);
  if (track->line)
    return TRUE; /* the run that has heard it wrote these */
  if (extras->options->sidecar)
    ok &= write_sidecar (extras, track, progress);
  return write_timelines (extras, track, progress) && ok;
}

void
tool_extras_add_done (ToolExtras *extras, const ToolInput *input, const ToolDone *done)
{
  int label = -1;

  if (!extras->playlists)
    return;
  for (int i = 0; extras->labels[i] && done->confidence >= extras->options->min_confidence; i++) {
    if (strcmp (extras->labels[i], done->label) == 0)
      label = i;
  }
  tool_playlists_add (extras->playlists, GPOINTER_TO_UINT (g_hash_table_lookup (extras->order, input)), input, label,
      done->duration, NULL, NULL);
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

void
tool_extras_append_lines (const ToolExtras *extras, GString *out, const ToolResults *results)
{
  if (!extras->folders)
    return;
  if (extras->options->format == TOOL_FORMAT_JSON) {
    tool_folders_append_json (extras->folders, out, extras->labels, results);
  } else {
    g_string_append_c (out, '\n');
    tool_folders_append_text (extras->folders, out, extras->style);
  }
}

void
tool_extras_append_report (const ToolExtras *extras, GString *out)
{
  if (extras->report)
    tool_genre_report_append (extras->report, out, extras->style);
}

gboolean
tool_extras_finish (ToolExtras *extras)
{
  return !extras->playlists || tool_playlists_write (extras->playlists, extras->walk, extras->options->force) == 0;
}
