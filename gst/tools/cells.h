/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/cells.h - text in the columns of a terminal: how many it takes, cut to so many, filled up to so many.
 *
 * Layer:   gst; GLib.
 * Threads: no state.
 *
 * A wide character, such as an ideograph or an emoji, takes two cells, a combining mark none, any other one; a
 * character with the emoji selector U+FE0F behind it two.  Where terminals differ, as for emoji that are joined, this
 * is the most that one takes.  All text is printable UTF-8 (models/file/printable.h).
 */
#ifndef GST_TOOLS_CELLS_H
#define GST_TOOLS_CELLS_H

#include <glib.h>

gsize tool_cells (const char *text);

/* The longest start of it that takes at most so many; its last character keeps its marks. */
char *tool_cells_cut (const char *text, gsize most);

/* The longest end of it that takes at most so many; no mark is without its character. */
const char *tool_cells_end (const char *text, gsize most);

/* Appends `text` cut to `width` and, behind it or in front, as many blanks as are missing to that. */
void tool_cells_append (GString *out, const char *text, gsize width, gboolean right);

#endif
