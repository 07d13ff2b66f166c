/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/layers.h"
#include "nn/training.h"

#include <string.h>

enum
{
  CHANNELS = 64 /* worked on together */
};

/* The first value of row h of column w of a sample. */
static size_t
place_of (const NnLayer *layer, size_t w, size_t h)
{
  return (w * layer->in.rows + h) * layer->in.values;
}

/* best[c] = max over the cell of in[..][c], of n channels; in starts at the first of the cell's first value. */
static void
max_of_cell (const NnLayer *layer, const float *in, size_t n, float *best)
{
  for (size_t j = 0; j < layer->spec.pool[1]; j++)
    for (size_t i = 0; i < layer->spec.pool[0]; i++) {
      const float *x = in + place_of (layer, j, i);

      if (i == 0 && j == 0)
        memcpy (best, x, n * sizeof *best);
      for (size_t c = 0; c < n; c++)
        best[c] = x[c] > best[c] ? x[c] : best[c];
    }
}

static void
max_pool2d_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const unsigned *pool = layer->spec.pool;
  const size_t columns = slice->items / pool[1], channels = layer->in.values;

  (void) cache;
  (void) scratch;
  for (size_t s = 0; s < slice->samples; s++, in += slice->items * nn_shape_item (&layer->in))
    for (size_t w = 0; w < columns; w++)
      for (size_t h = 0; h < layer->out.rows; h++, out += channels)
        max_of_cell (layer, in + place_of (layer, w * pool[1], h * pool[0]), channels, out);
}

/* The gradient of a cell goes to its first maximum, row after row as Keras goes; zeros to the others.
 * n channels, at most CHANNELS */
static void
cell_backward (const NnLayer *layer, const float *in, const float *dout, size_t n, float *din)
{
  float best[CHANNELS], left[CHANNELS];

  max_of_cell (layer, in, n, best);
  memcpy (left, dout, n * sizeof *left);
  for (size_t i = 0; i < layer->spec.pool[0]; i++)
    for (size_t j = 0; j < layer->spec.pool[1]; j++) {
      const float *x = in + place_of (layer, j, i);
      float *d = din + place_of (layer, j, i);

      for (size_t c = 0; c < n; c++) {
        const float all = left[c];

        d[c] = x[c] == best[c] ? all : 0;
        left[c] = x[c] == best[c] ? 0 : all;
      }
    }
}

static void
max_pool2d_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const unsigned *pool = layer->spec.pool;
  const size_t columns = slice->items / pool[1], channels = layer->in.values;
  const size_t sample = slice->items * nn_shape_item (&layer->in);

  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  if (!din)
    return;
  if (slice->items % pool[1] > 0 || layer->in.rows % pool[0] > 0)
    memset (din, 0, slice->samples * sample * sizeof *din);
  for (size_t s = 0; s < slice->samples; s++, in += sample, din += sample)
    for (size_t w = 0; w < columns; w++)
      for (size_t h = 0; h < layer->out.rows; h++, dout += channels)
        for (size_t c = 0; c < channels; c += CHANNELS) {
          const size_t at = place_of (layer, w * pool[1], h * pool[0]) + c;

          cell_backward (layer, in + at, dout + c, channels - c < CHANNELS ? channels - c : CHANNELS, din + at);
        }
}

const NnLayerTraining nn_max_pool2d_training = {
  .forward = max_pool2d_train_forward,
  .backward = max_pool2d_train_backward,
};
