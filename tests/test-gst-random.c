/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-random.c - streams that no sane element sends: anything may follow anything.  Buffers pass,
 * whatever comes is well formed, and each run has its one final.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

enum
{
  STREAMS = 100,
  STEPS = 300,
};

static uint64_t seed;
static guint windows; /* answers of all streams */

static guint
draw (guint n)
{
  return (guint) (test_random (&seed) >> 33) % n;
}

/* Mostly times that make sense, sometimes none and sometimes nonsense. */
static GstClockTime
draw_time (GstClockTime now)
{
  switch (draw (12)) {
    case 0:
      return GST_CLOCK_TIME_NONE;
    case 1:
      return test_random (&seed);
    case 2:
      return G_MAXUINT64 - 1 - draw (1000);
    case 3:
      return draw (20) * GST_SECOND;
    default:
      return now + draw (2) * draw (100) * GST_MSECOND;
  }
}

static void
push_random_segment (GstHarness *harness, GstClockTime now)
{
  static const gdouble rates[] = { 1, 1, 1, 1, 2, .5, -1 };
  GstSegment segment;

  gst_segment_init (&segment, draw (8) == 0 ? GST_FORMAT_BYTES : GST_FORMAT_TIME);
  segment.rate = rates[draw (G_N_ELEMENTS (rates))];
  segment.start = draw (2) * now;
  segment.stop = draw (3) == 0 ? segment.start + draw (10) * GST_SECOND : GST_CLOCK_TIME_NONE;
  segment.time = draw (2) * now;
  segment.base = draw (1000) * GST_SECOND;
  if (segment.rate < 0 && segment.stop == GST_CLOCK_TIME_NONE)
    segment.stop = segment.start + 60 * GST_SECOND;
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
}

static void
push_random_gap (GstHarness *harness, GstClockTime now)
{
  const GstClockTime pts = draw_time (now), duration = draw_time (draw (20) * GST_SECOND);
  GstEvent *event = gst_event_new_gap (GST_CLOCK_TIME_IS_VALID (pts) ? pts : now, duration);

  if (draw (5) == 0)
    gst_event_set_gap_flags (event, GST_GAP_FLAG_MISSING_DATA);
  gst_harness_push_event (harness, event);
}

static void
push_random_caps (GstHarness *harness)
{
  static const gint rates[] = { 22050, 22050, 22050, 44100, 8000, 1 };
  GstAudioInfo info;

  gst_audio_info_init (&info);
  gst_audio_info_set_format (&info, draw (2) ? GST_AUDIO_FORMAT_F32 : GST_AUDIO_FORMAT_S24LE,
      rates[draw (G_N_ELEMENTS (rates))], 1 + (gint) draw (2), NULL);
  info.layout = draw (5) == 0 ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED;

  GstCaps *caps = gst_audio_info_to_caps (&info);

  gst_harness_push_event (harness, gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

static void
push_anything (GstHarness *harness, GstClockTime now)
{
  GstBuffer *buffer;
  gchar *id;

  switch (draw (100)) {
    case 0:
      push_flush (harness);
      push_random_segment (harness, now);
      return;
    case 1:
      id = g_strdup_printf ("%u", draw (3));
      gst_harness_push_event (harness, gst_event_new_stream_start (id));
      g_free (id);
      push_random_segment (harness, now);
      return;
    case 2:
    case 3:
      push_random_segment (harness, now);
      return;
    case 4:
    case 5:
      push_random_gap (harness, now);
      return;
    case 6:
      push_random_caps (harness);
      return;
    case 7:
      gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, (gint64) now));
      return;
    case 8:
      gst_harness_push_event (harness, gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "A title", NULL)));
      return;
    default:
      buffer = audio (1 + draw (2 * RATE / 10), draw (10) ? now : draw_time (now), draw (4) ? .3F : 0,
          test_random (&seed));
      if (draw (20) == 0)
        GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
      if (draw (20) == 0)
        GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
      if (draw (40) == 0)
        gst_buffer_set_size (buffer, (gssize) draw (5));
      push (harness, buffer);
      return;
  }
}

static void
check_stream (guint nth)
{
  Log log;
  GstHarness *harness;

  seed = 1 + nth * 7919;
  harness = log_open_audio (&log);
  g_object_set (harness->element, "post-tags", draw (2), "interval", (1 + draw (20)) * 100 * GST_MSECOND, NULL);
  if (draw (3) == 0)
    gst_harness_set_live (harness, TRUE);
  for (guint i = 0; i < STEPS; i++)
    push_anything (harness, i * GST_SECOND / 10);

  const guint before = log_count (&log, TRUE);

  push_flush (harness);
  push_segment (harness, 0, 0, 0);
  CHECK (log_count (&log, TRUE) == before, "stream %u: a flush posts a final", nth);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_song (harness, RATE, .5, 0, 1);
  push_eos (harness);
  CHECK (log_count (&log, TRUE) == before + 1, "stream %u: %u finals after EOS", nth, log_count (&log, TRUE) - before);
  for (guint i = 0; i < log.n; i++)
    check_distributions (log.messages[i]);
  windows += log_count (&log, FALSE);
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  for (guint i = 0; i < STREAMS; i++)
    check_stream (i);
  CHECK (windows > STREAMS, "only %u answers", windows);
  g_print ("%u answers\n", windows);
  TEST_END ();
}
