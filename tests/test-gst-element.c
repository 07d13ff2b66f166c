/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-element.c - runs, finals, resets, times, live streams, handlers that call back, tags.
 *
 * Layer:   tests; the element.
 */
#include "tests/element.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RATE = 22050,
  MAX_MESSAGES = 200,
};

typedef struct Log
{
  ElementListener listener;
  GMutex lock;
  GstStructure *messages[MAX_MESSAGES];
  guint n;
  GstHarness *harness;
  void (*act) (struct Log *log); /* inside of the handler, on the worker */
  guint forwarded;               /* EOS, SEGMENT_DONE and STREAM_START that have left the element */
  guint finals_before_event;     /* finals posted when the last of those left it */
} Log;

/* --- fixtures -------------------------------------------------------------------------------------------------- */

static void
on_message (const GstStructure *message, gpointer user_data)
{
  Log *log = user_data;

  g_mutex_lock (&log->lock);
  if (log->n < MAX_MESSAGES)
    log->messages[log->n++] = gst_structure_copy (message);
  g_mutex_unlock (&log->lock);
  if (log->act)
    log->act (log);
}

static gboolean
is_final (const GstStructure *message)
{
  gboolean final = FALSE;

  gst_structure_get_boolean (message, "final", &final);
  return final;
}

static guint
count (Log *log, gboolean final)
{
  guint n = 0;

  g_mutex_lock (&log->lock);
  for (guint i = 0; i < log->n; i++)
    n += is_final (log->messages[i]) == final;
  g_mutex_unlock (&log->lock);
  return n;
}

static const GstStructure *
last (Log *log)
{
  static const gchar *const nothing = "nothing";

  g_mutex_lock (&log->lock);
  const GstStructure *message = log->n > 0 ? log->messages[log->n - 1] : NULL;
  g_mutex_unlock (&log->lock);
  if (!message)
    g_error ("%s was posted", nothing);
  return message;
}

static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Log *log = user_data;

  (void) pad;
  switch (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))) {
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_START:
      log->forwarded++;
      log->finals_before_event = count (log, TRUE);
      break;
    default:
      break;
  }
  return GST_PAD_PROBE_OK;
}

static GstHarness *
setup (Log *log)
{
  memset (log, 0, sizeof *log);
  g_mutex_init (&log->lock);
  log->listener.func = on_message;
  log->listener.user_data = log;

  GstHarness *harness = element_harness (&log->listener);
  GstPad *pad = gst_element_get_static_pad (harness->element, "src");

  log->harness = harness;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, log, NULL);
  gst_object_unref (pad);
  return harness;
}

/* A harness that has caps and a segment: F32, mono. */
static GstHarness *
setup_audio (Log *log)
{
  GstHarness *harness = setup (log);

  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=22050, channels=1");
  return harness;
}

static void
teardown (GstHarness *harness, Log *log)
{
  CHECK (log->listener.errors == 0, "%d errors on the bus", log->listener.errors);
  gst_harness_teardown (harness);
  for (guint i = 0; i < log->n; i++)
    gst_structure_free (log->messages[i]);
  g_mutex_clear (&log->lock);
}

/* Coloured noise of n samples that depends on `seed`; level 0: silence. */
static GstBuffer *
audio (gsize n, GstClockTime pts, gfloat level, uint64_t seed)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, n * sizeof (gfloat), NULL);
  GstMapInfo map;
  gfloat state = 0;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < n; i++) {
    state = .95F * state + test_noise (&seed);
    ((gfloat *) (void *) map.data)[i] = level * state;
  }
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

/* So many seconds in buffers of a tenth. */
static void
push_seconds (GstHarness *harness, gdouble seconds, GstClockTime pts, gfloat level)
{
  const guint n = (guint) (seconds * 10 + .5);

  for (guint i = 0; i < n; i++) {
    const GstClockTime at = GST_CLOCK_TIME_IS_VALID (pts) ? pts + i * GST_SECOND / 10 : GST_CLOCK_TIME_NONE;
    const GstFlowReturn flow = gst_harness_push (harness, audio (RATE / 10, at, level, 1000 + i));

    CHECK (flow == GST_FLOW_OK, "%s", gst_flow_get_name (flow));
    gst_buffer_unref (gst_harness_pull (harness));
  }
}

static guint64
get_time (const GstStructure *message, const gchar *field)
{
  guint64 value = 12345;

  CHECK (gst_structure_get_uint64 (message, field, &value), "no %s", field);
  return value;
}

