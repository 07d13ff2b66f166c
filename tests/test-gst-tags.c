/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-tags.c - `post-tags`: a tag event replaces the one before it, so it must have title and artist
 * too; and a tag that comes late is not written.
 *
 * Layer:   tests; the element, gst-plugins-good, with the model of tests/random_model.py at GENRE_SURE_MODEL, which has
 *          a tag for anything.
 */
#include "tests/element_pipeline.h"

#include <glib/gstdio.h>

static GstHarness *
open_sure (Log *log)
{
  GstHarness *harness = log_open (log);

  gst_element_set_state (harness->element, GST_STATE_READY);
  g_object_set (harness->element, "model", g_getenv ("GENRE_SURE_MODEL"), NULL);
  gst_element_set_state (harness->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  return harness;
}

static void
push_sine (GstHarness *harness, guint seconds)
{
  for (guint i = 0; i < seconds; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, RATE * sizeof (gfloat), NULL);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (guint k = 0; k < RATE; k++)
      ((gfloat *) (void *) map.data)[k] = .1F * sinf (6.2831853F * 440 * (gfloat) k / RATE);
    gst_buffer_unmap (buffer, &map);
    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    push (harness, buffer);
  }
}

static GstHarness *
open_tagging (Log *log)
{
  GstHarness *harness = open_sure (log);

  g_object_set (harness->element, "post-tags", TRUE, NULL);
  return harness;
}

static void
push_tags (GstHarness *harness, GstTagScope scope, const gchar *title, const gchar *genre)
{
  GstTagList *tags = gst_tag_list_new (GST_TAG_TITLE, title, NULL);

  if (genre)
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_GENRE, genre, NULL);
  gst_tag_list_set_scope (tags, scope);
  gst_harness_push_event (harness, gst_event_new_tag (tags));
}

/* What has come out since the last call: TAG events, genres in them, and the title and the genre of the last. */
typedef struct Seen
{
  guint events, genres;
  guint32 seqnum; /* of the last */
  gchar *title, *genre;
} Seen;

static void
seen_clear (Seen *seen)
{
  g_free (seen->title);
  g_free (seen->genre);
  *seen = (Seen){ 0 };
}

static void
see (GstHarness *harness, Seen *seen)
{
  GstEvent *event;

  seen_clear (seen);
  while ((event = gst_harness_try_pull_event (harness))) {
    GstTagList *tags;

    if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
      gst_event_parse_tag (event, &tags);
      seen->events++;
      seen->seqnum = gst_event_get_seqnum (event);
      seen->genres += gst_tag_list_get_tag_size (tags, GST_TAG_GENRE);
      g_clear_pointer (&seen->genre, g_free);
      g_clear_pointer (&seen->title, g_free);
      gst_tag_list_get_string (tags, GST_TAG_GENRE, &seen->genre);
      gst_tag_list_get_string (tags, GST_TAG_TITLE, &seen->title);
    }
    gst_event_unref (event);
  }
}

/* Merged with what upstream said before and says after, and long before the end. */
static void
test_tags_survive (void)
{
  Log log;
  Seen seen = { 0 };
  GstHarness *harness = open_tagging (&log);

  push_tags (harness, GST_TAG_SCOPE_STREAM, "A title", NULL);
  push_sine (harness, 12); /* nine windows */
  see (harness, &seen);
  CHECK (seen.events == 1 && seen.genres == 0, "a tag after nine windows");
  push_sine (harness, 8);
  see (harness, &seen);
  CHECK (seen.events == 1 && seen.genres == 1 && g_strcmp0 (seen.title, "A title") == 0,
      "%u events, %u genres, title %s after 20 s", seen.events, seen.genres, seen.title);
  push_tags (harness, GST_TAG_SCOPE_STREAM, "Another", NULL);
  see (harness, &seen);
  CHECK (seen.events == 1 && seen.genres == 1 && g_strcmp0 (seen.title, "Another") == 0,
      "%u events, %u genres, title %s after another title", seen.events, seen.genres, seen.title);
  push_eos (harness);
  check_string (log_last (&log), "label", seen.genre ? seen.genre : "(no genre tag)");
  see (harness, &seen);
  CHECK (seen.events == 0, "the same tag again");
  seen_clear (&seen);
  log_close (&log);
}

