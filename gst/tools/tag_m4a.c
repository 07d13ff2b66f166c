/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_m4a.h"

#include <string.h>

enum
{
  HEADER = 8,
  LONG_HEADER = 16,
  MAX_DEPTH = 16,
  FULL_HEADER = 4, /* version and flags */
};

typedef struct Atom
{
  char type[5];
  guint64 at, body, end; /* of the header, of what follows it, of what follows the atom */
} Atom;

typedef struct Movie
{
  const ToolTagReader *reader;
  ToolTagSurvey *survey;
  GArray *media;       /* of Atom, mdat */
  const guint8 *bytes; /* of moov, [size] */
  gsize size;
} Movie;

/* --- atoms ------------------------------------------------------------------------------------------------------ */

/* header [LONG_HEADER or what is left]; end: of what is around it.  FALSE: there is none. */
static gboolean
parse_header (const guint8 *header, guint64 at, guint64 end, Atom *ret_atom)
{
  guint64 size, head = HEADER;

  if (end - at < HEADER)
    return FALSE;
  size = tool_tag_be32 (header);
  if (size == 1) {
    if (end - at < LONG_HEADER)
      return FALSE;
    size = tool_tag_be64 (header + HEADER);
    head = LONG_HEADER;
  } else if (size == 0) {
    size = end - at;
  }
  if (size < head || size > end - at)
    return FALSE;
  *ret_atom = (Atom){ "", at, at + head, at + size };
  memcpy (ret_atom->type, header + 4, 4);
  return TRUE;
}

/* At the top of the file. */
static gboolean
read_atom (const ToolTagReader *reader, guint64 at, Atom *ret_atom, GError **error)
{
  guint8 header[LONG_HEADER] = { 0 };
  const gsize n = (gsize) MIN (reader->size - at, LONG_HEADER);

  return (tool_tag_peek (reader, at, header, n) && parse_header (header, at, reader->size, ret_atom))
      || tool_tag_refuse (error, "at byte %" G_GUINT64_FORMAT " there is no whole atom", at);
}

static gboolean
is (const Atom *atom, const char *type)
{
  return memcmp (atom->type, type, 4) == 0;
}

static gboolean
is_one_of (const Atom *atom, const char *const *types)
{
  for (; *types; types++) {
    if (is (atom, *types))
      return TRUE;
  }
  return FALSE;
}

/* Padding, which may come and go. */
static gboolean
is_free (const Atom *atom)
{
  static const char *const types[] = { "free", "skip", "wide", NULL };
  return is_one_of (atom, types);
}

