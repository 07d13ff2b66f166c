/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/inspect_set.h"

#include "gst/tools/inspect_text.h"
#include "models/file/json_write.h"
#include "models/file/printable.h"

#include <stdio.h>
#include <string.h>

/* --- figures and text --------------------------------------------------------------------------------------------- */

/* counts [n_labels + 1]  out; the last is of those without */
static void
count_labels (const GenreFeatureSet *set, gsize *counts)
{
  const gsize n = genre_feature_set_n_labels (set);
  memset (counts, 0, (n + 1) * sizeof *counts);
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
    const int label = genre_feature_set_label (set, i);
    counts[label < 0 ? n : (gsize) label]++;
  }
}

/* Seconds of audio in all clips, without padding. */
static double
set_seconds (const GenreFeatureSet *set)
{
  gsize frames = 0;
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
    frames += genre_feature_set_clip_frames (set, i);
  return genre_frontend_seconds (genre_feature_set_frontend (set), (double) frames);
}

static gsize
count_measured (const GenreFeatureSet *set)
{
  gsize n = 0;
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
    n += genre_feature_set_measured (set, i);
  return n;
}

/* The number of different artists.  Where numbers have no names, some may be of recordings whose artist is unknown. */
static gsize
count_artists (const GenreFeatureSet *set)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
    if (genre_feature_set_artist (set, i) >= 0)
      g_hash_table_add (seen, GINT_TO_POINTER (genre_feature_set_artist (set, i)));
  }
  return g_hash_table_size (seen);
}

static void
print_set (const GenreFeatureSet *set)
{
  const gsize n_labels = genre_feature_set_n_labels (set), n_clips = genre_feature_set_n_clips (set);
  const gsize n_frames = genre_feature_set_n_frames (set);
  const GenreFrontend *frontend = genre_feature_set_frontend (set);
  g_auto (GStrv) labels = printable_texts (genre_feature_set_labels (set));
  g_autofree char *name = printable_text (genre_feature_set_name (set));
  g_autofree gsize *counts = g_new (gsize, n_labels + 1);

  count_labels (set, counts);
  printf ("%s: a feature set\n", name);
  printf ("  clips       %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " frames (%.1f s), %.2f hours\n", n_clips, n_frames,
      genre_frontend_seconds (frontend, (double) n_frames), set_seconds (set) / 3600);
  const gsize n_artists = count_artists (set);
  printf ("  tracks      %" G_GSIZE_FORMAT ", of %" G_GSIZE_FORMAT " %sartist%s; %" G_GSIZE_FORMAT
          " groups that a split keeps together\n",
      genre_feature_set_n_tracks (set), n_artists, genre_feature_set_artists (set) ? "known " : "numbered ",
      n_artists == 1 ? "" : "s", genre_feature_set_n_groups (set));
  tool_inspect_print_frontend (frontend);
  printf ("  labels      %" G_GSIZE_FORMAT "; clips of each:\n", n_labels);
  for (gsize i = 0; i < n_labels; i++) {
    g_autofree char *label = tool_inspect_columns (labels[i], 22);
    printf ("    %s %6" G_GSIZE_FORMAT "\n", label, counts[i]);
  }
  printf ("    %-22s %6" G_GSIZE_FORMAT "\n", "(none)", counts[n_labels]);
  if (genre_feature_set_n_windows (set) > 0)
    printf ("  teacher     %" G_GSIZE_FORMAT " windows a clip; embedding of %" G_GSIZE_FORMAT
            ", logits of %" G_GSIZE_FORMAT " classes; measured for %" G_GSIZE_FORMAT " clips\n",
        genre_feature_set_n_windows (set), genre_feature_set_n_embedding (set), genre_feature_set_n_logits (set),
        count_measured (set));
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static void
add_set (GString *json, const GenreFeatureSet *set)
{
  const gsize n_labels = genre_feature_set_n_labels (set);
  g_autofree gsize *counts = g_new (gsize, n_labels + 1);

  count_labels (set, counts);
  json_add_string (json, "file", genre_feature_set_name (set));
  json_add_string (json, "format", "genre-features");
  json_add_count (json, "clips", genre_feature_set_n_clips (set));
  json_add_count (json, "frames", genre_feature_set_n_frames (set));
  json_add_count (json, "bands", genre_feature_set_n_bands (set));
  json_add_number (json, "seconds", set_seconds (set));
  json_add_count (json, "tracks", genre_feature_set_n_tracks (set));
  json_add_count (json, "artists", count_artists (set));
  json_add_count (json, "groups", genre_feature_set_n_groups (set));
  tool_inspect_add_frontend (json, genre_feature_set_frontend (set));
  json_add_strings (json, "labels", genre_feature_set_labels (set), n_labels);
  json_add_counts (json, "clips_of_labels", counts, n_labels);
  json_add_count (json, "clips_without_label", counts[n_labels]);
  json_add_count (json, "teacher_windows", genre_feature_set_n_windows (set));
  json_add_count (json, "teacher_embedding", genre_feature_set_n_embedding (set));
  json_add_count (json, "teacher_logits", genre_feature_set_n_logits (set));
  json_add_count (json, "teacher_measured", count_measured (set));
}

void
tool_inspect_set (const GenreFeatureSet *set, gboolean json)
{
  if (!json) {
    print_set (set);
    return;
  }
  GString *object = g_string_new ("{");
  add_set (object, set);
  printf ("%s}\n", object->str);
  g_string_free (object, TRUE);
}
