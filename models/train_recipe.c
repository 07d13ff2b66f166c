/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/train_recipe.h"

#include "models/error.h"
#include "models/frontend.h"
#include "models/json_field.h"
#include "models/json_node.h"
#include "models/json_write.h"
#include "models/network_spec.h"
#include "models/recipes.h"
#include "models/regular_file.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

enum
{
  MAX_BYTES = 1 << 20,
  MAX_BASES = 4, /* a recipe on a recipe on a recipe */
  MAX_COUNT = 1000000000,
  MAX_CLASSES = 65536,
};

static const double max_stretch = 2;
static const double max_db = 100;
static const double max_weight = 1e6;

static const char *const protocols[] = {
  [TRAIN_PROTOCOL_GROUPS] = "groups",
  [TRAIN_PROTOCOL_LEAKY_SEGMENTS] = "leaky-segments",
  [TRAIN_PROTOCOL_NONE] = "none",
};
static const char *const choices[] = { "last", "best" }; /* by choose_best */
static const char *const losses[TRAIN_N_LOSSES] = {
  [TRAIN_LOSS_LABELS] = "labels",
  [TRAIN_LOSS_PSEUDO_LABELS] = "pseudo_labels",
  [TRAIN_LOSS_SOFT_LABELS] = "soft_labels",
  [TRAIN_LOSS_TEACHER_EMBEDDING] = "teacher_embedding",
  [TRAIN_LOSS_TEACHER_LOGITS] = "teacher_logits",
};

/* A recipe in the making. */
typedef struct Parse
{
  TrainRecipe *recipe;
  const char *file;
  unsigned depth; /* of bases */
} Parse;

/* One key of an object: a simple value in a field of it, or anything else by two functions. */
typedef struct Key
{
  const char *name;
  enum
  {
    NUMBER,
    UNSIGNED,
    BOOLEAN,
    TEXT, /* char *, null: NULL */
    OTHER
  } kind;
  size_t offset;
  double min, max;
  bool (*parse) (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error);
  void (*append) (const TrainRecipe *recipe, const void *object, GString *json);
} Key;

#define LIST_OF(keys) (keys), G_N_ELEMENTS (keys)

/* --- objects by tables ----------------------------------------------------------------------------------------- */

static JsonPlace
place_of (const Parse *parse, const char *thing)
{
  return (JsonPlace){ .file = parse->file, .thing = thing, .code = GENRE_MODEL_ERROR_RECIPE };
}

static const Key *
find_key (const Key *keys, gsize n_keys, const char *name)
{
  for (gsize i = 0; i < n_keys; i++)
    if (strcmp (keys[i].name, name) == 0)
      return &keys[i];
  return NULL;
}

static bool
parse_value (Parse *parse, const Key *key, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  void *field = (char *) object + key->offset;

  switch (key->kind) {
    case NUMBER:
      return json_field_number (node, place, key->min, key->max, field, error);
    case UNSIGNED:
      return json_field_unsigned (node, place, (unsigned) key->min, (unsigned) key->max, field, error);
    case BOOLEAN:
      return json_field_boolean (node, place, field, error);
    case TEXT:
      if (!JSON_NODE_HOLDS_NULL (node) && !json_field_string (node))
        return json_field_fail (node, place, "a string", error);
      g_free (*(char **) field);
      *(char **) field = g_strdup (json_field_string (node));
      return true;
    case OTHER:
      return key->parse (parse, node, place, object, error);
  }
  return false;
}

/* The keys that are there; others are errors. */
static bool
parse_object (Parse *parse, JsonNode *node, const char *thing, const Key *keys, gsize n_keys, void *object,
    GError **error)
{
  JsonPlace place = place_of (parse, thing);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, &place, "an object", error);
  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);

  for (GList *item = names; item; item = item->next) {
    JsonNode *value = json_object_get_member (members, item->data);
    const Key *key = find_key (keys, n_keys, item->data);
    place.key = item->data;
    if (!key) {
      GString *expected = g_string_new ("one of the keys");
      for (gsize i = 0; i < n_keys; i++)
        g_string_append_printf (expected, "%s %s", i == 0 ? "" : ",", keys[i].name);
      json_field_fail (value, &place, expected->str, error);
      g_string_free (expected, TRUE);
      return false;
    }
    if (!parse_value (parse, key, value, &place, object, error))
      return false;
  }
  return true;
}

static void
append_text (GString *json, const char *text)
{
  if (text)
    json_append_string (json, text);
  else
    g_string_append (json, "null");
}

