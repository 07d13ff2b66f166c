/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-drift.c - time stamps place the answers, samples make them: whatever time stamps say, so many seconds
 * of samples give the answers of so many seconds, bit for bit, at the times that the rules name; holes are zeros.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"
#include "tests/element_pipeline.h"

enum
{
  SECONDS = 30,
  ANSWERS = 27, /* at 3.5, 4.5 ... 29.5 s */
  MAX_BUFFERS = 100 * SECONDS,
};

static const GstClockTime NONE = GST_CLOCK_TIME_NONE, MS = GST_MSECOND;

/* The time stamp of the buffer whose first sample is at `at` by count. */
typedef GstClockTime (*Stamp) (GstClockTime at);

static GstClockTime
right (GstClockTime at)
{
  return at;
}

static GstClockTime
none (GstClockTime at)
{
  (void) at;
  return NONE;
}

static GstClockTime
slow (GstClockTime at)
{
  return at / 100 * 98;
}

static GstClockTime
fast (GstClockTime at)
{
  return at / 100 * 102;
}

static GstClockTime
a_bit_slow (GstClockTime at)
{
  return at / 100 * 99;
}

static GstClockTime
still (GstClockTime at)
{
  (void) at;
  return 0;
}

/* As what reads a file as fast as it goes and is asked for time stamps of arrival. */
static GstClockTime
arrival (GstClockTime at)
{
  return at / 1000 + 7;
}

static GstClockTime
steps (GstClockTime at)
{
  return at + at / GST_SECOND * 50 * MS;
}

static GstClockTime
back_each_second (GstClockTime at)
{
  return at % GST_SECOND;
}

/* Up to 39 ms off. */
static GstClockTime
jitter (GstClockTime at)
{
  uint64_t seed = at;

  return at + test_random (&seed) % (39 * MS);
}

static GstClockTime
late (GstClockTime at)
{
  return at < 5 * GST_SECOND ? NONE : at + GST_SECOND / 2;
}

static GstClockTime
seldom (GstClockTime at)
{
  return at % (2 * GST_SECOND) ? NONE : slow (at);
}

/* SECONDS of noise in buffers of n samples, the same in all of them. */
static void
play (Log *log, Stamp stamp, gsize n, GstClockTime *pts)
{
  GstHarness *harness = log_open_audio (log);
  GstBuffer *sound = audio (SECONDS * RATE, NONE, .3F, 5);

  for (gsize done = 0, i = 0; done < SECONDS * RATE; done += n, i++) {
    const gsize length = MIN (n, SECONDS * RATE - done);
    GstBuffer *buffer = gst_buffer_copy_region (sound, GST_BUFFER_COPY_MEMORY, done * 4, length * 4);

    GST_BUFFER_PTS (buffer) = pts[i] = stamp (gst_util_uint64_scale (done, GST_SECOND, RATE));
    push (harness, buffer);
  }
  push_eos (harness);
  gst_buffer_unref (sound);
}

/* Within 40 ms the count of samples stands; beyond, times count from the buffer's time stamp. */
static GstClockTime
expected_time (const GstClockTime *pts, gsize n, guint64 sample)
{
  GstClockTime base = GST_CLOCK_TIME_IS_VALID (pts[0]) ? pts[0] : 0; /* where the segment begins */
  guint64 from = 0;

  for (guint64 i = 1; i * n <= sample; i++) {
    const GstClockTime counted = base + gst_util_uint64_scale (i * n - from, GST_SECOND, RATE);

    if (GST_CLOCK_TIME_IS_VALID (pts[i]) && ABS (GST_CLOCK_DIFF (counted, pts[i])) > 40 * (GstClockTimeDiff) MS) {
      base = pts[i];
      from = i * n;
    }
  }
  return base + gst_util_uint64_scale (sample - from, GST_SECOND, RATE);
}

static void
check_times (const gchar *what, const GstStructure *message, GstClockTime expected)
{
  CHECK (get_time (message, "timestamp") == expected && get_time (message, "stream-time") == expected
          && get_time (message, "running-time") == expected,
      "%s: at %" GST_TIME_FORMAT ", not %" GST_TIME_FORMAT, what, GST_TIME_ARGS (get_time (message, "timestamp")),
      GST_TIME_ARGS (expected));
}

static void
check_stamps (const gchar *what, Stamp stamp, gsize n)
{
  static GstClockTime pts[MAX_BUFFERS];
  Log plain, log;

  play (&plain, none, n, pts);
  play (&log, stamp, n, pts);
  CHECK (log_count (&plain, FALSE) == ANSWERS && log.n == plain.n, "%s: %u messages, not %u", what, log.n, plain.n);
  for (guint i = 0; i < log.n && i < plain.n; i++) {
    const guint64 sample = gst_util_uint64_scale_round (get_time (plain.messages[i], "timestamp"), RATE, GST_SECOND);

    check_same_sound (what, log.messages[i], plain.messages[i]);
    check_times (what, log.messages[i], expected_time (pts, n, sample));
  }
  CHECK (get_time (log_last (&log), "duration") == SECONDS * GST_SECOND, "%s: duration", what);
  log_close (&log);
  log_close (&plain);
}

