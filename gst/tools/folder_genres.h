/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/folder_genres.h - one genre for the tracks of a folder, such as an album, if they agree.
 *
 * Layer:   gst; track, track_text, results, models/file/json_write.
 * Threads: one object serves one thread.
 *
 * A folder's distribution is softmax of the mean over its tracks of ln p, each track once, as that of a track is of its
 * windows.  Its tracks agree if it is the most probable genre of at least two thirds of them.  Silence, what is no
 * music and what failed has no say.
 */
#ifndef GST_TOOLS_FOLDER_GENRES_H
#define GST_TOOLS_FOLDER_GENRES_H

#include "gst/tools/results.h"
#include "gst/tools/track_text.h"

typedef struct ToolFolders ToolFolders;

ToolFolders *tool_folders_new (unsigned n_labels);
void tool_folders_free (ToolFolders *folders); /* NULL is a no-op */

void tool_folders_add (ToolFolders *folders, const ToolTrack *track);

/* A line each, in the order in which their first tracks came: "Jazz 87 %  12 tracks  Music/quartet", or "mixed" and
 * which genres how many tracks have. */
void tool_folders_append_text (const ToolFolders *folders, GString *out, const ToolTextStyle *style);

/* An object a line: folder, uri, tracks, agree, label ("mixed" if they do not agree), confidence, probabilities.  What
 * the results have of a folder already is left out. */
void tool_folders_append_json (const ToolFolders *folders, GString *out, const char *const *labels,
    const ToolResults *results);

#endif
