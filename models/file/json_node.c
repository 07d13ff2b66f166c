/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_node.h"

#include "models/file/json_write.h"

#include <json-glib/json-glib.h>

enum
{
  COLUMNS = 100,
  ONE_LINE = -1
};

static void append (GString *json, JsonNode *node, int depth);

static void
append_break (GString *json, int depth)
{
  if (depth == ONE_LINE)
    return;
  g_string_append_c (json, '\n');
  for (int i = 0; i < depth; i++)
    g_string_append (json, "  ");
}

static void
append_members (GString *json, JsonObject *object, int depth)
{
  g_autoptr (GList) names = json_object_get_members (object);
  const int inner = depth == ONE_LINE ? ONE_LINE : depth + 1;
  g_string_append_c (json, '{');
  for (GList *item = names; item; item = item->next) {
    if (item != names)
      g_string_append_c (json, ',');
    append_break (json, inner);
    json_append_string (json, item->data);
    g_string_append (json, depth == ONE_LINE ? ":" : ": ");
    append (json, json_object_get_member (object, item->data), inner);
  }
  if (names)
    append_break (json, depth);
  g_string_append_c (json, '}');
}

static void
append_elements (GString *json, JsonArray *array, int depth)
{
  const int inner = depth == ONE_LINE ? ONE_LINE : depth + 1;
  g_string_append_c (json, '[');
  for (guint i = 0; i < json_array_get_length (array); i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_break (json, inner);
    append (json, json_array_get_element (array, i), inner);
  }
  if (json_array_get_length (array) > 0)
    append_break (json, depth);
  g_string_append_c (json, ']');
}

static void
append_value (GString *json, JsonNode *node)
{
  const GType type = json_node_get_value_type (node);
  if (type == G_TYPE_STRING)
    json_append_string (json, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (json, json_node_get_boolean (node) ? "true" : "false");
  else if (type == G_TYPE_INT64)
    g_string_append_printf (json, "%" G_GINT64_FORMAT, json_node_get_int (node));
  else
    json_append_double (json, json_node_get_double (node));
}

static void
append (GString *json, JsonNode *node, int depth)
{
  if (depth != ONE_LINE) {
    const gsize before = json->len;
    append (json, node, ONE_LINE);
    if (json->len - before + 2 * (gsize) depth <= COLUMNS)
      return;
    g_string_truncate (json, before);
  }
  if (JSON_NODE_HOLDS_OBJECT (node))
    append_members (json, json_node_get_object (node), depth);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    append_elements (json, json_node_get_array (node), depth);
  else if (JSON_NODE_HOLDS_NULL (node))
    g_string_append (json, "null");
  else
    append_value (json, node);
}

void
json_append_node (GString *json, JsonNode *node)
{
  append (json, node, ONE_LINE);
}

void
json_append_node_pretty (GString *json, JsonNode *node)
{
  append (json, node, 0);
}
