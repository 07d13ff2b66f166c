/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/timeline_text.h - the timeline of a track as players, editors and karaoke read it.
 *
 * Layer:   gst; track_json, track_text, models/file/json_write.
 * Threads: no state.
 *
 *   text      0:00 - 1:10  Classical 89 %
 *   json      one object: file, uri, timeline as in track_json.h
 *   srt       SubRip: numbered, 00:00:00,000 --> 00:01:10,000
 *   vtt       WebVTT
 *   audacity  labels: start, end, genre, between tabs; also what sonic-annotator and Sonic Visualiser read
 *   lrc       [00:00.00]Classical 89 %, and an empty line where a silence begins
 */
#ifndef GST_TOOLS_TIMELINE_TEXT_H
#define GST_TOOLS_TIMELINE_TEXT_H

#include "gst/tools/track_text.h"

typedef enum ToolTimeline
{
  TOOL_TIMELINE_TEXT,
  TOOL_TIMELINE_JSON,
  TOOL_TIMELINE_SRT,
  TOOL_TIMELINE_VTT,
  TOOL_TIMELINE_AUDACITY,
  TOOL_TIMELINE_LRC,
  TOOL_N_TIMELINES
} ToolTimeline;

/* "srt,vtt" -> a bit for each, 1 << ToolTimeline.  FALSE: there is another word in it. */
gboolean tool_timeline_parse (const char *text, guint *ret_kinds);

/* ".srt": what a file of that kind has behind its name. */
const char *tool_timeline_suffix (ToolTimeline kind);

/* names, labels [n_labels]  of the genres, for people and in the model
 *
 * Of a track that was heard.  g_string_free() it. */
GString *tool_timeline_text (ToolTimeline kind, const ToolTrack *track, char *const *names, const char *const *labels);

#endif
