/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/handover.h: every sample once and in order, however slowly they come; the end; a stop while the streaming
 * thread waits.
 *
 * Layer:   tests; GStreamer's app library.
 */
#include "gst/tools/handover.h"

#include "tests/test.h"

#include <gst/app/gstappsrc.h>

enum
{
  MANY = 1000,
  LARGE = 1 << 18, /* bytes: two of them are a batch */
};

typedef struct Line
{
  GstElement *pipeline;
  GstAppSrc *source;
  ToolHandover *handover;
  guint pushed, taken;
} Line;

static Line
line_new (void)
{
  Line line = { .pipeline = gst_pipeline_new (NULL) };
  GstElement *source = gst_element_factory_make ("appsrc", NULL), *sink = gst_element_factory_make ("appsink", NULL);

  g_object_set (source, "max-bytes", (guint64) 0, NULL);
  g_object_set (sink, "sync", FALSE, "enable-last-sample", FALSE, "wait-on-eos", FALSE, NULL);
  gst_bin_add_many (GST_BIN (line.pipeline), source, sink, NULL);
  gst_element_link (source, sink);
  line.source = GST_APP_SRC (source);
  line.handover = tool_handover_new (GST_APP_SINK (sink));
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  return line;
}

static void
line_free (Line *line)
{
  tool_handover_stop (line->handover);
  gst_element_set_state (line->pipeline, GST_STATE_NULL);
  gst_object_unref (line->pipeline);
  tool_handover_free (line->handover);
}

/* Their offsets count them. */
static void
push (Line *line, guint n, gsize bytes)
{
  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, bytes, NULL);

    GST_BUFFER_OFFSET (buffer) = line->pushed++;
    CHECK (gst_app_src_push_buffer (line->source, buffer) == GST_FLOW_OK, "push %u", line->pushed);
  }
}

/* Whether the end came; else nothing more came in that time. */
static gboolean
take_all (Line *line, GstClockTime patience)
{
  GstSample *sample;
  gboolean end = FALSE;

  while ((sample = tool_handover_take (line->handover, patience, &end))) {
    CHECK (!end, "an end with a sample");
    CHECK (GST_BUFFER_OFFSET (gst_sample_get_buffer (sample)) == line->taken, "sample %u out of order", line->taken);
    line->taken++;
    gst_sample_unref (sample);
  }
  return end;
}

static void
test_all_in_order (gsize bytes, guint n)
{
  Line line = line_new ();

  push (&line, n, bytes);
  gst_app_src_end_of_stream (line.source);
  CHECK (take_all (&line, 10 * GST_SECOND), "no end");
  CHECK (line.taken == n, "%u samples of %u", line.taken, n);
  CHECK (take_all (&line, 0) && line.taken == n, "the end does not last");
  line_free (&line);
}

/* Less than a batch comes, too: once patience is at an end. */
static void
test_few (void)
{
  Line line = line_new ();

  CHECK (!take_all (&line, GST_MSECOND) && line.taken == 0, "something out of nothing");
  push (&line, 3, 10);
  while (line.taken < 3)
    CHECK (!take_all (&line, 10 * GST_MSECOND), "an end");
  push (&line, 1, 10);
  gst_app_src_end_of_stream (line.source);
  CHECK (take_all (&line, 10 * GST_SECOND) && line.taken == 4, "%u samples", line.taken);
  line_free (&line);
}

/* The streaming thread waits behind two batches, and whoever leaves is not held up by it. */
static void
test_stop (void)
{
  Line line = line_new ();
  gboolean end;

  push (&line, MANY, 10);

  GstSample *sample = tool_handover_take (line.handover, 10 * GST_SECOND, &end);

  CHECK (sample && !end, "no sample");
  if (sample)
    gst_sample_unref (sample);
  g_usleep (20000);
  line_free (&line);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_all_in_order (10, 0);
  test_all_in_order (10, 1);
  test_all_in_order (10, MANY);
  test_all_in_order (LARGE, 20);
  test_few ();
  test_stop ();
  TEST_END ();
}
