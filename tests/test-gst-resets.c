/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-resets.c - what begins the window anew and what does not: no old audio in new results, and no new
 * run where one goes on.
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

/* level and spectrum add what was before a DISCONT to what comes after it. */
static void
test_discont_forgets (void)
{
  check_forgets ("DISCONT", NULL, TRUE);
  check_forgets ("jump", NULL, FALSE);
}

/* They report what was before a seek, without a stream time. */
static void
test_seeks_forget (void)
{
  check_forgets ("flushing seek", flush, TRUE);
  check_forgets ("flushing seek without DISCONT", flush, FALSE);
  check_forgets ("other segment", other_place, TRUE);
  check_forgets ("other segment without DISCONT", other_place, FALSE);
}

/* Nor may the aggregate, nor does a flush post a final. */
static void
test_flush_begins_a_run (void)
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
test_jumps (void)
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

/* A gap is as long as it says: the same as zeros. */
static void
test_gaps_are_silence (void)
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
  test_discont_forgets ();
  test_seeks_forget ();
  test_flush_begins_a_run ();
  test_resets_keep_the_aggregate ();
  test_jumps ();
  test_gaps_are_silence ();
  TEST_END ();
}
