/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-stress.c - states, properties, flushes, queries, caps and audio of one element, all at once from
 * threads of their own: nothing hangs, all that is posted is well formed, and afterwards the element is as good as new.
 *
 *     GENRE_STRESS_SECONDS=60 meson test -C build-asan test-gst-stress -t 2
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"
#include "tests/watchdog.h"

enum
{
  DEFAULT_SECONDS = 2,
};

typedef struct Stress
{
  GstHarness *harness;
  gint messages;
  uint64_t stream_seed, state_seed, property_seed, flush_seed; /* of one thread each */
} Stress;

static guint
draw (uint64_t *seed, guint n)
{
  return (guint) (test_random (seed) >> 33) % n;
}

static void
begin (gpointer thread, gpointer user_data)
{
  (void) thread;
  (void) user_data;
}

/* --- threads --------------------------------------------------------------------------------------------------- */

static void
push_header (Stress *stress)
{
  static const gint rates[] = { 22050, 44100, 48000, 8000, 1999, 22050 };
  uint64_t *seed = &stress->stream_seed;
  GstPad *pad = stress->harness->srcpad;
  gchar *id = g_strdup_printf ("%u", draw (seed, 3));
  GstSegment segment;
  GstAudioInfo info;

  gst_audio_info_init (&info);
  gst_audio_info_set_format (&info, draw (seed, 2) ? GST_AUDIO_FORMAT_F32 : GST_AUDIO_FORMAT_S16,
      rates[draw (seed, G_N_ELEMENTS (rates))], 1 + (gint) draw (seed, 2), NULL);

  GstCaps *caps = gst_audio_info_to_caps (&info);

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_set_live (stress->harness, draw (seed, 2) == 0);
  gst_pad_push_event (pad, gst_event_new_stream_start (id));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
  g_free (id);
}

/* The streaming thread: whatever becomes of it, it goes on. */
static void
stream (gpointer thread, gpointer user_data)
{
  Stress *stress = user_data;
  uint64_t *seed = &stress->stream_seed;
  GstPad *pad = stress->harness->srcpad;
  const GstClockTime pts = draw (seed, 100) * GST_SECOND;

  (void) thread;
  push_header (stress);
  for (guint i = 0, n = draw (seed, 100); i < n; i++) {
    const GstFlowReturn flow = gst_pad_push (pad, audio (RATE / 10, pts + i * GST_SECOND / 10, .3F, i + 1));

    if (flow != GST_FLOW_OK)
      break;
    if (draw (seed, 20) == 0)
      gst_pad_push_event (pad, gst_event_new_gap (pts + i * GST_SECOND / 10, draw (seed, 3) * GST_SECOND));
  }
  if (draw (seed, 4) == 0)
    gst_pad_push_event (pad,
        draw (seed, 2) ? gst_event_new_eos () : gst_event_new_segment_done (GST_FORMAT_TIME, (gint64) pts));
}

static void
change_state (gpointer thread, gpointer user_data)
{
  static const GstState down[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED };
  Stress *stress = user_data;
  GstElement *element = stress->harness->element;

  (void) thread;
  g_usleep (draw (&stress->state_seed, 30) * 1000);
  CHECK (gst_element_set_state (element, down[draw (&stress->state_seed, G_N_ELEMENTS (down))])
          == GST_STATE_CHANGE_SUCCESS,
      "cannot stop");
  if (GST_STATE (element) <= GST_STATE_READY)
    g_object_set (element, "model", draw (&stress->state_seed, 2) ? g_getenv ("GENRE_TINY_MODEL") : NULL, "window",
        draw (&stress->state_seed, 12) * GST_SECOND, "max-lag", (1 + draw (&stress->state_seed, 9)) * GST_SECOND, NULL);
  CHECK (gst_element_set_state (element, GST_STATE_PLAYING) == GST_STATE_CHANGE_SUCCESS, "cannot play");
}

static void
use_properties (gpointer thread, gpointer user_data)
{
  Stress *stress = user_data;
  GstElement *element = stress->harness->element;
  uint64_t *seed = &stress->property_seed;
  GstQuery *query = gst_query_new_latency ();
  GstStructure *stats, *info;
  gchar **labels;

  (void) thread;
  g_object_set (element, "interval", (guint64) (1 + draw (seed, 2000)) * GST_MSECOND, "smoothing",
      draw (seed, 10) * GST_SECOND, "threshold", draw (seed, 10) * .1, "music-threshold", draw (seed, 10) * .1,
      "silence-threshold", -10. * draw (seed, 20), "post-tags", draw (seed, 2), "post-messages", draw (seed, 8) != 0,
      NULL);
  g_object_get (element, "stats", &stats, "model-info", &info, "labels", &labels, NULL);
  CHECK (stats && info && labels, "properties are gone");
  gst_element_query (element, query);
  gst_query_unref (query);
  gst_structure_free (stats);
  gst_structure_free (info);
  g_strfreev (labels);
}

