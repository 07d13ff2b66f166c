/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_survey.h"

#include "gst/tools/tag_flac.h"
#include "gst/tools/tag_m4a.h"
#include "gst/tools/tag_mp3.h"
#include "gst/tools/tag_ogg.h"

#include <string.h>

static const char *const format_names[] = {
  [TOOL_TAG_OTHER] = "other",
  [TOOL_TAG_MP3] = "mp3",
  [TOOL_TAG_FLAC] = "flac",
  [TOOL_TAG_OGG] = "ogg",
  [TOOL_TAG_OPUS] = "opus",
  [TOOL_TAG_M4A] = "m4a",
};

const char *
tool_tag_format_name (ToolTagFormat format)
{
  return format_names[format];
}

/* --- genres ----------------------------------------------------------------------------------------------------- */

ToolTagGenre *
tool_tag_genre_new (ToolTagLayer layer, guint at, GBytes *data)
{
  ToolTagGenre *genre = g_new (ToolTagGenre, 1);
  *genre = (ToolTagGenre){ layer, at, g_bytes_ref (data) };
  return genre;
}

void
tool_tag_genre_free (gpointer data)
{
  ToolTagGenre *genre = data;
  g_bytes_unref (genre->data);
  g_free (genre);
}

gboolean
tool_tag_genres_equal (const GPtrArray *a, const GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++) {
    const ToolTagGenre *one = g_ptr_array_index (a, i), *other = g_ptr_array_index (b, i);
    if (one->layer != other->layer || !g_bytes_equal (one->data, other->data))
      return FALSE;
  }
  return TRUE;
}

/* --- pieces ----------------------------------------------------------------------------------------------------- */

static void
clear_piece (gpointer data)
{
  ToolTagPiece *piece = data;
  g_clear_pointer (&piece->bytes, g_bytes_unref);
}

GArray *
tool_tag_pieces_new (void)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (ToolTagPiece));
  g_array_set_clear_func (pieces, clear_piece);
  return pieces;
}

void
tool_tag_pieces_add (GArray *pieces, GBytes *bytes)
{
  const ToolTagPiece piece = { bytes, 0, 0 };
  g_array_append_val (pieces, piece);
}

void
tool_tag_pieces_add_range (GArray *pieces, guint64 from, guint64 to)
{
  const ToolTagPiece piece = { NULL, from, to };
  g_array_append_val (pieces, piece);
}

/* --- surveys ---------------------------------------------------------------------------------------------------- */

static void
free_field (gpointer data)
{
  ToolTagField *field = data;
  g_free (field->name);
  g_free (field->sum);
  g_free (field);
}

void
tool_tag_survey_add (ToolTagSurvey *survey, const char *name, const guint8 *bytes, gsize size)
{
  ToolTagField *field = g_new (ToolTagField, 1);
  *field = (ToolTagField){ g_strdup (name), g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, size) };
  g_ptr_array_add (survey->fields, field);
}

/* A FLAC and an MP3 may both begin with an ID3v2 tag. */
ToolTagFormat
tool_tag_recognise (const ToolTagReader *reader)
{
  if (tool_tag_flac_is (reader))
    return TOOL_TAG_FLAC;
  if (tool_tag_m4a_is (reader))
    return TOOL_TAG_M4A;
  if (tool_tag_ogg_is (reader, TOOL_TAG_OGG))
    return TOOL_TAG_OGG;
  if (tool_tag_ogg_is (reader, TOOL_TAG_OPUS))
    return TOOL_TAG_OPUS;
  return tool_tag_mp3_is (reader) ? TOOL_TAG_MP3 : TOOL_TAG_OTHER;
}

static gboolean
look (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error)
{
  switch (survey->format) {
    case TOOL_TAG_MP3:
      return tool_tag_mp3_survey (reader, survey, error);
    case TOOL_TAG_FLAC:
      return tool_tag_flac_survey (reader, survey, error);
    case TOOL_TAG_OGG:
    case TOOL_TAG_OPUS:
      return tool_tag_ogg_survey (reader, survey, error);
    case TOOL_TAG_M4A:
      return tool_tag_m4a_survey (reader, survey, error);
    case TOOL_TAG_OTHER:
    case TOOL_TAG_N_FORMATS:
      break;
  }
  return TRUE;
}

ToolTagSurvey *
tool_tag_survey_new (const ToolTagReader *reader, GError **error)
{
  ToolTagSurvey *survey = g_new0 (ToolTagSurvey, 1);

  survey->format = tool_tag_recognise (reader);
  survey->size = reader->size;
  survey->fields = g_ptr_array_new_with_free_func (free_field);
  survey->genres = g_ptr_array_new_with_free_func (tool_tag_genre_free);
  if (!look (reader, survey, error))
    g_clear_pointer (&survey, tool_tag_survey_free);
  return survey;
}

void
tool_tag_survey_free (ToolTagSurvey *survey)
{
  if (!survey)
    return;
  g_ptr_array_unref (survey->fields);
  g_ptr_array_unref (survey->genres);
  g_free (survey->audio);
  g_free (survey);
}

/* --- comparison ------------------------------------------------------------------------------------------------- */

static int
compare_fields (gconstpointer a, gconstpointer b)
{
  const ToolTagField *one = *(ToolTagField *const *) a, *other = *(ToolTagField *const *) b;
  const int order = strcmp (one->name, other->name);

  return order != 0 ? order : strcmp (one->sum, other->sum);
}

/* The fields as they are to be compared; not their owner. */
static GPtrArray *
ordered (const ToolTagSurvey *survey)
{
  GPtrArray *fields = g_ptr_array_new ();

  for (guint i = 0; i < survey->fields->len; i++)
    g_ptr_array_add (fields, g_ptr_array_index (survey->fields, i));
  if (survey->any_order)
    g_ptr_array_sort (fields, compare_fields);
  return fields;
}

static guint
count_named (const GPtrArray *fields, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < fields->len; i++)
    n += strcmp (((ToolTagField *) g_ptr_array_index (fields, i))->name, name) == 0;
  return n;
}

/* How `field`, at which the lists part, is different. */
static char *
name_difference (const GPtrArray *before, const GPtrArray *after, const char *name)
{
  const guint had = count_named (before, name), has = count_named (after, name);

  return g_strdup_printf ("the field %s would %s", name,
      has < had       ? "be lost"
          : has > had ? "be added"
                      : "not be the same");
}

char *
tool_tag_survey_differ (const ToolTagSurvey *original, const ToolTagSurvey *copy)
{
  g_autoptr (GPtrArray) before = ordered (original), after = ordered (copy);

  const gboolean both = original->id3_version > 0 && copy->id3_version > 0;
  if (original->format != copy->format
      || (both && (original->id3_version != copy->id3_version || original->id3_flags != copy->id3_flags)))
    return g_strdup ("its tag would be of another version, or have other flags");
  for (guint i = 0; i < MAX (before->len, after->len); i++) {
    const ToolTagField *had = i < before->len ? g_ptr_array_index (before, i) : NULL;
    const ToolTagField *has = i < after->len ? g_ptr_array_index (after, i) : NULL;
    if (!had || !has || compare_fields (&had, &has) != 0)
      return name_difference (before, after, had ? had->name : has->name);
  }
  if (strcmp (original->audio, copy->audio) != 0)
    return g_strdup ("its audio would not be the same");
  return NULL;
}
