/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/frontend.h"

#include "models/error.h"
#include "models/json_field.h"
#include "models/json_write.h"

#include <assert.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* Far beyond anything sensible, so that no arithmetic on floats overflows. */
static const double max_db = 1e6;
static const double min_std = 1e-6;
static const double min_power = 1e-30;
static const double max_power = 1e30;
static const double max_hz = 1e6;
static const double min_span_hz = 1; /* fmax - fmin: filters of no width have no finite weights */

/* What parse_key() needs to know. */
typedef struct Parse
{
  GenreFrontend *frontend;
  const char *file;
  bool has_fmax;
  JsonNode *normalize; /* NULL: absent or null; read last, when the number of bands is known */
} Parse;

typedef enum Key
{
  SAMPLE_RATE,
  N_FFT,
  HOP_LENGTH,
  WINDOW,
  N_MELS,
  BAND_POOL,
  FMIN,
  FMAX,
  MEL_SCALE,
  MEL_NORM,
  POWER,
  REF,
  AMIN,
  TOP_DB,
  NORMALIZE,
  N_KEYS
} Key;

static const struct
{
  const char *name;
  bool required;
} keys[N_KEYS] = {
  [SAMPLE_RATE] = { "sample_rate", true },
  [N_FFT] = { "n_fft", true },
  [HOP_LENGTH] = { "hop_length", true },
  [WINDOW] = { "window", false },
  [N_MELS] = { "n_mels", true },
  [BAND_POOL] = { "band_pool", false },
  [FMIN] = { "fmin", false },
  [FMAX] = { "fmax", false },
  [MEL_SCALE] = { "mel_scale", false },
  [MEL_NORM] = { "mel_norm", false },
  [POWER] = { "power", false },
  [REF] = { "ref", false },
  [AMIN] = { "amin", false },
  [TOP_DB] = { "top_db", false },
  [NORMALIZE] = { "normalize", false },
};

static JsonPlace
place_of (const Parse *parse, const char *key)
{
  return (JsonPlace){ .file = parse->file, .thing = "frontend", .key = key, .code = GENRE_MODEL_ERROR_FRONTEND };
}

static bool
parse_key (Parse *parse, Key key, JsonNode *node, GError **error)
{
  static const char *const hann[] = { "hann" };
  static const char *const slaney[] = { "slaney" };
  static const char *const max[] = { "max" };

  const JsonPlace place = place_of (parse, keys[key].name);
  GenreFrontend *frontend = parse->frontend;
  DspLogMelConfig *mel = &frontend->mel;
  size_t word = 0;
  double power = 0;

  switch (key) {
    case SAMPLE_RATE:
      return json_field_unsigned (node, &place, 2000, 1000000, &mel->sample_rate_hz, error);
    case N_FFT:
      if (!json_field_unsigned (node, &place, 2, 65536, &mel->n_fft, error))
        return false;
      return mel->n_fft % 2 == 0 || json_field_fail (node, &place, "an even number", error);
    case HOP_LENGTH:
      return json_field_unsigned (node, &place, 1, 1048576, &mel->hop_length, error);
    case WINDOW:
      return json_field_word (node, &place, hann, 1, &word, error);
    case N_MELS:
      return json_field_unsigned (node, &place, 1, 1024, &mel->n_mels, error);
    case BAND_POOL:
      return json_field_unsigned (node, &place, 1, 1024, &mel->band_pool, error);
    case FMIN:
      return json_field_number (node, &place, 0, max_hz, &mel->fmin_hz, error);
    case FMAX:
      parse->has_fmax = true;
      return json_field_number (node, &place, 0, max_hz, &mel->fmax_hz, error);
    case MEL_SCALE:
    case MEL_NORM:
      return json_field_word (node, &place, slaney, 1, &word, error);
    case POWER:
      return json_field_number (node, &place, 2, 2, &power, error);
    case REF:
      if (json_field_string (node)) {
        frontend->ref = 0;
        return json_field_word (node, &place, max, 1, &word, error);
      }
      return json_field_number (node, &place, min_power, max_power, &frontend->ref, error);
    case AMIN:
      return json_field_number (node, &place, min_power, max_power, &frontend->amin, error);
    case TOP_DB:
      frontend->top_db = -1;
      return JSON_NODE_HOLDS_NULL (node) || json_field_number (node, &place, 0, max_db, &frontend->top_db, error);
    case NORMALIZE:
      parse->normalize = JSON_NODE_HOLDS_NULL (node) ? NULL : node;
      return true;
    case N_KEYS:
      break;
  }
  return false;
}

