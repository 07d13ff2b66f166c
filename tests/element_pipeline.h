/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/element_pipeline.h - whole pipelines whose genreclassify, called "genre", is logged.
 *
 * Layer:   tests; gstreamer-check.
 * Threads: as tests/element_log.h.
 */
#ifndef TESTS_ELEMENT_PIPELINE_H
#define TESTS_ELEMENT_PIPELINE_H

#include "tests/element_log.h"

/* Music that can be sought in, and does not end. */
#define PIPELINE_ENDLESS                                                                                               \
  "audiotestsrc wave=pink-noise samplesperbuffer=2205 ! audio/x-raw, format=S16LE, layout=interleaved, rate=22050, "   \
  "channels=1 ! genreclassify name=genre ! fakesink"

static inline GstBusSyncReply
pipeline_on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Log *log = user_data;
  const GstStructure *structure = gst_message_get_structure (message);

  (void) bus;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT && gst_structure_has_name (structure, "genreclassify"))
    log_message (structure, log);
  return GST_BUS_PASS;
}

/* Logs what a pipeline posts, in the thread that posts it. */
static inline void
pipeline_log (GstElement *pipeline, Log *log)
{
  GstBus *bus = gst_element_get_bus (pipeline);

  log_init (log);
  gst_bus_set_sync_handler (bus, pipeline_on_message, log, NULL);
  gst_object_unref (bus);
}

/* From a launch line.  As in element_new(), all is music. */
static inline GstElement *
pipeline_open (const gchar *line, Log *log)
{
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (error)
    g_error ("%s: %s", line, error->message);
  pipeline_log (pipeline, log);

  GstElement *genre = gst_bin_get_by_name (GST_BIN (pipeline), "genre");

  g_object_set (genre, "music-threshold", 0., NULL);
  log_watch_events (log, genre);
  gst_object_unref (genre);
  return pipeline;
}

/* Plays until one of `types` is on the bus; an error or half a minute without is a failure. */
static inline void
pipeline_play_until (GstElement *pipeline, GstMessageType types)
{
  GstBus *bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);

  GstMessage *message = gst_bus_timed_pop_filtered (bus, 120 * GST_SECOND, types | GST_MESSAGE_ERROR);

  CHECK (message != NULL, "nothing for half a minute");
  if (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error;

    gst_message_parse_error (message, &error, NULL);
    CHECK (FALSE, "%s", error->message);
    g_error_free (error);
  }
  if (message)
    gst_message_unref (message);
  gst_object_unref (bus);
}

static inline void
pipeline_close (GstElement *pipeline, Log *log)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  log_clear (log);
}

/* To PAUSED, with data at the sink. */
static inline void
pipeline_preroll (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  gst_element_get_state (pipeline, NULL, NULL, 120 * GST_SECOND);
}

static inline void
pipeline_seek (GstElement *pipeline, GstSeekFlags flags, gdouble rate, GstClockTime start, GstClockTime stop)
{
  CHECK (gst_element_seek (pipeline, rate, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, (gint64) start, GST_SEEK_TYPE_SET,
             (gint64) stop),
      "seek to %d s refused", (int) (start / GST_SECOND));
}

/* A launch line to its end; close it. */
static inline GstElement *
pipeline_run (const gchar *line, Log *log)
{
  GstElement *pipeline = pipeline_open (line, log);

  pipeline_play_until (pipeline, GST_MESSAGE_EOS);
  return pipeline;
}

#endif
