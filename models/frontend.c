/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/frontend.h"

#include "models/file/error.h"
#include "models/file/json_table.h"
#include "models/file/json_write.h"

#include <assert.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* Limits far beyond useful values, so that no float overflows. */
static const double max_db = 1e6;
static const double min_std = 1e-6;
static const double min_power = 1e-30;
static const double max_power = 1e30;
static const double max_hz = 1e6;
static const double default_amin = 1e-10; /* librosa's; the least level that is kept, -100 dB */
static const double levels_top_db = 80;   /* of levels that are kept: what 256 steps are spread over */
static const double min_span_hz = 1;      /* fmax - fmin: filters of no width have no finite weights */

/* The state while keys are read. */
typedef struct Parse
{
  GenreFrontend *frontend;
  const char *file;
  JsonNode *normalize; /* NULL: absent or null; read last, when the number of bands is known */
} Parse;

static JsonPlace
place_of (const Parse *parse, const char *key)
{
  return (JsonPlace){ .file = parse->file, .thing = "frontend", .key = key, .code = GENRE_MODEL_ERROR_FRONTEND };
}

/* --- keys that are more than a number --------------------------------------------------------------------------- */

static bool
parse_even (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error)
{
  (void) context;
  if (!json_field_unsigned (node, place, 2, 65536, field, error))
    return false;
  return *(const unsigned *) field % 2 == 0 || json_field_fail (node, place, "an even number", error);
}

static void
append_unsigned (const void *context, const void *field, GString *json)
{
  (void) context;
  g_string_append_printf (json, "%u", *(const unsigned *) field);
}

static bool
parse_power (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  double power = 0;
  (void) context, (void) object;
  return json_field_number (node, place, 2, 2, &power, error);
}

static void
append_power (const void *context, const void *object, GString *json)
{
  (void) context, (void) object;
  g_string_append_c (json, '2');
}

static bool
parse_ref (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error)
{
  static const char *const words[] = { "max" };
  size_t word = 0;
  (void) context;
  if (!json_field_string (node))
    return json_field_number (node, place, min_power, max_power, field, error);
  *(double *) field = 0;
  return json_field_word (node, place, words, 1, &word, error);
}

static void
append_ref (const void *context, const void *field, GString *json)
{
  const double ref = *(const double *) field;
  (void) context;
  if (ref > 0)
    json_append_double (json, ref);
  else
    g_string_append (json, "\"max\"");
}

static bool
parse_top_db (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error)
{
  (void) context;
  *(double *) field = -1;
  return JSON_NODE_HOLDS_NULL (node) || json_field_number (node, place, 0, max_db, field, error);
}

static void
append_top_db (const void *context, const void *field, GString *json)
{
  const double top_db = *(const double *) field;
  (void) context;
  if (top_db >= 0)
    json_append_double (json, top_db);
  else
    g_string_append (json, "null");
}

static bool
keep_normalize (void *context, JsonNode *node, const JsonPlace *place, void *object, GError **error)
{
  Parse *parse = context;
  (void) place, (void) object, (void) error;
  parse->normalize = JSON_NODE_HOLDS_NULL (node) ? NULL : node;
  return true;
}

static void
append_statistic (GString *json, const char *name, const float *values, gsize bands)
{
  json_open (json, name, '[');
  for (gsize i = 0; i < bands; i++) {
    json_add_key (json, NULL);
    json_append_float (json, values[i]);
  }
  g_string_append_c (json, ']');
}

static void
append_normalize (const void *context, const void *object, GString *json)
{
  const GenreFrontend *frontend = object;
  (void) context;
  g_string_append_c (json, '{');
  append_statistic (json, "mean", frontend->mean, frontend->bands);
  append_statistic (json, "std", frontend->std, frontend->bands);
  g_string_append_c (json, '}');
}

static const char *const hann[] = { "hann" }, *const slaney[] = { "slaney" };

