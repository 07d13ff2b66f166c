/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-json_field.c - each typed read: values at and beyond its limits, nodes of other types, what the
 * message says, and that nothing is written on failure.
 *
 * Layer:   tests; models, json-glib.
 */
#include "models/file/json_field.h"
#include "tests/expect_error.h"

#include <json-glib/json-glib.h>
#include <math.h>

static const JsonPlace place = { "a.json", "frontend", "k", GENRE_MODEL_ERROR_FRONTEND };

/* A node that must be readable. */
static JsonNode *
node_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_field_parse (text, strlen (text), &place, &error);

  if (!node)
    g_error ("%s: %s", text, error->message);
  return node;
}

/* --- json_field_parse ------------------------------------------------------------------------------------------ */

static void
check_not_parsed (const char *text, gsize size, GenreModelError code, const char *words)
{
  GError *error = NULL;
  JsonNode *node = json_field_parse (text, size, &place, &error);

  CHECK (!node, "%s: parsed", text);
  expect_error (error, code, words, text);
  g_clear_pointer (&node, json_node_unref);
}

static void
test_parse (void)
{
  static const char good[] = "{\"a\":[1,2.5,true,null,\"x\"]}";
  const JsonPlace whole = { "a.json", "header", NULL, GENRE_MODEL_ERROR_FORMAT };
  g_autoptr (JsonNode) node = node_of (good);
  GString *many = g_string_new ("{");
  GError *error = NULL;

  CHECK (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) == 1, "an object");
  for (gsize size = 0; size < sizeof good - 1; size++)
    check_not_parsed (good, size, GENRE_MODEL_ERROR_JSON, "a.json: frontend: \"k\": not strict JSON: ");
  check_not_parsed ("[1,]", 4, GENRE_MODEL_ERROR_JSON, "not strict JSON");
  check_not_parsed ("{'a':1}", 7, GENRE_MODEL_ERROR_JSON, "not strict JSON");
  check_not_parsed ("1e400", 5, GENRE_MODEL_ERROR_JSON, "not strict JSON");
  check_not_parsed ("99999999999999999999", 20, GENRE_MODEL_ERROR_JSON, "not strict JSON");
  check_not_parsed ("{\"a\":1,\"a\":2}", 13, GENRE_MODEL_ERROR_JSON, "not strict JSON");
  check_not_parsed ("1 2", 3, GENRE_MODEL_ERROR_JSON, "not strict JSON");
  for (unsigned i = 0; i < 5000; i++)
    g_string_append_printf (many, "%s\"%u\":0", i == 0 ? "" : ",", i);
  g_string_append (many, "}");
  check_not_parsed (many->str, many->len, GENRE_MODEL_ERROR_SIZE, "a.json: frontend: ");
  g_string_free (many, TRUE);

  /* Without a key the thing itself is named, and scalars are values too. */
  CHECK (!json_field_parse ("x", 1, &whole, &error), "parsed");
  expect_error (error, GENRE_MODEL_ERROR_JSON, "a.json: header: not strict JSON", "no key");
}

/* --- json_field_fail ------------------------------------------------------------------------------------------- */

static void
check_found (const char *text, const char *found)
{
  g_autoptr (JsonNode) node = text ? node_of (text) : NULL;
  g_autofree char *words = g_strdup_printf ("a.json: frontend: \"k\": expected a lamp, found %s", found);
  GError *error = NULL;

  CHECK (!json_field_fail (node, &place, "a lamp", &error), "%s: true", found);
  CHECK (error && g_str_equal (error->message, words), "\"%s\", not \"%s\"", error ? error->message : "", words);
  expect_error (error, GENRE_MODEL_ERROR_FRONTEND, words, found);
}

/* An array of a string that begins like this and goes on in letters of two bytes, of which `kept` are in the message */
static void
check_long (const char *begin, size_t kept)
{
  g_autoptr (GString) text = g_string_new ("[\""), found = g_string_new ("[\"");

  g_string_append (text, begin);
  g_string_append (found, begin);
  for (size_t i = 0; i < 100; i++)
    g_string_append (text, "ä");
  for (size_t i = 0; i < kept; i++)
    g_string_append (found, "ä");
  g_string_append (text, "\"]");
  g_string_append (found, "...");
  check_found (text->str, found->str);
}

