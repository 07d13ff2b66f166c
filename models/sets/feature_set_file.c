/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/feature_set_file.h"

#include "models/file/error.h"
#include "models/frontend.h"
#include "models/sets/half.h"
#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"
#include "models/sets/union_find.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

enum
{
  MAX_RECIPE = 1 << 20,  /* bytes of JSON; as in a model */
  MAX_LABELS = 65536,    /* as a model may have outputs, or a teacher classes */
  MAX_WINDOWS = 4096,    /* of a teacher, a clip */
  MAX_ARTISTS = 1 << 24, /* more than a header has room for */
};

/* Far beyond anything sensible, so that no arithmetic on floats overflows. */
static const float max_db = 1e6f;

/* Of a sum of half-precision probabilities. */
static const double soft_tolerance = .01;

/* --- values ---------------------------------------------------------------------------------------------------- */

static guint16
read_u16 (const guint8 *data)
{
  return (guint16) (data[0] | data[1] << 8);
}

static guint32
read_u32 (const guint8 *data)
{
  return (guint32) data[0] | (guint32) data[1] << 8 | (guint32) data[2] << 16 | (guint32) data[3] << 24;
}

void
genre_feature_values_copy (const FeatureValues *values, gsize first, gsize n, float *out)
{
  if (values->type == SAFETENSORS_U8) {
    const guint8 *in = values->data + first;
    for (gsize i = 0; i < n; i++)
      out[i] = (float) in[i];
  } else if (values->type == SAFETENSORS_F16) {
    const guint8 *in = values->data + 2 * first;
    for (gsize i = 0; i < n; i++)
      out[i] = half_to_float (read_u16 (in + 2 * i));
  } else {
    const guint8 *in = values->data + 4 * first;
    for (gsize i = 0; i < n; i++) {
      const guint32 bits = read_u32 (in + 4 * i);
      memcpy (&out[i], &bits, sizeof bits);
    }
  }
}

/* --- reading: errors ------------------------------------------------------------------------------------------- */

/* A set in the making. */
typedef struct Load
{
  GenreFeatureSet *set;
  const Safetensors *file;
  GHashTable *used; /* tensors that had a place */
} Load;

static bool fail (const Load *load, GenreModelError code, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

static bool
fail (const Load *load, GenreModelError code, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, GENRE_MODEL_ERROR, (int) code, "%s: %s", load->set->name, what);
  return false;
}

/* --- reading: metadata ----------------------------------------------------------------------------------------- */

static bool
check_format (const Load *load, GError **error)
{
  static const struct
  {
    const char *key;
    const char *value;
  } wanted[] = { { "format", "genre-features" }, { "version", "1" } };

  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++) {
    const char *value = safetensors_metadata (load->file, wanted[i].key);
    g_autofree char *found = value ? json_quote (value) : g_strdup ("none");
    if (g_strcmp0 (value, wanted[i].value) != 0)
      return fail (load, GENRE_MODEL_ERROR_FORMAT, error, "%s: expected \"%s\", found %s", wanted[i].key,
          wanted[i].value, found);
  }
  return true;
}

static bool
read_recipe (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  const char *text = safetensors_metadata (load->file, "frontend");

  if (!text)
    return fail (load, GENRE_MODEL_ERROR_FORMAT, error, "expected metadata \"frontend\", found none");
  if (strlen (text) > MAX_RECIPE)
    return fail (load, GENRE_MODEL_ERROR_FRONTEND, error, "frontend: expected at most %d bytes, found %" G_GSIZE_FORMAT,
        MAX_RECIPE, strlen (text));
  if (!genre_frontend_parse (text, set->name, &set->frontend, error))
    return false;
  set->n_bands = set->frontend.bands;
  set->ref_db = set->frontend.ref > 0 ? 10 * log10 (MAX (set->frontend.ref, set->frontend.amin)) : 0;
  return true;
}

/* A metadata entry that is a JSON array of strings.  NULL in ret_strings: there is no such entry.
 *
 * expected   what it is an array of, for messages
 * min, max   how many there may be */
