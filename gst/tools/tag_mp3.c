/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_mp3.h"

#include "gst/tools/id3v2.h"

#include <string.h>

enum
{
  ID3V1 = 128,       /* bytes */
  ID3V1_GENRE = 127, /* its last one */
  APE = 32,          /* header, footer */
  APE_FLAGS = 12,    /* at its end, behind what depends on the items */
  APE_VERSION_2 = 2000,
  NO_NUMBER = 255,
};

static const guint32 APE_HAS_HEADER = 1u << 31;

/* The file as parts that follow each other: [ID3v2] audio [APE] [ID3v1]. */
typedef struct Parts
{
  Id3v2 *id3v2;       /* NULL: none */
  guint64 audio, end; /* the audio is [audio, end) */
  GBytes *ape;        /* as it is, header and footer too; NULL: none */
  GPtrArray *items;   /* of GBytes: of the APE tag, in its order */
  gboolean has_id3v1;
  guint8 id3v1[ID3V1];
} Parts;

static void
parts_free (Parts *parts)
{
  if (!parts)
    return;
  id3v2_free (parts->id3v2);
  g_clear_pointer (&parts->ape, g_bytes_unref);
  g_clear_pointer (&parts->items, g_ptr_array_unref);
  g_free (parts);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parts, parts_free)

/* --- APE -------------------------------------------------------------------------------------------------------- */

/* An item: size of the value, flags, key, NUL, value. */
enum
{
  ITEM_KEY = 8, /* where it begins */
};

static const char *
item_key (GBytes *item)
{
  return (const char *) g_bytes_get_data (item, NULL) + ITEM_KEY;
}

static gboolean
item_is_genre (GBytes *item)
{
  return g_ascii_strcasecmp (item_key (item), "Genre") == 0;
}

/* bytes [size]: between header and footer */
static gboolean
read_items (Parts *parts, GBytes *bytes, guint count, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gsize at = 0;

  parts->items = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < count; i++) {
    const guint8 *end = size - at > ITEM_KEY ? memchr (data + at + ITEM_KEY, 0, size - at - ITEM_KEY) : NULL;
    const gsize head = end ? (gsize) (end + 1 - (data + at)) : 0;
    if (!end || tool_tag_le32 (data + at) > size - at - head)
      return tool_tag_refuse (error, "its APE tag is damaged");
    const gsize n = head + tool_tag_le32 (data + at);
    g_ptr_array_add (parts->items, g_bytes_new_from_bytes (bytes, at, n));
    at += n;
  }
  return at == size || tool_tag_refuse (error, "its APE tag has bytes that are no item");
}

/* One that ends at parts->end, if there is any. */
static gboolean
read_ape (const ToolTagReader *reader, Parts *parts, GError **error)
{
  guint8 footer[APE];

  if (parts->end - parts->audio < APE || !tool_tag_peek (reader, parts->end - APE, footer, APE)
      || memcmp (footer, "APETAGEX", 8) != 0)
    return TRUE;
  const guint32 version = tool_tag_le32 (footer + 8), size = tool_tag_le32 (footer + 12);
  const guint32 count = tool_tag_le32 (footer + 16), flags = tool_tag_le32 (footer + 20);
  const guint64 whole = (guint64) size + (flags & APE_HAS_HEADER ? APE : 0);
  if (size < APE || whole > parts->end - parts->audio)
    return tool_tag_refuse (error, "its APE tag is damaged");
  if (version != APE_VERSION_2)
    return tool_tag_refuse (error, "its APE tag is of version %u, expected %d", version, APE_VERSION_2);
  parts->ape = tool_tag_read (reader, parts->end - whole, whole, error);
  if (!parts->ape)
    return FALSE;
  g_autoptr (GBytes) inside = g_bytes_new_from_bytes (parts->ape, (gsize) (whole - size), size - APE);
  parts->end -= whole;
  return read_items (parts, inside, count, error);
}

