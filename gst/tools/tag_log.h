/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_log.h - a line for each genre that was written, with what was there before.
 *
 * Layer:   gst; tag_survey, models/file.
 * Threads: tool_tag_log_add() may be called from any thread; the rest as plain data.
 *
 * A line is on the disk before the file that it is about is replaced: what was written can always be taken back.  The
 * last of them may be about a file that never was replaced.
 */
#ifndef GST_TOOLS_TAG_LOG_H
#define GST_TOOLS_TAG_LOG_H

#include "gst/tools/tag_survey.h"

typedef struct ToolTagEntry
{
  char *uri;
  ToolTagFormat format;
  char *model;          /* SHA-256 */
  char **before;        /* genres as people read them; ends in NULL */
  char **after;         /* the same, as they were written */
  GPtrArray *old, *now; /* of ToolTagGenre, as they lay in the file before and after */
} ToolTagEntry;

typedef struct ToolTagLog ToolTagLog;

/* path  appended to; NULL: a new one in the user's folder for such data
 *
 * Opens nothing yet. */
ToolTagLog *tool_tag_log_new (const char *path);
void tool_tag_log_free (ToolTagLog *log); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTagLog, tool_tag_log_free)

/* Its path; NULL: nothing has been written. */
const char *tool_tag_log_path (const ToolTagLog *log);

/* FALSE: a G_FILE_ERROR that names the log. */
gboolean tool_tag_log_add (ToolTagLog *log, const ToolTagEntry *entry, GError **error);

/* Every line of a log, a torn last one left out.  Of ToolTagEntry; NULL: an error that names the file and the line. */
GPtrArray *tool_tag_log_read (const char *path, GError **error);

#endif
