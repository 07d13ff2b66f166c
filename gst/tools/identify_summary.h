/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/identify_summary.h - what is said on stderr when a run of identify has ended.
 *
 * Layer:   gst; track, track_text.
 * Threads: one object serves one thread.
 *
 *   1,204 tracks, 83:10:04 of audio in 2:11 (2,285 x real time)
 *   31 % Rock, 14 % Jazz, 9 % Blues, 46 % others
 *   2 of 1,206 could not be identified:
 *     a.mp3: the file is empty
 */
#ifndef GST_TOOLS_IDENTIFY_SUMMARY_H
#define GST_TOOLS_IDENTIFY_SUMMARY_H

#include "gst/tools/track_text.h"

typedef struct ToolSummary ToolSummary;

ToolSummary *tool_summary_new (unsigned n_labels);
void tool_summary_free (ToolSummary *summary); /* NULL is a no-op */

/* A track of this run. */
void tool_summary_add (ToolSummary *summary, const ToolTrack *track);

guint tool_summary_failed (const ToolSummary *summary);

/* names         [n_labels] of the genres
 * wall_seconds  that the run took
 * before        tracks that an earlier run had done; walk: for what was left out */
void tool_summary_say (const ToolSummary *summary, char *const *names, double wall_seconds, guint before,
    const ToolWalk *walk);

#endif
