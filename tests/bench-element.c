/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench-element.c - what the element costs: CPU seconds of the whole process, all threads, for 600 s of stereo
 * F32 above `identity`, beside GStreamer's analysers.
 *
 *     bench-element [SECONDS [ROUNDS]]
 *
 * Every run is a process of its own, so that no element inherits another's caches, heap or threads.  The elements take
 * turns, so that a slow moment of the machine meets all of them; the medians over the rounds are printed.
 *
 * Layer:   tests; GStreamer.  POSIX: fork, the CPU clock.
 */
#define _GNU_SOURCE /* CLOCK_PROCESS_CPUTIME_ID */

#include "tests/bench.h"

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  CHANNELS = 2,
  BUFFER_FRAMES = 1024, /* sample frames; what decoders give */
  LOOP_BUFFERS = 430,   /* about ten seconds, then again */
  MAX_ROUNDS = 99,
  NOT_THERE = 2, /* exit status: no such element on this system */
};

typedef struct Subject
{
  const char *name;
  const char *description; /* for gst_parse_bin_from_description() */
  gboolean silent;         /* posts nothing while it works */
} Subject;

static const Subject subjects[] = {
  { "identity", "identity", TRUE },
  { "genreclassify", "genreclassify", FALSE },
  { "genreclassify, features", "genreclassify features=true", FALSE },
  { "level", "level", FALSE },
  { "spectrum, 128 bands", "spectrum", FALSE },
  { "spectrum, 129 bands", "spectrum bands=129", FALSE },
  { "rganalysis", "rganalysis", TRUE },
  { "audioconvert and chromaprint", "audioconvert ! chromaprint duration=0", TRUE },
};
enum
{
  IDENTITY = 0,
  GENRECLASSIFY = 1,
  N_SUBJECTS = 8
};

static const int rates[] = { 44100, 48000 };

/* Three detuned voices with a beat of noise: [LOOP_BUFFERS][BUFFER_FRAMES][CHANNELS] */
static GstBuffer **
make_sound (int rate)
{
  GstBuffer **buffers = g_new (GstBuffer *, LOOP_BUFFERS);
  guint32 seed = 1;
  gsize i = 0;

  for (gsize b = 0; b < LOOP_BUFFERS; b++) {
    float *data = g_new (float, (gsize) BUFFER_FRAMES *CHANNELS);

    for (gsize f = 0; f < BUFFER_FRAMES; f++, i++) {
      const double t = (double) i / rate;
      const double beat = exp (-8 * (2 * t - floor (2 * t)));
      const double chord = sin (1382.3 * t) + sin (1741.6 * t) + sin (2072.1 * t + sin (5 * t));

      for (gsize c = 0; c < CHANNELS; c++) {
        seed = seed * 1664525 + 1013904223;
        data[f * CHANNELS + c] = (float) (.1 * chord + .2 * beat * ((double) (seed >> 8) * 0x1p-23 - 1));
      }
    }
    buffers[b] = gst_buffer_new_wrapped (data, (gsize) BUFFER_FRAMES * CHANNELS * sizeof *data);
  }
  return buffers;
}

static GstFlowReturn
drop_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  (void) pad;
  (void) parent;
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstBusSyncReply
drop_message (GstBus *bus, GstMessage *message, gpointer n_messages)
{
  (void) bus;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    _exit (3);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT)
    g_atomic_int_inc ((gint *) n_messages);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
push_header (GstPad *pad, int rate)
{
  GstSegment segment;
  GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING, GST_AUDIO_NE (F32), "layout",
      G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, rate, "channels", G_TYPE_INT, CHANNELS, "channel-mask",
      GST_TYPE_BITMASK, G_GUINT64_CONSTANT (3), NULL);

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
}