static void
test_fail (void)
{
  const JsonPlace whole = { "a.json", "network layer 3", NULL, GENRE_MODEL_ERROR_NETWORK };
  const JsonPlace odd = { "a.json", "frontend", "a\n\"b", GENRE_MODEL_ERROR_FRONTEND };
  g_autoptr (JsonNode) node = node_of ("3");
  GError *error = NULL;

  check_found (NULL, "none");
  check_found ("{}", "an object");
  check_found ("{\"a\":1}", "an object");
  check_found ("null", "null");
  check_found ("true", "true");
  check_found ("3", "3");
  check_found ("-2.5", "-2.5");
  check_found ("\"a\\nb\"", "\"a\\u000ab\"");
  check_found ("[1,2,3,4,5,6,7,8]", "[1,2,3,4,5,6,7,8]");
  check_found ("[1,2,3,4,5,6,7,8,9]", "an array of 9");
  /* 60 bytes at most, and no character is cut: two and 29 times two; three and 28 times two. */
  check_long ("", 29);
  check_long ("a", 28);

  json_field_fail (node, &whole, "a lamp", &error);
  expect_error (error, GENRE_MODEL_ERROR_NETWORK, "a.json: network layer 3: expected a lamp, found 3", "no key");
  error = NULL;
  json_field_fail (node, &odd, "a lamp", &error);
  expect_error (error, GENRE_MODEL_ERROR_FRONTEND, "frontend: \"a\\u000a\\\"b\": expected", "odd key");
  CHECK (!json_field_fail (node, &place, "a lamp", NULL), "without an error to set");
}

/* --- numbers --------------------------------------------------------------------------------------------------- */

/* expected: NULL if it must be read */
static void
check_unsigned (const char *text, unsigned min, unsigned max, unsigned value, const char *expected)
{
  g_autoptr (JsonNode) node = node_of (text);
  GError *error = NULL;
  unsigned found = 77;
  const bool read = json_field_unsigned (node, &place, min, max, &found, &error);

  CHECK (read == !expected && found == (expected ? 77 : value), "%s: %d, %u", text, read, found);
  if (expected)
    expect_error (error, GENRE_MODEL_ERROR_FRONTEND, expected, text);
  else
    CHECK (!error, "%s: an error though it was read", text);
}

static void
test_unsigned (void)
{
  static const char *const other[] = { "null", "true", "\"3\"", "[3]", "{}", "3.5", "-1", "1e300", "4294967296" };

  check_unsigned ("3", 0, 10, 3, NULL);
  check_unsigned ("3.0", 0, 10, 3, NULL);
  check_unsigned ("3e0", 0, 10, 3, NULL);
  check_unsigned ("-0", 0, 10, 0, NULL);
  check_unsigned ("2", 2, 10, 2, NULL);
  check_unsigned ("10", 2, 10, 10, NULL);
  check_unsigned ("4294967295", 0, UINT_MAX, UINT_MAX, NULL);
  check_unsigned ("1", 2, 10, 0, "expected an integer from 2 to 10, found 1");
  check_unsigned ("11", 2, 10, 0, "expected an integer from 2 to 10, found 11");
  check_unsigned ("2.000001", 2, 10, 0, "expected an integer from 2 to 10, found 2.000001");
  for (size_t i = 0; i < G_N_ELEMENTS (other); i++)
    check_unsigned (other[i], 0, UINT_MAX, 0, "expected an integer from 0 to 4294967295, found ");
}

static void
check_number (const char *text, double min, double max, double value, const char *expected)
{
  g_autoptr (JsonNode) node = node_of (text);
  GError *error = NULL;
  double found = 77;
  const bool read = json_field_number (node, &place, min, max, &found, &error);

  CHECK (read == !expected && !(fabs (found - (expected ? 77 : value)) > 0), "%s: %d, %g", text, read, found);
  if (expected)
    expect_error (error, GENRE_MODEL_ERROR_FRONTEND, expected, text);
  else
    CHECK (!error, "%s: an error though it was read", text);
}

static void
test_number (void)
{
  static const char *const other[] = { "null", "false", "\".5\"", "[]", "{}" };

  check_number ("0.5", 0, 10, .5, NULL);
  check_number ("-0.25", -1, 1, -.25, NULL);
  check_number ("7", -1, 7, 7, NULL);
  check_number ("-1", -1, 7, -1, NULL);
  check_number ("1e-10", 0, 1, 1e-10, NULL);
  check_number ("9007199254740993", 0, 1e300, 9007199254740992., NULL);
  check_number ("7.0000001", -1, 7, 0, "expected a number from -1 to 7, found 7.0000001");
  check_number ("-1.5", -1, .25, 0, "expected a number from -1 to 0.25, found -1.5");
  for (size_t i = 0; i < G_N_ELEMENTS (other); i++)
    check_number (other[i], 0, 1, 0, "expected a number from 0 to 1, found ");
}

