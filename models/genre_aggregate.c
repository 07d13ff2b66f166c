/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_aggregate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct GenreAggregate
{
  unsigned n_labels;
  unsigned windows;
  double weight;         /* frames in log_sum */
  double *log_sum;       /* [n_labels] of ln p, times frames */
  double *probabilities; /* [n_labels] */
};

GenreAggregate *
genre_aggregate_new (unsigned n_labels)
{
  GenreAggregate *aggregate = calloc (1, sizeof *aggregate);

  if (!aggregate)
    return NULL;
  aggregate->n_labels = n_labels;
  aggregate->log_sum = calloc (n_labels, sizeof *aggregate->log_sum);
  aggregate->probabilities = calloc (n_labels, sizeof *aggregate->probabilities);
  if (!aggregate->log_sum || !aggregate->probabilities)
    goto fail;
  return aggregate;

fail:
  genre_aggregate_free (aggregate);
  return NULL;
}

void
genre_aggregate_free (GenreAggregate *aggregate)
{
  if (!aggregate)
    return;
  free (aggregate->log_sum);
  free (aggregate->probabilities);
  free (aggregate);
}

void
genre_aggregate_reset (GenreAggregate *aggregate)
{
  aggregate->windows = 0;
  aggregate->weight = 0;
  memset (aggregate->log_sum, 0, aggregate->n_labels * sizeof *aggregate->log_sum);
}

void
genre_aggregate_add (GenreAggregate *aggregate, const double *probabilities, uint64_t n_frames)
{
  aggregate->windows++;
  aggregate->weight += (double) n_frames;
  for (unsigned i = 0; i < aggregate->n_labels; i++)
    aggregate->log_sum[i] += (double) n_frames * log (fmax (probabilities[i], 1e-12));
}

unsigned
genre_aggregate_windows (const GenreAggregate *aggregate)
{
  return aggregate->windows;
}

const double *
genre_aggregate_probabilities (GenreAggregate *aggregate)
{
  const unsigned n = aggregate->n_labels;
  double max = -HUGE_VAL;

  if (aggregate->windows == 0) {
    for (unsigned i = 0; i < n; i++)
      aggregate->probabilities[i] = 1. / (double) n;
    return aggregate->probabilities;
  }
  for (unsigned i = 0; i < n; i++)
    max = fmax (max, aggregate->log_sum[i]);
  for (unsigned i = 0; i < n; i++)
    aggregate->probabilities[i] = exp ((aggregate->log_sum[i] - max) / aggregate->weight);
  genre_probabilities_normalize (aggregate->probabilities, n);
  return aggregate->probabilities;
}

void
genre_probabilities_normalize (double *p, unsigned n)
{
  uint64_t sum = 0;

  for (unsigned i = 0; i < n; i++)
    sum += (uint64_t) (p[i] * 0x1p47 + .5);
  for (unsigned i = 0; i < n; i++)
    p[i] /= (double) sum * 0x1p-47;
}

unsigned
genre_probabilities_top (const double *p, unsigned n)
{
  unsigned top = 0;

  for (unsigned i = 1; i < n; i++)
    if (p[i] > p[top])
      top = i;
  return top;
}