static bool
parse_keys (Parse *parse, JsonObject *object, GError **error)
{
  const JsonPlace whole = place_of (parse, NULL);
  g_autoptr (GList) members = json_object_get_members (object);
  bool seen[N_KEYS] = { false };

  for (GList *item = members; item; item = item->next) {
    unsigned key = 0;
    while (key < N_KEYS && strcmp (keys[key].name, item->data) != 0)
      key++;
    if (key == N_KEYS) {
      const JsonPlace place = place_of (parse, item->data);
      return json_field_fail (json_object_get_member (object, item->data), &place, "a key of a recipe", error);
    }
    seen[key] = true;
    if (!parse_key (parse, (Key) key, json_object_get_member (object, item->data), error))
      return false;
  }
  for (unsigned key = 0; key < N_KEYS; key++) {
    if (keys[key].required && !seen[key]) {
      g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_FRONTEND, "%s: %s: expected a key \"%s\", found none",
          whole.file, whole.thing, keys[key].name);
      return false;
    }
  }
  return true;
}

/* What holds between keys. */
static bool
check_relations (Parse *parse, GError **error)
{
  GenreFrontend *frontend = parse->frontend;
  DspLogMelConfig *mel = &frontend->mel;

  if (!parse->has_fmax)
    mel->fmax_hz = mel->sample_rate_hz / 2.0;
  if (!(mel->fmax_hz - mel->fmin_hz >= min_span_hz)) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_FRONTEND,
        "%s: frontend: expected \"fmax\" above \"fmin\" by at least %g Hz, found fmin %g and fmax %g", parse->file,
        min_span_hz, mel->fmin_hz, mel->fmax_hz);
    return false;
  }
  if (mel->n_mels % mel->band_pool != 0) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_FRONTEND,
        "%s: frontend: expected \"n_mels\" to be a multiple of \"band_pool\", found %u and %u", parse->file,
        mel->n_mels, mel->band_pool);
    return false;
  }
  frontend->bands = mel->n_mels / mel->band_pool;
  return true;
}

/* values [bands]  out */
static bool
parse_statistic (const Parse *parse, const char *key, double min, float *values, GError **error)
{
  const JsonPlace place = place_of (parse, key);
  JsonNode *node = json_object_get_member (json_node_get_object (parse->normalize), key);
  gsize bands = parse->frontend->bands;

  if (!node || !JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) != bands) {
    g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " numbers", bands);
    return json_field_fail (node, &place, expected, error);
  }
  for (guint i = 0; i < bands; i++) {
    double value = 0;
    if (!json_field_number (json_array_get_element (json_node_get_array (node), i), &place, min, max_db, &value, error))
      return false;
    values[i] = (float) value;
  }
  return true;
}

static bool
parse_normalize (Parse *parse, GError **error)
{
  const JsonPlace place = place_of (parse, "normalize");
  GenreFrontend *frontend = parse->frontend;

  frontend->mean = g_new0 (float, frontend->bands);
  frontend->std = g_new0 (float, frontend->bands);
  for (gsize i = 0; i < frontend->bands; i++)
    frontend->std[i] = 1;
  if (!parse->normalize)
    return true;
  if (!JSON_NODE_HOLDS_OBJECT (parse->normalize) || json_object_get_size (json_node_get_object (parse->normalize)) != 2)
    return json_field_fail (parse->normalize, &place, "null or an object of \"mean\" and \"std\"", error);
  return parse_statistic (parse, "mean", -max_db, frontend->mean, error)
      && parse_statistic (parse, "std", min_std, frontend->std, error);
}

gboolean
genre_frontend_parse (const char *json, const char *file, GenreFrontend *ret_frontend, GError **error)
{
  GenreFrontend frontend = {
    .mel = { .band_pool = 1 },
    .amin = 1e-10,
    .ref = 1,
    .top_db = -1,
  };
  Parse parse = { .frontend = &frontend, .file = file };
  const JsonPlace place = place_of (&parse, NULL);

  g_autoptr (JsonNode) root = json_field_parse (json, strlen (json), &place, error);
  if (!root)
    return FALSE;
  bool ok = JSON_NODE_HOLDS_OBJECT (root) ? parse_keys (&parse, json_node_get_object (root), error)
                                          : json_field_fail (root, &place, "an object", error);
  if (ok && check_relations (&parse, error) && parse_normalize (&parse, error)) {
    *ret_frontend = frontend;
    return TRUE;
  }
  genre_frontend_clear (&frontend);
  return FALSE;
}

