/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-times.c - the times of answers: without timestamps, across segments, and where audio is lost.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

/* A lossy stream with a DISCONT every 3 s never has 3.5 s in one piece; what is lost is short. */
static void
test_lossy_stream (void)
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

/* Without timestamps level's times overflow. */
static void
test_no_timestamps (void)
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

/* chromaprint begins anew with every SEGMENT.  Here one comes before each buffer, and times are those of the one
 * that was in force when the window began, whenever the worker gets to it. */
static void
test_segments_do_not_reset (void)
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

/* A segment is in force from its first sample on: the ninth window begins there, in frame 20. */
static void
test_window_at_a_segment (void)
{
  enum
  {
    FIRST = 20 * 1708
  };
  const GstClockTime at = gst_util_uint64_scale (FIRST, GST_SECOND, RATE), base = 1000 * GST_SECOND;
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push (harness, audio (FIRST, 0, .3F, 1));
  push_segment (harness, 0, 0, base);
  push (harness, audio (11 * RATE, at, .3F, 2));
  push_eos (harness);

  const GstStructure *ninth = log_nth (&log, FALSE, 8);

  CHECK (get_time (ninth, "timestamp") == at, "it begins at %" G_GUINT64_FORMAT, get_time (ninth, "timestamp"));
  CHECK (get_time (ninth, "running-time") == base + at, "running-time %" G_GUINT64_FORMAT,
      get_time (ninth, "running-time"));
  CHECK (get_time (log_nth (&log, FALSE, 7), "running-time") < at, "the eighth begins in the segment before");
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_lossy_stream ();
  test_no_timestamps ();
  test_segments_do_not_reset ();
  test_window_at_a_segment ();
  TEST_END ();
}
