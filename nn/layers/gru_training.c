/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The GRU of gru.c in training, all samples of a slice side by side: one product a step, m = samples.  Backward,
 * with dh = d loss / d h' from the step behind and from above:
 *
 *   dz = dh (h - c) g'(z)     dc = dh (1 - z) f'(c)     dh_before = dh z + what comes through the gates
 *
 *   reset_after      dr = dc bh g'(r)     dh_before += [dz dr dc r] recurrent_kernel'
 *   without it       d(r h) = dc recurrent_kernel[h]'     dr = d(r h) h g'(r)
 *                    dh_before += d(r h) r + [dz dr] recurrent_kernel[z r]'
 */
#include "nn/activation.h"
#include "nn/layers.h"
#include "nn/layers/gru.h"
#include "nn/layers/recurrent.h"

#include <stdlib.h>
#include <string.h>

/* What a step keeps, [units] each. */
enum
{
  Z,
  R,
  C,
  BH, /* h recurrent_kernel[h] + bias, of reset_after only */
  N_KEPT
};

static size_t
gru_cache_values (const NnLayer *layer, size_t items)
{
  return items * layer->spec.units * (1 + N_KEPT);
}

/* Two arrays over all steps with their slack, and eight times units a sample. */
static size_t
gru_train_scratch (const NnLayer *layer, const NnSlice *slice)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice, N_KEPT);

  return 2 * (size.samples * size.steps * size.gates + NN_GEMM_SLACK) + 8 * size.samples * size.units;
}

static size_t
back_candidate_offset (const NnLayer *layer)
{
  return nn_gemm_packed_values (layer->gemm, 2 * (size_t) layer->spec.units, layer->spec.units);
}

static NnStatus
gru_train_prepare (NnLayer *layer)
{
  const NnGemm *gemm = layer->gemm;
  const size_t units = layer->spec.units, gates = 3 * units;
  const float *bias = layer->tensors[NN_GATES_BIAS].values;
  NnStatus status = nn_recurrent_prepare (layer, 2);

  if (status == NN_OK)
    status = nn_gru_pack_recurrent (layer);
  if (status != NN_OK)
    return status;
  memcpy (layer->packed_bias, bias, gates * sizeof *bias);
  if (layer->spec.reset_after)
    memcpy (layer->packed_bias + nn_gemm_padded (gemm, gates), bias + gates, gates * sizeof *bias);

  nn_transpose (layer->tensors[NN_GATES_RECURRENT].values, units, gates, layer->packing);
  if (layer->spec.reset_after)
    return nn_gemm_repack (gemm, layer->packing, gates, units, &layer->packed_recurrent_back) ? NN_OK : NN_NO_MEMORY;
  if (!layer->packed_recurrent_back)
    layer->packed_recurrent_back = calloc (back_candidate_offset (layer) + nn_gemm_packed_values (gemm, units, units),
        sizeof (float));
  if (!layer->packed_recurrent_back)
    return NN_NO_MEMORY;
  gemm->pack (layer->packing, 2 * units, units, layer->packed_recurrent_back);
  gemm->pack (layer->packing + 2 * units * units, units, units,
      layer->packed_recurrent_back + back_candidate_offset (layer));
  return NN_OK;
}

/* out [samples][n] = a [samples][k], rows lda apart, times packed + bias */
static void
multiply (const NnRecurrent *size, size_t n, size_t k, const float *a, size_t lda, const float *packed,
    const float *bias, float *out)
{
  size->gemm->run (&(NnGemmShape){ .m = size->samples, .n = n, .k = k, .segments = 1, .lda = lda }, &a, packed, bias,
      false, out);
}

/* --- forward ---------------------------------------------------------------------------------------------------- */

/* One step of all samples: z, r, c and bh from their inputs.
 *
 * ax      [samples], each steps * gates from the next: x kernel + bias
 * h       [samples][units] before the step
 * work    [samples][4 units]
 * cache   as forward() has it */
