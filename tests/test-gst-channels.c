/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-channels.c - channels that cancel each other: told once a run, and of no others.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"
#include "tests/element_pipeline.h"

/* Fills `frame` [channels] of sample frame i from two noises of full scale. */
typedef void (*Frame) (gfloat *frame, gfloat a, gfloat b);

static void
opposite (gfloat *frame, gfloat a, gfloat b)
{
  (void) b;
  frame[0] = .3F * a;
  frame[1] = -.3F * a;
}

/* 26 dB of it are left, which is silence. */
static void
nearly_opposite (gfloat *frame, gfloat a, gfloat b)
{
  (void) b;
  frame[0] = .01F * a;
  frame[1] = -.009F * a;
}

/* Opposite, and below -60 dBFS. */
static void
quiet (gfloat *frame, gfloat a, gfloat b)
{
  (void) b;
  frame[0] = 1e-3F * a;
  frame[1] = -1e-3F * a;
}

/* -59 dBFS each, of which 3 dB less are left, and that is silence. */
static void
unrelated (gfloat *frame, gfloat a, gfloat b)
{
  frame[0] = 1.94e-3F * a;
  frame[1] = 1.94e-3F * b;
}

static void
one_of_two (gfloat *frame, gfloat a, gfloat b)
{
  (void) b;
  frame[0] = 3e-3F * a;
  frame[1] = 0;
}

static void
opposite_constants (gfloat *frame, gfloat a, gfloat b)
{
  (void) a;
  (void) b;
  frame[0] = .1F;
  frame[1] = -.1F;
}

static void
nothing (gfloat *frame, gfloat a, gfloat b)
{
  (void) a;
  (void) b;
  frame[0] = frame[1] = 0;
}

static void
music (gfloat *frame, gfloat a, gfloat b)
{
  frame[0] = .3F * a;
  frame[1] = .2F * a + .1F * b;
}

/* A constant does not hide it. */
static void
opposite_on_constant (gfloat *frame, gfloat a, gfloat b)
{
  opposite (frame, a, b);
  frame[0] += .2F;
  frame[1] += .1F;
}

static GstHarness *
open_stereo (Log *log, const gchar *format)
{
  GstHarness *harness = log_open (log);
  gchar *caps = g_strdup_printf ("audio/x-raw, format=%s, layout=interleaved, channels=2, rate=%d", format, RATE);

  gst_harness_set_src_caps_str (harness, caps);
  g_free (caps);
  return harness;
}

/* From `begin` to `end` seconds in buffers of n. */
static void
push_frames (GstHarness *harness, Frame frame, gboolean s16, gsize n, guint begin, guint end)
{
  uint64_t seed = 3;

  for (gsize done = begin * RATE; done < end * RATE; done += n) {
    const gsize length = MIN (n, end * RATE - done), size = s16 ? 2 : 4;
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, length * 2 * size, NULL);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (gsize i = 0; i < length; i++) {
      const gfloat a = test_noise (&seed), b = test_noise (&seed);
      gfloat pair[2];

      frame (pair, a, b);
      for (gsize c = 0; c < 2; c++)
        if (s16)
          ((gint16 *) (void *) map.data)[2 * i + c] = (gint16) (pair[c] * 32767);
        else
          ((gfloat *) (void *) map.data)[2 * i + c] = pair[c];
    }
    gst_buffer_unmap (buffer, &map);
    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (done, GST_SECOND, RATE);
    push (harness, buffer);
  }
}

static void
check (const gchar *what, Frame frame, const gchar *state, gint warnings)
{
  static const gsize lengths[] = { 220, RATE / 10, 8 * RATE };

  for (guint s16 = 0; s16 < 2; s16++)
    for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
      Log log;
      GstHarness *harness = open_stereo (&log, s16 ? GST_AUDIO_NE (S16) : GST_AUDIO_NE (F32));

      push_frames (harness, frame, s16 != 0, lengths[i], 0, 8);
      push_eos (harness);
      CHECK (log_count (&log, FALSE) == 5, "%s: %u answers", what, log_count (&log, FALSE));
      check_string (log_nth (&log, FALSE, 0), "state", state);
      CHECK (log.listener.warnings == warnings, "%s, buffers of %u: %d warnings", what, (guint) lengths[i],
          log.listener.warnings);
      log_close (&log);
    }
}

static void
test_kinds (void)
{
  check ("opposite", opposite, "silence", 1);
  check ("nearly opposite", nearly_opposite, "silence", 1);
  check ("opposite on constants", opposite_on_constant, "silence", 1);
  check ("opposite and quiet", quiet, "silence", 0);
  check ("unrelated", unrelated, "silence", 0);
  check ("one of two", one_of_two, "silence", 0);
  check ("opposite constants", opposite_constants, "silence", 0);
  check ("nothing", nothing, "silence", 0);
  check ("music", music, "ok", 0);
}

/* Once in each run, wherever it begins in it. */
static void
test_once_a_run (void)
{
  Log log;
  GstHarness *harness = open_stereo (&log, GST_AUDIO_NE (F32));

  push_frames (harness, music, FALSE, RATE / 10, 0, 5);
  push_frames (harness, opposite, FALSE, RATE / 10, 5, 40);
  push_eos (harness);
  CHECK (log.listener.warnings == 1, "%d warnings in the first run", log.listener.warnings);
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  push_segment (harness, 0, 0, 0);
  push_frames (harness, opposite, FALSE, RATE / 10, 0, 20);
  push_eos (harness);
  CHECK (log.listener.warnings == 2, "%d warnings in two runs", log.listener.warnings);
  gst_harness_push_event (harness, gst_event_new_stream_start ("a third"));
  push_segment (harness, 0, 0, 0);
  push_frames (harness, music, FALSE, RATE / 10, 0, 20);
  push_eos (harness);
  CHECK (log.listener.warnings == 2, "%d warnings in three runs", log.listener.warnings);
  log_close (&log);
}

/* What the message says helps: the second channel turned over. */
static void
test_advice (void)
{
  static const gchar *const lines[] = {
    "audiotestsrc num-buffers=60 samplesperbuffer=2205 wave=pink-noise ! "
    "audio/x-raw, format=F32LE, rate=22050, channels=1 ! audioconvert mix-matrix=\"<<(float)1>, <(float)-1>>\" ! "
    "audio/x-raw, channels=2, channel-mask=(bitmask)3 ! genreclassify name=genre ! fakesink",
    "audiotestsrc num-buffers=60 samplesperbuffer=2205 wave=pink-noise ! "
    "audio/x-raw, format=F32LE, rate=22050, channels=1 ! audioconvert mix-matrix=\"<<(float)1>, <(float)-1>>\" ! "
    "audio/x-raw, channels=2, channel-mask=(bitmask)3 ! "
    "audioconvert mix-matrix=\"<<(float)1, (float)0>, <(float)0, (float)-1>>\" ! "
    "genreclassify name=genre ! fakesink",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    Log log;
    GstElement *pipeline = pipeline_run (lines[i], &log);

    check_string (log_last (&log), "state", i == 0 ? "silence" : "ok");
    pipeline_close (pipeline, &log);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_kinds ();
  test_once_a_run ();
  test_advice ();
  TEST_END ();
}