static bool
read_strings (const Load *load, const char *key, GenreModelError code, const char *expected, gsize min, gsize max,
    char ***ret_strings, GError **error)
{
  const JsonPlace place = { load->set->name, key, NULL, (int) code };
  const char *text = safetensors_metadata (load->file, key);

  if (!text)
    return true;
  const gsize most = json_scan_count (text, strlen (text)); /* before memory is taken for them */
  if (most > MAX (max, 1))
    return fail (load, code, error, "%s: expected %s, found %" G_GSIZE_FORMAT, key, expected, most);
  g_autoptr (JsonNode) root = json_field_parse (text, strlen (text), &place, error);
  if (!root)
    return false;
  if (!JSON_NODE_HOLDS_ARRAY (root))
    return json_field_fail (root, &place, expected, error);
  JsonArray *array = json_node_get_array (root);
  const guint n = json_array_get_length (array);
  if (n < min || n > max)
    return fail (load, code, error, "%s: expected %s, found %u", key, expected, n);

  g_auto (GStrv) strings = g_new0 (char *, (gsize) n + 1);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);
    if (!json_field_string (node))
      return json_field_fail (node, &place, "strings only", error);
    strings[i] = g_strdup (json_field_string (node));
  }
  *ret_strings = g_steal_pointer (&strings);
  return true;
}

static bool
read_labels (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!read_strings (load, "labels", GENRE_MODEL_ERROR_LABELS, "an array of at most 65536 strings", 0, MAX_LABELS,
          &set->labels, error))
    return false;
  if (!set->labels)
    return fail (load, GENRE_MODEL_ERROR_FORMAT, error, "expected metadata \"labels\", found none");
  set->n_labels = g_strv_length (set->labels);

  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; i < set->n_labels; i++) {
    if (set->labels[i][0] == '\0')
      return fail (load, GENRE_MODEL_ERROR_LABELS, error, "labels: expected strings that are not empty, found \"\"");
    g_autofree char *quoted = json_quote (set->labels[i]);
    if (!g_hash_table_add (seen, set->labels[i]))
      return fail (load, GENRE_MODEL_ERROR_LABELS, error, "labels: expected each only once, found %s twice", quoted);
  }
  return true;
}

static bool
read_names (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " strings, one a clip", set->n_clips);

  return read_strings (load, "names", GENRE_MODEL_ERROR_CLIPS, expected, set->n_clips, set->n_clips, &set->names,
      error);
}

static bool
read_artists (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!read_strings (load, "artists", GENRE_MODEL_ERROR_CLIPS, "an array of strings", 0, MAX_ARTISTS, &set->artists,
          error))
    return false;
  set->n_artists = set->artists ? g_strv_length (set->artists) : 0;
  return true;
}

/* --- reading: tensors ------------------------------------------------------------------------------------------ */

/* The types that a tensor may have, as bits. */
enum
{
  U8 = 1 << SAFETENSORS_U8,
  I32 = 1 << SAFETENSORS_I32,
  F16 = 1 << SAFETENSORS_F16,
  F32 = 1 << SAFETENSORS_F32,
};

/* dim [rank]  0: any, at least 1 */
typedef struct Wanted
{
  const char *name;
  unsigned types;
  unsigned rank;
  gsize dim[3];
} Wanted;

static char *
describe_wanted (const Wanted *wanted)
{
  GString *text = g_string_new (NULL);
  for (unsigned type = 0; type < SAFETENSORS_N_TYPES; type++) {
    if (wanted->types & 1u << type)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " or " : "",
          safetensors_type_name ((SafetensorsType) type));
  }
  g_string_append_c (text, ' ');
  for (unsigned i = 0; i < wanted->rank; i++) {
    if (wanted->dim[i] > 0)
      g_string_append_printf (text, "[%" G_GSIZE_FORMAT "]", wanted->dim[i]);
    else
      g_string_append (text, "[any]");
  }
  return g_string_free (text, FALSE);
}

/* Finds a tensor and checks type and shape.  *ret_tensor NULL: there is none. */
static bool
find_tensor (const Load *load, const Wanted *wanted, const SafetensorsTensor **ret_tensor, GError **error)
{
  const SafetensorsTensor *tensor = safetensors_find (load->file, wanted->name);

  *ret_tensor = tensor;
  if (!tensor)
    return true;
  g_hash_table_add (load->used, (gpointer) (gsize) tensor);

  bool good = (wanted->types & 1u << tensor->type) != 0 && tensor->rank == wanted->rank;
  for (unsigned i = 0; good && i < wanted->rank; i++)
    good = wanted->dim[i] > 0 ? tensor->dim[i] == wanted->dim[i] : tensor->dim[i] > 0;
  if (good)
    return true;
  g_autofree char *expected = describe_wanted (wanted), *shape = safetensors_shape_text (tensor->dim, tensor->rank);
  return fail (load, GENRE_MODEL_ERROR_TENSOR, error, "tensor \"%s\": expected %s, found %s %s", wanted->name, expected,
      safetensors_type_name (tensor->type), shape);
}

