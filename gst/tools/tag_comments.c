/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_comments.h"

#include <string.h>

static ToolComments *
allocate (void)
{
  ToolComments *comments = g_new0 (ToolComments, 1);
  comments->list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  return comments;
}

ToolComments *
tool_comments_new_empty (void)
{
  ToolComments *comments = allocate ();
  comments->vendor = g_bytes_new (NULL, 0);
  comments->rest = g_bytes_new (NULL, 0);
  return comments;
}

void
tool_comments_free (ToolComments *comments)
{
  if (!comments)
    return;
  g_clear_pointer (&comments->vendor, g_bytes_unref);
  g_clear_pointer (&comments->rest, g_bytes_unref);
  g_ptr_array_unref (comments->list);
  g_free (comments);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* A length and so many bytes, from *at on.  NULL: there are not so many. */
static GBytes *
take (GBytes *bytes, gsize *at)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size - *at < 4 || tool_tag_le32 (data + *at) > size - *at - 4)
    return NULL;
  const gsize start = *at + 4, n = tool_tag_le32 (data + *at);
  *at = start + n;
  return g_bytes_new_from_bytes (bytes, start, n);
}

ToolComments *
tool_comments_new (GBytes *bytes, GError **error)
{
  g_autoptr (ToolComments) comments = allocate ();
  gsize size, at = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  comments->vendor = take (bytes, &at);
  guint32 left = comments->vendor && size - at >= 4 ? tool_tag_le32 (data + at) : 1;
  at += 4;
  for (; comments->vendor && at <= size && left > 0; left--) {
    GBytes *comment = take (bytes, &at);
    if (!comment)
      break;
    g_ptr_array_add (comments->list, comment);
  }
  if (left > 0) {
    tool_tag_refuse (error, "its comments are damaged");
    return NULL;
  }
  comments->rest = g_bytes_new_from_bytes (bytes, at, size - at);
  return g_steal_pointer (&comments);
}

/* --- survey ----------------------------------------------------------------------------------------------------- */

/* "GENRE" of "GENRE=Jazz"; all of it if there is no '='. */
static char *
key_of (GBytes *comment)
{
  gsize n;
  const char *text = g_bytes_get_data (comment, &n);
  const char *end = n > 0 ? memchr (text, '=', n) : NULL;

  return g_strndup (text, end ? (gsize) (end - text) : n);
}

static gboolean
is_genre (GBytes *comment)
{
  g_autofree char *key = key_of (comment);
  return g_ascii_strcasecmp (key, "GENRE") == 0 && g_bytes_get_size (comment) > strlen (key);
}

static void
add_bytes (ToolTagSurvey *survey, const char *name, GBytes *bytes)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  tool_tag_survey_add (survey, name, data, n);
}

void
tool_comments_survey (const ToolComments *comments, ToolTagSurvey *survey)
{
  add_bytes (survey, "vendor", comments->vendor);
  for (guint i = 0; i < comments->list->len; i++) {
    GBytes *comment = g_ptr_array_index (comments->list, i);
    g_autofree char *key = key_of (comment);
    if (!is_genre (comment)) {
      add_bytes (survey, key, comment);
      continue;
    }
    g_ptr_array_add (survey->genres, tool_tag_genre_new (TOOL_TAG_COMMENT, i, comment));
    if (!survey->genre_key)
      survey->genre_key = g_intern_string (key);
  }
  add_bytes (survey, "bytes behind the comments", comments->rest);
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static void
append (GByteArray *out, GBytes *bytes, gboolean with_length)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (with_length)
    tool_tag_append_le32 (out, (guint32) n);
  g_byte_array_append (out, data, (guint) n);
}

GBytes *
tool_comments_edit (const ToolComments *comments, const GPtrArray *genres)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < comments->list->len; i++) {
    if (!is_genre (g_ptr_array_index (comments->list, i)))
      g_ptr_array_add (list, g_ptr_array_index (comments->list, i));
  }
  for (guint i = 0; i < genres->len; i++) {
    const ToolTagGenre *genre = g_ptr_array_index (genres, i);
    g_ptr_array_insert (list, (int) MIN (genre->at, list->len), genre->data);
  }
  append (out, comments->vendor, TRUE);
  tool_tag_append_le32 (out, list->len);
  for (guint i = 0; i < list->len; i++)
    append (out, g_ptr_array_index (list, i), TRUE);
  append (out, comments->rest, FALSE);
  return g_byte_array_free_to_bytes (out);
}

GPtrArray *
tool_comments_genres (const ToolTagSurvey *survey, const char *const *names)
{
  GPtrArray *genres = g_ptr_array_new_with_free_func (tool_tag_genre_free);
  const ToolTagGenre *first = survey->genres->len > 0 ? g_ptr_array_index (survey->genres, 0) : NULL;

  for (guint i = 0; names[i]; i++) {
    char *comment = g_strconcat (survey->genre_key ? survey->genre_key : "GENRE", "=", names[i], NULL);
    g_autoptr (GBytes) bytes = g_bytes_new_take (comment, strlen (comment));
    g_ptr_array_add (genres, tool_tag_genre_new (TOOL_TAG_COMMENT, first ? first->at + i : G_MAXINT, bytes));
  }
  return genres;
}
