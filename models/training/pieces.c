/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/pieces.h"

#include "models/sets/artist_name.h"
#include "models/sets/union_find.h"

#include <string.h>

/* --- artists --------------------------------------------------------------------------------------------------- */

/* artists  keys of names, or a set and a number -> number over all sets + 1
 * artist   as the set has it
 *
 * -1: unknown */
static int
number_artist (GHashTable *artists, const GenreFeatureSet *set, gsize index, int artist)
{
  const char *const *names = genre_feature_set_artists (set);
  if (artist < 0)
    return -1;
  char *key = names ? artist_name_key (names[artist]) : g_strdup_printf ("\n%" G_GSIZE_FORMAT " %d", index, artist);
  if (!key)
    return -1;
  int number = GPOINTER_TO_INT (g_hash_table_lookup (artists, key)) - 1;
  if (number >= 0) {
    g_free (key);
    return number;
  }
  number = (int) g_hash_table_size (artists);
  g_hash_table_insert (artists, key, GINT_TO_POINTER (number + 1));
  return number;
}

static void
join_artist (guint32 *group, GHashTable *first, gsize clip, int artist)
{
  if (artist >= 0)
    union_find_join_key (group, (guint32) clip, first, GINT_TO_POINTER (artist));
}

static void
join_artists (Pieces *pieces, const GenreFeatureSet *const *sets, gsize n_sets)
{
  g_autoptr (GHashTable) artists = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) first = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (gsize s = 0; s < n_sets; s++) {
    for (gsize i = 0; i < genre_feature_set_n_clips (sets[s]); i++) {
      const gsize clip = pieces->first[s] + i;
      pieces->artist[clip] = number_artist (artists, sets[s], s, genre_feature_set_artist (sets[s], i));
      const int album = number_artist (artists, sets[s], s, genre_feature_set_album_artist (sets[s], i));
      join_artist (pieces->group, first, clip, pieces->artist[clip]);
      join_artist (pieces->group, first, clip, album);
      if (pieces->artist[clip] < 0)
        pieces->artist[clip] = album;
    }
  }
}

/* --- sound ----------------------------------------------------------------------------------------------------- */

/* The first bytes of a digest are as good a hash as any. */
static guint
hash_sound (gconstpointer sound)
{
  guint hash;
  memcpy (&hash, sound, sizeof hash);
  return hash;
}

static gboolean
equal_sound (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, FEATURE_SET_DIGEST) == 0;
}

static void
join_sounds (Pieces *pieces, const GenreFeatureSet *const *sets, gsize n_sets)
{
  g_autofree guint8 *sounds = g_malloc (MAX (pieces->n_clips, 1) * FEATURE_SET_DIGEST);
  g_autoptr (GHashTable) first = g_hash_table_new (hash_sound, equal_sound);

  for (gsize s = 0; s < n_sets; s++) {
    for (gsize i = 0; i < genre_feature_set_n_clips (sets[s]); i++) {
      const gsize clip = pieces->first[s] + i;
      guint8 *sound = sounds + clip * FEATURE_SET_DIGEST;
      if (genre_feature_set_clip_digest (sets[s], i, sound))
        union_find_join_key (pieces->piece, (guint32) clip, first, sound);
      pieces->key[clip] = 0;
      for (gsize k = 0; k < sizeof *pieces->key; k++)
        pieces->key[clip] = pieces->key[clip] << 8 | sound[k];
    }
  }
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

Pieces *
pieces_new (const GenreFeatureSet *const *sets, gsize n_sets)
{
  Pieces *pieces = g_new0 (Pieces, 1);

  pieces->first = g_new0 (gsize, n_sets + 1);
  for (gsize s = 0; s < n_sets; s++)
    pieces->first[s + 1] = pieces->first[s] + genre_feature_set_n_clips (sets[s]);
  const gsize n = pieces->n_clips = pieces->first[n_sets];
  pieces->artist = g_new (int, n);
  pieces->key = g_new (guint64, n);
  pieces->recording = union_find_new (n);
  for (gsize s = 0; s < n_sets; s++) {
    g_autoptr (GHashTable) first = g_hash_table_new (g_direct_hash, g_direct_equal);
    for (gsize i = 0; i < genre_feature_set_n_clips (sets[s]); i++)
      union_find_join_key (pieces->recording, (guint32) (pieces->first[s] + i), first,
          GSIZE_TO_POINTER (genre_feature_set_track (sets[s], i)));
  }
  pieces->piece = g_memdup2 (pieces->recording, n * sizeof *pieces->recording);
  join_sounds (pieces, sets, n_sets);
  pieces->group = g_memdup2 (pieces->piece, n * sizeof *pieces->piece);
  join_artists (pieces, sets, n_sets);
  pieces->n_recordings = union_find_number (pieces->recording, n);
  pieces->n_pieces = union_find_number (pieces->piece, n);
  pieces->n_groups = union_find_number (pieces->group, n);
  return pieces;
}

void
pieces_free (Pieces *pieces)
{
  if (!pieces)
    return;
  g_free (pieces->first);
  g_free (pieces->recording);
  g_free (pieces->piece);
  g_free (pieces->group);
  g_free (pieces->artist);
  g_free (pieces->key);
  g_free (pieces);
}
