/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/network_spec.h"

#include "models/error.h"
#include "models/json_field.h"
#include "models/json_write.h"
#include "nn/layers.h"

#include <float.h>
#include <json-glib/json-glib.h>
#include <string.h>

typedef enum Kind
{
  KIND_NAME,
  KIND_UNSIGNED,
  KIND_PAIR, /* [mel, time] */
  KIND_BOOLEAN,
  KIND_NUMBER,
  KIND_PADDING, /* a word, or [mel, time] */
  KIND_ACTIVATION,
  KIND_STATS,
} Kind;

/* Every key of every layer; which layer takes which is for nn_layer_class_has_key(). */
static const struct Key
{
  const char *name;
  Kind kind;
  size_t offset; /* in NnLayerSpec */
} keys[] = {
  { "name", KIND_NAME, offsetof (NnLayerSpec, name) },
  { "filters", KIND_UNSIGNED, offsetof (NnLayerSpec, filters) },
  { "units", KIND_UNSIGNED, offsetof (NnLayerSpec, units) },
  { "kernel", KIND_PAIR, offsetof (NnLayerSpec, kernel) },
  { "pool", KIND_PAIR, offsetof (NnLayerSpec, pool) },
  { "padding", KIND_PADDING, offsetof (NnLayerSpec, padding) },
  { "use_bias", KIND_BOOLEAN, offsetof (NnLayerSpec, use_bias) },
  { "return_sequences", KIND_BOOLEAN, offsetof (NnLayerSpec, return_sequences) },
  { "activation", KIND_ACTIVATION, offsetof (NnLayerSpec, activation) },
  { "recurrent_activation", KIND_ACTIVATION, offsetof (NnLayerSpec, recurrent_activation) },
  { "reset_after", KIND_BOOLEAN, offsetof (NnLayerSpec, reset_after) },
  { "epsilon", KIND_NUMBER, offsetof (NnLayerSpec, epsilon) },
  { "momentum", KIND_NUMBER, offsetof (NnLayerSpec, momentum) },
  { "rate", KIND_NUMBER, offsetof (NnLayerSpec, rate) },
  { "temperature", KIND_NUMBER, offsetof (NnLayerSpec, temperature) },
  { "stats", KIND_STATS, offsetof (NnLayerSpec, stats) },
};

static const char *const paddings[] = { [NN_PADDING_VALID] = "valid", [NN_PADDING_SAME] = "same" };
static const char *const activations[] = {
  [NN_ACTIVATION_TANH] = "tanh",
  [NN_ACTIVATION_SIGMOID] = "sigmoid",
  [NN_ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
  [NN_ACTIVATION_RELU] = "relu",
};
static const char *const stats[] = { [NN_STAT_MEAN] = "mean", [NN_STAT_MAX] = "max" };

/* A name may be an exact string of at most NN_MAX_NAME bytes: it is the prefix of the tensors' names. */
static bool
parse_name (JsonNode *node, const JsonPlace *place, char *name, GError **error)
{
  const char *text = json_field_string (node);
  if (!text || text[0] == '\0' || strlen (text) > NN_MAX_NAME || strchr (text, '/')) {
    g_autofree char *expected = g_strdup_printf ("a name of 1 to %d bytes without '/'", NN_MAX_NAME);
    return json_field_fail (node, place, expected, error);
  }
  g_strlcpy (name, text, NN_MAX_NAME + 1);
  return true;
}

/* The elements of a pair; NULL and no error if it is none. */
static JsonArray *
get_pair (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) != 2)
    return NULL;
  return json_node_get_array (node);
}

static bool
parse_pair (JsonNode *node, const JsonPlace *place, unsigned *pair, GError **error)
{
  JsonArray *array = get_pair (node);
  if (!array)
    return json_field_fail (node, place, "an array [mel, time]", error);
  return json_field_unsigned (json_array_get_element (array, 0), place, 0, G_MAXINT32, &pair[0], error)
      && json_field_unsigned (json_array_get_element (array, 1), place, 0, G_MAXINT32, &pair[1], error);
}

static bool
parse_padding (JsonNode *node, const JsonPlace *place, NnPadding *padding, GError **error)
{
  JsonArray *array = get_pair (node);
  size_t word[2] = { 0, 0 };
  for (unsigned axis = 0; axis < 2; axis++) {
    if (!json_field_word (array ? json_array_get_element (array, axis) : node, place, paddings, G_N_ELEMENTS (paddings),
            &word[axis], error))
      return false;
    padding[axis] = (NnPadding) word[axis];
  }
  return true;
}

