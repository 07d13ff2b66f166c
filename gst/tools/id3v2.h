/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/id3v2.h - an ID3v2 tag as a list of whole frames, and back: https://id3.org/id3v2.4.0-structure.
 *
 * Layer:   gst; tag_reader.
 * Threads: plain data.
 *
 * Frames are bytes: what is in them is not looked at, so that none is lost or written in another way.
 */
#ifndef GST_TOOLS_ID3V2_H
#define GST_TOOLS_ID3V2_H

#include "gst/tools/tag_reader.h"

enum
{
  ID3V2_HEADER = 10,    /* bytes */
  ID3V2_PADDING = 1024, /* of a tag that grows */
};

typedef struct Id3v2Frame
{
  char id[5];
  guint16 flags;
  GBytes *bytes; /* its header too */
} Id3v2Frame;

typedef struct Id3v2
{
  guint version; /* 2, 3, 4 */
  guint8 revision, flags;
  guint64 size;      /* bytes of the whole tag, header and padding too */
  GPtrArray *frames; /* of Id3v2Frame */
} Id3v2;

/* How many bytes there are from `offset` on; 0: there is no such tag.  With its footer. */
guint64 id3v2_measure (const ToolTagReader *reader, guint64 offset);

/* The tag at the start of the file.  NULL: an error: what could not be written safely too, such as a footer,
 * unsynchronisation, bytes that are no frame. */
Id3v2 *id3v2_new (const ToolTagReader *reader, GError **error);
void id3v2_free (Id3v2 *tag); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Id3v2, id3v2_free)

/* Whether the frame is the genre. */
gboolean id3v2_is_genre (const Id3v2Frame *frame);

/* A frame of the genre.  text: UTF-8; for version 4 its values have NUL between them, [size] */
GBytes *id3v2_genre (guint version, const char *text, gsize size);

/* A tag of these frames, of GBytes, in place of `old`: as large as that if they fit.  NULL: no frames, no tag.
 *
 * old  NULL: there was none, and it is of version 4 */
GBytes *id3v2_render (const Id3v2 *old, const GPtrArray *frames);

#endif
