/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-wakes.c - the worker sleeps until an answer is due: how often it wakes, counted in `stats`, and that
 * no answer waits for audio that comes after it.
 *
 * Layer:   tests; the element.
 * Threads: the worker has time to fall asleep between two buffers.  Where it has not, it is woken less often: on a slow
 *          machine a check may miss a defect, but never invents one.
 */
#include "tests/element_log.h"

enum
{
  HOP = 1708, /* of the default model, at RATE */
  HALF_WINDOW = 1024,
  FIRST = 45, /* frames of the first answer */
  PATIENCE_MS = 10000,
};

static guint64
get_stat (GstHarness *harness, const gchar *name)
{
  GstStructure *stats;
  guint64 value = G_MAXUINT64;

  g_object_get (harness->element, "stats", &stats, NULL);
  CHECK (gst_structure_get_uint64 (stats, name, &value), "no %s", name);
  gst_structure_free (stats);
  return value;
}

/* Playing at RATE, live or not. */
static GstHarness *
open_audio (Log *log, gboolean live, GstClockTime interval, GstClockTime max_lag)
{
  GstHarness *harness = log_open (log);

  gst_element_set_state (harness->element, GST_STATE_READY);
  g_object_set (harness->element, "interval", interval, "max-lag", max_lag, NULL);
  gst_harness_set_live (harness, live);
  gst_harness_play (harness);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  return harness;
}

/* Samples that the k-th answer needs. */
static guint64
samples_of_answer (guint k, GstClockTime interval)
{
  const guint64 hops = gst_util_uint64_scale (k * interval, RATE, HOP * GST_SECOND);

  return (FIRST + hops - 1) * HOP + HALF_WINDOW;
}

static gboolean
wait_for_answers (Log *log, guint n)
{
  for (guint i = 0; i < PATIENCE_MS && log_count (log, FALSE) < n; i++)
    g_usleep (1000);
  return log_count (log, FALSE) >= n;
}

/* Pushes [*position, end) in buffers of at most n samples. */
static void
push_up_to (GstHarness *harness, guint64 *position, guint64 end, guint n, gulong pause_us)
{
  while (*position < end) {
    const gsize length = MIN (n, end - *position);

    push (harness, audio (length, gst_util_uint64_scale (*position, GST_SECOND, RATE), .3F, *position + 1));
    *position += length;
    g_usleep (pause_us);
  }
}

/* Each answer comes with the sample that completes it, and no other sample follows.  FALSE: live, it was too fast for
 * this machine, and audio was skipped. */
static gboolean
answers_in_time (gboolean live, GstClockTime interval, GstClockTime max_lag, gulong pause_us)
{
  Log log;
  GstHarness *harness = open_audio (&log, live, interval, max_lag);
  guint64 position = 0;
  gboolean skipped = FALSE;

  for (guint k = 0; k < 6 && !skipped; k++) {
    const guint64 end = samples_of_answer (k, interval);

    push_up_to (harness, &position, end - 1, RATE / 50, pause_us);
    const guint n = log_count (&log, FALSE); /* where audio was skipped, the first of a new window may be among them */
    CHECK (n <= k || get_stat (harness, "skipped") > 0, "answer %u before its last sample", k);
    push_up_to (harness, &position, end, 1, 0);
    skipped = get_stat (harness, "skipped") > 0;
    CHECK (skipped || wait_for_answers (&log, k + 1),
        "live %d, interval %d ms, max-lag %d ms: answer %u waits for more", live, (int) (interval / GST_MSECOND),
        (int) (max_lag / GST_MSECOND), k);
  }
  log_close (&log);
  return !skipped;
}

static void
test_in_time (gboolean live, GstClockTime interval, GstClockTime max_lag)
{
  gulong pause_us = 200;

  while (!answers_in_time (live, interval, max_lag, live ? pause_us : 0) && pause_us < 100000)
    pause_us *= 5;
  CHECK (pause_us < 100000, "live %d, max-lag %d ms: skipped although it is slow", live, (int) (max_lag / GST_MSECOND));
}

/* Buffers of 10 ms, so slow that the worker could wake for each. */
static void
test_seldom (gboolean live, GstClockTime interval, double most_a_second)
{
  enum
  {
    SECONDS = 20
  };
  Log log;
  GstHarness *harness = open_audio (&log, live, interval, GST_SECOND);
  guint64 position = 0;

  push_up_to (harness, &position, SECONDS * RATE, RATE / 100, 200);
  push_eos (harness);

  const guint n = log_count (&log, FALSE);
  const guint64 wakes = get_stat (harness, "wake-ups");

  g_print ("live %d, interval %d ms: %u wake-ups in %d s, %u answers\n", live, (int) (interval / GST_MSECOND),
      (guint) wakes, SECONDS, n);
  CHECK (n >= 1 && get_windows (log_last (&log)) == n, "%u answers", n);
  CHECK (wakes >= 2 && (double) wakes <= most_a_second * SECONDS, "live %d: %u wake-ups in %d s", live, (guint) wakes,
      SECONDS);
  log_close (&log);
}

/* A worker that sleeps for an hour hears of a shorter interval. */
static void
test_interval_while_asleep (void)
{
  Log log;
  GstHarness *harness = open_audio (&log, TRUE, 3600 * GST_SECOND, 10 * GST_SECOND);
  guint64 position = 0;

  push_up_to (harness, &position, samples_of_answer (0, 1) + HOP / 2, RATE / 50, 200);
  CHECK (wait_for_answers (&log, 1), "no first answer");
  g_usleep (20000);
  g_object_set (harness->element, "interval", 100 * GST_MSECOND, NULL);
  push_up_to (harness, &position, position + 2 * HOP, RATE / 50, 200);
  CHECK (wait_for_answers (&log, 2), "it sleeps on");
  log_close (&log);
}

/* What comes after a discontinuity has its first answer in time, although the worker sleeps for a later one. */
static void
test_reset_while_asleep (void)
{
  Log log;
  GstHarness *harness = open_audio (&log, FALSE, 3600 * GST_SECOND, GST_SECOND);
  guint64 position = 0;

  push_up_to (harness, &position, samples_of_answer (0, 1), RATE / 50, 0);
  CHECK (wait_for_answers (&log, 1), "no first answer");
  for (guint64 first = position + 10 * RATE, end = first + samples_of_answer (0, 1); first < end; first += position) {
    GstBuffer *buffer = audio (MIN (RATE / 50, end - first), gst_util_uint64_scale (first, GST_SECOND, RATE), .3F, 7);

    position = MIN (RATE / 50, end - first);
    push (harness, buffer);
  }
  CHECK (wait_for_answers (&log, 2), "no answer after a jump");
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  for (gboolean live = FALSE; live <= TRUE; live++) {
    test_in_time (live, GST_SECOND, GST_SECOND);
    test_in_time (live, GST_SECOND, 100 * GST_MSECOND);
    test_in_time (live, 300 * GST_MSECOND, GST_SECOND);
    test_in_time (live, 5 * GST_SECOND, 100 * GST_MSECOND);
    test_in_time (live, 5 * GST_SECOND, 10 * GST_SECOND);
    test_seldom (live, GST_SECOND, 2.5);
    test_seldom (live, GST_SECOND / 2, 3);
    test_seldom (live, 3600 * GST_SECOND, 1.5);
  }
  test_interval_while_asleep ();
  test_reset_while_asleep ();
  TEST_END ();
}