static void
check_range (const char *text, double least, double most, const char *expected)
{
  g_autoptr (JsonNode) node = node_of (text);
  GError *error = NULL;
  double found[2] = { 77, 78 };
  const bool read = json_field_range (node, &place, -2, 2, &found[0], &found[1], &error);
  const double wanted[2] = { expected ? 77 : least, expected ? 78 : most };

  CHECK (read == !expected, "%s: %d", text, read);
  CHECK (memcmp (found, wanted, sizeof found) == 0, "%s: [%g, %g], not [%g, %g]", text, found[0], found[1], wanted[0],
      wanted[1]);
  if (expected)
    expect_error (error, GENRE_MODEL_ERROR_FRONTEND, expected, text);
  else
    CHECK (!error, "%s: an error though it was read", text);
}

static void
test_range (void)
{
  static const char *const other[] = { "null", "1", "\"1\"", "{}", "[]", "[1]", "[1,1,1]" };

  check_range ("[-2,2]", -2, 2, NULL);
  check_range ("[0.5,1.5]", .5, 1.5, NULL);
  check_range ("[1,1]", 1, 1, NULL);
  check_range ("[-3,2]", 0, 0, "expected a number from -2 to 2, found -3");
  check_range ("[0,3]", 0, 0, "expected a number from 0 to 2, found 3");
  check_range ("[1,0.5]", 0, 0, "expected a number from 1 to 2, found 0.5");
  check_range ("[\"a\",1]", 0, 0, "expected a number from -2 to 2, found \"a\"");
  check_range ("[1,null]", 0, 0, "expected a number from 1 to 2, found null");
  for (size_t i = 0; i < G_N_ELEMENTS (other); i++)
    check_range (other[i], 0, 0, "expected an array [least, most], found ");
}

/* --- words ----------------------------------------------------------------------------------------------------- */

static void
test_boolean (void)
{
  static const char *const other[] = { "null", "0", "1", "\"true\"", "[true]", "{}" };

  for (int expected = 0; expected < 2; expected++) {
    g_autoptr (JsonNode) node = node_of (expected ? "true" : "false");
    g_autoptr (GError) error = NULL;
    bool value = !expected;

    CHECK (json_field_boolean (node, &place, &value, &error) && value == expected && !error, "%d", expected);
  }
  for (size_t i = 0; i < 2 * G_N_ELEMENTS (other); i++) {
    g_autoptr (JsonNode) node = node_of (other[i / 2]);
    GError *error = NULL;
    bool value = i % 2;

    CHECK (!json_field_boolean (node, &place, &value, &error) && value == i % 2, "%s", other[i / 2]);
    expect_error (error, GENRE_MODEL_ERROR_FRONTEND, "expected true or false, found ", other[i / 2]);
  }
}

static void
test_word (void)
{
  static const char *const words[] = { "same", "valid", "sam" };
  static const char *const other[] = { "null", "1", "true", "[\"same\"]", "{}", "\"\"", "\"Same\"", "\"sa\"",
    "\"same \"" };
  size_t index;

  for (size_t i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autofree char *text = g_strdup_printf ("\"%s\"", words[i]);
    g_autoptr (JsonNode) node = node_of (text);
    g_autoptr (GError) error = NULL;

    index = 77;
    CHECK (json_field_word (node, &place, words, G_N_ELEMENTS (words), &index, &error) && index == i && !error,
        "%s: word %zu", text, index);
  }
  for (size_t i = 0; i < G_N_ELEMENTS (other); i++) {
    g_autoptr (JsonNode) node = node_of (other[i]);
    GError *error = NULL;

    index = 77;
    CHECK (!json_field_word (node, &place, words, G_N_ELEMENTS (words), &index, &error) && index == 77, "%s: word %zu",
        other[i], index);
    expect_error (error, GENRE_MODEL_ERROR_FRONTEND, "expected \"same\" or \"valid\" or \"sam\", found ", other[i]);
  }
}

static void
test_string (void)
{
  static const char *const other[] = { "null", "1", "1.5", "true", "[\"a\"]", "{\"a\":\"b\"}" };
  g_autoptr (JsonNode) node = node_of ("\"R&B \\u00e9\""), empty = node_of ("\"\"");

  CHECK (g_strcmp0 (json_field_string (node), "R&B é") == 0, "%s", json_field_string (node));
  CHECK (g_strcmp0 (json_field_string (empty), "") == 0, "an empty string");
  for (size_t i = 0; i < G_N_ELEMENTS (other); i++) {
    g_autoptr (JsonNode) none = node_of (other[i]);

    CHECK (json_field_string (none) == NULL, "%s is a string", other[i]);
  }
}

int
main (void)
{
  test_parse ();
  test_fail ();
  test_unsigned ();
  test_number ();
  test_range ();
  test_boolean ();
  test_word ();
  test_string ();
  TEST_END ();
}
