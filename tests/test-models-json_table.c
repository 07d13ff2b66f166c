/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/json_table: every kind of key is read into its field and written again; what is wrong is refused by name.
 */
#include "models/file/error.h"
#include "models/file/json_table.h"
#include "models/file/json_write.h"

#include "tests/expect_error.h"

#include <json-glib/json-glib.h>

typedef struct Inner
{
  unsigned count;
} Inner;

typedef enum Colour
{
  RED,
  GREEN
} Colour;

typedef struct Outer
{
  double number;
  unsigned integer;
  bool flag;
  char *text;
  Colour colour;
  Inner inner;
  double twice; /* is written as half of what it is */
} Outer;

static bool
parse_half (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error)
{
  double half = 0;
  if (!json_field_number (node, place, 0, 10, &half, error))
    return false;
  *(double *) field = 2 * half;
  (*(unsigned *) context)++;
  return true;
}

static void
append_half (const void *context, const void *field, GString *json)
{
  (void) context;
  json_append_double (json, *(const double *) field / 2);
}

static bool
parse_nothing (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) context, (void) node, (void) place, (void) object, (void) error;
  return true;
}

static const char *const colours[] = { "red", "green" }, *const units[] = { "pieces" };
static const JsonKey inner_keys[] = {
  { .name = "count", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (Inner, count), .max = 9, .required = true },
  { .name = "unit", .kind = JSON_KIND_CONSTANT, .words = units },
};
static const JsonTable inner_table = { .thing = "inner", .keys = inner_keys, .n_keys = G_N_ELEMENTS (inner_keys) };
static const JsonKey outer_keys[] = {
  { .name = "number", .kind = JSON_KIND_NUMBER, .offset = offsetof (Outer, number), .min = -1, .max = 1 },
  { .name = "integer", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (Outer, integer), .min = 3, .max = 7 },
  { .name = "flag", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (Outer, flag) },
  { .name = "text", .kind = JSON_KIND_TEXT, .offset = offsetof (Outer, text) },
  { .name = "colour",
      .kind = JSON_KIND_WORD,
      .offset = offsetof (Outer, colour),
      .words = colours,
      .n_words = G_N_ELEMENTS (colours) },
  { .name = "inner", .kind = JSON_KIND_OBJECT, .offset = offsetof (Outer, inner), .table = &inner_table },
  { .name = "half",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (Outer, twice),
      .parse = parse_half,
      .append = append_half },
  { .name = "comment", .kind = JSON_KIND_OTHER, .parse = parse_nothing },
};

/* Red things have no number. */
static bool
takes_key (const void *object, const JsonKey *key)
{
  return ((const Outer *) object)->colour != RED || strcmp (key->name, "number") != 0;
}

static const JsonTable outer_table = { .thing = "outer", .keys = outer_keys, .n_keys = G_N_ELEMENTS (outer_keys) };
static const JsonTable red_table = { .thing = "red",
  .keys = outer_keys,
  .n_keys = G_N_ELEMENTS (outer_keys),
  .expected = "a key of red things",
  .takes = takes_key };

static bool
parse (const JsonTable *table, const char *text, const char *thing, Outer *outer, unsigned *halves, GError **error)
{
  const JsonPlace place = { .file = "file", .thing = thing, .code = GENRE_MODEL_ERROR_RECIPE };
  g_autoptr (JsonNode) root = json_field_parse (text, strlen (text), &place, error);
  return root && json_table_parse (table, root, &place, halves, outer, error);
}

static void
check_text (const JsonTable *table, const Outer *outer, const char *expected)
{
  GString *json = g_string_new ("before:");
  json_table_append (table, NULL, outer, json);
  CHECK (strcmp (json->str + 7, expected) == 0 && g_str_has_prefix (json->str, "before:"), "%s instead of %s",
      json->str, expected);
  g_string_free (json, TRUE);
}

