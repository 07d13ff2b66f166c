/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/track_json.h - a track as a JSON object on one line, and what of it a later run reads again.
 *
 * Layer:   gst; track, models/file.
 * Threads: no state.
 *
 * docs/identify.md defines the object.
 */
#ifndef GST_TOOLS_TRACK_JSON_H
#define GST_TOOLS_TRACK_JSON_H

#include "gst/tools/track.h"

/* With a newline.  model: its SHA-256; labels: of the model */
void tool_track_json_append (GString *out, const ToolTrack *track, const char *model, const char *const *labels);

/* An element of an array: start and end in seconds, label, confidence. */
void tool_track_json_add_span (GString *out, const ToolSpan *span, const char *const *labels);

/* What an earlier run has heard, without its timeline and what the file said.  labels: of the same model
 *
 * text  [size], the line.  NULL: it is none of a recording that was heard. */
ToolIdentification *tool_track_json_heard (const char *text, gsize size, const char *const *labels);

/* The line of an earlier run with size and time of the file as they are now, and with track->tag. */
void tool_track_json_renew (GString *out, const char *line, const ToolTrack *track);

/* A line of an earlier run. */
typedef struct ToolTrackLine
{
  char *uri, *file;
  guint64 size;
  gint64 mtime_us;
  char *model; /* NULL: it failed */
  char *error; /* NULL: it did not */
  char *label; /* "unknown" too */
  double confidence, duration;
  gboolean is_folder; /* of --by-folder: only the name counts */
} ToolTrackLine;

/* text [size]: without the newline.  FALSE: it is no line of identify --json; ret_reason: why, g_free() it. */
gboolean tool_track_line_parse (const char *text, gsize size, ToolTrackLine *ret_line, char **ret_reason);
void tool_track_line_clear (ToolTrackLine *line);

#endif
