/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_cost.h - the layers of a model, and what they cost: parameters, and multiply-adds.
 *
 * Layer:   models; uses genre_model and nn.
 * Threads: pure functions.
 */
#ifndef MODELS_GENRE_COST_H
#define MODELS_GENRE_COST_H

#include "models/genre_model.h"

typedef struct GenreCost
{
  gsize parameters;
  double window;     /* multiply-adds of a whole window */
  double per_second; /* multiply-adds a second of audio, at one answer a second */
} GenreCost;

/* Strings are valid as long as the model. */
typedef struct GenreLayer
{
  const char *type; /* as the model file spells it */
  const char *name; /* "": none */
  const char *head; /* which head it is of; NULL: of the network itself */
  gsize behind;     /* of a head: so many layers of the network come before its first */
  unsigned rank;    /* 1 to 3 */
  gsize shape[3];   /* [rank] of its output, for a whole window: bands, frames, channels; or steps, values; or values */
  GenreCost cost;
} GenreLayer;

/* The layers of the network, and of its heads behind them. */
gsize genre_cost_n_layers (const GenreModel *model);

/* layers [genre_cost_n_layers()]  out, in that order
 *
 * Returns the sum of their costs. */
GenreCost genre_cost_of_model (const GenreModel *model, GenreLayer *layers);

#endif
