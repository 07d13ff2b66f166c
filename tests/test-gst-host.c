/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-host.c - the element is never in the way of its host: a live stream does not wait for a handler that
 * sleeps, flushes and stops come through at any moment, and nothing that belongs to the process is changed.
 *
 * How long things take is printed and not judged, since machines are busy; bench-latency measures it.  Judged is
 * whether a thread waits for another.
 *
 * Layer:   tests; the element, OpenBLAS.  Linux: RUSAGE_THREAD, /proc.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD, fegetexcept */

#include "tests/element_pipeline.h"
#include "tests/watchdog.h"

#include <cblas.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

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

/* --- stops and flushes ----------------------------------------------------------------------------------------- */

enum
{
  STOPS = 200,
  FLUSHES = 200,
};

static uint64_t seed = 1;

static gulong
draw (gulong n)
{
  return (gulong) (test_random (&seed) >> 33) % n;
}

static GstPadProbeReturn
count_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer n)
{
  (void) pad;
  (void) info;
  g_atomic_int_inc ((gint *) n);
  return GST_PAD_PROBE_OK;
}

static void
count_buffers (GstElement *element, const gchar *name, gint *n)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer, n, NULL);
  gst_object_unref (pad);
}

/* NULL to PLAYING and back at random moments.  A buffer is a second long: while one is inside that is not the first, it
 * waits for room. */
static void
check_stops (const gchar *source, guint least_full, guint most_full)
{
  Log log;
  Watchdog dog;
  gchar *line = g_strdup_printf ("%s ! genreclassify name=genre ! fakesink sync=false async=false", source);
  GstElement *pipeline = pipeline_open (line, &log);
  GstElement *genre = gst_bin_get_by_name (GST_BIN (pipeline), "genre");
  gint in = 0, out = 0;
  guint full = 0;
  gint64 worst = 0;

  count_buffers (genre, "sink", &in);
  count_buffers (genre, "src", &out);
  watchdog_start (&dog, source);
  for (guint i = 0; i < STOPS; i++) {
    g_atomic_int_set (&in, 0);
    g_atomic_int_set (&out, 0);
    CHECK (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE, "cannot play");
    g_usleep (draw (4) == 0 ? draw (1000) : draw (20000));
    full += g_atomic_int_get (&in) > 1 && g_atomic_int_get (&in) > g_atomic_int_get (&out);

    const gint64 before = g_get_monotonic_time ();

    CHECK (gst_element_set_state (pipeline, GST_STATE_NULL) == GST_STATE_CHANGE_SUCCESS, "cannot stop");
    worst = MAX (worst, g_get_monotonic_time () - before);
    watchdog_feed (&dog, source);
  }
  watchdog_stop (&dog);
  CHECK (full >= least_full && full <= most_full, "%s: the ring was full %u times of %d", source, full, STOPS);
  CHECK (log_count (&log, TRUE) == 0, "%u finals without EOS", log_count (&log, TRUE));
  g_print ("%s: the ring was full %u times of %d; the longest stop took %d ms\n", source, full, STOPS,
      (int) (worst / 1000));
  gst_object_unref (genre);
  pipeline_close (pipeline, &log);
  g_free (line);
}

static void
test_stops (void)
{
  check_stops ("audiotestsrc wave=silence samplesperbuffer=500000 ! audio/x-raw,rate=500000,channels=1", STOPS / 10,
      STOPS);
  check_stops ("audiotestsrc is-live=true samplesperbuffer=100 ! audio/x-raw,rate=48000,channels=2", 0, STOPS / 10);
}

static GstPadActivateModeFunction activate;
static GstHarness *impatient;

static void
push_stream (GstHarness *harness)
{
  gst_pad_push_event (harness->srcpad, gst_event_new_stream_start ("impatient"));
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  push_song (harness, RATE, 3, 0, 1);
}

/* A pad takes buffers before its own activation is through. */
static gboolean
activate_beside_stream (GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  if (active)
    push_stream (impatient);
  return activate (pad, parent, mode, active);
}

/* What is linked to a stream that goes on, and started then, hears it from the first buffer on that it lets pass. */
static void
test_stream_does_not_wait (void)
{
  Log log;
  GstPad *pad;

  impatient = log_open_audio (&log);
  gst_element_set_state (impatient->element, GST_STATE_NULL);
  pad = gst_element_get_static_pad (impatient->element, "sink");
  activate = GST_PAD_ACTIVATEMODEFUNC (pad);
  gst_pad_set_activatemode_function (pad, activate_beside_stream);
  gst_element_set_state (impatient->element, GST_STATE_PLAYING);
  for (guint i = 30; i < 60; i++)
    push (impatient, audio (RATE / 10, i * GST_SECOND / 10, .3F, 2000 + i));
  push_eos (impatient);
  CHECK (log.n >= 2, "%u messages", log.n);
  CHECK (get_time (log_last (&log), "duration") == 6 * GST_SECOND, "%d ms heard",
      (int) (get_time (log_last (&log), "duration") / GST_MSECOND));
  gst_object_unref (pad);
  log_close (&log);
}

