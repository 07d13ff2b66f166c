/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/train_recipe_json.h"

#include "models/file/error.h"
#include "models/file/json_node.h"
#include "models/file/json_write.h"
#include "models/network_spec.h"

#include <json-glib/json-glib.h>
#include <string.h>

enum
{
  MAX_BASES = 4, /* a recipe on a recipe on a recipe */
};

static const char *const protocols[] = {
  [TRAIN_PROTOCOL_GROUPS] = "groups",
  [TRAIN_PROTOCOL_LEAKY_SEGMENTS] = "leaky-segments",
  [TRAIN_PROTOCOL_NONE] = "none",
};
static const char *const choices[] = { "last", "best" }; /* by choose_best */

static JsonPlace
place_of (const TrainParse *parse, const char *thing)
{
  return (JsonPlace){ .file = parse->file, .thing = thing, .code = GENRE_MODEL_ERROR_RECIPE };
}

static char *
node_text (JsonNode *node)
{
  GString *text = g_string_new (NULL);
  json_append_node (text, node);
  return g_string_free (text, FALSE);
}

/* --- network and front end ------------------------------------------------------------------------------------- */

/* Ends in a dense layer and a softmax: where the heads go. */
static bool
check_end (const TrainParse *parse, const NnLayerSpec *layers, gsize n, GError **error)
{
  const JsonPlace place = place_of (parse, "network");
  if (n >= 3 && strcmp (layers[n - 1].class->type, "softmax") == 0 && strcmp (layers[n - 2].class->type, "dense") == 0)
    return true;
  return genre_model_fail (error, place.code,
      "%s: network: expected layers that end in a dense and a softmax, found %s at the end", parse->file,
      layers[n - 1].class->type);
}

static bool
parse_network (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  const TrainParse *parse = context;
  TrainRecipe *recipe = object;
  g_autofree NnLayerSpec *layers = NULL;
  gsize n = 0;

  if (json_field_string (node)) {
    const char *builtin = train_recipe_builtin (json_field_string (node));
    g_autoptr (TrainRecipe) other = NULL;
    if (!builtin) {
      g_autofree char *names = train_recipe_builtin_names ();
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
append_network (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;
  (void) context;

  network_spec_append (recipe->layers, recipe->n_layers, json);
}

static const char *const spectrogram_keys[] = { "sample_rate", "n_fft", "hop_length", "window", "n_mels", "band_pool",
  "fmin", "fmax", "mel_scale", "mel_norm", "power" };

static const char *const level_keys[] = { "amin", "ref", "top_db" };

/* The front end of docs/model-file.md, but that the spectrogram's keys may be absent together, and what is absent
 * beside them has the default model's value. */
static bool
parse_frontend (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  (void) context;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, place, "an object", error);

  JsonObject *members = json_node_get_object (node);
  bool has_spectrogram = false;
  for (gsize i = 0; i < G_N_ELEMENTS (spectrogram_keys); i++)
    has_spectrogram |= json_object_has_member (members, spectrogram_keys[i]);
  const bool has_normalize = json_object_has_member (members, "normalize");
  const bool has_level = json_object_has_member (members, "amin") || json_object_has_member (members, "ref")
      || json_object_has_member (members, "top_db");
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
  if (!genre_frontend_parse (text, place->file, &frontend, error))
    return false;
  genre_frontend_clear (&recipe->frontend);
  recipe->frontend = frontend;
  recipe->has_spectrogram = has_spectrogram;
  recipe->has_normalize = has_normalize;
  recipe->has_level = has_level;
  return true;
}

static void
append_frontend (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;
  (void) context;

  /* Only what was said: parsing it must give the same recipe. */
  GString *whole = g_string_new (NULL);
  genre_frontend_append (&recipe->frontend, whole);
  g_autoptr (JsonNode) node = json_from_string (whole->str, NULL);
  g_string_free (whole, TRUE);
  JsonObject *members = json_node_get_object (node);
  if (!recipe->has_normalize)
    json_object_remove_member (members, "normalize");
  for (gsize i = 0; !recipe->has_level && i < G_N_ELEMENTS (level_keys); i++)
    json_object_remove_member (members, level_keys[i]);
  for (gsize i = 0; !recipe->has_spectrogram && i < G_N_ELEMENTS (spectrogram_keys); i++)
    json_object_remove_member (members, spectrogram_keys[i]);
  json_append_node (json, node);
}

/* --- validation ------------------------------------------------------------------------------------------------ */

static bool
parse_choose (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  size_t word = 0;
  (void) context;
  if (!json_field_word (node, place, choices, G_N_ELEMENTS (choices), &word, error))
    return false;
  ((TrainRecipe *) object)->choose_best = word == 1;
  return true;
}

static void
append_choose (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;
  (void) context;

  json_append_string (json, choices[recipe->choose_best]);
}

static const JsonKey validation_keys[] = {
  { .name = "protocol",
      .kind = JSON_KIND_WORD,
      .offset = offsetof (TrainRecipe, protocol),
      .words = protocols,
      .n_words = G_N_ELEMENTS (protocols) },
  { .name = "fraction", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainRecipe, fraction), .min = .01, .max = .9 },
  { .name = "every",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (TrainRecipe, every),
      .min = 1,
      .max = TRAIN_MAX_COUNT },
  { .name = "interval", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainRecipe, interval_s), .max = 3600 },
  { .name = "choose", .kind = JSON_KIND_OTHER, .parse = parse_choose, .append = append_choose },
};
static const JsonTable validation_table = { .thing = "validation",
  .keys = validation_keys,
  .n_keys = G_N_ELEMENTS (validation_keys) };

/* --- the whole ------------------------------------------------------------------------------------------------- */

