/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-fears-times.c - where elements leak old audio into new results, or lose track of time.
 *
 * The numbers are those of the cases in which admired elements fail; docs/behaviour.md lists them.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

/* Three seconds of something else and then `before`; from there on all must sound as in a new element. */
typedef void (*Event) (GstHarness *harness);

static void
check_forgets (const gchar *what, Event before, gboolean discont)
{
  const GstClockTime at = 60 * GST_SECOND;
  Log log, alone;
  GstHarness *harness = log_open_audio (&log);

  push_song (harness, RATE, 3, 0, 1);
  if (before)
    before (harness);

  GstBuffer *buffer = audio (RATE / 10, at, .3F, 1);

  if (discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push (harness, buffer);
  push_song (harness, RATE, 5, at + GST_SECOND / 10, 2);
  push_eos (harness);

  harness = log_open_audio (&alone);
  push (harness, audio (RATE / 10, at, .3F, 1));
  push_song (harness, RATE, 5, at + GST_SECOND / 10, 2);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == 2 && log_count (&alone, FALSE) == 2, "%s: %u windows", what,
      log_count (&log, FALSE));
  for (guint i = 0; i < 2; i++) {
    check_same_sound (what, log_nth (&log, FALSE, i), log_nth (&alone, FALSE, i));
    CHECK (get_time (log_nth (&log, FALSE, i), "timestamp") == at, "%s: timestamp", what);
    CHECK (GST_CLOCK_TIME_IS_VALID (get_time (log_nth (&log, FALSE, i), "stream-time")), "%s: no stream-time", what);
  }
  CHECK (log_count (&log, TRUE) == 1, "%s: %u finals", what, log_count (&log, TRUE));
  log_close (&alone);
  log_close (&log);
}

static void
flush (GstHarness *harness)
{
  push_flush (harness);
  push_segment (harness, 60 * GST_SECOND, 60 * GST_SECOND, 0);
}

static void
other_place (GstHarness *harness)
{
  push_segment (harness, 60 * GST_SECOND, 60 * GST_SECOND, 3 * GST_SECOND);
}

/* 3: level and spectrum add what was before a DISCONT to what comes after it. */
static void
test_fear_3_discont_keeps_old_audio (void)
{
  check_forgets ("DISCONT", NULL, TRUE);
  check_forgets ("jump", NULL, FALSE);
}

/* 4: they report what was before a seek, without a stream time. */
static void
test_fear_4_seeks_keep_old_audio (void)
{
  check_forgets ("flushing seek", flush, TRUE);
  check_forgets ("flushing seek without DISCONT", flush, FALSE);
  check_forgets ("other segment", other_place, TRUE);
  check_forgets ("other segment without DISCONT", other_place, FALSE);
}

/* 4: nor may the aggregate, nor does a flush post a final. */
static void
test_fear_4_flush_begins_a_run (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push_seconds (harness, 6, 0, .3F);
  push_flush (harness);
  CHECK (log_count (&log, TRUE) == 0, "a flush posts a final");

  const guint before = log.n;

  push_segment (harness, 0, 0, 0);
  push_seconds (harness, 3.6, 60 * GST_SECOND, .3F);
  push_eos (harness);
  CHECK (log.n == before + 2, "%u messages after the flush", log.n - before);
  CHECK (get_time (log.messages[before], "timestamp") == 60 * GST_SECOND, "the window begins before the flush");
  CHECK (get_windows (log_last (&log)) == 1 && get_time (log_last (&log), "timestamp") == 60 * GST_SECOND,
      "the run goes on across the flush");
  log_close (&log);
}

/* 3: a lossy stream with a DISCONT every 3 s never has 3.5 s in one piece; what is lost is short. */
static void
test_fear_3_lossy_stream_has_no_results (void)
{
  const GstClockTime lost = 20 * GST_MSECOND;
  Log log;
  GstHarness *harness = log_open_audio (&log);

  for (guint i = 0; i < 300; i++) {
    GstBuffer *buffer = audio (RATE / 10, i * GST_SECOND / 10 + i / 30 * lost, .3F, i);

    if (i % 30 == 0)
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    push (harness, buffer);
  }
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == 27, "%u windows in 30 s", log_count (&log, FALSE)); /* at 3.5, 4.5 ... 29.5 s */
  CHECK (get_time (log_last (&log), "duration") == 30 * GST_SECOND + 9 * lost, "duration");
  log_close (&log);
}

