/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/genre_map.h - a person's own names for a model's labels.
 *
 * Layer:   gst; genre_name, models/file.
 * Threads: no state.
 *
 * A text file, one label a line: the label, a tab, the name.  A line without a name means never to write that genre.
 * Empty lines, and those that begin with '#', are passed over.
 */
#ifndef GST_TOOLS_GENRE_MAP_H
#define GST_TOOLS_GENRE_MAP_H

#include <glib.h>

/* path    NULL: only the built-in names
 * labels  of the model; ends in NULL
 *
 * The name of each label, "" for what is never to be written; ends in NULL, g_strfreev() it.  NULL: an error that names
 * file and line. */
char **tool_genre_map_read (const char *path, const char *const *labels, GError **error);

#endif