/* Who names a genre upstream, for the stream or for the whole file, knows better. */
static void
test_genre_of_upstream (void)
{
  Log log;
  Seen seen = { 0 };

  for (GstTagScope scope = GST_TAG_SCOPE_STREAM; scope <= GST_TAG_SCOPE_GLOBAL; scope++) {
    GstHarness *harness = open_tagging (&log);

    push_tags (harness, scope, "A title", "polka");
    push_sine (harness, 25);
    push_tags (harness, GST_TAG_SCOPE_STREAM, "A title", scope == GST_TAG_SCOPE_STREAM ? "polka" : NULL);
    push_eos (harness);
    see (harness, &seen);
    CHECK (seen.events == 2, "scope %d: %u tag events", scope, seen.events);
    CHECK (g_strcmp0 (seen.genre, scope == GST_TAG_SCOPE_STREAM ? "polka" : NULL) == 0, "scope %d: genre %s", scope,
        seen.genre);
    log_close (&log);
  }

  GstHarness *harness = open_sure (&log); /* nor where nobody asked for it */

  push_sine (harness, 25);
  push_eos (harness);
  see (harness, &seen);
  CHECK (seen.events == 0, "%u tag events by default", seen.events);
  seen_clear (&seen);
  log_close (&log);
}

/* The second of two streams without an EOS between them gets a tag of its own, and before its end. */
static void
test_tags_of_another_stream (void)
{
  Log log;
  Seen seen = { 0 };
  GstHarness *harness = open_tagging (&log);

  push_tags (harness, GST_TAG_SCOPE_STREAM, "The first", NULL);
  push_sine (harness, 25);
  see (harness, &seen);
  CHECK (seen.genres == 1, "%u genre tags for the first stream", seen.genres);
  gst_harness_push_event (harness, gst_event_new_stream_start ("the second"));
  push_segment (harness, 0, 0, 0);
  push_sine (harness, 25);
  see (harness, &seen);
  CHECK (log_count (&log, TRUE) == 1, "%u finals", log_count (&log, TRUE));
  CHECK (seen.genres == 1 && seen.title == NULL, "%u genre tags for the second stream, title %s", seen.genres,
      seen.title);
  seen_clear (&seen);
  log_close (&log);
}

/* Our genre in upstream's list is still upstream's event. */
static void
test_tags_keep_seqnum (void)
{
  Log log;
  Seen seen = { 0 };
  GstHarness *harness = open_tagging (&log);
  GstEvent *event = new_title (GST_TAG_SCOPE_STREAM, "A title");
  guint32 seqnum = gst_event_get_seqnum (event);

  gst_harness_push_event (harness, event);
  push_sine (harness, 25);
  see (harness, &seen);
  CHECK (seen.genres == 1 && seen.seqnum == seqnum, "the genre: seqnum %u, upstream's %u", seen.seqnum, seqnum);
  event = new_title (GST_TAG_SCOPE_STREAM, "Another");
  seqnum = gst_event_get_seqnum (event);
  gst_harness_push_event (harness, event);
  see (harness, &seen);
  CHECK (seen.genres == 1 && seen.seqnum == seqnum, "another title: seqnum %u, upstream's %u", seen.seqnum, seqnum);
  seen_clear (&seen);
  log_close (&log);
}

/* Asked for only when the next track has begun, whatever ended the last. */
static void
test_tags_asked_for_late (void)
{
  GstEvent *const ends[] = { gst_event_new_stream_start ("the second"), gst_event_new_eos (),
    new_title (GST_TAG_SCOPE_STREAM, "The second") };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    Log log;
    Seen seen = { 0 };
    GstHarness *harness = open_sure (&log);

    g_object_set (harness->element, "split-titles", TRUE, NULL);
    gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "The first"));
    push_sine (harness, 25);
    gst_harness_push_event (harness, ends[i]);
    CHECK (log_count (&log, TRUE) == 1, "end %u: %u finals", i, log_count (&log, TRUE));
    if (i == 1) /* nothing else passes */
      gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
    g_object_set (harness->element, "post-tags", TRUE, NULL);
    push_segment (harness, 0, 0, 0);
    push (harness, audio (RATE / 80, 0, .3F, 1)); /* not the hop that wakes the worker */
    see (harness, &seen);
    CHECK (seen.genres == 0, "end %u: the second track is called %s, as the first was", i, seen.genre);
    seen_clear (&seen);
    log_close (&log);
  }
}

/* With `post-tags`: the genre of the first song goes out with its title, before the second title does and without it
 * after. */
