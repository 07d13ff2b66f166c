/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static NnStatus
dense_configure (NnLayer *layer, NnIssue *issue)
{
  const NnLayerSpec *spec = &layer->spec;

  if (layer->in.rank == 3) {
    snprintf (issue->text, sizeof issue->text, "needs a vector or a sequence, but an image comes in");
    return NN_BAD_SHAPE;
  }
  if (spec->units < 1 || spec->units > NN_MAX_UNITS) {
    snprintf (issue->text, sizeof issue->text, "units must be 1 to %d, not %u", NN_MAX_UNITS, spec->units);
    return NN_BAD_LAYER;
  }
  layer->out = (NnShape){ .rank = layer->in.rank, .rows = 1, .values = spec->units };
  nn_layer_add_tensor (layer, NN_ROLE_KERNEL, 2, (const size_t[]){ layer->in.values, spec->units });
  if (spec->use_bias)
    nn_layer_add_tensor (layer, NN_ROLE_BIAS, 1, (const size_t[]){ spec->units });
  return NN_OK;
}

static NnStatus
dense_prepare (NnLayer *layer, NnLayer *next, size_t n_next)
{
  const size_t units = layer->spec.units;

  (void) next;
  (void) n_next;
  layer->packed = nn_gemm_pack (layer->gemm, layer->tensors[0].values, layer->in.values, units);
  layer->packed_bias = nn_gemm_pack_bias (layer->gemm, layer->spec.use_bias ? layer->tensors[1].values : NULL, units);
  return layer->packed && layer->packed_bias ? NN_OK : NN_NO_MEMORY;
}

static bool
dense_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  const size_t n_in = layer->in.values;

  (void) state;
  layer->gemm->run (&(NnGemmShape){ .m = 1, .n = layer->spec.units, .k = n_in, .segments = 1, .lda = n_in }, &in,
      layer->packed, layer->packed_bias, false, out);
  return true;
}

/* out[i][o] = bias[o] + sum over v of in[i][v] kernel[v][o] */
void
nn_dense_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const size_t n_in = layer->in.values;

  nn_gemm_ref (&(NnGemmShape){ .m = items, .n = layer->spec.units, .k = n_in, .segments = 1, .lda = n_in }, &in,
      layer->tensors[0].values, layer->spec.use_bias ? layer->tensors[1].values : NULL, false, out);
}

/* --- training: all items of all samples of a slice in one product ---------------------------------------------- */

/* packed_back  [out][in], the kernel transposed
 * zeros        bias of the product with it */
static NnStatus
dense_train_prepare (NnLayer *layer)
{
  const NnGemm *gemm = layer->gemm;
  const size_t n_in = layer->in.values, units = layer->spec.units;
  const float *kernel = layer->tensors[0].values;

  if (!layer->packing)
    layer->packing = calloc (n_in * units, sizeof *layer->packing);
  if (!layer->zeros)
    layer->zeros = nn_gemm_pack_bias (gemm, NULL, n_in);
  if (!layer->packed_bias)
    layer->packed_bias = nn_gemm_pack_bias (gemm, NULL, units);
  if (!layer->packing || !layer->zeros || !layer->packed_bias)
    return NN_NO_MEMORY;
  if (layer->spec.use_bias)
    memcpy (layer->packed_bias, layer->tensors[1].values, units * sizeof (float));
  nn_transpose (kernel, n_in, units, layer->packing);
  return nn_gemm_repack (gemm, kernel, n_in, units, &layer->packed)
          && nn_gemm_repack (gemm, layer->packing, units, n_in, &layer->packed_back)
      ? NN_OK
      : NN_NO_MEMORY;
}

static void
dense_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t n_in = layer->in.values;

  (void) cache;
  (void) scratch;
  layer->gemm->run (&(NnGemmShape){ .m = slice->samples * slice->items,
                        .n = layer->spec.units,
                        .k = n_in,
                        .segments = 1,
                        .lda = n_in },
      &in, layer->packed, layer->packed_bias, false, out);
}

/* For a copy of dout, with what a sum reads behind it. */
static size_t
dense_train_scratch (const NnLayer *layer, const NnSlice *slice)
{
  return slice->samples * slice->items * layer->spec.units + NN_GEMM_SLACK;
}

/* din = dout kernel'   kernel += in' dout   bias += sum of dout */
static void
dense_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
    const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t n = slice->samples * slice->items, n_in = layer->in.values, units = layer->spec.units;
  const float *d = scratch;

  (void) out;
  (void) cache;
  memcpy (scratch, dout, n * units * sizeof *dout);
  memset (scratch + n * units, 0, NN_GEMM_SLACK * sizeof *scratch);
  layer->gemm
      ->sum (&(NnGemmSum){ .m = n, .n = units, .k = n_in, .segments = 1, .lda = n_in, .ldb = units, .ldo = units }, &in,
          &d, gradients[0]);
  if (layer->spec.use_bias)
    nn_add_rows (d, n, units, gradients[1]);
  if (din)
    layer->gemm->run (&(NnGemmShape){ .m = n, .n = n_in, .k = units, .segments = 1, .lda = units }, &d,
        layer->packed_back, layer->zeros, false, din);
}

static const NnLayerTraining dense_training = {
  .scratch_values = dense_train_scratch,
  .prepare = dense_train_prepare,
  .forward = dense_train_forward,
  .backward = dense_train_backward,
};

const NnLayerClass nn_dense_class = {
  .type = "dense",
  .keys = " name units use_bias ",
  .configure = dense_configure,
  .prepare = dense_prepare,
  .push = dense_push,
  .training = &dense_training,
};
