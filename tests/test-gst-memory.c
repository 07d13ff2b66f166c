/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-memory.c - 64 elements in one process: each after the first adds less than 1 MB beyond its ring,
 * because all of them share one model; and what they took is flat while they go on.
 *
 * Layer:   tests; the element.  Reads Linux's /proc; skipped elsewhere.
 */
#include "tests/element.h"

#include <unistd.h>

enum
{
  N_ELEMENTS = 64,
  RATE = 44100,
  SECONDS = 8, /* of audio for each: several windows of full length */
  SKIPPED = 77,
};

static const double megabyte = 1e6;

static void
count_message (const GstStructure *message, gpointer user_data)
{
  (void) message;
  g_atomic_int_inc ((gint *) user_data);
}

/* Resident memory of this process in bytes; 0 where there is no /proc. */
static double
resident_bytes (void)
{
  gchar *text = NULL;
  unsigned long long total = 0, resident = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  if (sscanf (text, "%llu %llu", &total, &resident) != 2)
    resident = 0;
  g_free (text);
  return (double) resident * (double) sysconf (_SC_PAGESIZE);
}

static void
push_seconds (GstHarness *harness, GstBuffer *second, guint first, guint n)
{
  for (guint i = first; i < first + n; i++) {
    GstBuffer *buffer = gst_buffer_copy (second);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "refused");
  }
}

static GstHarness *
open_element (ElementListener *listener)
{
  GstHarness *harness = element_harness (listener);

  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=44100, channels=1");
  gst_harness_set_drop_buffers (harness, TRUE);
  return harness;
}

/* The worker may be up to a ring behind: another second waits for it in part; after this it is idle or nearly so. */
static void
settle (void)
{
  g_usleep (20000);
}

int
main (int argc, char **argv)
{
  if (resident_bytes () <= 0)
    return SKIPPED;
  gst_init (&argc, &argv);

  static GstHarness *harnesses[N_ELEMENTS];
  static double after[N_ELEMENTS];
  gint messages = 0;
  ElementListener listener = { .func = count_message, .user_data = &messages };
  float *noise = g_new (float, RATE);
  uint64_t seed = 1;

  for (gsize i = 0; i < RATE; i++)
    noise[i] = .1f * test_noise (&seed);

  GstBuffer *second = gst_buffer_new_wrapped (noise, RATE * sizeof *noise);

  for (guint i = 0; i < N_ELEMENTS; i++) {
    harnesses[i] = open_element (&listener);
    push_seconds (harnesses[i], second, 0, SECONDS);
    settle ();
    after[i] = resident_bytes ();
  }

  const double ring = RATE * sizeof (float);
  double worst = 0;

  for (guint i = 1; i < N_ELEMENTS; i++) {
    const double added = after[i] - after[i - 1];

    worst = MAX (worst, added);
    CHECK (added < megabyte + ring, "element %u adds %.2f MB", i, added / megabyte);
  }

  const double mean = (after[N_ELEMENTS - 1] - after[0]) / (N_ELEMENTS - 1);

  g_print ("an element after the first adds %.3f MB, at most %.3f MB; its ring is %.3f MB\n", mean / megabyte,
      worst / megabyte, ring / megabyte);
  CHECK (mean < megabyte + ring, "%.2f MB each", mean / megabyte);

  /* Going on costs nothing. */
  for (guint i = 0; i < N_ELEMENTS; i++)
    push_seconds (harnesses[i], second, SECONDS, SECONDS);
  settle ();

  const double grown = resident_bytes () - after[N_ELEMENTS - 1];

  g_print ("another %d s for each: %.3f MB more in all\n", SECONDS, grown / megabyte);
  CHECK (grown < 2 * megabyte, "memory grows by %.2f MB", grown / megabyte);

  for (guint i = 0; i < N_ELEMENTS; i++) {
    CHECK (gst_harness_push_event (harnesses[i], gst_event_new_eos ()), "EOS refused");
    gst_harness_teardown (harnesses[i]);
  }
  CHECK (messages >= N_ELEMENTS * (2 * SECONDS - 4), "%d messages", messages);
  CHECK (listener.errors == 0, "%d errors", listener.errors);
  gst_buffer_unref (second);
  TEST_END ();
}
