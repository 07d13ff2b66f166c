/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/results.h - where the lines of identify go: standard output, or a file that is its own log.
 *
 * Layer:   gst; track_json, models/file/regular_file, POSIX.
 * Threads: one object serves one thread, but for tool_results_find() and _line(), which any may call.
 *
 * Every line is one write at the end of the file, whole or not at all: whatever ends the process, a reader finds whole
 * lines, and at most the last one is torn by a power cut.  One process at a time writes to a file.
 */
#ifndef GST_TOOLS_RESULTS_H
#define GST_TOOLS_RESULTS_H

#include "gst/tools/track_json.h"

/* What an earlier run says of a recording, the last line if there are several. */
typedef struct ToolDone
{
  guint64 size;
  gint64 mtime_us;
  gboolean same_model;
  char *error;       /* NULL: it was heard */
  const char *label; /* interned */
  double confidence, duration;
  guint64 at; /* of its line, in the file */
  gsize length;
} ToolDone;

typedef struct ToolResults ToolResults;

/* path   NULL: standard output
 * model  SHA-256, for same_model
 *
 * resume: reads the lines that are there, drops a last one that is torn, and goes on behind them; else the file begins
 * anew.  NULL: a G_FILE_ERROR, or _INVAL: there is a line that is none of ours. */
ToolResults *tool_results_open (const char *path, gboolean resume, const char *model, GError **error);

/* Closes, what was written stays.  NULL is a no-op. */
void tool_results_free (ToolResults *results);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolResults, tool_results_free)

/* What is known of it; NULL: nothing.  Valid as long as the object. */
const ToolDone *tool_results_find (const ToolResults *results, const char *uri);

/* The line that says it, without its newline.  NULL: it cannot be read.  Any thread. */
char *tool_results_line (const ToolResults *results, const ToolDone *done);

/* Whether this line, without its newline, is the last one of an earlier run about the folder. */
gboolean tool_results_has_folder (const ToolResults *results, const char *uri, const char *line);

/* line [size]: with its newline.  FALSE: a G_FILE_ERROR; nothing of it is in the file. */
gboolean tool_results_write (ToolResults *results, const char *line, gsize size, GError **error);

/* All lines are on the disk. */
gboolean tool_results_sync (ToolResults *results, GError **error);

#endif
