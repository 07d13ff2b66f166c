/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench-latency.c - what the element takes of the streaming thread: CPU time and wall time of a push of 10 ms of
 * 48 kHz stereo F32 through it, beside `identity`; how long flushes and stops take while the ring is full; and how
 * long a start takes.
 *
 *     bench-latency [SECONDS]     of audio for each line of the table, 20 unless given
 *
 * Both elements take the same buffers in turn on the same thread, so that a slow moment of the machine meets both.  The
 * times are those from gst_pad_push() to its return, with a pad behind that drops the buffer at once; the difference of
 * the same quantile of both is what the element adds.
 *
 * Layer:   tests; GStreamer.  POSIX: CLOCK_THREAD_CPUTIME_ID.
 */
#define _POSIX_C_SOURCE 200809L

#include "tests/bench.h"

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RATE = 48000,
  CHANNELS = 2,
  BUFFER_FRAMES = RATE / 100,
  SOUND_BUFFERS = 100, /* a second, then again */
  MAX_SECONDS = 3600,
  STOPS = 100,
  MAX_HOGS = 64,
};

/* --- one element between two pads ------------------------------------------------------------------------------ */

typedef struct Line
{
  GstElement *element;
  GstPad *src, *sink;
  gboolean live;
  gint messages;
} Line;

static GstFlowReturn
drop_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  (void) pad;
  (void) parent;
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstBusSyncReply
drop_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Line *line = user_data;

  (void) bus;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT)
    g_atomic_int_inc (&line->messages);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static gboolean
