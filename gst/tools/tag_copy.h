/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_copy.h - a file is replaced by a changed copy: whole, with its owner, rights and attributes, or not at
 * all.
 *
 * Layer:   gst; tag_survey, interrupt, POSIX and Linux.
 * Threads: one ToolTagCopy serves one thread; any number may be at work.
 *
 * The copy is a hidden file in the same folder.  Whatever ends the process before the last step, the original has not
 * been touched; a copy that a killed process leaves is taken away by the next one that writes into that folder.
 */
#ifndef GST_TOOLS_TAG_COPY_H
#define GST_TOOLS_TAG_COPY_H

#include "gst/tools/tag_survey.h"

typedef struct ToolTagCopy ToolTagCopy;

/* Opens the original, whose links are followed.  NULL: a G_FILE_ERROR.  Messages here have no name of a file. */
ToolTagCopy *tool_tag_copy_new (const char *path, GError **error);
void tool_tag_copy_free (ToolTagCopy *copy); /* a copy that is not in its place is removed; NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTagCopy, tool_tag_copy_free)

/* The original, as long as the object. */
const ToolTagReader *tool_tag_copy_original (const ToolTagCopy *copy);
const char *tool_tag_copy_original_path (const ToolTagCopy *copy);

/* When the original was opened: bytes, microseconds since 1970. */
void tool_tag_copy_stat (const ToolTagCopy *copy, guint64 *ret_size, gint64 *ret_mtime_us);

/* Whether it may be replaced.
 *
 * split  also if it has other names, hard links: these keep the old file
 *
 * FALSE: it is write-protected, or has other names. */
gboolean tool_tag_copy_may_write (const ToolTagCopy *copy, gboolean split, GError **error);

/* Writes the copy of these pieces, of ToolTagPiece.  FALSE: there is no room, or the folder may not be written to. */
gboolean tool_tag_copy_write (ToolTagCopy *copy, const GArray *pieces, GError **error);

/* Where the copy is, for others to change it; and as it is then. */
const char *tool_tag_copy_path (const ToolTagCopy *copy);
gboolean tool_tag_copy_read (const ToolTagCopy *copy, ToolTagReader *ret_reader, GError **error);

/* The copy gets owner, rights and attributes of the original, and is on the disk.  FALSE: they cannot be kept. */
gboolean tool_tag_copy_dress (ToolTagCopy *copy, gboolean keep_mtime, GError **error);

/* It takes the original's place.  FALSE: someone has changed the original since it was opened, or an error. */
gboolean tool_tag_copy_place (ToolTagCopy *copy, GError **error);

#endif