static void
test_values (void)
{
  Outer outer = { .text = g_strdup ("old"), .number = .25 };
  unsigned halves = 0;
  GError *error = NULL;

  CHECK (parse (&outer_table,
             "{\"half\":1.5,\"integer\":4.0,\"flag\":true,\"text\":\"a\\\"b\",\"colour\":\"green\",\"comment\":[],"
             "\"inner\":{\"count\":9,\"unit\":\"pieces\"}}",
             NULL, &outer, &halves, &error),
      "%s", error ? error->message : "");
  g_clear_error (&error);
  CHECK (outer.number == .25, "what is absent stays: %g", outer.number);
  CHECK (outer.integer == 4 && outer.flag && outer.colour == GREEN && outer.inner.count == 9 && outer.twice == 3,
      "%u %d %d %u %g", outer.integer, outer.flag, outer.colour, outer.inner.count, outer.twice);
  CHECK (outer.text && strcmp (outer.text, "a\"b") == 0, "text %s", outer.text);
  CHECK (halves == 1, "%u calls with the context", halves);
  check_text (&outer_table, &outer,
      "{\"number\":0.25,\"integer\":4,\"flag\":true,\"text\":\"a\\\"b\",\"colour\":\"green\","
      "\"inner\":{\"count\":9,\"unit\":\"pieces\"},\"half\":1.5}");

  CHECK (parse (&outer_table, "{\"text\":null}", NULL, &outer, &halves, NULL) && !outer.text, "null is no text");
  outer.colour = RED;
  check_text (&red_table, &outer,
      "{\"integer\":4,\"flag\":true,\"text\":null,\"colour\":\"red\","
      "\"inner\":{\"count\":9,\"unit\":\"pieces\"},\"half\":1.5}");
}

static void
test_rejects (void)
{
  static const struct
  {
    const JsonTable *table;
    const char *text, *thing, *message;
  } cases[] = {
    { &outer_table, "[]", NULL, "file: outer: expected an object, found " },
    { &outer_table, "{\"number\":2}", "row 3", "file: row 3: \"number\": expected a number from -1 to 1, found 2" },
    { &outer_table, "{\"integer\":8}", NULL, "file: outer: \"integer\": expected an integer from 3 to 7, found 8" },
    { &outer_table, "{\"flag\":1}", NULL, "file: outer: \"flag\": expected true or false, found 1" },
    { &outer_table, "{\"text\":1}", NULL, "file: outer: \"text\": expected a string, found 1" },
    { &outer_table, "{\"colour\":\"blue\"}", NULL, "\"colour\": expected \"red\" or \"green\", found \"blue\"" },
    { &outer_table, "{\"half\":11}", NULL, "file: outer: \"half\": expected a number from 0 to 10, found 11" },
    { &outer_table, "{\"inner\":{}}", NULL, "file: inner: expected a key \"count\", found none" },
    { &outer_table, "{\"inner\":{\"count\":10}}", "row 3", "file: inner: \"count\": expected an integer from 0 to 9" },
    { &inner_table, "{\"size\":1}", NULL, "file: inner: \"size\": expected one of the keys count, unit, found 1" },
    { &inner_table, "{\"count\":1,\"unit\":\"metres\"}", NULL,
        "file: inner: \"unit\": expected \"pieces\", found \"metres\"" },
    { &red_table, "{\"size\":1}", NULL, "file: red: \"size\": expected a key of red things, found 1" },
    { &red_table, "{\"number\":0}", NULL, "file: red: \"number\": expected a key of red things, found 0" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    Outer outer = { .colour = RED };
    unsigned halves = 0;
    GError *error = NULL;
    CHECK (!parse (cases[i].table, cases[i].text, cases[i].thing, &outer, &halves, &error), "%s", cases[i].text);
    expect_error (error, GENRE_MODEL_ERROR_RECIPE, cases[i].message, cases[i].text);
    g_free (outer.text);
  }
}

int
main (void)
{
  test_values ();
  test_rejects ();
  TEST_END ();
}