static void
append_object (const TrainRecipe *recipe, const Key *keys, gsize n_keys, const void *object, GString *json)
{
  g_string_append_c (json, '{');
  bool first = true;
  for (gsize i = 0; i < n_keys; i++) {
    const void *field = (const char *) object + keys[i].offset;
    if (keys[i].kind == OTHER && !keys[i].append)
      continue;
    if (!first)
      g_string_append_c (json, ',');
    first = false;
    json_append_string (json, keys[i].name);
    g_string_append_c (json, ':');
    switch (keys[i].kind) {
      case NUMBER:
        json_append_double (json, *(const double *) field);
        break;
      case UNSIGNED:
        g_string_append_printf (json, "%u", *(const unsigned *) field);
        break;
      case BOOLEAN:
        g_string_append (json, *(const bool *) field ? "true" : "false");
        break;
      case TEXT:
        append_text (json, *(char *const *) field);
        break;
      case OTHER:
        keys[i].append (recipe, object, json);
        break;
    }
  }
  g_string_append_c (json, '}');
}

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

static void
append_texts (char *const *texts, GString *json)
{
  g_string_append_c (json, '[');
  for (gsize i = 0; texts && texts[i]; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    json_append_string (json, texts[i]);
  }
  g_string_append_c (json, ']');
}

/* [min, max], both between the limits. */
static bool
parse_range (JsonNode *node, const JsonPlace *place, double low, double high, double *ret_min, double *ret_max,
    GError **error)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (!array || json_array_get_length (array) != 2)
    return json_field_fail (node, place, "an array [least, most]", error);
  return json_field_number (json_array_get_element (array, 0), place, low, high, ret_min, error)
      && json_field_number (json_array_get_element (array, 1), place, *ret_min, high, ret_max, error);
}

static char *
node_text (JsonNode *node)
{
  GString *text = g_string_new (NULL);
  json_append_node (text, node);
  return g_string_free (text, FALSE);
}

/* --- network and front end ------------------------------------------------------------------------------------- */

static bool parse_text (Parse *parse, const char *text, gsize size, GError **error);

static const char *
find_builtin (const char *name)
{
  for (gsize i = 0; models_recipes[i].name; i++)
    if (strcmp (models_recipes[i].name, name) == 0)
      return models_recipes[i].text;
  return NULL;
}

/* "genre-crnn" or "a, b or c", for messages. */
static char *
builtin_names (void)
{
  GString *names = g_string_new (NULL);
  for (gsize i = 0; models_recipes[i].name; i++)
    g_string_append_printf (names, "%s\"%s\"", i == 0 ? "" : ", ", models_recipes[i].name);
  return g_string_free (names, FALSE);
}

/* Ends in a dense layer and a softmax: where the heads go. */
static bool
check_end (const Parse *parse, const NnLayerSpec *layers, gsize n, GError **error)
{
  const JsonPlace place = place_of (parse, "network");
  if (n >= 3 && strcmp (layers[n - 1].class->type, "softmax") == 0 && strcmp (layers[n - 2].class->type, "dense") == 0)
    return true;
  g_set_error (error, GENRE_MODEL_ERROR, place.code,
      "%s: network: expected layers that end in a dense and a softmax, found %s at the end", parse->file,
      layers[n - 1].class->type);
  return false;
}

static bool
parse_network (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  g_autofree NnLayerSpec *layers = NULL;
  gsize n = 0;

  if (json_field_string (node)) {
    const char *builtin = find_builtin (json_field_string (node));
    g_autoptr (TrainRecipe) other = NULL;
    if (!builtin) {
      g_autofree char *names = builtin_names ();
      g_autofree char *expected = g_strdup_printf ("an array of layers, or one of %s", names);
      return json_field_fail (node, place, expected, error);
    }
    other = train_recipe_parse (builtin, strlen (builtin), json_field_string (node), error);
    if (!other)
      return false;
    layers = g_steal_pointer (&other->layers);
    n = other->n_layers;
  } else {
    g_autofree char *text = node_text (node);
    layers = network_spec_parse (text, parse->file, &n, error);
    if (!layers || !check_end (parse, layers, n, error))
      return false;
  }
  g_free (recipe->layers);
  recipe->layers = g_steal_pointer (&layers);
  recipe->n_layers = n;
  return true;
}

static void
append_network (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  network_spec_append (recipe->layers, recipe->n_layers, json);
}

static const char *const spectrogram_keys[] = { "sample_rate", "n_fft", "hop_length", "window", "n_mels", "band_pool",
  "fmin", "fmax", "mel_scale", "mel_norm", "power" };

/* The recipe of DESIGN 2, but that the spectrogram's keys may be absent together, and what is absent beside them has
 * the default model's value. */
