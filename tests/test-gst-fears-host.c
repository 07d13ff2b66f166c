/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-fears-host.c - where elements get in the way of their host: deadlocks, latency, threads, names.
 *
 * The numbers are those of the cases in which admired elements fail; docs/behaviour.md lists them.
 *
 * Layer:   tests; the element.  The count of threads reads Linux's /proc.
 */
#include "tests/element_log.h"

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

/* 6: spectrum deadlocks when a sync handler sets a property. */
static void
test_fear_6_handler_calls_back (void)
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

/* 16: audiornnoise computes its latency in whole seconds.  Ours is none, whatever upstream's is. */
static void
test_fear_16_latency (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  gst_harness_set_live (harness, TRUE);
  for (guint i = 0; i < 2; i++) {
    const GstClockTime upstream = i * 12345678;

    gst_harness_set_upstream_latency (harness, upstream);
    push (harness, audio (RATE / 10, i * GST_SECOND / 10, .3F, i));
    CHECK (gst_harness_query_latency (harness) == upstream, "latency %d", (int) gst_harness_query_latency (harness));
  }
  log_close (&log);
}

/* --- 19 -------------------------------------------------------------------------------------------------------- */

/* Threads of this process, and the CPU time of all but this one and the element's, in clock ticks. */
static guint
count_threads (guint64 *ret_ticks)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *name;
  guint n = 0;

  *ret_ticks = 0;
  while (dir && (name = g_dir_read_name (dir))) {
    gchar *path = g_build_filename ("/proc/self/task", name, "stat", NULL), *text = NULL;

    if (g_file_get_contents (path, &text, NULL, NULL)) {
      gchar *comm = strchr (text, '('), *end = strrchr (text, ')');
      gchar **fields = g_strsplit (end + 2, " ", -1); /* from the third on */

      n++;
      if (!g_str_has_prefix (comm, "(genreclassify") && !g_str_has_prefix (comm, "(test-gst-fears"))
        *ret_ticks += g_ascii_strtoull (fields[11], NULL, 10) + g_ascii_strtoull (fields[12], NULL, 10);
      g_strfreev (fields);
    }
    g_free (text);
    g_free (path);
  }
  if (dir)
    g_dir_close (dir);
  return n;
}

/* 19: OpenBLAS, asked for a large product, puts all cores to work.  Ours is never asked for one: the element has one
 * thread, and those that OpenBLAS started when it was loaded do nothing. */
static void
test_fear_19_threads (void)
{
  Log log;
  GstHarness *harness;
  guint64 ticks, ticks_after;
  guint n, n_after;

  log_init (&log);

  GstElement *element = element_new (&log.listener); /* loads the plugin */

  n = count_threads (&ticks);
  log.harness = harness = element_play (element);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_song (harness, RATE, 120, 0, 1);
  n_after = count_threads (&ticks_after);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) == 117, "%u windows", log_count (&log, FALSE));
  CHECK (n == 0 || n_after == n + 1, "%u threads, %u before", n_after, n);
  CHECK (ticks_after <= ticks + 1, "other threads took %d ticks of CPU time", (int) (ticks_after - ticks));
  log_close (&log);
  CHECK (count_threads (&ticks) == n, "%u threads are left, %u before", count_threads (&ticks), n);
}

/* 20: GStreamer refuses a plugin whose name is not its file's. */
static void
test_fear_20_plugin_is_refused (void)
{
  GstElementFactory *factory = gst_element_factory_find ("genreclassify");
  GstPlugin *plugin = gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory));
  gchar *file = g_path_get_basename (gst_plugin_get_filename (plugin));
  gchar *expected = g_strdup_printf ("gst%s.", gst_plugin_get_name (plugin));

  CHECK (strstr (file, expected) != NULL, "plugin %s in %s", gst_plugin_get_name (plugin), file);
  CHECK (!GST_OBJECT_FLAG_IS_SET (plugin, GST_PLUGIN_FLAG_BLACKLISTED), "the plugin is blacklisted");
  g_free (expected);
  g_free (file);
  gst_object_unref (plugin);
  gst_object_unref (factory);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_fear_19_threads ();
  test_fear_6_handler_calls_back ();
  test_fear_16_latency ();
  test_fear_20_plugin_is_refused ();
  TEST_END ();
}
