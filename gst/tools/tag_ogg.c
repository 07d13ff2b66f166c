/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_ogg.h"

#include "gst/tools/tag_comments.h"

#include <string.h>

enum
{
  HEADER = 27, /* of a page, before its table of segments */
  MAX_PAGE = HEADER + 255 + 255 * 255,
  MAX_HEADER_PACKET = 64 << 20, /* bytes: pictures are in the comments */
  CONTINUED = 1,
  BEGINS = 2,
  CHECKSUM = 22, /* where it is in a page */
};

static const struct
{
  const char *identification, *comments; /* how the first two packets begin */
  gsize identification_size, comments_size;
  guint n_headers;
} codecs[TOOL_TAG_N_FORMATS] = {
  [TOOL_TAG_OGG] = { "\x01vorbis", "\x03vorbis", 7, 7, 3 },
  [TOOL_TAG_OPUS] = { "OpusHead", "OpusTags", 8, 8, 2 },
};

/* --- pages ------------------------------------------------------------------------------------------------------ */

typedef struct Page
{
  guint8 bytes[MAX_PAGE];
  guint n_segments;
  gsize data, size; /* where its data begin; of the whole page */
} Page;

/* CRC-32 of Ogg: polynomial 0x04c11db7, highest bit first, from 0, nothing inverted.  bytes [n]; the page's own
 * checksum counts as zeros */
static guint32
checksum (const guint8 *bytes, gsize n)
{
  static gsize ready;
  static guint32 table[256];

  if (g_once_init_enter (&ready)) {
    for (guint32 i = 0; i < 256; i++) {
      table[i] = i << 24;
      for (int bit = 0; bit < 8; bit++)
        table[i] = table[i] << 1 ^ (table[i] >> 31 ? 0x04c11db7u : 0);
    }
    g_once_init_leave (&ready, 1);
  }
  guint32 sum = 0;
  for (gsize i = 0; i < n; i++) {
    const guint8 byte = i >= CHECKSUM && i < CHECKSUM + 4 ? 0 : bytes[i];
    sum = sum << 8 ^ table[sum >> 24 ^ byte];
  }
  return sum;
}

/* FALSE: it is no page. */
static gboolean
read_page (const ToolTagReader *reader, guint64 at, Page *page, GError **error)
{
  if (!tool_tag_peek (reader, at, page->bytes, HEADER) || memcmp (page->bytes, "OggS", 4) != 0 || page->bytes[4] != 0)
    return tool_tag_refuse (error, "at byte %" G_GUINT64_FORMAT " there is no page of Ogg", at);
  page->n_segments = page->bytes[26];
  page->data = HEADER + page->n_segments;
  page->size = page->data;
  if (!tool_tag_peek (reader, at + HEADER, page->bytes + HEADER, page->n_segments))
    return tool_tag_refuse (error, "it ends within a page");
  for (guint i = 0; i < page->n_segments; i++)
    page->size += page->bytes[HEADER + i];
  if (!tool_tag_peek (reader, at + page->data, page->bytes + page->data, page->size - page->data))
    return tool_tag_refuse (error, "it ends within a page");
  if (checksum (page->bytes, page->size) != tool_tag_le32 (page->bytes + CHECKSUM))
    return tool_tag_refuse (error, "the page at byte %" G_GUINT64_FORMAT " is damaged", at);
  return TRUE;
}

/* --- packets ---------------------------------------------------------------------------------------------------- */

typedef struct Stream
{
  ToolTagFormat format;
  guint32 serial, number; /* of the next page */
  guint n_packets;        /* whole ones */
  GByteArray *packet;     /* of the headers: what there is of it */
  guint64 length;         /* of the packet that goes on */
  GChecksum *audio;       /* all packets but the comments, and what is said of times */
  GBytes *comments;       /* the whole packet */
} Stream;

static void
clear_stream (Stream *stream)
{
  g_byte_array_unref (stream->packet);
  g_checksum_free (stream->audio);
  g_clear_pointer (&stream->comments, g_bytes_unref);
}

static gboolean
check_order (Stream *stream, const Page *page, GError **error)
{
  const guint8 flags = page->bytes[5];
  const guint32 serial = tool_tag_le32 (page->bytes + 14), number = tool_tag_le32 (page->bytes + 18);
  const gboolean first = stream->number == 0 && stream->n_packets == 0 && stream->length == 0;

  if (first)
    stream->serial = serial;
  if (serial != stream->serial || (flags & BEGINS) != (first ? BEGINS : 0))
    return tool_tag_refuse (error, "it has several streams, one after the other or side by side");
  if (number != stream->number)
    return tool_tag_refuse (error, "pages are missing before its page %u", number);
  if (((flags & CONTINUED) != 0) != (stream->length > 0))
    return tool_tag_refuse (error, "a packet ends without its end in page %u", number);
  stream->number++;
  return TRUE;
}

