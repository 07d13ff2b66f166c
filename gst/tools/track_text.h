/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/track_text.h - a track as a line for people: genres, a bar, the name.
 *
 * Layer:   gst; track, genre_name, cells, models/file/printable.
 * Threads: no state; a ToolTextStyle may be shared once it is made.
 *
 *   Classical 89 %  Jazz 7 %      ████████▉   Bach/Air.flac
 *
 * Columns are as wide as the model's labels need, so that lines stand below each other.  Where the terminal is narrow,
 * the third genre goes, then the bar, then the second genre; the name is cut in front, for its end tells more.
 */
#ifndef GST_TOOLS_TRACK_TEXT_H
#define GST_TOOLS_TRACK_TEXT_H

#include "gst/tools/terminal.h"
#include "gst/tools/track.h"

typedef struct ToolTextStyle
{
  ToolTerminal terminal;
  char **names;      /* [n_labels], genres for people; ends in NULL */
  gsize label_cells; /* of the longest */
  unsigned top;      /* genres in a line at most */
} ToolTextStyle;

ToolTextStyle *tool_text_style_new (const ToolTerminal *terminal, const char *const *labels, unsigned top);
void tool_text_style_free (ToolTextStyle *style); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTextStyle, tool_text_style_free)

/* Of a track that was heard, and has no genre: "silence", "not music", "too short", "unknown". */
const char *tool_track_word (const ToolTrack *track);

/* A line of a track that was heard, with a newline.  columns: it takes at most so many less one; 0: whole */
void tool_track_text_append (GString *out, const ToolTextStyle *style, const ToolTrack *track, gsize columns);

/* Below it, for each span "    0:00 - 1:10  Classical 89 %". */
void tool_track_text_append_spans (GString *out, const ToolTextStyle *style, const ToolTrack *track);

/* "3:20", "1:02:03" */
void tool_text_append_time (GString *out, double seconds);

#endif
