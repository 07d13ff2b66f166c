/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/element_log.h - what one genreclassify posts, kept in order; noise to feed it; how to look at messages.
 *
 * Layer:   tests; gstreamer-check.
 * Threads: messages come on the element's worker; read them after an EOS has gone through, or with log_count().
 */
#ifndef TESTS_ELEMENT_LOG_H
#define TESTS_ELEMENT_LOG_H

#include "tests/element.h"

#include <math.h>
#include <string.h>

enum
{
  RATE = 22050, /* of the default model */
  MAX_MESSAGES = 200,
};

#define LOG_CAPS(rate)                                                                                                 \
  "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, channels=1, rate=" G_STRINGIFY (rate)

typedef struct Log
{
  ElementListener listener;
  GMutex lock;
  GstStructure *messages[MAX_MESSAGES];
  guint n;
  GstHarness *harness;
  void (*act) (struct Log *log); /* inside of the handler, on the worker */
  gint acted;                    /* for its use */
  gint forwarded;                /* EOS, SEGMENT_DONE and STREAM_START that have left the element */
  guint finals_before_event;     /* finals posted when the last of those left it */
} Log;

static inline void
log_message (const GstStructure *message, gpointer user_data)
{
  Log *log = user_data;

  g_mutex_lock (&log->lock);
  if (log->n < MAX_MESSAGES)
    log->messages[log->n++] = gst_structure_copy (message);
  g_mutex_unlock (&log->lock);
  if (log->act)
    log->act (log);
}

static inline gboolean
is_final (const GstStructure *message)
{
  gboolean final = FALSE;

  gst_structure_get_boolean (message, "final", &final);
  return final;
}

static inline guint
log_count (Log *log, gboolean final)
{
  guint n = 0;

  g_mutex_lock (&log->lock);
  for (guint i = 0; i < log->n; i++)
    n += is_final (log->messages[i]) == final;
  g_mutex_unlock (&log->lock);
  return n;
}

/* The k-th final, or the k-th other message; there must be so many. */
static inline const GstStructure *
log_nth (Log *log, gboolean final, guint k)
{
  const GstStructure *message = NULL;

  g_mutex_lock (&log->lock);
  for (guint i = 0; i < log->n && !message; i++)
    if (is_final (log->messages[i]) == final && k-- == 0)
      message = log->messages[i];
  g_mutex_unlock (&log->lock);
  if (!message)
    g_error ("not so many messages: %u", log->n);
  return message;
}

static inline const GstStructure *
log_last (Log *log)
{
  g_mutex_lock (&log->lock);
  const GstStructure *message = log->n > 0 ? log->messages[log->n - 1] : NULL;
  g_mutex_unlock (&log->lock);
  if (!message)
    g_error ("nothing was posted");
  return message;
}

static inline GstPadProbeReturn
log_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Log *log = user_data;

  (void) pad;
  switch (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))) {
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_START:
      log->finals_before_event = log_count (log, TRUE);
      g_atomic_int_inc (&log->forwarded);
      break;
    default:
      break;
  }
  return GST_PAD_PROBE_OK;
}

/* Watches what leaves the element. */
static inline void
log_watch_events (Log *log, GstElement *element)
{
  GstPad *pad = gst_element_get_static_pad (element, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, log_event, log, NULL);
  gst_object_unref (pad);
}

static inline void
log_init (Log *log)
{
  memset (log, 0, sizeof *log);
  g_mutex_init (&log->lock);
  log->listener.func = log_message;
  log->listener.user_data = log;
}

static inline void
log_clear (Log *log)
{
  for (guint i = 0; i < log->n; i++)
    gst_structure_free (log->messages[i]);
  g_mutex_clear (&log->lock);
}

/* A harness without caps, playing. */
static inline GstHarness *
log_open (Log *log)
{
  log_init (log);
  log->harness = element_harness (&log->listener);
  log_watch_events (log, log->harness->element);
  return log->harness;
}

/* A harness that has caps and a segment: F32, mono, RATE. */
static inline GstHarness *
log_open_audio (Log *log)
{
  GstHarness *harness = log_open (log);

  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  return harness;
}

static inline void
log_close (Log *log)
{
  CHECK (log->listener.errors == 0, "%d errors on the bus", log->listener.errors);
  gst_harness_teardown (log->harness);
  log_clear (log);
}

/* --- what to feed it ------------------------------------------------------------------------------------------- */

/* Coloured noise of n samples that depends on `seed`; level 0: silence. */
static inline GstBuffer *
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