static void
gates_forward (const NnLayer *layer, const NnRecurrent *size, size_t t, const float *ax, const float *h, float *work,
    float *cache)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = size->units, gates = size->gates;
  const size_t n = spec->reset_after ? gates : 2 * units; /* of the first product */
  float *reset = work + size->samples * gates, *candidate = work;

  multiply (size, n, units, h, units, layer->packed_recurrent, layer->packed_bias + nn_gemm_padded (size->gemm, gates),
      work);
  for (size_t s = 0; s < size->samples; s++) {
    const float *a = ax + s * size->steps * gates, *b = work + s * n;
    float *kept = cache + nn_recurrent_kept_at (size, s, t);

    for (size_t u = 0; u < 2 * units; u++)
      kept[u] = a[u] + b[u];
    nn_activation_apply (spec->recurrent_activation, kept, 2 * units);
    for (size_t u = 0; u < units; u++)
      if (spec->reset_after) {
        kept[BH * units + u] = b[2 * units + u];
        kept[C * units + u] = a[2 * units + u] + kept[R * units + u] * b[2 * units + u];
      } else {
        reset[s * units + u] = kept[R * units + u] * h[s * units + u];
      }
  }
  if (!spec->reset_after) {
    multiply (size, units, units, reset, units, layer->packed_recurrent + nn_gru_candidate_offset (layer), layer->zeros,
        candidate);
    for (size_t s = 0; s < size->samples; s++)
      for (size_t u = 0; u < units; u++)
        cache[nn_recurrent_kept_at (size, s, t) + C * units + u] = ax[s * size->steps * gates + 2 * units + u]
            + candidate[s * units + u];
  }
  for (size_t s = 0; s < size->samples; s++)
    nn_activation_apply (spec->activation, cache + nn_recurrent_kept_at (size, s, t) + C * units, units);
}

static void
gru_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice, N_KEPT);
  const size_t units = size.units, gates = size.gates, rows = size.samples * size.steps;
  float *ax = scratch, *h = ax + rows * gates, *work = h + size.samples * units;

  size.gemm->run (&(NnGemmShape){ .m = rows, .n = gates, .k = size.n_in, .segments = 1, .lda = size.n_in }, &in,
      layer->packed, layer->packed_bias, false, ax);
  memset (h, 0, size.samples * units * sizeof *h);
  for (size_t t = 0; t < size.steps; t++) {
    gates_forward (layer, &size, t, ax + t * gates, h, work, cache);
    for (size_t s = 0; s < size.samples; s++) {
      const float *kept = cache + nn_recurrent_kept_at (&size, s, t);
      float *state = h + s * units;

      for (size_t u = 0; u < units; u++)
        state[u] = kept[Z * units + u] * state[u] + (1 - kept[Z * units + u]) * kept[C * units + u];
      memcpy (cache + nn_recurrent_state_at (&size, s, t), state, units * sizeof *state);
      if (layer->spec.return_sequences)
        memcpy (out + (s * size.steps + t) * units, state, units * sizeof *state);
    }
  }
  if (!layer->spec.return_sequences)
    memcpy (out, h, size.samples * units * sizeof *out);
}

/* --- backward --------------------------------------------------------------------------------------------------- */

typedef struct Backward
{
  NnRecurrent size;
  const NnLayer *layer;
  const float *cache;
  const float *zeros; /* [units], h before the first step */
  float *dx;          /* [samples][steps][gates] d (x kernel): dz dr dc */
  float *db;   /* reset_after: [samples][steps][gates] d (h recurrent_kernel); else r h [samples][steps][units] */
  float *dh;   /* [samples][units] */
  float *work; /* [samples][units] */
} Backward;

static const float *
state_before (const Backward *back, size_t sample, size_t t)
{
  return t > 0 ? back->cache + nn_recurrent_state_at (&back->size, sample, t - 1) : back->zeros;
}

/* dz and dc of step t, and of dh what stays: dh z.  dr too with reset_after. */
static void
step_backward (const Backward *back, size_t t)
{
  const NnLayerSpec *spec = &back->layer->spec;
  const size_t units = back->size.units, gates = back->size.gates;

  for (size_t s = 0; s < back->size.samples; s++) {
    const float *kept = back->cache + nn_recurrent_kept_at (&back->size, s, t), *before = state_before (back, s, t);
    const float *z = kept + Z * units, *r = kept + R * units, *c = kept + C * units, *bh = kept + BH * units;
    float *dx = back->dx + (s * back->size.steps + t) * gates, *db = back->db + (s * back->size.steps + t) * gates;
    float *dh = back->dh + s * units, *dr = dx + R * units, *dc = dx + C * units;

    for (size_t u = 0; u < units; u++) {
      dx[u] = dh[u] * (before[u] - c[u]);
      dc[u] = dh[u] * (1 - z[u]);
      dh[u] *= z[u];
    }
    nn_activation_backward (spec->activation, c, dc, units);
    if (!spec->reset_after) {
      nn_activation_backward (spec->recurrent_activation, z, dx, units);
      continue;
    }
    for (size_t u = 0; u < units; u++)
      dr[u] = dc[u] * bh[u];
    nn_activation_backward (spec->recurrent_activation, kept, dx, 2 * units);
    memcpy (db, dx, 2 * units * sizeof *db);
    for (size_t u = 0; u < units; u++)
      db[2 * units + u] = dc[u] * r[u];
  }
}

