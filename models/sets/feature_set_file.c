/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/feature_set_load.h"

#include "models/frontend.h"
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

/* --- reading: metadata ----------------------------------------------------------------------------------------- */

static bool
check_format (const FeatureSetLoad *load, GError **error)
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
      return feature_set_fail (load, GENRE_MODEL_ERROR_FORMAT, error, "%s: expected \"%s\", found %s", wanted[i].key,
          wanted[i].value, found);
  }
  return true;
}

static bool
read_recipe (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  const char *text = safetensors_metadata (load->file, "frontend");

  if (!text)
    return feature_set_fail (load, GENRE_MODEL_ERROR_FORMAT, error, "expected metadata \"frontend\", found none");
  if (strlen (text) > MAX_RECIPE)
    return feature_set_fail (load, GENRE_MODEL_ERROR_FRONTEND, error,
        "frontend: expected at most %d bytes, found %" G_GSIZE_FORMAT, MAX_RECIPE, strlen (text));
  if (!genre_frontend_parse (text, set->name, &set->frontend, error))
    return false;
  set->n_bands = set->frontend.bands;
  set->ref_db = set->frontend.ref > 0 ? 10 * log10 (MAX (set->frontend.ref, set->frontend.amin)) : 0;
  return true;
}

static bool
read_labels (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!feature_set_read_strings (load, "labels", GENRE_MODEL_ERROR_LABELS, "an array of at most 65536 strings", 0,
          MAX_LABELS, &set->labels, error))
    return false;
  if (!set->labels)
    return feature_set_fail (load, GENRE_MODEL_ERROR_FORMAT, error, "expected metadata \"labels\", found none");
  set->n_labels = g_strv_length (set->labels);

  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; i < set->n_labels; i++) {
    if (set->labels[i][0] == '\0')
      return feature_set_fail (load, GENRE_MODEL_ERROR_LABELS, error,
          "labels: expected strings that are not empty, found \"\"");
    g_autofree char *quoted = json_quote (set->labels[i]);
    if (!g_hash_table_add (seen, set->labels[i]))
      return feature_set_fail (load, GENRE_MODEL_ERROR_LABELS, error, "labels: expected each only once, found %s twice",
          quoted);
  }
  return true;
}

static bool
read_names (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " strings, one a clip", set->n_clips);

  return feature_set_read_strings (load, "names", GENRE_MODEL_ERROR_CLIPS, expected, set->n_clips, set->n_clips,
      &set->names, error);
}

static bool
read_artists (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!feature_set_read_strings (load, "artists", GENRE_MODEL_ERROR_CLIPS, "an array of strings", 0, MAX_ARTISTS,
          &set->artists, error))
    return false;
  set->n_artists = set->artists ? g_strv_length (set->artists) : 0;
  return true;
}

static bool
read_features (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  const SafetensorsTensor *tensor = NULL;
  const FeatureTensor wanted = { "features", FEATURE_U8 | FEATURE_F16 | FEATURE_F32, 3, { 0, 0, set->n_bands } };

  if (!feature_set_need_tensor (load, &wanted, &tensor, error))
    return false;
  if (tensor->dim[1] > FEATURE_SET_MAX_FRAMES)
    return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"features\": expected at most %d frames, found %" G_GSIZE_FORMAT, FEATURE_SET_MAX_FRAMES,
        tensor->dim[1]);
  set->n_clips = tensor->dim[0];
  set->n_frames = tensor->dim[1];
  set->features = (FeatureValues){ tensor->type, tensor->data };
  return tensor->type == SAFETENSORS_U8 || feature_set_check_values (load, tensor, max_db, error);
}

/* offset_db and scale_db of U8. */
static bool
read_scales (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  static const char *const names[] = { "offset_db", "scale_db" };
  float **const arrays[] = { &set->offset_db, &set->step_db };

  if (set->features.type != SAFETENSORS_U8)
    return true;
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++) {
    const SafetensorsTensor *tensor = NULL;
    const FeatureTensor wanted = { names[k], FEATURE_F32, 1, { set->n_clips, 0, 0 } };
    if (!feature_set_need_tensor (load, &wanted, &tensor, error)
        || !feature_set_check_values (load, tensor, max_db, error))
      return false;
    *arrays[k] = g_new (float, set->n_clips);
    safetensors_copy_f32 (tensor, *arrays[k]);
  }
  for (gsize i = 0; i < set->n_clips; i++) {
    if (set->step_db[i] < 0)
      return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"scale_db\": expected values of at least 0, found %d at index %" G_GSIZE_FORMAT,
          (int) set->step_db[i], i);
    set->step_db[i] /= 255;
  }
  return true;
}

