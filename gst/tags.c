/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tags.h"

#include <string.h>

struct GenreTags
{
  GstTagList *upstream;  /* its latest stream-scope list, or NULL */
  guint32 seqnum;        /* of the event that it came in */
  gboolean has_genre[2]; /* [GstTagScope] its latest list names a genre */
  gchar *title;          /* its latest, stripped, or NULL */
  gchar *genre;          /* ours in this run, or NULL */
};

GenreTags *
genre_tags_new (void)
{
  return g_new0 (GenreTags, 1);
}

void
genre_tags_free (GenreTags *tags)
{
  if (!tags)
    return;
  genre_tags_reset (tags);
  g_free (tags);
}

void
genre_tags_reset (GenreTags *tags)
{
  g_clear_pointer (&tags->upstream, gst_tag_list_unref);
  g_free (tags->title);
  g_free (tags->genre);
  *tags = (GenreTags){ 0 };
}

void
genre_tags_end_run (GenreTags *tags)
{
  g_clear_pointer (&tags->genre, g_free);
}

gboolean
genre_tags_note_title (GenreTags *tags, GstEvent *event)
{
  GstTagList *list;
  gchar *title = NULL;
  gboolean differs = FALSE;

  gst_event_parse_tag (event, &list);
  if (gst_tag_list_get_scope (list) == GST_TAG_SCOPE_STREAM
      && gst_tag_list_get_string_index (list, GST_TAG_TITLE, 0, &title) && *g_strstrip (title)) {
    differs = tags->title && strcmp (tags->title, title) != 0;
    g_free (tags->title);
    tags->title = g_steal_pointer (&title);
  }
  g_free (title);
  return differs;
}

static gboolean
upstream_has_genre (const GenreTags *tags)
{
  return tags->has_genre[GST_TAG_SCOPE_STREAM] || tags->has_genre[GST_TAG_SCOPE_GLOBAL];
}

/* Upstream's list and our genre: a tag event replaces the one before, so both have to be in it. */
static GstEvent *
merged (const GenreTags *tags)
{
  GstTagList *list = tags->upstream ? gst_tag_list_copy (tags->upstream) : gst_tag_list_new_empty ();

  gst_tag_list_set_scope (list, GST_TAG_SCOPE_STREAM);
  gst_tag_list_add (list, GST_TAG_MERGE_REPLACE, GST_TAG_GENRE, tags->genre, NULL);

  GstEvent *event = gst_event_new_tag (list);

  if (tags->upstream)
    gst_event_set_seqnum (event, tags->seqnum);
  return event;
}

GstEvent *
genre_tags_merge (GenreTags *tags, GstEvent *event)
{
  GstTagList *list;

  gst_event_parse_tag (event, &list);
  tags->has_genre[gst_tag_list_get_scope (list)] = gst_tag_list_get_tag_size (list, GST_TAG_GENRE) > 0;
  if (gst_tag_list_get_scope (list) != GST_TAG_SCOPE_STREAM)
    return event;
  gst_tag_list_replace (&tags->upstream, list);
  tags->seqnum = gst_event_get_seqnum (event);
  if (!tags->genre || upstream_has_genre (tags))
    return event;
  gst_event_unref (event);
  return merged (tags);
}

GstEvent *
genre_tags_set_genre (GenreTags *tags, gchar *genre)
{
  g_free (tags->genre);
  tags->genre = genre;
  return upstream_has_genre (tags) ? NULL : merged (tags);
}
