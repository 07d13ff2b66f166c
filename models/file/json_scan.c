/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_scan.h"

#include "models/file/json_write.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef struct Scan
{
  const char *text; /* [size] */
  gsize size;
  gsize at;
  JsonIntegers integers;
  JsonScanStatus status;
  char *reason; /* of the first failure */
} Scan;

/* Always false, so that a caller can return it. */
static bool fail (Scan *scan, const char *format, ...) G_GNUC_PRINTF (2, 3);

static bool
fail (Scan *scan, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  scan->status = JSON_SCAN_INVALID;
  scan->reason = g_strdup_printf ("byte %" G_GSIZE_FORMAT ": %s", scan->at, what);
  return false;
}

/* The next byte, or -1 at the end. */
static int
peek (const Scan *scan)
{
  return scan->at < scan->size ? (unsigned char) scan->text[scan->at] : -1;
}

static bool
fail_expected (Scan *scan, const char *expected)
{
  int c = peek (scan);
  if (c < 0)
    return fail (scan, "expected %s, found the end", expected);
  if (c < 0x20 || c > 0x7e)
    return fail (scan, "expected %s, found byte 0x%02x", expected, (unsigned) c);
  return fail (scan, "expected %s, found '%c'", expected, c);
}

static void
skip_white (Scan *scan)
{
  while (scan->at < scan->size && memchr (" \t\n\r", scan->text[scan->at], 4))
    scan->at++;
}

static bool
scan_hex4 (Scan *scan, gunichar *ret_unit)
{
  gunichar unit = 0;
  for (unsigned i = 0; i < 4; i++, scan->at++) {
    int c = peek (scan);
    if (c < 0 || !g_ascii_isxdigit ((char) c))
      return fail_expected (scan, "four hexadecimal digits");
    unit = unit << 4 | (gunichar) g_ascii_xdigit_value ((char) c);
  }
  *ret_unit = unit;
  return true;
}

/* After the backslash. */
static bool
scan_escape (Scan *scan, GString *decoded)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";

  int c = peek (scan);
  const char *simple = c > 0 ? strchr (from, c) : NULL;
  if (simple) {
    g_string_append_c (decoded, to[simple - from]);
    scan->at++;
    return true;
  }
  if (c != 'u')
    return fail_expected (scan, "an escape of JSON after the backslash");
  scan->at++;

  gunichar unit = 0;
  if (!scan_hex4 (scan, &unit))
    return false;
  if (unit == 0)
    return fail (scan, "U+0000 in a string");
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return fail (scan, "low surrogate without a high one");
  if (unit >= 0xd800 && unit <= 0xdbff) {
    gunichar low = 0;
    if (scan->size - scan->at < 2 || memcmp (scan->text + scan->at, "\\u", 2) != 0)
      return fail (scan, "high surrogate without a low one");
    scan->at += 2;
    if (!scan_hex4 (scan, &low))
      return false;
    if (low < 0xdc00 || low > 0xdfff)
      return fail (scan, "high surrogate without a low one");
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  g_string_append_unichar (decoded, unit);
  return true;
}

/* decoded: replaced by the string's value. */
static bool
scan_string (Scan *scan, GString *decoded)
{
  g_string_truncate (decoded, 0);
  if (peek (scan) != '"')
    return fail_expected (scan, "'\"'");
  scan->at++;
  for (;;) {
    int c = peek (scan);
    if (c < 0x20)
      return fail_expected (scan, "the rest of a string");
    scan->at++;
    if (c == '"')
      return true;
    if (c != '\\')
      g_string_append_c (decoded, (char) c);
    else if (!scan_escape (scan, decoded))
      return false;
  }
}

static bool
scan_digits (Scan *scan)
{
  if (peek (scan) < '0' || peek (scan) > '9')
    return fail_expected (scan, "a digit");
  while (peek (scan) >= '0' && peek (scan) <= '9')
    scan->at++;
  return true;
}

static bool
scan_number (Scan *scan)
{
  gsize start = scan->at;
  bool integer = true;

  if (peek (scan) == '-')
    scan->at++;
  if (peek (scan) == '0') {
    scan->at++;
    if (peek (scan) >= '0' && peek (scan) <= '9')
      return fail (scan, "number with a leading zero");
  } else if (!scan_digits (scan)) {
    return false;
  }
  if (peek (scan) == '.') {
    integer = false;
    scan->at++;
    if (!scan_digits (scan))
      return false;
  }
  if (peek (scan) == 'e' || peek (scan) == 'E') {
    integer = false;
    scan->at++;
    if (peek (scan) == '+' || peek (scan) == '-')
      scan->at++;
    if (!scan_digits (scan))
      return false;
  }

  char token[JSON_SCAN_MAX_NUMBER + 1];
  gsize length = scan->at - start;
  if (length > JSON_SCAN_MAX_NUMBER)
    return fail (scan, "number of %" G_GSIZE_FORMAT " characters, at most %d", length, JSON_SCAN_MAX_NUMBER);
  memcpy (token, scan->text + start, length);
  token[length] = '\0';

  if (!isfinite (g_ascii_strtod (token, NULL)))
    return fail (scan, "number %s is too large", token);
  if (integer && scan->integers == JSON_INTEGERS_64) {
    errno = 0;
    g_ascii_strtoll (token, NULL, 10);
    if (errno == ERANGE)
      return fail (scan, "integer %s needs more than 64 bits", token);
  }
  return true;
}