/* What is not music has no genre. */
static bool
read_music (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!feature_set_read_integers (load, "music", 0, 1, &set->music, error))
    return false;
  for (gsize i = 0; set->music && i < set->n_clips; i++)
    if (set->music[i] == 0 && set->label[i] >= 0)
      return feature_set_fail (load, GENRE_MODEL_ERROR_CLIPS, error,
          "tensor \"music\": expected 1 where a clip has a label, found 0 at index %" G_GSIZE_FORMAT, i);
  return true;
}

/* What sort of sound each clip is: names, and one of them a clip. */
static bool
read_kinds (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  if (!feature_set_read_strings (load, "kinds", GENRE_MODEL_ERROR_CLIPS, "an array of at most 65536 strings", 0,
          MAX_LABELS, &set->kinds, error))
    return false;
  set->n_kinds = set->kinds ? g_strv_length (set->kinds) : 0;
  return feature_set_read_integers (load, "kind", -1, (gint32) set->n_kinds - 1, &set->kind, error);
}

static bool
read_clips (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!feature_set_read_integers (load, "label", -1, (gint32) set->n_labels - 1, &set->label, error))
    return false;
  if (!set->label)
    return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"label\": expected I32 [%" G_GSIZE_FORMAT "], found none", set->n_clips);
  const gint32 last_artist = set->artists ? (gint32) set->n_artists - 1 : G_MAXINT32;
  return feature_set_read_integers (load, "artist", -1, last_artist, &set->artist, error)
      && feature_set_read_integers (load, "album_artist", -1, last_artist, &set->album_artist, error)
      && feature_set_read_integers (load, "recording", -1, G_MAXINT32, &set->recording, error)
      && feature_set_read_integers (load, "frames", 1, (gint32) set->n_frames, &set->frames, error)
      && feature_set_read_integers (load, "sure", 0, FEATURE_SET_SURE, &set->sure, error) && read_music (load, error)
      && read_kinds (load, error);
}

/* One of the teacher's two tensors.  n_windows is that of the other, or 0. */
static bool
read_view (FeatureSetLoad *load, const char *name, FeatureValues *ret_values, gsize *ret_n, GError **error)
{
  GenreFeatureSet *set = load->set;
  const SafetensorsTensor *tensor = NULL;
  const FeatureTensor wanted = { name, FEATURE_F16 | FEATURE_F32, 3, { set->n_clips, set->n_windows, 0 } };

  if (!feature_set_find_tensor (load, &wanted, &tensor, error))
    return false;
  if (!tensor)
    return true;
  if (tensor->dim[1] > MIN (MAX_WINDOWS, set->n_frames) || tensor->dim[2] > MAX_LABELS)
    return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"%s\": expected at most a window a frame of %d values, found %" G_GSIZE_FORMAT
        " windows of %" G_GSIZE_FORMAT,
        name, MAX_LABELS, tensor->dim[1], tensor->dim[2]);
  set->n_windows = tensor->dim[1];
  *ret_values = (FeatureValues){ tensor->type, tensor->data };
  *ret_n = tensor->dim[2];
  return feature_set_check_values (load, tensor, max_db, error);
}

static bool
read_teacher (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;

  if (!read_view (load, "teacher_embedding", &set->embedding, &set->n_embedding, error)
      || !read_view (load, "teacher_logits", &set->logits, &set->n_logits, error)
      || !feature_set_read_integers (load, "teacher_measured", 0, 1, &set->measured, error))
    return false;
  if (set->measured && set->n_windows == 0)
    return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
        "tensor \"teacher_measured\": expected \"teacher_embedding\" or \"teacher_logits\" beside it, found none");
  if (set->n_logits == 0)
    return true;
  g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " strings, one a logit", set->n_logits);
  return feature_set_read_strings (load, "teacher_classes", GENRE_MODEL_ERROR_LABELS, expected, set->n_logits,
      set->n_logits, &set->teacher_classes, error);
}