typedef struct Streaming
{
  GstHarness *harness;
  gint flushes; /* begun, and ended: odd meanwhile */
  gint stop;
} Streaming;

/* Seconds of audio as fast as they are taken, whatever is flushed. */
static gpointer
stream (gpointer data)
{
  Streaming *streaming = data;
  GstPad *pad = streaming->harness->srcpad;
  GstSegment segment;
  gint flushes = 0;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; !g_atomic_int_get (&streaming->stop); i++) {
    GstBuffer *second = audio (RATE, i * GST_SECOND, .3F, i);
    gint now;

    while ((now = g_atomic_int_get (&streaming->flushes)) % 2 != 0)
      g_usleep (100);
    if (now != flushes) /* it took the segment along */
      gst_pad_push_event (pad, gst_event_new_segment (&segment));
    flushes = now;

    const GstFlowReturn flow = gst_pad_push (pad, second);

    /* A flush just before it leaves it without a segment. */
    CHECK (flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING || now != g_atomic_int_get (&streaming->flushes), "%s",
        gst_flow_get_name (flow));
  }
  return NULL;
}

/* Flushes at random moments of a stream that mostly waits for room. */
static void
test_flushes (void)
{
  Log log;
  Watchdog dog;
  GstHarness *harness = log_open_audio (&log);
  Streaming streaming = { .harness = harness };
  GThread *thread;
  gint64 worst = 0;

  gst_harness_set_drop_buffers (harness, TRUE);
  g_object_set (harness->element, "post-messages", FALSE, NULL);
  thread = g_thread_new ("stream", stream, &streaming);
  watchdog_start (&dog, "flushes");
  for (guint i = 0; i < FLUSHES; i++) {
    g_usleep (draw (4) == 0 ? draw (500) : draw (10000));
    g_atomic_int_inc (&streaming.flushes);

    const gint64 before = g_get_monotonic_time ();

    push_flush (harness);
    worst = MAX (worst, g_get_monotonic_time () - before);
    g_atomic_int_inc (&streaming.flushes);
    watchdog_feed (&dog, "flushes");
  }
  g_atomic_int_set (&streaming.stop, TRUE);
  g_thread_join (thread);
  watchdog_stop (&dog);
  push_flush (harness);
  push_segment (harness, 0, 0, 0);
  g_object_set (harness->element, "post-messages", TRUE, NULL);
  push_eos (harness);
  CHECK (log.n == 1 && is_final (log_last (&log)), "%u messages of an empty run", log.n);
  g_print ("%d flushes; the longest took %d ms\n", FLUSHES, (int) (worst / 1000));
  log_close (&log);
}

/* --- what belongs to the host ---------------------------------------------------------------------------------- */

typedef struct FpState
{
  gint rounding, traps;
  gboolean denormals; /* are numbers, and not zeros */
  guint32 control;    /* whatever else the processor may be told, of x86 */
} FpState;

static FpState
fp_state (void)
{
  volatile gfloat denormal = 1e-40F, one = 1;
  FpState state = { .rounding = fegetround (), .traps = fegetexcept (), .denormals = denormal * one != 0 };

#ifdef __x86_64__
  fenv_t environment;

  fegetenv (&environment);
  state.control = (guint32) environment.__control_word << 16 | (environment.__mxcsr & ~0x3fU); /* but for the flags */
  fesetenv (&environment); /* to read them masks the x87's traps */
#endif
  return state;
}

static void
check_fp (const gchar *where, const FpState *expected)
{
  const FpState found = fp_state ();

  CHECK (found.rounding == expected->rounding && found.traps == expected->traps
          && found.denormals == expected->denormals && found.control == expected->control,
      "%s: rounding %d, traps %d, denormals %d, control %x; expected %d, %d, %d, %x", where, found.rounding,
      found.traps, found.denormals, found.control, expected->rounding, expected->traps, expected->denormals,
      expected->control);
}

