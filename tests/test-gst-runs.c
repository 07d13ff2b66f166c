/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-runs.c - where a run begins and ends, and that it has one final: with little audio, with none, in a
 * playlist.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

static void
check_too_short (const GstStructure *message, guint windows)
{
  check_distributions (message);
  check_string (message, "state", "too-short");
  check_string (message, "summary", "too short");
  CHECK (get_windows (message) == windows && is_final (message), "%u windows", get_windows (message));
  if (windows == 0)
    check_string (message, "label", "unknown");
}

/* level divides by the rate that it has not got. */
static void
test_no_caps (void)
{
  Log log;
  GstHarness *harness = log_open (&log);

  CHECK (gst_harness_push_event (harness, gst_event_new_stream_start ("a")), "STREAM_START");
  push_eos (harness);
  CHECK (log.n == 1 && log.finals_before_event == 1, "%u messages", log.n);
  check_too_short (log_last (&log), 0);
  CHECK (get_time (log_last (&log), "timestamp") == GST_CLOCK_TIME_NONE && get_time (log_last (&log), "duration") == 0,
      "times");
  log_close (&log);

  harness = log_open (&log); /* filesrc location=/dev/zero ! genreclassify */

  GstSegment segment;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 4096, NULL);

  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (harness, gst_event_new_stream_start ("bytes"));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  gst_harness_push_event (harness, gst_event_new_gap (0, GST_SECOND));
  for (guint i = 0; i < 3; i++) {
    CHECK (gst_harness_push (harness, gst_buffer_ref (buffer)) == GST_FLOW_OK, "a buffer before caps is refused");

    GstBuffer *out = gst_harness_pull (harness);

    CHECK (out == buffer, "another buffer comes out");
    gst_buffer_unref (out);
  }
  gst_buffer_unref (buffer);
  push_eos (harness);
  CHECK (log.n == 1, "%u messages", log.n);
  check_too_short (log_last (&log), 0);
  log_close (&log);
}

/* level posts NaN for nothing, chromaprint and rganalysis say nothing of what is short. */
static void
test_eos_with_too_little (void)
{
  static const struct
  {
    gdouble seconds;
    guint windows; /* the network accepts 24 frames and more, 1.9 s */
  } cases[] = { { 0, 0 }, { .1, 0 }, { 1, 0 }, { 3, 1 } };
  Log log;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstHarness *harness = log_open_audio (&log);

    push_seconds (harness, cases[i].seconds, 0, .3F);
    push_eos (harness);
    CHECK (log.n == 1 && log.finals_before_event == 1, "%g s: %u messages", cases[i].seconds, log.n);
    check_too_short (log_last (&log), cases[i].windows);
    CHECK (get_time (log_last (&log), "duration") == (guint64) (cases[i].seconds * GST_SECOND), "%g s: duration",
        cases[i].seconds);
    log_close (&log);
  }

  GstHarness *harness = log_open_audio (&log); /* a single sample, and silence that is too short */

  push (harness, audio (1, 0, .3F, 1));
  push_eos (harness);
  check_too_short (log_last (&log), 0);
  log_close (&log);
  harness = log_open_audio (&log);
  push_seconds (harness, 2.5, 0, 0);
  push_eos (harness);
  check_too_short (log_last (&log), 0);
  log_close (&log);
}

/* rganalysis makes one result of two tracks that follow each other without EOS. */
static void
test_gapless_tracks (void)
{
  static const guint lengths[] = { 8, 5, 1, 7 };
  Log all, alone;
  GstHarness *harness = log_open_audio (&all);

  for (guint song = 0; song < G_N_ELEMENTS (lengths); song++) {
    gchar *id = g_strdup_printf ("song %u", song);

    gst_harness_push_event (harness, gst_event_new_stream_start (id));
    CHECK (log_count (&all, TRUE) == song && all.finals_before_event == song, "%u finals before song %u",
        log_count (&all, TRUE), song);
    push_segment (harness, 0, 0, song * 100 * GST_SECOND);
    push_song (harness, RATE, lengths[song], 0, song);
    g_free (id);
  }
  push_eos (harness);
  CHECK (log_count (&all, TRUE) == G_N_ELEMENTS (lengths) && all.finals_before_event == log_count (&all, TRUE),
      "%u finals", log_count (&all, TRUE));
  for (guint song = 0, k = 0; song < G_N_ELEMENTS (lengths); song++) {
    harness = log_open_audio (&alone);
    push_song (harness, RATE, lengths[song], 0, song);
    push_eos (harness);
    for (guint i = 0; i < log_count (&alone, FALSE); i++)
      check_same_sound ("gapless", log_nth (&all, FALSE, k++), log_nth (&alone, FALSE, i));
    check_same_sound ("gapless final", log_nth (&all, TRUE, song), log_nth (&alone, TRUE, 0));
    CHECK (get_time (log_nth (&all, TRUE, song), "running-time") == song * 100 * GST_SECOND, "running time of song %u",
        song);
    log_close (&alone);
  }
  log_close (&all);
}

