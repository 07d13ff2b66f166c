/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-element.c - what messages say, clipping, restarts, live streams.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

/* --- the message ----------------------------------------------------------------------------------------------- */

static void
check_fields (const GstStructure *message)
{
  static const struct
  {
    const gchar *name;
    GType type;
  } simple[] = {
    { "timestamp", G_TYPE_UINT64 },
    { "stream-time", G_TYPE_UINT64 },
    { "running-time", G_TYPE_UINT64 },
    { "duration", G_TYPE_UINT64 },
    { "label", G_TYPE_STRING },
    { "confidence", G_TYPE_DOUBLE },
    { "index", G_TYPE_INT },
    { "labels", 0 },
    { "probabilities", 0 },
    { "smoothed", 0 },
    { "music", G_TYPE_DOUBLE },
    { "summary", G_TYPE_STRING },
    { "state", G_TYPE_STRING },
    { "final", G_TYPE_BOOLEAN },
    { "windows", G_TYPE_UINT },
  };

  CHECK (gst_structure_n_fields (message) == (gint) G_N_ELEMENTS (simple), "%d fields",
      gst_structure_n_fields (message));
  for (guint i = 0; i < G_N_ELEMENTS (simple); i++) {
    const gchar *name = gst_structure_nth_field_name (message, i);
    const GType type = simple[i].type ? simple[i].type : GST_TYPE_ARRAY;

    CHECK (g_str_equal (name, simple[i].name), "field %u is %s, not %s", i, name, simple[i].name);
    CHECK (gst_structure_get_field_type (message, simple[i].name) == type, "%s has another type", simple[i].name);
  }
  check_distributions (message);
}

static void
test_fields_and_times (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  const GstClockTime start = 5 * GST_SECOND;

  push_seconds (harness, 12, start, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (log_count (&log, FALSE) == 9, "%u messages in 12 s", log_count (&log, FALSE));
  for (guint i = 0; i < log.n; i++) {
    const guint64 timestamp = get_time (log.messages[i], "timestamp");

    check_fields (log.messages[i]);
    CHECK (timestamp >= start && get_time (log.messages[i], "stream-time") == timestamp
            && get_time (log.messages[i], "running-time") == timestamp,
        "times of message %u", i);
  }
  CHECK (get_time (log.messages[0], "timestamp") == start
          && get_time (log.messages[0], "duration") == gst_util_uint64_scale (45 * 1708, GST_SECOND, RATE),
      "the first window is %" G_GUINT64_FORMAT " long", get_time (log.messages[0], "duration"));
  /* the ninth: e = 45 + floor (8 * 22050 / 1708) = 148, b = 4 ceil (19 / 4) = 20 */
  CHECK (get_time (log.messages[8], "timestamp") == start + gst_util_uint64_scale (20 * 1708, GST_SECOND, RATE),
      "the ninth window starts at %" G_GUINT64_FORMAT, get_time (log.messages[8], "timestamp"));
  CHECK (get_time (log_last (&log), "timestamp") == start && get_time (log_last (&log), "duration") == 12 * GST_SECOND,
      "times of the final");
  CHECK (get_windows (log_last (&log)) == 9, "%u windows in the final", get_windows (log_last (&log)));
  log_close (&log);
}

static void
test_threshold_silence_and_quiet (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  gdouble confidence;
  gint label;

  g_object_set (harness->element, "threshold", 1., NULL);
  push_seconds (harness, 4, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  check_string (log.messages[0], "label", "unknown");
  gst_structure_get (log.messages[0], "confidence", G_TYPE_DOUBLE, &confidence, "index", G_TYPE_INT, &label, NULL);
  CHECK (confidence > .1 && confidence < 1 && label == -1, "confidence %g, index %d", confidence, label);
  check_string (log.messages[0], "state", "ok");
  log_close (&log);

  harness = log_open_audio (&log);
  push_seconds (harness, 5, 0, 0);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (log.n == 3, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++) {
    check_string (log.messages[i], "state", "silence");
    check_string (log.messages[i], "summary", "silence");
    check_string (log.messages[i], "label", "unknown");
    check_fields (log.messages[i]);
    gst_structure_get (log.messages[i], "confidence", G_TYPE_DOUBLE, &confidence, NULL);
    CHECK (confidence == 0 && get_windows (log.messages[i]) == 0, "silence has confidence or windows");
  }
  log_close (&log);

  harness = log_open_audio (&log);
  g_object_set (harness->element, "post-messages", FALSE, NULL);
  push_seconds (harness, 5, 0, .3F);
  CHECK (gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, 5 * GST_SECOND)),
      "SEGMENT_DONE");
  CHECK (log.n == 0, "%u messages although they are off", log.n);

  GstStructure *stats;
  guint64 windows = 0, mean = 0;

  g_object_get (harness->element, "stats", &stats, NULL);
  gst_structure_get (stats, "windows", G_TYPE_UINT64, &windows, "inference-mean", G_TYPE_UINT64, &mean, NULL);
  CHECK (windows == 2 && mean > 0, "%d windows analysed", (int) windows);
  gst_structure_free (stats);
  log_close (&log);
}

/* --- caps, segments, restarts ---------------------------------------------------------------------------------- */

static void
test_clipping (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 2 * GST_SECOND;
  segment.stop = 8 * GST_SECOND;
  segment.time = 100 * GST_SECOND;
  segment.base = 1000 * GST_SECOND;
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 10, 0, .3F); /* two seconds before the segment, two after it */
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == 3, "%u windows in 6 s", log_count (&log, FALSE));
  CHECK (get_time (log.messages[0], "timestamp") == 2 * GST_SECOND, "timestamp");
  CHECK (get_time (log.messages[0], "stream-time") == 100 * GST_SECOND, "stream-time");
  CHECK (get_time (log.messages[0], "running-time") == 1000 * GST_SECOND, "running-time");
  CHECK (get_time (log_last (&log), "duration") == 6 * GST_SECOND, "duration of the final");
  log_close (&log);
}

