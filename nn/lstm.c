/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/lstm.h"

#include "nn/activation.h"
#include "nn/gemm.h"
#include "nn/layers.h"

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
lstm_items_out (const NnLayer *layer, size_t items)
{
  return layer->spec.return_sequences ? items : items > 0;
}

static size_t
lstm_scratch_values (const NnLayer *layer)
{
  return 7 * (size_t) layer->spec.units;
}

static NnStatus
lstm_configure (NnLayer *layer, NnIssue *issue)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units;

  if (layer->in.rank != 2) {
    snprintf (issue->text, sizeof issue->text, "needs a sequence, but %s comes in",
        layer->in.rank == 3 ? "an image" : "a vector");
    return NN_BAD_SHAPE;
  }
  if (units < 1 || units > NN_MAX_UNITS) {
    snprintf (issue->text, sizeof issue->text, "units must be 1 to %d, not %u", NN_MAX_UNITS, spec->units);
    return NN_BAD_LAYER;
  }
  layer->out = (NnShape){ .rank = spec->return_sequences ? 2 : 1, .rows = 1, .values = units };
  layer->push_values = 4 * units;
  nn_layer_add_tensor (layer, "kernel", 2, (const size_t[]){ layer->in.values, 4 * units });
  nn_layer_add_tensor (layer, "recurrent_kernel", 2, (const size_t[]){ units, 4 * units });
  nn_layer_add_tensor (layer, "bias", 1, (const size_t[]){ 4 * units });
  return NN_OK;
}

/* packed_bias holds two rows, each padded: the bias, and zeros for the recurrent product. */
static NnStatus
lstm_prepare (NnLayer *layer, NnLayer *next, size_t n_next)
{
  const size_t gates = 4 * (size_t) layer->spec.units, padded = nn_gemm_padded (layer->gemm, gates);

  (void) next;
  (void) n_next;
  layer->packed = nn_gemm_pack (layer->gemm, layer->tensors[NN_LSTM_KERNEL].values, layer->in.values, gates);
  layer->packed_recurrent = nn_gemm_pack (layer->gemm, layer->tensors[NN_LSTM_RECURRENT].values, layer->spec.units,
      gates);
  layer->packed_bias = calloc (2 * padded, sizeof *layer->packed_bias);
  if (!layer->packed || !layer->packed_recurrent || !layer->packed_bias)
    return NN_NO_MEMORY;
  memcpy (layer->packed_bias, layer->tensors[NN_LSTM_BIAS].values, gates * sizeof (float));
  return NN_OK;
}

static bool
lstm_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  const size_t n_in = layer->in.values, gates = 4 * (size_t) layer->spec.units;

  (void) state;
  layer->gemm->run (&(NnGemmShape){ .m = 1, .n = gates, .k = n_in, .segments = 1, .lda = n_in }, &in, layer->packed,
      layer->packed_bias, false, out);
  return true;
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

        a[gate] = (double) layer->tensors[NN_LSTM_BIAS].values[column];
        for (size_t v = 0; v < n_in; v++)
          a[gate] += (double) in[t * n_in + v] * (double) layer->tensors[NN_LSTM_KERNEL].values[v * 4 * units + column];
        for (size_t v = 0; v < units; v++)
          a[gate] += h[v] * (double) layer->tensors[NN_LSTM_RECURRENT].values[v * 4 * units + column];
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

const NnLayerClass nn_lstm_class = {
  .type = "lstm",
  .keys = " name units return_sequences activation recurrent_activation ",
  .configure = lstm_configure,
  .items_out = lstm_items_out,
  .prepare = lstm_prepare,
  .push = lstm_push,
  .forward = lstm_forward,
  .scratch_values = lstm_scratch_values,
  .training = &nn_lstm_training,
};