static bool
parse_frontend (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, place, "an object", error);

  JsonObject *members = json_node_get_object (node);
  bool has_spectrogram = false;
  for (gsize i = 0; i < G_N_ELEMENTS (spectrogram_keys); i++)
    has_spectrogram |= json_object_has_member (members, spectrogram_keys[i]);
  const bool has_normalize = json_object_has_member (members, "normalize");
  if (!has_spectrogram) {
    json_object_set_int_member (members, "sample_rate", 22050);
    json_object_set_int_member (members, "n_fft", 2048);
    json_object_set_int_member (members, "hop_length", 1708);
    json_object_set_int_member (members, "n_mels", 128);
    json_object_set_int_member (members, "band_pool", 2);
  }
  if (!json_object_has_member (members, "amin"))
    json_object_set_double_member (members, "amin", 1e-4);

  g_autofree char *text = node_text (node);
  GenreFrontend frontend;
  if (!genre_frontend_parse (text, parse->file, &frontend, error))
    return false;
  genre_frontend_clear (&recipe->frontend);
  recipe->frontend = frontend;
  recipe->has_spectrogram = has_spectrogram;
  recipe->has_normalize = has_normalize;
  return true;
}

static void
append_frontend (const TrainRecipe *recipe, const void *object, GString *json)
{
  const GenreFrontend *frontend = &recipe->frontend;
  (void) object;

  /* Only what was said: parsing it must give the same recipe. */
  GString *whole = g_string_new (NULL);
  genre_frontend_append (frontend, whole);
  g_autoptr (JsonNode) node = json_from_string (whole->str, NULL);
  g_string_free (whole, TRUE);
  JsonObject *members = json_node_get_object (node);
  if (!recipe->has_normalize)
    json_object_remove_member (members, "normalize");
  for (gsize i = 0; !recipe->has_spectrogram && i < G_N_ELEMENTS (spectrogram_keys); i++)
    json_object_remove_member (members, spectrogram_keys[i]);
  json_append_node (json, node);
}

/* --- targets --------------------------------------------------------------------------------------------------- */

static const Key label_keys[] = {
  { "smoothing", NUMBER, offsetof (TrainRecipe, smoothing), 0, .9, NULL, NULL },
  { "class_weights", BOOLEAN, offsetof (TrainRecipe, class_weights), 0, 0, NULL, NULL },
};

static bool
parse_labels (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) place;
  return parse_object (parse, node, "labels", LIST_OF (label_keys), object, error);
}

static void
append_labels (const TrainRecipe *recipe, const void *object, GString *json)
{
  append_object (recipe, LIST_OF (label_keys), object, json);
}

