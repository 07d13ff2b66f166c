/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/warning.h - what keeps audio from being heard, as WARNING messages on the bus.
 *
 * Layer:   gst; GStreamer only.
 * Threads: pure functions.
 */
#ifndef GST_WARNING_H
#define GST_WARNING_H

#include <gst/gst.h>

typedef enum GenreWarning
{
  GENRE_WARNING_NO_CAPS,    /* audio before caps */
  GENRE_WARNING_EMPTY,      /* a buffer of no bytes */
  GENRE_WARNING_RAGGED,     /* a size that is no multiple of a sample frame */
  GENRE_WARNING_NO_META,    /* planar audio without GstAudioMeta */
  GENRE_WARNING_ODD_META,   /* a GstAudioMeta of other channels, or that points outside of its buffer */
  GENRE_WARNING_UNREADABLE, /* a buffer that cannot be mapped */
  GENRE_WARNING_CANCEL,     /* the channels have sound, and their mean is silent */
} GenreWarning;

/* Posts it, with no lock held. */
void genre_warning_post (GstElement *element, GenreWarning warning);

#endif