/* Pushes a buffer and takes it at the other side. */
static inline void
push (GstHarness *harness, GstBuffer *buffer)
{
  const GstFlowReturn flow = gst_harness_push (harness, buffer);

  CHECK (flow == GST_FLOW_OK, "%s", gst_flow_get_name (flow));
  if (flow == GST_FLOW_OK)
    gst_buffer_unref (gst_harness_pull (harness));
}

/* So many seconds of `rate` Hz in buffers of a tenth; another `song`, another sound. */
static inline void
push_song (GstHarness *harness, guint rate, gdouble seconds, GstClockTime pts, uint64_t song)
{
  const guint n = (guint) (seconds * 10 + .5);

  for (guint i = 0; i < n; i++) {
    const GstClockTime at = GST_CLOCK_TIME_IS_VALID (pts) ? pts + i * GST_SECOND / 10 : GST_CLOCK_TIME_NONE;

    push (harness, audio (rate / 10, at, .3F, 1000 * (song + 1) + i));
  }
}

/* The same at the model's rate, at some level. */
static inline void
push_seconds (GstHarness *harness, gdouble seconds, GstClockTime pts, gfloat level)
{
  const guint n = (guint) (seconds * 10 + .5);

  for (guint i = 0; i < n; i++)
    push (harness, audio (RATE / 10, GST_CLOCK_TIME_IS_VALID (pts) ? pts + i * GST_SECOND / 10 : pts, level, 1000 + i));
}

/* A TIME segment from `start` on, whose first sample has that stream time and that running time. */
static inline void
push_segment (GstHarness *harness, GstClockTime start, GstClockTime time, GstClockTime base)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = start;
  segment.time = time;
  segment.base = base;
  CHECK (gst_harness_push_event (harness, gst_event_new_segment (&segment)), "SEGMENT");
}

static inline void
push_flush (GstHarness *harness)
{
  CHECK (gst_harness_push_event (harness, gst_event_new_flush_start ()), "FLUSH_START");
  CHECK (gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE)), "FLUSH_STOP");
}

static inline void
push_eos (GstHarness *harness)
{
  CHECK (gst_harness_push_event (harness, gst_event_new_eos ()), "EOS");
}

/* NULL: tags without a title. */
static inline GstEvent *
new_title (GstTagScope scope, const gchar *title)
{
  GstTagList *tags = title ? gst_tag_list_new (GST_TAG_TITLE, title, NULL)
                           : gst_tag_list_new (GST_TAG_ORGANIZATION, "The station", NULL);

  gst_tag_list_set_scope (tags, scope);
  return gst_event_new_tag (tags);
}

/* --- messages -------------------------------------------------------------------------------------------------- */

static inline guint64
get_time (const GstStructure *message, const gchar *field)
{
  guint64 value = 12345;

  CHECK (gst_structure_get_uint64 (message, field, &value), "no %s", field);
  return value;
}

static inline guint
get_windows (const GstStructure *message)
{
  guint value = 12345;

  CHECK (gst_structure_get_uint (message, "windows", &value), "no windows");
  return value;
}

static inline void
check_string (const GstStructure *message, const gchar *field, const gchar *expected)
{
  CHECK (g_strcmp0 (gst_structure_get_string (message, field), expected) == 0, "%s is %s, not %s", field,
      gst_structure_get_string (message, field), expected);
}

/* Both have a distribution that sums to 1, without NaN. */
static inline void
check_distributions (const GstStructure *message)
{
  for (guint k = 0; k < 2; k++) {
    const gchar *field = k == 0 ? "probabilities" : "smoothed";
    const GValue *array = gst_structure_get_value (message, field);
    gdouble sum = 0;

    for (guint i = 0; i < gst_value_array_get_size (array); i++)
      sum += g_value_get_double (gst_value_array_get_value (array, i));
    CHECK (gst_value_array_get_size (array) == 10 && fabs (sum - 1) <= 1e-6, "%s sum to %g", field, sum);
  }
}

/* Both heard the same: to the last bit. */
static inline void
check_same_sound (const gchar *what, const GstStructure *found, const GstStructure *expected)
{
  static const gchar *const fields[] = { "duration", "label", "confidence", "probabilities", "state", "windows" };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (gst_value_compare (gst_structure_get_value (found, fields[i]), gst_structure_get_value (expected, fields[i]))
        != GST_VALUE_EQUAL) {
      gchar *is = gst_structure_to_string (found), *should = gst_structure_to_string (expected);

      CHECK (FALSE, "%s: %s differs:\n%s\nexpected:\n%s", what, fields[i], is, should);
      g_free (is);
      g_free (should);
      return;
    }
}

#endif