/* null, or an array of indices and [first, last]. */
static bool
parse_classes (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (unsigned));
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  (void) parse;

  if (!array && !JSON_NODE_HOLDS_NULL (node))
    return json_field_fail (node, place, "null, or an array of indices and ranges [first, last]", error);
  for (guint i = 0; array && i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    double first = 0, last = 0;
    if (JSON_NODE_HOLDS_ARRAY (element)) {
      if (!parse_range (element, place, 0, MAX_CLASSES - 1, &first, &last, error))
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
append_classes (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
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

static const Key logits_keys[] = {
  { "factor", NUMBER, offsetof (TrainRecipe, logits_factor), 0, 1e6, NULL, NULL },
  { "classes", OTHER, 0, 0, 0, parse_classes, append_classes },
};

static bool
parse_logits (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) place;
  return parse_object (parse, node, "teacher_logits", LIST_OF (logits_keys), object, error);
}

static void
append_logits (const TrainRecipe *recipe, const void *object, GString *json)
{
  append_object (recipe, LIST_OF (logits_keys), object, json);
}

/* {"label": "class of the teacher", ...} */
static bool
parse_pseudo (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  JsonPlace inner = place_of (parse, "pseudo_labels");
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

static void
append_pseudo (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  g_string_append_c (json, '{');
  for (gsize i = 0; i < recipe->n_pseudo; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    json_append_string (json, recipe->pseudo_labels[i]);
    g_string_append_c (json, ':');
    json_append_string (json, recipe->pseudo_classes[i]);
  }
  g_string_append_c (json, '}');
}

static const Key soft_keys[] = {
  { "base", NUMBER, offsetof (TrainRecipe, soft_base), 0, max_weight, NULL, NULL },
};

static bool
parse_soft (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) place;
  return parse_object (parse, node, "soft_labels", LIST_OF (soft_keys), object, error);
}

static void
append_soft (const TrainRecipe *recipe, const void *object, GString *json)
{
  append_object (recipe, LIST_OF (soft_keys), object, json);
}

/* --- augmentation ---------------------------------------------------------------------------------------------- */

static bool
parse_stretch (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  AugmentConfig *augment = object;
  (void) parse;
  return parse_range (node, place, 1 / max_stretch, max_stretch, &augment->stretch_min, &augment->stretch_max, error);
}

static void
append_stretch (const TrainRecipe *recipe, const void *object, GString *json)
{
  const AugmentConfig *augment = object;
  (void) recipe;
  g_string_append_c (json, '[');
  json_append_double (json, augment->stretch_min);
  g_string_append_c (json, ',');
  json_append_double (json, augment->stretch_max);
  g_string_append_c (json, ']');
}

static const Key augment_keys[] = {
  { "stretch", OTHER, 0, 0, 0, parse_stretch, append_stretch },
  { "gain_db", NUMBER, offsetof (AugmentConfig, gain_db), 0, max_db, NULL, NULL },
  { "equalizer_db", NUMBER, offsetof (AugmentConfig, equalizer_db), 0, max_db, NULL, NULL },
  { "shift_bands", UNSIGNED, offsetof (AugmentConfig, shift_bands), 0, 1024, NULL, NULL },
  { "mask_bands", UNSIGNED, offsetof (AugmentConfig, mask_bands), 0, 1024, NULL, NULL },
  { "mask_frames", UNSIGNED, offsetof (AugmentConfig, mask_frames), 0, TRAIN_MAX_WINDOW, NULL, NULL },
  { "low_pass", NUMBER, offsetof (AugmentConfig, low_pass), 0, 1, NULL, NULL },
  { "roll", NUMBER, offsetof (AugmentConfig, roll), 0, 1, NULL, NULL },
};

static bool
parse_augment (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  (void) place;
  return parse_object (parse, node, "augment", LIST_OF (augment_keys), &recipe->augment, error);
}

static void
append_augment (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  append_object (recipe, LIST_OF (augment_keys), &recipe->augment, json);
}

static const AugmentConfig no_augment = { .stretch_min = 1, .stretch_max = 1 };

static bool
parse_stage_augment (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainStage *stage = object;
  (void) place;
  stage->has_augment = !JSON_NODE_HOLDS_NULL (node);
  stage->augment = no_augment;
  return !stage->has_augment
      || parse_object (parse, node, "stage: augment", LIST_OF (augment_keys), &stage->augment, error);
}

static void
append_stage_augment (const TrainRecipe *recipe, const void *object, GString *json)
{
  const TrainStage *stage = object;
  if (stage->has_augment)
    append_object (recipe, LIST_OF (augment_keys), &stage->augment, json);
  else
    g_string_append (json, "null");
}

const AugmentConfig *
train_stage_augment (const TrainRecipe *recipe, const TrainStage *stage)
{
  return stage->has_augment ? &stage->augment : &recipe->augment;
}

/* --- data ------------------------------------------------------------------------------------------------------ */

static bool
parse_match (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainData *data = object;
  (void) parse;
  char **match = parse_texts (node, place, "an array of patterns of file names, such as [\"pool-*\"]", error);
  if (!match)
    return false;
  g_strfreev (data->match);
  data->match = match;
  return true;
}

static void
append_match (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) recipe;
  append_texts (((const TrainData *) object)->match, json);
}

static const Key mix_keys[] = {
  { "share", NUMBER, offsetof (TrainData, mix_share), 0, 1, NULL, NULL },
  { "beta", NUMBER, offsetof (TrainData, mix_beta), .01, 2, NULL, NULL },
};

static bool
parse_mix (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) place;
  return parse_object (parse, node, "mix", LIST_OF (mix_keys), object, error);
}

static void
append_mix (const TrainRecipe *recipe, const void *object, GString *json)
{
  append_object (recipe, LIST_OF (mix_keys), object, json);
}

static const Key data_keys[] = {
  { "match", OTHER, 0, 0, 0, parse_match, append_match },
  { "balance", BOOLEAN, offsetof (TrainData, balance), 0, 0, NULL, NULL },
  { "rarity", NUMBER, offsetof (TrainData, rarity), 0, 1, NULL, NULL },
  { "mix", OTHER, 0, 0, 0, parse_mix, append_mix },
};

static void
clear_data (TrainData *data)
{
  g_free (data->name);
  g_strfreev (data->match);
  *data = (TrainData){ 0 };
}

static void
clear_stages (TrainRecipe *recipe)
{
  for (gsize i = 0; i < recipe->n_stages; i++)
    g_free (recipe->stages[i].name);
  memset (recipe->stages, 0, sizeof recipe->stages);
  recipe->n_stages = 0;
}