/* --- 9, 10, 12 ------------------------------------------------------------------------------------------------- */

/* Three seconds, then something, then 2.1 s from `at` on: two windows where the stream goes on, three if half a second
 * of zeros is put in, none after a reset. */
static void
check_interruption (const gchar *what, Event interrupt, GstClockTime at, gboolean discont, guint windows)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstBuffer *buffer;

  push_seconds (harness, 3, 0, .3F);
  if (interrupt)
    interrupt (harness);
  buffer = audio (RATE / 10, at, .3F, 1);
  if (discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push (harness, buffer);
  push_seconds (harness, 2, GST_CLOCK_TIME_IS_VALID (at) ? at + GST_SECOND / 10 : at, .3F);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == windows, "%s: %u windows", what, log_count (&log, FALSE));
  CHECK (log_count (&log, TRUE) == 1 && get_time (log_last (&log), "timestamp") == 0, "%s: the run does not go on",
      what);
  if (windows > 0)
    CHECK (get_time (log.messages[0], "timestamp") == 0, "%s: timestamp", what);
  log_close (&log);
}

static void
new_segment (GstHarness *harness)
{
  push_segment (harness, 0, 0, 7);
}

static void
other_caps (GstHarness *harness)
{
  gst_harness_set_src_caps_str (harness, LOG_CAPS (44100));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
}

static void
gap_of_100_ms (GstHarness *harness)
{
  gst_harness_push_event (harness, gst_event_new_gap (3 * GST_SECOND, 100 * GST_MSECOND));
}

static void
gap_of_20_s (GstHarness *harness)
{
  gst_harness_push_event (harness, gst_event_new_gap (3 * GST_SECOND, 20 * GST_SECOND));
}

static void
gap_without_duration (GstHarness *harness)
{
  gst_harness_push_event (harness, gst_event_new_gap (3 * GST_SECOND, GST_CLOCK_TIME_NONE));
}

static void
missing_data (GstHarness *harness)
{
  GstEvent *event = gst_event_new_gap (3 * GST_SECOND, 100 * GST_MSECOND);

  gst_event_set_gap_flags (event, GST_GAP_FLAG_MISSING_DATA);
  gst_harness_push_event (harness, event);
}

static void
gap_buffer (GstHarness *harness)
{
  GstBuffer *buffer = audio (RATE / 10, 3 * GST_SECOND, 1e6F, 1); /* must not be read */

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  push (harness, buffer);
}

/* The only buffer with DISCONT is cut off. */
static void
clipped_discont (GstHarness *harness)
{
  GstBuffer *buffer = audio (RATE / 10, 34 * GST_SECOND / 10, .3F, 1);

  push_segment (harness, 35 * GST_SECOND / 10, 0, 0);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push (harness, buffer);
}

static void
empty_buffer (GstHarness *harness)
{
  push (harness, gst_buffer_new ());
}

static void
empty_discont (GstHarness *harness)
{
  GstBuffer *buffer = gst_buffer_new ();

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push (harness, buffer);
}

/* Two windows, an interruption that resets the window, two more: smoothing and aggregate are those of the recording. */
static void
check_remembers (const gchar *what, Event interrupt, GstClockTime at)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push_song (harness, RATE, 5, 0, 1);
  if (interrupt)
    interrupt (harness);
  push_song (harness, RATE, 5, at, 2);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == 4 && log_count (&log, TRUE) == 1, "%s: %u messages", what, log.n);
  CHECK (get_windows (log_nth (&log, FALSE, 2)) == 3 && get_windows (log_last (&log)) == 4, "%s: aggregate", what);
  CHECK (get_time (log_nth (&log, FALSE, 2), "timestamp") == at, "%s: the window goes on", what);
  CHECK (gst_value_compare (gst_structure_get_value (log.messages[2], "smoothed"),
             gst_structure_get_value (log.messages[2], "probabilities"))
          != GST_VALUE_EQUAL,
      "%s: smoothing begins anew", what);
  log_close (&log);
}

