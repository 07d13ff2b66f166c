/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-messages.c - what messages say of silence and at the threshold, and from when on they are posted.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

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

/* level lets audio from before `post-messages` was set into its first message.  Here it is as if it had been set
 * all the time. */
static void
test_post_messages_late (void)
{
  Log always, late;
  GstHarness *harness = log_open_audio (&always);

  push_song (harness, RATE, 8, 0, 1);
  push_song (harness, RATE, 5, 20 * GST_SECOND, 2);
  push_eos (harness);
  harness = log_open_audio (&late);
  g_object_set (harness->element, "post-messages", FALSE, NULL);
  push_song (harness, RATE, 8, 0, 1);
  gst_harness_push_event (harness, gst_event_new_gap (8 * GST_SECOND, GST_CLOCK_TIME_NONE));
  push_song (harness, RATE, 1, 20 * GST_SECOND, 2);
  CHECK (late.n == 0, "%u messages although they are off", late.n);
  g_object_set (harness->element, "post-messages", TRUE, NULL);
  for (guint i = 10; i < 50; i++)
    push (harness, audio (RATE / 10, 20 * GST_SECOND + i * GST_SECOND / 10, .3F, 3000 + i));
  push_eos (harness);

  const guint n = always.n, missing = always.n - late.n;

  CHECK (log_count (&late, FALSE) >= 2 && missing >= 4, "%u messages of %u", late.n, n);
  for (guint i = 0; i < late.n; i++)
    check_same_sound ("after post-messages", late.messages[i], always.messages[missing + i]);
  log_close (&late);
  log_close (&always);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_post_messages_late ();
  test_at_the_threshold ();
  test_silence_after_music ();
  test_constant_is_silence ();
  TEST_END ();
}
