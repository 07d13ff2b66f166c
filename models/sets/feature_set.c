/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/feature_set_file.h"

#include "models/file/error.h"
#include "models/frontend.h"
#include "models/file/regular_file.h"

#include <assert.h>
#include <string.h>

/* --- constructors ---------------------------------------------------------------------------------------------- */

GenreFeatureSet *
genre_feature_set_parse (GBytes *bytes, const char *name, GError **error)
{
  const SafetensorsLimits limits = { FEATURE_SET_MAX_BYTES, FEATURE_SET_MAX_HEADER };
  g_autoptr (Safetensors) file = safetensors_new_limited (bytes, name, &limits, error);
  if (!file)
    return NULL;

  GenreFeatureSet *set = g_new0 (GenreFeatureSet, 1);
  set->bytes = g_bytes_ref (bytes);
  set->name = g_strdup (name);
  if (genre_feature_set_read (set, file, error))
    return set;
  genre_feature_set_free (set);
  return NULL;
}

GenreFeatureSet *
genre_feature_set_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = regular_file_read (path, FEATURE_SET_MAX_BYTES, error);
  if (!bytes)
    return NULL;
  g_autofree char *name = g_filename_display_name (path);
  return genre_feature_set_parse (bytes, name, error);
}

void
genre_feature_set_free (GenreFeatureSet *set)
{
  if (!set)
    return;
  genre_frontend_clear (&set->frontend);
  g_strfreev (set->labels);
  g_strfreev (set->names);
  g_strfreev (set->teacher_classes);
  g_strfreev (set->soft_labels);
  g_free (set->offset_db);
  g_free (set->step_db);
  g_free (set->label);
  g_free (set->artist);
  g_free (set->album_artist);
  g_strfreev (set->artists);
  g_free (set->recording);
  g_free (set->frames);
  g_free (set->measured);
  g_free (set->music);
  g_free (set->kind);
  g_strfreev (set->kinds);
  g_free (set->sure);
  g_free (set->track);
  g_free (set->group);
  g_free (set->name);
  g_bytes_unref (set->bytes);
  g_free (set);
}

/* --- the set --------------------------------------------------------------------------------------------------- */

const char *
genre_feature_set_name (const GenreFeatureSet *set)
{
  return set->name;
}

const GenreFrontend *
genre_feature_set_frontend (const GenreFeatureSet *set)
{
  return &set->frontend;
}

const char *const *
genre_feature_set_labels (const GenreFeatureSet *set)
{
  return (const char *const *) set->labels;
}

gsize
genre_feature_set_n_labels (const GenreFeatureSet *set)
{
  return set->n_labels;
}

gsize
genre_feature_set_n_clips (const GenreFeatureSet *set)
{
  return set->n_clips;
}

gsize
genre_feature_set_n_frames (const GenreFeatureSet *set)
{
  return set->n_frames;
}

gsize
genre_feature_set_n_bands (const GenreFeatureSet *set)
{
  return set->n_bands;
}

/* window, mel_scale, mel_norm and power have one value only. */
gboolean
genre_feature_set_fits (const GenreFeatureSet *set, const GenreFrontend *frontend, GError **error)
{
  const DspLogMelConfig *a = &frontend->mel, *b = &set->frontend.mel;
  const struct
  {
    const char *key;
    double expected, found;
  } keys[] = {
    { "sample_rate", a->sample_rate_hz, b->sample_rate_hz },
    { "n_fft", a->n_fft, b->n_fft },
    { "hop_length", a->hop_length, b->hop_length },
    { "n_mels", a->n_mels, b->n_mels },
    { "band_pool", a->band_pool, b->band_pool },
    { "fmin", a->fmin_hz, b->fmin_hz },
    { "fmax", a->fmax_hz, b->fmax_hz },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (!(keys[i].expected < keys[i].found) && !(keys[i].expected > keys[i].found))
      continue;
    char expected[G_ASCII_DTOSTR_BUF_SIZE], found[G_ASCII_DTOSTR_BUF_SIZE];
    return genre_model_fail (error, GENRE_MODEL_ERROR_FRONTEND,
        "%s: frontend: expected \"%s\" %s, as the model has it, found %s", set->name, keys[i].key,
        g_ascii_dtostr (expected, sizeof expected, keys[i].expected),
        g_ascii_dtostr (found, sizeof found, keys[i].found));
  }
  return TRUE;
}

/* --- a clip ---------------------------------------------------------------------------------------------------- */

const char *
genre_feature_set_clip_name (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->names ? set->names[clip] : NULL;
}

int
genre_feature_set_label (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->label[clip];
}

gboolean
genre_feature_set_music (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return !set->music || set->music[clip] != 0;
}

gboolean
genre_feature_set_says_music (const GenreFeatureSet *set)
{
  return set->music != NULL;
}

const char *const *
genre_feature_set_kinds (const GenreFeatureSet *set)
{
  return (const char *const *) set->kinds;
}

gsize
genre_feature_set_n_kinds (const GenreFeatureSet *set)
{
  return set->n_kinds;
}

