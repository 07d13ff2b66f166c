/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/listener.h - the answers of an analysis, and what an element does with them.
 *
 * Layer:   gst; models/genre_stream, places.
 * Threads: plain data.
 */
#ifndef GST_LISTENER_H
#define GST_LISTENER_H

#include "gst/places.h"
#include "models/descriptor_means.h"
#include "models/genre_stream.h"

#include <gst/gst.h>

/* One window's, or the final of a run. */
typedef struct GenreAnswer
{
  const GenreModel *model;
  const GenreResult *result;
  const GenreDescriptorValues *descriptors; /* over the same audio; NULL: they are not wanted */
  GenreTimes times;
  GstClockTime heard; /* all audio of the run so far, zeros for holes included */
} GenreAnswer;

/* What the element does with them.  Called on the worker's thread with no lock held, the element alive. */
typedef struct GenreListener
{
  void (*run_begins) (GstElement *element); /* its first sample is there; NULL: nothing is done */
  void (*answer) (GstElement *element, const GenreAnswer *answer); /* void when it returns; none that was flushed */
} GenreListener;

#endif