static void
test_resets_keep_the_aggregate (void)
{
  check_remembers ("jump", NULL, 60 * GST_SECOND);
  check_remembers ("seek without a flush", other_place, 60 * GST_SECOND);
  check_remembers ("other caps and back", other_caps, 5 * GST_SECOND);
  check_remembers ("GAP event of unknown duration", gap_without_duration, 5 * GST_SECOND);
}

static void
test_fear_9_jumps (void)
{
  const GstClockTime s = GST_SECOND, ms = GST_MSECOND;

  check_interruption ("nothing", NULL, 3 * s, FALSE, 2);
  check_interruption ("no timestamps", NULL, GST_CLOCK_TIME_NONE, FALSE, 2);
  check_interruption ("DISCONT in place", NULL, 3 * s, TRUE, 2);
  check_interruption ("DISCONT 30 ms on", NULL, 3 * s + 30 * ms, TRUE, 2);
  check_interruption ("DISCONT 500 ms on", NULL, 3 * s + 500 * ms, TRUE, 3);
  check_interruption ("DISCONT 1 s on", NULL, 4 * s, TRUE, 3);
  check_interruption ("DISCONT more than 1 s on", NULL, 4 * s + ms, TRUE, 0);
  check_interruption ("DISCONT 30 ms backwards", NULL, 3 * s - 30 * ms, TRUE, 2);
  check_interruption ("DISCONT 1 s backwards", NULL, 2 * s, TRUE, 2);
  check_interruption ("DISCONT more than 1 s backwards", NULL, 2 * s - ms, TRUE, 0);
  check_interruption ("DISCONT without PTS", NULL, GST_CLOCK_TIME_NONE, TRUE, 0);
  check_interruption ("jump of 30 ms", NULL, 3 * s + 30 * ms, FALSE, 2);
  check_interruption ("jump of 500 ms that stays", NULL, 3 * s + 500 * ms, FALSE, 2);
  check_interruption ("jump of 1 s", NULL, 4 * s, FALSE, 2);
  check_interruption ("jump of 1 s backwards", NULL, 2 * s, FALSE, 2);
  check_interruption ("jump of 2 s", NULL, 5 * s, FALSE, 0);
  check_interruption ("jump of 2 s backwards", NULL, s, FALSE, 0);
  check_interruption ("clipped DISCONT", clipped_discont, 3 * s + 500 * ms, FALSE, 3);
  check_interruption ("clipped DISCONT far on", clipped_discont, 4 * s + 500 * ms, FALSE, 0);
  check_interruption ("empty DISCONT", empty_discont, 3 * s + 500 * ms, FALSE, 3);
  check_interruption ("other caps and back", other_caps, 3 * s, FALSE, 0);
  check_interruption ("GAP event", gap_of_100_ms, 3 * s + 100 * ms, FALSE, 2);
  check_interruption ("GAP event of 20 s", gap_of_20_s, 23 * s, FALSE, 0);
  check_interruption ("GAP event of unknown duration", gap_without_duration, 3 * s, FALSE, 0);
  check_interruption ("GAP event of missing data", missing_data, 3 * s + 100 * ms, FALSE, 0);
  check_interruption ("GAP buffer", gap_buffer, 3 * s + 100 * ms, FALSE, 2);
  check_interruption ("empty buffer", empty_buffer, 3 * s, FALSE, 2);
  check_interruption ("another segment", new_segment, 3 * s, FALSE, 2);
}

/* 9: without timestamps level's times overflow. */
static void
test_fear_9_no_timestamps (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push_segment (harness, 7 * GST_SECOND, 100 * GST_SECOND, 1000 * GST_SECOND);
  push_seconds (harness, 5, GST_CLOCK_TIME_NONE, .3F);
  gst_harness_push_event (harness, gst_event_new_gap (12 * GST_SECOND, 20 * GST_SECOND));
  push_seconds (harness, 4, GST_CLOCK_TIME_NONE, .3F); /* goes on where the gap ended */
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == 3, "%u windows", log_count (&log, FALSE));
  CHECK (get_time (log.messages[0], "timestamp") == 7 * GST_SECOND, "timestamp without timestamps");
  CHECK (get_time (log.messages[0], "stream-time") == 100 * GST_SECOND, "stream-time");
  CHECK (get_time (log.messages[0], "running-time") == 1000 * GST_SECOND, "running-time");
  CHECK (get_time (log.messages[2], "timestamp") == 32 * GST_SECOND, "timestamp after a gap");
  CHECK (get_time (log_last (&log), "duration") == 9 * GST_SECOND, "duration"); /* of what was heard */
  log_close (&log);

  GstSegment segment;

  harness = log_open (&log); /* nor a segment in time */
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 5, GST_CLOCK_TIME_NONE, .3F);
  push_eos (harness);
  CHECK (log.n == 3, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++) {
    CHECK (get_time (log.messages[i], "timestamp") == GST_CLOCK_TIME_NONE
            && get_time (log.messages[i], "stream-time") == GST_CLOCK_TIME_NONE
            && get_time (log.messages[i], "running-time") == GST_CLOCK_TIME_NONE,
        "times out of nothing");
    CHECK (get_time (log.messages[i], "duration") <= 5 * GST_SECOND, "duration");
  }
  log_close (&log);
}

