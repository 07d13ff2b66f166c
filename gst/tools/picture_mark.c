/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/picture_mark.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

enum
{
  PNG_HEADER = 33, /* signature, and the chunk IHDR */
  PEEK = 4096,     /* bytes at either end of a file that are looked at */
};

static const char png_begin[] = "\x89PNG\r\n\x1a\n", svg_begin[] = "<?xml", pdf_begin[] = "%PDF-";
static const char png_text[] = "tEXtSoftware\0" TOOL_PICTURE_MARK;
static const char svg_text[] = "<!-- " TOOL_PICTURE_MARK " -->\n";
static const char pdf_text[] = "(" TOOL_PICTURE_MARK ")";

static gboolean
begins (const guint8 *data, gsize n, const char *text)
{
  return n >= strlen (text) && memcmp (data, text, strlen (text)) == 0;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* CRC-32 as PNG has it: of ISO 3309. */
static guint32
crc32_of (const guint8 *data, gsize n)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < n; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

static void
append_number (GByteArray *bytes, guint32 number)
{
  const guint32 big_endian = GUINT32_TO_BE (number);
  g_byte_array_append (bytes, (const guint8 *) &big_endian, sizeof big_endian);
}

static void
insert (GByteArray *picture, guint at, const guint8 *data, guint n)
{
  const guint before = picture->len;

  g_byte_array_set_size (picture, before + n);
  memmove (picture->data + at + n, picture->data + at, before - at);
  memcpy (picture->data + at, data, n);
}

static void
mark_png (GByteArray *picture)
{
  const guint size = sizeof png_text - 1; /* its NUL at the end is none of it */
  g_autoptr (GByteArray) chunk = g_byte_array_new ();

  append_number (chunk, size - 4); /* without the chunk's name */
  g_byte_array_append (chunk, (const guint8 *) png_text, size);
  append_number (chunk, crc32_of ((const guint8 *) png_text, size));
  insert (picture, PNG_HEADER, chunk->data, chunk->len);
}

static void
mark_svg (GByteArray *picture)
{
  const guint8 *end = memchr (picture->data, '\n', picture->len);

  if (end)
    insert (picture, (guint) (end + 1 - picture->data), (const guint8 *) svg_text, sizeof svg_text - 1);
}

void
tool_picture_mark (GByteArray *picture)
{
  if (begins (picture->data, picture->len, png_begin) && picture->len >= PNG_HEADER)
    mark_png (picture);
  else if (begins (picture->data, picture->len, svg_begin))
    mark_svg (picture);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* Whether `wanted` is in data [n], which may have any bytes. */
static gboolean
contains (const guint8 *data, gsize n, const void *wanted, gsize size)
{
  for (gsize i = 0; i + size <= n; i++)
    if (memcmp (data + i, wanted, size) == 0)
      return TRUE;
  return FALSE;
}

gboolean
tool_picture_is_marked (const char *path)
{
  guint8 first[PEEK], last[PEEK];
  FILE *file = g_fopen (path, "rb");

  if (!file)
    return FALSE;
  const gsize n_first = fread (first, 1, sizeof first, file);
  if (fseek (file, -PEEK, SEEK_END) != 0)
    rewind (file);
  const gsize n_last = fread (last, 1, sizeof last, file);
  fclose (file);

  if (begins (first, n_first, png_begin))
    return contains (first, n_first, png_text, sizeof png_text - 1);
  if (begins (first, n_first, svg_begin))
    return contains (first, n_first, svg_text, sizeof svg_text - 1);
  return begins (first, n_first, pdf_begin) && contains (last, n_last, pdf_text, sizeof pdf_text - 1);
}
