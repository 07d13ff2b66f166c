/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/picture_mark.h - what tells a PNG, SVG or PDF of this program from any other: only such a file is replaced.
 *
 * Layer:   gst; GLib.
 * Threads: no state.
 *
 * PNG has a chunk tEXt with Software, behind its header; SVG a comment, in its second line; PDF a Creator near its end.
 */
#ifndef GST_TOOLS_PICTURE_MARK_H
#define GST_TOOLS_PICTURE_MARK_H

#include <glib.h>

#define TOOL_PICTURE_MARK "gst-genre-1.0 plot"

/* Puts the mark into a PNG or SVG as cairo writes it; what is neither stays as it is. */
void tool_picture_mark (GByteArray *picture);

/* Whether the file is a picture with the mark. */
gboolean tool_picture_is_marked (const char *path);

#endif