static void
clear_all_data (TrainRecipe *recipe)
{
  for (gsize i = 0; i < recipe->n_data; i++)
    clear_data (&recipe->data[i]);
  recipe->n_data = 0;
}

/* {"name": {...}, ...} in their order. */
static bool
parse_data (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  const guint n = JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_size (json_node_get_object (node)) : 0;
  if (n < 1 || n > TRAIN_MAX_DATA) {
    g_autofree char *expected = g_strdup_printf ("an object of 1 to %d groups of feature sets", TRAIN_MAX_DATA);
    return json_field_fail (node, place, expected, error);
  }

  clear_all_data (recipe);
  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);
  for (GList *item = names; item; item = item->next) {
    TrainData *data = &recipe->data[recipe->n_data++];
    g_autofree char *quoted = json_quote (item->data);
    g_autofree char *thing = g_strdup_printf ("data: %s", quoted);
    data->name = g_strdup (item->data);
    data->mix_beta = .5;
    data->match = g_strsplit ("*", ",", -1);
    if (!parse_object (parse, json_object_get_member (members, item->data), thing, LIST_OF (data_keys), data, error))
      return false;
    if (data->balance && data->rarity > 0) {
      g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE,
          "%s: %s: expected \"balance\" or a \"rarity\" above 0, found both", parse->file, thing);
      return false;
    }
  }
  return true;
}

static void
append_data (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  for (gsize i = 0; i < recipe->n_data; i++) {
    g_string_append_c (json, i == 0 ? '{' : ',');
    json_append_string (json, recipe->data[i].name);
    g_string_append_c (json, ':');
    append_object (recipe, LIST_OF (data_keys), &recipe->data[i], json);
  }
  g_string_append_c (json, '}');
}

/* --- stages ---------------------------------------------------------------------------------------------------- */

static const Key share_keys[] = {
  { "windows", UNSIGNED, offsetof (TrainShare, windows), 0, TRAIN_MAX_SAMPLES, NULL, NULL },
  { "labels", NUMBER, offsetof (TrainShare, weight[TRAIN_LOSS_LABELS]), 0, max_weight, NULL, NULL },
  { "pseudo_labels", NUMBER, offsetof (TrainShare, weight[TRAIN_LOSS_PSEUDO_LABELS]), 0, max_weight, NULL, NULL },
  { "soft_labels", NUMBER, offsetof (TrainShare, weight[TRAIN_LOSS_SOFT_LABELS]), 0, max_weight, NULL, NULL },
  { "teacher_embedding", NUMBER, offsetof (TrainShare, weight[TRAIN_LOSS_TEACHER_EMBEDDING]), 0, max_weight, NULL,
      NULL },
  { "teacher_logits", NUMBER, offsetof (TrainShare, weight[TRAIN_LOSS_TEACHER_LOGITS]), 0, max_weight, NULL, NULL },
};

/* {"name of a group": {...}, ...}; the groups come from `data`, which is parsed first. */
static bool
parse_shares (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainStage *stage = object;
  TrainRecipe *recipe = parse->recipe;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, place, "an object", error);

  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);
  JsonPlace inner = place_of (parse, "stage: batch");
  for (GList *item = names; item; item = item->next) {
    gsize i = 0;
    while (i < recipe->n_data && strcmp (recipe->data[i].name, item->data) != 0)
      i++;
    JsonNode *value = json_object_get_member (members, item->data);
    inner.key = item->data;
    if (i == recipe->n_data)
      return json_field_fail (value, &inner, "the name of a group of \"data\"", error);
    g_autofree char *quoted = json_quote (item->data);
    g_autofree char *thing = g_strdup_printf ("stage: batch: %s", quoted);
    if (!parse_object (parse, value, thing, LIST_OF (share_keys), &stage->shares[i], error))
      return false;
  }
  return true;
}

static void
append_shares (const TrainRecipe *recipe, const void *object, GString *json)
{
  const TrainStage *stage = object;
  bool first = true;
  g_string_append_c (json, '{');
  for (gsize i = 0; i < recipe->n_data; i++) {
    if (stage->shares[i].windows == 0)
      continue;
    if (!first)
      g_string_append_c (json, ',');
    first = false;
    json_append_string (json, recipe->data[i].name);
    g_string_append_c (json, ':');
    append_object (recipe, LIST_OF (share_keys), &stage->shares[i], json);
  }
  g_string_append_c (json, '}');
}