static void
sleep_in_handler (Log *log)
{
  (void) log;
  g_usleep (100000);
}

/* 10: chromaprint begins anew with every SEGMENT.  Here one comes before each buffer, and times are those of the one
 * that was in force when the window began, whenever the worker gets to it. */
static void
test_fear_10_segments_reset (void)
{
  Log once, often;
  GstHarness *harness = log_open_audio (&once);

  push_song (harness, RATE, 15, 0, 1);
  push_eos (harness);
  harness = log_open_audio (&often);
  often.act = sleep_in_handler; /* so that the segments get ahead of it */
  for (guint i = 0; i < 150; i++) {
    push_segment (harness, 0, 0, i * 1000 * GST_SECOND);
    push (harness, audio (RATE / 10, i * GST_SECOND / 10, .3F, 2000 + i));
    push_segment (harness, 0, 0, i * 1000 * GST_SECOND); /* the same again */
  }
  push_eos (harness);
  CHECK (often.n == once.n && once.n == 13, "%u messages, not %u", often.n, once.n);
  for (guint i = 0; i < once.n; i++) {
    const guint64 at = get_time (once.messages[i], "timestamp");
    const guint64 nth = at * 10 / GST_SECOND; /* buffer in which the window begins */

    check_same_sound ("segments", often.messages[i], once.messages[i]);
    CHECK (get_time (often.messages[i], "timestamp") == at && get_time (often.messages[i], "stream-time") == at,
        "message %u: timestamp", i);
    CHECK (get_time (often.messages[i], "running-time") == at + nth * 1000 * GST_SECOND,
        "message %u: running-time %" G_GUINT64_FORMAT, i, get_time (often.messages[i], "running-time"));
  }
  log_close (&often);
  log_close (&once);
}

/* 12: a gap is as long as it says: the same as zeros. */
static void
test_fear_12_gaps_are_silence (void)
{
  Log zeros, gaps;
  GstHarness *harness = log_open_audio (&zeros);

  push_song (harness, RATE, 3, 0, 1);
  push_seconds (harness, 2, 3 * GST_SECOND, 0);
  push_song (harness, RATE, 3, 5 * GST_SECOND, 2);
  push_eos (harness);
  harness = log_open_audio (&gaps);
  push_song (harness, RATE, 3, 0, 1);
  gap_buffer (harness);
  gst_harness_push_event (harness, gst_event_new_gap (31 * GST_SECOND / 10, 19 * GST_SECOND / 10));
  push_song (harness, RATE, 3, 5 * GST_SECOND, 2);
  push_eos (harness);
  CHECK (gaps.n == zeros.n && zeros.n == 6, "%u messages, not %u", gaps.n, zeros.n);
  for (guint i = 0; i < zeros.n; i++)
    check_same_sound ("gaps", gaps.messages[i], zeros.messages[i]);
  log_close (&gaps);
  log_close (&zeros);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_fear_3_discont_keeps_old_audio ();
  test_fear_3_lossy_stream_has_no_results ();
  test_fear_4_seeks_keep_old_audio ();
  test_fear_4_flush_begins_a_run ();
  test_resets_keep_the_aggregate ();
  test_fear_9_jumps ();
  test_fear_9_no_timestamps ();
  test_fear_10_segments_reset ();
  test_fear_12_gaps_are_silence ();
  TEST_END ();
}
