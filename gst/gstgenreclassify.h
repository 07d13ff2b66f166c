/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/gstgenreclassify.h - the element: passes audio on untouched and posts which genre it is.
 *
 * Layer:   gst.
 * Threads: as any GstElement.
 */
#ifndef GST_GENRE_CLASSIFY_H
#define GST_GENRE_CLASSIFY_H

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#define GST_TYPE_GENRE_CLASSIFY (gst_genre_classify_get_type ())
G_DECLARE_FINAL_TYPE (GstGenreClassify, gst_genre_classify, GST, GENRE_CLASSIFY, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (genreclassify)

#endif