static const Key stage_keys[] = {
  { "name", TEXT, offsetof (TrainStage, name), 0, 0, NULL, NULL },
  { "steps", UNSIGNED, offsetof (TrainStage, steps), 0, MAX_COUNT, NULL, NULL },
  { "windows", UNSIGNED, offsetof (TrainStage, windows), 0, MAX_COUNT, NULL, NULL },
  { "epochs", UNSIGNED, offsetof (TrainStage, epochs), 0, MAX_COUNT, NULL, NULL },
  { "batch", OTHER, 0, 0, 0, parse_shares, append_shares },
  { "learning_rate", NUMBER, offsetof (TrainStage, learning_rate), 0, 1000, NULL, NULL },
  { "warmup", UNSIGNED, offsetof (TrainStage, warmup), 0, MAX_COUNT, NULL, NULL },
  { "final", NUMBER, offsetof (TrainStage, final), 0, 1, NULL, NULL },
  { "weight_decay", NUMBER, offsetof (TrainStage, weight_decay), 0, 1000, NULL, NULL },
  { "clip", NUMBER, offsetof (TrainStage, clip), 0, 1e9, NULL, NULL },
  { "average", NUMBER, offsetof (TrainStage, average), 0, .999999, NULL, NULL },
  { "crop", NUMBER, offsetof (TrainStage, crop_share), 0, 1, NULL, NULL },
  { "augment", OTHER, 0, 0, 0, parse_stage_augment, append_stage_augment },
  { "heads_only", BOOLEAN, offsetof (TrainStage, heads_only), 0, 0, NULL, NULL },
};

static bool
check_stage (const Parse *parse, const TrainStage *stage, gsize index, GError **error)
{
  const unsigned lengths = (stage->steps > 0) + (stage->windows > 0) + (stage->epochs > 0);
  const unsigned samples = train_stage_samples (parse->recipe, stage);
  double weight = 0;
  for (gsize i = 0; i < parse->recipe->n_data; i++)
    for (unsigned loss = 0; stage->shares[i].windows > 0 && loss < TRAIN_N_LOSSES; loss++)
      weight += stage->shares[i].weight[loss];

  if (lengths != 1)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE,
        "%s: stage %" G_GSIZE_FORMAT ": expected one of \"steps\", \"windows\" and \"epochs\", found %s", parse->file,
        index, lengths == 0 ? "none" : "several");
  else if (samples < 1 || samples > TRAIN_MAX_SAMPLES)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE,
        "%s: stage %" G_GSIZE_FORMAT ": batch: expected 1 to %d windows in all, found %u", parse->file, index,
        TRAIN_MAX_SAMPLES, samples);
  else if (!(weight > 0))
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE,
        "%s: stage %" G_GSIZE_FORMAT ": batch: expected a loss with a weight above 0, found none", parse->file, index);
  else
    return true;
  return false;
}

static bool
parse_stages (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  const guint n = JSON_NODE_HOLDS_ARRAY (node) ? json_array_get_length (json_node_get_array (node)) : 0;
  if (n < 1 || n > TRAIN_MAX_STAGES) {
    g_autofree char *expected = g_strdup_printf ("an array of 1 to %d stages", TRAIN_MAX_STAGES);
    return json_field_fail (node, place, expected, error);
  }

  clear_stages (recipe);
  for (guint i = 0; i < n; i++) {
    TrainStage *stage = &recipe->stages[recipe->n_stages++];
    g_autofree char *thing = g_strdup_printf ("stage %u", i);
    *stage = (TrainStage){ .learning_rate = 1e-3, .final = .02, .clip = 5 };
    if (!parse_object (parse, json_array_get_element (json_node_get_array (node), i), thing, LIST_OF (stage_keys),
            stage, error)
        || !check_stage (parse, stage, i, error))
      return false;
    if (!stage->name)
      stage->name = g_strdup_printf ("%u", i + 1);
  }
  return true;
}

static void
append_stages (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  g_string_append_c (json, '[');
  for (gsize i = 0; i < recipe->n_stages; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_object (recipe, LIST_OF (stage_keys), &recipe->stages[i], json);
  }
  g_string_append_c (json, ']');
}

/* --- validation ------------------------------------------------------------------------------------------------ */

static bool
parse_protocol (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  size_t word = 0;
  (void) parse;
  if (!json_field_word (node, place, LIST_OF (protocols), &word, error))
    return false;
  ((TrainRecipe *) object)->protocol = (TrainProtocol) word;
  return true;
}

static void
append_protocol (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  json_append_string (json, protocols[recipe->protocol]);
}

static bool
parse_choose (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  size_t word = 0;
  (void) parse;
  if (!json_field_word (node, place, LIST_OF (choices), &word, error))
    return false;
  ((TrainRecipe *) object)->choose_best = word == 1;
  return true;
}

static void
append_choose (const TrainRecipe *recipe, const void *object, GString *json)
{
  (void) object;
  json_append_string (json, choices[recipe->choose_best]);
}