static void
test_split_tags (void)
{
  Log log;
  Seen seen = { 0 };
  GstHarness *harness = open_tagging (&log);

  g_object_set (harness->element, "split-titles", TRUE, NULL);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "One"));
  push_sine (harness, 13); /* ten windows: settled at the final alone */
  see (harness, &seen);
  CHECK (seen.events == 1 && seen.genres == 0, "%u genres before the final", seen.genres);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "Two"));
  see (harness, &seen);
  CHECK (seen.events == 2 && seen.genres == 1, "%u events, %u genres", seen.events, seen.genres);
  CHECK (g_strcmp0 (seen.title, "Two") == 0 && seen.genre == NULL, "%s is called %s", seen.title, seen.genre);
  push_sine (harness, 25);
  see (harness, &seen);
  CHECK (seen.genres == 1 && g_strcmp0 (seen.title, "Two") == 0, "%u genres for %s", seen.genres, seen.title);
  seen_clear (&seen);
  log_close (&log);
}

/* --- what muxers write ----------------------------------------------------------------------------------------- */

/* The tags of a file, as a player hears of them. */
static GstTagList *
read_tags (const gchar *path)
{
  gchar *line = g_strdup_printf ("filesrc location=\"%s\" ! decodebin ! fakesink", path);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstTagList *all = gst_tag_list_new_empty ();
  gboolean more = TRUE;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (more) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND,
        GST_MESSAGE_TAG | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    GstTagList *tags;

    more = message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_TAG;
    CHECK (message && GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR, "cannot read %s", path);
    if (more) {
      gst_message_parse_tag (message, &tags);
      gst_tag_list_insert (all, tags, GST_TAG_MERGE_REPLACE);
      gst_tag_list_unref (tags);
    }
    if (message)
      gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  gst_object_unref (bus);
  g_free (line);
  return all;
}

static void
check_tag (const gchar *mux, const GstTagList *tags, const gchar *tag, const gchar *expected)
{
  gchar *value = NULL;

  gst_tag_list_get_string (tags, tag, &value);
  CHECK (g_strcmp0 (value, expected) == 0, "%s: %s is %s, not %s", mux, tag, value, expected);
  g_free (value);
}

static void
check_mux (const gchar *mux, gboolean in_time)
{
  gchar *path = g_build_filename (g_get_tmp_dir (), "genreXXXXXX", NULL);
  const gint file = g_mkstemp (path);
  gchar *line = g_strdup_printf (
      "audiotestsrc wave=sine volume=.1 num-buffers=250 samplesperbuffer=2205 "
      "! audio/x-raw, format=S16LE, rate=22050, channels=1 ! taginject tags=\"title=Song,artist=Singer\" "
      "! genreclassify name=genre model=\"%s\" post-tags=true ! %s ! filesink location=\"%s\"",
      g_getenv ("GENRE_SURE_MODEL"), mux, path);
  Log log;
  GstElement *pipeline = pipeline_run (line, &log);
  GstTagList *tags = (gst_element_set_state (pipeline, GST_STATE_NULL), read_tags (path));

  check_tag (mux, tags, GST_TAG_TITLE, "Song");
  check_tag (mux, tags, GST_TAG_ARTIST, "Singer");
  check_tag (mux, tags, GST_TAG_GENRE, in_time ? gst_structure_get_string (log_last (&log), "label") : NULL);
  gst_tag_list_unref (tags);
  pipeline_close (pipeline, &log);
  g_free (line);
  g_close (file, NULL);
  g_unlink (path);
  g_free (path);
}

/* docs/element.md lists who writes tags at the end, and who does up front and never hears of the genre. */
static void
test_tags_are_written (void)
{
  check_mux ("matroskamux", TRUE);
  check_mux ("audioconvert ! lamemp3enc ! mpegaudioparse ! mp4mux", TRUE);
  check_mux ("audioconvert ! vorbisenc ! oggmux", FALSE);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (!g_getenv ("GENRE_SURE_MODEL")) {
    g_printerr ("GENRE_SURE_MODEL must name the file that `random_model.py sure FILE` writes\n");
    return 1;
  }
  test_tags_survive ();
  test_genre_of_upstream ();
  test_tags_of_another_stream ();
  test_tags_keep_seqnum ();
  test_tags_asked_for_late ();
  test_split_tags ();
  test_tags_are_written ();
  TEST_END ();
}
