/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/activation.h"
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/layers/gru.h"
#include "nn/layers/recurrent.h"

#include <stdlib.h>
#include <string.h>

/* Keras's GRU:
 *
 *   [az ar ah] = x kernel + bias[0]            push(): a step by itself, shared between windows
 *   [bz br bh] = h recurrent_kernel + bias[1]
 *   z = g (az + bz)   r = g (ar + br)   c = f (ah + r bh)   h' = z h + (1 - z) c
 *
 * with g the recurrent_activation, f the activation, h = 0 before the first step.  Without reset_after there is one
 * bias only, and r has its effect before the product: bh = (r h) recurrent_kernel[h], c = f (ah + bh). */

static size_t
gru_scratch_values (const NnLayer *layer)
{
  return 5 * (size_t) layer->spec.units;
}

static NnStatus
gru_configure (NnLayer *layer, NnIssue *issue)
{
  const NnStatus status = nn_recurrent_configure (layer, 3, issue);
  const size_t gates = 3 * (size_t) layer->spec.units;

  if (status == NN_OK && layer->spec.reset_after)
    nn_layer_add_tensor (layer, NN_ROLE_BIAS, 2, (const size_t[]){ 2, gates });
  else if (status == NN_OK)
    nn_layer_add_tensor (layer, NN_ROLE_BIAS, 1, (const size_t[]){ gates });
  return status;
}

/* packed_bias holds two rows, each padded; zeros in the second without reset_after. */
static NnStatus
gru_prepare (NnLayer *layer, NnLayer *next, size_t n_next)
{
  const size_t gates = 3 * (size_t) layer->spec.units, padded = nn_gemm_padded (layer->gemm, gates);

  (void) next;
  (void) n_next;
  layer->packed = nn_gemm_pack (layer->gemm, layer->tensors[NN_GATES_KERNEL].values, layer->in.values, gates);
  layer->packed_bias = calloc (2 * padded, sizeof *layer->packed_bias);
  if (!layer->packed || !layer->packed_bias)
    return NN_NO_MEMORY;
  memcpy (layer->packed_bias, layer->tensors[NN_GATES_BIAS].values, gates * sizeof (float));
  if (layer->spec.reset_after)
    memcpy (layer->packed_bias + padded, layer->tensors[NN_GATES_BIAS].values + gates, gates * sizeof (float));
  return nn_gru_pack_recurrent (layer);
}

NnStatus
nn_gru_pack_recurrent (NnLayer *layer)
{
  const NnGemm *gemm = layer->gemm;
  const size_t units = layer->spec.units;
  const float *kernel = layer->tensors[NN_GATES_RECURRENT].values;

  if (layer->spec.reset_after)
    return nn_gemm_repack (gemm, kernel, units, 3 * units, &layer->packed_recurrent) ? NN_OK : NN_NO_MEMORY;
  if (!layer->packing)
    layer->packing = calloc (units * 3 * units, sizeof *layer->packing);
  if (!layer->packed_recurrent)
    layer->packed_recurrent = calloc (nn_gru_candidate_offset (layer) + nn_gemm_packed_values (gemm, units, units),
        sizeof (float));
  if (!layer->packing || !layer->packed_recurrent)
    return NN_NO_MEMORY;

  float *gates = layer->packing, *candidate = layer->packing + units * 2 * units;

  for (size_t v = 0; v < units; v++) {
    memcpy (gates + v * 2 * units, kernel + v * 3 * units, 2 * units * sizeof *gates);
    memcpy (candidate + v * units, kernel + (v * 3 + 2) * units, units * sizeof *candidate);
  }
  gemm->pack (gates, units, 2 * units, layer->packed_recurrent);
  gemm->pack (candidate, units, units, layer->packed_recurrent + nn_gru_candidate_offset (layer));
  return NN_OK;
}

size_t
nn_gru_candidate_offset (const NnLayer *layer)
{
  return nn_gemm_packed_values (layer->gemm, layer->spec.units, 2 * (size_t) layer->spec.units);
}

/* One step: in [3 units] is x kernel + bias, h [units] in place, scratch [4 units]. */
static void
step_reset_after (const NnLayer *layer, const float *in, float *h, float *scratch)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units, gates = 3 * units;
  const float *previous = h, *bias = layer->packed_bias + nn_gemm_padded (layer->gemm, gates);
  float *z = scratch, *r = scratch + units, *candidate = scratch + 2 * units;

  layer->gemm->run (&(NnGemmShape){ .m = 1, .n = gates, .k = units, .segments = 1, .lda = units }, &previous,
      layer->packed_recurrent, bias, false, scratch);
  for (size_t i = 0; i < 2 * units; i++)
    scratch[i] += in[i];
  nn_activation_apply (spec->recurrent_activation, scratch, 2 * units);
  for (size_t i = 0; i < units; i++)
    candidate[i] = in[2 * units + i] + r[i] * candidate[i];
  nn_activation_apply (spec->activation, candidate, units);
  for (size_t i = 0; i < units; i++)
    h[i] = z[i] * h[i] + (1 - z[i]) * candidate[i];
}