static const JsonKey keys[] = {
  { .name = "sample_rate",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (GenreFrontend, mel.sample_rate_hz),
      .required = true,
      .min = 2000,
      .max = 1000000 },
  { .name = "n_fft",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (GenreFrontend, mel.n_fft),
      .required = true,
      .parse = parse_even,
      .append = append_unsigned },
  { .name = "hop_length",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (GenreFrontend, mel.hop_length),
      .required = true,
      .min = 1,
      .max = 1048576 },
  { .name = "window", .kind = JSON_KIND_CONSTANT, .words = hann },
  { .name = "n_mels",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (GenreFrontend, mel.n_mels),
      .required = true,
      .min = 1,
      .max = 1024 },
  { .name = "band_pool",
      .kind = JSON_KIND_UNSIGNED,
      .offset = offsetof (GenreFrontend, mel.band_pool),
      .min = 1,
      .max = 1024 },
  { .name = "fmin", .kind = JSON_KIND_NUMBER, .offset = offsetof (GenreFrontend, mel.fmin_hz), .max = max_hz },
  { .name = "fmax", .kind = JSON_KIND_NUMBER, .offset = offsetof (GenreFrontend, mel.fmax_hz), .max = max_hz },
  { .name = "mel_scale", .kind = JSON_KIND_CONSTANT, .words = slaney },
  { .name = "mel_norm", .kind = JSON_KIND_CONSTANT, .words = slaney },
  { .name = "power", .kind = JSON_KIND_OTHER, .parse = parse_power, .append = append_power },
  { .name = "ref",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (GenreFrontend, ref),
      .parse = parse_ref,
      .append = append_ref },
  { .name = "amin",
      .kind = JSON_KIND_NUMBER,
      .offset = offsetof (GenreFrontend, amin),
      .min = min_power,
      .max = max_power },
  { .name = "top_db",
      .kind = JSON_KIND_OTHER,
      .offset = offsetof (GenreFrontend, top_db),
      .parse = parse_top_db,
      .append = append_top_db },
  { .name = "normalize", .kind = JSON_KIND_OTHER, .parse = keep_normalize, .append = append_normalize },
};
static const JsonTable table = { "frontend", keys, G_N_ELEMENTS (keys), "a key of a recipe", NULL };

/* --- the whole -------------------------------------------------------------------------------------------------- */

/* What holds between keys. */
static bool
check_relations (Parse *parse, GError **error)
{
  GenreFrontend *frontend = parse->frontend;
  DspLogMelConfig *mel = &frontend->mel;

  if (mel->fmax_hz < 0) /* was not given */
    mel->fmax_hz = mel->sample_rate_hz / 2.0;
  if (!(mel->fmax_hz - mel->fmin_hz >= min_span_hz))
    return genre_model_fail (error, GENRE_MODEL_ERROR_FRONTEND,
        "%s: frontend: expected \"fmax\" above \"fmin\" by at least %g Hz, found fmin %g and fmax %g", parse->file,
        min_span_hz, mel->fmin_hz, mel->fmax_hz);
  if (mel->n_mels % mel->band_pool != 0)
    return genre_model_fail (error, GENRE_MODEL_ERROR_FRONTEND,
        "%s: frontend: expected \"n_mels\" to be a multiple of \"band_pool\", found %u and %u", parse->file,
        mel->n_mels, mel->band_pool);
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

/* Nothing is standardised. */
static void
fill_identity (GenreFrontend *frontend)
{
  frontend->mean = g_new0 (float, frontend->bands);
  frontend->std = g_new (float, frontend->bands);
  for (gsize i = 0; i < frontend->bands; i++)
    frontend->std[i] = 1;
}

static bool
parse_normalize (Parse *parse, GError **error)
{
  const JsonPlace place = place_of (parse, "normalize");
  GenreFrontend *frontend = parse->frontend;

  fill_identity (frontend);
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
    .mel = { .band_pool = 1, .fmax_hz = -1 },
    .amin = default_amin,
    .ref = 1,
    .top_db = -1,
  };
  Parse parse = { .frontend = &frontend, .file = file };
  const JsonPlace place = place_of (&parse, NULL);

  g_autoptr (JsonNode) root = json_field_parse (json, strlen (json), &place, error);
  if (!root)
    return FALSE;
  if (json_table_parse (&table, root, &place, &parse, &frontend, error) && check_relations (&parse, error)
      && parse_normalize (&parse, error)) {
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

void
genre_frontend_append (const GenreFrontend *frontend, GString *json)
{
  json_table_append (&table, NULL, frontend, json);
}

/* --- time ------------------------------------------------------------------------------------------------------- */

double
genre_frontend_seconds (const GenreFrontend *frontend, double n_frames)
{
  return n_frames * frontend->mel.hop_length / frontend->mel.sample_rate_hz;
}

guint64
genre_frontend_samples (const GenreFrontend *frontend, guint64 n_frames, unsigned rate_hz)
{
  return n_frames * frontend->mel.hop_length * rate_hz / frontend->mel.sample_rate_hz;
}

/* --- band levels ------------------------------------------------------------------------------------------------ */

void
genre_frontend_power_to_db (const float *power, float *db, gsize n)
{
  dsp_power_to_db (power, db, n, default_amin, 1, -1);
}

GenreFrontend
genre_frontend_of_levels (const GenreFrontend *frontend)
{
  GenreFrontend own = {
    .mel = frontend->mel,
    .amin = default_amin,
    .ref = 1,
    .top_db = levels_top_db,
    .bands = frontend->bands,
  };
  fill_identity (&own);
  return own;
}

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
