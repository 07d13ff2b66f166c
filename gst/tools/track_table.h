/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/track_table.h - tracks as a table: CSV or TSV, as row.h has them.
 *
 * Layer:   gst; row, track.
 * Threads: no state.
 */
#ifndef GST_TOOLS_TRACK_TABLE_H
#define GST_TOOLS_TRACK_TABLE_H

#include "gst/tools/row.h"
#include "gst/tools/track.h"

/* The names of the columns become the row.  labels: of the model; with_tag: there are columns for what became of the
 * genre in the file */
void tool_track_table_head (ToolRow *row, const char *const *labels, gboolean with_tag);

/* A track becomes the row.  What does not apply, as the error of a track that was heard, is empty. */
void tool_track_table_fill (ToolRow *row, const ToolTrack *track, const char *model, const char *const *labels,
    gboolean with_tag);

#endif
