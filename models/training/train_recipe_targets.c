/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/train_recipe_json.h"

#include "models/file/json_write.h"

#include <json-glib/json-glib.h>
#include <math.h>

enum
{
  MAX_CLASSES = 65536,
};

/* [of a guess, of a weak one, of a likely one, of a sure one] */
static bool
parse_sure (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  (void) context;

  if (!array || json_array_get_length (array) != TRAIN_SURE_LEVELS)
    return json_field_fail (node, place, "an array of four weights, of a guess to a sure label", error);
  for (guint i = 0; i < TRAIN_SURE_LEVELS; i++)
    if (!json_field_number (json_array_get_element (array, i), place, 0, TRAIN_MAX_WEIGHT, &recipe->sure[i], error))
      return false;
  return true;
}

static void
append_sure (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;
  (void) context;
  json_add_numbers (json, NULL, recipe->sure, TRAIN_SURE_LEVELS);
}

static const JsonKey label_keys[] = {
  { .name = "smoothing", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainRecipe, smoothing), .max = .9 },
  { .name = "class_weights", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (TrainRecipe, class_weights) },
  { .name = "sure", .kind = JSON_KIND_OTHER, .parse = parse_sure, .append = append_sure },
};
const JsonTable train_labels_table = { .thing = "labels", .keys = label_keys, .n_keys = G_N_ELEMENTS (label_keys) };

/* null, or an array of indices and [first, last]. */
static bool
parse_classes (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (unsigned));
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  (void) context;

  if (!array && !JSON_NODE_HOLDS_NULL (node))
    return json_field_fail (node, place, "null, or an array of indices and ranges [first, last]", error);
  for (guint i = 0; array && i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    double first = 0, last = 0;
    if (JSON_NODE_HOLDS_ARRAY (element)) {
      if (!json_field_range (element, place, 0, MAX_CLASSES - 1, &first, &last, error))
        return false;
    } else {
      if (!json_field_number (element, place, 0, MAX_CLASSES - 1, &first, error))
        return false;
      last = first;
    }
    if (first > floor (first) || last > floor (last))
      return json_field_fail (element, place, "integers", error);
    for (unsigned class = (unsigned) first; class <= (unsigned) last; class ++)
      g_array_append_val (classes, class);
    if (classes->len > MAX_CLASSES)
      return json_field_fail (node, place, "fewer classes", error);
  }
  g_free (recipe->logits);
  recipe->n_logits = classes->len;
  recipe->logits = g_memdup2 (classes->data, classes->len * sizeof (unsigned));
  return true;
}

static void
append_classes (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;
  (void) context;

  if (recipe->n_logits == 0) {
    g_string_append (json, "null");
    return;
  }
  for (gsize i = 0; i < recipe->n_logits;) {
    gsize end = i + 1;
    while (end < recipe->n_logits && recipe->logits[end] == recipe->logits[end - 1] + 1)
      end++;
    g_string_append_printf (json, "%s[%u,%u]", i == 0 ? "[" : ",", recipe->logits[i], recipe->logits[end - 1]);
    i = end;
  }
  g_string_append_c (json, ']');
}

static const JsonKey logits_keys[] = {
  { .name = "factor", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainRecipe, logits_factor), .max = 1e6 },
  { .name = "classes", .kind = JSON_KIND_OTHER, .parse = parse_classes, .append = append_classes },
};
const JsonTable train_logits_table = { .thing = "teacher_logits",
  .keys = logits_keys,
  .n_keys = G_N_ELEMENTS (logits_keys) };

/* {"label": "class of the teacher", ...} */
bool
train_pseudo_parse (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  JsonPlace inner = { .file = place->file, .thing = "pseudo_labels", .code = place->code };
  (void) context;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, place, "an object {\"label\": \"class of the teacher\"}", error);

  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) classes = g_ptr_array_new_with_free_func (g_free);
  for (GList *item = names; item; item = item->next) {
    JsonNode *value = json_object_get_member (members, item->data);
    inner.key = item->data;
    if (!json_field_string (value))
      return json_field_fail (value, &inner, "the name of a class of the teacher", error);
    g_ptr_array_add (labels, g_strdup (item->data));
    g_ptr_array_add (classes, g_strdup (json_field_string (value)));
  }
  recipe->n_pseudo = labels->len;
  g_ptr_array_add (labels, NULL);
  g_ptr_array_add (classes, NULL);
  g_strfreev (recipe->pseudo_labels);
  g_strfreev (recipe->pseudo_classes);
  recipe->pseudo_labels = (char **) g_ptr_array_free (g_steal_pointer (&labels), FALSE);
  recipe->pseudo_classes = (char **) g_ptr_array_free (g_steal_pointer (&classes), FALSE);
  return true;
}

void
train_pseudo_append (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;
  (void) context;

  json_open (json, NULL, '{');
  for (gsize i = 0; i < recipe->n_pseudo; i++)
    json_add_string (json, recipe->pseudo_labels[i], recipe->pseudo_classes[i]);
  g_string_append_c (json, '}');
}

static const JsonKey soft_keys[] = {
  { .name = "base", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainRecipe, soft_base), .max = TRAIN_MAX_WEIGHT },
};
const JsonTable train_soft_table = { .thing = "soft_labels", .keys = soft_keys, .n_keys = G_N_ELEMENTS (soft_keys) };
