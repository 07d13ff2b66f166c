/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/network_spec.h"

#include "models/file/error.h"
#include "models/file/json_table.h"
#include "models/file/json_write.h"
#include "nn/layers.h"

#include <float.h>
#include <json-glib/json-glib.h>
#include <string.h>

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
parse_name (void *context, JsonNode *node, const JsonPlace *place, void *name, GError **error)
{
  const char *text = json_field_string (node);
  (void) context;

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
parse_pair (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error)
{
  unsigned *pair = field;
  JsonArray *array = get_pair (node);
  (void) context;

  if (!array)
    return json_field_fail (node, place, "an array [mel, time]", error);
  return json_field_unsigned (json_array_get_element (array, 0), place, 0, G_MAXINT32, &pair[0], error)
      && json_field_unsigned (json_array_get_element (array, 1), place, 0, G_MAXINT32, &pair[1], error);
}

static bool
parse_padding (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error)
{
  NnPadding *padding = field;
  JsonArray *array = get_pair (node);
  size_t word[2] = { 0, 0 };
  (void) context;

  for (unsigned axis = 0; axis < 2; axis++) {
    if (!json_field_word (array ? json_array_get_element (array, axis) : node, place, paddings, G_N_ELEMENTS (paddings),
            &word[axis], error))
      return false;
    padding[axis] = (NnPadding) word[axis];
  }
  return true;
}

static bool
parse_stats (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  NnLayerSpec *spec = object;
  (void) context;

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

static void
append_name (const void *context, const void *name, GString *json)
{
  (void) context;
  json_append_string (json, name);
}

static void
append_pair (const void *context, const void *field, GString *json)
{
  const unsigned *pair = field;
  (void) context;
  g_string_append_printf (json, "[%u,%u]", pair[0], pair[1]);
}

static void
append_padding (const void *context, const void *field, GString *json)
{
  const NnPadding *padding = field;
  (void) context;
  g_string_append_printf (json, "[\"%s\",\"%s\"]", paddings[padding[0]], paddings[padding[1]]);
}

static void
append_stats (const void *context, const void *object, GString *json)
{
  const NnLayerSpec *spec = object;
  (void) context;
  for (unsigned i = 0; i < spec->n_stats; i++)
    g_string_append_printf (json, "%s\"%s\"", i == 0 ? "[" : ",", stats[spec->stats[i]]);
  g_string_append_c (json, ']');
}

/* Was read before all others; see parse_layer(). */
static bool
skip_type (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) context, (void) node, (void) place, (void) object, (void) error;
  return true;
}

static void
append_type (const void *context, const void *object, GString *json)
{
  (void) context;
  json_append_string (json, ((const NnLayerSpec *) object)->class->type);
}

/* Every key of every layer; which layer takes which is for takes_key(). */
static const JsonKey keys[] = {
  { .name = "type", .kind = JSON_KIND_OTHER, .parse = skip_type, .append = append_type },
  { .name = "name",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (NnLayerSpec, name),
      .parse = parse_name,
      .append = append_name },
  { .name = "filters", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (NnLayerSpec, filters), .max = G_MAXINT32 },
  { .name = "units", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (NnLayerSpec, units), .max = G_MAXINT32 },
  { .name = "kernel",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (NnLayerSpec, kernel),
      .parse = parse_pair,
      .append = append_pair },
  { .name = "pool",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (NnLayerSpec, pool),
      .parse = parse_pair,
      .append = append_pair },
  { .name = "padding",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (NnLayerSpec, padding),
      .parse = parse_padding,
      .append = append_padding },
  { .name = "use_bias", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (NnLayerSpec, use_bias) },
  { .name = "return_sequences", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (NnLayerSpec, return_sequences) },
  { .name = "activation",
      .kind = JSON_KIND_WORD,
      .offset = offsetof (NnLayerSpec, activation),
      .words = activations,
      .n_words = G_N_ELEMENTS (activations) },
  { .name = "recurrent_activation",
      .kind = JSON_KIND_WORD,
      .offset = offsetof (NnLayerSpec, recurrent_activation),
      .words = activations,
      .n_words = G_N_ELEMENTS (activations) },
  { .name = "reset_after", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (NnLayerSpec, reset_after) },
  { .name = "epsilon",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (NnLayerSpec, epsilon),
      .min = -DBL_MAX,
      .max = DBL_MAX },
  { .name = "momentum",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (NnLayerSpec, momentum),
      .min = -DBL_MAX,
      .max = DBL_MAX },
  { .name = "rate", .kind = JSON_KIND_NUMBER, .offset = offsetof (NnLayerSpec, rate), .min = -DBL_MAX, .max = DBL_MAX },
  { .name = "temperature",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (NnLayerSpec, temperature),
      .min = -DBL_MAX,
      .max = DBL_MAX },
  { .name = "stats", .kind = JSON_KIND_OTHER, .parse = parse_stats, .append = append_stats },
};

static bool
takes_key (const void *object, const JsonKey *key)
{
  const NnLayerSpec *spec = object;
  return strcmp (key->name, "type") == 0 || nn_layer_class_has_key (spec->class, key->name);
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
parse_layer (JsonNode *layer, const char *file, const char *whole, gsize index, NnLayerSpec *spec, GError **error)
{
  g_autofree char *number = g_strdup_printf ("%s: layer %" G_GSIZE_FORMAT, whole, index);
  JsonPlace place = { file, number, NULL, GENRE_MODEL_ERROR_NETWORK };
  const NnLayerClass *class = parse_type (layer, &place, error);
  if (!class)
    return false;
  *spec = nn_layer_spec_default (class);

  g_autofree char *thing = g_strdup_printf ("%s: layer %" G_GSIZE_FORMAT " (%s)", whole, index, class->type);
  place.thing = thing;
  g_autofree char *expected = g_strdup_printf ("a key that %s takes", class->type);
  const JsonTable table = { thing, keys, G_N_ELEMENTS (keys), expected, takes_key };
  if (!json_table_parse (&table, layer, &place, NULL, spec, error))
    return false;

  place.key = "name";
  if (nn_layer_class_has_key (class, "name") && spec->name[0] == '\0')
    return json_field_fail (NULL, &place, "the name of its tensors", error);
  return true;
}

static bool
check_names (const NnLayerSpec *specs, gsize n, const char *file, const char *thing, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    for (gsize k = 0; k < i; k++) {
      if (specs[i].name[0] != '\0' && strcmp (specs[i].name, specs[k].name) == 0) {
        g_autofree char *name = json_quote (specs[i].name);
        return genre_model_fail (error, GENRE_MODEL_ERROR_NETWORK,
            "%s: %s: layer %" G_GSIZE_FORMAT " (%s): expected a name of its own, found %s again", file, thing, i,
            specs[i].class->type, name);
      }
    }
  }
  return true;
}

NnLayerSpec *
network_spec_parse_layers (JsonNode *array, const char *file, const char *thing, gsize *ret_n_layers, GError **error)
{
  const JsonPlace place = { file, thing, NULL, GENRE_MODEL_ERROR_NETWORK };

  guint n = JSON_NODE_HOLDS_ARRAY (array) ? json_array_get_length (json_node_get_array (array)) : 0;
  if (n < 1 || n > NETWORK_SPEC_MAX_LAYERS) {
    g_autofree char *expected = g_strdup_printf ("an array of 1 to %d layers", NETWORK_SPEC_MAX_LAYERS);
    json_field_fail (array, &place, expected, error);
    return NULL;
  }

  g_autofree NnLayerSpec *specs = g_new0 (NnLayerSpec, n);
  for (guint i = 0; i < n; i++)
    if (!parse_layer (json_array_get_element (json_node_get_array (array), i), file, thing, i, &specs[i], error))
      return NULL;
  if (!check_names (specs, n, file, thing, error))
    return NULL;
  *ret_n_layers = n;
  return g_steal_pointer (&specs);
}

NnLayerSpec *
network_spec_parse (const char *json, const char *file, gsize *ret_n_layers, GError **error)
{
  const JsonPlace place = { file, "network", NULL, GENRE_MODEL_ERROR_NETWORK };

  g_autoptr (JsonNode) root = json_field_parse (json, strlen (json), &place, error);
  return root ? network_spec_parse_layers (root, file, place.thing, ret_n_layers, error) : NULL;
}

void
network_spec_append (const NnLayerSpec *specs, gsize n, GString *json)
{
  const JsonTable table = { .keys = keys, .n_keys = G_N_ELEMENTS (keys), .takes = takes_key };

  json_open (json, NULL, '[');
  for (gsize i = 0; i < n; i++)
    json_table_append (&table, NULL, &specs[i], json);
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
