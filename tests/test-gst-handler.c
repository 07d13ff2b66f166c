/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-handler.c - what a sync handler may do in a message: set properties, query, flush and seek on the
 * worker itself, and sleep.
 *
 * How long things take is printed and not judged, since machines are busy; bench-latency measures it.  Judged is
 * whether a thread waits for another.
 *
 * Layer:   tests; the element, gst-plugins-base.  Linux: RUSAGE_THREAD.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */

#include "tests/element_pipeline.h"

#include <sys/resource.h>

/* What a sync handler may do on the worker: set properties, read them, query, flush. */
static void
call_back (Log *log)
{
  GstElement *element = log->harness->element;
  GstQuery *query = gst_query_new_latency ();
  GstStructure *stats, *info;
  gchar **labels;

  g_object_set (element, "threshold", .1, "interval", (guint64) GST_SECOND / 2, "smoothing", (guint64) 0,
      "silence-threshold", -70., "post-tags", TRUE, "post-messages", TRUE, NULL);
  g_object_get (element, "stats", &stats, "model-info", &info, "labels", &labels, NULL);
  CHECK (g_strv_length (labels) == 10 && stats && info, "properties in the handler");
  gst_structure_free (stats);
  gst_structure_free (info);
  g_strfreev (labels);
  gst_element_query (element, query);
  gst_query_unref (query);
  if (g_atomic_int_add (&log->acted, 1) == 0) {
    gst_pad_push_event (log->harness->srcpad, gst_event_new_flush_start ());
    gst_pad_push_event (log->harness->srcpad, gst_event_new_flush_stop (TRUE));
  }
}

/* spectrum deadlocks when a sync handler sets a property. */
static void
test_handler_calls_back (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstSegment segment;
  gint tries = 5000;

  log.act = call_back;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; i < 100; i++) {
    GstFlowReturn flow;

    do { /* the flush, which ends on the worker, drops the segment and may come between the two */
      gst_harness_push_event (harness, gst_event_new_segment (&segment));
      flow = gst_harness_push (harness, audio (RATE / 10, i * GST_SECOND / 10, .3F, i));
    } while (flow != GST_FLOW_OK && tries-- > 0 && (g_usleep (1000), TRUE));
    CHECK (flow == GST_FLOW_OK, "%s", gst_flow_get_name (flow));
  }
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_eos (harness);
  CHECK (log_count (&log, TRUE) == 1 && log_count (&log, FALSE) > 3, "%u messages", log.n);
  log_close (&log);
}

static GstElement *sought; /* by the handler */

static void
seek_in_handler (Log *log)
{
  gint64 position;

  if (g_atomic_int_add (&log->acted, 1) == 0) {
    gst_element_query_position (sought, GST_FORMAT_TIME, &position);
    pipeline_seek (sought, GST_SEEK_FLAG_FLUSH, 1, 100 * GST_SECOND, 106 * GST_SECOND);
  }
}

enum
{
  TURNS = 20,
};

/* A player that starts over with each final: the handler on the worker seeks while EOS waits for that very worker. */
static void
start_over (Log *log)
{
  const guint finals = log_count (log, TRUE);

  if (finals < TURNS)
    pipeline_seek (sought, GST_SEEK_FLAG_FLUSH, 1, finals * GST_SECOND, (finals + 1) * GST_SECOND);
}

