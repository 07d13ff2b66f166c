/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/genre_name.h - a model's label as people write the genre: "hiphop" is Hip-Hop.
 *
 * Layer:   gst; GLib.
 * Threads: no state.
 */
#ifndef GST_TOOLS_GENRE_NAME_H
#define GST_TOOLS_GENRE_NAME_H

#include <glib.h>

/* label  UTF-8
 *
 * From a small table, or else each word with a capital, '_' read as a blank.  g_free() it. */
char *tool_genre_name (const char *label);

/* What is the same for all ways to write one genre, "Hip-Hop", "hip hop", "HIPHOP": its letters and digits, folded. */
char *tool_genre_key (const char *name);

#endif
