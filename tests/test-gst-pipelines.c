/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-pipelines.c - playlists, seeks and live sources as GStreamer's own elements bring them about.
 *
 * Layer:   tests; the element, gst-plugins-base and -good.
 */
#include "tests/element_pipeline.h"

#include <glib/gstdio.h>

/* Sounds that differ, of 6, 5 and 2 seconds. */
#define CAPS "audio/x-raw, format=S16LE, layout=interleaved, rate=22050, channels=1"
#define SONG_1 "audiotestsrc wave=square freq=300 volume=.3 num-buffers=60 samplesperbuffer=2205 ! " CAPS
#define SONG_2 "audiotestsrc wave=sine freq=440 num-buffers=50 samplesperbuffer=2205 ! " CAPS
#define SONG_3 "audiotestsrc wave=saw freq=220 num-buffers=20 samplesperbuffer=2205 ! " CAPS

static const gchar *const songs[] = { SONG_1, SONG_2, SONG_3 };

enum
{
  N_SONGS = G_N_ELEMENTS (songs),
};

static void
check_finals_of_songs (const gchar *what, Log *log)
{
  CHECK (log_count (log, TRUE) == N_SONGS, "%s: %u finals", what, log_count (log, TRUE));
  CHECK (log->finals_before_event == N_SONGS, "%s: EOS before the last final", what);
  for (guint i = 0; i < N_SONGS && i < log_count (log, TRUE); i++) {
    gchar *line = g_strdup_printf ("%s ! genreclassify name=genre ! fakesink", songs[i]);
    Log alone;
    GstElement *pipeline = pipeline_run (line, &alone);

    check_same_sound (what, log_nth (log, TRUE, i), log_nth (&alone, TRUE, 0));
    pipeline_close (pipeline, &alone);
    g_free (line);
  }
}

static void
test_concat (void)
{
  Log log;
  GstElement *pipeline = pipeline_run ("concat name=c ! genreclassify name=genre ! fakesink " //
      SONG_1 " ! c. " SONG_2 " ! c. " SONG_3 " ! c.",
      &log);

  check_finals_of_songs ("concat", &log);
  CHECK (get_time (log_nth (&log, TRUE, 2), "running-time") == 11 * GST_SECOND,
      "the third song does not begin at 11 s");
  pipeline_close (pipeline, &log);
}

typedef struct Playlist
{
  gchar *files[N_SONGS], *uris[N_SONGS];
  gint next;
} Playlist;

static void
about_to_finish (GstElement *player, Playlist *playlist)
{
  const gint next = g_atomic_int_add (&playlist->next, 1);

  if (next < N_SONGS)
    g_object_set (player, "uri", playlist->uris[next], NULL);
}

static void
play_playlist (const gchar *player, Playlist *playlist)
{
  Log log;
  GstElement *playbin = gst_element_factory_make (player, NULL);
  GstElement *genre = gst_element_factory_make ("genreclassify", "genre");

  CHECK (playbin != NULL, "there is no %s", player);
  pipeline_log (playbin, &log);
  log_watch_events (&log, genre);
  g_object_set (genre, "music-threshold", 0., NULL);
  g_object_set (playbin, "audio-filter", genre, "audio-sink", gst_element_factory_make ("fakesink", NULL), "uri",
      playlist->uris[0], NULL);
  playlist->next = 1;
  g_signal_connect (playbin, "about-to-finish", G_CALLBACK (about_to_finish), playlist);
  pipeline_play_until (playbin, GST_MESSAGE_EOS);
  check_finals_of_songs (player, &log);
  pipeline_close (playbin, &log);
}

static void
test_about_to_finish (void)
{
  Playlist playlist = { .next = 0 };
  gchar *directory = g_dir_make_tmp ("genreXXXXXX", NULL);

  for (guint i = 0; i < N_SONGS; i++) {
    gchar *name = g_strdup_printf ("%u.wav", i);

    playlist.files[i] = g_build_filename (directory, name, NULL);
    playlist.uris[i] = gst_filename_to_uri (playlist.files[i], NULL);

    gchar *line = g_strdup_printf ("%s ! wavenc ! filesink location=\"%s\"", songs[i], playlist.files[i]);
    GstElement *pipeline = gst_parse_launch (line, NULL);

    pipeline_play_until (pipeline, GST_MESSAGE_EOS);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (pipeline);
    g_free (line);
    g_free (name);
  }
  play_playlist ("playbin", &playlist);
  play_playlist ("playbin3", &playlist);
  for (guint i = 0; i < N_SONGS; i++) {
    g_unlink (playlist.files[i]);
    g_free (playlist.files[i]);
    g_free (playlist.uris[i]);
  }
  g_rmdir (directory);
  g_free (directory);
}

/* --- seeks ----------------------------------------------------------------------------------------------------- */

/* Six seconds from 100 s on, and no trace of what was before. */
static void
check_sought (const gchar *what, Log *log, GstClockTime running_time)
{
  for (guint i = 0; i < log->n; i++) {
    const guint64 at = get_time (log->messages[i], "timestamp");

    CHECK (at >= 100 * GST_SECOND && at < 106 * GST_SECOND && get_time (log->messages[i], "stream-time") == at
            && get_time (log->messages[i], "running-time") - running_time == at - 100 * GST_SECOND,
        "%s: message %u begins at %" G_GUINT64_FORMAT, what, i, at);
  }
  CHECK (log_count (log, FALSE) == 3 && log_count (log, TRUE) == 1, "%s: %u messages", what, log->n);
  CHECK (log->finals_before_event == 1, "%s: event before the final", what);
  CHECK (get_time (log_last (log), "duration") == 6 * GST_SECOND, "%s: duration", what);
}