static bool
parse_stats (JsonNode *node, const JsonPlace *place, NnLayerSpec *spec, GError **error)
{
  guint n = JSON_NODE_HOLDS_ARRAY (node) ? json_array_get_length (json_node_get_array (node)) : 0;
  if (n < 1 || n > NN_MAX_STATS) {
    g_autofree char *expected = g_strdup_printf ("an array of 1 to %d statistics", NN_MAX_STATS);
    return json_field_fail (node, place, expected, error);
  }
  for (guint i = 0; i < n; i++) {
    size_t word = 0;
    if (!json_field_word (json_array_get_element (json_node_get_array (node), i), place, stats, G_N_ELEMENTS (stats),
            &word, error))
      return false;
    spec->stats[i] = (NnStat) word;
  }
  spec->n_stats = n;
  return true;
}

static bool
parse_key (const struct Key *key, JsonNode *node, const JsonPlace *place, NnLayerSpec *spec, GError **error)
{
  void *field = (char *) spec + key->offset;
  size_t word = 0;

  switch (key->kind) {
    case KIND_NAME:
      return parse_name (node, place, field, error);
    case KIND_UNSIGNED:
      return json_field_unsigned (node, place, 0, G_MAXINT32, field, error);
    case KIND_PAIR:
      return parse_pair (node, place, field, error);
    case KIND_BOOLEAN:
      return json_field_boolean (node, place, field, error);
    case KIND_NUMBER:
      return json_field_number (node, place, -DBL_MAX, DBL_MAX, field, error);
    case KIND_PADDING:
      return parse_padding (node, place, field, error);
    case KIND_ACTIVATION:
      if (!json_field_word (node, place, activations, G_N_ELEMENTS (activations), &word, error))
        return false;
      *(NnActivation *) field = (NnActivation) word;
      return true;
    case KIND_STATS:
      return parse_stats (node, place, spec, error);
  }
  return false;
}

/* NULL: no layer takes it. */
static const struct Key *
find_key (const char *name)
{
  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      return &keys[i];
  return NULL;
}

static const NnLayerClass *
parse_type (JsonNode *layer, const JsonPlace *whole, GError **error)
{
  JsonPlace place = *whole;
  if (!JSON_NODE_HOLDS_OBJECT (layer)) {
    json_field_fail (layer, whole, "an object", error);
    return NULL;
  }
  place.key = "type";
  JsonNode *node = json_object_get_member (json_node_get_object (layer), "type");
  const char *type = node ? json_field_string (node) : NULL;
  const NnLayerClass *class = type ? nn_layer_class_find (type) : NULL;
  if (!class)
    json_field_fail (node, &place, "the type of a known layer", error);
  return class;
}

static bool
parse_layer (JsonNode *layer, const char *file, gsize index, NnLayerSpec *spec, GError **error)
{
  g_autofree char *number = g_strdup_printf ("network: layer %" G_GSIZE_FORMAT, index);
  JsonPlace place = { file, number, NULL, GENRE_MODEL_ERROR_NETWORK };
  const NnLayerClass *class = parse_type (layer, &place, error);
  if (!class)
    return false;
  *spec = nn_layer_spec_default (class);

  g_autofree char *thing = g_strdup_printf ("network: layer %" G_GSIZE_FORMAT " (%s)", index, class->type);
  place.thing = thing;
  JsonObject *object = json_node_get_object (layer);
  g_autoptr (GList) members = json_object_get_members (object);
  for (GList *item = members; item; item = item->next) {
    if (strcmp (item->data, "type") == 0)
      continue;
    place.key = item->data;
    JsonNode *node = json_object_get_member (object, item->data);
    const struct Key *key = find_key (item->data);
    if (!key || !nn_layer_class_has_key (class, item->data)) {
      g_autofree char *expected = g_strdup_printf ("a key that %s takes", class->type);
      return json_field_fail (node, &place, expected, error);
    }
    if (!parse_key (key, node, &place, spec, error))
      return false;
  }
  place.key = "name";
  if (nn_layer_class_has_key (class, "name") && spec->name[0] == '\0')
    return json_field_fail (NULL, &place, "the name of its tensors", error);
  return true;
}

