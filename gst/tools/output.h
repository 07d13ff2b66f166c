/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/output.h - where results go, piece by piece: standard output, a file that appears whole or not at all, or
 * what else a path leads to.
 *
 * Layer:   gst; interrupt, terminal, tool, models/file/regular_file.
 * Threads: one object serves one thread at a time.
 *
 * What is wrong is said on stderr, once; of standard output standard_output.h says it.
 */
#ifndef GST_TOOLS_OUTPUT_H
#define GST_TOOLS_OUTPUT_H

#include <glib.h>

typedef struct ToolOutput ToolOutput;

/* path: NULL: standard output.  Writes nothing yet. */
ToolOutput *tool_output_new (const char *path);

/* A file that is not finished does not appear.  NULL is a no-op. */
void tool_output_free (ToolOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolOutput, tool_output_free)

/* text [size].  FALSE: it cannot be written; the output can only be freed then. */
gboolean tool_output_write (ToolOutput *output, const char *text, gsize size);

/* All has been written: the file takes its place. */
gboolean tool_output_finish (ToolOutput *output);

/* All of it in one call: data [size]. */
gboolean tool_output_save (const char *path, const char *data, gsize size);

#endif
