/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers/recurrent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_SAMPLES = 16 /* of one call for the recurrent kernel's gradient */
};

NnStatus
nn_recurrent_configure (NnLayer *layer, size_t gates, NnIssue *issue)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units;

  if (!nn_layer_expects (layer, 2, issue))
    return NN_BAD_SHAPE;
  if (units < 1 || units > NN_MAX_UNITS) {
    snprintf (issue->text, sizeof issue->text, "units must be 1 to %d, not %u", NN_MAX_UNITS, spec->units);
    return NN_BAD_LAYER;
  }
  layer->out = (NnShape){ .rank = spec->return_sequences ? 2 : 1, .rows = 1, .values = units };
  layer->push_values = gates * units;
  nn_layer_add_tensor (layer, NN_ROLE_KERNEL, 2, (const size_t[]){ layer->in.values, gates * units });
  nn_layer_add_tensor (layer, NN_ROLE_RECURRENT_KERNEL, 2, (const size_t[]){ units, gates * units });
  return NN_OK;
}

size_t
nn_recurrent_items_out (const NnLayer *layer, size_t items)
{
  return layer->spec.return_sequences ? items : items > 0;
}

bool
nn_recurrent_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  const size_t n_in = layer->in.values;

  (void) state;
  layer->gemm->run (&(NnGemmShape){ .m = 1, .n = layer->push_values, .k = n_in, .segments = 1, .lda = n_in }, &in,
      layer->packed, layer->packed_bias, false, out);
  return true;
}

NnRecurrent
nn_recurrent_of (const NnLayer *layer, const NnSlice *slice, size_t n_kept)
{
  return (NnRecurrent){
    .gemm = layer->gemm,
    .samples = slice->samples,
    .steps = slice->items,
    .n_in = layer->in.values,
    .units = layer->spec.units,
    .gates = layer->tensors[NN_GATES_KERNEL].dim[1],
    .n_kept = n_kept,
  };
}

NnStatus
nn_recurrent_prepare (NnLayer *layer, size_t bias_rows)
{
  const NnGemm *gemm = layer->gemm;
  const size_t n_in = layer->in.values, units = layer->spec.units, gates = layer->tensors[NN_GATES_KERNEL].dim[1];
  const size_t larger = n_in > units ? n_in : units;
  const float *kernel = layer->tensors[NN_GATES_KERNEL].values;

  if (!layer->packing)
    layer->packing = calloc (larger * gates, sizeof *layer->packing);
  if (!layer->packed_bias)
    layer->packed_bias = calloc (bias_rows * nn_gemm_padded (gemm, gates), sizeof *layer->packed_bias);
  if (!layer->zeros)
    layer->zeros = nn_gemm_pack_bias (gemm, NULL, larger > gates ? larger : gates);
  if (!layer->packing || !layer->packed_bias || !layer->zeros)
    return NN_NO_MEMORY;
  nn_transpose (kernel, n_in, gates, layer->packing);
  return nn_gemm_repack (gemm, kernel, n_in, gates, &layer->packed)
          && nn_gemm_repack (gemm, layer->packing, gates, n_in, &layer->packed_back)
      ? NN_OK
      : NN_NO_MEMORY;
}

void
nn_recurrent_input_backward (const NnLayer *layer, const NnRecurrent *size, const float *in, const float *d, float *din,
    float *kernel, float *bias)
{
  const size_t rows = size->samples * size->steps;

  size->gemm->sum (
      &(NnGemmSum){
          .m = rows,
          .n = size->gates,
          .k = size->n_in,
          .segments = 1,
          .lda = size->n_in,
          .ldb = size->gates,
          .ldo = size->gates,
      },
      &in, &d, kernel);
  nn_add_rows (d, rows, size->gates, bias);
  if (din)
    size->gemm->run (&(NnGemmShape){ .m = rows, .n = size->n_in, .k = size->gates, .segments = 1, .lda = size->gates },
        &d, layer->packed_back, layer->zeros, false, din);
}

void
nn_recurrent_state_gradient (const NnRecurrent *size, const float *h, size_t stride, const float *d, size_t columns,
    float *recurrent)
{
  const float *before[MAX_SAMPLES], *after[MAX_SAMPLES];
  NnGemmSum sum = {
    .m = size->steps - 1,
    .n = columns,
    .k = size->units,
    .lda = size->units,
    .ldb = size->gates,
    .ldo = size->gates,
  };

  if (size->steps < 2)
    return;
  for (size_t first = 0; first < size->samples; first += sum.segments) {
    for (sum.segments = 0; sum.segments < MAX_SAMPLES && first + sum.segments < size->samples; sum.segments++) {
      const size_t s = first + sum.segments;

      before[sum.segments] = h + s * stride;
      after[sum.segments] = d + (s * size->steps + 1) * size->gates;
    }
    size->gemm->sum (&sum, before, after, recurrent);
  }
}
