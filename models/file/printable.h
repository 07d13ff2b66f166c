/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/printable.h - text from outside as a person may read it on a terminal: nothing in it can move the cursor,
 *                      break the line or turn its direction.
 *
 * Layer:   models/file; uses GLib.
 * Threads: no state.
 *
 * From outside are names of files and folders, tags, what is in a file of any kind, and what others say of these.
 */
#ifndef MODELS_FILE_PRINTABLE_H
#define MODELS_FILE_PRINTABLE_H

#include <glib.h>

/* FALSE: the control characters C0, DEL and C1, the ends of line and paragraph U+2028 and U+2029, and the embeddings,
 * overrides and isolates of Unicode's bidirectional algorithm, U+202A ... U+202E and U+2066 ... U+2069.  Marks and
 * joiners, which scripts and emoji need, are TRUE. */
gboolean printable_is (gunichar c);

/* Appends `text`, any bytes, on one line: \n, \t, \r, \x1b for ASCII's control characters, \u202e for the others that
 * are not printable, \xff for a byte that is not UTF-8.  A backslash stays as it is: what is printable comes out as it
 * went in. */
void printable_append (GString *out, const char *text);

/* The same as a string of its own, valid UTF-8. */
char *printable_text (const char *text);

/* texts  ends in NULL.  Each of them so; g_strfreev() it. */
char **printable_texts (const char *const *texts);

#endif
