/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_cost.h"

#include "nn/cost.h"

GenreCost
genre_cost_of_layer (const GenreModel *model, gsize index)
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
