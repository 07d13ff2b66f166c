/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-host.c - nothing that belongs to the process is changed, and nothing is added to it but one thread for
 * each element; no latency, and a plugin whose name GStreamer takes.
 *
 * Layer:   tests; the element.  Linux's /proc.
 */
#define _GNU_SOURCE /* fegetexcept */

#include "tests/count_entries.h"
#include "tests/element_pipeline.h"

#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

extern char **environ;

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

  g_string_append_printf (text, "locale %s\ndirectory %s\nblocked", setlocale (LC_ALL, NULL), directory);
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

  sigemptyset (&signals);
  sigaddset (&signals, SIGUSR1);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  setlocale (LC_ALL, "C.UTF-8");

  const guint threads = count_threads ();
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
  CHECK (count_threads () == threads, "%u threads, %u before", count_threads (), threads);
  pthread_sigmask (SIG_UNBLOCK, &signals, NULL);
  g_free (complained);
  g_free (printed);
  g_free (after);
  g_free (before);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

/* One more thread for each element, none left behind, nor a file. */
static void
test_one_thread_each (void)
{
  static Log logs[5];
  const guint threads = count_threads (), files = count_entries ("/proc/self/fd");

  for (guint i = 0; i < G_N_ELEMENTS (logs); i++) {
    push_song (log_open_audio (&logs[i]), RATE, 5, 0, i);
    CHECK (threads == 0 || count_threads () == threads + i + 1, "%u elements: %u threads, %u before", i + 1,
        count_threads (), threads);
  }
  for (guint i = 0; i < G_N_ELEMENTS (logs); i++) {
    push_eos (logs[i].harness);
    CHECK (log_count (&logs[i], TRUE) == 1, "element %u has %u finals", i, log_count (&logs[i], TRUE));
    log_close (&logs[i]);
  }
  CHECK (count_threads () == threads, "%u threads, %u before", count_threads (), threads);
  CHECK (count_entries ("/proc/self/fd") == files, "%u open files, %u before", count_entries ("/proc/self/fd"), files);
}

/* --- latency, name ---------------------------------------------------------------------------------------------- */

/* audiornnoise computes its latency in whole seconds.  Ours is none, whatever upstream's is. */
static void
test_latency (void)
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

/* GStreamer refuses a plugin whose name is not its file's. */
static void
test_plugin_name (void)
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
  g_unsetenv ("GST_DEBUG"); /* or it does print */
  gst_init (&argc, &argv);
  test_host_unharmed (); /* first: loads the plugin */
  test_one_thread_each ();
  test_latency ();
  test_plugin_name ();
  TEST_END ();
}
