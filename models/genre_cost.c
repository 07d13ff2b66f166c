/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_cost.h"

#include "nn/cost.h"

static GenreCost
of_layer (const GenreModel *model, NnCost cost)
{
  const DspLogMelConfig *mel = &genre_model_frontend (model)->mel;
  const double seconds = (double) genre_model_window_frames (model) * mel->hop_length / mel->sample_rate_hz;

  return (GenreCost){
    .parameters = cost.parameters,
    .window = cost.columns + cost.answer,
    .per_second = cost.columns / seconds + cost.answer,
  };
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

GenreCost
genre_cost_of_model (const GenreModel *model, GenreCost *costs)
{
  const NnNetwork *network = genre_model_network (model);
  const gboolean shares = genre_model_shares_columns (model);
  GenreCost sum = { 0, 0, 0 };
  gsize n = 0;

  for (gsize i = 0; i < nn_network_n_layers (network); i++)
    costs[n++] = of_layer (model, nn_cost_layer (network, i, genre_model_window_frames (model), shares));
  for (gsize h = 0; h < nn_network_n_heads (network); h++)
    for (gsize i = 0; i < nn_network_head (network, h)->n_layers; i++)
      costs[n++] = of_layer (model, nn_cost_head_layer (network, h, i));
  for (gsize i = 0; i < n; i++) {
    sum.parameters += costs[i].parameters;
    sum.window += costs[i].window;
    sum.per_second += costs[i].per_second;
  }
  return sum;
}
