/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/genre_seconds.h"

#include "models/genre_aggregate.h"

#include <math.h>

struct ToolGenreSeconds
{
  unsigned n_labels;
  guint64 first;         /* second that open[0] is about */
  GPtrArray *open;       /* of GenreAggregate: seconds that windows to come may contain */
  GenreAggregate *taken; /* of the last one that was taken; NULL: none was */
};

ToolGenreSeconds *
tool_genre_seconds_new (unsigned n_labels)
{
  ToolGenreSeconds *seconds = g_new0 (ToolGenreSeconds, 1);

  seconds->n_labels = n_labels;
  seconds->open = g_ptr_array_new_with_free_func ((GDestroyNotify) genre_aggregate_free);
  return seconds;
}

void
tool_genre_seconds_free (ToolGenreSeconds *seconds)
{
  if (!seconds)
    return;
  g_ptr_array_unref (seconds->open);
  genre_aggregate_free (seconds->taken);
  g_free (seconds);
}

static double
middle (guint64 second)
{
  return (double) second + .5;
}

void
tool_genre_seconds_add (ToolGenreSeconds *seconds, double start, double end, const double *probabilities)
{
  if (seconds->open->len == 0)
    seconds->first = (guint64) MAX (ceil (start - .5), 0);
  while (middle (seconds->first + seconds->open->len) < end) {
    GenreAggregate *aggregate = genre_aggregate_new (seconds->n_labels);
    if (!aggregate)
      g_error ("out of memory");
    g_ptr_array_add (seconds->open, aggregate);
  }
  for (guint i = 0; i < seconds->open->len && middle (seconds->first + i) < end; i++)
    genre_aggregate_add (g_ptr_array_index (seconds->open, i), probabilities, 1);
}

const double *
tool_genre_seconds_next (ToolGenreSeconds *seconds, double start, guint64 *ret_second)
{
  while (seconds->open->len > 0 && middle (seconds->first) < start) {
    genre_aggregate_free (seconds->taken);
    seconds->taken = g_ptr_array_steal_index (seconds->open, 0);
    *ret_second = seconds->first++;
    if (genre_aggregate_windows (seconds->taken) > 0)
      return genre_aggregate_probabilities (seconds->taken);
  }
  return NULL;
}
