/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/genre_report.h - what files say of their genre against what they sound like.
 *
 * Layer:   gst; track, track_text, genre_name.
 * Threads: one object serves one thread.
 *
 * Memory does not grow with the number of tracks, but for one line for each genre that is written in them.
 */
#ifndef GST_TOOLS_GENRE_REPORT_H
#define GST_TOOLS_GENRE_REPORT_H

#include "gst/tools/track_text.h"

typedef struct ToolGenreReport ToolGenreReport;

/* labels  [n_labels] of the model, then NULL; copied */
ToolGenreReport *tool_genre_report_new (const char *const *labels);
void tool_genre_report_free (ToolGenreReport *report); /* NULL is a no-op */

/* One that was heard, has a genre to name, and says one of its own. */
void tool_genre_report_add (ToolGenreReport *report, const ToolTrack *track);

/* How many agree, a table of both, genres that the model has not, the strongest disagreements. */
void tool_genre_report_append (const ToolGenreReport *report, GString *out, const ToolTextStyle *style);

#endif
