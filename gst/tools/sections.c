/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/sections.h"

struct ToolSections
{
  ToolSectionsTake take;
  gpointer data;
  GenreStream *stream;
  guint rate_hz;
  double start;    /* of the section, seconds */
  guint64 samples; /* of the section */
};

ToolSections *
tool_sections_new (GenreModel *model, guint rate_hz, const GenreStreamConfig *config, ToolSectionsTake take,
    gpointer data)
{
  ToolSections *sections = g_new0 (ToolSections, 1);

  sections->take = take;
  sections->data = data;
  sections->rate_hz = rate_hz;
  sections->stream = genre_stream_new (model, rate_hz, 0, config);
  if (!sections->stream)
    g_clear_pointer (&sections, g_free);
  return sections;
}

void
tool_sections_free (ToolSections *sections)
{
  if (!sections)
    return;
  genre_stream_free (sections->stream);
  g_free (sections);
}

void
tool_sections_reset (ToolSections *sections, double start)
{
  genre_stream_reset (sections->stream);
  sections->start = start;
  sections->samples = 0;
}

double
tool_sections_end (const ToolSections *sections)
{
  return sections->start + (double) sections->samples / sections->rate_hz;
}

gboolean
tool_sections_begin (ToolSections *sections, guint rate_hz)
{
  const double start = tool_sections_end (sections);

  if (rate_hz == sections->rate_hz)
    genre_stream_reset_window (sections->stream);
  else if (!genre_stream_set_rate (sections->stream, rate_hz))
    return FALSE;
  sections->start = start;
  sections->samples = 0;
  sections->rate_hz = rate_hz;
  return TRUE;
}

static void
take_answer (const ToolSections *sections, const GenreResult *result)
{
  const double start = sections->start + (double) result->first_sample / sections->rate_hz;

  if (result->state == GENRE_STATE_OK)
    sections->take (sections->data, start, start + (double) result->n_samples / sections->rate_hz,
        result->probabilities);
}

void
tool_sections_push (ToolSections *sections, const float *samples, gsize n)
{
  const GenreResult *result;

  for (gsize taken = 0; taken < n;) {
    do {
      taken += genre_stream_push (sections->stream, samples + taken, n - taken, &result);
      if (result)
        take_answer (sections, result);
    } while (result);
  }
  sections->samples += n;
}

const GenreResult *
tool_sections_finish (ToolSections *sections)
{
  return genre_stream_finish (sections->stream);
}
