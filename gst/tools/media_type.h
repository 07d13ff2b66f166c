/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/media_type.h - what a file is, by its first bytes.
 *
 * Layer:   gst; GStreamer's typefinding.
 * Threads: any number may be at work.  gst_init() has been called.
 */
#ifndef GST_TOOLS_MEDIA_TYPE_H
#define GST_TOOLS_MEDIA_TYPE_H

#include <gst/gst.h>

/* "audio/x-wav", with how sure that is in *ret_probability, which may be NULL.  NULL: the file is empty, cannot be
 * read, or is nothing that GStreamer knows. */
char *tool_media_type (const char *path, GstTypeFindProbability *ret_probability);

#endif