static GBytes *
ape_genre (GBytes *old, const char *text, gsize size)
{
  GByteArray *item = g_byte_array_new ();
  const char *key = old ? item_key (old) : "Genre";

  tool_tag_append_le32 (item, (guint32) size);
  tool_tag_append_le32 (item, 0); /* text, may be written */
  g_byte_array_append (item, (const guint8 *) key, (guint) strlen (key) + 1);
  g_byte_array_append (item, (const guint8 *) text, (guint) size);
  return g_byte_array_free_to_bytes (item);
}

/* The tag with these items, of GBytes; all else is as it was. */
static GBytes *
render_ape (GBytes *old, const GPtrArray *items)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (old, &size);
  const gboolean has_header = (tool_tag_le32 (bytes + size - APE + 20) & APE_HAS_HEADER) != 0;
  g_autoptr (GByteArray) counts = g_byte_array_new ();
  GByteArray *tag = g_byte_array_new ();
  gsize inside = 0;

  g_byte_array_append (tag, bytes, has_header ? APE : 0);
  for (guint i = 0; i < items->len; i++) {
    gsize n;
    const guint8 *item = g_bytes_get_data (g_ptr_array_index (items, i), &n);
    g_byte_array_append (tag, item, (guint) n);
    inside += n;
  }
  g_byte_array_append (tag, bytes + size - APE, APE);
  tool_tag_append_le32 (counts, (guint32) inside + APE);
  tool_tag_append_le32 (counts, items->len);
  memcpy (tag->data + tag->len - APE + 12, counts->data, 8);
  if (has_header)
    memcpy (tag->data + 12, counts->data, 8);
  return g_byte_array_free_to_bytes (tag);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static Parts *
read_parts (const ToolTagReader *reader, GError **error)
{
  g_autoptr (Parts) parts = g_new0 (Parts, 1);

  parts->audio = id3v2_measure (reader, 0);
  parts->end = reader->size;
  if (parts->audio > 0) {
    parts->id3v2 = id3v2_new (reader, error);
    if (!parts->id3v2)
      return NULL;
  }
  parts->has_id3v1 = parts->end - parts->audio >= ID3V1
      && tool_tag_peek (reader, parts->end - ID3V1, parts->id3v1, ID3V1) && memcmp (parts->id3v1, "TAG", 3) == 0;
  if (parts->has_id3v1)
    parts->end -= ID3V1;
  return read_ape (reader, parts, error) ? g_steal_pointer (&parts) : NULL;
}

/* Layer II and III, at any rate that there is.  Of raw AAC, which begins alike, the layer is 0. */
static gboolean
is_frame (const guint8 *bytes)
{
  const guint version = bytes[1] >> 3 & 3, layer = bytes[1] >> 1 & 3, bit_rate = bytes[2] >> 4,
              rate = bytes[2] >> 2 & 3;

  return bytes[0] == 0xff && bytes[1] >= 0xe0 && version != 1 && (layer == 1 || layer == 2) && bit_rate != 15
      && rate != 3;
}

gboolean
tool_tag_mp3_is (const ToolTagReader *reader)
{
  enum
  {
    SEARCHED = 4096
  };
  const guint64 start = id3v2_measure (reader, 0);
  guint8 bytes[SEARCHED];
  const gsize n = (gsize) MIN (reader->size - MIN (start, reader->size), SEARCHED);

  if (n < 4 || !tool_tag_peek (reader, start, bytes, n))
    return FALSE;
  if (start == 0) /* nothing else tells: it must begin there */
    return is_frame (bytes);
  for (gsize i = 0; i + 4 <= n; i++) {
    if (is_frame (bytes + i))
      return TRUE;
  }
  return FALSE;
}

/* --- survey ----------------------------------------------------------------------------------------------------- */

static void
add_genre (ToolTagSurvey *survey, ToolTagLayer layer, guint at, GBytes *data)
{
  g_ptr_array_add (survey->genres, tool_tag_genre_new (layer, at, data));
}

static void
add_bytes (ToolTagSurvey *survey, const char *name, GBytes *bytes)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  tool_tag_survey_add (survey, name, data, n);
}