static bool
scan_literal (Scan *scan, const char *literal)
{
  gsize length = strlen (literal);
  if (scan->size - scan->at < length || memcmp (scan->text + scan->at, literal, length) != 0)
    return fail_expected (scan, "a JSON value");
  scan->at += length;
  return true;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Sorting finds duplicates whatever the keys are; a hash table can be flooded. */
static bool
check_unique (Scan *scan, GPtrArray *keys)
{
  g_ptr_array_sort (keys, compare_keys);
  for (guint i = 1; i < keys->len; i++) {
    if (strcmp (keys->pdata[i - 1], keys->pdata[i]) == 0) {
      g_autofree char *quoted = json_quote (keys->pdata[i]);
      return fail (scan, "duplicate key %s in the object that ends here", quoted);
    }
  }
  return true;
}

static bool scan_value (Scan *scan, unsigned depth);

/* keys: empty; decoded: scratch. */
static bool
scan_members (Scan *scan, unsigned depth, GPtrArray *keys, GString *decoded)
{
  for (;;) {
    skip_white (scan);
    if (!scan_string (scan, decoded))
      return false;
    if (keys->len == JSON_SCAN_MAX_KEYS) {
      fail (scan, "more than %d keys in one object", JSON_SCAN_MAX_KEYS);
      scan->status = JSON_SCAN_TOO_MANY_KEYS;
      return false;
    }
    g_ptr_array_add (keys, g_strdup (decoded->str));

    skip_white (scan);
    if (peek (scan) != ':')
      return fail_expected (scan, "':'");
    scan->at++;
    if (!scan_value (scan, depth))
      return false;

    if (peek (scan) == '}') {
      scan->at++;
      return check_unique (scan, keys);
    }
    if (peek (scan) != ',')
      return fail_expected (scan, "',' or '}'");
    scan->at++;
  }
}

/* After the brace. */
static bool
scan_object (Scan *scan, unsigned depth)
{
  skip_white (scan);
  if (peek (scan) == '}') {
    scan->at++;
    return true;
  }

  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  GString *decoded = g_string_new (NULL);
  bool ok = scan_members (scan, depth, keys, decoded);
  g_string_free (decoded, TRUE);
  return ok;
}

/* After the bracket. */
static bool
scan_array (Scan *scan, unsigned depth)
{
  skip_white (scan);
  if (peek (scan) == ']') {
    scan->at++;
    return true;
  }
  for (;;) {
    if (!scan_value (scan, depth))
      return false;
    if (peek (scan) == ']') {
      scan->at++;
      return true;
    }
    if (peek (scan) != ',')
      return fail_expected (scan, "',' or ']'");
    scan->at++;
  }
}

/* A value and the white space around it.  depth: of brackets around it; the recursion ends with their limit. */
static bool
scan_value (Scan *scan, unsigned depth)
{
  bool ok = false;
  skip_white (scan);
  int c = peek (scan);
  if (c == '{' || c == '[') {
    if (depth == JSON_SCAN_MAX_DEPTH)
      return fail (scan, "nested deeper than %d", JSON_SCAN_MAX_DEPTH);
    scan->at++;
    ok = c == '{' ? scan_object (scan, depth + 1) : scan_array (scan, depth + 1);
  } else if (c == '"') {
    GString *decoded = g_string_new (NULL);
    ok = scan_string (scan, decoded);
    g_string_free (decoded, TRUE);
  } else if (c == '-' || (c >= '0' && c <= '9')) {
    ok = scan_number (scan);
  } else {
    ok = scan_literal (scan, c == 't' ? "true" : c == 'f' ? "false" : "null");
  }
  if (ok)
    skip_white (scan);
  return ok;
}

JsonScanStatus
json_scan (const char *text, gsize size, JsonIntegers integers, char **ret_reason)
{
  Scan scan = { .text = text, .size = size, .integers = integers };

  const char *bad = text;
  if (size > 0 && !g_utf8_validate_len (text, size, &bad)) {
    scan.at = (gsize) (bad - text);
    fail (&scan, "expected UTF-8, found byte 0x%02x", (unsigned char) *bad);
  } else if (scan_value (&scan, 0) && scan.at < size) {
    fail_expected (&scan, "the end");
  }
  if (scan.status != JSON_SCAN_OK)
    *ret_reason = scan.reason;
  return scan.status;
}

gsize
json_scan_count (const char *text, gsize size)
{
  gsize n = 1;
  bool inside = false;
  for (gsize i = 0; i < size; i++) {
    if (text[i] == '"')
      inside = !inside;
    else if (inside && text[i] == '\\')
      i++;
    else if (!inside && text[i] == ',')
      n++;
  }
  return n;
}
