/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/nearest.h - which word was probably meant.
 *
 * Layer:   gst; GLib.
 * Threads: no state.
 */
#ifndef GST_TOOLS_NEAREST_H
#define GST_TOOLS_NEAREST_H

#include <glib.h>

/* How many letters must be changed, added, left out, or swapped with their neighbour to get from one to the other. */
guint tool_distance (const char *a, const char *b);

/* words  ends in NULL
 *
 * The nearest, the first of equals; NULL: none is so near that it could be meant. */
const char *tool_nearest (const char *word, const char *const *words);

#endif