/* A source posts SEGMENT_DONE on the bus before the event has got to us. */
static void
wait_for_events (Log *log, gint n)
{
  for (guint i = 0; i < 3000 && g_atomic_int_get (&log->forwarded) < n; i++)
    g_usleep (10000);
}

static void
test_seeks (void)
{
  const GstClockTime start = 100 * GST_SECOND, stop = 106 * GST_SECOND;
  Log log;
  GstElement *pipeline = pipeline_open (PIPELINE_ENDLESS, &log);

  pipeline_preroll (pipeline);
  pipeline_seek (pipeline, GST_SEEK_FLAG_FLUSH, 1, start, stop);
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  check_sought ("flushing seek", &log, 0);
  pipeline_close (pipeline, &log);

  pipeline = pipeline_open (PIPELINE_ENDLESS, &log);
  pipeline_preroll (pipeline);
  pipeline_seek (pipeline, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT, 1, start, stop);
  pipeline_play_until (pipeline, GST_MESSAGE_SEGMENT_DONE);
  wait_for_events (&log, 2);
  check_sought ("segment seek", &log, 0);

  /* without a flush the next turn goes on in running time */
  pipeline_seek (pipeline, GST_SEEK_FLAG_SEGMENT, 1, start, stop);
  pipeline_play_until (pipeline, GST_MESSAGE_SEGMENT_DONE);
  wait_for_events (&log, 3);
  CHECK (log_count (&log, FALSE) == 6 && log_count (&log, TRUE) == 2, "%u messages after two turns", log.n);
  CHECK (get_time (log_nth (&log, FALSE, 3), "timestamp") == start
          && get_time (log_nth (&log, FALSE, 3), "running-time") == 6 * GST_SECOND,
      "times of the second turn");
  pipeline_close (pipeline, &log);

  /* double speed, backwards */
  pipeline = pipeline_open (PIPELINE_ENDLESS, &log);
  pipeline_preroll (pipeline);
  pipeline_seek (pipeline, GST_SEEK_FLAG_FLUSH, 2, start, stop);
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  CHECK (log.n == 4 && get_time (log_nth (&log, FALSE, 2), "timestamp") == start, "%u messages at rate 2", log.n);
  CHECK (get_time (log_last (&log), "duration") == 6 * GST_SECOND, "duration at rate 2");
  pipeline_close (pipeline, &log);
  pipeline = pipeline_open (PIPELINE_ENDLESS, &log);
  pipeline_preroll (pipeline);
  pipeline_seek (pipeline, GST_SEEK_FLAG_FLUSH, -1, start, stop);
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  CHECK (log.n == 1, "%u messages in reverse", log.n);
  check_string (log_last (&log), "state", "too-short");
  pipeline_close (pipeline, &log);
}

/* --- live ------------------------------------------------------------------------------------------------------ */

static void
check_live (const gchar *line, gboolean expected)
{
  Log log;
  GstElement *pipeline = pipeline_open (line, &log);
  GstElement *genre = gst_bin_get_by_name (GST_BIN (pipeline), "genre");
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  GstStructure *stats;
  gboolean live = -1;

  if (source) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, 4410, NULL);
    GstFlowReturn flow;

    gst_buffer_memset (buffer, 0, 0, 4410);
    GST_BUFFER_PTS (buffer) = 0;
    g_signal_emit_by_name (source, "push-buffer", buffer, &flow);
    g_signal_emit_by_name (source, "end-of-stream", &flow);
    gst_buffer_unref (buffer);
    gst_object_unref (source);
  }
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  g_object_get (genre, "stats", &stats, NULL);
  gst_structure_get_boolean (stats, "live", &live);
  CHECK (live == expected, "live %d: %s", live, line);
  gst_structure_free (stats);
  gst_object_unref (genre);
  pipeline_close (pipeline, &log);
}

#define SHORT "audiotestsrc num-buffers=5 samplesperbuffer=2205 ! " CAPS
#define SHORT_LIVE "audiotestsrc is-live=true num-buffers=5 samplesperbuffer=2205 ! " CAPS
#define GENRE " ! genreclassify name=genre ! fakesink "

/* Who takes a file for live skips audio; who takes a microphone for a file delays it. */
static void
test_live_or_not (void)
{
  check_live (SHORT_LIVE GENRE, TRUE);
  check_live (SHORT GENRE, FALSE);
  check_live ("appsrc name=src format=time is-live=true caps=\"" CAPS "\"" GENRE, TRUE);
  check_live ("appsrc name=src format=time caps=\"" CAPS "\"" GENRE, FALSE);
  check_live (SHORT " ! identity sync=true" GENRE, TRUE);
  check_live (SHORT " ! identity" GENRE, FALSE);
  check_live (SHORT_LIVE " ! audiomixer" GENRE, TRUE);
  check_live (SHORT " ! audiomixer" GENRE, FALSE);
  check_live (SHORT_LIVE " ! queue ! audioconvert" GENRE, TRUE);
  check_live (SHORT GENRE "sync=true", FALSE); /* a file that is heard */
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_concat ();
  test_about_to_finish ();
  test_seeks ();
  test_live_or_not ();
  TEST_END ();
}