/* One final each, and none for nothing. */
static void
test_one_final_each (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push_seconds (harness, 5, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, 5 * GST_SECOND));
  CHECK (log_count (&log, TRUE) == 1 && log.finals_before_event == 1, "final after SEGMENT_DONE");
  gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, 5 * GST_SECOND));
  CHECK (log_count (&log, TRUE) == 1, "a second SEGMENT_DONE without audio posts again");
  push_seconds (harness, 4, 5 * GST_SECOND, .3F);
  CHECK (gst_harness_push_event (harness, gst_event_new_stream_start ("another")), "STREAM_START");
  CHECK (log_count (&log, TRUE) == 2 && log.finals_before_event == 2, "STREAM_START of another stream closes no run");
  CHECK (get_windows (log_last (&log)) == 1, "the second run has %u windows", get_windows (log_last (&log)));
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  CHECK (log_count (&log, TRUE) == 2, "STREAM_START of the same stream closes a run");
  gst_harness_push_event (harness, gst_event_new_stream_start ("a third"));
  CHECK (log_count (&log, TRUE) == 2, "a stream without audio has a final");
  push_eos (harness);
  CHECK (log_count (&log, TRUE) == 3, "EOS posts no final");
  check_too_short (log_last (&log), 0);
  log_close (&log);
}

/* A segment that loops, as for a game's music: each turn by itself, though its audio comes as if nothing were. */
static void
test_segment_done_is_eos (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  for (guint turn = 0; turn < 3; turn++) {
    push_segment (harness, 0, 0, turn * 6 * GST_SECOND);
    push_song (harness, RATE, 6, 0, 1);
    gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, 6 * GST_SECOND));
    CHECK (log_count (&log, TRUE) == turn + 1 && log.finals_before_event == turn + 1, "%u finals in turn %u",
        log_count (&log, TRUE), turn);
    check_same_sound ("a turn", log_nth (&log, TRUE, turn), log_nth (&log, TRUE, 0));
    CHECK (get_time (log_nth (&log, TRUE, turn), "running-time") == turn * 6 * GST_SECOND
            && get_time (log_nth (&log, TRUE, turn), "stream-time") == 0,
        "times of turn %u", turn);
  }
  log_close (&log);
}

/* What plays backwards is no music to the model, and neither it nor what is around it may be joined. */
static void
test_reverse_playback (void)
{
  Log log, alone;
  GstHarness *harness = log_open_audio (&log);
  GstSegment segment;

  push_song (harness, RATE, 3, 0, 1); /* too little for a window */
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 60 * GST_SECOND;
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  gst_harness_push_event (harness, gst_event_new_gap (3 * GST_SECOND, GST_SECOND));
  for (guint i = 0; i < 50; i++)
    push (harness, audio (RATE / 10, 50 * GST_SECOND - i * GST_SECOND / 10, .3F, i));
  CHECK (log.n == 0, "%u messages in reverse", log.n);
  push_segment (harness, 0, 0, 0);
  push_song (harness, RATE, 5, 3 * GST_SECOND, 2);
  push_eos (harness);

  harness = log_open_audio (&alone);
  push_song (harness, RATE, 5, 3 * GST_SECOND, 2);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == log_count (&alone, FALSE) && log_count (&log, TRUE) == 1, "%u messages", log.n);
  for (guint i = 0; i < log_count (&alone, FALSE); i++)
    check_same_sound ("after reverse", log_nth (&log, FALSE, i), log_nth (&alone, FALSE, i));
  log_close (&alone);
  log_close (&log);

  harness = log_open_audio (&log);
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_song (harness, RATE, 5, 50 * GST_SECOND, 1);
  push_eos (harness);
  CHECK (log.n == 1, "%u messages in reverse", log.n);
  check_too_short (log_last (&log), 0);
  log_close (&log);
}

/* chromaprint keeps the old rate; level's arrays were too small for more channels. */
static void
test_caps_change (void)
{
  Log log, alone;
  GstHarness *harness = log_open_audio (&log);

  push_song (harness, RATE, 3, 0, 1); /* none of it may enter the window that follows */
  gst_harness_set_src_caps_str (harness, LOG_CAPS (44100));
  push_song (harness, 44100, 5, GST_CLOCK_TIME_NONE, 2); /* no jump in time that would begin a window anyway */
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=S16LE, layout=interleaved, rate=8000, channels=64, channel-mask=(bitmask)0");
  for (guint i = 0; i < 5; i++) /* the bytes of noise */
    push (harness, audio (64 * 800 / 2, (8 + i) * GST_SECOND, .3F, i));
  push_eos (harness);

  harness = log_open (&alone);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (44100));
  push_song (harness, 44100, 5, 3 * GST_SECOND, 2);
  push_eos (harness);
  CHECK (log_count (&alone, FALSE) == 2 && log_count (&log, FALSE) == 2, "%u and %u windows", log_count (&alone, FALSE),
      log_count (&log, FALSE));
  for (guint i = 0; i < 2; i++)
    check_same_sound ("other rate", log_nth (&log, FALSE, i), log_nth (&alone, FALSE, i));
  CHECK (get_time (log_nth (&log, FALSE, 0), "timestamp") == 3 * GST_SECOND, "time of the other rate");
  CHECK (log_count (&log, TRUE) == 1 && get_time (log_last (&log), "timestamp") == 0, "the run does not go on");
  log_close (&alone);
  log_close (&log);
}

/* A flush after the end begins a run, which has its final even if nothing comes. */
static void
test_flush_after_the_end (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push_seconds (harness, 4, 0, .3F);
  push_eos (harness);
  push_flush (harness);
  push_segment (harness, 0, 0, 0);
  push_eos (harness);
  CHECK (log_count (&log, TRUE) == 2, "%u finals", log_count (&log, TRUE));
  check_string (log_last (&log), "state", "too-short");
  CHECK (get_windows (log_last (&log)) == 0, "windows of the run before");
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_no_caps ();
  test_eos_with_too_little ();
  test_gapless_tracks ();
  test_one_final_each ();
  test_segment_done_is_eos ();
  test_reverse_playback ();
  test_caps_change ();
  test_flush_after_the_end ();
  TEST_END ();
}
