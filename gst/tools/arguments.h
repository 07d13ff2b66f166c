/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/arguments.h - the command line as GOption can read it: -j4 becomes -j 4.
 *
 * Layer:   gst; GLib.
 * Threads: no state.
 *
 * GOption takes the argument behind -j4 for the value of -j, and 4 for another option: POSIX wants the rest of the
 * argument to be the value.
 */
#ifndef GST_TOOLS_ARGUMENTS_H
#define GST_TOOLS_ARGUMENTS_H

#include <glib.h>

/* Whether an argument follows, or stands behind "=". */
gboolean tool_option_takes_value (const GOptionEntry *entry);

/* program    becomes the first of the list, as the parser wants it
 * arguments  [n], those behind the program's name
 * entries    ends in an empty one; what takes no value can be left out
 *
 * A list of its own, for g_option_context_parse_strv(). */
char **tool_arguments (const char *program, int n, char *const *arguments, const GOptionEntry *entries);

#endif
