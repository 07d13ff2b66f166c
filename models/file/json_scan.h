/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/json_scan.h - whether bytes are one strict JSON value (RFC 8259), before a lenient parser sees them.
 *
 * Layer:   models/file; uses GLib.
 * Threads: no state.
 *
 * json-glib 1.6 overflows the stack on nested brackets, takes comments, octals, single quotes, 1e400 and duplicate
 * keys, and wraps integers beyond 64 bits.  It may only be given what passed here.
 */
#ifndef MODELS_FILE_JSON_SCAN_H
#define MODELS_FILE_JSON_SCAN_H

#include <glib.h>

enum
{
  JSON_SCAN_MAX_DEPTH = 16,
  JSON_SCAN_MAX_KEYS =
      4097, /* of one object: a container's tensors and its metadata; bounds what colliding hashes cost */
  JSON_SCAN_MAX_NUMBER = 128, /* characters */
};

typedef enum JsonScanStatus
{
  JSON_SCAN_OK,
  JSON_SCAN_INVALID,
  JSON_SCAN_TOO_MANY_KEYS,
} JsonScanStatus;

typedef enum JsonIntegers
{
  JSON_INTEGERS_64, /* a number without fraction and exponent must fit gint64 */
  JSON_INTEGERS_ANY,
} JsonIntegers;

/* text        [size], need not end in NUL
 * ret_reason  out, unless JSON_SCAN_OK: where and what, to be freed with g_free()
 *
 * Accepts white space around the value.  Rejects invalid UTF-8, U+0000 in strings, lone surrogates, numbers that
 * overflow a double, keys that are equal once decoded. */
JsonScanStatus json_scan (const char *text, gsize size, JsonIntegers integers, char **ret_reason);

/* One more than the commas outside of strings: the most values that one array or object of the text can have, and, but
 * for nesting, that all have together.  To bound what a parser makes of it before it takes memory. */
gsize json_scan_count (const char *text, gsize size);

#endif
