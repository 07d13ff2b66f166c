/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-interrupt.c - tool_interrupted() on every thread, while the signal comes on one; and the end by force
 * of who does not end by himself.
 *
 * Layer:   tests; gst/tools/interrupt.c.  ThreadSanitizer judges the access.
 */
#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t, raise, mkdtemp */

#include "gst/tools/interrupt.h"
#include "tests/test.h"

#include <glib/gstdio.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  POLLS = 4,
};

static void *
poll_until_interrupted (void *started)
{
  pthread_barrier_wait (started);
  while (!tool_interrupted ())
    sched_yield ();
  return NULL;
}

/* In a process of its own, for it would end by force if it came to its end too slowly.
 * ready: a byte goes there, 0 if all is well */
static void
see_on_all_threads (int ready)
{
  pthread_barrier_t started;
  pthread_t threads[POLLS];

  CHECK (!tool_interrupted (), "interrupted from the beginning");
  tool_catch_interrupts ();
  pthread_barrier_init (&started, NULL, POLLS + 1);
  for (unsigned i = 0; i < POLLS; i++)
    CHECK (pthread_create (&threads[i], NULL, poll_until_interrupted, &started) == 0, "no thread");
  pthread_barrier_wait (&started);
  raise (SIGTERM);
  for (unsigned i = 0; i < POLLS; i++)
    pthread_join (threads[i], NULL);
  CHECK (tool_interrupted (), "not interrupted after SIGTERM");
  pthread_barrier_destroy (&started);
  const char failed = test_failures != 0;
  CHECK (write (ready, &failed, 1) == 1, "no pipe");
}

/* What hangs ends all the same, by the signal that came, and its leftovers go; what was forgotten stays. */
static void
hang (int ready)
{
  tool_catch_interrupts ();
  tool_leftover_add ("left/file");
  tool_leftover_add ("left/kept");
  tool_leftover_forget ("left/kept");
  tool_leftover_add ("left/folder");
  CHECK (write (ready, "", 1) == 1, "no pipe");
  for (;;)
    pause ();
}

static int
run (void (*body) (int ready), int signal_number, char *ret_byte)
{
  int ready[2], status = 0;
  CHECK (pipe (ready) == 0, "no pipe");
  const pid_t child = fork ();
  if (child == 0) {
    body (ready[1]);
    _exit (0);
  }
  close (ready[1]);
  *ret_byte = 1;
  CHECK (read (ready[0], ret_byte, 1) == 1, "the child came to an end too early");
  close (ready[0]);
  if (signal_number != 0)
    kill (child, signal_number);
  waitpid (child, &status, 0);
  return status;
}

static void
test_forced_end (int number)
{
  char byte;
  CHECK (g_mkdir_with_parents ("left/folder", 0700) == 0, "no folder");
  CHECK (g_file_set_contents ("left/file", "x", 1, NULL) && g_file_set_contents ("left/kept", "x", 1, NULL), "no file");
  const gint64 began_us = g_get_monotonic_time ();
  const int status = run (hang, number, &byte);
  const double seconds = (double) (g_get_monotonic_time () - began_us) / G_USEC_PER_SEC;
  CHECK (WIFSIGNALED (status) && WTERMSIG (status) == number, "signal %d: status %x", number, (unsigned) status);
  CHECK (seconds < 5, "signal %d: %.1f s", number, seconds); /* .6 of them are ours; the rest is for a busy machine */
  CHECK (!g_file_test ("left/file", G_FILE_TEST_EXISTS) && !g_file_test ("left/folder", G_FILE_TEST_EXISTS),
      "signal %d: something is left", number);
  CHECK (g_file_test ("left/kept", G_FILE_TEST_EXISTS), "signal %d: what was forgotten is gone", number);
}

int
main (void)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
  char folder[] = "/tmp/genre-interrupt-XXXXXX", byte;

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    signal (numbers[i], SIG_DFL); /* nohup, or a shell's background, has some of them ignored */
  CHECK (mkdtemp (folder) && chdir (folder) == 0, "no folder");
  run (see_on_all_threads, 0, &byte);
  CHECK (byte == 0, "not every thread saw it");
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    test_forced_end (numbers[i]);
  CHECK (g_remove ("left/kept") == 0 && g_remove ("left") == 0 && g_remove (folder) == 0, "more is left");
  TEST_END ();
}
