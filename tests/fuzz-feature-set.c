/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes are a feature set or an error; all that a set holds can be read and is in its range.
 *
 *   tests/fuzz.sh 600 feature-set
 */
#include "models/sets/feature_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_finite (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (!isfinite (values[i]))
      abort ();
  }
}

static gsize
count (const char *const *strings)
{
  gsize n = 0;

  while (strings && strings[n])
    n++;
  return n;
}

/* Names and numbers as the header has them; the set fits itself, and no recipe that differs. */
static void
read_set (const GenreFeatureSet *set)
{
  GenreFrontend other = *genre_feature_set_frontend (set);

  if (strcmp (genre_feature_set_name (set), "fuzz") != 0)
    abort ();
  if (count (genre_feature_set_labels (set)) != genre_feature_set_n_labels (set))
    abort ();
  if (genre_feature_set_teacher_classes (set)
      && count (genre_feature_set_teacher_classes (set)) != genre_feature_set_n_logits (set))
    abort ();
  if (!genre_feature_set_fits (set, &other, NULL))
    abort ();
  other.mel.hop_length++;
  if (genre_feature_set_fits (set, &other, NULL))
    abort ();
}

static void
read_clip (const GenreFeatureSet *set, gsize clip)
{
  const gsize n_frames = genre_feature_set_n_frames (set), n_bands = genre_feature_set_n_bands (set);
  const gsize n_embedding = genre_feature_set_n_embedding (set), n_logits = genre_feature_set_n_logits (set);
  const int label = genre_feature_set_label (set, clip);
  g_autofree float *values = g_new (float, n_frames *n_bands + n_embedding + n_logits);

  const char *name = genre_feature_set_clip_name (set, clip);

  if (name && !g_utf8_validate (name, -1, NULL))
    abort ();
  const char *const *artists = genre_feature_set_artists (set);
  int n_artists = 0;
  while (artists && artists[n_artists])
    n_artists++;
  const int artist = genre_feature_set_artist (set, clip), album = genre_feature_set_album_artist (set, clip);
  if (artist < -1 || album < -1 || (artists && MAX (artist, album) >= n_artists)
      || genre_feature_set_recording (set, clip) < -1)
    abort ();
  if (label < -1 || label >= (int) genre_feature_set_n_labels (set)
      || genre_feature_set_track (set, clip) >= genre_feature_set_n_tracks (set)
      || genre_feature_set_group (set, clip) >= genre_feature_set_n_groups (set)
      || genre_feature_set_clip_frames (set, clip) - 1 >= n_frames)
    abort ();
  genre_feature_set_clip_db (set, clip, 0, n_frames, values);
  check_finite (values, n_frames * n_bands);
  genre_frontend_apply (genre_feature_set_frontend (set), GENRE_LEVELS_DB, values, values, n_frames);
  for (gsize w = 0; w < genre_feature_set_n_windows (set); w++) {
    if (n_embedding > 0) {
      genre_feature_set_embedding (set, clip, w, values);
      check_finite (values, n_embedding);
    }
    if (n_logits > 0 && genre_feature_set_measured (set, clip)) {
      genre_feature_set_logits (set, clip, w, values);
      check_finite (values, n_logits);
    }
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  GBytes *bytes = g_bytes_new_static (data, size);
  GenreFeatureSet *set = genre_feature_set_parse (bytes, "fuzz", &error);
  if (!set != (error != NULL))
    abort ();
  if (set)
    read_set (set);
  for (gsize clip = 0; set && clip < genre_feature_set_n_clips (set); clip++)
    read_clip (set, clip);
  genre_feature_set_free (set);
  g_bytes_unref (bytes);
  g_clear_error (&error);
  return 0;
}