static gboolean
end_packet (Stream *stream, GError **error)
{
  const guint8 length[] = { (guint8) (stream->length >> 24), (guint8) (stream->length >> 16),
    (guint8) (stream->length >> 8), (guint8) stream->length };

  if (stream->n_packets == 1)
    stream->comments = g_bytes_new (stream->packet->data, stream->packet->len);
  else
    g_checksum_update (stream->audio, length, sizeof length);
  if (stream->n_packets == 1
      && (stream->packet->len < codecs[stream->format].comments_size
          || memcmp (stream->packet->data, codecs[stream->format].comments, codecs[stream->format].comments_size) != 0))
    return tool_tag_refuse (error, "its second packet has no comments");
  g_byte_array_set_size (stream->packet, 0);
  stream->length = 0;
  stream->n_packets++;
  return TRUE;
}

/* data [n]: of the packet that goes on */
static gboolean
take_data (Stream *stream, const guint8 *data, gsize n, GError **error)
{
  stream->length += n;
  if (stream->n_packets != 1)
    g_checksum_update (stream->audio, data, (gssize) n);
  else if (stream->length > MAX_HEADER_PACKET)
    return tool_tag_refuse (error, "its comments are too large");
  else
    g_byte_array_append (stream->packet, data, (guint) n);
  return TRUE;
}

/* Where headers lie in pages may change; of pages behind them flags and times count too. */
static gboolean
take_page (Stream *stream, const Page *page, GError **error)
{
  gsize at = page->data;

  if (!check_order (stream, page, error))
    return FALSE;
  if (stream->n_packets >= codecs[stream->format].n_headers)
    g_checksum_update (stream->audio, page->bytes + 5, 9);
  for (guint i = 0; i < page->n_segments; i++) {
    const guint8 n = page->bytes[HEADER + i];
    if (!take_data (stream, page->bytes + at, n, error) || (n < 255 && !end_packet (stream, error)))
      return FALSE;
    at += n;
  }
  return TRUE;
}

/* all: to the end of the file; else until the comments are there */
static gboolean
read_stream (const ToolTagReader *reader, Stream *stream, gboolean all, GError **error)
{
  g_autofree Page *page = g_new (Page, 1);

  for (guint64 at = 0; at < reader->size && (all || !stream->comments); at += page->size) {
    if (!read_page (reader, at, page, error) || !take_page (stream, page, error))
      return FALSE;
  }
  return stream->comments || tool_tag_refuse (error, "it has no comments");
}

static Stream
begin (ToolTagFormat format)
{
  return (Stream){ .format = format, .packet = g_byte_array_new (), .audio = g_checksum_new (G_CHECKSUM_SHA256) };
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

gboolean
tool_tag_ogg_is (const ToolTagReader *reader, ToolTagFormat format)
{
  guint8 start[HEADER + 1 + 8]; /* the first packet has a page of its own, and is one segment */

  return tool_tag_peek (reader, 0, start, sizeof start) && memcmp (start, "OggS", 4) == 0 && start[26] == 1
      && memcmp (start + HEADER + 1, codecs[format].identification, codecs[format].identification_size) == 0;
}

static ToolComments *
parse (const Stream *stream, GError **error)
{
  const gsize start = codecs[stream->format].comments_size;
  g_autoptr (GBytes)
      bytes = g_bytes_new_from_bytes (stream->comments, start, g_bytes_get_size (stream->comments) - start);
  return tool_comments_new (bytes, error);
}

gboolean
tool_tag_ogg_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error)
{
  Stream stream = begin (survey->format);
  g_autoptr (ToolComments) comments = read_stream (reader, &stream, TRUE, error) ? parse (&stream, error) : NULL;

  if (comments) {
    tool_comments_survey (comments, survey);
    survey->audio = g_strdup (g_checksum_get_string (stream.audio));
  }
  clear_stream (&stream);
  return comments != NULL;
}

GBytes *
tool_tag_ogg_edit (const ToolTagReader *reader, const GPtrArray *genres, GError **error)
{
  Stream stream = begin (tool_tag_ogg_is (reader, TOOL_TAG_OPUS) ? TOOL_TAG_OPUS : TOOL_TAG_OGG);
  g_autoptr (ToolComments) comments = read_stream (reader, &stream, FALSE, error) ? parse (&stream, error) : NULL;
  GByteArray *packet = g_byte_array_new ();

  if (comments) {
    g_autoptr (GBytes) list = tool_comments_edit (comments, genres);
    g_byte_array_append (packet, (const guint8 *) codecs[stream.format].comments,
        (guint) codecs[stream.format].comments_size);
    g_byte_array_append (packet, g_bytes_get_data (list, NULL), (guint) g_bytes_get_size (list));
  }
  clear_stream (&stream);
  GBytes *bytes = g_byte_array_free_to_bytes (packet);
  if (!comments)
    g_clear_pointer (&bytes, g_bytes_unref);
  return bytes;
}
