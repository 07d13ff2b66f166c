/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/plot_genres.h"

#include "gst/tools/genre_seconds.h"
#include "models/columns.h"
#include "models/genre_stream.h"

#include <math.h>

static const guint64 INTERVAL_NS = 1000000000; /* as the element's default */

struct ToolPlotGenres
{
  guint n_labels;
  GenreStream *stream;
  guint rate_hz;
  double section;  /* seconds, of the first sample since the rate was set */
  guint64 samples; /* since then */
  ToolGenreSeconds *seconds;
  GenreColumns *columns; /* its indices are seconds */
  float *shares;         /* [n_labels] */
};

ToolPlotGenres *
tool_plot_genres_new (GenreModel *model, guint rate_hz, gsize most)
{
  const GenreStreamConfig config = { INTERVAL_NS, 0, GENRE_STREAM_SILENCE_DB, GENRE_STREAM_MUSIC_THRESHOLD };
  ToolPlotGenres *genres = g_new0 (ToolPlotGenres, 1);

  genres->n_labels = genre_model_n_labels (model);
  genres->rate_hz = rate_hz;
  genres->seconds = tool_genre_seconds_new (genres->n_labels);
  genres->shares = g_new (float, genres->n_labels);
  genres->columns = genre_columns_new (genres->n_labels, most);
  genres->stream = genre_stream_new (model, rate_hz, 0, &config);
  if (genres->columns && genres->stream)
    return genres;
  tool_plot_genres_free (genres);
  return NULL;
}

void
tool_plot_genres_free (ToolPlotGenres *genres)
{
  if (!genres)
    return;
  genre_stream_free (genres->stream);
  genre_columns_free (genres->columns);
  tool_genre_seconds_free (genres->seconds);
  g_free (genres->shares);
  g_free (genres);
}

/* What is known once no window begins before `start`. */
static void
take_seconds (ToolPlotGenres *genres, double start)
{
  const double *probabilities;
  guint64 second;

  while ((probabilities = tool_genre_seconds_next (genres->seconds, start, &second))) {
    for (guint i = 0; i < genres->n_labels; i++)
      genres->shares[i] = (float) probabilities[i];
    genre_columns_add (genres->columns, second, genres->shares, 1);
  }
}

static void
take_answer (ToolPlotGenres *genres, const GenreResult *result)
{
  const double start = genres->section + (double) result->first_sample / genres->rate_hz;

  if (result->state != GENRE_STATE_OK)
    return;
  take_seconds (genres, start);
  tool_genre_seconds_add (genres->seconds, start, start + (double) result->n_samples / genres->rate_hz,
      result->probabilities);
}

gboolean
tool_plot_genres_set_rate (ToolPlotGenres *genres, guint rate_hz)
{
  if (rate_hz == genres->rate_hz)
    genre_stream_reset_window (genres->stream);
  else if (!genre_stream_set_rate (genres->stream, rate_hz))
    return FALSE;
  genres->section += (double) genres->samples / genres->rate_hz;
  genres->samples = 0;
  genres->rate_hz = rate_hz;
  return TRUE;
}

void
tool_plot_genres_push (ToolPlotGenres *genres, const float *samples, gsize n)
{
  const GenreResult *result;

  for (gsize taken = 0; taken < n;) {
    do {
      taken += genre_stream_push (genres->stream, samples + taken, n - taken, &result);
      if (result)
        take_answer (genres, result);
    } while (result);
  }
  genres->samples += n;
}

/* A recording that is shorter than any window, but has an answer, sounds alike from end to end. */
static void
take_short (ToolPlotGenres *genres, const GenreResult *result)
{
  const double end = genres->section + (double) genres->samples / genres->rate_hz;

  for (guint i = 0; i < genres->n_labels; i++)
    genres->shares[i] = (float) result->probabilities[i];
  for (guint64 second = 0; (double) second < end; second++)
    genre_columns_add (genres->columns, second, genres->shares, 1);
}

void
tool_plot_genres_finish (ToolPlotGenres *genres)
{
  const GenreResult *result = genre_stream_finish (genres->stream);

  take_seconds (genres, INFINITY);
  if (result->state == GENRE_STATE_TOO_SHORT && result->windows > 0 && genre_columns_length (genres->columns) == 0)
    take_short (genres, result);
}

double
tool_plot_genres_step (const ToolPlotGenres *genres)
{
  return (double) genre_columns_width (genres->columns);
}

gboolean
tool_plot_genres_shares (ToolPlotGenres *genres, double begin, double end, float *shares)
{
  if (begin >= (double) genre_columns_length (genres->columns))
    return FALSE;
  return genre_columns_mean (genres->columns, begin, end, shares);
}

gboolean
tool_plot_genres_means (ToolPlotGenres *genres, double *means)
{
  if (!genre_columns_mean (genres->columns, 0, (double) genre_columns_length (genres->columns), genres->shares))
    return FALSE;
  for (guint i = 0; i < genres->n_labels; i++)
    means[i] = (double) genres->shares[i];
  return TRUE;
}
