/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/train_recipe_json.h"

#include "models/file/error.h"
#include "models/file/json_write.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const double max_stretch = 2;
static const double max_db = 100;

/* --- augmentation ---------------------------------------------------------------------------------------------- */

static bool
parse_stretch (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  AugmentConfig *augment = object;
  (void) context;
  return json_field_range (node, place, 1 / max_stretch, max_stretch, &augment->stretch_min, &augment->stretch_max,
      error);
}

static void
append_stretch (const void *context, const void *object, GString *json)
{
  const AugmentConfig *augment = object;
  (void) context;
  json_add_numbers (json, NULL, (const double[]){ augment->stretch_min, augment->stretch_max }, 2);
}

/* A number for as much up as down, or [least, most]. */
static bool
parse_gain (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  AugmentConfig *augment = object;
  (void) context;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_field_range (node, place, -max_db, max_db, &augment->gain_min_db, &augment->gain_max_db, error);
  if (!json_field_number (node, place, 0, max_db, &augment->gain_max_db, error))
    return false;
  augment->gain_min_db = -augment->gain_max_db;
  return true;
}

static void
append_gain (const void *context, const void *object, GString *json)
{
  const AugmentConfig *augment = object;
  (void) context;
  if (augment->gain_min_db == -augment->gain_max_db)
    json_add_number (json, NULL, augment->gain_max_db);
  else
    json_add_numbers (json, NULL, (const double[]){ augment->gain_min_db, augment->gain_max_db }, 2);
}

static const JsonKey augment_keys[] = {
  { .name = "stretch", .kind = JSON_KIND_OTHER, .parse = parse_stretch, .append = append_stretch },
  { .name = "gain_db", .kind = JSON_KIND_OTHER, .parse = parse_gain, .append = append_gain },
  { .name = "equalizer_db", .kind = JSON_KIND_NUMBER, .offset = offsetof (AugmentConfig, equalizer_db), .max = max_db },
  { .name = "shift_bands", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (AugmentConfig, shift_bands), .max = 1024 },
  { .name = "mask_bands", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (AugmentConfig, mask_bands), .max = 1024 },
  { .name = "mask_frames",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (AugmentConfig, mask_frames),
      .max = TRAIN_MAX_WINDOW },
  { .name = "low_pass", .kind = JSON_KIND_NUMBER, .offset = offsetof (AugmentConfig, low_pass), .max = 1 },
  { .name = "roll", .kind = JSON_KIND_NUMBER, .offset = offsetof (AugmentConfig, roll), .max = 1 },
  { .name = "nyquist_db", .kind = JSON_KIND_NUMBER, .offset = offsetof (AugmentConfig, nyquist_db), .max = max_db },
  { .name = "edge_db", .kind = JSON_KIND_NUMBER, .offset = offsetof (AugmentConfig, edge_db), .max = max_db },
};
const JsonTable train_augment_table = { .thing = "augment",
  .keys = augment_keys,
  .n_keys = G_N_ELEMENTS (augment_keys) };

static bool
parse_stage_augment (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainStage *stage = object;
  const JsonPlace inner = { .file = place->file, .thing = "stage: augment", .code = place->code };

  stage->has_augment = !JSON_NODE_HOLDS_NULL (node);
  stage->augment = train_no_augment;
  return !stage->has_augment || json_table_parse (&train_augment_table, node, &inner, context, &stage->augment, error);
}

static void
append_stage_augment (const void *context, const void *object, GString *json)
{
  const TrainStage *stage = object;
  if (stage->has_augment)
    json_table_append (&train_augment_table, context, &stage->augment, json);
  else
    g_string_append (json, "null");
}

/* --- stages ---------------------------------------------------------------------------------------------------- */

static const JsonKey share_keys[] = {
  { .name = "windows", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainShare, windows), .max = TRAIN_MAX_SAMPLES },
  { .name = "labels",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (TrainShare, weight[TRAIN_LOSS_LABELS]),
      .max = TRAIN_MAX_WEIGHT },
  { .name = "pseudo_labels",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (TrainShare, weight[TRAIN_LOSS_PSEUDO_LABELS]),
      .max = TRAIN_MAX_WEIGHT },
  { .name = "soft_labels",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (TrainShare, weight[TRAIN_LOSS_SOFT_LABELS]),
      .max = TRAIN_MAX_WEIGHT },
  { .name = "teacher_embedding",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (TrainShare, weight[TRAIN_LOSS_TEACHER_EMBEDDING]),
      .max = TRAIN_MAX_WEIGHT },
  { .name = "teacher_logits",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (TrainShare, weight[TRAIN_LOSS_TEACHER_LOGITS]),
      .max = TRAIN_MAX_WEIGHT },
  { .name = "music",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (TrainShare, weight[TRAIN_LOSS_MUSIC]),
      .max = TRAIN_MAX_WEIGHT },
};
static const JsonTable share_table = { .thing = "stage: batch",
  .keys = share_keys,
  .n_keys = G_N_ELEMENTS (share_keys) };