/* Everything of the process that a library might touch, as text. */
static gchar *
describe_process (void)
{
  GString *text = g_string_new (NULL);
  guint environment = 0;
  sigset_t mask;
  gchar *directory = g_get_current_dir ();

  g_string_append_printf (text, "OpenBLAS threads %d\nlocale %s\ndirectory %s\nblocked", openblas_get_num_threads (),
      setlocale (LC_ALL, NULL), directory);
  pthread_sigmask (SIG_BLOCK, NULL, &mask);
  for (gint s = 1; s <= SIGRTMAX; s++)
    if (sigismember (&mask, s) == 1)
      g_string_append_printf (text, " %d", s);
  g_string_append (text, "\n");
  for (gint s = 1; s <= SIGRTMAX; s++) {
    struct sigaction action;

    if (sigaction (s, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
      g_string_append_printf (text, "signal %d: handler %p\n", s, *(gpointer *) (gpointer) &action.sa_handler);
  }
  for (gchar **variable = environ; *variable; variable++)
    environment = 31 * environment + g_str_hash (*variable); /* it may hold secrets */
  g_string_append_printf (text, "environment %u\n", environment);
  g_free (directory);
  return g_string_free (text, FALSE);
}

static const FpState *worker_fp;

static void
look_around (Log *log)
{
  (void) log;
  check_fp ("the worker", worker_fp);
}

/* What is written to a file descriptor goes to a file from here on. */
typedef struct Capture
{
  gint fd, saved, file;
} Capture;

static Capture
capture (gint fd)
{
  gchar *name = NULL;
  const gint file = g_file_open_tmp (NULL, &name, NULL);
  const Capture captured = { fd, dup (fd), file };

  g_assert (file >= 0);
  unlink (name);
  g_free (name);
  dup2 (file, fd);
  return captured;
}

/* What there was; free it. */
static gchar *
capture_end (const Capture *captured)
{
  gchar *text = g_malloc0 (4096);

  dup2 (captured->saved, captured->fd);
  close (captured->saved);
  if (pread (captured->file, text, 4095, 0) < 0)
    *text = '\0';
  close (captured->file);
  return text;
}

/* From the moment on in which the plugin is loaded. */
static void
test_host_unharmed (void)
{
  Log log;
  sigset_t signals;

  openblas_set_num_threads (3);
  sigemptyset (&signals);
  sigaddset (&signals, SIGUSR1);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  setlocale (LC_ALL, "C.UTF-8");

  const FpState usual = fp_state ();
  gchar *before = describe_process ();
  const Capture out = capture (STDOUT_FILENO), err = capture (STDERR_FILENO);

  worker_fp = &usual;

  GstHarness *harness = log_open_audio (&log);

  log.act = look_around;
  fesetround (FE_TOWARDZERO); /* of the streaming thread alone */

  const FpState unusual = fp_state ();

  push_song (harness, RATE, 8, 0, 1);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (48000)); /* another length of the transform */
  push_song (harness, 48000, 8, 8 * GST_SECOND, 2);
  push_eos (harness);

  gchar *after = describe_process ();
  gchar *printed = capture_end (&out), *complained = capture_end (&err);

  check_fp ("the streaming thread", &unusual);
  fesetround (FE_TONEAREST);
  check_fp ("the streaming thread, back", &usual);
  CHECK (log_count (&log, FALSE) >= 10, "%u messages", log.n);
  CHECK (*printed == '\0' && *complained == '\0', "it prints \"%s\" and \"%s\"", printed, complained);
  CHECK (g_str_equal (before, after), "the process was\n%s\nand is\n%s", before, after);
  log_close (&log);
  pthread_sigmask (SIG_UNBLOCK, &signals, NULL);
  g_free (complained);
  g_free (printed);
  g_free (after);
  g_free (before);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

static guint
count_entries (const gchar *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  if (dir)
    g_dir_close (dir);
  return n;
}

/* One more thread for each element, none left behind, nor a file. */
static void
test_one_thread_each (void)
{
  static Log logs[5];
  const guint threads = count_entries ("/proc/self/task"), files = count_entries ("/proc/self/fd");

  for (guint i = 0; i < G_N_ELEMENTS (logs); i++) {
    push_song (log_open_audio (&logs[i]), RATE, 5, 0, i);
    CHECK (threads == 0 || count_entries ("/proc/self/task") == threads + i + 1, "%u elements: %u threads, %u before",
        i + 1, count_entries ("/proc/self/task"), threads);
  }
  for (guint i = 0; i < G_N_ELEMENTS (logs); i++) {
    push_eos (logs[i].harness);
    CHECK (log_count (&logs[i], TRUE) == 1, "element %u has %u finals", i, log_count (&logs[i], TRUE));
    log_close (&logs[i]);
  }
  CHECK (count_entries ("/proc/self/task") == threads, "%u threads, %u before", count_entries ("/proc/self/task"),
      threads);
  CHECK (count_entries ("/proc/self/fd") == files, "%u open files, %u before", count_entries ("/proc/self/fd"), files);
}

int
main (int argc, char **argv)
{
  g_unsetenv ("GST_DEBUG"); /* or it does print */
  gst_init (&argc, &argv);
  test_host_unharmed (); /* first: loads the plugin */
  test_one_thread_each ();
  test_live_ignores_handler ();
  test_stops ();
  test_stream_does_not_wait ();
  test_flushes ();
  TEST_END ();
}
