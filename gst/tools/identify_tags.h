/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/identify_tags.h - which genre a track gets, whether it gets one, and what is said of it: --write-tags.
 *
 * Layer:   gst; identify, track, cells, genre_map, tag_write.
 * Threads: tool_tags_apply() any; the rest one.
 */
#ifndef GST_TOOLS_IDENTIFY_TAGS_H
#define GST_TOOLS_IDENTIFY_TAGS_H

#include "gst/tools/identify.h"
#include "gst/tools/progress.h"
#include "gst/tools/track.h"

typedef struct ToolTags ToolTags;

/* model   its SHA-256
 * labels  of it
 *
 * The caller's, as long as the object.  NULL: the map of genres cannot be used. */
ToolTags *tool_tags_new (const ToolIdentifyOptions *options, const char *model, const char *const *labels,
    GError **error);
void tool_tags_free (ToolTags *tags); /* NULL is a no-op */

/* Writes what is to be written into the file of a track that was heard, and sets track->tag; its size and time are
 * those after that. */
void tool_tags_apply (const ToolTags *tags, ToolTrack *track);

/* Notes it for the summary.  FALSE: it could not be written, which is said. */
gboolean tool_tags_count (ToolTags *tags, const ToolTrack *track, ToolProgress *progress);

/* "Rock -> Jazz  91 %  FILE", with a newline.  track: tag is not NULL */
void tool_tags_append_text (const ToolTags *tags, GString *out, const ToolTrack *track);

/* On stderr: how many of what; what failed; how to take it back. */
void tool_tags_say (const ToolTags *tags);

/* As the options have it, without model and log. */
ToolTagConfig tool_tags_config (const ToolIdentifyOptions *options);

/* Takes back what a log says, options->undo.  With options->dry_run it touches nothing. */
ToolStatus tool_tags_undo (const ToolIdentifyOptions *options);

#endif
