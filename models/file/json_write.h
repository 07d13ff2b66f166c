/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/json_write.h - strings and numbers as JSON text: the same bytes for the same value, in any locale.
 *
 * Layer:   models/file; uses printable, GLib.
 * Threads: no state.
 */
#ifndef MODELS_FILE_JSON_WRITE_H
#define MODELS_FILE_JSON_WRITE_H

#include <glib.h>

/* text: UTF-8; a byte that is none stays, for a reader to reject.  What is not printable becomes \uXXXX. */
void json_append_string (GString *json, const char *text);

/* Few digits that read back as the same value, without exponent where that is readable.  value: finite. */
void json_append_double (GString *json, double value);
void json_append_float (GString *json, float value);

/* Members of the object that `json` ends in, after a comma if need be.
 *
 * key  as json_append_string() has it; NULL: an element of an array, or the value behind a key that was added alone */
void json_add_key (GString *json, const char *key);            /* the value follows */
void json_open (GString *json, const char *key, char bracket); /* '{' or '[', which the caller closes */
void json_add_boolean (GString *json, const char *key, gboolean value);
void json_add_count (GString *json, const char *key, guint64 value);
void json_add_number (GString *json, const char *key, double value); /* null if it is not finite */
void json_add_numbers (GString *json, const char *key, const double *values, gsize n);
void json_add_string (GString *json, const char *key, const char *value); /* NULL: null */
void json_add_strings (GString *json, const char *key, const char *const *values, gsize n);
void json_add_counts (GString *json, const char *key, const gsize *values, gsize n);

/* text as a JSON string on one line, cut after about 80 bytes: for names from untrusted files in messages. */
char *json_quote (const char *text);

#endif
