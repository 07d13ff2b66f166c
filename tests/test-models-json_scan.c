/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_scan.h"

#include "tests/test.h"

#include <string.h>

static const char *const good[] = {
  "0", "-0", "null", "true", " false ", "\"\"", "[]", "{}", "\t\r\n {\n} ",
  "[1, -2.5, 1e5, 1E+5, 1e-5, 0.1e2, 1e-400, 9223372036854775807, -9223372036854775808]",
  "{\"a\":1,\"b\":{\"a\":2},\"\":3,\"A\":4}", "[{\"a\":1},{\"a\":1}]",
  "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83c\\udfb5\\uFFFF\"", "\"\xc3\xa9 \xf0\x9f\x8e\xb5 \x7f\"",
  "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", /* 16 deep */
};

/* Each with what its message must say. */
static const struct
{
  const char *text;
  const char *word;
} bad[] = {
  { "", "the end" },
  { "  ", "the end" },
  { "nul", "a JSON value" },
  { "nulls", "the end" },
  { "True", "a JSON value" },
  { "NaN", "a JSON value" },
  { "Infinity", "a JSON value" },
  { "-Infinity", "a digit" },
  { "undefined", "a JSON value" },
  { "var x = 1", "a JSON value" },
  { "01", "leading zero" },
  { "-01", "leading zero" },
  { "0x10", "the end" },
  { "+1", "a JSON value" },
  { ".5", "a JSON value" },
  { "5.", "a digit" },
  { "1e", "a digit" },
  { "1e+", "a digit" },
  { "-", "a digit" },
  { "1e400", "too large" },
  { "-1e400", "too large" },
  { "9223372036854775808", "64 bits" },
  { "-9223372036854775809", "64 bits" },
  { "1 2", "the end" },
  { "{} x", "the end" },
  { "[] []", "the end" },
  { "[1,]", "a JSON value" },
  { "[1 2]", "',' or ']'" },
  { "[1", "',' or ']'" },
  { "[", "a JSON value" },
  { "[1}", "',' or ']'" },
  { "]", "a JSON value" },
  { "{\"a\":1,}", "'\"'" },
  { "{\"a\" 1}", "':'" },
  { "{\"a\":}", "a JSON value" },
  { "{\"a\":1 \"b\":2}", "',' or '}'" },
  { "{\"a\"", "':'" },
  { "{a:1}", "'\"'" },
  { "{1:1}", "'\"'" },
  { "{'a':1}", "'\"'" },
  { "'a'", "a JSON value" },
  { "// x\n1", "a JSON value" },
  { "/* x */ 1", "a JSON value" },
  { "1 // x", "the end" },
  { "[1, /* x */ 2]", "a JSON value" },
  { "# x\n1", "a JSON value" },
  { "\"abc", "rest of a string" },
  { "\"a\nb\"", "0x0a" },
  { "\"a\tb\"", "0x09" },
  { "\"\\x41\"", "an escape" },
  { "\"\\'\"", "an escape" },
  { "\"\\", "an escape" },
  { "\"\\u12", "hexadecimal" },
  { "\"\\u12g4\"", "hexadecimal" },
  { "\"\\u0000\"", "U+0000" },
  { "\"\\ud800\"", "high surrogate" },
  { "\"\\ud800x\"", "high surrogate" },
  { "\"\\ud800\\u0041\"", "high surrogate" },
  { "\"\\ud800\\ud800\"", "high surrogate" },
  { "\"\\udc00\"", "low surrogate" },
  { "\"\xff\"", "UTF-8" },
  { "\"\xc0\x80\"", "UTF-8" },         /* U+0000, overlong */
  { "\"\xed\xa0\x80\"", "UTF-8" },     /* a surrogate */
  { "\"\xf4\x90\x80\x80\"", "UTF-8" }, /* above U+10FFFF */
  { "\"\xc3", "UTF-8" },
  { "\xef\xbb\xbf{}", "a JSON value" }, /* a byte order mark */
  { "{\"a\":1,\"a\":2}", "duplicate key \"a\"" },
  { "{\"a\":1,\"b\":2,\"\\u0061\":3}", "duplicate key \"a\"" },
  { "{\"x/y\":1,\"x\\/y\":2}", "duplicate key \"x/y\"" },
  { "{\"\":1,\"\":2}", "duplicate key \"\"" },
  { "[[{\"b\":{\"c\":1,\"d\":0,\"c\":1}}]]", "duplicate key \"c\"" },
  { "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "deeper than 16" },
  { "[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]", "deeper than 16" },
};

static void
test_good (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (good); i++) {
    char *reason = NULL;
    JsonScanStatus status = json_scan (good[i], strlen (good[i]), JSON_INTEGERS_64, &reason);
    CHECK (status == JSON_SCAN_OK && !reason, "%s: %s", good[i], reason);
    g_free (reason);
  }
}

