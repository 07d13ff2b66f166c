/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/side_file.h - files that belong to a recording: beside it, or in a folder of their own.
 *
 * Layer:   gst; walk, outputs.
 * Threads: no state.
 */
#ifndef GST_TOOLS_SIDE_FILE_H
#define GST_TOOLS_SIDE_FILE_H

#include "gst/tools/walk.h"

/* folder  NULL: beside the recording; else below it, as it lies in the directory that was walked
 * suffix  ".genre.srt", behind the whole name, so that two recordings never share one
 *
 * NULL: a URI of no file has no place beside it. */
char *tool_side_file_path (const ToolInput *input, const char *folder, const char *suffix);

/* Whether it may be written: nothing is there, or `force`, or it begins as `mark` does (NULL: nothing is ours), and it
 * is no input.  ret_reason: why not. */
gboolean tool_side_file_may_write (const ToolWalk *walk, const char *path, gboolean force, const char *mark,
    const char **ret_reason);

/* Writes it whole, and makes its folder if need be.  FALSE: `error` names it. */
gboolean tool_side_file_write (const char *path, const char *data, gsize size, GError **error);

#endif