static void
step_reset_before (const NnLayer *layer, const float *in, float *h, float *scratch)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units;
  const float *zeros = layer->packed_bias + nn_gemm_padded (layer->gemm, 3 * units), *previous = h;
  float *z = scratch, *r = scratch + units, *candidate = scratch + 2 * units, *reset = scratch + 3 * units;
  const float *kept = reset;

  layer->gemm->run (&(NnGemmShape){ .m = 1, .n = 2 * units, .k = units, .segments = 1, .lda = units }, &previous,
      layer->packed_recurrent, zeros, false, scratch);
  for (size_t i = 0; i < 2 * units; i++)
    scratch[i] += in[i];
  nn_activation_apply (spec->recurrent_activation, scratch, 2 * units);
  for (size_t i = 0; i < units; i++)
    reset[i] = r[i] * h[i];
  layer->gemm->run (&(NnGemmShape){ .m = 1, .n = units, .k = units, .segments = 1, .lda = units }, &kept,
      layer->packed_recurrent + nn_gru_candidate_offset (layer), zeros, false, candidate);
  for (size_t i = 0; i < units; i++)
    candidate[i] += in[2 * units + i];
  nn_activation_apply (spec->activation, candidate, units);
  for (size_t i = 0; i < units; i++)
    h[i] = z[i] * h[i] + (1 - z[i]) * candidate[i];
}

static void
gru_forward (const NnLayer *layer, const float *in, size_t items, float *out, float *scratch)
{
  const size_t units = layer->spec.units;
  float *h = scratch;

  memset (h, 0, units * sizeof *h);
  for (size_t t = 0; t < items; t++, in += 3 * units) {
    if (layer->spec.reset_after)
      step_reset_after (layer, in, h, scratch + units);
    else
      step_reset_before (layer, in, h, scratch + units);
    if (layer->spec.return_sequences)
      memcpy (out + t * units, h, units * sizeof *h);
  }
  if (!layer->spec.return_sequences)
    memcpy (out, h, units * sizeof *h);
}

/* bias[0][gate * units + unit] + x kernel */
static double
input_sum (const NnLayer *layer, const float *x, size_t column)
{
  const size_t gates = 3 * (size_t) layer->spec.units;
  double sum = (double) layer->tensors[NN_GATES_BIAS].values[column];

  for (size_t v = 0; v < layer->in.values; v++)
    sum += (double) x[v] * (double) layer->tensors[NN_GATES_KERNEL].values[v * gates + column];
  return sum;
}

/* bias[1][gate * units + unit], where there is one, + h recurrent_kernel */
static double
recurrent_sum (const NnLayer *layer, const double *h, size_t column)
{
  const size_t units = layer->spec.units;
  double sum = layer->spec.reset_after ? (double) layer->tensors[NN_GATES_BIAS].values[3 * units + column] : 0;

  for (size_t v = 0; v < units; v++)
    sum += h[v] * (double) layer->tensors[NN_GATES_RECURRENT].values[v * 3 * units + column];
  return sum;
}

void
nn_gru_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units, n_in = layer->in.values;
  double *h = calloc (4 * units, sizeof *h), *z = h + units, *r = h + 2 * units, *reset = h + 3 * units;

  if (!h)
    return;
  for (size_t t = 0; t < items; t++) {
    const float *x = in + t * n_in;

    for (size_t u = 0; u < units; u++) {
      z[u] = nn_activation_ref (spec->recurrent_activation, input_sum (layer, x, u) + recurrent_sum (layer, h, u));
      r[u] = nn_activation_ref (spec->recurrent_activation,
          input_sum (layer, x, units + u) + recurrent_sum (layer, h, units + u));
      reset[u] = r[u] * h[u];
    }
    for (size_t u = 0; u < units; u++) {
      const size_t column = 2 * units + u;
      const double b = spec->reset_after ? r[u] * recurrent_sum (layer, h, column)
                                         : recurrent_sum (layer, reset, column);

      r[u] = nn_activation_ref (spec->activation, input_sum (layer, x, column) + b); /* the candidate */
    }
    for (size_t u = 0; u < units; u++) {
      h[u] = z[u] * h[u] + (1 - z[u]) * r[u];
      out[(spec->return_sequences ? t * units : 0) + u] = (float) h[u];
    }
  }
  free (h);
}

const NnLayerClass nn_gru_class = {
  .type = "gru",
  .keys = " name units return_sequences activation recurrent_activation reset_after ",
  .configure = gru_configure,
  .items_out = nn_recurrent_items_out,
  .prepare = gru_prepare,
  .push = nn_recurrent_push,
  .forward = gru_forward,
  .scratch_values = gru_scratch_values,
  .training = &nn_gru_training,
};