static void
test_handler_seeks (void)
{
  Log log;
  GstElement *pipeline = pipeline_open (PIPELINE_ENDLESS, &log);

  sought = pipeline;
  log.act = seek_in_handler;
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  CHECK (log.n == 5 && get_time (log.messages[1], "timestamp") == 100 * GST_SECOND, "%u messages", log.n);
  CHECK (log_count (&log, TRUE) == 1 && get_windows (log_last (&log)) == 3, "%u finals", log_count (&log, TRUE));
  pipeline_close (pipeline, &log);

  pipeline = pipeline_open (PIPELINE_ENDLESS, &log);
  sought = pipeline;
  pipeline_preroll (pipeline);
  pipeline_seek (pipeline, GST_SEEK_FLAG_FLUSH, 1, 0, GST_SECOND);
  log.act = start_over;
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  CHECK (log_count (&log, TRUE) == TURNS && log_count (&log, FALSE) == 0, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++)
    CHECK (get_time (log.messages[i], "timestamp") == i * GST_SECOND, "final %u", i);
  CHECK (log.finals_before_event == TURNS && log.forwarded == 2, "EOS of turn %u went on", log.finals_before_event);
  pipeline_close (pipeline, &log);
}

/* --- a handler that sleeps ------------------------------------------------------------------------------------- */

enum
{
  SLEEP_S = 3,
  SLEEPS = 2, /* the second beside busy loops */
  MAX_PUSHES = 20000,
};

static gint asleep;

static gpointer
hog (gpointer unused)
{
  const gint64 end = g_get_monotonic_time () + G_TIME_SPAN_SECOND;

  (void) unused;
  while (g_get_monotonic_time () < end)
    ;
  return NULL;
}

static void
sleep_long (Log *log)
{
  GThread *hogs[64];
  guint n_hogs = 0;

  if (log->acted == SLEEPS || is_final (log_last (log)))
    return;
  if (++log->acted == SLEEPS)
    for (; n_hogs < MIN (g_get_num_processors (), G_N_ELEMENTS (hogs)); n_hogs++)
      hogs[n_hogs] = g_thread_new ("hog", hog, NULL);
  g_atomic_int_set (&asleep, TRUE);
  g_usleep (SLEEP_S * G_USEC_PER_SEC);
  g_atomic_int_set (&asleep, FALSE);
  for (guint i = 0; i < n_hogs; i++)
    g_thread_join (hogs[i]);
}

/* Times that this thread has waited for something; to be preempted does not count. */
static glong
count_waits (void)
{
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

/* No buffer of a live stream waits 5 ms: not one that takes so long has waited at all, rather than been preempted. */
static void
test_live_ignores_handler (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstStructure *stats;
  guint64 skipped = 0;
  guint beside = 0, late = 0;
  gint64 worst = 0;

  gst_harness_set_live (harness, TRUE);
  log.act = sleep_long;
  for (guint i = 0; i < MAX_PUSHES && (log_count (&log, FALSE) < SLEEPS || g_atomic_int_get (&asleep)); i++) {
    GstBuffer *buffer = audio (RATE / 100, i * GST_SECOND / 100, .3F, i);
    const gboolean sleeps = g_atomic_int_get (&asleep);
    const glong waits = count_waits ();
    const gint64 before = g_get_monotonic_time ();

    gst_harness_push (harness, buffer);

    const gint64 took = g_get_monotonic_time () - before;

    late += took >= 5000 && count_waits () > waits;
    worst = MAX (worst, took);
    beside += sleeps && g_atomic_int_get (&asleep);
    gst_buffer_unref (gst_harness_pull (harness));
    g_usleep (1000);
  }
  CHECK (late == 0, "%u buffers waited", late);
  CHECK (log_count (&log, FALSE) >= SLEEPS && beside > 100, "%u messages, %u buffers while the handler slept",
      log_count (&log, FALSE), beside);
  g_object_get (harness->element, "stats", &stats, NULL);
  gst_structure_get (stats, "skipped", G_TYPE_UINT64, &skipped, NULL);
  CHECK (skipped > GST_SECOND, "%d ms skipped", (int) (skipped / GST_MSECOND));
  gst_structure_free (stats);
  g_print ("%u buffers while the handler slept; the longest push took %d us\n", beside, (int) worst);
  push_eos (harness);
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_live_ignores_handler ();
  test_handler_calls_back ();
  test_handler_seeks ();
  TEST_END ();
}
