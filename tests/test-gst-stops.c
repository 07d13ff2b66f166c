/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-stops.c - stops, starts and flushes come through at any moment, whether the ring is full or not.
 *
 * How long they take is printed and not judged, since machines are busy; bench-latency measures it.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_pipeline.h"
#include "tests/watchdog.h"

enum
{
  STOPS = 200,
  FLUSHES = 200,
};

static uint64_t seed = 1;

static gulong
draw (gulong n)
{
  return (gulong) (test_random (&seed) >> 33) % n;
}

static GstPadProbeReturn
count_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer n)
{
  (void) pad;
  (void) info;
  g_atomic_int_inc ((gint *) n);
  return GST_PAD_PROBE_OK;
}

static void
count_buffers (GstElement *element, const gchar *name, gint *n)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer, n, NULL);
  gst_object_unref (pad);
}

/* NULL to PLAYING and back at random moments.  A buffer is a second long: while one is inside that is not the first, it
 * waits for room. */
static void
check_stops (const gchar *source, guint least_full, guint most_full)
{
  Log log;
  Watchdog dog;
  gchar *line = g_strdup_printf ("%s ! genreclassify name=genre ! fakesink sync=false async=false", source);
  GstElement *pipeline = pipeline_open (line, &log);
  GstElement *genre = gst_bin_get_by_name (GST_BIN (pipeline), "genre");
  gint in = 0, out = 0;
  guint full = 0;
  gint64 worst = 0;

  count_buffers (genre, "sink", &in);
  count_buffers (genre, "src", &out);
  watchdog_start (&dog, source);
  for (guint i = 0; i < STOPS; i++) {
    g_atomic_int_set (&in, 0);
    g_atomic_int_set (&out, 0);
    CHECK (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE, "cannot play");
    g_usleep (draw (4) == 0 ? draw (1000) : draw (20000));
    full += g_atomic_int_get (&in) > 1 && g_atomic_int_get (&in) > g_atomic_int_get (&out);

    const gint64 before = g_get_monotonic_time ();

    CHECK (gst_element_set_state (pipeline, GST_STATE_NULL) == GST_STATE_CHANGE_SUCCESS, "cannot stop");
    worst = MAX (worst, g_get_monotonic_time () - before);
    watchdog_feed (&dog, source);
  }
  watchdog_stop (&dog);
  CHECK (full >= least_full && full <= most_full, "%s: the ring was full %u times of %d", source, full, STOPS);
  CHECK (log_count (&log, TRUE) == 0, "%u finals without EOS", log_count (&log, TRUE));
  g_print ("%s: the ring was full %u times of %d; the longest stop took %d ms\n", source, full, STOPS,
      (int) (worst / 1000));
  gst_object_unref (genre);
  pipeline_close (pipeline, &log);
  g_free (line);
}

static void
test_stops (void)
{
  check_stops ("audiotestsrc wave=silence samplesperbuffer=500000 ! audio/x-raw,rate=500000,channels=1", STOPS / 10,
      STOPS);
  check_stops ("audiotestsrc is-live=true samplesperbuffer=100 ! audio/x-raw,rate=48000,channels=2", 0, STOPS / 10);
}

static GstPadActivateModeFunction activate;
static GstHarness *impatient;

static void
push_stream (GstHarness *harness)
{
  gst_pad_push_event (harness->srcpad, gst_event_new_stream_start ("impatient"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_song (harness, RATE, 3, 0, 1);
}

/* A pad takes buffers before its own activation is through. */
static gboolean
activate_beside_stream (GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  if (active)
    push_stream (impatient);
  return activate (pad, parent, mode, active);
}

/* What is linked to a stream that goes on, and started then, hears it from the first buffer on that it lets pass. */
static void
test_stream_does_not_wait (void)
{
  Log log;
  GstPad *pad;

  impatient = log_open_audio (&log);
  gst_element_set_state (impatient->element, GST_STATE_NULL);
  pad = gst_element_get_static_pad (impatient->element, "sink");
  activate = GST_PAD_ACTIVATEMODEFUNC (pad);
  gst_pad_set_activatemode_function (pad, activate_beside_stream);
  gst_element_set_state (impatient->element, GST_STATE_PLAYING);
  for (guint i = 30; i < 60; i++)
    push (impatient, audio (RATE / 10, i * GST_SECOND / 10, .3F, 2000 + i));
  push_eos (impatient);
  CHECK (log.n >= 2, "%u messages", log.n);
  CHECK (get_time (log_last (&log), "duration") == 6 * GST_SECOND, "%d ms heard",
      (int) (get_time (log_last (&log), "duration") / GST_MSECOND));
  gst_object_unref (pad);
  log_close (&log);
}

typedef struct Streaming
{
  GstHarness *harness;
  gint flushes; /* begun, and ended: odd meanwhile */
  gint stop;
} Streaming;

/* Seconds of audio as fast as they are taken, whatever is flushed. */
static gpointer
stream (gpointer data)
{
  Streaming *streaming = data;
  GstPad *pad = streaming->harness->srcpad;
  GstSegment segment;
  gint flushes = 0;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; !g_atomic_int_get (&streaming->stop); i++) {
    GstBuffer *second = audio (RATE, i * GST_SECOND, .3F, i);
    gint now;

    while ((now = g_atomic_int_get (&streaming->flushes)) % 2 != 0)
      g_usleep (100);
    if (now != flushes) /* it took the segment along */
      gst_pad_push_event (pad, gst_event_new_segment (&segment));
    flushes = now;

    const GstFlowReturn flow = gst_pad_push (pad, second);

    /* A flush just before it leaves it without a segment. */
    CHECK (flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING || now != g_atomic_int_get (&streaming->flushes), "%s",
        gst_flow_get_name (flow));
  }
  return NULL;
}

/* Flushes at random moments of a stream that mostly waits for room. */
static void
test_flushes (void)
{
  Log log;
  Watchdog dog;
  GstHarness *harness = log_open_audio (&log);
  Streaming streaming = { .harness = harness };
  GThread *thread;
  gint64 worst = 0;

  gst_harness_set_drop_buffers (harness, TRUE);
  g_object_set (harness->element, "post-messages", FALSE, NULL);
  thread = g_thread_new ("stream", stream, &streaming);
  watchdog_start (&dog, "flushes");
  for (guint i = 0; i < FLUSHES; i++) {
    g_usleep (draw (4) == 0 ? draw (500) : draw (10000));
    g_atomic_int_inc (&streaming.flushes);

    const gint64 before = g_get_monotonic_time ();

    push_flush (harness);
    worst = MAX (worst, g_get_monotonic_time () - before);
    g_atomic_int_inc (&streaming.flushes);
    watchdog_feed (&dog, "flushes");
  }
  g_atomic_int_set (&streaming.stop, TRUE);
  g_thread_join (thread);
  watchdog_stop (&dog);
  push_flush (harness);
  push_segment (harness, 0, 0, 0);
  g_object_set (harness->element, "post-messages", TRUE, NULL);
  push_eos (harness);
  CHECK (log.n == 1 && is_final (log_last (&log)), "%u messages of an empty run", log.n);
  g_print ("%d flushes; the longest took %d ms\n", FLUSHES, (int) (worst / 1000));
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_stops ();
  test_stream_does_not_wait ();
  test_flushes ();
  TEST_END ();
}
