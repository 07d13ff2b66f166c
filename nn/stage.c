/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/stage.h"

#include <string.h>

static const NnLayerTraining *
training_of (const NnStage *stage)
{
  return stage->link->layer.spec.class->training;
}

/* --- sizes ------------------------------------------------------------------------------------------------------ */

NnStage
nn_stage_of (NnLink *link, bool copies)
{
  const NnLayerTraining *training = link->layer.spec.class->training;

  return (NnStage){
    .link = link,
    .n_sums = training->n_sums ? training->n_sums (&link->layer) : 0,
    .copies = copies && training->in_place,
  };
}

static size_t
cache_values (const NnStage *stage, size_t items)
{
  return training_of (stage)->cache_values ? training_of (stage)->cache_values (&stage->link->layer, items) : 0;
}

void
nn_stage_lay_out (NnStage *stage, size_t max_samples, float *before, NnArena *arena)
{
  const NnLayer *layer = &stage->link->layer;
  const size_t out = nn_arena_product (layer->out.items, nn_shape_item (&layer->out));
  const size_t cache = cache_values (stage, layer->in.items);

  if (training_of (stage)->in_place && !stage->copies)
    stage->out = before;
  else
    stage->out = nn_arena_take (arena, nn_arena_product (max_samples, out), sizeof (float));
  stage->cache = nn_arena_take (arena, nn_arena_product (max_samples, cache), sizeof (float));
  stage->slice_sums = nn_arena_take (arena, nn_arena_product (NN_MAX_SLICES, stage->n_sums), sizeof (double));
  stage->sums = nn_arena_take (arena, stage->n_sums, sizeof (double));
}

size_t
nn_stage_scratch_values (const NnStage *stage, size_t max_samples)
{
  const NnLayer *layer = &stage->link->layer;
  const NnSlice largest = { .samples = nn_slice_samples (max_samples), .items = layer->in.items };

  return training_of (stage)->scratch_values ? training_of (stage)->scratch_values (layer, &largest) : 0;
}

size_t
nn_stage_begin (NnStage *stage, const float *in, size_t items, bool fixed, uint64_t seed)
{
  const NnLayer *layer = &stage->link->layer;
  const size_t after = nn_layer_items_out (layer, items);

  stage->in = in;
  stage->items = items;
  stage->in_values = items * nn_shape_item (&layer->in);
  stage->out_values = after * nn_shape_item (&layer->out);
  stage->cache_values = cache_values (stage, items);
  stage->fixed = fixed;
  stage->seed = seed;
  return after;
}

/* --- slices ----------------------------------------------------------------------------------------------------- */

NnSlice
nn_stage_slice (const NnStage *stage, size_t samples, size_t index)
{
  const size_t most = nn_slice_samples (samples), first = index * most, left = samples - first;

  return (NnSlice){
    .samples = left < most ? left : most,
    .first = first,
    .items = stage->items,
    .fixed = stage->fixed,
    .seed = stage->seed,
  };
}

static const float *
in_of (const NnStage *stage, const NnSlice *slice)
{
  return stage->in + slice->first * stage->in_values;
}

static float *
out_of (const NnStage *stage, const NnSlice *slice)
{
  return stage->out + slice->first * stage->out_values;
}

void
nn_stage_forward (const NnStage *stage, const NnSlice *slice, float *scratch)
{
  const NnLayerTraining *training = training_of (stage);
  const float *in = in_of (stage, slice);
  float *out = out_of (stage, slice);

  if (stage->copies)
    memcpy (out, in, slice->samples * stage->in_values * sizeof *out);
  training->forward (&stage->link->layer, slice, training->in_place ? out : in, out,
      stage->cache + slice->first * stage->cache_values, scratch);
}

void
nn_stage_backward (const NnStage *stage, const NnSlice *slice, const float *dout, float *din, float *gradients,
    float *scratch)
{
  const NnLink *link = stage->link;
  const NnLayerTraining *training = training_of (stage);
  const float *out = out_of (stage, slice);
  float *of_tensors[NN_MAX_TENSORS];

  for (unsigned t = 0; t < link->layer.n_tensors; t++)
    of_tensors[t] = gradients + link->offset[t];
  training->backward (&link->layer, slice, training->in_place ? out : in_of (stage, slice), out,
      stage->cache + slice->first * stage->cache_values, dout, din, of_tensors, scratch);
}

/* --- sums over all slices --------------------------------------------------------------------------------------- */

static void
add_slice_sums (NnStage *stage, size_t samples)
{
  memset (stage->sums, 0, stage->n_sums * sizeof *stage->sums);
  for (size_t s = 0; s < nn_slice_count (samples); s++)
    for (size_t i = 0; i < stage->n_sums; i++)
      stage->sums[i] += stage->slice_sums[s * stage->n_sums + i];
}

void
nn_stage_forward_sums (const NnStage *stage, const NnSlice *slice, size_t index)
{
  training_of (stage)->forward_sums (&stage->link->layer, slice, in_of (stage, slice),
      stage->slice_sums + index * stage->n_sums);
}

void
nn_stage_forward_total (NnStage *stage, size_t samples)
{
  if (stage->fixed) {
    training_of (stage)->forward_fixed (&stage->link->layer);
    return;
  }
  add_slice_sums (stage, samples);
  training_of (stage)->forward_total (&stage->link->layer, samples * stage->items, stage->sums);
}

void
nn_stage_backward_sums (const NnStage *stage, const NnSlice *slice, size_t index, const float *dout)
{
  training_of (stage)->backward_sums (&stage->link->layer, slice, in_of (stage, slice), dout,
      stage->slice_sums + index * stage->n_sums);
}

void
nn_stage_backward_total (NnStage *stage, size_t samples, float *gradients)
{
  NnLink *link = stage->link;
  float *of_tensors[NN_MAX_TENSORS];

  for (unsigned t = 0; t < link->layer.n_tensors; t++)
    of_tensors[t] = gradients + link->offset[t];
  add_slice_sums (stage, samples);
  training_of (stage)->backward_total (&link->layer, samples * stage->items, stage->sums, of_tensors);
}