/* The same, but it must be there. */
static bool
need_tensor (const Load *load, const Wanted *wanted, const SafetensorsTensor **ret_tensor, GError **error)
{
  if (!find_tensor (load, wanted, ret_tensor, error))
    return false;
  if (*ret_tensor)
    return true;
  g_autofree char *expected = describe_wanted (wanted);
  return fail (load, GENRE_MODEL_ERROR_TENSOR, error, "tensor \"%s\": expected %s, found none", wanted->name, expected);
}

/* Every value of F16 or F32 is within -most ... most. */
static bool
check_values (const Load *load, const SafetensorsTensor *tensor, float most, GError **error)
{
  const FeatureValues values = { tensor->type, tensor->data };
  float block[256];

  for (gsize first = 0, n; first < tensor->n_values; first += n) {
    n = MIN (tensor->n_values - first, G_N_ELEMENTS (block));
    genre_feature_values_copy (&values, first, n, block);
    for (gsize i = 0; i < n; i++) {
      if (fabsf (block[i]) <= most)
        continue;
      char number[G_ASCII_DTOSTR_BUF_SIZE], limit[G_ASCII_DTOSTR_BUF_SIZE];
      return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"%s\": expected finite values of at most %s, found %s at index %" G_GSIZE_FORMAT, tensor->name,
          g_ascii_formatd (limit, sizeof limit, "%g", (double) most),
          g_ascii_formatd (number, sizeof number, "%g", (double) block[i]), first + i);
    }
  }
  return true;
}

static bool
read_features (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  const SafetensorsTensor *tensor = NULL;
  const Wanted wanted = { "features", U8 | F16 | F32, 3, { 0, 0, set->n_bands } };

  if (!need_tensor (load, &wanted, &tensor, error))
    return false;
  if (tensor->dim[1] > FEATURE_SET_MAX_FRAMES)
    return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"features\": expected at most %d frames, found %" G_GSIZE_FORMAT, FEATURE_SET_MAX_FRAMES,
        tensor->dim[1]);
  set->n_clips = tensor->dim[0];
  set->n_frames = tensor->dim[1];
  set->features = (FeatureValues){ tensor->type, tensor->data };
  return tensor->type == SAFETENSORS_U8 || check_values (load, tensor, max_db, error);
}

/* offset_db and scale_db of U8. */
static bool
read_scales (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  static const char *const names[] = { "offset_db", "scale_db" };
  float **const arrays[] = { &set->offset_db, &set->step_db };

  if (set->features.type != SAFETENSORS_U8)
    return true;
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++) {
    const SafetensorsTensor *tensor = NULL;
    const Wanted wanted = { names[k], F32, 1, { set->n_clips, 0, 0 } };
    if (!need_tensor (load, &wanted, &tensor, error) || !check_values (load, tensor, max_db, error))
      return false;
    *arrays[k] = g_new (float, set->n_clips);
    safetensors_copy_f32 (tensor, *arrays[k]);
  }
  for (gsize i = 0; i < set->n_clips; i++) {
    if (set->step_db[i] < 0)
      return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"scale_db\": expected values of at least 0, found %d at index %" G_GSIZE_FORMAT,
          (int) set->step_db[i], i);
    set->step_db[i] /= 255;
  }
  return true;
}

/* One I32 a clip, min ... max.  *ret_values NULL: there is no such tensor. */
static bool
read_integers (const Load *load, const char *name, gint32 min, gint32 max, gint32 **ret_values, GError **error)
{
  const gsize n = load->set->n_clips;
  const SafetensorsTensor *tensor = NULL;
  const Wanted wanted = { name, I32, 1, { n, 0, 0 } };

  if (!find_tensor (load, &wanted, &tensor, error))
    return false;
  if (!tensor)
    return true;
  *ret_values = g_new (gint32, n);
  for (gsize i = 0; i < n; i++) {
    const gint32 value = (gint32) read_u32 (tensor->data + 4 * i);
    if (value < min || value > max)
      return fail (load, GENRE_MODEL_ERROR_CLIPS, error,
          "tensor \"%s\": expected values from %d to %d, found %d at index %" G_GSIZE_FORMAT, name, min, max, value, i);
    (*ret_values)[i] = value;
  }
  return true;
}

