/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_survey.h - what a file of music holds besides its genre, field by field, and its audio, by checksums:
 * to see that a copy with another genre has all of it.
 *
 * Layer:   gst; tag_reader, tag_mp3, tag_flac, tag_ogg, tag_m4a.
 * Threads: no state.
 *
 * It reads the files by itself, and does not ask the library that writes some of them: what that library does not see
 * it would lose without a word.
 */
#ifndef GST_TOOLS_TAG_SURVEY_H
#define GST_TOOLS_TAG_SURVEY_H

#include "gst/tools/tag_reader.h"

G_BEGIN_DECLS

/* By what is in the file, whatever its name is. */
typedef enum ToolTagFormat
{
  TOOL_TAG_OTHER, /* no genre can be written into it yet */
  TOOL_TAG_MP3,
  TOOL_TAG_FLAC,
  TOOL_TAG_OGG, /* Vorbis */
  TOOL_TAG_OPUS,
  TOOL_TAG_M4A,
  TOOL_TAG_N_FORMATS
} ToolTagFormat;

/* Where a genre is.  An MP3 may have three. */
typedef enum ToolTagLayer
{
  TOOL_TAG_ID3V2,   /* a whole frame, TCON or TCO */
  TOOL_TAG_APE,     /* a whole item */
  TOOL_TAG_ID3V1,   /* one byte */
  TOOL_TAG_COMMENT, /* of Xiph, "GENRE=Jazz" */
  TOOL_TAG_ATOM,    /* a whole atom, "\xa9gen" or "gnre" */
  TOOL_TAG_N_LAYERS
} ToolTagLayer;

/* A genre as it lies in the file. */
typedef struct ToolTagGenre
{
  ToolTagLayer layer;
  guint at; /* its place among the fields of its layer */
  GBytes *data;
} ToolTagGenre;

ToolTagGenre *tool_tag_genre_new (ToolTagLayer layer, guint at, GBytes *data); /* data: one more reference */
void tool_tag_genre_free (gpointer genre);

typedef struct ToolTagField
{
  char *name; /* "APIC", "TITLE", "moov/trak/tkhd": for messages */
  char *sum;  /* SHA-256 */
} ToolTagField;

typedef struct ToolTagSurvey
{
  ToolTagFormat format;
  guint64 size;
  GPtrArray *fields;     /* of ToolTagField, all but genres, in their order */
  GPtrArray *genres;     /* of ToolTagGenre, layer by layer */
  char *audio;           /* SHA-256 */
  gboolean any_order;    /* fields may change places */
  guint id3_version;     /* of an MP3's ID3v2 tag, 2 to 4; 0: it has none */
  guint id3_flags;       /* its revision << 8 | its flags */
  gboolean has_id3v1;    /* of an MP3 */
  gboolean has_ape;      /* the same */
  const char *genre_key; /* as comments spell it, interned; NULL: there is none */
} ToolTagSurvey;

ToolTagFormat tool_tag_recognise (const ToolTagReader *reader);

/* NULL: it cannot be read, or is damaged, or is of a kind that cannot be written safely: `error` says which, without
 * the name of the file.  For TOOL_TAG_OTHER only format and size are set. */
ToolTagSurvey *tool_tag_survey_new (const ToolTagReader *reader, GError **error);
void tool_tag_survey_free (ToolTagSurvey *survey); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTagSurvey, tool_tag_survey_free)

/* For those who fill it: name and what it is about, bytes [size]. */
void tool_tag_survey_add (ToolTagSurvey *survey, const char *name, const guint8 *bytes, gsize size);

/* NULL: `copy` has all of `original`, genres aside.  Else the first difference, "the field APIC would be lost". */
char *tool_tag_survey_differ (const ToolTagSurvey *original, const ToolTagSurvey *copy);

/* Whether two lists of ToolTagGenre are the same; their places do not count. */
gboolean tool_tag_genres_equal (const GPtrArray *a, const GPtrArray *b);

/* "mp3" ... */
const char *tool_tag_format_name (ToolTagFormat format);

/* A part of a file that is written anew. */
typedef struct ToolTagPiece
{
  GBytes *bytes;    /* NULL: from the original: */
  guint64 from, to; /* its bytes [from, to) */
} ToolTagPiece;

/* An array of pieces, that frees their bytes. */
GArray *tool_tag_pieces_new (void);
void tool_tag_pieces_add (GArray *pieces, GBytes *bytes); /* takes the reference */
void tool_tag_pieces_add_range (GArray *pieces, guint64 from, guint64 to);

G_END_DECLS

#endif
