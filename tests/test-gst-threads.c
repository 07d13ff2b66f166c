/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-threads.c - eight elements start and stop 2000 times in all, at ever other rates, while the
 * application uses FFTW's planner on a thread of its own; they stop with the streaming thread anywhere.
 *
 * Layer:   tests; the element, FFTW.
 */
#include "tests/element.h"

#include <fftw3.h>

enum
{
  N_ELEMENTS = 8,
  CYCLES = 250,     /* of each element */
  TIME_LIMIT = 240, /* seconds, after which something hangs */
};

/* --- The application's own transforms --- */

static gint planning = 1;

static gpointer
plan_for_ever (gpointer unused)
{
  guint64 seed = 5, n_plans = 0;

  (void) unused;
  while (g_atomic_int_get (&planning)) {
    const int n = (int) (test_random (&seed) % 4000) + 2;
    double *in = fftw_alloc_real ((size_t) n);
    fftw_complex *out = fftw_alloc_complex ((size_t) n / 2 + 1);
    fftw_plan plan = fftw_plan_dft_r2c_1d (n, in, out, FFTW_ESTIMATE);

    CHECK (plan != NULL, "no plan for %d points", n);
    fftw_destroy_plan (plan);
    fftw_free (in);
    fftw_free (out);
    n_plans++;
  }
  return g_memdup2 (&n_plans, sizeof n_plans);
}

/* --- One element between two pads of ours --- */

typedef struct Slot
{
  guint index;
  uint64_t seed;
  GstElement *element;
  GstPad *src, *sink;
  ElementListener listener;
  gint messages, finals;

  /* of the present cycle */
  gint rate;
  guint n_buffers;
  bool to_the_end; /* with EOS; else until the state change stops it */
  guint cycle;
  GstFlowReturn flow;
  gint stopping;      /* the state change has begun, or is about to */
  bool refused_early; /* something was refused before that */
} Slot;

static void
count_message (const GstStructure *message, gpointer user_data)
{
  Slot *slot = user_data;
  gboolean final = FALSE;

  gst_structure_get_boolean (message, "final", &final);
  g_atomic_int_inc (final ? &slot->finals : &slot->messages);
}

static GstFlowReturn
drop_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  (void) pad;
  (void) parent;
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static void
slot_open (Slot *slot, guint index)
{
  slot->index = index;
  slot->seed = 1000 + index;
  slot->listener = (ElementListener){ .func = count_message, .user_data = slot };
  slot->element = gst_object_ref_sink (element_new (&slot->listener));
  slot->src = gst_pad_new ("src", GST_PAD_SRC);
  slot->sink = gst_pad_new ("sink", GST_PAD_SINK);
  gst_pad_set_chain_function (slot->sink, drop_buffer);

  GstPad *in = gst_element_get_static_pad (slot->element, "sink");
  GstPad *out = gst_element_get_static_pad (slot->element, "src");

  gst_pad_link (slot->src, in);
  gst_pad_link (out, slot->sink);
  gst_object_unref (in);
  gst_object_unref (out);
}

static void
slot_close (Slot *slot)
{
  gst_element_set_state (slot->element, GST_STATE_NULL);
  gst_object_unref (slot->element);
  gst_object_unref (slot->src);
  gst_object_unref (slot->sink);
}

/* FALSE: the pads were closed meanwhile, and an event was refused.  Closed after it, a push says so in one of several
 * ways: GstBaseTransform closes its source first, so that the sink may refuse the caps (GST_FLOW_NOT_NEGOTIATED) or
 * another event (GST_FLOW_ERROR) that GstPad sends once more before the buffer. */
static bool
push_header (const Slot *slot)
{
  GstSegment segment;
  gchar *id = g_strdup_printf ("%u/%u", slot->index, slot->cycle);
  GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING, GST_AUDIO_NE (F32), "layout",
      G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, slot->rate, "channels", G_TYPE_INT, 1, NULL);

  gst_segment_init (&segment, GST_FORMAT_TIME);

  const bool accepted = gst_pad_push_event (slot->src, gst_event_new_stream_start (id))
      && gst_pad_push_event (slot->src, gst_event_new_caps (caps))
      && gst_pad_push_event (slot->src, gst_event_new_segment (&segment));

  gst_caps_unref (caps);
  g_free (id);
  return accepted;
}

/* A second of noise, so that the ring of one second makes this thread wait now and then. */
static GstBuffer *
second_of_noise (Slot *slot, guint second)
{
  float *noise = g_new (float, slot->rate);

  for (gint i = 0; i < slot->rate; i++)
    noise[i] = .1f * test_noise (&slot->seed);

  GstBuffer *buffer = gst_buffer_new_wrapped (noise, (gsize) slot->rate * sizeof *noise);

  GST_BUFFER_PTS (buffer) = second * GST_SECOND;
  GST_BUFFER_DURATION (buffer) = GST_SECOND;
  return buffer;
}