static guint
get_windows (const GstStructure *message)
{
  guint value = 12345;

  CHECK (gst_structure_get_uint (message, "windows", &value), "no windows");
  return value;
}

static void
check_string (const GstStructure *message, const gchar *field, const gchar *expected)
{
  CHECK (g_strcmp0 (gst_structure_get_string (message, field), expected) == 0, "%s is %s, not %s", field,
      gst_structure_get_string (message, field), expected);
}

/* The sum of an array of double, which has n values. */
static gdouble
array_sum (const GstStructure *message, const gchar *field, guint *ret_n)
{
  const GValue *array = gst_structure_get_value (message, field);
  gdouble sum = 0;

  *ret_n = gst_value_array_get_size (array);
  for (guint i = 0; i < *ret_n; i++)
    sum += g_value_get_double (gst_value_array_get_value (array, i));
  return sum;
}

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
    { "summary", G_TYPE_STRING },
    { "state", G_TYPE_STRING },
    { "final", G_TYPE_BOOLEAN },
    { "windows", G_TYPE_UINT },
  };
  guint n;

  CHECK (gst_structure_n_fields (message) == (gint) G_N_ELEMENTS (simple), "%d fields",
      gst_structure_n_fields (message));
  for (guint i = 0; i < G_N_ELEMENTS (simple); i++) {
    const gchar *name = gst_structure_nth_field_name (message, i);
    const GType type = simple[i].type ? simple[i].type : GST_TYPE_ARRAY;

    CHECK (g_str_equal (name, simple[i].name), "field %u is %s, not %s", i, name, simple[i].name);
    CHECK (gst_structure_get_field_type (message, simple[i].name) == type, "%s has another type", simple[i].name);
  }
  CHECK (fabs (array_sum (message, "probabilities", &n) - 1) <= 1e-6 && n == 10, "probabilities do not sum to 1");
  CHECK (fabs (array_sum (message, "smoothed", &n) - 1) <= 1e-6 && n == 10, "smoothed do not sum to 1");
}

static void
test_fields_and_times (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  const GstClockTime start = 5 * GST_SECOND;

  push_seconds (harness, 12, start, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (count (&log, FALSE) == 9, "%u messages in 12 s", count (&log, FALSE));
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
  CHECK (get_time (last (&log), "timestamp") == start && get_time (last (&log), "duration") == 12 * GST_SECOND,
      "times of the final");
  CHECK (get_windows (last (&log)) == 9, "%u windows in the final", get_windows (last (&log)));
  teardown (harness, &log);
}

static void
test_threshold_silence_and_quiet (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  gdouble confidence;
  gint label;

  g_object_set (harness->element, "threshold", 1., NULL);
  push_seconds (harness, 4, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  check_string (log.messages[0], "label", "unknown");
  gst_structure_get (log.messages[0], "confidence", G_TYPE_DOUBLE, &confidence, "index", G_TYPE_INT, &label, NULL);
  CHECK (confidence > .1 && confidence < 1 && label == -1, "confidence %g, index %d", confidence, label);
  check_string (log.messages[0], "state", "ok");
  teardown (harness, &log);

  harness = setup_audio (&log);
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
  teardown (harness, &log);

  harness = setup_audio (&log);
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
  teardown (harness, &log);
}

/* --- runs ------------------------------------------------------------------------------------------------------ */

static void
check_too_short (const GstStructure *message, guint windows)
{
  check_fields (message);
  check_string (message, "state", "too-short");
  check_string (message, "summary", "too short");
  CHECK (get_windows (message) == windows && is_final (message), "%u windows", get_windows (message));
  if (windows == 0)
    check_string (message, "label", "unknown");
}

static void
test_eos_without_anything (void)
{
  Log log;
  GstHarness *harness = setup (&log); /* no caps either */

  CHECK (gst_harness_push_event (harness, gst_event_new_stream_start ("a")), "STREAM_START");
  CHECK (gst_harness_push_event (harness, gst_event_new_eos ()), "EOS");
  CHECK (log.n == 1 && log.finals_before_event == 1, "%u messages", log.n);
  check_too_short (last (&log), 0);
  CHECK (get_time (last (&log), "timestamp") == GST_CLOCK_TIME_NONE && get_time (last (&log), "duration") == 0,
      "times");
  teardown (harness, &log);
}

static void
test_too_short (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);

  push_seconds (harness, 1, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  check_too_short (last (&log), 0);
  CHECK (get_time (last (&log), "duration") == GST_SECOND, "duration of a second");
  teardown (harness, &log);

  harness = setup_audio (&log);
  push_seconds (harness, 3, 0, .3F); /* the network accepts 24 frames and more */
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (log.n == 1, "%u messages", log.n);
  check_too_short (last (&log), 1);
  teardown (harness, &log);
}

static void
test_one_final_per_run (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);

  push_seconds (harness, 5, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, 5 * GST_SECOND));
  CHECK (count (&log, TRUE) == 1 && log.finals_before_event == 1, "final after SEGMENT_DONE");
  gst_harness_push_event (harness, gst_event_new_segment_done (GST_FORMAT_TIME, 5 * GST_SECOND));
  CHECK (count (&log, TRUE) == 1, "a second SEGMENT_DONE without audio posts again");
  push_seconds (harness, 4, 5 * GST_SECOND, .3F);
  CHECK (gst_harness_push_event (harness, gst_event_new_stream_start ("another")), "STREAM_START");
  CHECK (count (&log, TRUE) == 2 && log.finals_before_event == 2, "STREAM_START of another stream closes no run");
  CHECK (get_windows (last (&log)) == 1, "the second run has %u windows", get_windows (last (&log)));
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  CHECK (count (&log, TRUE) == 2, "STREAM_START of the same stream closes a run");
  gst_harness_push_event (harness, gst_event_new_stream_start ("a third"));
  CHECK (count (&log, TRUE) == 2, "a stream without audio has a final");
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (count (&log, TRUE) == 3, "EOS posts no final");
  check_too_short (last (&log), 0);
  teardown (harness, &log);
}

