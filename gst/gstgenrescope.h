/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/gstgenrescope.h - the element that shows what is heard: audio in, video of a spectrogram and genre bars out.
 *
 * Layer:   gst.
 * Threads: as any GstElement.
 */
#ifndef GST_GENRE_SCOPE_H
#define GST_GENRE_SCOPE_H

#include <gst/gst.h>
#include <gst/pbutils/gstaudiovisualizer.h>

#define GST_TYPE_GENRE_SCOPE (gst_genre_scope_get_type ())
G_DECLARE_FINAL_TYPE (GstGenreScope, gst_genre_scope, GST, GENRE_SCOPE, GstAudioVisualizer)

GST_ELEMENT_REGISTER_DECLARE (genrescope)

#endif