/* NULL and back: as new, and no final for what was cut off. */
static void
test_restart (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  push_seconds (harness, 4, 0, .3F);
  gst_element_set_state (harness->element, GST_STATE_NULL);
  CHECK (log_count (&log, TRUE) == 0, "stopping posts a final");
  gst_element_set_state (harness->element, GST_STATE_PLAYING);
  gst_harness_push_event (harness, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_segment (harness, 0, 0, 0);
  push_seconds (harness, 4, 0, .3F);
  push_eos (harness);
  CHECK (log_count (&log, TRUE) == 1 && get_windows (log_last (&log)) == 1, "restarted: %u windows",
      get_windows (log_last (&log)));
  log_close (&log);
}

/* --- live ------------------------------------------------------------------------------------------------------ */

static void
sleep_in_handler (Log *log)
{
  (void) log;
  g_usleep (G_USEC_PER_SEC / 2);
}

/* A handler that sleeps delays no buffer of a live stream: what does not fit is skipped and counted. */
static void
test_live_never_blocks (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstStructure *stats;
  guint64 skipped = 0;
  gboolean live = FALSE;
  gint64 worst = 0;

  gst_harness_set_live (harness, TRUE);
  log.act = sleep_in_handler;
  for (guint i = 0; i < 200; i++) {
    GstBuffer *buffer = audio (RATE / 10, i * GST_SECOND / 10, .3F, i);
    const gint64 before = g_get_monotonic_time ();

    gst_harness_push (harness, buffer);
    worst = MAX (worst, g_get_monotonic_time () - before);
    gst_buffer_unref (gst_harness_pull (harness));
    g_usleep (2000);
  }
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (worst < 200000, "a push took %d us", (int) worst);
  g_object_get (harness->element, "stats", &stats, NULL);
  gst_structure_get (stats, "skipped", G_TYPE_UINT64, &skipped, "live", G_TYPE_BOOLEAN, &live, NULL);
  CHECK (live && skipped > GST_SECOND, "live %d, %d ms skipped", live, (int) (skipped / GST_MSECOND));
  CHECK (log_count (&log, FALSE) > 0 && log_count (&log, TRUE) == 1, "%u messages", log.n);
  gst_structure_free (stats);
  log_close (&log);
}

/* Pushes buffers of `ms` in real time until `wanted` windows are there; FALSE: they do not come. */
static gboolean
push_until (Log *log, guint rate, guint ms, GstClockTime pts, guint wanted)
{
  for (guint i = 0; i < 30000 / ms; i++) {
    if (log_count (log, FALSE) >= wanted)
      return TRUE;
    push (log->harness, audio (rate * ms / 1000, pts + i * ms * GST_MSECOND, .3F, i));
    g_usleep (1000 * ms);
  }
  return FALSE;
}

/* What waits may be less than a hop, for which the worker does not get up, and yet too much for what comes next. */
static void
test_live_goes_on (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  gst_element_set_state (harness->element, GST_STATE_READY);
  g_object_set (harness->element, "max-lag", 100 * GST_MSECOND, NULL);
  gst_harness_set_live (harness, TRUE);
  gst_harness_play (harness);
  gst_harness_push_event (harness, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_segment (harness, 0, 0, 0);
  CHECK (push_until (&log, RATE, 35, 0, 1), "buffers of 35 ms and a max-lag of 100 ms: no window in 30 s");
  log_close (&log);

  harness = log_open_audio (&log);
  gst_harness_set_live (harness, TRUE);
  push_seconds (harness, .5, 0, .3F);
  g_usleep (G_USEC_PER_SEC / 5); /* by when the worker has done with it */
  push (harness, audio (RATE / 50, GST_SECOND / 2, .3F, 1));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (44100));
  CHECK (push_until (&log, 44100, 35, GST_SECOND, 1), "no window in 30 s after another rate");
  log_close (&log);
}

/* A STREAM_START of the same stream asks again, but loses nothing where the answer is the same. */
static void
test_live_same_stream (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstStructure *stats;
  guint64 skipped = 12345;

  gst_element_set_state (harness->element, GST_STATE_READY);
  g_object_set (harness->element, "max-lag", 10 * GST_SECOND, NULL);
  gst_harness_set_live (harness, TRUE);
  gst_harness_play (harness);
  gst_harness_push_event (harness, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_segment (harness, 0, 0, 0);
  for (guint i = 0; i < 60; i++) {
    gst_harness_push_event (harness, gst_event_new_stream_start ("again"));
    push (harness, audio (RATE / 10, i * GST_SECOND / 10, .3F, i));
  }
  push_eos (harness);
  g_object_get (harness->element, "stats", &stats, NULL);
  gst_structure_get (stats, "skipped", G_TYPE_UINT64, &skipped, NULL);
  CHECK (skipped == 0 && log_count (&log, FALSE) == 3, "%d ms skipped, %u windows", (int) (skipped / GST_MSECOND),
      log_count (&log, FALSE));
  gst_structure_free (stats);
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_fields_and_times ();
  test_threshold_silence_and_quiet ();
  test_clipping ();
  test_restart ();
  test_live_never_blocks ();
  test_live_goes_on ();
  test_live_same_stream ();
  TEST_END ();
}