static void
test_flush_and_restart (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  GstSegment segment;

  push_seconds (harness, 6, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  CHECK (count (&log, TRUE) == 0, "a flush posts a final");

  const guint before = log.n;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 3.6, 60 * GST_SECOND, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (log.n == before + 2, "%u messages after the flush", log.n - before);
  CHECK (get_time (log.messages[before], "timestamp") == 60 * GST_SECOND, "the window begins before the flush");
  CHECK (get_windows (last (&log)) == 1 && get_time (last (&log), "timestamp") == 60 * GST_SECOND,
      "the run goes on across the flush");

  /* NULL and back: as new, and no final for what was cut off */
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 4, 0, .3F);
  gst_element_set_state (harness->element, GST_STATE_NULL);

  const guint finals = count (&log, TRUE);

  CHECK (finals == 1, "stopping posts a final");
  gst_element_set_state (harness->element, GST_STATE_PLAYING);
  gst_harness_push_event (harness, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=22050, channels=1");
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 4, 0, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (count (&log, TRUE) == finals + 1 && get_windows (last (&log)) == 1, "restarted: %u windows",
      get_windows (last (&log)));
  teardown (harness, &log);
}

/* --- resets ---------------------------------------------------------------------------------------------------- */

/* Three seconds, then something, then 2.1 s from `at` on: two windows where the stream goes on, none after a reset.  A
 * smaller jump is borne for a second, in which one window falls. */
typedef void (*Interrupt) (GstHarness *harness);

static void
check_interruption (const gchar *what, Interrupt interrupt, GstClockTime at, gboolean discont, guint windows)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  GstBuffer *buffer;

  push_seconds (harness, 3, 0, .3F);
  if (interrupt)
    interrupt (harness);
  buffer = audio (RATE / 10, at, .3F, 1);
  if (discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push (harness, buffer);
  gst_buffer_unref (gst_harness_pull (harness));
  push_seconds (harness, 2, GST_CLOCK_TIME_IS_VALID (at) ? at + GST_SECOND / 10 : at, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (count (&log, FALSE) == windows, "%s: %u windows", what, count (&log, FALSE));
  CHECK (count (&log, TRUE) == 1 && get_time (last (&log), "timestamp") == 0, "%s: the run does not go on", what);
  if (windows > 0)
    CHECK (get_time (log.messages[0], "timestamp") == 0, "%s: timestamp", what);
  teardown (harness, &log);
}

static void
new_segment (GstHarness *harness)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = 7;
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
}

static void
other_caps (GstHarness *harness)
{
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=44100, channels=1");
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=22050, channels=1");
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
  GstBuffer *buffer = audio (RATE / 10, 3 * GST_SECOND, NAN, 1); /* must not be read */

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  gst_harness_push (harness, buffer);
  gst_buffer_unref (gst_harness_pull (harness));
}

static void
odd_buffers (GstHarness *harness)
{
  gst_harness_push (harness, gst_buffer_new ());
  gst_buffer_unref (gst_harness_pull (harness));
}

static void
test_interruptions (void)
{
  const GstClockTime s = GST_SECOND, ms = GST_MSECOND;

  check_interruption ("nothing", NULL, 3 * s, FALSE, 2);
  check_interruption ("no timestamps", NULL, GST_CLOCK_TIME_NONE, FALSE, 2);
  check_interruption ("DISCONT in place", NULL, 3 * s, TRUE, 2);
  check_interruption ("DISCONT 30 ms on", NULL, 3 * s + 30 * ms, TRUE, 2);
  check_interruption ("DISCONT 50 ms on", NULL, 3 * s + 50 * ms, TRUE, 0);
  check_interruption ("DISCONT backwards", NULL, 3 * s - 30 * ms, TRUE, 0);
  check_interruption ("DISCONT without PTS", NULL, GST_CLOCK_TIME_NONE, TRUE, 0);
  check_interruption ("jump of 30 ms", NULL, 3 * s + 30 * ms, FALSE, 2);
  check_interruption ("jump of 500 ms that stays", NULL, 3 * s + 500 * ms, FALSE, 1);
  check_interruption ("jump of 2 s", NULL, 5 * s, FALSE, 0);
  check_interruption ("jump of 2 s backwards", NULL, s, FALSE, 0);
  check_interruption ("another segment", new_segment, 3 * s, FALSE, 2);
  check_interruption ("other caps and back", other_caps, 3 * s, FALSE, 0);
  check_interruption ("GAP event", gap_of_100_ms, 3 * s + 100 * ms, FALSE, 2);
  check_interruption ("GAP event of 20 s", gap_of_20_s, 23 * s, FALSE, 0);
  check_interruption ("GAP event of unknown duration", gap_without_duration, 3 * s, FALSE, 0);
  check_interruption ("GAP event of missing data", missing_data, 3 * s + 100 * ms, FALSE, 0);
  check_interruption ("GAP buffer", gap_buffer, 3 * s + 100 * ms, FALSE, 2);
  check_interruption ("empty buffer", odd_buffers, 3 * s, FALSE, 2);
}

/* stream-time and running-time are those of the segment in which the window began. */
static void
test_segments (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 2 * GST_SECOND;
  segment.stop = 8 * GST_SECOND;
  segment.time = 100 * GST_SECOND;
  segment.base = 1000 * GST_SECOND;
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 10, 0, .3F); /* two seconds before the segment, two after it */
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (count (&log, FALSE) == 3, "%u windows in 6 s", count (&log, FALSE));
  CHECK (get_time (log.messages[0], "timestamp") == 2 * GST_SECOND, "timestamp");
  CHECK (get_time (log.messages[0], "stream-time") == 100 * GST_SECOND, "stream-time");
  CHECK (get_time (log.messages[0], "running-time") == 1000 * GST_SECOND, "running-time");
  CHECK (get_time (last (&log), "duration") == 6 * GST_SECOND, "duration of the final");
  teardown (harness, &log);

  harness = setup_audio (&log);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 60 * GST_SECOND;
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_seconds (harness, 5, 50 * GST_SECOND, .3F);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (log.n == 1, "%u messages in reverse", log.n);
  check_too_short (last (&log), 0);
  teardown (harness, &log);
}

