/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_tracks.h"

#include "models/error.h"
#include "models/genre_windows.h"
#include "models/json_write.h"

#include <math.h>
#include <string.h>

static const guint64 INTERVAL_NS = 1000000000;

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

/* --- hearings -------------------------------------------------------------------------------------------------- */

void
genre_hearing_free (GenreHearing *hearing)
{
  if (!hearing)
    return;
  g_free (hearing->seconds);
  g_free (hearing->n_frames);
  g_free (hearing->probabilities);
  g_free (hearing);
}

const double *
genre_hearing_aggregate (const GenreHearing *hearing, double seconds, GenreAggregate *aggregate)
{
  genre_aggregate_reset (aggregate);
  for (gsize i = 0; i < hearing->n_answers && hearing->seconds[i] <= seconds; i++)
    genre_aggregate_add (aggregate, hearing->probabilities + i * hearing->n_labels, hearing->n_frames[i]);
  return genre_aggregate_windows (aggregate) > 0 ? genre_aggregate_probabilities (aggregate) : NULL;
}

void
genre_hearing_mean_log (const GenreHearing *hearing, double *log_probabilities)
{
  const double least = 1e-38; /* what a float may be, nearly: a probability of 0 is less than that */
  double weight = 0;

  memset (log_probabilities, 0, hearing->n_labels * sizeof *log_probabilities);
  for (gsize k = 0; k < hearing->n_answers; k++) {
    const double *p = hearing->probabilities + k * hearing->n_labels, n = (double) hearing->n_frames[k];
    weight += n;
    for (gsize i = 0; i < hearing->n_labels; i++)
      log_probabilities[i] += n * log (fmax (p[i], least));
  }
  for (gsize i = 0; i < hearing->n_labels; i++)
    log_probabilities[i] /= weight;
}

struct GenreListener
{
  const GenreFeatureSet *set;
  GenreWindows *windows;
  gsize n_labels;
  double hop_seconds, half_window_seconds;
  float *levels; /* [bands] of a frame, dB */
  GArray *seconds, *n_frames, *probabilities;
};

GenreListener *
genre_listener_new (GenreModel *model, const GenreFeatureSet *set)
{
  const DspLogMelConfig *mel = &genre_model_frontend (model)->mel;
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_DB, 0, INTERVAL_NS);
  if (!windows)
    return NULL;

  GenreListener *listener = g_new0 (GenreListener, 1);
  listener->set = set;
  listener->windows = windows;
  listener->n_labels = genre_model_n_labels (model);
  listener->hop_seconds = (double) mel->hop_length / mel->sample_rate_hz;
  listener->half_window_seconds = mel->n_fft / 2. / mel->sample_rate_hz;
  listener->levels = g_new (float, genre_feature_set_n_bands (set));
  listener->seconds = g_array_new (FALSE, FALSE, sizeof (double));
  listener->n_frames = g_array_new (FALSE, FALSE, sizeof (guint64));
  listener->probabilities = g_array_new (FALSE, FALSE, sizeof (double));
  return listener;
}

void
genre_listener_free (GenreListener *listener)
{
  if (!listener)
    return;
  genre_windows_free (listener->windows);
  g_free (listener->levels);
  g_array_unref (listener->seconds);
  g_array_unref (listener->n_frames);
  g_array_unref (listener->probabilities);
  g_free (listener);
}

static void
answer (GenreListener *listener, const GenreSpan *window, double seconds)
{
  const double *probabilities = genre_windows_look (listener->windows, window);
  const guint64 n_frames = window->end - window->first;

  g_array_append_val (listener->seconds, seconds);
  g_array_append_val (listener->n_frames, n_frames);
  g_array_append_vals (listener->probabilities, probabilities, (guint) listener->n_labels);
}

/* heard: seconds of the track before this clip */
static void
hear_clip (GenreListener *listener, gsize clip, float gain_db, double heard)
{
  const gsize n_frames = genre_feature_set_clip_frames (listener->set, clip);
  const gsize n_bands = genre_feature_set_n_bands (listener->set);
  gboolean answered = FALSE;
  GenreSpan window;

  genre_windows_reset (listener->windows);
  for (gsize t = 0; t < n_frames; t++) {
    genre_feature_set_clip_db (listener->set, clip, t, 1, listener->levels);
    for (gsize b = 0; b < n_bands; b++)
      listener->levels[b] += gain_db;
    if (!genre_windows_push (listener->windows, listener->levels, &window))
      continue;
    answer (listener, &window, heard + (double) t * listener->hop_seconds + listener->half_window_seconds);
    answered = TRUE;
  }
  if (!answered && genre_windows_whole (listener->windows, &window))
    answer (listener, &window, heard + (double) n_frames * listener->hop_seconds);
}

GenreHearing *
genre_listener_hear (GenreListener *listener, const GenreTrack *track, double gain_db)
{
  double heard = 0;

  for (gsize i = 0; i < track->n_clips; i++) {
    hear_clip (listener, track->clips[i], (float) gain_db, heard);
    heard += (double) genre_feature_set_clip_frames (listener->set, track->clips[i]) * listener->hop_seconds;
  }

  GenreHearing *hearing = g_new0 (GenreHearing, 1);
  hearing->n_answers = listener->seconds->len;
  hearing->n_labels = listener->n_labels;
  hearing->seconds = (gpointer) g_array_steal (listener->seconds, NULL);
  hearing->n_frames = (gpointer) g_array_steal (listener->n_frames, NULL);
  hearing->probabilities = (gpointer) g_array_steal (listener->probabilities, NULL);
  return hearing;
}
