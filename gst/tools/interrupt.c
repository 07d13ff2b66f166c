/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L

#include "gst/tools/interrupt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum
{
  GRACE_MS = 600, /* for an orderly end; a busy machine may need the rest of the second */
  STATUS_INTERRUPTED = 130,
};

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

/* There is one terminal and one Ctrl-C.  A signal handler writes it and any thread reads it: both want a lock-free
 * atomic, where `volatile sig_atomic_t` would do for one thread alone. */
static atomic_int interrupted; /* the first signal that came; 0: none */
static_assert (ATOMIC_INT_LOCK_FREE == 2, "a signal handler may not take a lock");

static int wake[2] = { -1, -1 }; /* a byte for each signal, from the handler to the watcher */

static pthread_mutex_t leftovers_lock = PTHREAD_MUTEX_INITIALIZER; /* a lock that ThreadSanitizer sees */
static GPtrArray *leftovers;                                       /* of char *, under the lock */

gboolean
tool_interrupted (void)
{
  return atomic_load (&interrupted) != 0;
}

/* --- leftovers ------------------------------------------------------------------------------------------------- */

void
tool_leftover_add (const char *path)
{
  pthread_mutex_lock (&leftovers_lock);
  if (!leftovers)
    leftovers = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (leftovers, g_strdup (path));
  pthread_mutex_unlock (&leftovers_lock);
}

void
tool_leftover_forget (const char *path)
{
  pthread_mutex_lock (&leftovers_lock);
  for (guint i = leftovers ? leftovers->len : 0; i-- > 0;)
    if (strcmp (g_ptr_array_index (leftovers, i), path) == 0)
      g_ptr_array_remove_index (leftovers, i);
  if (leftovers && leftovers->len == 0)
    g_clear_pointer (&leftovers, g_ptr_array_unref);
  pthread_mutex_unlock (&leftovers_lock);
}

/* --- the end --------------------------------------------------------------------------------------------------- */

/* By the signal itself, so that a shell that runs a script ends that too.  To this thread: one to the process may go to
 * another thread, and come after the caller has gone on. */
static void
end_by (int number)
{
  signal (number, SIG_DFL);
  raise (number);
}

/* Ends the process, whatever other threads do. */
static void
end_now (void)
{
  static const char text[] = "gst-genre-1.0: interrupted\n";

  pthread_mutex_lock (&leftovers_lock); /* the lock is not released: no other thread may add a file any more */
  for (guint i = 0; leftovers && i < leftovers->len; i++)
    g_remove (g_ptr_array_index (leftovers, i));
  if (write (STDERR_FILENO, text, sizeof text - 1) < 0)
    errno = 0; /* a write fails if the other end is closed */
  end_by (atomic_load (&interrupted));
  _exit (STATUS_INTERRUPTED);
}

static void *
watch (void *data)
{
  char byte;
  (void) data;
  while (read (wake[0], &byte, 1) != 1)
    ;
  struct pollfd second = { .fd = wake[0], .events = POLLIN };
  while (poll (&second, 1, GRACE_MS) < 0 && errno == EINTR)
    ;
  end_now ();
  return NULL;
}

int
tool_exit_status (ToolStatus status)
{
  if (status != TOOL_FAILED || !tool_interrupted ())
    return (int) status;
  end_by (atomic_load (&interrupted));
  return STATUS_INTERRUPTED;
}

/* --- signals --------------------------------------------------------------------------------------------------- */

static void
on_signal (int number)
{
  const int before = errno;
  int none = 0;
  const char byte = 0;

  const bool first = atomic_compare_exchange_strong (&interrupted, &none, number);
  if (!first && number == SIGPIPE)
    return; /* further signals are not needed */
  if (write (wake[1], &byte, 1) < 0)
    errno = 0; /* the pipe is full of signals */
  errno = before;
}

void
tool_catch_interrupts (void)
{
  const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
  if (pipe (wake) != 0)
    return; /* then a signal ends the program as it would any other */
  for (gsize i = 0; i < G_N_ELEMENTS (wake); i++)
    fcntl (wake[i], F_SETFD, FD_CLOEXEC);
  fcntl (wake[1], F_SETFL, O_NONBLOCK);
  pthread_t watcher;
  if (pthread_create (&watcher, NULL, watch, NULL) != 0)
    return;
  pthread_detach (watcher);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++) {
    struct sigaction old;
    if (sigaction (signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction (signals[i], &action, NULL);
  }
}
