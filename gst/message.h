/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/message.h - one answer of the classifier -> the "genreclassify" message.
 *
 * Layer:   gst.
 * Threads: pure functions.
 */
#ifndef GST_MESSAGE_H
#define GST_MESSAGE_H

#include "gst/places.h"
#include "models/descriptor_means.h"
#include "models/genre_stream.h"

#include <gst/gst.h>

/* descriptors: for the field `features`; NULL: it is not there
 * threshold: below it the label is "unknown", [0, 1]
 *
 * Returns a new message of `source`. */
GstMessage *genre_message_new (GstObject *source, const GenreModel *model, const GenreResult *result,
    const GenreDescriptorValues *descriptors, const GenreTimes *times, gdouble threshold);

#endif
