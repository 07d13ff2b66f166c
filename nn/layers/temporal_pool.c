/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"
#include "nn/training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t
temporal_pool_items_out (const NnLayer *layer, size_t items)
{
  (void) layer;
  return items > 0;
}

static NnStatus
temporal_pool_configure (NnLayer *layer, NnIssue *issue)
{
  if (!nn_layer_expects (layer, 2, issue))
    return NN_BAD_SHAPE;
  if (layer->spec.n_stats < 1 || layer->spec.n_stats > NN_MAX_STATS) {
    snprintf (issue->text, sizeof issue->text, "stats must name \"mean\", \"max\" or both");
    return NN_BAD_LAYER;
  }
  layer->out = (NnShape){ .rank = 1, .rows = 1, .values = layer->spec.n_stats * layer->in.values };
  return NN_OK;
}

static void
mean_of_steps (const float *in, size_t steps, size_t values, float *out)
{
  memset (out, 0, values * sizeof *out);
  for (size_t t = 0; t < steps; t++)
    for (size_t v = 0; v < values; v++)
      out[v] += in[t * values + v];
  for (size_t v = 0; v < values; v++)
    out[v] /= (float) steps;
}

static void
max_of_steps (const float *in, size_t steps, size_t values, float *out)
{
  memcpy (out, in, values * sizeof *out);
  for (size_t t = 1; t < steps; t++)
    for (size_t v = 0; v < values; v++)
      out[v] = in[t * values + v] > out[v] ? in[t * values + v] : out[v];
}

static void
temporal_pool_forward (const NnLayer *layer, const float *in, size_t items, float *out, float *scratch)
{
  const size_t values = layer->in.values;

  (void) scratch;
  for (unsigned i = 0; i < layer->spec.n_stats; i++, out += values)
    switch (layer->spec.stats[i]) {
      case NN_STAT_MEAN:
        mean_of_steps (in, items, values, out);
        break;
      case NN_STAT_MAX:
        max_of_steps (in, items, values, out);
        break;
    }
}

/* out[i][v] = statistic i over t of in[t][v] */
void
nn_temporal_pool_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const size_t values = layer->in.values;

  for (unsigned i = 0; i < layer->spec.n_stats; i++)
    for (size_t v = 0; v < values; v++) {
      double sum = 0, max = -HUGE_VAL;

      for (size_t t = 0; t < items; t++) {
        sum += (double) in[t * values + v];
        max = fmax (max, (double) in[t * values + v]);
      }
      out[i * values + v] = (float) (layer->spec.stats[i] == NN_STAT_MEAN ? sum / (double) items : max);
    }
}

/* --- training --------------------------------------------------------------------------------------------------- */

static void
temporal_pool_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  (void) cache;
  for (size_t s = 0; s < slice->samples; s++)
    temporal_pool_forward (layer, in + s * slice->items * layer->in.values, slice->items, out + s * layer->out.values,
        scratch);
}

/* din[t][v] += dout[v] / steps */
static void
mean_backward (size_t steps, size_t values, const float *dout, float *din)
{
  for (size_t t = 0; t < steps; t++)
    for (size_t v = 0; v < values; v++)
      din[t * values + v] += dout[v] / (float) steps;
}

/* din[t][v] += dout[v] at the first t where in[t][v] is largest */
static void
max_backward (const float *in, size_t steps, size_t values, const float *dout, float *din)
{
  for (size_t v = 0; v < values; v++) {
    size_t best = 0;

    for (size_t t = 1; t < steps; t++)
      if (in[t * values + v] > in[best * values + v])
        best = t;
    din[best * values + v] += dout[v];
  }
}

static void
temporal_pool_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t values = layer->in.values, steps = slice->items;

  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  if (!din)
    return;
  memset (din, 0, slice->samples * steps * values * sizeof *din);
  for (size_t s = 0; s < slice->samples; s++, in += steps * values, din += steps * values)
    for (unsigned i = 0; i < layer->spec.n_stats; i++, dout += values)
      switch (layer->spec.stats[i]) {
        case NN_STAT_MEAN:
          mean_backward (steps, values, dout, din);
          break;
        case NN_STAT_MAX:
          max_backward (in, steps, values, dout, din);
          break;
      }
}

static const NnLayerTraining temporal_pool_training = {
  .forward = temporal_pool_train_forward,
  .backward = temporal_pool_train_backward,
};

const NnLayerClass nn_temporal_pool_class = {
  .type = "temporal_pool",
  .keys = " stats ",
  .configure = temporal_pool_configure,
  .items_out = temporal_pool_items_out,
  .forward = temporal_pool_forward,
  .training = &temporal_pool_training,
};