static void
test_bad (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    char *reason = NULL;
    JsonScanStatus status = json_scan (bad[i].text, strlen (bad[i].text), JSON_INTEGERS_64, &reason);
    CHECK (status == JSON_SCAN_INVALID, "%s: status %d", bad[i].text, (int) status);
    CHECK (reason && strstr (reason, bad[i].word), "%s: no '%s' in: %s", bad[i].text, bad[i].word, reason);
    g_free (reason);
  }
}

/* Nothing that is cut off anywhere is whole, and nothing beyond the end is looked at: each has its own memory. */
static void
test_prefixes (void)
{
  static const char text[] = "[{\"a\\u00e9\\ud83c\\udfb5\xc3\xa9\":[-12.5e-3,true,false,null,\"x\"],\"b\":{}}]";
  for (size_t size = 0; size < sizeof text - 1; size++) {
    char *copy = g_memdup2 (text, size);
    char *reason = NULL;
    CHECK (json_scan (copy, size, JSON_INTEGERS_64, &reason) == JSON_SCAN_INVALID, "prefix of %zu", size);
    g_free (reason);
    g_free (copy);
  }
}

/* A NUL is a byte like any other, and no white space. */
static void
test_nul (void)
{
  char *reason = NULL;
  CHECK (json_scan ("{}\0", 3, JSON_INTEGERS_64, &reason) == JSON_SCAN_INVALID, "NUL after the value");
  g_clear_pointer (&reason, g_free);
  CHECK (json_scan ("\"a\0b\"", 5, JSON_INTEGERS_64, &reason) == JSON_SCAN_INVALID, "NUL in a string");
  g_clear_pointer (&reason, g_free);
}

static void
test_integers (void)
{
  static const char text[] = "[18446744073709551615, 1e300]";
  char *reason = NULL;
  CHECK (json_scan (text, sizeof text - 1, JSON_INTEGERS_ANY, &reason) == JSON_SCAN_OK, "%s", reason);
  CHECK (json_scan (text, sizeof text - 1, JSON_INTEGERS_64, &reason) == JSON_SCAN_INVALID, "64 bits");
  g_free (reason);
}

/* What would overflow a stack, or take quadratic time, does neither. */
static void
test_large (void)
{
  enum
  {
    N = 1 << 20
  };
  char *reason = NULL;
  char *text = g_malloc (N);
  memset (text, '[', N);
  CHECK (json_scan (text, N, JSON_INTEGERS_64, &reason) == JSON_SCAN_INVALID, "brackets");
  CHECK (reason && strstr (reason, "deeper"), "%s", reason);
  g_clear_pointer (&reason, g_free);

  memset (text, '1', N);
  CHECK (json_scan (text, N, JSON_INTEGERS_64, &reason) == JSON_SCAN_INVALID, "digits");
  CHECK (reason && strstr (reason, "characters"), "%s", reason);
  g_clear_pointer (&reason, g_free);
  g_free (text);

  for (unsigned n = JSON_SCAN_MAX_KEYS; n <= JSON_SCAN_MAX_KEYS + 1; n++) {
    GString *object = g_string_new ("{");
    for (unsigned i = 0; i < n; i++)
      g_string_append_printf (object, "%s\"%u\":0", i == 0 ? "" : ",", i);
    g_string_append_c (object, '}');
    CHECK (json_scan (object->str, object->len, JSON_INTEGERS_64, &reason)
            == (n <= JSON_SCAN_MAX_KEYS ? JSON_SCAN_OK : JSON_SCAN_TOO_MANY_KEYS),
        "%u keys: %s", n, reason);
    g_clear_pointer (&reason, g_free);
    g_string_free (object, TRUE);
  }
}

static void
test_count (void)
{
  static const struct
  {
    const char *text;
    gsize count;
  } texts[] = { { "", 1 }, { "[]", 1 }, { "[1]", 1 }, { "[1,2,3]", 3 }, { "[\",\",\"\\\",\",2]", 3 },
    { "{\"a\":[1,2],\"b,\":3}", 3 }, { "[\"\\\\\",1,\",,", 3 }, { ",,,,", 5 } };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    const gsize found = json_scan_count (texts[i].text, strlen (texts[i].text));
    CHECK (found == texts[i].count, "%s: %zu instead of %zu", texts[i].text, found, texts[i].count);
  }
  CHECK (json_scan_count ("[1,2]", 2) == 1, "beyond the end");
}

int
main (void)
{
  test_good ();
  test_bad ();
  test_prefixes ();
  test_nul ();
  test_integers ();
  test_large ();
  test_count ();
  TEST_END ();
}
