/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/recording.h"

#include "gst/tools/decode.h"
#include "models/frames.h"

/* The first value of a tag; NULL: none. */
static char *
find_tag (const GstTagList *tags, const char *tag)
{
  char *value = NULL;
  return gst_tag_list_get_string_index (tags, tag, 0, &value) ? value : NULL;
}

/* One recording on its way through the front end. */
typedef struct Analysis
{
  const GenreFrontend *recipe;
  GenreFrames *frames; /* NULL before the first sample */
  GArray *db;          /* [frames][bands] */
  GArray *ends;        /* of gsize, of the sections before this one */
  double seconds;      /* of audio */
} Analysis;

/* Samples from here on have nothing to do with those before. */
static void
begin_section (Analysis *analysis, guint rate_hz)
{
  const gsize end = analysis->db->len / analysis->recipe->bands;

  if (analysis->frames)
    g_array_append_val (analysis->ends, end);
  genre_frames_free (analysis->frames);
  analysis->frames = genre_frames_new (analysis->recipe, rate_hz);
  if (!analysis->frames)
    g_error ("out of memory");
}

static void
push (Analysis *analysis, const GenreStretch *stretch)
{
  const guint bands = (guint) analysis->recipe->bands;
  const float *samples = stretch->mono;
  gsize n = stretch->n;
  GenreFrame frame;

  if (stretch->fresh)
    begin_section (analysis, stretch->rate_hz);
  while (genre_frames_next (analysis->frames, &samples, &n, &frame)) {
    GArray *db = g_array_set_size (analysis->db, analysis->db->len + bands);
    genre_frontend_power_to_db (frame.power, &g_array_index (db, float, db->len - bands), bands);
  }
  analysis->seconds += (double) stretch->n / stretch->rate_hz;
}

ToolRecording *
tool_recording_read (const GenreFrontend *recipe, const char *location, GError **error)
{
  g_autoptr (GenreDecoder) decoder = genre_decoder_new (location);
  Analysis analysis = { .recipe = recipe };
  GenreStretch stretch = { NULL, 0, 0, FALSE };
  gboolean ok;

  analysis.db = g_array_new (FALSE, FALSE, sizeof (float));
  analysis.ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  do {
    ok = genre_decoder_next (decoder, &stretch, error);
    if (ok && stretch.n > 0)
      push (&analysis, &stretch);
  } while (ok && stretch.n > 0);
  genre_frames_free (analysis.frames);
  if (!ok) {
    g_array_unref (analysis.db);
    g_array_unref (analysis.ends);
    return NULL;
  }

  ToolRecording *recording = g_new0 (ToolRecording, 1);
  recording->n_frames = analysis.db->len / recipe->bands;
  recording->db = (float *) (gpointer) g_array_free (analysis.db, FALSE);
  g_array_append_val (analysis.ends, recording->n_frames);
  recording->n_sections = analysis.ends->len;
  recording->ends = (gsize *) (gpointer) g_array_free (analysis.ends, FALSE);
  recording->seconds = analysis.seconds;
  recording->cancelled = genre_decoder_cancelled (decoder);
  recording->artist = find_tag (genre_decoder_tags (decoder), GST_TAG_ARTIST);
  recording->album_artist = find_tag (genre_decoder_tags (decoder), GST_TAG_ALBUM_ARTIST);
  return recording;
}

void
tool_recording_free (ToolRecording *recording)
{
  if (!recording)
    return;
  g_free (recording->db);
  g_free (recording->ends);
  g_free (recording->artist);
  g_free (recording->album_artist);
  g_free (recording);
}
