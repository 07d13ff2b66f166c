/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/plot_genres.h"

#include "gst/tools/genre_seconds.h"
#include "gst/tools/sections.h"
#include "models/columns.h"

#include <math.h>

static const guint64 INTERVAL_NS = 1000000000; /* as the element's default */

struct ToolPlotGenres
{
  guint n_labels;
  ToolSections *sections;
  ToolGenreSeconds *seconds;
  GenreColumns *columns; /* its indices are seconds */
  float *shares;         /* [n_labels] */
};

void
tool_plot_genres_free (ToolPlotGenres *genres)
{
  if (!genres)
    return;
  tool_sections_free (genres->sections);
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
take_window (gpointer data, double start, double end, const double *probabilities)
{
  ToolPlotGenres *genres = data;

  take_seconds (genres, start);
  tool_genre_seconds_add (genres->seconds, start, end, probabilities);
}

ToolPlotGenres *
tool_plot_genres_new (GenreModel *model, guint rate_hz, gsize most)
{
  const GenreStreamConfig config = { INTERVAL_NS, 0, GENRE_STREAM_SILENCE_DB, GENRE_STREAM_MUSIC_THRESHOLD };
  ToolPlotGenres *genres = g_new0 (ToolPlotGenres, 1);

  genres->n_labels = genre_model_n_labels (model);
  genres->seconds = tool_genre_seconds_new (genres->n_labels);
  genres->shares = g_new (float, genres->n_labels);
  genres->columns = genre_columns_new (genres->n_labels, most);
  genres->sections = tool_sections_new (model, rate_hz, &config, take_window, genres);
  if (genres->columns && genres->sections)
    return genres;
  tool_plot_genres_free (genres);
  return NULL;
}

gboolean
tool_plot_genres_set_rate (ToolPlotGenres *genres, guint rate_hz)
{
  return tool_sections_begin (genres->sections, rate_hz);
}

void
tool_plot_genres_push (ToolPlotGenres *genres, const float *samples, gsize n)
{
  tool_sections_push (genres->sections, samples, n);
}

/* A recording that is shorter than any window, but has an answer, sounds alike from end to end. */
static void
take_short (ToolPlotGenres *genres, const GenreResult *result)
{
  const double end = tool_sections_end (genres->sections);

  for (guint i = 0; i < genres->n_labels; i++)
    genres->shares[i] = (float) result->probabilities[i];
  for (guint64 second = 0; (double) second < end; second++)
    genre_columns_add (genres->columns, second, genres->shares, 1);
}

void
tool_plot_genres_finish (ToolPlotGenres *genres)
{
  const GenreResult *result = tool_sections_finish (genres->sections);

  take_seconds (genres, HUGE_VAL);
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
