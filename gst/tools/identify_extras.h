/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/identify_extras.h - what identify makes of tracks besides their lines: side files, playlists, folders, the
 * report.
 *
 * Layer:   gst; identify, side_file, timeline_text, genre_playlists, folder_genres, genre_report.
 * Threads: one object serves one thread.
 */
#ifndef GST_TOOLS_IDENTIFY_EXTRAS_H
#define GST_TOOLS_IDENTIFY_EXTRAS_H

#include "gst/tools/identify.h"
#include "gst/tools/progress.h"
#include "gst/tools/results.h"
#include "gst/tools/track_text.h"

typedef struct ToolExtras ToolExtras;

/* All is the caller's, as long as the object. */
ToolExtras *tool_extras_new (const ToolIdentifyOptions *options, const ToolWalk *walk, const char *model,
    const char *const *labels, const ToolTextStyle *style);
void tool_extras_free (ToolExtras *extras); /* NULL is a no-op */

/* A track of this run.  FALSE: something could not be written, which is said. */
gboolean tool_extras_add (ToolExtras *extras, const ToolTrack *track, ToolProgress *progress);

/* One that an earlier run has heard. */
void tool_extras_add_done (ToolExtras *extras, const ToolInput *input, const ToolDone *done);

/* Lines that follow those of the tracks: of folders. */
void tool_extras_append_lines (const ToolExtras *extras, GString *out, const ToolResults *results);

/* The report, if it is wanted. */
void tool_extras_append_report (const ToolExtras *extras, GString *out);

/* Writes playlists.  FALSE: some could not be written, which is said. */
gboolean tool_extras_finish (ToolExtras *extras);

#endif