/* "moov/udta/\xa9nam" as UTF-8 */
static char *
name_of (const char *above, const Atom *atom)
{
  g_autofree char *type = g_convert (atom->type, 4, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
  return g_strconcat (above, above[0] ? "/" : "", type ? type : "?", NULL);
}

/* --- moov ------------------------------------------------------------------------------------------------------- */

/* Appends in which media data a place is, and where in them. */
static gboolean
append_place (const Movie *movie, GByteArray *out, guint64 offset)
{
  for (guint i = 0; i < movie->media->len; i++) {
    const Atom *media = &g_array_index (movie->media, Atom, i);
    if (offset < media->body || offset >= media->end)
      continue;
    tool_tag_append_be32 (out, i);
    tool_tag_append_be32 (out, (guint32) ((offset - media->body) >> 32));
    tool_tag_append_be32 (out, (guint32) (offset - media->body));
    return TRUE;
  }
  return FALSE;
}

/* stco, co64: a count, then offsets of `width` bytes. */
static gboolean
survey_offsets (const Movie *movie, const Atom *atom, const char *name, gsize width, GError **error)
{
  const guint8 *body = movie->bytes + atom->body;
  const guint64 size = atom->end - atom->body;
  g_autoptr (GByteArray) places = g_byte_array_new ();
  const guint32 n = size >= 8 ? tool_tag_be32 (body + FULL_HEADER) : 0;

  if (size < 8 || n > (size - 8) / width)
    return tool_tag_refuse (error, "its chunk offsets are damaged");
  g_byte_array_append (places, body, FULL_HEADER);
  for (guint32 i = 0; i < n; i++) {
    const guint8 *entry = body + 8 + i * width;
    if (!append_place (movie, places, width == 8 ? tool_tag_be64 (entry) : tool_tag_be32 (entry)))
      return tool_tag_refuse (error, "a chunk offset leads to no media data");
  }
  tool_tag_survey_add (movie->survey, name, places->data, places->len);
  return TRUE;
}

/* "----:com.apple.iTunes:MOOD" for a freeform atom, as `name` else.  atom: in iTunes' list */
static char *
name_item (const Movie *movie, const Atom *atom)
{
  g_autoptr (GString) name = g_string_new (NULL);
  Atom part = { .end = atom->body };

  if (!is (atom, "----"))
    return name_of ("", atom);
  g_string_append (name, "----");
  while (parse_header (movie->bytes + part.end, part.end, atom->end, &part)) {
    const gsize start = (gsize) MIN (part.body + FULL_HEADER, part.end);
    if (is (&part, "mean") || is (&part, "name")) {
      g_string_append_c (name, ':');
      g_string_append_len (name, (const char *) movie->bytes + start, (gssize) (part.end - start));
    }
  }
  return g_utf8_make_valid (name->str, (gssize) name->len);
}

static void
survey_item (const Movie *movie, const Atom *atom)
{
  const guint8 *whole = movie->bytes + atom->at;
  const gsize size = (gsize) (atom->end - atom->at);

  if (is (atom, "\251gen") || is (atom, "gnre")) {
    g_autoptr (GBytes) data = g_bytes_new (whole, size);
    g_ptr_array_add (movie->survey->genres, tool_tag_genre_new (TOOL_TAG_ATOM, movie->survey->genres->len, data));
    return;
  }
  g_autofree char *name = name_item (movie, atom);
  tool_tag_survey_add (movie->survey, name, whole, size);
}

static gboolean survey_inside (const Movie *movie, const Atom *around, const char *path, guint depth, GError **error);

/* Inside it atoms are looked at one by one. */
static gboolean
is_container (const Atom *atom, const char *name)
{
  static const char *const types[] = { "trak", "mdia", "minf", "stbl", NULL };
  static const char *const paths[] = { "moov/udta", "moov/udta/meta", "moov/udta/meta/ilst", NULL };

  return is_one_of (atom, types) || g_strv_contains (paths, name);
}

static gboolean
survey_atom (const Movie *movie, const Atom *atom, const char *path, guint depth, GError **error)
{
  static const char *const absolute[] = { "saio", "mvex", "iloc", NULL };
  g_autofree char *name = name_of (path, atom);

  if (is_free (atom))
    return TRUE;
  if (is_one_of (atom, absolute))
    return tool_tag_refuse (error, "it has %s, whose places in the file would not move along", name);
  if (strcmp (path, "moov/udta/meta/ilst") == 0) {
    survey_item (movie, atom);
    return TRUE;
  }
  if (is (atom, "stco") || is (atom, "co64"))
    return survey_offsets (movie, atom, name, is (atom, "stco") ? 4 : 8, error);
  if (is_container (atom, name))
    return survey_inside (movie, atom, name, depth + 1, error);
  /* what iTunes' list needs around it is made where there was none */
  if (strcmp (name, "moov/udta/meta/hdlr") != 0)
    tool_tag_survey_add (movie->survey, name, movie->bytes + atom->body, (gsize) (atom->end - atom->body));
  return TRUE;
}

/* In `meta` atoms follow a version; QuickTime's have none. */
static guint64
first_inside (const Movie *movie, const Atom *around)
{
  Atom first;

  if (!is (around, "meta") || around->end - around->body < FULL_HEADER)
    return around->body;
  const gboolean plain = parse_header (movie->bytes + around->body, around->body, around->end, &first)
      && is (&first, "hdlr");
  return around->body + (plain ? 0 : FULL_HEADER);
}

static gboolean
survey_inside (const Movie *movie, const Atom *around, const char *path, guint depth, GError **error)
{
  guint64 at = first_inside (movie, around);
  Atom atom;

  if (depth > MAX_DEPTH)
    return tool_tag_refuse (error, "its atoms are nested too deep");
  for (; at < around->end; at = atom.end) {
    /* udta may end in 32 bits of zeros */
    if (is (around, "udta") && around->end - at == 4 && tool_tag_be32 (movie->bytes + at) == 0)
      return TRUE;
    if (!parse_header (movie->bytes + at, at, around->end, &atom))
      return tool_tag_refuse (error, "the atoms in its %s are damaged", path);
    if (!survey_atom (movie, &atom, path, depth, error))
      return FALSE;
  }
  return TRUE;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

gboolean
tool_tag_m4a_is (const ToolTagReader *reader)
{
  guint8 start[HEADER];
  return tool_tag_peek (reader, 0, start, HEADER) && memcmp (start + 4, "ftyp", 4) == 0;
}

/* Notes an atom at the top.  moov: the one that is looked into later */
static gboolean
take_top (Movie *movie, const Atom *atom, Atom *moov, GChecksum *audio, GError **error)
{
  static const char *const absolute[] = { "moof", "mfra", "sidx", "meta", NULL };
  g_autofree char *name = name_of ("", atom);

  if (is_one_of (atom, absolute))
    return tool_tag_refuse (error, "it has %s, whose places in the file would not move along", name);
  if (is (atom, "moov") && moov->end > 0)
    return tool_tag_refuse (error, "it has two atoms moov");
  if (is (atom, "moov")) {
    *moov = *atom;
  } else if (is (atom, "mdat")) {
    g_array_append_val (movie->media, *atom);
    return tool_tag_sum (movie->reader, audio, atom->body, atom->end, error);
  } else if (!is_free (atom)) {
    g_autoptr (GBytes) bytes = tool_tag_read (movie->reader, atom->body, atom->end - atom->body, error);
    if (!bytes)
      return FALSE;
    tool_tag_survey_add (movie->survey, name, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  }
  return TRUE;
}

static gboolean
survey_moov (Movie *movie, const Atom *moov, GError **error)
{
  g_autoptr (GBytes) bytes = tool_tag_read (movie->reader, moov->body, moov->end - moov->body, error);
  if (!bytes)
    return FALSE;
  movie->bytes = g_bytes_get_data (bytes, &movie->size);
  const Atom inside = { "moov", 0, 0, movie->size };
  return survey_inside (movie, &inside, "moov", 0, error);
}

static gboolean
survey_top (Movie *movie, GChecksum *audio, GError **error)
{
  Atom moov = { "", 0, 0, 0 }, atom;

  for (guint64 at = 0; at < movie->reader->size; at = atom.end) {
    if (!read_atom (movie->reader, at, &atom, error) || !take_top (movie, &atom, &moov, audio, error))
      return FALSE;
  }
  if (moov.end == 0)
    return tool_tag_refuse (error, "it has no atom moov");
  return survey_moov (movie, &moov, error);
}

gboolean
tool_tag_m4a_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error)
{
  g_autoptr (GArray) media = g_array_new (FALSE, FALSE, sizeof (Atom));
  g_autoptr (GChecksum) audio = g_checksum_new (G_CHECKSUM_SHA256);
  Movie movie = { reader, survey, media, NULL, 0 };

  survey->any_order = TRUE; /* the library sorts iTunes' list by name */
  if (!survey_top (&movie, audio, error))
    return FALSE;
  survey->audio = g_strdup (g_checksum_get_string (audio));
  return TRUE;
}