answer_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  const Line *line = g_object_get_data (G_OBJECT (pad), "line");

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, line->live, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static void
push_header (const Line *line)
{
  GstSegment segment;
  GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING, GST_AUDIO_NE (F32), "layout",
      G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, RATE, "channels", G_TYPE_INT, CHANNELS, "channel-mask",
      GST_TYPE_BITMASK, G_GUINT64_CONSTANT (3), NULL);

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (line->src, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (line->src, gst_event_new_caps (caps));
  gst_pad_push_event (line->src, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
}

static void
line_start (Line *line)
{
  gst_pad_set_active (line->sink, TRUE);
  gst_pad_set_active (line->src, TRUE);
  if (gst_element_set_state (line->element, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    exit (1);
}

static void
line_open (Line *line, const char *factory, gboolean live)
{
  GstBus *bus = gst_bus_new ();

  *line = (Line){ .element = gst_element_factory_make (factory, NULL), .live = live };
  if (!line->element) {
    fprintf (stderr, "there is no element %s: does GST_PLUGIN_PATH name the build's gst directory?\n", factory);
    exit (1);
  }
  line->src = gst_pad_new ("src", GST_PAD_SRC);
  line->sink = gst_pad_new ("sink", GST_PAD_SINK);
  gst_bus_set_sync_handler (bus, drop_message, line, NULL);
  gst_element_set_bus (line->element, bus);
  gst_object_unref (bus);
  gst_pad_set_chain_function (line->sink, drop_buffer);
  g_object_set_data (G_OBJECT (line->src), "line", line);
  gst_pad_set_query_function (line->src, answer_query);

  GstPad *in = gst_element_get_static_pad (line->element, "sink");
  GstPad *out = gst_element_get_static_pad (line->element, "src");

  gst_pad_link (line->src, in);
  gst_pad_link (out, line->sink);
  gst_object_unref (in);
  gst_object_unref (out);
  line_start (line);
}

static void
line_close (Line *line)
{
  gst_element_set_state (line->element, GST_STATE_NULL);
  gst_pad_set_active (line->src, FALSE);
  gst_object_unref (line->element);
  gst_object_unref (line->src);
  gst_object_unref (line->sink);
}

/* Three detuned voices with a beat of noise: n sample frames from `first` on. */
static GstBuffer *
make_sound (gsize first, gsize n)
{
  float *data = g_new (float, n *CHANNELS);
  guint32 seed = 1;

  for (gsize f = 0; f < n; f++) {
    const double t = (double) (first + f) / RATE;
    const double beat = exp (-8 * (2 * t - floor (2 * t)));
    const double chord = sin (1382.3 * t) + sin (1741.6 * t) + sin (2072.1 * t + sin (5 * t));

    for (gsize c = 0; c < CHANNELS; c++) {
      seed = seed * 1664525 + 1013904223;
      data[f * CHANNELS + c] = (float) (.1 * chord + .2 * beat * ((double) (seed >> 8) * 0x1p-23 - 1));
    }
  }
  return gst_buffer_new_wrapped (data, n * CHANNELS * sizeof *data);
}

/* --- pushes ---------------------------------------------------------------------------------------------------- */

typedef struct Times
{
  double *cpu, *wall; /* [n], us */
  gsize n;
} Times;

static void
push (const Line *line, GstBuffer *sound, GstClockTime pts, Times *times)
{
  /* Writable, with memory that is not copied: what a decoder hands on. */
  GstBuffer *buffer = gst_buffer_copy (sound);

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 100;

  const double wall = 1e6 * bench_seconds (CLOCK_MONOTONIC), cpu = 1e6 * bench_seconds (CLOCK_THREAD_CPUTIME_ID);
  const GstFlowReturn flow = gst_pad_push (line->src, buffer);

  times->cpu[times->n] = 1e6 * bench_seconds (CLOCK_THREAD_CPUTIME_ID) - cpu;
  times->wall[times->n] = 1e6 * bench_seconds (CLOCK_MONOTONIC) - wall;
  times->n++;
  if (flow != GST_FLOW_OK) {
    fprintf (stderr, "%s\n", gst_flow_get_name (flow));
    exit (1);
  }
}

static gint hogging;

static gpointer
hog (gpointer unused)
{
  volatile guint turns = 0;

  (void) unused;
  while (g_atomic_int_get (&hogging))
    turns++;
  return NULL;
}

static Times
times_new (gsize n)
{
  return (Times){ g_new (double, n), g_new (double, n), 0 };
}

static void
times_clear (Times *times)
{
  g_free (times->cpu);
  g_free (times->wall);
}

typedef enum Pace
{
  FAST,   /* as fast as it goes */
  SLEEPY, /* in real time; each push follows a sleep, from which every thread wakes with cold caches */
  AWAKE, /* in real time, and busy in between, as a thread that decodes: what the machine adds to a sleep is left out */
} Pace;

static void
wait_until (gint64 when, Pace pace)
{
  gint64 wait;

  while (pace != FAST && (wait = when - g_get_monotonic_time ()) > 0)
    if (pace == SLEEPY)
      g_usleep ((gulong) wait);
}

/* One line of the table. */
static void
measure (const char *how, gboolean live, Pace pace, guint n_hogs, guint seconds, GstBuffer *const *sound)
{
  const gsize n = (gsize) seconds * 100;
  GThread *hogs[MAX_HOGS];
  Times ours = times_new (n), theirs = times_new (n);
  Line genre, identity;

  line_open (&genre, "genreclassify", live);
  line_open (&identity, "identity", live);
  push_header (&genre);
  push_header (&identity);
  g_atomic_int_set (&hogging, 1);
  for (guint i = 0; i < n_hogs; i++)
    hogs[i] = g_thread_new ("hog", hog, NULL);

  const gint64 start = g_get_monotonic_time ();

  for (gsize i = 0; i < n; i++) {
    wait_until (start + (gint64) i * 10000, pace);
    push (&identity, sound[i % SOUND_BUFFERS], i * GST_SECOND / 100, &theirs);
    wait_until (start + (gint64) i * 10000 + 5000, pace);
    push (&genre, sound[i % SOUND_BUFFERS], i * GST_SECOND / 100, &ours);
  }
  g_atomic_int_set (&hogging, 0);
  for (guint i = 0; i < n_hogs; i++)
    g_thread_join (hogs[i]);
  gst_pad_push_event (genre.src, gst_event_new_eos ());
  gst_pad_push_event (identity.src, gst_event_new_eos ());
  if (g_atomic_int_get (&genre.messages) < 2) {
    fprintf (stderr, "%s: nothing was analysed\n", how);
    exit (1);
  }

  static const double quantiles[] = { .5, .99 };
  double *const columns[][2] = { { theirs.cpu, ours.cpu }, { theirs.wall, ours.wall } };

  printf ("| %s |", how);
  for (gsize c = 0; c < G_N_ELEMENTS (columns); c++)
    for (gsize q = 0; q < G_N_ELEMENTS (quantiles); q++) {
      const double bare = bench_quantile (columns[c][0], n, quantiles[q]),
                   with = bench_quantile (columns[c][1], n, quantiles[q]);

      printf (" %.1f - %.1f = **%.1f** |", with, bare, with - bare);
    }
  printf ("\n");
  fflush (stdout);
  line_close (&identity);
  line_close (&genre);
  times_clear (&ours);
  times_clear (&theirs);
}

/* --- flushes and stops ----------------------------------------------------------------------------------------- */

typedef struct Streaming
{
  const Line *line;
  GstBuffer *second;
} Streaming;

/* Seconds of audio as fast as they are taken, until the element is stopped; a flush does not end it. */
static gpointer
stream (gpointer data)
{
  const Streaming *streaming = data;

  for (guint i = 0;; i++) {
    GstBuffer *buffer = gst_buffer_copy (streaming->second);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    if (gst_pad_push (streaming->line->src, buffer) != GST_FLOW_OK)
      return NULL;
  }
}

/* ms; it is a stop or a flush of a stream that waits for room. */
static double
interrupt (Line *line, GstBuffer *second, gboolean flush)
{
  Streaming streaming = { line, second };

  push_header (line);

  GThread *thread = g_thread_new ("stream", stream, &streaming);

  g_usleep (10000 + (gulong) g_random_int_range (0, 5000));

  const double before = bench_seconds (CLOCK_MONOTONIC);

  if (flush) {
    gst_pad_push_event (line->src, gst_event_new_flush_start ());
    gst_pad_push_event (line->src, gst_event_new_flush_stop (TRUE));
  } else {
    gst_element_set_state (line->element, GST_STATE_NULL);
  }

  const double took = (bench_seconds (CLOCK_MONOTONIC) - before) * 1000;

  if (flush)
    gst_element_set_state (line->element, GST_STATE_NULL);
  gst_pad_set_active (line->src, FALSE);
  g_thread_join (thread);
  line_start (line);
  return took;
}

static void
measure_interrupts (void)
{
  Line line;
  GstBuffer *second = make_sound (0, RATE);

  line_open (&line, "genreclassify", FALSE);
  for (gint flush = 0; flush < 2; flush++) {
    double took[STOPS];

    for (guint i = 0; i < STOPS; i++)
      took[i] = interrupt (&line, second, flush);
    printf ("| %s | %.2f | %.2f |\n", flush ? "FLUSH_START and FLUSH_STOP" : "PLAYING to NULL",
        bench_quantile (took, STOPS, .5), bench_quantile (took, STOPS, 1));
  }
  line_close (&line);
  gst_buffer_unref (second);
}

/* ms; CPU of all threads and wall from READY to PAUSED, the embedded model being read anew each time. */
static void
measure_starts (void)
{
  double cpu[STOPS], wall[STOPS];

  for (guint i = 0; i < STOPS; i++) {
    GstElement *element = gst_element_factory_make ("genreclassify", NULL);

    gst_element_set_state (element, GST_STATE_READY);

    const double wall_before = bench_seconds (CLOCK_MONOTONIC), cpu_before = bench_seconds (CLOCK_PROCESS_CPUTIME_ID);

    if (gst_element_set_state (element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE)
      exit (1);
    cpu[i] = (bench_seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu_before) * 1000;
    wall[i] = (bench_seconds (CLOCK_MONOTONIC) - wall_before) * 1000;
    gst_element_set_state (element, GST_STATE_NULL);
    gst_object_unref (element);
  }
  printf ("| CPU | %.2f | %.2f |\n", bench_quantile (cpu, STOPS, .5), bench_quantile (cpu, STOPS, 1));
  printf ("| wall | %.2f | %.2f |\n", bench_quantile (wall, STOPS, .5), bench_quantile (wall, STOPS, 1));
}

int
main (int argc, char **argv)
{
  const guint seconds = argc > 1 ? (guint) strtoul (argv[1], NULL, 10) : 20;
  GstBuffer *sound[SOUND_BUFFERS];

  if (seconds < 10 || seconds > MAX_SECONDS) {
    fprintf (stderr, "usage: bench-latency [SECONDS, 10 to %d]\n", MAX_SECONDS);
    return 2;
  }
  gst_init (NULL, NULL);
  for (gsize b = 0; b < SOUND_BUFFERS; b++)
    sound[b] = make_sound (b * BUFFER_FRAMES, BUFFER_FRAMES);

  printf ("A push of 10 ms of %d Hz stereo F32, %u s: genreclassify - identity, us\n\n", RATE, seconds);
  printf ("| stream | CPU p50 | CPU p99 | wall p50 | wall p99 |\n| --- | --- | --- | --- | --- |\n");
  measure ("live, in real time", TRUE, SLEEPY, 0, seconds, sound);
  measure ("live, in real time, a busy loop on every core", TRUE, SLEEPY, MIN (g_get_num_processors (), MAX_HOGS), 10,
      sound);
  measure ("not live, in real time", FALSE, SLEEPY, 0, seconds, sound);
  measure ("not live, in real time, busy between the pushes", FALSE, AWAKE, 0, seconds, sound);
  measure ("not live, as fast as it goes", FALSE, FAST, 0, 30 * seconds, sound);

  printf ("\nWith a full ring, while the stream waits for room: ms, %d times\n\n", STOPS);
  printf ("| what | p50 | max |\n| --- | --- | --- |\n");
  measure_interrupts ();
  printf ("\nREADY to PAUSED with the embedded model: ms, %d times\n\n", STOPS);
  printf ("| time | p50 | max |\n| --- | --- | --- |\n");
  measure_starts ();
  for (gsize b = 0; b < SOUND_BUFFERS; b++)
    gst_buffer_unref (sound[b]);
  return 0;
}
