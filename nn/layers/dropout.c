/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"
#include "nn/random.h"
#include "nn/training.h"

#include <stdio.h>

static NnStatus
dropout_configure (NnLayer *layer, NnIssue *issue)
{
  if (!(layer->spec.rate >= 0 && layer->spec.rate < 1)) {
    snprintf (issue->text, sizeof issue->text, "rate must be at least 0 and below 1, not %g", layer->spec.rate);
    return NN_BAD_LAYER;
  }
  layer->out = layer->in;
  return NN_OK;
}

/* Outside training a dropout does nothing. */
static bool
dropout_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  (void) layer;
  (void) state;
  (void) in;
  (void) out;
  return true;
}

/* --- training --------------------------------------------------------------------------------------------------- */

/* x[i] = 0 with probability `rate`, else x[i] / (1 - rate): the same values for the same seed, sample and i, whatever
 * the slice.  Both directions. */
static void
drop (const NnLayer *layer, const NnSlice *slice, float *x)
{
  const size_t values = slice->items * nn_shape_item (&layer->in);
  const uint32_t below = (uint32_t) (layer->spec.rate * 0x1p32);
  const float scale = (float) (1 / (1 - layer->spec.rate));

  for (size_t s = 0; s < slice->samples; s++, x += values) {
    const uint64_t key = nn_random_scramble (slice->seed + NN_RANDOM_STEP * (slice->first + s + 1));

    for (size_t i = 0; i < values; i++)
      x[i] = (uint32_t) (nn_random_scramble (key + NN_RANDOM_STEP * i) >> 32) < below ? 0 : scale * x[i];
  }
}

static void
dropout_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  (void) in; /* is `out` */
  (void) cache;
  (void) scratch;
  if (!slice->fixed)
    drop (layer, slice, out);
}

static void
dropout_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  (void) in;
  (void) out;
  (void) cache;
  (void) dout; /* is `din` */
  (void) gradients;
  (void) scratch;
  if (din)
    drop (layer, slice, din);
}

static const NnLayerTraining dropout_training = {
  .forward = dropout_train_forward,
  .backward = dropout_train_backward,
  .in_place = true,
};

const NnLayerClass nn_dropout_class = {
  .type = "dropout",
  .keys = " rate ",
  .configure = dropout_configure,
  .push = dropout_push,
  .in_place = true,
  .training = &dropout_training,
};
