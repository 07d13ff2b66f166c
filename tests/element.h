/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/element.h - what the C tests of the element share: a harness with a bus, and collected messages.
 *
 * Layer:   tests; gstreamer-check.
 * Threads: messages arrive on the element's worker; read them after an EOS has gone through, or not at all.
 */
#ifndef TESTS_ELEMENT_H
#define TESTS_ELEMENT_H

#include "tests/test.h"

#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>

/* Called with every genreclassify message, on the thread that posts it. */
typedef void (*ElementMessageFunc) (const GstStructure *message, gpointer user_data);

typedef struct ElementListener
{
  ElementMessageFunc func;
  gpointer user_data;
  gint errors;   /* ERROR messages, printed */
  gint warnings; /* WARNING messages */
} ElementListener;

static inline GstBusSyncReply
element_on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  ElementListener *listener = user_data;
  const GstStructure *structure = gst_message_get_structure (message);
  GError *error = NULL;

  (void) bus;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("ERROR message: %s\n", error->message);
    g_error_free (error);
    g_atomic_int_inc (&listener->errors);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
    g_atomic_int_inc (&listener->warnings);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT && gst_structure_has_name (structure, "genreclassify")) {
    listener->func (structure, listener->user_data);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* Puts a bus on the element that hands everything to the listener, which must outlive the element. */
static inline void
element_listen (GstElement *element, ElementListener *listener)
{
  GstBus *bus = gst_bus_new ();

  gst_bus_set_sync_handler (bus, element_on_message, listener, NULL);
  gst_element_set_bus (element, bus);
  gst_object_unref (bus);
}

/* A genreclassify in state NULL whose messages go to the listener.  To it all is music: most tests play noise, and are
 * not about what the embedded model thinks of that. */
static inline GstElement *
element_new (ElementListener *listener)
{
  GstElement *element = gst_element_factory_make ("genreclassify", NULL);

  if (!element)
    g_error ("there is no element genreclassify: does GST_PLUGIN_PATH name the build's gst directory?");
  g_object_set (element, "music-threshold", 0., NULL);
  element_listen (element, listener);
  return element;
}

/* Plays the element, which is taken, between two pads, not live. */
static inline GstHarness *
element_play (GstElement *element)
{
  GstHarness *harness = gst_harness_new_with_element (element, "sink", "src");

  gst_object_unref (element);
  gst_harness_set_live (harness, FALSE); /* it says live otherwise, and what is pushed too fast would be skipped */
  return harness;
}

/* Both, with default properties. */
static inline GstHarness *
element_harness (ElementListener *listener)
{
  return element_play (element_new (listener));
}

#endif
