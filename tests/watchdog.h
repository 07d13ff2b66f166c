/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/watchdog.h - ends a test that hangs, and says where.
 *
 * Layer:   tests; GLib.
 * Threads: one of its own; watchdog_feed() may be called on any.
 */
#ifndef TESTS_WATCHDOG_H
#define TESTS_WATCHDOG_H

#include <glib.h>

enum
{
  WATCHDOG_SECONDS = 20, /* far more than anything here takes on a busy machine with a sanitizer */
};

typedef struct Watchdog
{
  GThread *thread;
  GMutex lock;
  GCond stopped;
  gboolean done;
  gint64 fed;
  const gchar *step;
} Watchdog;

static inline gpointer
watchdog_watch (gpointer data)
{
  Watchdog *dog = data;

  g_mutex_lock (&dog->lock);
  while (!dog->done) {
    const gint64 due = dog->fed + WATCHDOG_SECONDS * G_TIME_SPAN_SECOND;

    if (g_get_monotonic_time () >= due)
      g_error ("%s: not done after %d s", dog->step, WATCHDOG_SECONDS);
    g_cond_wait_until (&dog->stopped, &dog->lock, due);
  }
  g_mutex_unlock (&dog->lock);
  return NULL;
}

/* step: what is about to be done; it must live as long as the watchdog. */
static inline void
watchdog_feed (Watchdog *dog, const gchar *step)
{
  g_mutex_lock (&dog->lock);
  dog->fed = g_get_monotonic_time ();
  dog->step = step;
  g_mutex_unlock (&dog->lock);
}

static inline void
watchdog_start (Watchdog *dog, const gchar *step)
{
  *dog = (Watchdog){ 0 };
  g_mutex_init (&dog->lock);
  g_cond_init (&dog->stopped);
  watchdog_feed (dog, step);
  dog->thread = g_thread_new ("watchdog", watchdog_watch, dog);
}

static inline void
watchdog_stop (Watchdog *dog)
{
  g_mutex_lock (&dog->lock);
  dog->done = TRUE;
  g_cond_signal (&dog->stopped);
  g_mutex_unlock (&dog->lock);
  g_thread_join (dog->thread);
  g_cond_clear (&dog->stopped);
  g_mutex_clear (&dog->lock);
}

#endif
