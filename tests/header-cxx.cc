/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/header-cxx.cc - the public header in a C++ program: it compiles, links and runs there as in C.
 *
 * Layer:   tests; the public header, GStreamer's core.
 * Threads: one.
 */
#include "gst/genreclassify/genremessage.h"

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);

  GstMessage *message = gst_message_new_element (NULL,
      gst_structure_from_string (
          "genreclassify, timestamp=(guint64)0, stream-time=(guint64)0, running-time=(guint64)0, duration=(guint64)1, "
          "label=(string)jazz, confidence=(double)1, index=(int)0, labels=(string)< jazz >, "
          "probabilities=(double)< 1.0 >, smoothed=(double)< 1.0 >, summary=(string)jazz, state=(string)silence, "
          "final=(boolean)true, windows=(uint)1",
          NULL));
  GstGenreMessage genre = {};
  bool ok = gst_genre_message_parse (message, &genre) && genre.final && genre.state == GST_GENRE_STATE_SILENCE
      && g_str_equal (gst_genre_message_label (&genre, 0), "jazz") && gst_genre_message_probability (&genre, 0) == 1.0
      && gst_genre_message_smoothed (&genre, 0) == 1.0;
  gst_message_unref (message);
  return ok ? 0 : 1;
}
