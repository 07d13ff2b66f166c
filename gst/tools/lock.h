/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/lock.h - one process at a time writes to a place.
 *
 * Layer:   gst; POSIX record locks.
 * Threads: the main thread.
 *
 * The lock ends with its process, however that ends.  An orderly end removes the file; the file that a killed process
 * leaves locks nothing.
 */
#ifndef GST_TOOLS_LOCK_H
#define GST_TOOLS_LOCK_H

#include <glib.h>

typedef struct ToolLock ToolLock;

/* path     of the file that is locked; made if need be
 * ret_pid  out: which process has it, 0: another machine's or unknown; set where it is G_FILE_ERROR_AGAIN
 *
 * NULL: a G_FILE_ERROR: _AGAIN if another process has it. */
ToolLock *tool_lock_new (const char *path, gint64 *ret_pid, GError **error);

/* Removes the file.  NULL is a no-op. */
void tool_lock_free (ToolLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolLock, tool_lock_free)

#endif
