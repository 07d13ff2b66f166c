/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/handover.h"

enum
{
  BATCH = 64,            /* samples that are worth a change of thread, */
  BATCH_BYTES = 1 << 17, /* or so many bytes of them */
};

struct ToolHandover
{
  GQueue taken; /* of GstSample; the taker's */

  GMutex lock; /* for all below */
  GCond ready; /* a batch, or the end */
  GCond space;
  GQueue given; /* of GstSample */
  gsize bytes;  /* of those */
  gboolean ended, stopped;
};

/* Whether there is as much as `batches` batches. */
static gboolean
holds (const ToolHandover *handover, guint batches)
{
  return handover->given.length >= batches * BATCH || handover->bytes >= (gsize) batches * BATCH_BYTES;
}

static GstFlowReturn
on_sample (GstAppSink *sink, gpointer data)
{
  ToolHandover *handover = data;
  GstSample *sample = gst_app_sink_pull_sample (sink);

  if (!sample)
    return GST_FLOW_EOS;
  g_mutex_lock (&handover->lock);
  while (holds (handover, 2) && !handover->stopped)
    g_cond_wait (&handover->space, &handover->lock);

  const gboolean stopped = handover->stopped;

  if (!stopped) {
    g_queue_push_tail (&handover->given, sample);
    handover->bytes += gst_buffer_get_size (gst_sample_get_buffer (sample));
  }

  const gboolean ready = holds (handover, 1);

  g_mutex_unlock (&handover->lock);
  if (stopped)
    gst_sample_unref (sample);
  else if (ready)
    g_cond_signal (&handover->ready);
  return stopped ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

static void
on_eos (GstAppSink *sink, gpointer data)
{
  ToolHandover *handover = data;

  (void) sink;
  g_mutex_lock (&handover->lock);
  handover->ended = TRUE;
  g_mutex_unlock (&handover->lock);
  g_cond_signal (&handover->ready);
}

ToolHandover *
tool_handover_new (GstAppSink *sink)
{
  ToolHandover *handover = g_new0 (ToolHandover, 1);
  GstAppSinkCallbacks callbacks = { .eos = on_eos, .new_sample = on_sample };

  g_queue_init (&handover->taken);
  g_queue_init (&handover->given);
  g_mutex_init (&handover->lock);
  g_cond_init (&handover->ready);
  g_cond_init (&handover->space);
  gst_app_sink_set_callbacks (sink, &callbacks, handover, NULL);
  return handover;
}

void
tool_handover_stop (ToolHandover *handover)
{
  g_mutex_lock (&handover->lock);
  handover->stopped = TRUE;
  g_mutex_unlock (&handover->lock);
  g_cond_signal (&handover->space);
}

void
tool_handover_free (ToolHandover *handover)
{
  if (!handover)
    return;
  g_queue_clear_full (&handover->taken, (GDestroyNotify) gst_sample_unref);
  g_queue_clear_full (&handover->given, (GDestroyNotify) gst_sample_unref);
  g_mutex_clear (&handover->lock);
  g_cond_clear (&handover->ready);
  g_cond_clear (&handover->space);
  g_free (handover);
}

/* All that is there, once it is a batch, or the end, or as much as came in that time. */
static void
take_batch (ToolHandover *handover, GstClockTime patience, gboolean *ret_end)
{
  const gint64 until_us = g_get_monotonic_time () + (gint64) (patience / GST_USECOND);

  g_mutex_lock (&handover->lock);
  while (!holds (handover, 1) && !handover->ended && g_cond_wait_until (&handover->ready, &handover->lock, until_us))
    ;
  handover->taken = handover->given;
  g_queue_init (&handover->given);
  handover->bytes = 0;
  *ret_end = handover->ended && handover->taken.length == 0;
  g_mutex_unlock (&handover->lock);
  g_cond_signal (&handover->space);
}

GstSample *
tool_handover_take (ToolHandover *handover, GstClockTime patience, gboolean *ret_end)
{
  *ret_end = FALSE;
  if (handover->taken.length == 0)
    take_batch (handover, patience, ret_end);
  return g_queue_pop_head (&handover->taken);
}