int
genre_feature_set_kind (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->kind ? set->kind[clip] : -1;
}

unsigned
genre_feature_set_sure (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->sure ? (unsigned) set->sure[clip] : FEATURE_SET_SURE;
}

gsize
genre_feature_set_clip_frames (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->frames ? (gsize) set->frames[clip] : set->n_frames;
}

int
genre_feature_set_artist (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->artist ? set->artist[clip] : -1;
}

int
genre_feature_set_album_artist (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->album_artist ? set->album_artist[clip] : -1;
}

const char *const *
genre_feature_set_artists (const GenreFeatureSet *set)
{
  return (const char *const *) set->artists;
}

int
genre_feature_set_recording (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->recording ? set->recording[clip] : -1;
}

gboolean
genre_feature_set_clip_digest (const GenreFeatureSet *set, gsize clip, guint8 *digest)
{
  const gsize size = safetensors_type_bits (set->features.type) / 8, row = set->n_bands * size;
  const gsize n = genre_feature_set_clip_frames (set, clip) * row;
  const guint8 *levels = set->features.data + clip * set->n_frames * row;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = FEATURE_SET_DIGEST;

  g_checksum_update (sum, levels, (gssize) n);
  if (set->offset_db) {
    g_checksum_update (sum, (const guint8 *) &set->offset_db[clip], sizeof *set->offset_db);
    g_checksum_update (sum, (const guint8 *) &set->step_db[clip], sizeof *set->step_db);
  }
  g_checksum_get_digest (sum, digest, &length);
  return memcmp (levels, levels + size, n - size) != 0; /* each equals the one after it */
}

gsize
genre_feature_set_track (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->track[clip];
}

gsize
genre_feature_set_n_tracks (const GenreFeatureSet *set)
{
  return set->n_tracks;
}

gsize
genre_feature_set_group (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->group[clip];
}

gsize
genre_feature_set_n_groups (const GenreFeatureSet *set)
{
  return set->n_groups;
}

void
genre_feature_set_clip_db (const GenreFeatureSet *set, gsize clip, gsize first, gsize n_frames, float *db)
{
  assert (clip < set->n_clips && first <= set->n_frames && n_frames <= set->n_frames - first);

  const gsize n = n_frames * set->n_bands;
  const float ref_db = (float) set->ref_db;
  genre_feature_values_copy (&set->features, (clip * set->n_frames + first) * set->n_bands, n, db);
  if (set->features.type == SAFETENSORS_U8) {
    const float offset = set->offset_db[clip] + ref_db, step = set->step_db[clip];
    for (gsize i = 0; i < n; i++)
      db[i] = offset + step * db[i];
  } else if (set->frontend.ref > 0) {
    for (gsize i = 0; i < n; i++)
      db[i] += ref_db;
  }
}

/* --- the teacher ----------------------------------------------------------------------------------------------- */

gsize
genre_feature_set_n_windows (const GenreFeatureSet *set)
{
  return set->n_windows;
}

gsize
genre_feature_set_n_embedding (const GenreFeatureSet *set)
{
  return set->n_embedding;
}

gsize
genre_feature_set_n_logits (const GenreFeatureSet *set)
{
  return set->n_logits;
}

const char *const *
genre_feature_set_teacher_classes (const GenreFeatureSet *set)
{
  return (const char *const *) set->teacher_classes;
}

gboolean
genre_feature_set_measured (const GenreFeatureSet *set, gsize clip)
{
  assert (clip < set->n_clips);
  return set->measured ? set->measured[clip] != 0 : set->n_windows > 0;
}

void
genre_feature_set_embedding (const GenreFeatureSet *set, gsize clip, gsize window, float *values)
{
  assert (set->n_embedding > 0 && clip < set->n_clips && window < set->n_windows);
  genre_feature_values_copy (&set->embedding, (clip * set->n_windows + window) * set->n_embedding, set->n_embedding,
      values);
}

void
genre_feature_set_logits (const GenreFeatureSet *set, gsize clip, gsize window, float *logits)
{
  assert (set->n_logits > 0 && genre_feature_set_measured (set, clip) && window < set->n_windows);
  genre_feature_values_copy (&set->logits, (clip * set->n_windows + window) * set->n_logits, set->n_logits, logits);
}

/* --- soft labels ----------------------------------------------------------------------------------------------- */

gsize
genre_feature_set_n_soft (const GenreFeatureSet *set)
{
  return set->n_soft;
}

const char *const *
genre_feature_set_soft_labels (const GenreFeatureSet *set)
{
  return (const char *const *) set->soft_labels;
}

float
genre_feature_set_soft (const GenreFeatureSet *set, gsize clip, gsize window, float *probabilities)
{
  assert (set->n_soft > 0 && clip < set->n_clips && window < set->n_windows);

  const gsize index = clip * set->n_windows + window;
  float weight;
  genre_feature_values_copy (&set->soft, index * set->n_soft, set->n_soft, probabilities);
  genre_feature_values_copy (&set->soft_weight, index, 1, &weight);
  return weight;
}
