/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/id3v2.h"

#include <string.h>

enum
{
  FLAG_FOOTER = 0x10,
  FLAG_EXTENDED = 0x40, /* version 2: compression */
  FLAG_UNSYNC = 0x80,
  LATIN_1 = 0,
  UTF_16 = 1, /* with its byte order mark */
  UTF_8 = 3,
};

static guint32
synchsafe (const guint8 *bytes)
{
  return (guint32) bytes[0] << 21 | (guint32) bytes[1] << 14 | (guint32) bytes[2] << 7 | bytes[3];
}

static gboolean
is_synchsafe (const guint8 *bytes)
{
  return ((bytes[0] | bytes[1] | bytes[2] | bytes[3]) & 0x80) == 0;
}

static void
append_synchsafe (GByteArray *out, guint32 value)
{
  const guint8 bytes[] = { value >> 21 & 0x7f, value >> 14 & 0x7f, value >> 7 & 0x7f, value & 0x7f };
  g_byte_array_append (out, bytes, sizeof bytes);
}

static gsize
header_size (guint version)
{
  return version == 2 ? 6 : 10;
}

static void
free_frame (gpointer data)
{
  Id3v2Frame *frame = data;
  g_bytes_unref (frame->bytes);
  g_free (frame);
}

void
id3v2_free (Id3v2 *tag)
{
  if (!tag)
    return;
  g_ptr_array_unref (tag->frames);
  g_free (tag);
}

gboolean
id3v2_is_genre (const Id3v2Frame *frame)
{
  return strcmp (frame->id, "TCON") == 0 || strcmp (frame->id, "TCO") == 0;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

guint64
id3v2_measure (const ToolTagReader *reader, guint64 offset)
{
  guint8 header[ID3V2_HEADER];

  if (!tool_tag_peek (reader, offset, header, sizeof header) || memcmp (header, "ID3", 3) != 0 || header[3] == 0xff
      || header[4] == 0xff || !is_synchsafe (header + 6))
    return 0;
  return ID3V2_HEADER + synchsafe (header + 6) + (header[3] == 4 && header[5] & FLAG_FOOTER ? ID3V2_HEADER : 0);
}

/* A to Z, 0 to 9.  id [n] */
static gboolean
is_frame_id (const guint8 *id, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (!g_ascii_isupper (id[i]) && !g_ascii_isdigit (id[i]))
      return FALSE;
  }
  return TRUE;
}

/* Whether a frame may begin here, or the padding, or the tag ends.  bytes [left] */
static gboolean
may_begin (guint version, const guint8 *bytes, gsize left)
{
  const gsize n = version == 2 ? 3 : 4;

  return left < header_size (version) || bytes[0] == 0 || is_frame_id (bytes, n);
}

/* Bytes behind a frame's header.  Old versions of iTunes wrote those of version 4 as if they were of version 3; what
 * follows tells.  bytes [left], at least a header */
static guint64
frame_size (guint version, const guint8 *bytes, gsize left)
{
  if (version == 2)
    return tool_tag_be24 (bytes + 3);
  const guint64 plain = tool_tag_be32 (bytes + 4), header = ID3V2_HEADER;
  if (version == 3 || !is_synchsafe (bytes + 4))
    return plain;
  const guint64 safe = synchsafe (bytes + 4);
  const gboolean fits = safe <= left - header && may_begin (4, bytes + header + safe, left - header - (gsize) safe);
  const gboolean plain_fits = plain <= left - header
      && may_begin (4, bytes + header + plain, left - header - (gsize) plain);
  return !fits && plain_fits ? plain : safe;
}

static gboolean
is_zero (const guint8 *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (bytes[i] != 0)
      return FALSE;
  }
  return TRUE;
}

/* whole: the tag */
static gboolean
read_frames (Id3v2 *tag, GBytes *whole, GError **error)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (whole, &size);
  const gsize header = header_size (tag->version);

  for (gsize at = ID3V2_HEADER; at < size;) {
    if (is_zero (bytes + at, size - at)) /* padding */
      break;
    if (size - at < header || !is_frame_id (bytes + at, tag->version == 2 ? 3 : 4))
      return tool_tag_refuse (error, "its ID3v2 tag has bytes that are no frame");
    const guint64 n = frame_size (tag->version, bytes + at, size - at);
    if (n > size - at - header)
      return tool_tag_refuse (error, "a frame of its ID3v2 tag is longer than the tag");
    Id3v2Frame *frame = g_new0 (Id3v2Frame, 1);
    memcpy (frame->id, bytes + at, tag->version == 2 ? 3 : 4);
    frame->flags = tag->version == 2 ? 0 : (guint16) tool_tag_be16 (bytes + at + 8);
    frame->bytes = g_bytes_new_from_bytes (whole, at, header + (gsize) n);
    g_ptr_array_add (tag->frames, frame);
    at += header + (gsize) n;
    /* compressed, encrypted, grouped: version 3 has it in the low byte as 4 has, at other bits */
    if (id3v2_is_genre (frame) && (frame->flags & 0xff) != 0)
      return tool_tag_refuse (error, "the genre in its ID3v2 tag is compressed, encrypted or grouped");
  }
  return TRUE;
}

