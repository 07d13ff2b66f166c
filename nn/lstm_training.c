/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The LSTM of lstm.c in training, all samples of a slice side by side.  Backward, with q = a (c'), and dh and dc coming
 * from the step behind:
 *
 *   do = dh q g'(o)   dc += dh o a'(q)   di = dc s g'(i)   df = dc c g'(f)   ds = dc i a'(s)
 *   dc_before = dc f                     dh_before = [di df ds do] recurrent_kernel'
 */
#include "nn/activation.h"
#include "nn/layers.h"
#include "nn/lstm.h"
#include "nn/recurrent.h"

#include <string.h>

/* Of a sample, cached: h [steps][units], then [steps][N_KEPT][units]. */
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
cache_stride (const NnRecurrent *size)
{
  return size->steps * size->units * (1 + N_KEPT);
}

static size_t
lstm_cache_values (const NnLayer *layer, size_t items)
{
  return items * layer->spec.units * (1 + N_KEPT);
}

/* The gates of step t of a sample, [N_KEPT][units]. */
static size_t
kept_at (const NnRecurrent *size, size_t sample, size_t t)
{
  return sample * cache_stride (size) + size->steps * size->units + t * N_KEPT * size->units;
}

/* One array over all steps with its slack, and six times units a sample. */
static size_t
lstm_train_scratch (const NnLayer *layer, const NnSlice *slice)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice);

  return size.samples * size.steps * size.gates + NN_GEMM_SLACK + 6 * size.samples * size.units;
}

static NnStatus
lstm_train_prepare (NnLayer *layer)
{
  const NnGemm *gemm = layer->gemm;
  const size_t units = layer->spec.units, gates = 4 * units;
  const float *recurrent = layer->tensors[NN_LSTM_RECURRENT].values;
  const NnStatus status = nn_recurrent_prepare (layer, 1);

  if (status != NN_OK)
    return status;
  memcpy (layer->packed_bias, layer->tensors[NN_LSTM_BIAS].values, gates * sizeof (float));
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
  const NnRecurrent size = nn_recurrent_of (layer, slice);
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
      const float *c = t > 0 ? cache + kept_at (&size, s, t - 1) + C * units : layer->zeros;

      step_forward (&layer->spec, ax + (s * size.steps + t) * gates, b + s * gates, c, cache + kept_at (&size, s, t),
          h + s * units);
      memcpy (cache + s * cache_stride (&size) + t * units, h + s * units, units * sizeof *h);
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
  const NnRecurrent size = nn_recurrent_of (layer, slice);
  const size_t units = size.units, gates = size.gates;
  float *d = scratch, *dh = d + size.samples * size.steps * gates + NN_GEMM_SLACK, *dc = dh + size.samples * units;

  (void) out;
  memset (dh, 0, 2 * size.samples * units * sizeof *dh);
  for (size_t t = size.steps; t-- > 0;) {
    for (size_t s = 0; s < size.samples; s++) {
      const float *c = t > 0 ? cache + kept_at (&size, s, t - 1) + C * units : layer->zeros;

      for (size_t u = 0; u < units; u++)
        if (layer->spec.return_sequences)
          dh[s * units + u] += dout[(s * size.steps + t) * units + u];
        else if (t + 1 == size.steps)
          dh[s * units + u] = dout[s * units + u];
      step_backward (&layer->spec, cache + kept_at (&size, s, t), c, dh + s * units, dc + s * units,
          d + (s * size.steps + t) * gates);
    }

    const float *gates_now = d + t * gates;

    /* dh [samples][units] = d of step t [samples][gates], rows a sample apart, times recurrent_kernel transposed */
    if (t > 0)
      size.gemm
          ->run (&(NnGemmShape){ .m = size.samples, .n = units, .k = gates, .segments = 1, .lda = size.steps * gates },
              &gates_now, layer->packed_recurrent_back, layer->zeros, false, dh);
  }
  nn_recurrent_input_backward (layer, &size, in, d, din, gradients[NN_LSTM_KERNEL], gradients[NN_LSTM_BIAS]);
  nn_recurrent_state_gradient (&size, cache, cache_stride (&size), d, gates, gradients[NN_LSTM_RECURRENT]);
}

const NnLayerTraining nn_lstm_training = {
  .cache_values = lstm_cache_values,
  .scratch_values = lstm_train_scratch,
  .prepare = lstm_train_prepare,
  .forward = lstm_train_forward,
  .backward = lstm_train_backward,
};
