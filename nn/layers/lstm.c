/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/activation.h"
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/layers/recurrent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keras's LSTM:
 *
 *   [ai af ac ao] = x kernel + bias + h recurrent_kernel      x kernel + bias by push(): a step by itself
 *   i = g (ai)   f = g (af)   s = a (ac)   o = g (ao)
 *   c' = f c + i s   h' = o a (c')
 *
 * with g the recurrent_activation, a the activation, c = h = 0 before the first step. */

static size_t
lstm_scratch_values (const NnLayer *layer)
{
  return 7 * (size_t) layer->spec.units;
}

static NnStatus
lstm_configure (NnLayer *layer, NnIssue *issue)
{
  const NnStatus status = nn_recurrent_configure (layer, 4, issue);

  if (status == NN_OK)
    nn_layer_add_tensor (layer, NN_ROLE_LSTM_BIAS, 1, (const size_t[]){ 4 * (size_t) layer->spec.units });
  return status;
}

/* packed_bias holds two rows, each padded: the bias, and zeros for the recurrent product. */
static NnStatus
lstm_prepare (NnLayer *layer, NnLayer *next, size_t n_next)
{
  const size_t gates = 4 * (size_t) layer->spec.units, padded = nn_gemm_padded (layer->gemm, gates);

  (void) next;
  (void) n_next;
  layer->packed = nn_gemm_pack (layer->gemm, layer->tensors[NN_GATES_KERNEL].values, layer->in.values, gates);
  layer->packed_recurrent = nn_gemm_pack (layer->gemm, layer->tensors[NN_GATES_RECURRENT].values, layer->spec.units,
      gates);
  layer->packed_bias = calloc (2 * padded, sizeof *layer->packed_bias);
  if (!layer->packed || !layer->packed_recurrent || !layer->packed_bias)
    return NN_NO_MEMORY;
  memcpy (layer->packed_bias, layer->tensors[NN_GATES_BIAS].values, gates * sizeof (float));
  return NN_OK;
}

static void
lstm_forward (const NnLayer *layer, const float *in, size_t items, float *out, float *scratch)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units, gates = 4 * units;
  const NnGemmShape product = { .m = 1, .n = gates, .k = units, .segments = 1, .lda = units };
  const float *zeros = layer->packed_bias + nn_gemm_padded (layer->gemm, gates);
  float *h = scratch, *c = scratch + units, *a = scratch + 2 * units; /* [units], [units], [4 units]: i f s o */
  float *squashed = scratch + 6 * units;

  memset (scratch, 0, 2 * units * sizeof *scratch);
  for (size_t t = 0; t < items; t++, in += gates) {
    const float *previous = h;

    layer->gemm->run (&product, &previous, layer->packed_recurrent, zeros, false, a);
    for (size_t u = 0; u < gates; u++)
      a[u] += in[u];
    nn_activation_apply (spec->recurrent_activation, a, 2 * units);
    nn_activation_apply (spec->activation, a + 2 * units, units);
    nn_activation_apply (spec->recurrent_activation, a + 3 * units, units);
    for (size_t u = 0; u < units; u++)
      squashed[u] = c[u] = a[units + u] * c[u] + a[u] * a[2 * units + u];
    nn_activation_apply (spec->activation, squashed, units);
    for (size_t u = 0; u < units; u++)
      h[u] = a[3 * units + u] * squashed[u];
    if (spec->return_sequences)
      memcpy (out + t * units, h, units * sizeof *h);
  }
  if (!spec->return_sequences)
    memcpy (out, h, units * sizeof *h);
}

void
nn_lstm_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units, n_in = layer->in.values;
  double *h = calloc (3 * units, sizeof *h), *new_h = h + units, *c = h + 2 * units;

  if (!h)
    return;
  for (size_t t = 0; t < items; t++) {
    for (size_t u = 0; u < units; u++) {
      double a[4]; /* i f s o */

      for (size_t gate = 0; gate < 4; gate++) {
        const size_t column = gate * units + u;

        a[gate] = (double) layer->tensors[NN_GATES_BIAS].values[column];
        for (size_t v = 0; v < n_in; v++)
          a[gate] += (double) in[t * n_in + v]
              * (double) layer->tensors[NN_GATES_KERNEL].values[v * 4 * units + column];
        for (size_t v = 0; v < units; v++)
          a[gate] += h[v] * (double) layer->tensors[NN_GATES_RECURRENT].values[v * 4 * units + column];
        a[gate] = nn_activation_ref (gate == 2 ? spec->activation : spec->recurrent_activation, a[gate]);
      }
      c[u] = a[1] * c[u] + a[0] * a[2];
      new_h[u] = a[3] * nn_activation_ref (spec->activation, c[u]);
    }
    memcpy (h, new_h, units * sizeof *h);
    for (size_t u = 0; u < units; u++)
      out[(spec->return_sequences ? t * units : 0) + u] = (float) h[u];
  }
  free (h);
}

