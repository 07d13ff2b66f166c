/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/json_field.h - typed reads of untrusted JSON: the value in its range, or an error that says what was
 * there.
 *
 * Layer:   models/file; uses json_scan, json-glib.
 * Threads: no state.
 */
#ifndef MODELS_FILE_JSON_FIELD_H
#define MODELS_FILE_JSON_FIELD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct _JsonNode JsonNode; /* json-glib's: to look inside, include <json-glib/json-glib.h> */

/* Where a value was read: the start of every message, "FILE: THING: KEY: ". */
typedef struct JsonPlace
{
  const char *file;
  const char *thing; /* "frontend", "network layer 3" */
  const char *key;   /* NULL: the thing itself */
  int code;          /* of GENRE_MODEL_ERROR, for a wrong value */
} JsonPlace;

/* text [size] through json_scan(), then json-glib.  NULL: GENRE_MODEL_ERROR_JSON, or _SIZE for too many keys. */
JsonNode *json_field_parse (const char *text, gsize size, const JsonPlace *place, GError **error);

/* Sets "expected <expected>, found <node>"; node NULL: "none".  Always false. */
bool json_field_fail (JsonNode *node, const JsonPlace *place, const char *expected, GError **error);

/* ret_value is set on success only.  An integer may be written as 3, 3.0 or 3e0, not as 3.5. */
bool json_field_unsigned (JsonNode *node, const JsonPlace *place, unsigned min, unsigned max, unsigned *ret_value,
    GError **error);
bool json_field_number (JsonNode *node, const JsonPlace *place, double min, double max, double *ret_value,
    GError **error);

/* An array [least, most], both between the limits. */
bool json_field_range (JsonNode *node, const JsonPlace *place, double low, double high, double *ret_min,
    double *ret_max, GError **error);
bool json_field_boolean (JsonNode *node, const JsonPlace *place, bool *ret_value, GError **error);

/* words [n_words]; ret_index: which of them the string is. */
bool json_field_word (JsonNode *node, const JsonPlace *place, const char *const *words, size_t n_words,
    size_t *ret_index, GError **error);

/* The string, owned by the node; NULL and no error if it is none. */
const char *json_field_string (JsonNode *node);

#endif