static void
test_rates_outside (void)
{
  static const gint rates[] = { 1, 1999, 1000001, G_MAXINT };
  Log log;

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    GstHarness *harness = setup (&log);
    gchar *caps = g_strdup_printf ("audio/x-raw, format=" GST_AUDIO_NE (
                                       F32) ", layout=interleaved, rate=%d, channels=1",
        rates[i]);

    gst_harness_set_src_caps_str (harness, caps);
    push_seconds (harness, 2, GST_CLOCK_TIME_NONE, .3F);
    gst_harness_push_event (harness, gst_event_new_eos ());
    CHECK (log.listener.warnings == 1, "%d Hz: %d warnings", rates[i], log.listener.warnings);
    check_too_short (last (&log), 0);
    g_free (caps);
    teardown (harness, &log);
  }
}

/* Frames end within the buffer; planar audio comes without its meta: both pass. */
static void
test_odd_buffers (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);

  gst_harness_push (harness, gst_buffer_new_allocate (NULL, 4001, NULL));
  gst_buffer_unref (gst_harness_pull (harness));
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=non-interleaved, rate=22050, channels=2");
  gst_harness_push (harness, gst_buffer_new_allocate (NULL, 8000, NULL));
  gst_buffer_unref (gst_harness_pull (harness));
  gst_harness_push_event (harness, gst_event_new_eos ());
  check_too_short (last (&log), 0);
  teardown (harness, &log);
}

