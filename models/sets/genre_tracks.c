/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/genre_tracks.h"

#include "models/file/error.h"
#include "models/file/json_write.h"

/* --- tracks ---------------------------------------------------------------------------------------------------- */

enum
{
  NONE = -1,      /* no label */
  DIFFERENT = -2, /* more than one */
};

/* labels [n_labels of the set]  out, index into the model's labels, or NONE */
static int *
match_labels (const GenreFeatureSet *set, const GenreModel *model)
{
  const char *const *ours = genre_feature_set_labels (set), *const *known = genre_model_labels (model);
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  int *labels = g_new (int, genre_feature_set_n_labels (set));

  for (unsigned i = 0; i < genre_model_n_labels (model); i++)
    g_hash_table_insert (table, g_strdup (known[i]), GUINT_TO_POINTER (i + 1));
  for (gsize i = 0; i < genre_feature_set_n_labels (set); i++)
    labels[i] = GPOINTER_TO_INT (g_hash_table_lookup (table, ours[i])) - 1;
  return labels;
}

/* label [n_tracks]  out, of the set */
static int *
label_tracks (const GenreFeatureSet *set)
{
  const gsize n_tracks = genre_feature_set_n_tracks (set);
  int *labels = g_new (int, n_tracks);

  for (gsize i = 0; i < n_tracks; i++)
    labels[i] = NONE;
  for (gsize clip = 0; clip < genre_feature_set_n_clips (set); clip++) {
    const int label = genre_feature_set_label (set, clip);
    int *track = &labels[genre_feature_set_track (set, clip)];
    if (label >= 0 && *track != label)
      *track = *track == NONE ? label : DIFFERENT;
  }
  return labels;
}

/* "a", "b" and 3 more */
static char *
list_labels (const char *const *labels)
{
  enum
  {
    MOST = 12
  };
  GString *text = g_string_new (NULL);
  gsize n = 0;

  for (; labels[n]; n++) {
    g_autofree char *quoted = json_quote (labels[n]);
    if (n < MOST)
      g_string_append_printf (text, "%s%s", n == 0 ? "" : ", ", quoted);
  }
  if (n > MOST)
    g_string_append_printf (text, " and %" G_GSIZE_FORMAT " more", n - MOST);
  return g_string_free (text, FALSE);
}

static void
set_error (const GenreTracks *tracks, const GenreFeatureSet *set, const GenreModel *model, const char *model_name,
    GError **error)
{
  const char *name = genre_feature_set_name (set);

  if (tracks->unknown == 0 && tracks->contradictory == 0) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_LABELS, "%s: expected clips with labels, found none",
        name);
    return;
  }
  g_autofree char *known = list_labels (genre_model_labels (model)),
                  *ours = list_labels (genre_feature_set_labels (set));
  g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_LABELS,
      "%s: expected tracks with labels that %s knows, found none: the set has %s, the model %s", name, model_name, ours,
      known);
}

/* Which tracks are in: fills `tracks` but for their clips.  index [n_tracks of the set]  out, into tracks; -1: out */
static int *
choose_tracks (GenreTracks *tracks, const GenreFeatureSet *set, const GenreModel *model)
{
  const gsize n_tracks = genre_feature_set_n_tracks (set);
  g_autofree int *known = match_labels (set, model);
  g_autofree int *labels = label_tracks (set);
  int *index = g_new (int, n_tracks);

  tracks->tracks = g_new0 (GenreTrack, n_tracks);
  for (gsize i = 0; i < n_tracks; i++) {
    index[i] = -1;
    if (labels[i] == NONE) {
      tracks->unlabelled++;
    } else if (labels[i] == DIFFERENT) {
      tracks->contradictory++;
    } else if (known[labels[i]] < 0) {
      tracks->unknown++;
    } else {
      index[i] = (int) tracks->n_tracks;
      tracks->tracks[tracks->n_tracks++] = (GenreTrack){ .id = i, .truth = (unsigned) known[labels[i]] };
    }
  }
  return index;
}

GenreTracks *
genre_tracks_new (const GenreFeatureSet *set, const GenreModel *model, const char *model_name, GError **error)
{
  if (!genre_feature_set_fits (set, genre_model_frontend (model), error))
    return NULL;

  const gsize n_clips = genre_feature_set_n_clips (set);
  GenreTracks *tracks = g_new0 (GenreTracks, 1);
  g_autofree int *index = choose_tracks (tracks, set, model);
  if (tracks->n_tracks == 0) {
    set_error (tracks, set, model, model_name, error);
    genre_tracks_free (tracks);
    return NULL;
  }

  /* How many clips each has, where they begin, which they are. */
  for (gsize clip = 0; clip < n_clips; clip++) {
    const int i = index[genre_feature_set_track (set, clip)];
    if (i >= 0)
      tracks->tracks[i].n_clips++;
  }
  tracks->clips = g_new (gsize, n_clips);
  for (gsize i = 0; i < tracks->n_tracks; i++) {
    tracks->tracks[i].clips = tracks->clips + tracks->n_clips;
    tracks->n_clips += tracks->tracks[i].n_clips;
    tracks->tracks[i].n_clips = 0;
  }
  for (gsize clip = 0; clip < n_clips; clip++) {
    const int i = index[genre_feature_set_track (set, clip)];
    if (i < 0)
      continue;
    GenreTrack *track = &tracks->tracks[i];
    if (track->n_clips == 0)
      track->name = genre_feature_set_clip_name (set, clip);
    tracks->clips[track->clips - tracks->clips + track->n_clips++] = clip;
  }
  return tracks;
}

void
genre_tracks_free (GenreTracks *tracks)
{
  if (!tracks)
    return;
  g_free (tracks->tracks);
  g_free (tracks->clips);
  g_free (tracks);
}

GenreHearing *
genre_track_hear (const GenreTrack *track, const GenreFeatureSet *set, GenreListener *listener, double gain_db)
{
  for (gsize i = 0; i < track->n_clips; i++) {
    const GenrePassage all = { .clip = track->clips[i],
      .n_frames = genre_feature_set_clip_frames (set, track->clips[i]) };
    genre_listener_hear (listener, set, &all, (float) gain_db);
  }
  return genre_listener_take (listener);
}