static gpointer
stream (gpointer data)
{
  Slot *slot = data;

  slot->flow = push_header (slot) ? GST_FLOW_OK : GST_FLOW_FLUSHING;
  for (guint i = 0; i < slot->n_buffers && slot->flow == GST_FLOW_OK; i++)
    slot->flow = gst_pad_push (slot->src, second_of_noise (slot, i));
  slot->refused_early = slot->flow != GST_FLOW_OK && !g_atomic_int_get (&slot->stopping);
  if (slot->flow == GST_FLOW_OK && slot->to_the_end)
    CHECK (gst_pad_push_event (slot->src, gst_event_new_eos ()), "EOS refused");
  return NULL;
}

/* READY to PAUSED, some audio, PAUSED to READY: after all of it or in the middle. */
static void
run_cycle (Slot *slot)
{
  const gint messages = slot->messages, finals = slot->finals;

  slot->cycle++;
  /* Rates of their own give transforms of their own: FFTW plans in most cycles. */
  slot->rate = (gint) (2000 + 8 * (test_random (&slot->seed) % 1000));
  slot->to_the_end = slot->cycle % 10 == 0;
  slot->n_buffers = slot->to_the_end ? 5 : 1 + (guint) (test_random (&slot->seed) % 30);

  gst_pad_set_active (slot->sink, TRUE);
  gst_pad_set_active (slot->src, TRUE);
  CHECK (gst_element_set_state (slot->element, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE, "cannot pause");

  g_atomic_int_set (&slot->stopping, 0);
  GThread *thread = g_thread_new ("stream", stream, slot);

  if (slot->to_the_end)
    g_thread_join (thread);
  else
    g_usleep (test_random (&slot->seed) % 4000);
  g_atomic_int_set (&slot->stopping, 1);
  CHECK (gst_element_set_state (slot->element, GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS, "cannot stop");
  gst_pad_set_active (slot->src, FALSE);
  if (!slot->to_the_end)
    g_thread_join (thread);
  gst_pad_set_active (slot->sink, FALSE);

  if (slot->to_the_end) {
    CHECK (slot->flow == GST_FLOW_OK, "%s", gst_flow_get_name (slot->flow));
    CHECK (slot->messages == messages + 2, "%d messages for 5 s", slot->messages - messages);
    CHECK (slot->finals == finals + 1, "%d finals", slot->finals - finals);
  } else {
    CHECK (!slot->refused_early, "%s before it was stopped", gst_flow_get_name (slot->flow));
    CHECK (slot->flow == GST_FLOW_OK || slot->flow == GST_FLOW_FLUSHING || slot->flow == GST_FLOW_NOT_NEGOTIATED
            || slot->flow == GST_FLOW_ERROR,
        "%s", gst_flow_get_name (slot->flow));
    CHECK (slot->finals == finals, "a final without EOS");
  }
}

static gpointer
run_slot (gpointer data)
{
  Slot *slot = data;

  for (guint i = 0; i < CYCLES; i++)
    run_cycle (slot);
  return NULL;
}

static gpointer
watch (gpointer done)
{
  for (guint i = 0; i < 10 * TIME_LIMIT; i++) {
    if (g_atomic_int_get ((gint *) done))
      return NULL;
    g_usleep (100000);
  }
  g_error ("not done after %d s: something hangs", TIME_LIMIT);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);

  static Slot slots[N_ELEMENTS];
  GThread *threads[N_ELEMENTS];
  gint done = 0;

  for (guint i = 0; i < N_ELEMENTS; i++)
    slot_open (&slots[i], i);

  GThread *watcher = g_thread_new ("watch", watch, &done);
  GThread *planner = g_thread_new ("planner", plan_for_ever, NULL);

  for (guint i = 0; i < N_ELEMENTS; i++)
    threads[i] = g_thread_new ("slot", run_slot, &slots[i]);
  for (guint i = 0; i < N_ELEMENTS; i++)
    g_thread_join (threads[i]);
  g_atomic_int_set (&planning, 0);

  guint64 *n_plans = g_thread_join (planner);

  g_atomic_int_set (&done, 1);
  g_thread_join (watcher);
  g_print ("%" G_GUINT64_FORMAT " plans of the application's\n", *n_plans);
  CHECK (*n_plans > 100, "%" G_GUINT64_FORMAT " plans", *n_plans);
  g_free (n_plans);
  for (guint i = 0; i < N_ELEMENTS; i++) {
    CHECK (slots[i].listener.errors == 0, "element %u: %d errors", i, slots[i].listener.errors);
    CHECK (slots[i].finals == CYCLES / 10, "element %u: %d finals", i, slots[i].finals);
    slot_close (&slots[i]);
  }
  TEST_END ();
}
