/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/complaint.h - what is wrong with a recording, in words that its owner can use.
 *
 * Layer:   gst; media_type.
 * Threads: any number may be at work.  gst_init() has been called.
 *
 * GStreamer's "a general stream error" may be a web page that was saved as song.mp3.  docs/training.md has the table.
 */
#ifndef GST_TOOLS_COMPLAINT_H
#define GST_TOOLS_COMPLAINT_H

#include <gst/gst.h>

/* One line, without the name of the file.
 *
 * path     of the file that could not be decoded; NULL: it is no file
 * error    GStreamer's; NULL: it gave none
 * missing  the structure of GStreamer's missing-plugin message; NULL: none came */
char *tool_complaint (const char *path, const GError *error, const GstStructure *missing);

#endif