/* --- live, handlers, tags -------------------------------------------------------------------------------------- */

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
  GstHarness *harness = setup_audio (&log);
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
  CHECK (count (&log, FALSE) > 0 && count (&log, TRUE) == 1, "%u messages", log.n);
  gst_structure_free (stats);
  teardown (harness, &log);
}

static gint flushes;

/* What a sync handler may do on the worker: set properties, read them, query, flush. */
static void
call_back (Log *log)
{
  GstStructure *stats;

  g_object_set (log->harness->element, "threshold", .1, "interval", (guint64) GST_SECOND / 2, NULL);
  g_object_get (log->harness->element, "stats", &stats, NULL);
  gst_structure_free (stats);
  if (g_atomic_int_add (&flushes, 1) == 0) {
    gst_pad_push_event (log->harness->srcpad, gst_event_new_flush_start ());
    gst_pad_push_event (log->harness->srcpad, gst_event_new_flush_stop (TRUE));
  }
}

static void
test_handler_calls_back (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  GstSegment segment;

  gint tries = 5000;

  flushes = 0;
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
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (count (&log, TRUE) == 1 && count (&log, FALSE) > 3, "%u messages", log.n);
  teardown (harness, &log);
}

static void
push_sine (GstHarness *harness, guint seconds)
{
  for (guint i = 0; i < seconds; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, RATE * sizeof (gfloat), NULL);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (guint k = 0; k < RATE; k++)
      ((gfloat *) (void *) map.data)[k] = .1F * sinf (6.2831853F * 440 * (gfloat) k / RATE);
    gst_buffer_unmap (buffer, &map);
    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    gst_harness_push (harness, buffer);
    gst_buffer_unref (gst_harness_pull (harness));
  }
}

/* The default model is sure of a sine. */
static void
test_tags (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  GstTagList *tags = gst_tag_list_new (GST_TAG_TITLE, "A title", NULL);
  gchar *genre = NULL, *title = NULL;
  GstEvent *event;
  guint seen = 0;

  g_object_set (harness->element, "post-tags", TRUE, NULL);
  gst_harness_push_event (harness, gst_event_new_tag (tags));
  push_sine (harness, 25);
  gst_harness_push_event (harness, gst_event_new_eos ());
  while ((event = gst_harness_try_pull_event (harness))) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
      gst_event_parse_tag (event, &tags);
      seen++;
      g_clear_pointer (&genre, g_free);
      g_clear_pointer (&title, g_free);
      gst_tag_list_get_string (tags, GST_TAG_GENRE, &genre);
      gst_tag_list_get_string (tags, GST_TAG_TITLE, &title);
    }
    gst_event_unref (event);
  }
  check_string (last (&log), "label", genre ? genre : "(no genre tag)");
  CHECK (seen >= 2 && g_strcmp0 (title, "A title") == 0, "%u tag events, title %s", seen, title);
  g_free (genre);
  g_free (title);
  teardown (harness, &log);
}

/* The second of two streams without an EOS between them gets a tag of its own, and before its end. */
static void
test_tags_of_two_streams (void)
{
  Log log;
  GstHarness *harness = setup_audio (&log);
  GstTagList *tags;
  GstSegment segment;
  GstEvent *event;
  guint genres = 0;

  g_object_set (harness->element, "post-tags", TRUE, NULL);
  push_sine (harness, 25);
  gst_harness_push_event (harness, gst_event_new_stream_start ("the second"));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  push_sine (harness, 25);
  CHECK (count (&log, TRUE) == 1, "%u finals", count (&log, TRUE));
  while ((event = gst_harness_try_pull_event (harness))) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
      gst_event_parse_tag (event, &tags);
      genres += gst_tag_list_get_tag_size (tags, GST_TAG_GENRE);
    }
    gst_event_unref (event);
  }
  CHECK (genres == 2, "%u genre tags for two streams", genres);
  teardown (harness, &log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_fields_and_times ();
  test_threshold_silence_and_quiet ();
  test_eos_without_anything ();
  test_too_short ();
  test_one_final_per_run ();
  test_flush_and_restart ();
  test_interruptions ();
  test_segments ();
  test_rates_outside ();
  test_odd_buffers ();
  test_live_never_blocks ();
  test_handler_calls_back ();
  test_tags ();
  test_tags_of_two_streams ();
  TEST_END ();
}
