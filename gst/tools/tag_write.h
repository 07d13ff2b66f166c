/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_write.h - a genre into a file, and back out of it: nothing else in it changes, which is seen before the
 * file is replaced.
 *
 * Layer:   gst; tag_copy, tag_file, tag_log, genre_name, and the formats.
 * Threads: any number may be at work, each with a file of its own.
 */
#ifndef GST_TOOLS_TAG_WRITE_H
#define GST_TOOLS_TAG_WRITE_H

#include "gst/tools/tag_log.h"

/* --existing: what becomes of genres that a file has. */
typedef enum ToolExisting
{
  TOOL_EXISTING_KEEP, /* such a file is left alone */
  TOOL_EXISTING_ADD,  /* they stay, the new ones follow */
  TOOL_EXISTING_REPLACE,
} ToolExisting;

typedef struct ToolTagConfig
{
  ToolExisting existing;
  const char *separator; /* between genres where the format has one value only */
  gboolean dry_run;      /* touches nothing */
  gboolean keep_mtime, split_links;
  const char *model; /* SHA-256, for the log */
  ToolTagLog *log;
} ToolTagConfig;

typedef enum ToolTagOutcome
{
  TOOL_TAG_WRITTEN,     /* or would be, in a dry run */
  TOOL_TAG_KEPT,        /* it has a genre */
  TOOL_TAG_SAME,        /* it has these genres */
  TOOL_TAG_UNSURE,      /* below the confidence that is wanted */
  TOOL_TAG_NO_GENRE,    /* silence, no music, too short, unknown */
  TOOL_TAG_NEVER,       /* a genre that is not to be written */
  TOOL_TAG_UNSUPPORTED, /* a kind of file that takes no genre yet */
  TOOL_TAG_FAILED,
  TOOL_TAG_N_OUTCOMES
} ToolTagOutcome;

typedef struct ToolTagResult
{
  ToolTagOutcome outcome;
  char **before; /* genres of the file; ends in NULL, may be empty */
  char **after;  /* those it has, or would have, now; NULL: nothing changes */
  gboolean dry;  /* WRITTEN: it would be */
  char *reason;  /* why it failed, in one line without the name of the file; NULL: it did not */
} ToolTagResult;

ToolTagResult *tool_tag_result_new (ToolTagOutcome outcome);
void tool_tag_result_free (ToolTagResult *result); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTagResult, tool_tag_result_free)

/* "written", or "would-write" of a dry run, "kept", "same", "unsure", "no-genre", "never", "unsupported", "failed" */
const char *tool_tag_result_state (const ToolTagResult *result);

/* names           genres, the first above all; ends in NULL, not empty
 * size, mtime_us  of the file when it was heard: one that is another now is left alone
 *
 * Never NULL. */
ToolTagResult *tool_tag_write (const char *path, const char *const *names, guint64 size, gint64 mtime_us,
    const ToolTagConfig *config);

/* Only looks at what is there: outcome UNSUPPORTED, FAILED, or else `outcome`. */
ToolTagResult *tool_tag_look (const char *path, ToolTagOutcome outcome);

/* The genres that a file names; ends in NULL, may be empty: also if it cannot be read. */
char **tool_tag_genres (const char *path);

/* Takes an entry of a log back: WRITTEN; SAME: it is as before the entry; FAILED.  path: of its URI */
ToolTagResult *tool_tag_undo (const char *path, const ToolTagEntry *entry, const ToolTagConfig *config);

#endif
