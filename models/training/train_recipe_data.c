/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/train_recipe_json.h"

#include "models/file/error.h"
#include "models/file/json_write.h"

#include <json-glib/json-glib.h>

enum
{
  MAX_OVERLAY_DB = 60,
};

/* Strings [n], then NULL, of an array; NULL: an error. */
static char **
parse_texts (JsonNode *node, const JsonPlace *place, const char *expected, GError **error)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  const guint n = array ? json_array_get_length (array) : 0;
  g_auto (GStrv) texts = g_new0 (char *, (gsize) n + 1);

  for (guint i = 0; i < n; i++) {
    const char *text = json_field_string (json_array_get_element (array, i));
    if (!text) {
      json_field_fail (node, place, expected, error);
      return NULL;
    }
    texts[i] = g_strdup (text);
  }
  if (n == 0) {
    json_field_fail (node, place, expected, error);
    return NULL;
  }
  return g_steal_pointer (&texts);
}

static bool
parse_match (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainData *data = object;
  (void) context;
  char **match = parse_texts (node, place, "an array of patterns of file names, such as [\"pool-*\"]", error);
  if (!match)
    return false;
  g_strfreev (data->match);
  data->match = match;
  return true;
}

static void
append_match (const void *context, const void *object, GString *json)
{
  char *const *texts = ((const TrainData *) object)->match;
  (void) context;

  json_open (json, NULL, '[');
  for (gsize i = 0; texts && texts[i]; i++)
    json_add_string (json, NULL, texts[i]);
  g_string_append_c (json, ']');
}

static const JsonKey mix_keys[] = {
  { .name = "share", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainData, mix_share), .max = 1 },
  { .name = "beta", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainData, mix_beta), .min = .01, .max = 2 },
};
static const JsonTable mix_table = { .thing = "mix", .keys = mix_keys, .n_keys = G_N_ELEMENTS (mix_keys) };

static bool
parse_level (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainData *data = object;
  (void) context;
  return json_field_range (node, place, -MAX_OVERLAY_DB, MAX_OVERLAY_DB, &data->overlay_min_db, &data->overlay_max_db,
      error);
}

static void
append_level (const void *context, const void *object, GString *json)
{
  const TrainData *data = object;
  (void) context;
  json_add_numbers (json, NULL, (const double[]){ data->overlay_min_db, data->overlay_max_db }, 2);
}

static const JsonKey overlay_keys[] = {
  { .name = "share", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainData, overlay_share), .max = 1 },
  { .name = "level_db", .kind = JSON_KIND_OTHER, .parse = parse_level, .append = append_level },
};
static const JsonTable overlay_table = { .thing = "overlay",
  .keys = overlay_keys,
  .n_keys = G_N_ELEMENTS (overlay_keys) };

static const JsonKey data_keys[] = {
  { .name = "match", .kind = JSON_KIND_OTHER, .parse = parse_match, .append = append_match },
  { .name = "not_music", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (TrainData, not_music) },
  { .name = "balance", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (TrainData, balance) },
  { .name = "rarity", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainData, rarity), .max = 1 },
  { .name = "mix", .kind = JSON_KIND_OBJECT, .table = &mix_table },
  { .name = "overlay", .kind = JSON_KIND_OBJECT, .table = &overlay_table },
};
static const JsonTable data_table = { .thing = "data", .keys = data_keys, .n_keys = G_N_ELEMENTS (data_keys) };

/* {"name": {...}, ...} in their order. */
bool
train_data_parse (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  const guint n = JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_size (json_node_get_object (node)) : 0;
  if (n < 1 || n > TRAIN_MAX_DATA) {
    g_autofree char *expected = g_strdup_printf ("an object of 1 to %d groups of feature sets", TRAIN_MAX_DATA);
    return json_field_fail (node, place, expected, error);
  }

  train_recipe_clear_data (recipe);
  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);
  for (GList *item = names; item; item = item->next) {
    TrainData *data = &recipe->data[recipe->n_data++];
    g_autofree char *quoted = json_quote (item->data);
    g_autofree char *thing = g_strdup_printf ("data: %s", quoted);
    data->name = g_strdup (item->data);
    data->mix_beta = .5;
    data->overlay_min_db = -12;
    data->overlay_max_db = 3;
    data->match = g_strsplit ("*", ",", -1);
    const JsonPlace inner = { .file = place->file, .thing = thing, .code = place->code };
    if (!json_table_parse (&data_table, json_object_get_member (members, item->data), &inner, context, data, error))
      return false;
    if (data->balance && data->rarity > 0)
      return genre_model_fail (error, GENRE_MODEL_ERROR_RECIPE,
          "%s: %s: expected \"balance\" or a \"rarity\" above 0, found both", place->file, thing);
  }
  return true;
}

void
train_data_append (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;

  json_open (json, NULL, '{');
  for (gsize i = 0; i < recipe->n_data; i++) {
    json_add_key (json, recipe->data[i].name);
    json_table_append (&data_table, context, &recipe->data[i], json);
  }
  g_string_append_c (json, '}');
}
