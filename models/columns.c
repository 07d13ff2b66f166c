/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct GenreColumns
{
  size_t n_values, most;

  float *means;     /* [most][n_values] */
  uint64_t *counts; /* [most] rows in each */
  double *sum;      /* [n_values] */
  unsigned shift;   /* a column covers 2^shift indices */
  uint64_t length;
};

GenreColumns *
genre_columns_new (size_t n_values, size_t most)
{
  GenreColumns *columns = calloc (1, sizeof *columns);
  if (!columns)
    return NULL;

  columns->n_values = n_values;
  columns->most = most;
  columns->means = calloc (most * n_values, sizeof *columns->means);
  columns->counts = calloc (most, sizeof *columns->counts);
  columns->sum = calloc (n_values, sizeof *columns->sum);
  if (columns->means && columns->counts && columns->sum)
    return columns;
  genre_columns_free (columns);
  return NULL;
}

void
genre_columns_free (GenreColumns *columns)
{
  if (!columns)
    return;
  free (columns->means);
  free (columns->counts);
  free (columns->sum);
  free (columns);
}

void
genre_columns_reset (GenreColumns *columns)
{
  memset (columns->means, 0, columns->most * columns->n_values * sizeof *columns->means);
  memset (columns->counts, 0, columns->most * sizeof *columns->counts);
  columns->shift = 0;
  columns->length = 0;
}

uint64_t
genre_columns_column (const GenreColumns *columns, uint64_t index)
{
  return index >> columns->shift;
}

/* to becomes the mean of both, by their numbers of rows. */
static void
join (GenreColumns *columns, size_t to, const float *mean, uint64_t n)
{
  float *joined = columns->means + to * columns->n_values;
  const uint64_t all = columns->counts[to] + n;
  const float part = all ? (float) ((double) n / (double) all) : 0;

  for (size_t i = 0; i < columns->n_values; i++)
    joined[i] += part * (mean[i] - joined[i]);
  columns->counts[to] = all;
}

static void
move (GenreColumns *columns, size_t to, size_t from)
{
  const size_t size = columns->n_values * sizeof *columns->means;

  memmove (columns->means + to * columns->n_values, columns->means + from * columns->n_values, size);
  columns->counts[to] = columns->counts[from];
}

/* Two columns become one. */
static void
fold (GenreColumns *columns)
{
  for (size_t from = 0; from < columns->most; from++) {
    if (from % 2 == 0)
      move (columns, from / 2, from);
    else
      join (columns, from / 2, columns->means + from * columns->n_values, columns->counts[from]);
  }
  for (size_t i = (columns->most + 1) / 2; i < columns->most; i++) {
    memset (columns->means + i * columns->n_values, 0, columns->n_values * sizeof *columns->means);
    columns->counts[i] = 0;
  }
  columns->shift++;
}

void
genre_columns_add (GenreColumns *columns, uint64_t index, const float *mean, uint64_t n)
{
  while (index >> columns->shift >= columns->most)
    fold (columns);
  join (columns, (size_t) (index >> columns->shift), mean, n);
  if (columns->length < index + n)
    columns->length = index + n;
}

uint64_t
genre_columns_length (const GenreColumns *columns)
{
  return columns->length;
}

uint64_t
genre_columns_width (const GenreColumns *columns)
{
  return UINT64_C (1) << columns->shift;
}

/* How much of [begin, end) lies in [from, to); the whole of it counts where it has no length. */
static double
overlap (double begin, double end, double from, double to)
{
  if (begin >= end)
    return begin >= from && begin < to ? 1 : 0;
  return fmax (0, fmin (end, to) - fmax (begin, from));
}

/* [begin, end) with what lies outside of [0, n) taken as the nearest cell. */
static void
clamp (double *begin, double *end, double n)
{
  const double last = fmax (0, nextafter (n, 0));
  *begin = fmin (fmax (*begin, 0), last);
  *end = fmin (fmax (*end, *begin), n);
}

bool
genre_columns_mean (const GenreColumns *columns, double begin, double end, float *mean)
{
  const double width = (double) genre_columns_width (columns), length = (double) columns->length;
  double weights = 0;

  if (columns->length == 0)
    return false;
  clamp (&begin, &end, length);
  memset (columns->sum, 0, columns->n_values * sizeof *columns->sum);
  for (size_t c = (size_t) (begin / width); c < columns->most && (double) c * width <= end; c++) {
    const double from = (double) c * width, to = fmin (from + width, length);
    const double weight = overlap (begin, end, from, to) / (to - from) * (double) columns->counts[c];
    if (!(weight > 0))
      continue;
    for (size_t i = 0; i < columns->n_values; i++)
      columns->sum[i] += weight * (double) columns->means[c * columns->n_values + i];
    weights += weight;
  }
  for (size_t i = 0; i < columns->n_values && weights > 0; i++)
    mean[i] = (float) (columns->sum[i] / weights);
  return weights > 0;
}

float
genre_cells_mean (const float *cells, size_t n, double begin, double end)
{
  clamp (&begin, &end, (double) n);
  const size_t first = (size_t) begin, last = end < (double) n ? (size_t) end : n - 1;
  if (first == last)
    return cells[first];

  double sum = ((double) first + 1 - begin) * (double) cells[first] + (end - (double) last) * (double) cells[last];
  for (size_t i = first + 1; i < last; i++)
    sum += (double) cells[i];
  return (float) (sum / (end - begin));
}
