/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_reader.h - bytes of an open file by their place, and their checksum.
 *
 * Layer:   gst; GLib, POSIX.
 * Threads: no state but the file's; any thread.
 */
#ifndef GST_TOOLS_TAG_READER_H
#define GST_TOOLS_TAG_READER_H

#include <glib.h>

G_BEGIN_DECLS

enum
{
  TOOL_TAG_MAX_BYTES = 256 << 20, /* of what is taken into memory at once: pictures are in it */
};

typedef struct ToolTagReader
{
  int fd;       /* the caller's */
  guint64 size; /* bytes, when it was made */
} ToolTagReader;

/* Bytes [n] from `offset`, all of them.  NULL: a G_FILE_ERROR: _INVAL if the file ends before. */
GBytes *tool_tag_read (const ToolTagReader *reader, guint64 offset, guint64 n, GError **error);

/* The same if the file is long enough; FALSE: it is not, or cannot be read.
 *
 * bytes [n]  out */
gboolean tool_tag_peek (const ToolTagReader *reader, guint64 offset, guint8 *bytes, gsize n);

/* Adds the bytes [from, to).  FALSE: a G_FILE_ERROR. */
gboolean tool_tag_sum (const ToolTagReader *reader, GChecksum *sum, guint64 from, guint64 to, GError **error);

/* A G_FILE_ERROR_INVAL, what the file is or lacks.  FALSE. */
gboolean tool_tag_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Numbers of two to eight bytes: the most significant first, or last. */
guint32 tool_tag_be16 (const guint8 *bytes);
guint32 tool_tag_be24 (const guint8 *bytes);
guint32 tool_tag_be32 (const guint8 *bytes);
guint64 tool_tag_be64 (const guint8 *bytes);
guint32 tool_tag_le32 (const guint8 *bytes);
void tool_tag_append_be32 (GByteArray *out, guint32 value);
void tool_tag_append_le32 (GByteArray *out, guint32 value);

G_END_DECLS

#endif
