/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_cost.h"

#include "nn/cost.h"

static GenreCost
layer_cost (const GenreModel *model, gsize index)
{
  const unsigned frames = genre_model_window_frames (model);
  const DspLogMelConfig *mel = &genre_model_frontend (model)->mel;
  const double seconds = (double) frames * mel->hop_length / mel->sample_rate_hz;
  const NnCost cost = nn_cost_layer (genre_model_network (model), index, frames, genre_model_shares_columns (model));

  return (GenreCost){
    .parameters = cost.parameters,
    .window = cost.columns + cost.answer,
    .per_second = cost.columns / seconds + cost.answer,
  };
}

GenreCost
genre_cost_of_model (const GenreModel *model, GenreCost *costs)
{
  GenreCost sum = { 0, 0, 0 };

  for (gsize i = 0; i < nn_network_n_layers (genre_model_network (model)); i++) {
    costs[i] = layer_cost (model, i);
    sum.parameters += costs[i].parameters;
    sum.window += costs[i].window;
    sum.per_second += costs[i].per_second;
  }
  return sum;
}