/* dh += through the gates of step t; without reset_after dr, too. */
static void
gates_backward (const Backward *back, size_t t)
{
  const NnLayer *layer = back->layer;
  const NnRecurrent *size = &back->size;
  const size_t units = size->units, gates = size->gates, stride = size->steps * gates;

  if (layer->spec.reset_after) {
    if (t > 0)
      multiply (size, units, gates, back->db + t * gates, stride, layer->packed_recurrent_back, layer->zeros,
          back->work);
  } else {
    multiply (size, units, units, back->dx + t * gates + C * units, stride,
        layer->packed_recurrent_back + back_candidate_offset (layer), layer->zeros, back->work);
    for (size_t s = 0; s < size->samples; s++) {
      const float *r = back->cache + nn_recurrent_kept_at (size, s, t) + R * units, *before = state_before (back, s, t);
      float *dr = back->dx + s * stride + t * gates + R * units, *reset = back->db + (s * size->steps + t) * units;

      for (size_t u = 0; u < units; u++) {
        dr[u] = back->work[s * units + u] * before[u];
        back->dh[s * units + u] += back->work[s * units + u] * r[u];
        reset[u] = r[u] * before[u];
      }
      nn_activation_backward (layer->spec.recurrent_activation, r, dr, units);
    }
    if (t > 0)
      multiply (size, units, 2 * units, back->dx + t * gates, stride, layer->packed_recurrent_back, layer->zeros,
          back->work);
  }
  for (size_t i = 0; t > 0 && i < size->samples * units; i++)
    back->dh[i] += back->work[i];
}

static void
gru_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
    const float *dout, float *din, float *const *gradients, float *scratch)
{
  const NnRecurrent size = nn_recurrent_of (layer, slice, N_KEPT);
  const size_t units = size.units, gates = size.gates, rows = size.samples * size.steps;
  float *const db = scratch + rows * gates + NN_GEMM_SLACK, *const dh = db + rows * gates + NN_GEMM_SLACK;
  const Backward back = {
    .size = size,
    .layer = layer,
    .cache = cache,
    .zeros = layer->zeros,
    .dx = scratch,
    .db = db,
    .dh = dh,
    .work = dh + size.samples * units,
  };
  const float *reset = db, *dc = scratch + C * units;

  (void) out;
  memset (dh, 0, size.samples * units * sizeof *dh);
  for (size_t t = size.steps; t-- > 0;) {
    for (size_t s = 0; s < size.samples; s++)
      for (size_t u = 0; u < units; u++)
        if (layer->spec.return_sequences)
          dh[s * units + u] += dout[(s * size.steps + t) * units + u];
        else if (t + 1 == size.steps)
          dh[s * units + u] = dout[s * units + u];
    step_backward (&back, t);
    gates_backward (&back, t);
  }

  nn_recurrent_input_backward (layer, &size, in, back.dx, din, gradients[NN_GATES_KERNEL], gradients[NN_GATES_BIAS]);
  if (layer->spec.reset_after) {
    nn_recurrent_state_gradient (&size, cache, nn_recurrent_cache_stride (&size), db, gates,
        gradients[NN_GATES_RECURRENT]);
    nn_add_rows (db, rows, gates, gradients[NN_GATES_BIAS] + gates);
    return;
  }
  nn_recurrent_state_gradient (&size, cache, nn_recurrent_cache_stride (&size), back.dx, 2 * units,
      gradients[NN_GATES_RECURRENT]);
  /* recurrent_kernel[h] [units][units] += (r h)' dc over all steps */
  size.gemm
      ->sum (&(NnGemmSum){ .m = rows, .n = units, .k = units, .segments = 1, .lda = units, .ldb = gates, .ldo = gates },
          &reset, &dc, gradients[NN_GATES_RECURRENT] + 2 * units);
}

const NnLayerTraining nn_gru_training = {
  .cache_values = gru_cache_values,
  .scratch_values = gru_train_scratch,
  .prepare = gru_train_prepare,
  .forward = gru_train_forward,
  .backward = gru_train_backward,
};
