/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/plot_sound.h"

#include "gst/tools/decode.h"
#include "models/silent_edges.h"

#include <math.h>

enum
{
  /* For each column of the picture: when two become one, there are half as many, and an edge of the picture's column
   * may lie inside of one. */
  COLUMNS_KEPT = 16,
  LEAST_KEPT = 2,
  BLOCKS_KEPT = 64,
  MOST_VALUES = 1 << 24, /* of the spectrograms: 64 MiB */
};

/* A part of a recording on its way. */
typedef struct Hearing
{
  const ToolPlotSoundConfig *config;
  ToolProgress *progress;
  GenreDecoder *decoder;
  ToolPlotSound *sound;
  guint64 skip, keep; /* samples from `from` on: those that are cut off, and those that are drawn then */
  guint64 samples;    /* of the part, drawn or not */
  double seconds;     /* the same */
  guint rate_hz;      /* 0: no sample has come */
} Hearing;

/* What becomes of a stretch. */
typedef gboolean (*Take) (Hearing *hearing, gpointer data, const GenreStretch *stretch, GError **error);

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, text);
  return FALSE;
}

/* --- the part ---------------------------------------------------------------------------------------------------- */

/* Goes to where the part begins. */
static gboolean
begin_part (Hearing *hearing, GError **error)
{
  const double from = hearing->config->from;
  double begin = 0;

  if (from > 0 && !genre_decoder_seek (hearing->decoder, from, 0, &begin, error))
    return FALSE;
  hearing->sound->begin = begin;
  if (from > 0 && begin < from - 1e-3) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "expected --from within its %.1f s, found %g", begin, from);
    return FALSE;
  }
  return TRUE;
}

/* Of a stretch, how many samples belong to the part. */
static gsize
wanted (const Hearing *hearing, const GenreStretch *stretch)
{
  const double left = hearing->config->to - hearing->sound->begin - hearing->seconds;

  if (isinf (left))
    return stretch->n;
  return (gsize) MIN ((double) stretch->n, MAX (0, ceil (left * stretch->rate_hz - 1e-6)));
}

static void
show_progress (Hearing *hearing)
{
  tool_progress_update (hearing->progress, (guint64) hearing->seconds, NULL);
}

/* All stretches of the part, one after the other. */
static gboolean
hear_part (Hearing *hearing, Take take, gpointer data, GError **error)
{
  GenreStretch stretch = { .n = 0 };
  gsize n;

  if (!begin_part (hearing, error))
    return FALSE;
  do {
    if (!genre_decoder_next (hearing->decoder, &stretch, error))
      return FALSE;
    n = wanted (hearing, &stretch);
    const gboolean ends = stretch.n == 0 || n < stretch.n;
    stretch.n = n;
    if (n > 0 && !take (hearing, data, &stretch, error))
      return FALSE;
    hearing->samples += n;
    hearing->seconds += n > 0 ? (double) n / stretch.rate_hz : 0;
    show_progress (hearing);
    if (ends)
      break;
  } while (hearing->samples < hearing->skip + hearing->keep);
  return TRUE;
}

/* --- silent edges ------------------------------------------------------------------------------------------------ */

static gboolean
take_edges (Hearing *hearing, gpointer data, const GenreStretch *stretch, GError **error)
{
  GenreSilentEdges **edges = data;

  (void) hearing;
  if (!*edges)
    *edges = genre_silent_edges_new (stretch->rate_hz);
  if (!*edges)
    return fail (error, "out of memory");
  genre_silent_edges_push (*edges, stretch->mono, stretch->n);
  return TRUE;
}

/* Hears all of it once, to find out what is to be drawn. */
static gboolean
find_edges (Hearing *hearing, const char *location, GError **error)
{
  GenreSilentEdges *edges = NULL;
  guint64 begin = 0, end = 0;

  hearing->decoder = genre_decoder_new (location);
  const gboolean ok = hear_part (hearing, take_edges, &edges, error);
  g_clear_pointer (&hearing->decoder, genre_decoder_free);
  if (ok && edges)
    genre_silent_edges_finish (edges, &begin, &end);
  genre_silent_edges_free (edges);
  hearing->skip = begin;
  hearing->keep = end - begin;
  hearing->samples = 0;
  hearing->seconds = 0;
  return ok;
}

/* --- what is drawn ----------------------------------------------------------------------------------------------- */