static bool
check_names (const NnLayerSpec *specs, gsize n, const char *file, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    for (gsize k = 0; k < i; k++) {
      if (specs[i].name[0] != '\0' && strcmp (specs[i].name, specs[k].name) == 0) {
        g_autofree char *name = json_quote (specs[i].name);
        g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_NETWORK,
            "%s: network: layer %" G_GSIZE_FORMAT " (%s): expected a name of its own, found %s again", file, i,
            specs[i].class->type, name);
        return false;
      }
    }
  }
  return true;
}

NnLayerSpec *
network_spec_parse (const char *json, const char *file, gsize *ret_n_layers, GError **error)
{
  const JsonPlace place = { file, "network", NULL, GENRE_MODEL_ERROR_NETWORK };

  g_autoptr (JsonNode) root = json_field_parse (json, strlen (json), &place, error);
  if (!root)
    return NULL;
  guint n = JSON_NODE_HOLDS_ARRAY (root) ? json_array_get_length (json_node_get_array (root)) : 0;
  if (n < 1 || n > NETWORK_SPEC_MAX_LAYERS) {
    g_autofree char *expected = g_strdup_printf ("an array of 1 to %d layers", NETWORK_SPEC_MAX_LAYERS);
    json_field_fail (root, &place, expected, error);
    return NULL;
  }

  g_autofree NnLayerSpec *specs = g_new0 (NnLayerSpec, n);
  for (guint i = 0; i < n; i++)
    if (!parse_layer (json_array_get_element (json_node_get_array (root), i), file, i, &specs[i], error))
      return NULL;
  if (!check_names (specs, n, file, error))
    return NULL;
  *ret_n_layers = n;
  return g_steal_pointer (&specs);
}

static void
append_value (const struct Key *key, const NnLayerSpec *spec, GString *json)
{
  const void *field = (const char *) spec + key->offset;

  switch (key->kind) {
    case KIND_NAME:
      json_append_string (json, field);
      break;
    case KIND_UNSIGNED:
      g_string_append_printf (json, "%u", *(const unsigned *) field);
      break;
    case KIND_PAIR:
      g_string_append_printf (json, "[%u,%u]", ((const unsigned *) field)[0], ((const unsigned *) field)[1]);
      break;
    case KIND_BOOLEAN:
      g_string_append (json, *(const bool *) field ? "true" : "false");
      break;
    case KIND_NUMBER:
      json_append_double (json, *(const double *) field);
      break;
    case KIND_PADDING:
      g_string_append_printf (json, "[\"%s\",\"%s\"]", paddings[spec->padding[0]], paddings[spec->padding[1]]);
      break;
    case KIND_ACTIVATION:
      json_append_string (json, activations[*(const NnActivation *) field]);
      break;
    case KIND_STATS:
      for (unsigned i = 0; i < spec->n_stats; i++)
        g_string_append_printf (json, "%s\"%s\"", i == 0 ? "[" : ",", stats[spec->stats[i]]);
      g_string_append_c (json, ']');
      break;
  }
}

static void
append_layer (const NnLayerSpec *spec, GString *json)
{
  g_string_append_printf (json, "{\"type\":\"%s\"", spec->class->type);
  for (size_t k = 0; k < G_N_ELEMENTS (keys); k++) {
    if (nn_layer_class_has_key (spec->class, keys[k].name)) {
      g_string_append_printf (json, ",\"%s\":", keys[k].name);
      append_value (&keys[k], spec, json);
    }
  }
  g_string_append_c (json, '}');
}

void
network_spec_append (const NnLayerSpec *specs, gsize n, GString *json)
{
  for (gsize i = 0; i < n; i++) {
    g_string_append_c (json, i == 0 ? '[' : ',');
    append_layer (&specs[i], json);
  }
  g_string_append_c (json, ']');
}

char *
network_spec_describe (const NnLayerSpec *spec, gsize index)
{
  if (spec->name[0] == '\0')
    return g_strdup_printf ("layer %" G_GSIZE_FORMAT " (%s)", index, spec->class->type);
  g_autofree char *name = json_quote (spec->name);
  return g_strdup_printf ("layer %" G_GSIZE_FORMAT " (%s %s)", index, spec->class->type, name);
}
