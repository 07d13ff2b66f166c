/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L

#include "gst/tools/tag_reader.h"

#include <errno.h>
#include <unistd.h>

enum
{
  BLOCK = 1 << 18,
};

/* bytes [n].  -1: an error, errno says which; else how many there were */
static gssize
read_at (int fd, guint8 *bytes, gsize n, guint64 offset)
{
  gsize done = 0;

  while (done < n) {
    const ssize_t got = pread (fd, bytes + done, n - done, (off_t) (offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    done += (gsize) got;
  }
  return (gssize) done;
}

gboolean
tool_tag_refuse (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, text);
  return FALSE;
}

static gboolean
fail (gssize got, GError **error)
{
  const int number = errno;

  if (got >= 0)
    return tool_tag_refuse (error, "it ends within its tags, or has become shorter");
  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (number), "it cannot be read: %s",
      g_strerror (number));
  return FALSE;
}

GBytes *
tool_tag_read (const ToolTagReader *reader, guint64 offset, guint64 n, GError **error)
{
  if (n > TOOL_TAG_MAX_BYTES || offset > reader->size || n > reader->size - offset) {
    tool_tag_refuse (error, n > TOOL_TAG_MAX_BYTES ? "its tags are too large" : "it ends within its tags");
    return NULL;
  }
  guint8 *bytes = g_malloc (MAX (n, 1));
  const gssize got = read_at (reader->fd, bytes, (gsize) n, offset);
  if (got != (gssize) n) {
    fail (got, error);
    g_free (bytes);
    return NULL;
  }
  return g_bytes_new_take (bytes, (gsize) n);
}

gboolean
tool_tag_peek (const ToolTagReader *reader, guint64 offset, guint8 *bytes, gsize n)
{
  return offset <= reader->size && n <= reader->size - offset && read_at (reader->fd, bytes, n, offset) == (gssize) n;
}

gboolean
tool_tag_sum (const ToolTagReader *reader, GChecksum *sum, guint64 from, guint64 to, GError **error)
{
  g_autofree guint8 *block = g_malloc (BLOCK);

  while (from < to) {
    const gsize n = (gsize) MIN (to - from, BLOCK);
    const gssize got = read_at (reader->fd, block, n, from);
    if (got != (gssize) n)
      return fail (got, error);
    g_checksum_update (sum, block, (gssize) n);
    from += n;
  }
  return TRUE;
}

/* --- numbers ---------------------------------------------------------------------------------------------------- */

guint32
tool_tag_be16 (const guint8 *bytes)
{
  return (guint32) bytes[0] << 8 | bytes[1];
}

guint32
tool_tag_be24 (const guint8 *bytes)
{
  return tool_tag_be16 (bytes) << 8 | bytes[2];
}

guint32
tool_tag_be32 (const guint8 *bytes)
{
  return tool_tag_be24 (bytes) << 8 | bytes[3];
}

guint64
tool_tag_be64 (const guint8 *bytes)
{
  return (guint64) tool_tag_be32 (bytes) << 32 | tool_tag_be32 (bytes + 4);
}

guint32
tool_tag_le32 (const guint8 *bytes)
{
  return (guint32) bytes[3] << 24 | (guint32) bytes[2] << 16 | (guint32) bytes[1] << 8 | bytes[0];
}

void
tool_tag_append_be32 (GByteArray *out, guint32 value)
{
  const guint8 bytes[] = { (guint8) (value >> 24), (guint8) (value >> 16), (guint8) (value >> 8), (guint8) value };
  g_byte_array_append (out, bytes, sizeof bytes);
}

void
tool_tag_append_le32 (GByteArray *out, guint32 value)
{
  const guint8 bytes[] = { (guint8) value, (guint8) (value >> 8), (guint8) (value >> 16), (guint8) (value >> 24) };
  g_byte_array_append (out, bytes, sizeof bytes);
}