/* CPU seconds from the first buffer to the end of stream, and on to READY, when every thread has finished. */
static double
run_subject (const Subject *subject, int rate, guint seconds)
{
  gint n_messages = 0;

  gst_init (NULL, NULL);

  GError *error = NULL;
  GstElement *element = gst_parse_bin_from_description_full (subject->description, TRUE, NULL,
      GST_PARSE_FLAG_NO_SINGLE_ELEMENT_BINS | GST_PARSE_FLAG_FATAL_ERRORS, &error);

  if (!element && g_error_matches (error, GST_PARSE_ERROR, GST_PARSE_ERROR_NO_SUCH_ELEMENT))
    _exit (NOT_THERE);
  if (!element) {
    fprintf (stderr, "%s: %s\n", subject->description, error->message);
    _exit (4);
  }

  GstBuffer **sound = make_sound (rate);
  GstBus *bus = gst_bus_new ();
  GstPad *src = gst_pad_new ("src", GST_PAD_SRC), *sink = gst_pad_new ("sink", GST_PAD_SINK);

  gst_bus_set_sync_handler (bus, drop_message, &n_messages, NULL);
  gst_element_set_bus (element, bus);
  gst_pad_set_chain_function (sink, drop_buffer);
  gst_pad_link (src, gst_element_get_static_pad (element, "sink"));
  gst_pad_link (gst_element_get_static_pad (element, "src"), sink);
  gst_pad_set_active (sink, TRUE);
  gst_pad_set_active (src, TRUE);
  if (gst_element_set_state (element, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    _exit (4);
  push_header (src, rate);

  const double before = bench_seconds (CLOCK_PROCESS_CPUTIME_ID);
  const guint64 n_frames = (guint64) seconds * (guint64) rate;
  gsize turn = 0;

  for (guint64 first = 0; first < n_frames; first += BUFFER_FRAMES) {
    /* Writable, with memory that is not copied: what a decoder hands on. */
    GstBuffer *buffer = gst_buffer_copy (sound[turn++ % LOOP_BUFFERS]);

    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (first, GST_SECOND, (guint64) rate);
    GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (BUFFER_FRAMES, GST_SECOND, (guint64) rate);
    if (gst_pad_push (src, buffer) != GST_FLOW_OK)
      _exit (5);
  }
  gst_pad_push_event (src, gst_event_new_eos ());
  gst_element_set_state (element, GST_STATE_READY);

  const double used = bench_seconds (CLOCK_PROCESS_CPUTIME_ID) - before;

  if (!subject->silent && (guint) n_messages + 5 < seconds)
    _exit (6); /* it did not do its work */
  return used;
}

/* The same in a child; negative when it failed, NAN when there is no such element. */
static double
measure (const Subject *subject, int rate, guint seconds)
{
  int ends[2], status = 0;
  double used = -1;

  if (pipe (ends) != 0)
    return -1;

  const pid_t child = fork ();

  if (child == 0) {
    used = run_subject (subject, rate, seconds);
    _exit (write (ends[1], &used, sizeof used) == (ssize_t) sizeof used ? 0 : 7);
  }
  close (ends[1]);
  if (child < 0 || read (ends[0], &used, sizeof used) != (ssize_t) sizeof used)
    used = -1;
  close (ends[0]);
  if (child > 0)
    waitpid (child, &status, 0);
  if (WIFEXITED (status) && WEXITSTATUS (status) == NOT_THERE)
    return (double) NAN;
  if (status != 0) {
    fprintf (stderr, "%s: exit status %d\n", subject->name, WEXITSTATUS (status));
    return -1;
  }
  return used;
}

int
main (int argc, char **argv)
{
  const guint seconds = argc > 1 ? (guint) strtoul (argv[1], NULL, 10) : 600;
  const guint rounds = argc > 2 ? (guint) strtoul (argv[2], NULL, 10) : 5;

  if (seconds < 10 || rounds < 1 || rounds > MAX_ROUNDS) {
    fprintf (stderr, "usage: bench-element [SECONDS, at least 10 [ROUNDS]]\n");
    return 2;
  }

  printf ("CPU seconds of the whole process for %u s of stereo F32, above identity; medians of %u\n\n", seconds,
      rounds);
  printf ("| rate | element | CPU s | above identity | genreclassify : it |\n| --- | --- | --- | --- | --- |\n");
  for (gsize r = 0; r < G_N_ELEMENTS (rates); r++) {
    static double used[N_SUBJECTS][MAX_ROUNDS];
    double medians[N_SUBJECTS];

    for (guint round = 0; round < rounds; round++)
      for (guint s = 0; s < N_SUBJECTS; s++) {
        used[s][round] = measure (&subjects[s], rates[r], seconds);
        if (used[s][round] < 0 || (s <= GENRECLASSIFY && isnan (used[s][round])))
          return 1;
      }
    for (guint s = 0; s < N_SUBJECTS; s++)
      medians[s] = bench_median (used[s], rounds);
    for (guint s = 0; s < N_SUBJECTS; s++) {
      const double above = medians[s] - medians[IDENTITY], ours = medians[GENRECLASSIFY] - medians[IDENTITY];

      if (isnan (above)) {
        printf ("| %d | %s | not on this system | | |\n", rates[r], subjects[s].name);
        continue;
      }
      printf ("| %d | %s | %.3f | %.3f | ", rates[r], subjects[s].name, medians[s], above);
      if (s > GENRECLASSIFY)
        printf ("%.3f |\n", ours / above);
      else
        printf ("|\n");
    }
    fflush (stdout);
  }
  return 0;
}
