/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-mutants.c - edges of the element at which tests/mutants.py found that no other test looks.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

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

static gboolean
has_label (gdouble threshold, gdouble *ret_confidence)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  gint label = -2;

  g_object_set (harness->element, "threshold", threshold, NULL);
  push_seconds (harness, 4, 0, .3F);
  push_eos (harness);
  CHECK (gst_structure_get (log.messages[0], "confidence", G_TYPE_DOUBLE, ret_confidence, "index", G_TYPE_INT, &label,
             NULL),
      "fields");
  CHECK ((label == -1) == (g_strcmp0 (gst_structure_get_string (log.messages[0], "label"), "unknown") == 0), "index %d",
      label);
  log_close (&log);
  return label >= 0;
}

/* A genre that is exactly as probable as it must be has its label. */
static void
test_at_the_threshold (void)
{
  gdouble confidence, again;

  CHECK (has_label (0, &confidence), "threshold 0");
  CHECK (has_label (confidence, &again) && again >= confidence && again <= confidence, "%.17g", again);
  CHECK (!has_label (nextafter (confidence, 1), &again), "just below the threshold");
}

/* Silence has no label, though there was music before. */
static void
test_silence_after_music (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  const GstStructure *message;
  gdouble confidence = 1;
  gint label = 0;

  push_seconds (harness, 4, 0, .3F);
  push_seconds (harness, 14, 4 * GST_SECOND, 0);
  push_eos (harness);
  message = log_nth (&log, FALSE, log_count (&log, FALSE) - 1);
  check_string (message, "state", "silence");
  check_string (message, "label", "unknown");
  gst_structure_get (message, "confidence", G_TYPE_DOUBLE, &confidence, "index", G_TYPE_INT, &label, NULL);
  CHECK (get_windows (message) > 0 && confidence <= 0 && label == -1, "%u windows, confidence %g, index %d",
      get_windows (message), confidence, label);
  check_string (log_last (&log), "state", "ok");
  log_close (&log);
}

/* A constant of -59 dBFS is silence. */
static void
test_constant_is_silence (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  for (guint i = 0; i < 60; i++) {
    GstBuffer *buffer = audio (RATE / 10, i * GST_SECOND / 10, 0, i);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (gsize k = 0; k < RATE / 10; k++)
      ((gfloat *) (void *) map.data)[k] = .001122F;
    gst_buffer_unmap (buffer, &map);
    push (harness, buffer);
  }
  push_eos (harness);
  CHECK (log.n == 4, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++)
    check_string (log.messages[i], "state", "silence");
  CHECK (get_windows (log_last (&log)) == 0, "%u windows", get_windows (log_last (&log)));
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_flush_after_the_end ();
  test_window_at_a_segment ();
  test_at_the_threshold ();
  test_silence_after_music ();
  test_constant_is_silence ();
  TEST_END ();
}
