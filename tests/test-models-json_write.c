/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_write.h"

#include "models/file/json_scan.h"
#include "tests/test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

static void
check_double (double value, const char *expected)
{
  GString *json = g_string_new (NULL);
  json_append_double (json, value);
  CHECK (memcmp (&(double){ g_ascii_strtod (json->str, NULL) }, &value, sizeof value) == 0, "%s", json->str);
  CHECK (!expected || strcmp (json->str, expected) == 0, "%s instead of %s", json->str, expected);
  char *reason = NULL;
  CHECK (json_scan (json->str, json->len, JSON_INTEGERS_64, &reason) == JSON_SCAN_OK, "%s: %s", json->str, reason);
  g_string_free (json, TRUE);
}

static void
test_double (void)
{
  check_double (0, "0");
  check_double (-0.0, "-0");
  check_double (22050, "22050");
  check_double (11025.5, "11025.5");
  check_double (1e-4, "0.0001");
  check_double (1e-5, "1e-05");
  check_double (0.1, "0.1");
  check_double (0.1 + 0.2, "0.30000000000000004");
  check_double (DBL_MAX, NULL);
  check_double (-DBL_MIN, NULL);
  check_double (0x1p-1074, NULL);

  uint64_t random = 5;
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = test_random (&random);
    double value;
    memcpy (&value, &bits, sizeof value);
    if (value > -DBL_MAX && value < DBL_MAX)
      check_double (value, NULL);
  }
}

static void
test_float (void)
{
  uint64_t random = 6;
  for (int i = 0; i < 20000; i++) {
    uint32_t bits = (uint32_t) (test_random (&random) >> 32);
    float value;
    memcpy (&value, &bits, sizeof value);
    if (!(value >= -FLT_MAX && value <= FLT_MAX))
      continue;
    GString *json = g_string_new (NULL);
    json_append_float (json, value);
    float back = (float) g_ascii_strtod (json->str, NULL);
    CHECK (memcmp (&back, &value, sizeof value) == 0, "%s", json->str);
    g_string_free (json, TRUE);
  }
  GString *json = g_string_new (NULL);
  json_append_float (json, -33.88235f);
  CHECK (strcmp (json->str, "-33.88235") == 0, "%s", json->str);
  g_string_free (json, TRUE);
}

static void
test_string (void)
{
  GString *json = g_string_new (NULL);
  json_append_string (json, "a\"b\\c\n\x01\x7f/\xc3\xa9");
  CHECK (strcmp (json->str, "\"a\\\"b\\\\c\\u000a\\u0001\\u007f/\xc3\xa9\"") == 0, "%s", json->str);
  g_string_free (json, TRUE);

  /* What is not printable is escaped, also above ASCII; bytes that are no UTF-8 stay, and lead not past the end. */
  json = g_string_new (NULL);
  json_append_string (json, "\xc2\x9b[2J \xe2\x80\xae \xe2\x80\xa8 \xff\xe2\x82");
  CHECK (strcmp (json->str, "\"\\u009b[2J \\u202e \\u2028 \xff\xe2\x82\"") == 0, "%s", json->str);
  g_string_free (json, TRUE);
}

static void
test_quote (void)
{
  char *text = json_quote ("conv1/kernel\n");
  CHECK (strcmp (text, "\"conv1/kernel\\u000a\"") == 0, "%s", text);
  g_free (text);

  /* Cut between characters, wherever the limit falls. */
  for (unsigned shift = 0; shift < 4; shift++) {
    GString *longer = g_string_new (NULL);
    for (unsigned i = 0; i < shift; i++)
      g_string_append_c (longer, 'x');
    for (unsigned i = 0; i < 100; i++)
      g_string_append (longer, "\xf0\x9f\x8e\xb5");
    text = json_quote (longer->str);
    CHECK (g_utf8_validate (text, -1, NULL) && strlen (text) < 100 && strlen (text) > 70
            && g_str_has_suffix (text, "\"..."),
        "%s", text);
    g_free (text);
    g_string_free (longer, TRUE);
  }
}

static void
test_members (void)
{
  static const char *const names[] = { "a", "\"" };
  static const gsize counts[] = { 0, G_MAXUINT32 };
  GString *json = g_string_new ("{");

  json_add_count (json, "count", G_MAXUINT64);
  json_add_number (json, "number", .1);
  json_add_number (json, "none", (double) NAN);
  json_add_number (json, "infinite", -HUGE_VAL);
  json_add_key (json, "in\"ner");
  g_string_append_c (json, '{');
  json_add_string (json, "text", "\xc2\x9b{");
  g_string_append_c (json, '}');
  json_add_strings (json, "names", names, 2);
  json_add_strings (json, "nobody", NULL, 0);
  json_add_counts (json, "counts", counts, 2);
  g_string_append_c (json, '}');
  CHECK (strcmp (json->str,
             "{\"count\":18446744073709551615,\"number\":0.1,\"none\":null,\"infinite\":null,"
             "\"in\\\"ner\":{\"text\":\"\\u009b{\"},\"names\":[\"a\",\"\\\"\"],\"nobody\":[],"
             "\"counts\":[0,4294967295]}")
          == 0,
      "%s", json->str);
  g_string_free (json, TRUE);
}

int
main (void)
{
  /* A decimal comma, where the system has one, must change nothing. */
  if (!setlocale (LC_ALL, "de_DE.UTF-8"))
    setlocale (LC_ALL, "");
  test_double ();
  test_float ();
  test_string ();
  test_quote ();
  test_members ();
  TEST_END ();
}
