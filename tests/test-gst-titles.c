/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-titles.c - `split-titles`: another title ends a run, as on the radio, and nothing else of tags does.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

static guint64
get_duration (const GstStructure *message)
{
  return get_time (message, "duration") / GST_MSECOND;
}

/* Two songs, 12 and 10 s long, as one stream; what is not another title goes on. */
static void
test_split_titles (gboolean split)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  g_object_set (harness->element, "split-titles", split, NULL);
  push_song (harness, RATE, 1, 0, 1);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "One")); /* the first ends nothing */
  push_song (harness, RATE, 5, GST_SECOND, 2);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "One"));
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, " One\n"));
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, " "));
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, NULL));
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_GLOBAL, "The whole file"));
  push_song (harness, RATE, 6, 6 * GST_SECOND, 3);
  CHECK (log_count (&log, TRUE) == 0, "%u finals within a song", log_count (&log, TRUE));
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "Two"));
  CHECK (log_count (&log, TRUE) == (split ? 1 : 0), "split-titles %d: %u finals after the first song", split,
      log_count (&log, TRUE));
  push_song (harness, RATE, 10, 12 * GST_SECOND, 4);
  push_eos (harness);
  if (split && log_count (&log, TRUE) == 2) {
    const GstStructure *one = log_nth (&log, TRUE, 0), *two = log_nth (&log, TRUE, 1);

    CHECK (get_time (one, "timestamp") == 0 && get_duration (one) == 12000 && get_windows (one) == 9,
        "the first song: %u ms, %u windows", (guint) get_duration (one), get_windows (one));
    CHECK (get_time (two, "timestamp") == 12 * GST_SECOND && get_duration (two) == 10000 && get_windows (two) == 7,
        "the second song: %u ms, %u windows", (guint) get_duration (two), get_windows (two));
    CHECK (get_time (log_nth (&log, FALSE, 9), "timestamp") == 12 * GST_SECOND, "a window of both songs");
  }
  CHECK (log_count (&log, TRUE) == (split ? 2 : 1) && log_count (&log, FALSE) == (split ? 16 : 19),
      "split-titles %d: %u finals, %u others", split, log_count (&log, TRUE), log_count (&log, FALSE));
  log_close (&log);
}

/* The second song sounds as it does alone, and no title of before counts after another stream. */
static void
test_split_is_a_run (void)
{
  Log log, alone;
  GstHarness *harness = log_open_audio (&log);

  g_object_set (harness->element, "split-titles", TRUE, NULL);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "One"));
  push_song (harness, RATE, 8, 0, 1);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "Two"));
  push_song (harness, RATE, 8, 8 * GST_SECOND, 2);
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  push_segment (harness, 0, 0, 0);
  push_song (harness, RATE, 4, 0, 3);
  gst_harness_push_event (harness, new_title (GST_TAG_SCOPE_STREAM, "Three"));
  CHECK (log_count (&log, TRUE) == 2, "%u finals", log_count (&log, TRUE));

  GstHarness *other = log_open_audio (&alone);

  push_song (other, RATE, 8, 8 * GST_SECOND, 2);
  push_eos (other);
  check_same_sound ("the second song", log_nth (&log, TRUE, 1), log_nth (&alone, TRUE, 0));
  log_close (&alone);
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_split_titles (FALSE);
  test_split_titles (TRUE);
  test_split_is_a_run ();
  TEST_END ();
}
