/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/spool.h - text that waits for its turn: in memory, or in a temporary file where it is long.
 *
 * Layer:   gst; GLib and POSIX files.
 * Threads: one object serves one thread at a time.
 *
 * The file lies in $TMPDIR or /tmp and has no name: nothing is left behind, however the process ends.
 */
#ifndef GST_TOOLS_SPOOL_H
#define GST_TOOLS_SPOOL_H

#include <glib.h>

enum
{
  TOOL_SPOOL_MEMORY = 1 << 20, /* bytes */
};

typedef struct ToolSpool ToolSpool;

ToolSpool *tool_spool_new (void);
void tool_spool_free (ToolSpool *spool); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolSpool, tool_spool_free)

/* text [size].  FALSE: a G_FILE_ERROR; the spool can only be freed then. */
gboolean tool_spool_append (ToolSpool *spool, const char *text, gsize size, GError **error);

/* The next piece of all that was appended, from the first byte on; nothing can be appended any more.
 *
 * ret_text  [*ret_size], valid until the next call; *ret_size is 0 at the end
 *
 * FALSE: a G_FILE_ERROR. */
gboolean tool_spool_read (ToolSpool *spool, const char **ret_text, gsize *ret_size, GError **error);

#endif
