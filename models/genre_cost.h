/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_cost.h - what the layers of a model cost: parameters, and multiply-adds.
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

/* The layers of the network, and of its heads behind them. */
gsize genre_cost_n_layers (const GenreModel *model);

/* costs [genre_cost_n_layers()]  out, in that order
 *
 * Returns their sum. */
GenreCost genre_cost_of_model (const GenreModel *model, GenreCost *costs);

#endif