static gboolean
begin_sound (Hearing *hearing, guint rate_hz, GError **error)
{
  const ToolPlotSoundConfig *config = hearing->config;
  ToolPlotSound *sound = hearing->sound;
  const gsize room = MOST_VALUES / (config->columns * (config->rows + GENRE_SPECTRA_MELS));
  const gsize most = CLAMP (room, LEAST_KEPT, COLUMNS_KEPT) * config->columns;
  const GenreSpectraConfig spectra = { config->n_fft, config->hop_length, config->rows, most };

  if (config->wave)
    sound->wave = genre_envelope_new (rate_hz, BLOCKS_KEPT * config->columns);
  if (config->spectra)
    sound->spectra = genre_spectra_new (&spectra, rate_hz);
  if (config->model)
    sound->genres = tool_plot_genres_new (config->model, rate_hz, COLUMNS_KEPT * config->columns);
  if ((config->wave && !sound->wave) || (config->spectra && !sound->spectra) || (config->model && !sound->genres))
    return fail (error, "out of memory");
  return TRUE;
}

static gboolean
change_rate (Hearing *hearing, guint rate_hz, GError **error)
{
  ToolPlotSound *sound = hearing->sound;

  if (sound->wave)
    genre_envelope_set_rate (sound->wave, rate_hz);
  if ((sound->spectra && !genre_spectra_set_rate (sound->spectra, rate_hz))
      || (sound->genres && !tool_plot_genres_set_rate (sound->genres, rate_hz)))
    return fail (error, "out of memory");
  return TRUE;
}

/* samples [n] */
static void
draw_samples (ToolPlotSound *sound, const float *samples, gsize n)
{
  if (sound->wave)
    genre_envelope_push (sound->wave, samples, n);
  if (sound->spectra)
    genre_spectra_push (sound->spectra, samples, n);
  if (sound->genres)
    tool_plot_genres_push (sound->genres, samples, n);
}

static gboolean
take_sound (Hearing *hearing, gpointer data, const GenreStretch *stretch, GError **error)
{
  const guint64 end = hearing->skip + hearing->keep;
  const gsize skipped = (gsize) CLAMP (hearing->skip, hearing->samples, hearing->samples + stretch->n)
      - hearing->samples;
  const gsize kept = (gsize) MIN (stretch->n, end - hearing->samples);

  (void) data;
  if (hearing->rate_hz == 0 && !begin_sound (hearing, stretch->rate_hz, error))
    return FALSE;
  if (hearing->rate_hz != 0 && stretch->fresh && !change_rate (hearing, stretch->rate_hz, error))
    return FALSE;
  hearing->rate_hz = stretch->rate_hz;
  hearing->sound->begin += (double) skipped / stretch->rate_hz;
  if (kept > skipped) {
    draw_samples (hearing->sound, stretch->mono + skipped, kept - skipped);
    hearing->sound->seconds += (double) (kept - skipped) / stretch->rate_hz;
  }
  return TRUE;
}

static char *
find_tag (const GstTagList *tags, const char *tag)
{
  char *value = NULL;
  return gst_tag_list_get_string_index (tags, tag, 0, &value) ? value : NULL;
}

static gboolean
finish (Hearing *hearing, GError **error)
{
  ToolPlotSound *sound = hearing->sound;
  const GstTagList *tags = genre_decoder_tags (hearing->decoder);

  if (!(sound->seconds > 0))
    return fail (error, "it contains no audio samples between --from and --to");
  if (sound->spectra)
    genre_spectra_finish (sound->spectra);
  if (sound->genres)
    tool_plot_genres_finish (sound->genres);
  sound->artist = find_tag (tags, GST_TAG_ARTIST);
  sound->title = find_tag (tags, GST_TAG_TITLE);
  sound->cancelled = genre_decoder_cancelled (hearing->decoder);
  return TRUE;
}

ToolPlotSound *
tool_plot_sound_hear (const ToolPlotSoundConfig *config, const char *location, ToolProgress *progress, GError **error)
{
  ToolPlotSound *sound = g_new0 (ToolPlotSound, 1);
  Hearing hearing = { .config = config, .progress = progress, .sound = sound, .keep = G_MAXUINT64 };

  gboolean ok = !config->trim || find_edges (&hearing, location, error);
  if (ok) {
    hearing.decoder = genre_decoder_new (location);
    ok = hear_part (&hearing, take_sound, NULL, error) && finish (&hearing, error);
    genre_decoder_free (hearing.decoder);
  }
  if (!ok)
    g_clear_pointer (&sound, tool_plot_sound_free);
  return sound;
}

void
tool_plot_sound_free (ToolPlotSound *sound)
{
  if (!sound)
    return;
  genre_envelope_free (sound->wave);
  genre_spectra_free (sound->spectra);
  tool_plot_genres_free (sound->genres);
  g_free (sound->artist);
  g_free (sound->title);
  g_free (sound);
}