/* What is not music has no genre. */
static bool
read_music (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!read_integers (load, "music", 0, 1, &set->music, error))
    return false;
  for (gsize i = 0; set->music && i < set->n_clips; i++)
    if (set->music[i] == 0 && set->label[i] >= 0)
      return fail (load, GENRE_MODEL_ERROR_CLIPS, error,
          "tensor \"music\": expected 1 where a clip has a label, found 0 at index %" G_GSIZE_FORMAT, i);
  return true;
}

/* What sort of sound each clip is: names, and one of them a clip. */
static bool
read_kinds (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  if (!read_strings (load, "kinds", GENRE_MODEL_ERROR_CLIPS, "an array of at most 65536 strings", 0, MAX_LABELS,
          &set->kinds, error))
    return false;
  set->n_kinds = set->kinds ? g_strv_length (set->kinds) : 0;
  return read_integers (load, "kind", -1, (gint32) set->n_kinds - 1, &set->kind, error);
}

static bool
read_clips (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!read_integers (load, "label", -1, (gint32) set->n_labels - 1, &set->label, error))
    return false;
  if (!set->label)
    return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"label\": expected I32 [%" G_GSIZE_FORMAT "], found none", set->n_clips);
  const gint32 last_artist = set->artists ? (gint32) set->n_artists - 1 : G_MAXINT32;
  return read_integers (load, "artist", -1, last_artist, &set->artist, error)
      && read_integers (load, "album_artist", -1, last_artist, &set->album_artist, error)
      && read_integers (load, "recording", -1, G_MAXINT32, &set->recording, error)
      && read_integers (load, "frames", 1, (gint32) set->n_frames, &set->frames, error)
      && read_integers (load, "sure", 0, FEATURE_SET_SURE, &set->sure, error) && read_music (load, error)
      && read_kinds (load, error);
}

/* One of the teacher's two tensors.  n_windows is that of the other, or 0. */
static bool
read_view (Load *load, const char *name, FeatureValues *ret_values, gsize *ret_n, GError **error)
{
  GenreFeatureSet *set = load->set;
  const SafetensorsTensor *tensor = NULL;
  const Wanted wanted = { name, F16 | F32, 3, { set->n_clips, set->n_windows, 0 } };

  if (!find_tensor (load, &wanted, &tensor, error))
    return false;
  if (!tensor)
    return true;
  if (tensor->dim[1] > MIN (MAX_WINDOWS, set->n_frames) || tensor->dim[2] > MAX_LABELS)
    return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"%s\": expected at most a window a frame of %d values, found %" G_GSIZE_FORMAT
        " windows of %" G_GSIZE_FORMAT,
        name, MAX_LABELS, tensor->dim[1], tensor->dim[2]);
  set->n_windows = tensor->dim[1];
  *ret_values = (FeatureValues){ tensor->type, tensor->data };
  *ret_n = tensor->dim[2];
  return check_values (load, tensor, max_db, error);
}

static bool
read_teacher (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!read_view (load, "teacher_embedding", &set->embedding, &set->n_embedding, error)
      || !read_view (load, "teacher_logits", &set->logits, &set->n_logits, error)
      || !read_integers (load, "teacher_measured", 0, 1, &set->measured, error))
    return false;
  if (set->measured && set->n_windows == 0)
    return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"teacher_measured\": expected \"teacher_embedding\" or \"teacher_logits\" beside it, found none");
  if (set->n_logits == 0)
    return true;
  g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " strings, one a logit", set->n_logits);
  return read_strings (load, "teacher_classes", GENRE_MODEL_ERROR_LABELS, expected, set->n_logits, set->n_logits,
      &set->teacher_classes, error);
}

/* Every distribution sums to 1 but for rounding, and no weight is negative. */
static bool
check_soft (const Load *load, const SafetensorsTensor *weight, GError **error)
{
  const GenreFeatureSet *set = load->set;
  g_autofree float *p = g_new (float, set->n_soft);

  for (gsize i = 0; i < weight->n_values; i++) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    float w;
    double sum = 0, least = 0;
    genre_feature_values_copy (&set->soft_weight, i, 1, &w);
    if (w < 0)
      return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"soft_weight\": expected values of at least 0, found %s at index %" G_GSIZE_FORMAT,
          g_ascii_formatd (number, sizeof number, "%g", (double) w), i);
    genre_feature_values_copy (&set->soft, i * set->n_soft, set->n_soft, p);
    for (gsize k = 0; k < set->n_soft; k++) {
      sum += (double) p[k];
      least = MIN (least, (double) p[k]);
    }
    if (w > 0 && (least < 0 || fabs (sum - 1) > soft_tolerance))
      return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"soft_labels\": expected probabilities whose sum is 1, found a sum of %s at index %" G_GSIZE_FORMAT,
          g_ascii_formatd (number, sizeof number, "%g", sum), i * set->n_soft);
  }
  return true;
}

