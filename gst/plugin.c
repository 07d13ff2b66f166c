/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/gstgenreclassify.h"
#if GENRE_WITH_SCOPE
#include "gst/gstgenrescope.h"
#endif
#include "models/genre_stream.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  /* As early as can be, since it protects the plans of the whole process, ours and the application's. */
  genre_stream_init ();
#if GENRE_WITH_SCOPE
  if (!GST_ELEMENT_REGISTER (genrescope, plugin))
    return FALSE;
#endif
  return GST_ELEMENT_REGISTER (genreclassify, plugin);
}

/* The macro casts string literals. */
#pragma GCC diagnostic ignored "-Wcast-qual"

/* The sources are LGPL; what is built of them links FFTW, which is GPL, and so is "GPL" as a whole.
 * `gst-inspect-1.0 --exists` wants the version of GStreamer's own plugins; ours stands in the name of the package. */
GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, genreclassify, "Tells live which genre of music is playing",
    plugin_init, GSTREAMER_VERSION, "GPL", PACKAGE_NAME " " PACKAGE_VERSION, PACKAGE_ORIGIN)
