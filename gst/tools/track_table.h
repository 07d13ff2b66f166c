/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/track_table.h - tracks as a table: CSV as RFC 4180 has it, or values between tabs.
 *
 * Layer:   gst; track, models/file/json_write.
 * Threads: no state.
 *
 * CSV quotes what it must and ends lines with CR LF; it has names as they are.  In TSV a tab, a newline, a carriage
 * return and a backslash in a value are \t, \n, \r and \\, and there are no quotes.  Both are UTF-8 without a mark.
 */
#ifndef GST_TOOLS_TRACK_TABLE_H
#define GST_TOOLS_TRACK_TABLE_H

#include "gst/tools/track.h"

G_BEGIN_DECLS

typedef enum ToolTable
{
  TOOL_TABLE_CSV,
  TOOL_TABLE_TSV,
} ToolTable;

/* The names of the columns.  labels: of the model; with_tag: there are columns for what became of the genre in the
 * file */
void tool_track_table_head (GString *out, ToolTable table, const char *const *labels, gboolean with_tag);

/* A line.  What does not apply, as the error of a track that was heard, is empty. */
void tool_track_table_append (GString *out, ToolTable table, const ToolTrack *track, const char *model,
    const char *const *labels, gboolean with_tag);

/* One value, as the table has it. */
void tool_table_append_value (GString *out, ToolTable table, const char *value);

G_END_DECLS

#endif