/* soft_labels, soft_weight and the names that the first is about: all of them or none. */
static bool
read_soft (Load *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  const SafetensorsTensor *weight = NULL;

  if (!read_view (load, "soft_labels", &set->soft, &set->n_soft, error))
    return false;
  const Wanted wanted = { "soft_weight", F16 | F32, 2, { set->n_clips, set->n_windows, 0 } };
  if (set->n_soft == 0) {
    if (safetensors_find (load->file, "soft_weight"))
      return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"soft_weight\": expected \"soft_labels\" beside it, found none");
    return true;
  }
  g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " strings, one a value of soft_labels",
      set->n_soft);
  if (!need_tensor (load, &wanted, &weight, error) || !check_values (load, weight, max_db, error)
      || !read_strings (load, "soft_labels", GENRE_MODEL_ERROR_LABELS, expected, set->n_soft, set->n_soft,
          &set->soft_labels, error))
    return false;
  if (!set->soft_labels)
    return fail (load, GENRE_MODEL_ERROR_FORMAT, error, "expected metadata \"soft_labels\", found none");
  set->soft_weight = (FeatureValues){ weight->type, weight->data };
  return check_soft (load, weight, error);
}

/* What some sets say beside, for other purposes than training and evaluation here: its shape must be right. */
static bool
read_asides (const Load *load, GError **error)
{
  static const char *const integers[] = { "wide_label", "wide_sure" };
  const SafetensorsTensor *tensor = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (integers); i++) {
    const Wanted wanted = { integers[i], I32, 1, { load->set->n_clips, 0, 0 } };
    if (!find_tensor (load, &wanted, &tensor, error))
      return false;
  }
  const Wanted wanted = { "wide_probabilities", F16 | F32, 2, { load->set->n_clips, 0, 0 } };
  return find_tensor (load, &wanted, &tensor, error);
}

static bool
check_surplus (const Load *load, GError **error)
{
  for (gsize i = 0; i < safetensors_n_tensors (load->file); i++) {
    const SafetensorsTensor *tensor = safetensors_tensor (load->file, i);
    if (g_hash_table_contains (load->used, tensor))
      continue;
    g_autofree char *quoted = json_quote (tensor->name);
    return fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor %s: expected only what a feature set of %s has, found this one too", quoted,
        safetensors_type_name (load->set->features.type));
  }
  return true;
}

/* --- tracks and groups ----------------------------------------------------------------------------------------- */

/* Joins all clips of equal id.
 *
 * parent [n]  in and out
 * first       of id -> clip + 1; more than one array of ids may share it
 * id     [n]  -1: joins nothing; or NULL */
static void
join_equal (guint32 *parent, GHashTable *first, const gint32 *id, gsize n)
{
  for (gsize i = 0; id && i < n; i++) {
    if (id[i] >= 0)
      union_find_join_key (parent, (guint32) i, first, GINT_TO_POINTER (id[i]));
  }
}

static void
join_clips (GenreFeatureSet *set)
{
  g_autoptr (GHashTable) recordings = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (GHashTable) artists = g_hash_table_new (g_direct_hash, g_direct_equal);

  set->track = union_find_new (set->n_clips);
  join_equal (set->track, recordings, set->recording, set->n_clips);
  set->group = g_memdup2 (set->track, set->n_clips * sizeof *set->track);
  join_equal (set->group, artists, set->artist, set->n_clips);
  join_equal (set->group, artists, set->album_artist, set->n_clips);
  set->n_tracks = union_find_number (set->track, set->n_clips);
  set->n_groups = union_find_number (set->group, set->n_clips);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

bool
genre_feature_set_read (GenreFeatureSet *set, const Safetensors *file, GError **error)
{
  g_autoptr (GHashTable) used = g_hash_table_new (g_direct_hash, g_direct_equal);
  Load load = { set, file, used };

  if (!check_format (&load, error) || !read_recipe (&load, error) || !read_labels (&load, error)
      || !read_features (&load, error) || !read_scales (&load, error) || !read_artists (&load, error)
      || !read_clips (&load, error) || !read_names (&load, error) || !read_teacher (&load, error)
      || !read_soft (&load, error) || !read_asides (&load, error) || !check_surplus (&load, error))
    return false;
  join_clips (set);
  return true;
}