static void
test_any_stamps (void)
{
  static const struct
  {
    const gchar *name;
    Stamp stamp;
  } cases[] = {
    { "right", right },
    { "2 % slow", slow },
    { "2 % fast", fast },
    { "1 % slow", a_bit_slow },
    { "all zero", still },
    { "of arrival", arrival },
    { "50 ms on each second", steps },
    { "back to 0 each second", back_each_second },
    { "jitter", jitter },
    { "only after 5 s", late },
    { "seldom and slow", seldom },
  };
  static const gsize lengths[] = { 441, RATE / 10, RATE, 3 * RATE }; /* 20 ms to 3 s */

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint k = 0; k < G_N_ELEMENTS (lengths); k++) {
      gchar *what = g_strdup_printf ("%s, %u ms", cases[i].name, (guint) (lengths[k] * 1000 / RATE));

      check_stamps (what, cases[i].stamp, lengths[k]);
      g_free (what);
    }
}

/* --- holes ----------------------------------------------------------------------------------------------------- */

/* A DISCONT each 2 s after a hole is as if zeros had been there. */
static void
check_holes (guint hole_ms)
{
  const gsize hole = (gsize) RATE * hole_ms / 1000;
  Log zeros, holes;
  GstHarness *harness = log_open_audio (&zeros);
  GstClockTime at = 0;

  for (guint i = 0; i < 10 * SECONDS; i++) {
    if (i > 0 && i % 20 == 0)
      push (harness, audio (hole, NONE, 0, 1));
    push (harness, audio (RATE / 10, NONE, .3F, i));
  }
  push_eos (harness);

  harness = log_open_audio (&holes);
  for (guint i = 0; i < 10 * SECONDS; i++, at += GST_SECOND / 10) {
    GstBuffer *buffer = audio (RATE / 10, at, .3F, i);

    if (i > 0 && i % 20 == 0) {
      GST_BUFFER_PTS (buffer) = at += hole_ms * MS;
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    }
    push (harness, buffer);
  }
  push_eos (harness);
  CHECK (holes.n == zeros.n && holes.n >= ANSWERS + 1, "%u ms: %u messages, not %u", hole_ms, holes.n, zeros.n);
  for (guint i = 0; i < holes.n && i < zeros.n; i++) {
    check_same_sound ("holes", holes.messages[i], zeros.messages[i]);
    check_times ("holes", holes.messages[i], get_time (zeros.messages[i], "timestamp"));
  }
  CHECK (get_time (log_last (&holes), "duration") == at, "%u ms: duration", hole_ms);
  log_close (&holes);
  log_close (&zeros);
}

static guint64
get_stat (GstHarness *harness, const gchar *name)
{
  GstStructure *stats;
  guint64 value = 12345;

  g_object_get (harness->element, "stats", &stats, NULL);
  CHECK (gst_structure_get_uint64 (stats, name, &value), "no %s", name);
  gst_structure_free (stats);
  return value;
}

/* Zeros need no room: ten seconds of them fit behind 20 ms where no more than 100 ms may wait. */
static void
test_holes_need_no_room (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  gst_element_set_state (harness->element, GST_STATE_READY);
  g_object_set (harness->element, "max-lag", 100 * MS, NULL);
  gst_harness_set_live (harness, TRUE);
  gst_harness_play (harness);
  gst_harness_push_event (harness, gst_event_new_stream_start ("live"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_segment (harness, 0, 0, 0);
  push (harness, audio (RATE / 50, 0, .3F, 1));
  for (guint i = 0; i < 2; i++)
    gst_harness_push_event (harness, gst_event_new_gap (20 * MS + i * 5 * GST_SECOND, 5 * GST_SECOND));

  GstBuffer *buffer = audio (RATE / 50, 11 * GST_SECOND, .3F, 2);

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push (harness, buffer);
  push_eos (harness);
  CHECK (get_stat (harness, "skipped") == 0, "%d ms were skipped", (int) (get_stat (harness, "skipped") / MS));
  CHECK (get_stat (harness, "lag-max") <= 40 * MS, "a lag of %d ms", (int) (get_stat (harness, "lag-max") / MS));
  CHECK (log_count (&log, FALSE) == 8, "%u answers in 11 s", log_count (&log, FALSE));
  CHECK (get_time (log_last (&log), "duration") == 11020 * MS, "duration");
  log_close (&log);
}

/* --- sources --------------------------------------------------------------------------------------------------- */

/* The source begins when all else plays: before, there is no time that it could stamp buffers with, and the first ones
 * would have another clock's. */
static void
start_late (GstElement *pipeline)
{
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "source");

  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (pipeline, NULL, NULL, 120 * GST_SECOND);
  gst_element_set_base_time (source, gst_element_get_base_time (pipeline));
  gst_element_set_locked_state (source, FALSE);
  gst_object_unref (source);
}

/* What stamps with the time of arrival, as fast as it goes. */
static void
test_do_timestamp (void)
{
  gchar *line =
      g_strdup_printf ("fakesrc name=source do-timestamp=true format=time num-buffers=%d sizetype=fixed sizemax=%d "
                       "filltype=random ! audio/x-raw, format=S16LE, layout=interleaved, rate=%d, channels=1 "
                       "! genreclassify name=genre ! fakesink async=false",
          10 * SECONDS, RATE / 10 * 2, RATE);
  Log log;
  GstElement *pipeline = pipeline_open (line, &log);

  start_late (pipeline);
  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  CHECK (log_count (&log, FALSE) == ANSWERS && get_windows (log_last (&log)) == ANSWERS, "%u answers, %u in the final",
      log_count (&log, FALSE), get_windows (log_last (&log)));
  pipeline_close (pipeline, &log);
  g_free (line);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_any_stamps ();
  check_holes (20);
  check_holes (60);
  check_holes (1000);
  test_holes_need_no_room ();
  test_do_timestamp ();
  TEST_END ();
}
