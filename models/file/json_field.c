/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_field.h"

#include "models/file/error.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static void set_error (GError **error, const JsonPlace *place, int code, const char *format, ...) G_GNUC_PRINTF (4, 5);

static void
set_error (GError **error, const JsonPlace *place, int code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *key = place->key ? json_quote (place->key) : NULL;
  g_set_error (error, GENRE_MODEL_ERROR, code, "%s: %s%s%s: %s", place->file, place->thing, key ? ": " : "",
      key ? key : "", what);
}

JsonNode *
json_field_parse (const char *text, gsize size, const JsonPlace *place, GError **error)
{
  g_autofree char *reason = NULL;
  switch (json_scan (text, size, JSON_INTEGERS_64, &reason)) {
    case JSON_SCAN_OK:
      break;
    case JSON_SCAN_INVALID:
      set_error (error, place, GENRE_MODEL_ERROR_JSON, "not strict JSON: %s", reason);
      return NULL;
    case JSON_SCAN_TOO_MANY_KEYS:
      set_error (error, place, GENRE_MODEL_ERROR_SIZE, "%s", reason);
      return NULL;
  }

  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) json_error = NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) size, &json_error)) {
    set_error (error, place, GENRE_MODEL_ERROR_JSON, "not strict JSON: %s", json_error->message);
    return NULL;
  }
  return json_parser_steal_root (parser);
}

/* The value as text, cut to a length that a message can carry. */
static char *
describe (JsonNode *node)
{
  enum
  {
    MAX_BYTES = 60
  };
  if (!node)
    return g_strdup ("none");
  if (JSON_NODE_HOLDS_OBJECT (node))
    return g_strdup ("an object");
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) > 8)
    return g_strdup_printf ("an array of %u", json_array_get_length (json_node_get_array (node)));
  if (json_field_string (node))
    return json_quote (json_field_string (node));

  char *text = json_to_string (node, FALSE);
  if (strlen (text) > MAX_BYTES) {
    g_autofree char *whole = text;
    text = g_strdup_printf ("%.*s...", (int) (g_utf8_find_prev_char (whole, whole + MAX_BYTES + 1) - whole), whole);
  }
  return text;
}

bool
json_field_fail (JsonNode *node, const JsonPlace *place, const char *expected, GError **error)
{
  g_autofree char *found = describe (node);
  set_error (error, place, place->code, "expected %s, found %s", expected, found);
  return false;
}

static bool
get_number (JsonNode *node, double *ret_value)
{
  if (!JSON_NODE_HOLDS_VALUE (node))
    return false;
  GType type = json_node_get_value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return false;
  *ret_value = json_node_get_double (node);
  return true;
}

bool
json_field_unsigned (JsonNode *node, const JsonPlace *place, unsigned min, unsigned max, unsigned *ret_value,
    GError **error)
{
  double value = 0;
  if (!get_number (node, &value) || !(value >= (double) min && value <= (double) max) || floor (value) < value) {
    g_autofree char *expected = g_strdup_printf ("an integer from %u to %u", min, max);
    return json_field_fail (node, place, expected, error);
  }
  *ret_value = (unsigned) value;
  return true;
}

bool
json_field_number (JsonNode *node, const JsonPlace *place, double min, double max, double *ret_value, GError **error)
{
  double value = 0;
  if (!get_number (node, &value) || !(value >= min && value <= max)) {
    GString *expected = g_string_new ("a number from ");
    json_append_double (expected, min);
    g_string_append (expected, " to ");
    json_append_double (expected, max);
    json_field_fail (node, place, expected->str, error);
    g_string_free (expected, TRUE);
    return false;
  }
  *ret_value = value;
  return true;
}

bool
json_field_range (JsonNode *node, const JsonPlace *place, double low, double high, double *ret_min, double *ret_max,
    GError **error)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (!array || json_array_get_length (array) != 2)
    return json_field_fail (node, place, "an array [least, most]", error);

  double least;
  if (!json_field_number (json_array_get_element (array, 0), place, low, high, &least, error)
      || !json_field_number (json_array_get_element (array, 1), place, least, high, ret_max, error))
    return false;
  *ret_min = least;
  return true;
}

bool
json_field_boolean (JsonNode *node, const JsonPlace *place, bool *ret_value, GError **error)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return json_field_fail (node, place, "true or false", error);
  *ret_value = json_node_get_boolean (node);
  return true;
}

bool
json_field_word (JsonNode *node, const JsonPlace *place, const char *const *words, size_t n_words, size_t *ret_index,
    GError **error)
{
  const char *text = json_field_string (node);
  for (size_t i = 0; text && i < n_words; i++) {
    if (strcmp (text, words[i]) == 0) {
      *ret_index = i;
      return true;
    }
  }
  GString *expected = g_string_new (NULL);
  for (size_t i = 0; i < n_words; i++)
    g_string_append_printf (expected, "%s\"%s\"", i == 0 ? "" : " or ", words[i]);
  json_field_fail (node, place, expected->str, error);
  g_string_free (expected, TRUE);
  return false;
}

const char *
json_field_string (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}
