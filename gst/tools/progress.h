/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/progress.h - how far it is and how long it will take: one line on a terminal, rewritten in place.
 *
 * Layer:   gst; cells, terminal, models/file/printable, GLib.
 * Threads: one object serves one thread.
 *
 * On stderr.  Where that is no terminal, or a dumb one, a plain line every half minute.
 */
#ifndef GST_TOOLS_PROGRESS_H
#define GST_TOOLS_PROGRESS_H

#include <glib.h>

typedef struct ToolProgress ToolProgress;

/* what   "extract", the start of the line, copied
 * total  in any unit; 0: unknown
 * quiet  shows nothing but messages */
ToolProgress *tool_progress_new (const char *what, guint64 total, gboolean quiet);
void tool_progress_free (ToolProgress *progress); /* wipes the line; NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolProgress, tool_progress_free)

/* For a run that continues another one: so much was done before, and does not count for the time left. */
void tool_progress_start_at (ToolProgress *progress, guint64 done);

/* For who knows better than a count: seconds until the end; -1: unknown. */
void tool_progress_set_left (ToolProgress *progress, double seconds);

/* The line is wiped, for something else that is written to the terminal; it comes back with the next update. */
void tool_progress_hide (ToolProgress *progress);

/* "extract  12 of 100 (12 %), 3:20 left, NOTE", cut to the width that the terminal has now.  May be called
 * often: it shows at most ten a second.  note: or NULL; what is not printable in it is escaped */
void tool_progress_update (ToolProgress *progress, guint64 done, const char *note);

/* A line of its own on stderr, as tool_say() has it; the progress line is wiped before and comes back after. */
void tool_progress_message (ToolProgress *progress, const char *format, ...) G_GNUC_PRINTF (2, 3);

#endif
