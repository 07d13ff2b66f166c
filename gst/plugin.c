/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/gstgenreclassify.h"
#if GENRE_WITH_SCOPE
#include "gst/gstgenrescope.h"
#endif
#include "models/genre_stream.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  /* As early as possible: it protects the FFTW plans of the whole process, the plugin's and the application's. */
  genre_stream_init ();
#if GENRE_WITH_SCOPE
  if (!GST_ELEMENT_REGISTER (genrescope, plugin))
    return FALSE;
#endif
  return GST_ELEMENT_REGISTER (genreclassify, plugin);
}

/* The macro casts string literals. */
#pragma GCC diagnostic ignored "-Wcast-qual"

/* The sources are LGPL.  The plugin links FFTW, which is GPL, so that the licence of the whole is "GPL".
 * `gst-inspect-1.0 --exists` compares versions with GStreamer's; the plugin's own is in the name of the package. */
GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, genreclassify, "Tells live which genre of music is playing",
    plugin_init, GSTREAMER_VERSION, "GPL", PACKAGE_NAME " " PACKAGE_VERSION, PACKAGE_ORIGIN)