/* --- training ---------------------------------------------------------------------------------------------------- */

/* All samples of a slice side by side.  Backward, with q = a (c'), and dh and dc coming
 * from the step behind:
 *
 *   do = dh q g'(o)   dc += dh o a'(q)   di = dc s g'(i)   df = dc c g'(f)   ds = dc i a'(s)
 *   dc_before = dc f                     dh_before = [di df ds do] recurrent_kernel'
 */

/* What a step keeps, [units] each. */
enum
{
  I,
  F,
  S,
  O,
  C,
  Q,
  N_KEPT
};

static size_t
lstm_cache_values (const NnLayer *layer, size_t items)
{
  return items * layer->spec.units * (1 + N_KEPT);
}

/* One array over all steps with its slack, and six times units a sample. */
static size_t
lstm_train_scratch (const NnLayer *layer, const NnSlice *slice)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice, N_KEPT);

  return size.samples * size.steps * size.gates + NN_GEMM_SLACK + 6 * size.samples * size.units;
}

static NnStatus
lstm_train_prepare (NnLayer *layer)
{
  const NnGemm *gemm = layer->gemm;
  const size_t units = layer->spec.units, gates = 4 * units;
  const float *recurrent = layer->tensors[NN_GATES_RECURRENT].values;
  const NnStatus status = nn_recurrent_prepare (layer, 1);

  if (status != NN_OK)
    return status;
  memcpy (layer->packed_bias, layer->tensors[NN_GATES_BIAS].values, gates * sizeof (float));
  nn_transpose (recurrent, units, gates, layer->packing);
  return nn_gemm_repack (gemm, recurrent, units, gates, &layer->packed_recurrent)
          && nn_gemm_repack (gemm, layer->packing, gates, units, &layer->packed_recurrent_back)
      ? NN_OK
      : NN_NO_MEMORY;
}

/* One step of a sample.
 *
 * a     [4 units] x kernel + bias
 * b     [4 units] h recurrent_kernel
 * c     [units] before the step
 * kept  [N_KEPT][units] out
 * h     [units] out */
static void
step_forward (const NnLayerSpec *spec, const float *a, const float *b, const float *c, float *kept, float *h)
{
  const size_t units = spec->units;

  for (size_t u = 0; u < 4 * units; u++)
    kept[u] = a[u] + b[u];
  nn_activation_apply (spec->recurrent_activation, kept, 2 * units);
  nn_activation_apply (spec->activation, kept + S * units, units);
  nn_activation_apply (spec->recurrent_activation, kept + O * units, units);
  for (size_t u = 0; u < units; u++)
    kept[C * units + u] = kept[F * units + u] * c[u] + kept[I * units + u] * kept[S * units + u];
  memcpy (kept + Q * units, kept + C * units, units * sizeof *kept);
  nn_activation_apply (spec->activation, kept + Q * units, units);
  for (size_t u = 0; u < units; u++)
    h[u] = kept[O * units + u] * kept[Q * units + u];
}

static void
lstm_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice, N_KEPT);
  const size_t units = size.units, gates = size.gates, rows = size.samples * size.steps;
  float *ax = scratch, *h = ax + rows * gates, *b = h + size.samples * units;
  const float *state = h;

  size.gemm->run (&(NnGemmShape){ .m = rows, .n = gates, .k = size.n_in, .segments = 1, .lda = size.n_in }, &in,
      layer->packed, layer->packed_bias, false, ax);
  memset (h, 0, size.samples * units * sizeof *h);
  for (size_t t = 0; t < size.steps; t++) {
    size.gemm->run (&(NnGemmShape){ .m = size.samples, .n = gates, .k = units, .segments = 1, .lda = units }, &state,
        layer->packed_recurrent, layer->zeros, false, b);
    for (size_t s = 0; s < size.samples; s++) {
      const float *c = t > 0 ? cache + nn_recurrent_kept_at (&size, s, t - 1) + C * units : layer->zeros;

      step_forward (&layer->spec, ax + (s * size.steps + t) * gates, b + s * gates, c,
          cache + nn_recurrent_kept_at (&size, s, t), h + s * units);
      memcpy (cache + nn_recurrent_state_at (&size, s, t), h + s * units, units * sizeof *h);
      if (layer->spec.return_sequences)
        memcpy (out + (s * size.steps + t) * units, h + s * units, units * sizeof *h);
    }
  }
  if (!layer->spec.return_sequences)
    memcpy (out, h, size.samples * units * sizeof *out);
}