static void
survey_id3v2 (const Parts *parts, ToolTagSurvey *survey)
{
  for (guint i = 0; i < parts->id3v2->frames->len; i++) {
    const Id3v2Frame *frame = g_ptr_array_index (parts->id3v2->frames, i);
    if (id3v2_is_genre (frame))
      add_genre (survey, TOOL_TAG_ID3V2, i, frame->bytes);
    else
      add_bytes (survey, frame->id, frame->bytes);
  }
}

static void
survey_ape (const Parts *parts, ToolTagSurvey *survey)
{
  for (guint i = 0; i < parts->items->len; i++) {
    GBytes *item = g_ptr_array_index (parts->items, i);
    g_autofree char *name = g_strconcat ("APE ", item_key (item), NULL);
    if (item_is_genre (item))
      add_genre (survey, TOOL_TAG_APE, i, item);
    else
      add_bytes (survey, name, item);
  }
  gsize size;
  const guint8 *bytes = g_bytes_get_data (parts->ape, &size);
  tool_tag_survey_add (survey, "APE flags", bytes + size - APE_FLAGS, APE_FLAGS);
}

static void
survey_id3v1 (const Parts *parts, ToolTagSurvey *survey)
{
  g_autoptr (GBytes) byte = g_bytes_new (parts->id3v1 + ID3V1_GENRE, 1);

  add_genre (survey, TOOL_TAG_ID3V1, 0, byte);
  tool_tag_survey_add (survey, "ID3v1", parts->id3v1, ID3V1_GENRE);
}

gboolean
tool_tag_mp3_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error)
{
  g_autoptr (Parts) parts = read_parts (reader, error);
  g_autoptr (GChecksum) audio = g_checksum_new (G_CHECKSUM_SHA256);

  if (!parts || !tool_tag_sum (reader, audio, parts->audio, parts->end, error))
    return FALSE;
  survey->audio = g_strdup (g_checksum_get_string (audio));
  survey->id3_version = parts->id3v2 ? parts->id3v2->version : 0;
  survey->id3_flags = parts->id3v2 ? (guint) parts->id3v2->revision << 8 | parts->id3v2->flags : 0;
  survey->has_ape = parts->ape != NULL;
  survey->has_id3v1 = parts->has_id3v1;
  if (parts->id3v2)
    survey_id3v2 (parts, survey);
  if (parts->ape)
    survey_ape (parts, survey);
  if (parts->has_id3v1)
    survey_id3v1 (parts, survey);
  return TRUE;
}

/* --- edit ------------------------------------------------------------------------------------------------------- */

/* Puts the genres of a layer among the fields that stay, each at its place or at the end.  fields: of GBytes */
static void
insert_genres (GPtrArray *fields, const GPtrArray *genres, ToolTagLayer layer)
{
  for (guint i = 0; i < genres->len; i++) {
    const ToolTagGenre *genre = g_ptr_array_index (genres, i);
    if (genre->layer == layer)
      g_ptr_array_insert (fields, (int) MIN (genre->at, fields->len), g_bytes_ref (genre->data));
  }
}

/* NULL: no tag. */
static GBytes *
edit_id3v2 (const Parts *parts, const GPtrArray *genres)
{
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  const Id3v2 *tag = parts->id3v2;

  for (guint i = 0; tag && i < tag->frames->len; i++) {
    const Id3v2Frame *frame = g_ptr_array_index (tag->frames, i);
    if (!id3v2_is_genre (frame))
      g_ptr_array_add (frames, g_bytes_ref (frame->bytes));
  }
  insert_genres (frames, genres, TOOL_TAG_ID3V2);
  return id3v2_render (tag, frames);
}

static GBytes *
edit_ape (const Parts *parts, const GPtrArray *genres)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = 0; i < parts->items->len; i++) {
    GBytes *item = g_ptr_array_index (parts->items, i);
    if (!item_is_genre (item))
      g_ptr_array_add (items, g_bytes_ref (item));
  }
  insert_genres (items, genres, TOOL_TAG_APE);
  return render_ape (parts->ape, items);
}