/* {"name of a group": {...}, ...}; the groups come from `data`, which is parsed first. */
static bool
parse_shares (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainStage *stage = object;
  const TrainRecipe *recipe = ((TrainParse *) context)->recipe;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, place, "an object", error);

  JsonObject *members = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (members);
  JsonPlace inner = { .file = place->file, .thing = "stage: batch", .code = place->code };
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
    const JsonPlace share = { .file = place->file, .thing = thing, .code = place->code };
    if (!json_table_parse (&share_table, value, &share, context, &stage->shares[i], error))
      return false;
  }
  return true;
}

static void
append_shares (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = context;
  const TrainStage *stage = object;
  json_open (json, NULL, '{');
  for (gsize i = 0; i < recipe->n_data; i++) {
    if (stage->shares[i].windows == 0)
      continue;
    json_add_key (json, recipe->data[i].name);
    json_table_append (&share_table, context, &stage->shares[i], json);
  }
  g_string_append_c (json, '}');
}

static const JsonKey stage_keys[] = {
  { .name = "name", .kind = JSON_KIND_TEXT, .offset = offsetof (TrainStage, name) },
  { .name = "steps", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainStage, steps), .max = TRAIN_MAX_COUNT },
  { .name = "windows", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainStage, windows), .max = TRAIN_MAX_COUNT },
  { .name = "epochs", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainStage, epochs), .max = TRAIN_MAX_COUNT },
  { .name = "batch", .kind = JSON_KIND_OTHER, .parse = parse_shares, .append = append_shares },
  { .name = "learning_rate", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainStage, learning_rate), .max = 1000 },
  { .name = "warmup", .kind = JSON_KIND_UNSIGNED, .offset = offsetof (TrainStage, warmup), .max = TRAIN_MAX_COUNT },
  { .name = "final", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainStage, final), .max = 1 },
  { .name = "weight_decay", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainStage, weight_decay), .max = 1000 },
  { .name = "clip", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainStage, clip), .max = 1e9 },
  { .name = "average", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainStage, average), .max = .999999 },
  { .name = "crop", .kind = JSON_KIND_NUMBER, .offset = offsetof (TrainStage, crop_share), .max = 1 },
  { .name = "augment", .kind = JSON_KIND_OTHER, .parse = parse_stage_augment, .append = append_stage_augment },
  { .name = "heads_only", .kind = JSON_KIND_BOOLEAN, .offset = offsetof (TrainStage, heads_only) },
};
static const JsonTable stage_table = { .thing = "stage", .keys = stage_keys, .n_keys = G_N_ELEMENTS (stage_keys) };

static bool
check_stage (const TrainParse *parse, const TrainStage *stage, gsize index, GError **error)
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

bool
train_stages_parse (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  TrainRecipe *recipe = object;
  const guint n = JSON_NODE_HOLDS_ARRAY (node) ? json_array_get_length (json_node_get_array (node)) : 0;
  if (n < 1 || n > TRAIN_MAX_STAGES) {
    g_autofree char *expected = g_strdup_printf ("an array of 1 to %d stages", TRAIN_MAX_STAGES);
    return json_field_fail (node, place, expected, error);
  }

  train_recipe_clear_stages (recipe);
  for (guint i = 0; i < n; i++) {
    TrainStage *stage = &recipe->stages[recipe->n_stages++];
    g_autofree char *thing = g_strdup_printf ("stage %u", i);
    *stage = (TrainStage){ .learning_rate = 1e-3, .final = .02, .clip = 5 };
    const JsonPlace inner = { .file = place->file, .thing = thing, .code = place->code };
    if (!json_table_parse (&stage_table, json_array_get_element (json_node_get_array (node), i), &inner, context, stage,
            error)
        || !check_stage (context, stage, i, error))
      return false;
    if (!stage->name)
      stage->name = g_strdup_printf ("%u", i + 1);
  }
  return true;
}

void
train_stages_append (const void *context, const void *object, GString *json)
{
  const TrainRecipe *recipe = object;

  json_open (json, NULL, '[');
  for (gsize i = 0; i < recipe->n_stages; i++)
    json_table_append (&stage_table, context, &recipe->stages[i], json);
  g_string_append_c (json, ']');
}