static const Key validation_keys[] = {
  { "protocol", OTHER, 0, 0, 0, parse_protocol, append_protocol },
  { "fraction", NUMBER, offsetof (TrainRecipe, fraction), .01, .9, NULL, NULL },
  { "every", UNSIGNED, offsetof (TrainRecipe, every), 1, MAX_COUNT, NULL, NULL },
  { "interval", NUMBER, offsetof (TrainRecipe, interval_s), 0, 3600, NULL, NULL },
  { "choose", OTHER, 0, 0, 0, parse_choose, append_choose },
};

static bool
parse_validation (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) place;
  return parse_object (parse, node, "validation", LIST_OF (validation_keys), object, error);
}

static void
append_validation (const TrainRecipe *recipe, const void *object, GString *json)
{
  append_object (recipe, LIST_OF (validation_keys), object, json);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

/* Has been taken before all others; see parse_text(). */
static bool
parse_base (Parse *parse, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) parse, (void) node, (void) place, (void) object, (void) error;
  return true;
}

static const Key recipe_keys[] = {
  { "base", OTHER, 0, 0, 0, parse_base, NULL },
  { "name", TEXT, offsetof (TrainRecipe, name), 0, 0, NULL, NULL },
  { "network", OTHER, 0, 0, 0, parse_network, append_network },
  { "frontend", OTHER, 0, 0, 0, parse_frontend, append_frontend },
  { "window_frames", UNSIGNED, offsetof (TrainRecipe, window_frames), 1, TRAIN_MAX_WINDOW, NULL, NULL },
  { "min_frames", UNSIGNED, offsetof (TrainRecipe, min_frames), 1, TRAIN_MAX_WINDOW, NULL, NULL },
  { "initial", TEXT, offsetof (TrainRecipe, initial), 0, 0, NULL, NULL },
  { "labels", OTHER, 0, 0, 0, parse_labels, append_labels },
  { "teacher_logits", OTHER, 0, 0, 0, parse_logits, append_logits },
  { "pseudo_labels", OTHER, 0, 0, 0, parse_pseudo, append_pseudo },
  { "soft_labels", OTHER, 0, 0, 0, parse_soft, append_soft },
  { "augment", OTHER, 0, 0, 0, parse_augment, append_augment },
  { "data", OTHER, 0, 0, 0, parse_data, append_data },
  { "stages", OTHER, 0, 0, 0, parse_stages, append_stages },
  { "validation", OTHER, 0, 0, 0, parse_validation, append_validation },
  { "seed", UNSIGNED, offsetof (TrainRecipe, seed), 0, MAX_COUNT, NULL, NULL },
  { "seeds", UNSIGNED, offsetof (TrainRecipe, seeds), 1, 1000, NULL, NULL },
};

/* Replaces what stands in parse->recipe by the base, if there is one. */
static bool
take_base (Parse *parse, JsonNode *root, GError **error)
{
  JsonPlace place = place_of (parse, "recipe");
  place.key = "base";
  JsonNode *node = JSON_NODE_HOLDS_OBJECT (root) ? json_object_get_member (json_node_get_object (root), "base") : NULL;
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return true;
  const char *text = json_field_string (node) ? find_builtin (json_field_string (node)) : NULL;
  if (!text || parse->depth >= MAX_BASES) {
    g_autofree char *names = builtin_names ();
    g_autofree char *expected = g_strdup_printf ("a built-in recipe: %s", names);
    return json_field_fail (node, &place, expected, error);
  }
  Parse base = { parse->recipe, json_field_string (node), parse->depth + 1 };
  return parse_text (&base, text, strlen (text), error);
}

/* `data` goes before `stages`, which names its groups: stages that are not given anew must still fit. */
static bool
parse_text (Parse *parse, const char *text, gsize size, GError **error)
{
  const JsonPlace place = place_of (parse, "recipe");
  g_autoptr (JsonNode) root = json_field_parse (text, size, &place, error);
  if (!root || !take_base (parse, root, error))
    return false;
  JsonObject *members = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  const bool has_data = members && json_object_has_member (members, "data");
  if (has_data && !json_object_has_member (members, "stages") && parse->recipe->n_stages > 0) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE,
        "%s: recipe: expected \"stages\" beside \"data\", whose groups they name, found none", parse->file);
    return false;
  }
  if (has_data) {
    /* Members keep their order in json-glib: take this one first. */
    JsonPlace data_place = place;
    data_place.key = "data";
    if (!parse_data (parse, json_object_get_member (members, "data"), &data_place, parse->recipe, error))
      return false;
    json_object_remove_member (members, "data");
  }
  return parse_object (parse, root, "recipe", LIST_OF (recipe_keys), parse->recipe, error);
}

