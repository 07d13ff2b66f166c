/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tags.h"

#include "models/genre_aggregate.h"

#include <string.h>

enum
{
  LEAST_WINDOWS = 10, /* in the aggregate before the first tag */
};

static const gdouble LEAST_SHARE = .5;
static const GstClockTime STEADY = 10 * GST_SECOND; /* of audio with the same most probable label */

struct GenreTags
{
  /* the streaming thread's */
  GstTagList *upstream;  /* its latest stream-scope list, or NULL */
  guint32 seqnum;        /* of the event that it came in */
  gboolean has_genre[2]; /* [GstTagScope] its latest list names a genre */
  gchar *title;          /* its latest, stripped, or NULL */
  gchar *genre;          /* ours that was taken in this run, or NULL */

  /* the worker's */
  guint leader; /* the most probable label of the aggregate */
  GstClockTime leader_since;

  GMutex lock;    /* guards the rest: the worker decides, the streaming thread takes */
  gchar *decided; /* or NULL */
};

GenreTags *
genre_tags_new (void)
{
  GenreTags *tags = g_new0 (GenreTags, 1);

  g_mutex_init (&tags->lock);
  return tags;
}

void
genre_tags_free (GenreTags *tags)
{
  if (!tags)
    return;
  genre_tags_reset (tags);
  g_mutex_clear (&tags->lock);
  g_free (tags);
}

void
genre_tags_reset (GenreTags *tags)
{
  genre_tags_end_run (tags);
  g_clear_pointer (&tags->upstream, gst_tag_list_unref);
  g_clear_pointer (&tags->title, g_free);
  tags->has_genre[GST_TAG_SCOPE_STREAM] = tags->has_genre[GST_TAG_SCOPE_GLOBAL] = FALSE;
}

/* --- the genre ------------------------------------------------------------------------------------------------- */

static void
set_decided (GenreTags *tags, const gchar *label)
{
  g_mutex_lock (&tags->lock);
  g_free (tags->decided);
  tags->decided = g_strdup (label);
  g_mutex_unlock (&tags->lock);
}

void
genre_tags_begin_run (GenreTags *tags)
{
  tags->leader = G_MAXUINT;
  set_decided (tags, NULL);
}

static gboolean
is_decided (GenreTags *tags)
{
  g_mutex_lock (&tags->lock);
  const gboolean decided = tags->decided != NULL;
  g_mutex_unlock (&tags->lock);
  return decided;
}

void
genre_tags_decide (GenreTags *tags, const GenreAnswer *answer, gdouble threshold)
{
  const GenreResult *result = answer->result;
  const guint leader = genre_probabilities_top (result->aggregate, genre_model_n_labels (answer->model));

  if (result->windows == 0)
    return;
  if (leader != tags->leader) {
    tags->leader = leader;
    tags->leader_since = answer->heard;
  }
  if (result->windows < LEAST_WINDOWS || result->aggregate[leader] < MAX (threshold, LEAST_SHARE)
      || (!result->final && answer->heard - tags->leader_since < STEADY))
    return;
  if (result->final || !is_decided (tags))
    set_decided (tags, genre_model_labels (answer->model)[leader]);
}

void
genre_tags_end_run (GenreTags *tags)
{
  g_clear_pointer (&tags->genre, g_free);
  set_decided (tags, NULL);
}

/* --- the stream's tags ----------------------------------------------------------------------------------------- */

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
genre_tags_take (GenreTags *tags)
{
  gchar *genre = NULL;

  g_mutex_lock (&tags->lock);
  if (g_strcmp0 (tags->decided, tags->genre) != 0)
    genre = g_strdup (tags->decided);
  g_mutex_unlock (&tags->lock);
  if (!genre)
    return NULL;
  g_free (tags->genre);
  tags->genre = genre;
  return upstream_has_genre (tags) ? NULL : merged (tags);
}