/* Every distribution sums to 1 but for rounding, and no weight is negative. */
static bool
check_soft (const FeatureSetLoad *load, const SafetensorsTensor *weight, GError **error)
{
  const GenreFeatureSet *set = load->set;
  g_autofree float *p = g_new (float, set->n_soft);

  for (gsize i = 0; i < weight->n_values; i++) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    float w;
    double sum = 0, least = 0;
    genre_feature_values_copy (&set->soft_weight, i, 1, &w);
    if (w < 0)
      return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"soft_weight\": expected values of at least 0, found %s at index %" G_GSIZE_FORMAT,
          g_ascii_formatd (number, sizeof number, "%g", (double) w), i);
    genre_feature_values_copy (&set->soft, i * set->n_soft, set->n_soft, p);
    for (gsize k = 0; k < set->n_soft; k++) {
      sum += (double) p[k];
      least = MIN (least, (double) p[k]);
    }
    if (w > 0 && (least < 0 || fabs (sum - 1) > soft_tolerance))
      return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"soft_labels\": expected probabilities whose sum is 1, found a sum of %s at index %" G_GSIZE_FORMAT,
          g_ascii_formatd (number, sizeof number, "%g", sum), i * set->n_soft);
  }
  return true;
}

/* soft_labels, soft_weight and the names that the first is about: all of them or none. */
static bool
read_soft (FeatureSetLoad *load, GError **error)
{
  GenreFeatureSet *set = load->set;
  const SafetensorsTensor *weight = NULL;

  if (!read_view (load, "soft_labels", &set->soft, &set->n_soft, error))
    return false;
  const FeatureTensor wanted = { "soft_weight", FEATURE_F16 | FEATURE_F32, 2, { set->n_clips, set->n_windows, 0 } };
  if (set->n_soft == 0) {
    if (safetensors_find (load->file, "soft_weight"))
      return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"soft_weight\": expected \"soft_labels\" beside it, found none");
    return true;
  }
  g_autofree char *expected = g_strdup_printf ("an array of %" G_GSIZE_FORMAT " strings, one a value of soft_labels",
      set->n_soft);
  if (!feature_set_need_tensor (load, &wanted, &weight, error)
      || !feature_set_check_values (load, weight, max_db, error)
      || !feature_set_read_strings (load, "soft_labels", GENRE_MODEL_ERROR_LABELS, expected, set->n_soft, set->n_soft,
          &set->soft_labels, error))
    return false;
  if (!set->soft_labels)
    return feature_set_fail (load, GENRE_MODEL_ERROR_FORMAT, error, "expected metadata \"soft_labels\", found none");
  set->soft_weight = (FeatureValues){ weight->type, weight->data };
  return check_soft (load, weight, error);
}

/* What some sets say beside, for other purposes than training and evaluation here: its shape must be right. */
static bool
read_asides (const FeatureSetLoad *load, GError **error)
{
  static const char *const integers[] = { "wide_label", "wide_sure" };
  const SafetensorsTensor *tensor = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (integers); i++) {
    const FeatureTensor wanted = { integers[i], FEATURE_I32, 1, { load->set->n_clips, 0, 0 } };
    if (!feature_set_find_tensor (load, &wanted, &tensor, error))
      return false;
  }
  const FeatureTensor wanted = { "wide_probabilities", FEATURE_F16 | FEATURE_F32, 2, { load->set->n_clips, 0, 0 } };
  return feature_set_find_tensor (load, &wanted, &tensor, error);
}

static bool
check_surplus (const FeatureSetLoad *load, GError **error)
{
  for (gsize i = 0; i < safetensors_n_tensors (load->file); i++) {
    const SafetensorsTensor *tensor = safetensors_tensor (load->file, i);
    if (g_hash_table_contains (load->used, tensor))
      continue;
    g_autofree char *quoted = json_quote (tensor->name);
    return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
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
  FeatureSetLoad load = { set, file, used };

  if (!check_format (&load, error) || !read_recipe (&load, error) || !read_labels (&load, error)
      || !read_features (&load, error) || !read_scales (&load, error) || !read_artists (&load, error)
      || !read_clips (&load, error) || !read_names (&load, error) || !read_teacher (&load, error)
      || !read_soft (&load, error) || !read_asides (&load, error) || !check_surplus (&load, error))
    return false;
  join_clips (set);
  return true;
}