void
genre_frontend_clear (GenreFrontend *frontend)
{
  g_clear_pointer (&frontend->mean, g_free);
  g_clear_pointer (&frontend->std, g_free);
}

static void
append_unsigned (GString *json, Key key, unsigned value)
{
  g_string_append_printf (json, "\"%s\":%u,", keys[key].name, value);
}

static void
append_number (GString *json, Key key, double value)
{
  g_string_append_printf (json, "\"%s\":", keys[key].name);
  json_append_double (json, value);
  g_string_append_c (json, ',');
}

static void
append_statistic (GString *json, const char *name, const float *values, gsize bands)
{
  g_string_append_printf (json, "\"%s\":[", name);
  for (gsize i = 0; i < bands; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    json_append_float (json, values[i]);
  }
  g_string_append_c (json, ']');
}

void
genre_frontend_append (const GenreFrontend *frontend, GString *json)
{
  const DspLogMelConfig *mel = &frontend->mel;

  g_string_append_c (json, '{');
  append_unsigned (json, SAMPLE_RATE, mel->sample_rate_hz);
  append_unsigned (json, N_FFT, mel->n_fft);
  append_unsigned (json, HOP_LENGTH, mel->hop_length);
  g_string_append (json, "\"window\":\"hann\",");
  append_unsigned (json, N_MELS, mel->n_mels);
  append_unsigned (json, BAND_POOL, mel->band_pool);
  append_number (json, FMIN, mel->fmin_hz);
  append_number (json, FMAX, mel->fmax_hz);
  g_string_append (json, "\"mel_scale\":\"slaney\",\"mel_norm\":\"slaney\",\"power\":2,");
  if (frontend->ref > 0)
    append_number (json, REF, frontend->ref);
  else
    g_string_append (json, "\"ref\":\"max\",");
  append_number (json, AMIN, frontend->amin);
  if (frontend->top_db >= 0)
    append_number (json, TOP_DB, frontend->top_db);
  else
    g_string_append (json, "\"top_db\":null,");
  g_string_append (json, "\"normalize\":{");
  append_statistic (json, "mean", frontend->mean, frontend->bands);
  g_string_append_c (json, ',');
  append_statistic (json, "std", frontend->std, frontend->bands);
  g_string_append (json, "}}");
}

/* --- band levels ------------------------------------------------------------------------------------------------ */

/* db [n]  out, as dsp_power_to_db() makes it of the powers; may be `levels` itself */
static void
reference_db (const GenreFrontend *frontend, const float *levels, float *db, gsize n)
{
  const float amin_db = (float) (10 * log10 (frontend->amin));
  float loudest = amin_db;

  for (gsize i = 0; i < n; i++) {
    db[i] = MAX (levels[i], amin_db);
    loudest = MAX (loudest, db[i]);
  }
  const float ref_db = frontend->ref > 0 ? (float) (10 * log10 (MAX (frontend->ref, frontend->amin))) : loudest;
  const float floor_db = frontend->top_db >= 0 ? loudest - (float) frontend->top_db : -HUGE_VALF;

  for (gsize i = 0; i < n; i++)
    db[i] = MAX (db[i], floor_db) - ref_db;
}

void
genre_frontend_apply (const GenreFrontend *frontend, GenreLevels unit, const float *levels, float *input,
    gsize n_frames)
{
  const gsize n = n_frames * frontend->bands;
  assert (n_frames > 0);

  switch (unit) {
    case GENRE_LEVELS_POWER:
      dsp_power_to_db (levels, input, n, frontend->amin, frontend->ref, frontend->top_db);
      break;
    case GENRE_LEVELS_DB:
      reference_db (frontend, levels, input, n);
      break;
  }
  for (gsize t = 0; t < n_frames; t++, input += frontend->bands)
    for (gsize b = 0; b < frontend->bands; b++)
      input[b] = (input[b] - frontend->mean[b]) / frontend->std[b];
}