static GBytes *
edit_id3v1 (const Parts *parts, const GPtrArray *genres)
{
  guint8 tag[ID3V1];

  memcpy (tag, parts->id3v1, sizeof tag);
  for (guint i = 0; i < genres->len; i++) {
    const ToolTagGenre *genre = g_ptr_array_index (genres, i);
    if (genre->layer == TOOL_TAG_ID3V1)
      tag[ID3V1_GENRE] = *(const guint8 *) g_bytes_get_data (genre->data, NULL);
  }
  return g_bytes_new (tag, sizeof tag);
}

GArray *
tool_tag_mp3_edit (const ToolTagReader *reader, const GPtrArray *genres, GError **error)
{
  g_autoptr (Parts) parts = read_parts (reader, error);
  if (!parts)
    return NULL;

  GArray *pieces = tool_tag_pieces_new ();
  GBytes *tag = edit_id3v2 (parts, genres);
  if (tag)
    tool_tag_pieces_add (pieces, tag);
  tool_tag_pieces_add_range (pieces, parts->audio, parts->end);
  if (parts->ape)
    tool_tag_pieces_add (pieces, edit_ape (parts, genres));
  if (parts->has_id3v1)
    tool_tag_pieces_add (pieces, edit_id3v1 (parts, genres));
  return pieces;
}

/* --- genres ----------------------------------------------------------------------------------------------------- */

/* Of the survey the first one in this layer; NULL: it has none. */
static const ToolTagGenre *
find_genre (const ToolTagSurvey *survey, ToolTagLayer layer)
{
  for (guint i = 0; i < survey->genres->len; i++) {
    const ToolTagGenre *genre = g_ptr_array_index (survey->genres, i);
    if (genre->layer == layer)
      return genre;
  }
  return NULL;
}

/* data: taken */
static void
take_genre (GPtrArray *genres, const ToolTagSurvey *survey, ToolTagLayer layer, GBytes *data)
{
  const ToolTagGenre *old = find_genre (survey, layer);

  g_ptr_array_add (genres, tool_tag_genre_new (layer, old ? old->at : G_MAXINT, data));
  g_bytes_unref (data);
}

/* The names with NUL between them. */
static GString *
list_names (const char *const *names)
{
  GString *list = g_string_new (names[0]);

  for (guint i = 1; names[i]; i++) {
    g_string_append_c (list, '\0');
    g_string_append (list, names[i]);
  }
  return list;
}

GPtrArray *
tool_tag_mp3_genres (const ToolTagSurvey *survey, const char *const *names, const char *joined, guint8 number,
    GError **error)
{
  g_autoptr (GPtrArray) genres = g_ptr_array_new_with_free_func (tool_tag_genre_free);
  g_autoptr (GString) list = list_names (names);
  const gboolean has_none = survey->id3_version == 0 && !survey->has_ape && !survey->has_id3v1;
  const ToolTagGenre *ape = find_genre (survey, TOOL_TAG_APE);

  if (survey->id3_version == 0 && !survey->has_ape && survey->has_id3v1 && number == NO_NUMBER) {
    tool_tag_refuse (error, "it has only an ID3v1 tag, which has no number for %s", names[0]);
    return NULL;
  }
  if (survey->id3_version == 4 || has_none)
    take_genre (genres, survey, TOOL_TAG_ID3V2, id3v2_genre (4, list->str, list->len));
  else if (survey->id3_version > 0)
    take_genre (genres, survey, TOOL_TAG_ID3V2, id3v2_genre (survey->id3_version, joined, strlen (joined)));
  if (ape || (survey->has_ape && survey->id3_version == 0))
    take_genre (genres, survey, TOOL_TAG_APE, ape_genre (ape ? ape->data : NULL, list->str, list->len));
  if (survey->has_id3v1)
    take_genre (genres, survey, TOOL_TAG_ID3V1, g_bytes_new (&number, 1));
  return g_steal_pointer (&genres);
}
