/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-tool.c - tool_interrupted() on every thread, while the signal comes on one.
 *
 * Layer:   tests; gst/tools/tool.c.  ThreadSanitizer judges the access.
 */
#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t, raise */

#include "gst/tools/tool.h"
#include "tests/test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

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

int
main (void)
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
  TEST_END ();
}
