/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static NnStatus
softmax_configure (NnLayer *layer, NnIssue *issue)
{
  const double temperature = layer->spec.temperature;

  if (layer->in.rank == 3) {
    snprintf (issue->text, sizeof issue->text, "needs a vector or a sequence, but an image comes in");
    return NN_BAD_SHAPE;
  }
  if (!(temperature >= 1e-3 && temperature <= 1e3)) {
    snprintf (issue->text, sizeof issue->text, "temperature must be .001 to 1000, not %g", temperature);
    return NN_BAD_LAYER;
  }
  layer->out = layer->in;
  return NN_OK;
}

/* out[i] = e^((in[i] - max) / temperature) / sum
 *
 * Huge weights may overflow on the way here: what is infinite counts as the largest float, what is no number as the
 * smallest, so that what comes out sums to 1 whatever the weights.  The sum is taken in units of 2^-47 of the largest
 * addend, so that it does not depend on the order of the outputs. */
static bool
softmax_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  const size_t n = layer->in.values;
  float max = -FLT_MAX;
  uint64_t sum = 0;

  (void) state;
  for (size_t i = 0; i < n; i++) {
    out[i] = in[i] > -FLT_MAX ? in[i] : -FLT_MAX;
    out[i] = out[i] < FLT_MAX ? out[i] : FLT_MAX;
    max = out[i] > max ? out[i] : max;
  }
  for (size_t i = 0; i < n; i++) {
    out[i] = (float) exp (((double) out[i] - (double) max) / layer->spec.temperature);
    sum += (uint64_t) ((double) out[i] * 0x1p47 + .5);
  }
  for (size_t i = 0; i < n; i++)
    out[i] = (float) ((double) out[i] / ((double) sum * 0x1p-47));
  return true;
}

void
nn_softmax_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const size_t n = layer->in.values;

  for (size_t t = 0; t < items; t++)
    for (size_t i = 0; i < n; i++) {
      double sum = 0;

      for (size_t j = 0; j < n; j++)
        sum += exp (((double) in[t * n + j] - (double) in[t * n + i]) / layer->spec.temperature);
      out[t * n + i] = (float) (1 / sum);
    }
}

const NnLayerClass nn_softmax_class = {
  .type = "softmax",
  .keys = " temperature ",
  .configure = softmax_configure,
  .push = softmax_push,
  .in_place = true,
};