/* One step of a sample.
 *
 * kept  [N_KEPT][units]
 * c     [units] before the step
 * dh    [units]
 * dc    [units] in and out
 * d     [4 units] out: di df ds do */
static void
step_backward (const NnLayerSpec *spec, const float *kept, const float *c, const float *dh, float *dc, float *d)
{
  const size_t units = spec->units;
  float *through = d; /* dh o a'(q), before di is written there */

  for (size_t u = 0; u < units; u++)
    through[u] = dh[u] * kept[O * units + u];
  nn_activation_backward (spec->activation, kept + Q * units, through, units);
  for (size_t u = 0; u < units; u++) {
    dc[u] += through[u];
    d[I * units + u] = dc[u] * kept[S * units + u];
    d[F * units + u] = dc[u] * c[u];
    d[S * units + u] = dc[u] * kept[I * units + u];
    d[O * units + u] = dh[u] * kept[Q * units + u];
    dc[u] *= kept[F * units + u];
  }
  nn_activation_backward (spec->recurrent_activation, kept, d, 2 * units);
  nn_activation_backward (spec->activation, kept + S * units, d + S * units, units);
  nn_activation_backward (spec->recurrent_activation, kept + O * units, d + O * units, units);
}

static void
lstm_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
    const float *dout, float *din, float *const *gradients, float *scratch)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice, N_KEPT);
  const size_t units = size.units, gates = size.gates;
  float *d = scratch, *dh = d + size.samples * size.steps * gates + NN_GEMM_SLACK, *dc = dh + size.samples * units;

  (void) out;
  memset (dh, 0, 2 * size.samples * units * sizeof *dh);
  for (size_t t = size.steps; t-- > 0;) {
    for (size_t s = 0; s < size.samples; s++) {
      const float *c = t > 0 ? cache + nn_recurrent_kept_at (&size, s, t - 1) + C * units : layer->zeros;

      for (size_t u = 0; u < units; u++)
        if (layer->spec.return_sequences)
          dh[s * units + u] += dout[(s * size.steps + t) * units + u];
        else if (t + 1 == size.steps)
          dh[s * units + u] = dout[s * units + u];
      step_backward (&layer->spec, cache + nn_recurrent_kept_at (&size, s, t), c, dh + s * units, dc + s * units,
          d + (s * size.steps + t) * gates);
    }

    const float *gates_now = d + t * gates;

    /* dh [samples][units] = d of step t [samples][gates], rows a sample apart, times recurrent_kernel transposed */
    if (t > 0)
      size.gemm
          ->run (&(NnGemmShape){ .m = size.samples, .n = units, .k = gates, .segments = 1, .lda = size.steps * gates },
              &gates_now, layer->packed_recurrent_back, layer->zeros, false, dh);
  }
  nn_recurrent_input_backward (layer, &size, in, d, din, gradients[NN_GATES_KERNEL], gradients[NN_GATES_BIAS]);
  nn_recurrent_state_gradient (&size, cache, nn_recurrent_cache_stride (&size), d, gates,
      gradients[NN_GATES_RECURRENT]);
}

static const NnLayerTraining lstm_training = {
  .cache_values = lstm_cache_values,
  .scratch_values = lstm_train_scratch,
  .prepare = lstm_train_prepare,
  .forward = lstm_train_forward,
  .backward = lstm_train_backward,
};

const NnLayerClass nn_lstm_class = {
  .type = "lstm",
  .keys = " name units return_sequences activation recurrent_activation ",
  .configure = lstm_configure,
  .items_out = nn_recurrent_items_out,
  .prepare = lstm_prepare,
  .push = nn_recurrent_push,
  .forward = lstm_forward,
  .scratch_values = lstm_scratch_values,
  .training = &lstm_training,
};