static gboolean
check_header (const guint8 *header, GError **error)
{
  if (header[3] < 2 || header[3] > 4)
    return tool_tag_refuse (error, "its ID3v2 tag is of version %d, expected 2 to 4", header[3]);
  if (header[5] & FLAG_UNSYNC)
    return tool_tag_refuse (error, "its ID3v2 tag is unsynchronised as a whole");
  if (header[5] & FLAG_EXTENDED)
    return tool_tag_refuse (error, "its ID3v2 tag has %s", header[3] == 2 ? "been compressed" : "an extended header");
  if (header[5] & FLAG_FOOTER)
    return tool_tag_refuse (error, "its ID3v2 tag has a footer");
  return TRUE;
}

Id3v2 *
id3v2_new (const ToolTagReader *reader, GError **error)
{
  g_autoptr (GBytes) bytes = tool_tag_read (reader, 0, id3v2_measure (reader, 0), error);
  if (!bytes)
    return NULL;
  const guint8 *header = g_bytes_get_data (bytes, NULL);
  if (g_bytes_get_size (bytes) < ID3V2_HEADER || !check_header (header, error))
    return NULL;

  Id3v2 *tag = g_new0 (Id3v2, 1);
  tag->version = header[3];
  tag->revision = header[4];
  tag->flags = header[5];
  tag->size = g_bytes_get_size (bytes);
  tag->frames = g_ptr_array_new_with_free_func (free_frame);
  if (!read_frames (tag, bytes, error))
    g_clear_pointer (&tag, id3v2_free);
  return tag;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* text [size] in the encoding that the version has, its number in front */
static GBytes *
encode (guint version, const char *text, gsize size)
{
  GByteArray *out = g_byte_array_new ();
  gsize n;
  g_autofree char *latin = version == 4 ? NULL : g_convert (text, (gssize) size, "ISO-8859-1", "UTF-8", NULL, &n, NULL);
  const guint8 encoding = version == 4 ? UTF_8 : latin ? LATIN_1 : UTF_16;

  g_byte_array_append (out, &encoding, 1);
  if (version == 4) {
    g_byte_array_append (out, (const guint8 *) text, (guint) size);
  } else if (latin) {
    g_byte_array_append (out, (const guint8 *) latin, (guint) n);
  } else {
    static const guint8 mark[] = { 0xff, 0xfe };
    g_autofree char *wide = g_convert (text, (gssize) size, "UTF-16LE", "UTF-8", NULL, &n, NULL);
    g_byte_array_append (out, mark, sizeof mark);
    g_byte_array_append (out, (const guint8 *) wide, wide ? (guint) n : 0);
  }
  return g_byte_array_free_to_bytes (out);
}

GBytes *
id3v2_genre (guint version, const char *text, gsize size)
{
  g_autoptr (GBytes) content = encode (version, text, size);
  GByteArray *frame = g_byte_array_new ();
  gsize n;
  const guint8 *bytes = g_bytes_get_data (content, &n);
  static const guint8 no_flags[2] = { 0, 0 };

  if (version == 2) {
    const guint8 length[] = { (guint8) (n >> 16), (guint8) (n >> 8), (guint8) n };
    g_byte_array_append (frame, (const guint8 *) "TCO", 3);
    g_byte_array_append (frame, length, sizeof length);
  } else {
    g_byte_array_append (frame, (const guint8 *) "TCON", 4);
    if (version == 4)
      append_synchsafe (frame, (guint32) n);
    else
      tool_tag_append_be32 (frame, (guint32) n);
    g_byte_array_append (frame, no_flags, sizeof no_flags);
  }
  g_byte_array_append (frame, bytes, (guint) n);
  return g_byte_array_free_to_bytes (frame);
}

GBytes *
id3v2_render (const Id3v2 *old, const GPtrArray *frames)
{
  const Id3v2 none = { .version = 4 };
  const Id3v2 *like = old ? old : &none;
  guint64 used = ID3V2_HEADER;

  if (frames->len == 0)
    return NULL;
  for (guint i = 0; i < frames->len; i++)
    used += g_bytes_get_size (g_ptr_array_index (frames, i));

  const guint64 whole = used <= like->size ? like->size : used + ID3V2_PADDING;
  const guint8 start[] = { 'I', 'D', '3', (guint8) like->version, like->revision, like->flags };
  GByteArray *tag = g_byte_array_sized_new ((guint) whole);
  g_byte_array_append (tag, start, sizeof start);
  append_synchsafe (tag, (guint32) (whole - ID3V2_HEADER));
  for (guint i = 0; i < frames->len; i++) {
    gsize n;
    const guint8 *bytes = g_bytes_get_data (g_ptr_array_index (frames, i), &n);
    g_byte_array_append (tag, bytes, (guint) n);
  }
  g_byte_array_set_size (tag, (guint) whole);
  memset (tag->data + used, 0, (gsize) (whole - used));
  return g_byte_array_free_to_bytes (tag);
}
