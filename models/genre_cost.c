/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_cost.h"

#include "nn/cost.h"

#include <string.h>

static GenreLayer
describe (const GenreModel *model, const NnLayer *layer, NnCost cost)
{
  const double seconds = genre_frontend_seconds (genre_model_frontend (model), genre_model_window_frames (model));
  const gsize shape[] = { layer->out.rows, layer->out.items, layer->out.values };
  const unsigned rank = layer->out.rank;
  GenreLayer described = {
    .type = layer->spec.class->type,
    .name = layer->spec.name,
    .rank = rank,
    .cost = {
      .parameters = cost.parameters,
      .window = cost.columns + cost.answer,
      .per_second = cost.columns / seconds + cost.answer,
    },
  };

  memcpy (described.shape, shape + 3 - rank, rank * sizeof *shape);
  return described;
}

gsize
genre_cost_n_layers (const GenreModel *model)
{
  const NnNetwork *network = genre_model_network (model);
  gsize n = nn_network_n_layers (network);

  for (gsize h = 0; h < nn_network_n_heads (network); h++)
    n += nn_network_head (network, h)->n_layers;
  return n;
}

/* Returns those behind the head's. */
static GenreLayer *
describe_head (const GenreModel *model, gsize head, GenreLayer *layers)
{
  const NnNetwork *network = genre_model_network (model);
  const NnStack *stack = nn_network_head (network, head);

  for (gsize i = 0; i < stack->n_layers; i++) {
    layers[i] = describe (model, &stack->layers[i], nn_cost_head_layer (network, head, i));
    layers[i].head = nn_network_head_name (network, head);
    layers[i].behind = nn_network_body (network);
  }
  return layers + stack->n_layers;
}

GenreCost
genre_cost_of_model (const GenreModel *model, GenreLayer *layers)
{
  const NnNetwork *network = genre_model_network (model);
  const gboolean shares = genre_model_shares_columns (model);
  GenreLayer *next = layers;
  GenreCost sum = { 0, 0, 0 };

  for (gsize i = 0; i < nn_network_n_layers (network); i++)
    *next++ = describe (model, nn_network_layer (network, i),
        nn_cost_layer (network, i, genre_model_window_frames (model), shares));
  for (gsize h = 0; h < nn_network_n_heads (network); h++)
    next = describe_head (model, h, next);
  for (const GenreLayer *layer = layers; layer < next; layer++) {
    sum.parameters += layer->cost.parameters;
    sum.window += layer->cost.window;
    sum.per_second += layer->cost.per_second;
  }
  return sum;
}