/* Has been taken before all others; see parse_text(). */
static bool
parse_base (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  (void) context, (void) node, (void) place, (void) object, (void) error;
  return true;
}

static const JsonKey recipe_keys[] = {
  { .name = "base", .kind = JSON_KIND_OTHER, .parse = parse_base },
  { .name = "name", .kind = JSON_KIND_TEXT, .offset = offsetof (TrainRecipe, name) },
  { .name = "network", .kind = JSON_KIND_OTHER, .parse = parse_network, .append = append_network },
  { .name = "frontend", .kind = JSON_KIND_OTHER, .parse = parse_frontend, .append = append_frontend },
  { .name = "window_frames",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (TrainRecipe, window_frames),
      .min = 1,
      .max = TRAIN_MAX_WINDOW },
  { .name = "min_frames",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (TrainRecipe, min_frames),
      .min = 1,
      .max = TRAIN_MAX_WINDOW },
  { .name = "initial", .kind = JSON_KIND_TEXT, .offset = offsetof (TrainRecipe, initial) },
  { .name = "labels", .kind = JSON_KIND_OBJECT, .table = &train_labels_table },
  { .name = "teacher_logits", .kind = JSON_KIND_OBJECT, .table = &train_logits_table },
  { .name = "pseudo_labels", .kind = JSON_KIND_OTHER, .parse = train_pseudo_parse, .append = train_pseudo_append },
  { .name = "soft_labels", .kind = JSON_KIND_OBJECT, .table = &train_soft_table },
  { .name = "augment",
      .kind = JSON_KIND_OBJECT,
      .offset = offsetof (TrainRecipe, augment),
      .table = &train_augment_table },
  { .name = "data", .kind = JSON_KIND_OTHER, .parse = train_data_parse, .append = train_data_append },
  { .name = "stages", .kind = JSON_KIND_OTHER, .parse = train_stages_parse, .append = train_stages_append },
  { .name = "validation", .kind = JSON_KIND_OBJECT, .table = &validation_table },
  { .name = "seed", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainRecipe, seed), .max = TRAIN_MAX_COUNT },
  { .name = "seeds", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainRecipe, seeds), .min = 1, .max = 1000 },
};
static const JsonTable recipe_table = { .thing = "recipe", .keys = recipe_keys, .n_keys = G_N_ELEMENTS (recipe_keys) };

static bool parse_text (TrainParse *parse, const char *text, gsize size, GError **error);

/* Replaces what stands in parse->recipe by the base, if there is one. */
static bool
take_base (TrainParse *parse, JsonNode *root, GError **error)
{
  JsonPlace place = place_of (parse, "recipe");
  place.key = "base";
  JsonNode *node = JSON_NODE_HOLDS_OBJECT (root) ? json_object_get_member (json_node_get_object (root), "base") : NULL;
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return true;
  const char *text = json_field_string (node) ? train_recipe_builtin (json_field_string (node)) : NULL;
  if (!text || parse->depth >= MAX_BASES) {
    g_autofree char *names = train_recipe_builtin_names ();
    g_autofree char *expected = g_strdup_printf ("a built-in recipe: %s", names);
    return json_field_fail (node, &place, expected, error);
  }
  TrainParse base = { parse->recipe, json_field_string (node), parse->depth + 1 };
  return parse_text (&base, text, strlen (text), error);
}

/* `data` goes before `stages`, which names its groups: stages that are not given anew must still fit. */
static bool
parse_text (TrainParse *parse, const char *text, gsize size, GError **error)
{
  const JsonPlace place = place_of (parse, "recipe");
  g_autoptr (JsonNode) root = json_field_parse (text, size, &place, error);
  if (!root || !take_base (parse, root, error))
    return false;
  JsonObject *members = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  const bool has_data = members && json_object_has_member (members, "data");
  if (has_data && !json_object_has_member (members, "stages") && parse->recipe->n_stages > 0)
    return genre_model_fail (error, GENRE_MODEL_ERROR_RECIPE,
        "%s: recipe: expected \"stages\" beside \"data\", whose groups they name, found none", parse->file);
  if (has_data) {
    /* Members keep their order in json-glib: take this one first. */
    JsonPlace data_place = place;
    data_place.key = "data";
    if (!train_data_parse (parse, json_object_get_member (members, "data"), &data_place, parse->recipe, error))
      return false;
    json_object_remove_member (members, "data");
  }
  return json_table_parse (&recipe_table, root, &place, parse, parse->recipe, error);
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
  if (missing)
    return genre_model_fail (error, GENRE_MODEL_ERROR_RECIPE, "%s: recipe: expected a key \"%s\", found none", file,
        missing);
  if (recipe->min_frames > recipe->window_frames)
    return genre_model_fail (error, GENRE_MODEL_ERROR_RECIPE,
        "%s: recipe: expected \"min_frames\" of at most \"window_frames\", found %u and %u", file, recipe->min_frames,
        recipe->window_frames);
  return true;
}

TrainRecipe *
train_recipe_parse (const char *text, gsize size, const char *file, GError **error)
{
  TrainRecipe *recipe = g_new0 (TrainRecipe, 1);
  TrainParse parse = { recipe, file, 0 };

  recipe->window_frames = 129;
  recipe->min_frames = 45;
  recipe->smoothing = .1;
  recipe->class_weights = true;
  recipe->sure[1] = .3;
  recipe->sure[2] = .7;
  recipe->sure[3] = 1;
  recipe->logits_factor = 20;
  recipe->augment = train_no_augment;
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

void
train_recipe_append (const TrainRecipe *recipe, GString *json)
{
  json_table_append (&recipe_table, recipe, recipe, json);
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