static void
flush (gpointer thread, gpointer user_data)
{
  Stress *stress = user_data;
  GstPad *pad = stress->harness->srcpad;

  (void) thread;
  g_usleep (draw (&stress->flush_seed, 20) * 1000);
  gst_pad_push_event (pad, gst_event_new_flush_start ());
  gst_pad_push_event (pad, gst_event_new_flush_stop (draw (&stress->flush_seed, 2) == 0));
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

/* Distributions of either model, on the worker. */
static void
check_message (const GstStructure *message, gpointer user_data)
{
  Stress *stress = user_data;

  for (guint k = 0; k < 2; k++) {
    const GValue *array = gst_structure_get_value (message, k == 0 ? "probabilities" : "smoothed");
    gdouble sum = 0;

    for (guint i = 0; i < gst_value_array_get_size (array); i++)
      sum += g_value_get_double (gst_value_array_get_value (array, i));
    CHECK (fabs (sum - 1) <= 1e-6, "a distribution sums to %g", sum);
  }
  g_atomic_int_inc (&stress->messages);
}

/* GStreamer complains of audio without a segment, which comes after a stop or a flush of which this thread does not
 * know. */
static void
ignore_log (const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer user_data)
{
  (void) domain;
  (void) level;
  (void) text;
  (void) user_data;
}

typedef void (*ThreadFunc) (gpointer thread, gpointer user_data);

static void
stress_for (Stress *stress, guint seconds)
{
  static const ThreadFunc funcs[] = { stream, change_state, use_properties, flush };
  GstHarnessThread *threads[G_N_ELEMENTS (funcs)];
  guint rounds[G_N_ELEMENTS (funcs)];
  Watchdog dog;

  watchdog_start (&dog, "all at once");
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    threads[i] = gst_harness_stress_custom_start (stress->harness, begin, funcs[i], stress, 1000);
  for (guint i = 0; i < seconds; i++) {
    g_usleep (G_USEC_PER_SEC);
    watchdog_feed (&dog, "all at once");
  }
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++) {
    rounds[i] = gst_harness_stress_thread_stop (threads[i]);
    CHECK (rounds[i] >= 5, "thread %u: %u rounds", i, rounds[i]);
  }
  watchdog_stop (&dog);
  g_print ("%u s: %u streams, %u state changes, %u times properties, %u flushes, %d messages\n", seconds, rounds[0],
      rounds[1], rounds[2], rounds[3], stress->messages);
  CHECK (stress->messages > 0, "nothing was posted");
}

static void
set_defaults (GstElement *element)
{
  guint n;
  GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++)
    if (specs[i]->owner_type == G_OBJECT_TYPE (element) && (specs[i]->flags & G_PARAM_WRITABLE))
      g_object_set_property (G_OBJECT (element), specs[i]->name, g_param_spec_get_default_value (specs[i]));
  g_free (specs);
}

/* An element in PLAYING hears six seconds to their end. */
static void
play_song (GstHarness *harness)
{
  gst_harness_set_drop_buffers (harness, TRUE);
  gst_harness_set_live (harness, FALSE);
  gst_pad_push_event (harness->srcpad, gst_event_new_stream_start ("song"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  for (guint i = 0; i < 60; i++)
    CHECK (gst_harness_push (harness, audio (RATE / 10, i * GST_SECOND / 10, .3F, i + 1)) == GST_FLOW_OK, "refused");
  push_eos (harness);
}

int
main (int argc, char **argv)
{
  const gchar *text = g_getenv ("GENRE_STRESS_SECONDS");
  Stress stress = { .stream_seed = 1, .state_seed = 2, .property_seed = 3, .flush_seed = 4 };
  ElementListener listener = { .func = check_message, .user_data = &stress };
  Log used, fresh;

  gst_init (&argc, &argv);
  g_log_set_handler ("GStreamer", G_LOG_LEVEL_WARNING, ignore_log, NULL);
  stress.harness = element_harness (&listener);
  gst_harness_set_drop_buffers (stress.harness, TRUE);
  gst_harness_play (stress.harness);
  stress_for (&stress, text ? (guint) g_ascii_strtoull (text, NULL, 10) : DEFAULT_SECONDS);

  /* What has been through all this, and a flush that it did not see the end of, hears what a new one hears. */
  gst_pad_push_event (stress.harness->srcpad, gst_event_new_flush_start ());
  gst_element_set_state (stress.harness->element, GST_STATE_NULL);
  gst_pad_push_event (stress.harness->srcpad, gst_event_new_flush_stop (TRUE));
  gst_pad_send_event (stress.harness->sinkpad, gst_event_new_flush_stop (TRUE));
  set_defaults (stress.harness->element);
  g_object_set (stress.harness->element, "music-threshold", 0., NULL); /* as element_new() has it */
  log_init (&used);
  listener.func = log_message;
  listener.user_data = &used;
  gst_element_set_state (stress.harness->element, GST_STATE_PLAYING);
  play_song (stress.harness);
  play_song (log_open (&fresh));
  CHECK (used.n == fresh.n && fresh.n >= 2, "%u messages, %u of a new element", used.n, fresh.n);
  for (guint i = 0; i < MIN (used.n, fresh.n); i++)
    check_same_sound ("after the stress", used.messages[i], fresh.messages[i]);
  CHECK (listener.errors == 0, "%d errors", listener.errors);
  gst_harness_teardown (stress.harness);
  log_clear (&used);
  log_close (&fresh);
  TEST_END ();
}
