/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_table.h"

#include "models/file/json_write.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const JsonKey *
find_key (const JsonTable *table, const void *object, const char *name)
{
  for (size_t i = 0; i < table->n_keys; i++)
    if (strcmp (table->keys[i].name, name) == 0)
      return !table->takes || table->takes (object, &table->keys[i]) ? &table->keys[i] : NULL;
  return NULL;
}

static bool
fail_unknown (const JsonTable *table, JsonNode *node, const JsonPlace *place, GError **error)
{
  if (table->expected)
    return json_field_fail (node, place, table->expected, error);
  GString *expected = g_string_new ("one of the keys");
  for (size_t i = 0; i < table->n_keys; i++)
    g_string_append_printf (expected, "%s %s", i == 0 ? "" : ",", table->keys[i].name);
  json_field_fail (node, place, expected->str, error);
  g_string_free (expected, TRUE);
  return false;
}

static bool
parse_text (JsonNode *node, const JsonPlace *place, char **field, GError **error)
{
  if (!JSON_NODE_HOLDS_NULL (node) && !json_field_string (node))
    return json_field_fail (node, place, "a string", error);
  g_free (*field);
  *field = g_strdup (json_field_string (node));
  return true;
}

static bool
parse_value (const JsonKey *key, JsonNode *node, const JsonPlace *place, void *context, void *field, GError **error)
{
  const JsonPlace inner = { .file = place->file, .code = place->code };
  size_t word = 0;

  switch (key->kind) {
    case JSON_KIND_NUMBER:
      return json_field_number (node, place, key->min, key->max, field, error);
    case JSON_KIND_UNSIGNED:
      return json_field_unsigned (node, place, (unsigned) key->min, (unsigned) key->max, field, error);
    case JSON_KIND_BOOLEAN:
      return json_field_boolean (node, place, field, error);
    case JSON_KIND_TEXT:
      return parse_text (node, place, field, error);
    case JSON_KIND_WORD:
      if (!json_field_word (node, place, key->words, key->n_words, &word, error))
        return false;
      *(unsigned *) field = (unsigned) word;
      return true;
    case JSON_KIND_CONSTANT:
      return json_field_word (node, place, key->words, 1, &word, error);
    case JSON_KIND_OBJECT:
      return json_table_parse (key->table, node, &inner, context, field, error);
    case JSON_KIND_OTHER:
      return key->parse (context, node, place, field, error);
  }
  return false;
}

static bool
check_required (const JsonTable *table, JsonObject *members, const JsonPlace *place, GError **error)
{
  for (size_t i = 0; i < table->n_keys; i++) {
    if (table->keys[i].required && !json_object_has_member (members, table->keys[i].name)) {
      g_autofree char *expected = g_strdup_printf ("a key \"%s\"", table->keys[i].name);
      return json_field_fail (NULL, place, expected, error);
    }
  }
  return true;
}

bool
json_table_parse (const JsonTable *table, JsonNode *node, const JsonPlace *place, void *context, void *object,
    GError **error)
{
  JsonPlace inner = *place;
  inner.key = NULL;
  if (!inner.thing)
    inner.thing = table->thing;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, &inner, "an object", error);

  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);
  for (GList *item = names; item; item = item->next) {
    JsonNode *value = json_object_get_member (members, item->data);
    const JsonKey *key = find_key (table, object, item->data);
    inner.key = item->data;
    if (!key)
      return fail_unknown (table, value, &inner, error);
    if (!parse_value (key, value, &inner, context, (char *) object + key->offset, error))
      return false;
  }
  inner.key = NULL;
  return check_required (table, members, &inner, error);
}

static void
append_value (const JsonKey *key, const void *context, const void *field, GString *json)
{
  switch (key->kind) {
    case JSON_KIND_NUMBER:
      json_append_double (json, *(const double *) field);
      break;
    case JSON_KIND_UNSIGNED:
      g_string_append_printf (json, "%u", *(const unsigned *) field);
      break;
    case JSON_KIND_BOOLEAN:
      json_add_boolean (json, NULL, *(const bool *) field);
      break;
    case JSON_KIND_TEXT:
      json_add_string (json, NULL, *(char *const *) field);
      break;
    case JSON_KIND_WORD:
      json_append_string (json, key->words[*(const unsigned *) field]);
      break;
    case JSON_KIND_CONSTANT:
      json_append_string (json, key->words[0]);
      break;
    case JSON_KIND_OBJECT:
      json_table_append (key->table, context, field, json);
      break;
    case JSON_KIND_OTHER:
      key->append (context, field, json);
      break;
  }
}

void
json_table_append (const JsonTable *table, const void *context, const void *object, GString *json)
{
  json_open (json, NULL, '{');
  for (size_t i = 0; i < table->n_keys; i++) {
    const JsonKey *key = &table->keys[i];
    if ((key->kind == JSON_KIND_OTHER && !key->append) || (table->takes && !table->takes (object, key)))
      continue;
    json_add_key (json, key->name);
    append_value (key, context, (const char *) object + key->offset, json);
  }
  g_string_append_c (json, '}');
}
