/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/interrupt.h - Ctrl-C, SIGTERM, a closed terminal or pipe end a command: in order, or else within a second.
 *
 * Layer:   gst; GLib, POSIX signals.
 * Threads: as each function says.
 *
 * The first signal asks: whoever does something long looks at tool_interrupted() and ends.  If that takes too long,
 * because a file system hangs or a step of training is long, or if a second signal comes, a thread that does nothing
 * else takes leftovers away and ends the process.
 */
#ifndef GST_TOOLS_INTERRUPT_H
#define GST_TOOLS_INTERRUPT_H

#include "gst/tools/tool.h"

/* From now on.  Signals that are ignored, as by nohup, stay so.  The main thread, once. */
void tool_catch_interrupts (void);

/* Whether one came.  Any thread. */
gboolean tool_interrupted (void);

/* A file, or an empty folder, to be removed if the process does not end in an orderly way.  Any thread. */
void tool_leftover_add (const char *path);

/* Takes it back: the file is removed already, or is to stay.  Any thread. */
void tool_leftover_forget (const char *path);

/* What main() returns.  A command that failed because it was interrupted ends by the very signal: by SIGINT,
 * shells have status 130 for that. */
int tool_exit_status (ToolStatus status);

#endif