static bool
check_recipe (const TrainRecipe *recipe, const char *file, GError **error)
{
  const char *missing = NULL;
  if (!recipe->layers)
    missing = "network";
  else if (recipe->n_data == 0)
    missing = "data";
  else if (recipe->n_stages == 0)
    missing = "stages";
  if (missing) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE, "%s: recipe: expected a key \"%s\", found none",
        file, missing);
    return false;
  }
  if (recipe->min_frames > recipe->window_frames) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_RECIPE,
        "%s: recipe: expected \"min_frames\" of at most \"window_frames\", found %u and %u", file, recipe->min_frames,
        recipe->window_frames);
    return false;
  }
  return true;
}

TrainRecipe *
train_recipe_parse (const char *text, gsize size, const char *file, GError **error)
{
  TrainRecipe *recipe = g_new0 (TrainRecipe, 1);
  Parse parse = { recipe, file, 0 };

  recipe->window_frames = 129;
  recipe->min_frames = 45;
  recipe->smoothing = .1;
  recipe->class_weights = true;
  recipe->logits_factor = 20;
  recipe->augment = no_augment;
  recipe->fraction = .2;
  recipe->every = 200;
  recipe->interval_s = 1;
  recipe->choose_best = true;
  recipe->seeds = 1;
  recipe->frontend.ref = 1;
  if (genre_frontend_parse ("{\"sample_rate\":22050,\"n_fft\":2048,\"hop_length\":1708,\"n_mels\":128,\"band_pool\":2,"
                            "\"amin\":1e-4}",
          file, &recipe->frontend, error)
      && parse_text (&parse, text, size, error) && check_recipe (recipe, file, error))
    return recipe;
  train_recipe_free (recipe);
  return NULL;
}

TrainRecipe *
train_recipe_load (const char *path, GError **error)
{
  const char *builtin = find_builtin (path);
  if (builtin)
    return train_recipe_parse (builtin, strlen (builtin), path, error);

  g_autoptr (GError) failure = NULL;
  g_autoptr (GBytes) bytes = regular_file_read (path, MAX_BYTES, &failure);
  if (!bytes) {
    g_autofree char *names = builtin_names ();
    const bool lost = g_error_matches (failure, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_NOT_FOUND);
    g_propagate_prefixed_error (error, g_steal_pointer (&failure), "recipe: ");
    if (lost && error && *error) {
      g_autofree char *message = g_strdup_printf ("%s; built-in recipes are %s", (*error)->message, names);
      g_free ((*error)->message);
      (*error)->message = g_steal_pointer (&message);
    }
    return NULL;
  }
  gsize size = 0;
  const char *text = g_bytes_get_data (bytes, &size);
  g_autofree char *name = g_filename_display_name (path);
  return train_recipe_parse (text ? text : "", size, name, error);
}

void
train_recipe_free (TrainRecipe *recipe)
{
  if (!recipe)
    return;
  clear_stages (recipe);
  clear_all_data (recipe);
  genre_frontend_clear (&recipe->frontend);
  g_free (recipe->name);
  g_free (recipe->layers);
  g_free (recipe->logits);
  g_strfreev (recipe->pseudo_labels);
  g_strfreev (recipe->pseudo_classes);
  g_free (recipe->initial);
  g_free (recipe);
}

const char *const *
train_recipe_names (void)
{
  return models_recipe_names;
}

void
train_recipe_append (const TrainRecipe *recipe, GString *json)
{
  append_object (recipe, LIST_OF (recipe_keys), recipe, json);
}

char *
train_recipe_print (const TrainRecipe *recipe)
{
  GString *json = g_string_new (NULL);
  train_recipe_append (recipe, json);
  g_autoptr (JsonNode) node = json_from_string (json->str, NULL);
  g_string_truncate (json, 0);
  json_append_node_pretty (json, node);
  return g_string_free (json, FALSE);
}

int
train_recipe_group (const TrainRecipe *recipe, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_filename_display_name (base);
  for (gsize i = 0; i < recipe->n_data; i++)
    for (gsize k = 0; recipe->data[i].match[k]; k++)
      if (g_pattern_match_simple (recipe->data[i].match[k], name))
        return (int) i;
  return -1;
}

unsigned
train_stage_samples (const TrainRecipe *recipe, const TrainStage *stage)
{
  unsigned samples = 0;
  for (gsize i = 0; i < recipe->n_data; i++)
    samples += stage->shares[i].windows;
  return samples;
}

const char *
train_loss_name (TrainLoss loss)
{
  return losses[loss];
}
