/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/training.h: what each layer does forward, and every gradient, its inputs' and all its tensors', against central
 * differences of the layer's definition in double precision, which is written here once more, over whole batches.
 *
 * The loss is a sum of the outputs with random weights.  Scratch, caches and outputs are full of NaN before they are
 * written, gradients start at random values, since a layer adds to them, and each batch is cut in several ways.
 */
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/training.h"
#include "tests/nn_random.h"
#include "tests/nn_shapes.h"

#include <stdlib.h>

enum
{
  MAX_SLICES = 8,
  PROBES = 60, /* values of an array whose gradient is looked at */
};

static const double tolerance = 1e-4; /* of the largest gradient of an array */
static const float start = 0x1p-6F;   /* what gradients are before */

static const NnGemm *kernel;

static float *
allocate_nan (size_t n)
{
  float *x = nn_shape_allocate (n, sizeof *x);

  for (size_t i = 0; i < n; i++)
    x[i] = NAN;
  return x;
}

/* --- definitions: a batch of samples, in double ---------------------------------------------------------------- */

/* in [samples][items][rows][values], tensors as the class has them, out [samples][items out][...] */
typedef void (*Definition) (const NnLayer *layer, size_t samples, size_t items, const double *in,
    double *const *tensors, double *out);

static double
activate (NnActivation activation, double x)
{
  switch (activation) {
    case NN_ACTIVATION_TANH:
      return tanh (x);
    case NN_ACTIVATION_SIGMOID:
      return 1 / (1 + exp (-x));
    case NN_ACTIVATION_HARD_SIGMOID:
      return x < -2.5 ? 0 : x > 2.5 ? 1 : .2 * x + .5;
    case NN_ACTIVATION_RELU:
      return x > 0 ? x : 0;
  }
  abort ();
}

static void
define_conv2d (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors,
    double *out)
{
  const NnLayerSpec *spec = &layer->spec;
  const long rows = (long) layer->in.rows, depth = (long) layer->in.values, filters = (long) spec->filters;
  const long high = (long) spec->kernel[0], wide = (long) spec->kernel[1],
             columns = (long) nn_shape_items_out (layer, items);
  const long top = spec->padding[0] == NN_PADDING_SAME ? (high - 1) / 2 : 0;
  const long left = spec->padding[1] == NN_PADDING_SAME ? (wide - 1) / 2 : 0;

  for (size_t s = 0; s < samples; s++, in += (long) items * rows * depth)
    for (long w = 0; w < columns; w++)
      for (long h = 0; h < (long) layer->out.rows; h++)
        for (long o = 0; o < filters; o++, out++) {
          *out = spec->use_bias ? tensors[1][o] : 0;
          for (long i = 0; i < high; i++)
            for (long j = 0; j < wide; j++) {
              const long y = h + i - top, x = w + j - left;

              for (long c = 0; c < depth && y >= 0 && y < rows && x >= 0 && x < (long) items; c++)
                *out += in[(x * rows + y) * depth + c] * tensors[0][((i * wide + j) * depth + c) * filters + o];
            }
        }
}

static void
define_batch_norm (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors,
    double *out)
{
  const size_t channels = layer->in.values, n = samples * items * layer->in.rows;

  for (size_t c = 0; c < channels; c++) {
    double mean = 0, variance = 0;

    for (size_t i = 0; i < n; i++)
      mean += in[i * channels + c] / (double) n;
    for (size_t i = 0; i < n; i++)
      variance += (in[i * channels + c] - mean) * (in[i * channels + c] - mean) / (double) n;
    for (size_t i = 0; i < n; i++)
      out[i * channels + c] = tensors[0][c] * (in[i * channels + c] - mean) / sqrt (variance + layer->spec.epsilon)
          + tensors[1][c];
  }
}

static void
define_pointwise (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors,
    double *out)
{
  const NnLayerClass *class = layer->spec.class;

  (void) tensors;
  for (size_t i = 0; i < samples * items * nn_shape_item (&layer->in); i++)
    if (class == &nn_elu_class)
      out[i] = in[i] > 0 ? in[i] : expm1 (in[i]);
    else
      out[i] = activate (class == &nn_tanh_class ? NN_ACTIVATION_TANH
              : class == &nn_sigmoid_class       ? NN_ACTIVATION_SIGMOID
              : class == &nn_hard_sigmoid_class  ? NN_ACTIVATION_HARD_SIGMOID
                                                 : NN_ACTIVATION_RELU,
          in[i]);
}

static void
define_pool (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors, double *out)
{
  const size_t rows = layer->in.rows, channels = layer->in.values;
  const unsigned *pool = layer->spec.pool;
  const bool max = layer->spec.class == &nn_max_pool2d_class;

  (void) tensors;
  for (size_t s = 0; s < samples; s++, in += items * rows * channels)
    for (size_t w = 0; w < items / pool[1]; w++)
      for (size_t h = 0; h < rows / pool[0]; h++)
        for (size_t c = 0; c < channels; c++, out++) {
          double best = -HUGE_VAL, sum = 0;

          for (size_t i = 0; i < pool[0]; i++)
            for (size_t j = 0; j < pool[1]; j++) {
              const double x = in[((w * pool[1] + j) * rows + h * pool[0] + i) * channels + c];

              best = x > best ? x : best;
              sum += x;
            }
          *out = max ? best : sum / pool[0] / pool[1];
        }
}

/* flatten, time_distributed_flatten and expand_dims: [columns][rows][channels] -> [rows][columns][channels] */
static void
define_turn (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors, double *out)
{
  const size_t rows = layer->in.rows, channels = layer->in.values;

  (void) tensors;
  for (size_t s = 0; s < samples; s++, in += items * rows * channels)
    for (size_t h = 0; h < rows; h++)
      for (size_t w = 0; w < items; w++)
        for (size_t c = 0; c < channels; c++)
          *out++ = in[(w * rows + h) * channels + c];
}

static void
define_to_sequence (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors,
    double *out)
{
  const size_t rows = layer->in.rows, channels = layer->in.values;

  (void) tensors;
  for (size_t t = 0; t < samples * items; t++, in += rows * channels)
    for (size_t c = 0; c < channels; c++)
      for (size_t h = 0; h < rows; h++)
        *out++ = in[h * channels + c];
}

static void
define_dense (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors, double *out)
{
  const size_t units = layer->spec.units;

  for (size_t t = 0; t < samples * items; t++, in += layer->in.values)
    for (size_t o = 0; o < units; o++, out++) {
      *out = layer->spec.use_bias ? tensors[1][o] : 0;
      for (size_t v = 0; v < layer->in.values; v++)
        *out += in[v] * tensors[0][v * units + o];
    }
}

static void
define_temporal_pool (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors,
    double *out)
{
  const size_t values = layer->in.values;

  (void) tensors;
  for (size_t s = 0; s < samples; s++, in += items * values)
    for (unsigned i = 0; i < layer->spec.n_stats; i++)
      for (size_t v = 0; v < values; v++, out++) {
        double sum = 0, max = -HUGE_VAL;

        for (size_t t = 0; t < items; t++) {
          sum += in[t * values + v];
          max = fmax (max, in[t * values + v]);
        }
        *out = layer->spec.stats[i] == NN_STAT_MAX ? max : sum / (double) items;
      }
}

/* bias[column] + sum over v of x[v] matrix[v][column] */
static double
affine (const double *x, size_t n, const double *matrix, size_t columns, size_t column, double bias)
{
  for (size_t v = 0; v < n; v++)
    bias += x[v] * matrix[v * columns + column];
  return bias;
}

static void
define_gru (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors, double *out)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units, gates = 3 * units, n_in = layer->in.values;
  double *h = nn_shape_allocate (units, sizeof *h), *z = nn_shape_allocate (units, sizeof *z),
         *r = nn_shape_allocate (units, sizeof *r), *rh = nn_shape_allocate (units, sizeof *rh),
         *c = nn_shape_allocate (units, sizeof *c);

  for (size_t s = 0; s < samples; s++) {
    memset (h, 0, units * sizeof *h);
    for (size_t t = 0; t < items; t++, in += n_in) {
      for (size_t u = 0; u < units; u++) {
        const double after_z = spec->reset_after ? tensors[2][gates + u] : 0;
        const double after_r = spec->reset_after ? tensors[2][gates + units + u] : 0;

        z[u] = activate (spec->recurrent_activation,
            affine (in, n_in, tensors[0], gates, u, tensors[2][u]) + affine (h, units, tensors[1], gates, u, after_z));
        r[u] = activate (spec->recurrent_activation,
            affine (in, n_in, tensors[0], gates, units + u, tensors[2][units + u])
                + affine (h, units, tensors[1], gates, units + u, after_r));
        rh[u] = r[u] * h[u];
      }
      for (size_t u = 0; u < units; u++) {
        const size_t column = 2 * units + u;
        const double a = affine (in, n_in, tensors[0], gates, column, tensors[2][column]);

        c[u] = activate (spec->activation,
            spec->reset_after ? a + r[u] * affine (h, units, tensors[1], gates, column, tensors[2][gates + column])
                              : a + affine (rh, units, tensors[1], gates, column, 0));
      }
      for (size_t u = 0; u < units; u++)
        h[u] = z[u] * h[u] + (1 - z[u]) * c[u];
      if (spec->return_sequences || t + 1 == items) {
        memcpy (out, h, units * sizeof *out);
        out += units;
      }
    }
  }
  free (h);
  free (z);
  free (r);
  free (rh);
  free (c);
}

static void
define_lstm (const NnLayer *layer, size_t samples, size_t items, const double *in, double *const *tensors, double *out)
{
  const NnLayerSpec *spec = &layer->spec;
  const size_t units = spec->units, gates = 4 * units, n_in = layer->in.values;
  double *h = nn_shape_allocate (units, sizeof *h), *c = nn_shape_allocate (units, sizeof *c),
         *a = nn_shape_allocate (gates, sizeof *a);

  for (size_t s = 0; s < samples; s++) {
    memset (h, 0, units * sizeof *h);
    memset (c, 0, units * sizeof *c);
    for (size_t t = 0; t < items; t++, in += n_in) {
      for (size_t g = 0; g < gates; g++)
        a[g] = activate (g / units == 2 ? spec->activation : spec->recurrent_activation,
            affine (in, n_in, tensors[0], gates, g, tensors[2][g]) + affine (h, units, tensors[1], gates, g, 0));
      for (size_t u = 0; u < units; u++) {
        c[u] = a[units + u] * c[u] + a[u] * a[2 * units + u];
        h[u] = a[3 * units + u] * activate (spec->activation, c[u]);
      }
      if (spec->return_sequences || t + 1 == items) {
        memcpy (out, h, units * sizeof *out);
        out += units;
      }
    }
  }
  free (h);
  free (c);
  free (a);
}

/* --- a batch through a layer ----------------------------------------------------------------------------------- */

typedef struct Batch
{
  NnLayer layer;
  size_t samples, items, items_out;
  size_t n_in, n_out; /* values of a sample */
  float *x, *weights; /* [samples][n_in], [samples][n_out]: d loss / d out */
  float *out, *din;   /* [samples][n_out], [samples][n_in] */
  float *gradients[NN_MAX_TENSORS];
  uint64_t seed;
} Batch;

/* A layer for up to `more` items more than come. */
static Batch
batch_new (uint64_t *seed, const NnLayerSpec *spec, NnShape in, size_t more, size_t samples, float size)
{
  Batch batch = { .samples = samples, .items = in.items, .seed = test_random (seed) };
  NnLayer *layer = &batch.layer;
  NnIssue issue = { 0 };

  in.items += more;
  *layer = (NnLayer){ .spec = *spec, .in = in, .gemm = kernel };
  strcpy (layer->spec.name, "layer");
  if (spec->class->configure (layer, &issue) != NN_OK) {
    CHECK (false, "%s: %s", spec->class->type, issue.text);
    exit (1);
  }
  layer->out.items = nn_shape_items_out (layer, in.items);
  batch.items_out = nn_shape_items_out (layer, batch.items);
  batch.n_in = batch.items * nn_shape_item (&layer->in);
  batch.n_out = batch.items_out * nn_shape_item (&layer->out);
  batch.x = nn_shape_allocate (samples * batch.n_in, sizeof (float));
  batch.weights = nn_shape_allocate (samples * batch.n_out, sizeof (float));
  batch.out = nn_shape_allocate (samples * batch.n_out, sizeof (float));
  batch.din = nn_shape_allocate (samples * batch.n_in, sizeof (float));
  nn_random_array (seed, size, batch.x, samples * batch.n_in);
  nn_random_array (seed, 1, batch.weights, samples * batch.n_out);
  for (unsigned t = 0; t < layer->n_tensors; t++) {
    layer->tensors[t].values = nn_shape_allocate (nn_tensor_size (&layer->tensors[t]), sizeof (float));
    batch.gradients[t] = nn_shape_allocate (nn_tensor_size (&layer->tensors[t]), sizeof (float));
    nn_random_tensor (seed, &layer->tensors[t]);
  }
  return batch;
}

static void
batch_free (Batch *batch)
{
  for (unsigned t = 0; t < batch->layer.n_tensors; t++)
    free (batch->gradients[t]);
  nn_layer_clear (&batch->layer);
  free (batch->x);
  free (batch->weights);
  free (batch->out);
  free (batch->din);
}

/* Samples [first, first + n) and what a slice of them keeps. */
typedef struct Part
{
  NnSlice slice;
  float *in, *out, *cache;
  double *sums;
} Part;

static void
part_forward (const Batch *batch, Part *part)
{
  const NnLayer *layer = &batch->layer;
  const NnLayerTraining *training = layer->spec.class->training;
  const size_t n = part->slice.samples;
  float *scratch = allocate_nan (training->scratch_values ? training->scratch_values (layer, &part->slice) : 0);

  part->out = allocate_nan (n * batch->n_out);
  part->cache = allocate_nan (training->cache_values ? n * training->cache_values (layer, batch->items) : 0);
  if (training->in_place) {
    memcpy (part->out, part->in, n * batch->n_in * sizeof (float));
    training->forward (layer, &part->slice, part->out, part->out, part->cache, scratch);
  } else {
    training->forward (layer, &part->slice, part->in, part->out, part->cache, scratch);
  }
  memcpy (batch->out + part->slice.first * batch->n_out, part->out, n * batch->n_out * sizeof (float));
  free (scratch);
}

static void
part_backward (const Batch *batch, const Part *part, bool wanted, float *const *gradients)
{
  const NnLayer *layer = &batch->layer;
  const NnLayerTraining *training = layer->spec.class->training;
  const size_t n = part->slice.samples;
  const float *dout = batch->weights + part->slice.first * batch->n_out;
  float *scratch = allocate_nan (training->scratch_values ? training->scratch_values (layer, &part->slice) : 0);
  float *din = allocate_nan (n * batch->n_in);

  if (training->in_place) {
    memcpy (din, dout, n * batch->n_in * sizeof *din);
    dout = din;
  }
  training->backward (layer, &part->slice, training->in_place ? NULL : part->in, part->out, part->cache, dout,
      wanted || training->in_place ? din : NULL, gradients, scratch);
  if (wanted)
    memcpy (batch->din + part->slice.first * batch->n_in, din, n * batch->n_in * sizeof *din);
  free (din);
  free (scratch);
}

/* Forward and backward, the batch cut into slices of `size` samples; fills out, gradients and, if wanted, din. */
static void
run_batch (Batch *batch, size_t size, bool wanted)
{
  NnLayer *layer = &batch->layer;
  const NnLayerTraining *training = layer->spec.class->training;
  const size_t n_sums = training->n_sums ? training->n_sums (layer) : 0;
  Part parts[MAX_SLICES];
  double *sums = nn_shape_allocate (n_sums, sizeof *sums), *total = nn_shape_allocate (n_sums, sizeof *total);
  float *slice_gradients[NN_MAX_TENSORS];
  size_t n = 0;

  if (training->prepare && training->prepare (layer) != NN_OK)
    abort ();
  for (size_t first = 0; first < batch->samples; first += size) {
    const size_t left = batch->samples - first;

    parts[n] = (Part){ .slice = { left < size ? left : size, first, batch->items, false, batch->seed } };
    parts[n].in = batch->x + first * batch->n_in;
    if (n_sums > 0)
      training->forward_sums (layer, &parts[n].slice, parts[n].in, sums);
    for (size_t i = 0; i < n_sums; i++)
      total[i] += sums[i];
    n++;
  }
  if (n_sums > 0)
    training->forward_total (layer, batch->samples * batch->items, total);
  for (size_t i = 0; i < n; i++)
    part_forward (batch, &parts[i]);

  for (unsigned t = 0; t < layer->n_tensors; t++)
    memset (batch->gradients[t], 0, nn_tensor_size (&layer->tensors[t]) * sizeof (float));
  memset (total, 0, n_sums * sizeof *total);
  for (size_t i = 0; i < n && n_sums > 0; i++) {
    training->backward_sums (layer, &parts[i].slice, parts[i].in, batch->weights + parts[i].slice.first * batch->n_out,
        sums);
    for (size_t k = 0; k < n_sums; k++)
      total[k] += sums[k];
  }
  if (n_sums > 0)
    training->backward_total (layer, batch->samples * batch->items, total, batch->gradients);

  for (size_t i = 0; i < n; i++) {
    for (unsigned t = 0; t < layer->n_tensors; t++) {
      slice_gradients[t] = nn_shape_allocate (nn_tensor_size (&layer->tensors[t]), sizeof (float));
      for (size_t k = 0; k < nn_tensor_size (&layer->tensors[t]); k++)
        slice_gradients[t][k] = start; /* is added to */
    }
    part_backward (batch, &parts[i], wanted, slice_gradients);
    for (unsigned t = 0; t < layer->n_tensors; t++) {
      for (size_t k = 0; k < nn_tensor_size (&layer->tensors[t]); k++)
        batch->gradients[t][k] += slice_gradients[t][k] - start;
      free (slice_gradients[t]);
    }
    free (parts[i].out);
    free (parts[i].cache);
  }
  free (sums);
  free (total);
}

/* --- against central differences ------------------------------------------------------------------------------- */

typedef struct Exact
{
  Definition define;
  double *in, *out;
  double *tensors[NN_MAX_TENSORS];
} Exact;

static double *
to_double (const float *x, size_t n)
{
  double *y = nn_shape_allocate (n, sizeof *y);

  for (size_t i = 0; i < n; i++)
    y[i] = (double) x[i];
  return y;
}

static double
loss_of (const Batch *batch, const Exact *exact)
{
  double loss = 0;

  exact->define (&batch->layer, batch->samples, batch->items, exact->in, exact->tensors, exact->out);
  for (size_t i = 0; i < batch->samples * batch->n_out; i++)
    loss += exact->out[i] * (double) batch->weights[i];
  return loss;
}

/* Some of the gradients found of `values` [n], one array of exact.
 *
 * Where a corner of relu, of a pool, lies within the step, both sides of it have slopes of their own, and there is no
 * gradient to compare with: the second difference tells. */
static void
check_gradients (uint64_t *seed, const Batch *batch, const Exact *exact, const char *what, double *values,
    const float *found, size_t n)
{
  const NnLayerSpec *spec = &batch->layer.spec;
  const double step = 1e-6, here = loss_of (batch, exact);
  double error = 0, largest = 1e-4;
  size_t worst = 0, corners = 0, probes = 0;

  for (; probes < n && probes < PROBES; probes++) {
    const size_t i = n <= PROBES ? probes : nn_random_size (seed, 0, n - 1);
    const double value = values[i];

    values[i] = value + step;
    const double above = loss_of (batch, exact);
    values[i] = value - step;
    const double below = loss_of (batch, exact), expected = (above - below) / (2 * step);
    values[i] = value;

    if (fabs (above - 2 * here + below) / (2 * step) > 2e-5 * (fabs (expected) + 1)) {
      corners++;
      continue;
    }

    const double difference = isfinite (found[i]) ? fabs (expected - (double) found[i]) : (double) INFINITY;

    largest = fmax (largest, fabs (expected));
    if (difference >= error) {
      error = difference;
      worst = i;
    }
  }
  CHECK (corners * 5 <= probes + 19, "%s, %zu of %zu probes at corners", spec->class->type, corners, probes);
  CHECK (error <= tolerance * largest,
      "%s, %s, gradient of %s: off by %g, largest %g, at %zu of %zu; %zu samples, in %zu x %zu x %zu, units %u "
      "filters %u kernel %ux%u pool %ux%u padding %d %d activations %d %d",
      spec->class->type, kernel->name, what, error, largest, worst, n, batch->samples, batch->items,
      batch->layer.in.rows, batch->layer.in.values, spec->units, spec->filters, spec->kernel[0], spec->kernel[1],
      spec->pool[0], spec->pool[1], (int) spec->padding[0], (int) spec->padding[1], (int) spec->activation,
      (int) spec->recurrent_activation);
}

static void
check_forward (const Batch *batch, const Exact *exact)
{
  double error = 0, largest = 1e-2; /* less is what rounding leaves of larger sums */

  loss_of (batch, exact);
  for (size_t i = 0; i < batch->samples * batch->n_out; i++) {
    const double difference = fabs (exact->out[i] - (double) batch->out[i]);

    error = isfinite (difference) ? fmax (error, difference) : (double) INFINITY;
    largest = fmax (largest, fabs (exact->out[i]));
  }
  CHECK (error <= 1e-5 * largest, "%s, %s, forward: off by %g of %g; in %zu x %zu x %zu", batch->layer.spec.class->type,
      kernel->name, error, largest, batch->items, batch->layer.in.rows, batch->layer.in.values);
}

typedef void (*Reference) (const NnLayer *layer, const float *in, size_t items, float *out);

/* What the inference is held to.  NULL: none that has to agree. */
static void
check_reference (const Batch *batch, Reference reference)
{
  float *out = nn_shape_allocate (batch->samples * batch->n_out, sizeof *out);

  for (size_t s = 0; s < batch->samples; s++)
    reference (&batch->layer, batch->x + s * batch->n_in, batch->items, out + s * batch->n_out);

  double error = 0, largest = 1e-2;

  for (size_t i = 0; i < batch->samples * batch->n_out; i++) {
    error = fmax (error, fabs ((double) batch->out[i] - (double) out[i]));
    largest = fmax (largest, fabs ((double) out[i]));
  }
  CHECK (error <= 1e-5 * largest, "%s, %s: %g away from its reference", batch->layer.spec.class->type, kernel->name,
      error);
  free (out);
}

/* The gradients of a batch cut otherwise. */
static void
check_cut (Batch *batch, size_t size, bool wanted)
{
  float *expected[NN_MAX_TENSORS], *din = nn_shape_allocate (batch->samples * batch->n_in, sizeof *din);

  memcpy (din, batch->din, batch->samples * batch->n_in * sizeof *din);
  for (unsigned t = 0; t < batch->layer.n_tensors; t++) {
    const size_t n = nn_tensor_size (&batch->layer.tensors[t]);

    expected[t] = nn_shape_allocate (n, sizeof (float));
    memcpy (expected[t], batch->gradients[t], n * sizeof (float));
  }
  run_batch (batch, size, wanted);
  for (unsigned t = 0; t < batch->layer.n_tensors; t++) {
    const size_t n = nn_tensor_size (&batch->layer.tensors[t]);
    double error = 0, largest = .2; /* each is a sum of terms of about 1, which may cancel */

    for (size_t i = 0; i < n; i++) {
      error = fmax (error, fabs ((double) batch->gradients[t][i] - (double) expected[t][i]));
      largest = fmax (largest, fabs ((double) expected[t][i]));
    }
    CHECK (error <= 2e-5 * largest, "%s, %s: the gradient of %s moves by %g of %g, cut into slices of %zu",
        batch->layer.spec.class->type, kernel->name, batch->layer.tensors[t].name, error, largest, size);
    free (expected[t]);
  }
  const double error = nn_relative_error (batch->din, din, batch->samples * batch->n_in);

  CHECK (error <= 2e-5, "%s, %s: the gradient of the input moves by %g, cut into slices of %zu",
      batch->layer.spec.class->type, kernel->name, error, size);
  free (din);
}

static void
check_layer (uint64_t *seed, const NnLayerSpec *spec, NnShape in, size_t samples, Definition define,
    Reference reference, float size)
{
  const bool fixed = spec->class->fixed_items || in.rank == 1;
  Batch batch = batch_new (seed, spec, in, fixed ? 0 : nn_random_size (seed, 0, 3), samples, size);
  Exact exact = { define, to_double (batch.x, samples * batch.n_in),
    nn_shape_allocate (samples * batch.n_out, sizeof (double)), { NULL } };

  for (unsigned t = 0; t < batch.layer.n_tensors; t++)
    exact.tensors[t] = to_double (batch.layer.tensors[t].values, nn_tensor_size (&batch.layer.tensors[t]));

  run_batch (&batch, (samples + 1) / 2, true);
  check_forward (&batch, &exact);
  if (reference)
    check_reference (&batch, reference);
  check_gradients (seed, &batch, &exact, "the input", exact.in, batch.din, samples * batch.n_in);
  for (unsigned t = 0; t < batch.layer.n_tensors; t++)
    check_gradients (seed, &batch, &exact, batch.layer.tensors[t].name, exact.tensors[t], batch.gradients[t],
        nn_tensor_size (&batch.layer.tensors[t]));
  check_cut (&batch, 1, true);
  check_cut (&batch, samples, false);

  free (exact.in);
  free (exact.out);
  for (unsigned t = 0; t < batch.layer.n_tensors; t++)
    free (exact.tensors[t]);
  batch_free (&batch);
}

/* --- the layers ------------------------------------------------------------------------------------------------- */

static void
test_conv2d (uint64_t *seed)
{
  static const unsigned kernels[][2] = { { 1, 1 }, { 3, 3 }, { 2, 2 }, { 5, 3 }, { 1, 4 }, { 4, 1 } };

  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
    for (unsigned choice = 0; choice < 8; choice++) {
      NnLayerSpec spec = nn_layer_spec_default (&nn_conv2d_class);

      spec.kernel[0] = kernels[i][0];
      spec.kernel[1] = kernels[i][1];
      spec.padding[0] = choice & 1 ? NN_PADDING_SAME : NN_PADDING_VALID;
      spec.padding[1] = choice & 2 ? NN_PADDING_SAME : NN_PADDING_VALID;
      spec.use_bias = choice & 4;
      spec.filters = (unsigned) nn_random_size (seed, 1, choice == 5 ? 70 : 9);
      check_layer (seed, &spec,
          nn_shape_image (spec.kernel[1] + nn_random_size (seed, 0, 6), spec.kernel[0] + nn_random_size (seed, 0, 9),
              nn_random_size (seed, 1, choice == 3 ? 30 : 5)),
          nn_random_size (seed, 1, 4), define_conv2d, nn_conv2d_ref, 1);
      /* As small as it may be. */
      check_layer (seed, &spec, nn_shape_image (choice & 2 ? 1 : spec.kernel[1], choice & 1 ? 1 : spec.kernel[0], 2), 2,
          define_conv2d, nn_conv2d_ref, 1);
    }
}

static void
test_batch_norm (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_batch_norm_class);

  for (int i = 0; i < 4; i++) {
    spec.epsilon = i % 2 ? 1e-5 : 1e-3;
    check_layer (seed, &spec, nn_shape_image (3, 4, nn_random_size (seed, 1, 80)), 4, define_batch_norm, NULL, 2);
    check_layer (seed, &spec, nn_shape_image (7, 11, nn_random_size (seed, 1, 20)), 3, define_batch_norm, NULL, 2);
    check_layer (seed, &spec, nn_shape_sequence (5, nn_random_size (seed, 1, 20)), 5, define_batch_norm, NULL, 2);
    check_layer (seed, &spec, nn_shape_vector (nn_random_size (seed, 1, 20)), 8, define_batch_norm, NULL, 2);
  }
}

static void
test_pointwise (uint64_t *seed)
{
  static const struct
  {
    const NnLayerClass *class;
    Reference reference;
  } layers[] = {
    { &nn_relu_class, nn_relu_ref },
    { &nn_elu_class, nn_elu_ref },
    { &nn_tanh_class, nn_tanh_ref },
    { &nn_sigmoid_class, nn_sigmoid_ref },
    { &nn_hard_sigmoid_class, nn_hard_sigmoid_ref },
  };

  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    const NnLayerSpec spec = nn_layer_spec_default (layers[i].class);

    check_layer (seed, &spec, nn_shape_image (4, 5, 3), 3, define_pointwise, layers[i].reference, 4);
    check_layer (seed, &spec, nn_shape_sequence (4, 7), 2, define_pointwise, layers[i].reference, 4);
    check_layer (seed, &spec, nn_shape_vector (33), 2, define_pointwise, layers[i].reference, 4);
  }
}

static void
test_pools (uint64_t *seed)
{
  for (int max = 0; max < 2; max++) {
    NnLayerSpec spec = nn_layer_spec_default (max ? &nn_max_pool2d_class : &nn_avg_pool2d_class);

    for (spec.pool[0] = 1; spec.pool[0] <= 3; spec.pool[0]++)
      for (spec.pool[1] = 1; spec.pool[1] <= 3; spec.pool[1]++)
        for (size_t i = 0; i < 3; i++) /* as many rows and columns beyond whole cells */
          check_layer (seed, &spec,
              nn_shape_image (2 * spec.pool[1] + i, nn_random_size (seed, 1, 3) * spec.pool[0] + i,
                  nn_random_size (seed, 1, i == 2 ? 150 : 9)),
              2, define_pool, max ? nn_max_pool2d_ref : nn_avg_pool2d_ref, 1);
  }
}

static void
test_orders (uint64_t *seed)
{
  const NnLayerSpec flatten = nn_layer_spec_default (&nn_flatten_class),
                    steps = nn_layer_spec_default (&nn_time_distributed_flatten_class),
                    expand = nn_layer_spec_default (&nn_expand_dims_class),
                    turned = nn_layer_spec_default (&nn_to_sequence_class);

  for (int i = 0; i < 4; i++) {
    const NnShape shape = nn_shape_image (nn_random_size (seed, 1, 5), nn_random_size (seed, 1, 5),
        nn_random_size (seed, 1, 5));

    check_layer (seed, &flatten, shape, 3, define_turn, nn_flatten_ref, 1);
    check_layer (seed, &flatten, nn_shape_sequence (4, 5), 3, define_turn, nn_flatten_ref, 1);
    check_layer (seed, &steps, shape, 3, define_turn, nn_time_distributed_flatten_ref, 1);
    check_layer (seed, &expand, nn_shape_vector (shape.rows + 3), 3, define_turn, nn_expand_dims_ref, 1);
    check_layer (seed, &turned, shape, 3, define_to_sequence, nn_to_sequence_ref, 1);
  }
}

static void
test_dense (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_dense_class);

  for (int i = 0; i < 8; i++) {
    spec.use_bias = i % 2;
    spec.units = (unsigned) nn_random_size (seed, 1, i < 4 ? 9 : 100);
    check_layer (seed, &spec, nn_shape_vector (nn_random_size (seed, 1, 60)), 7, define_dense, nn_dense_ref, 1);
    check_layer (seed, &spec, nn_shape_sequence (4, nn_random_size (seed, 1, 60)), 3, define_dense, nn_dense_ref, 1);
  }
}

static void
test_temporal_pool (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_temporal_pool_class);

  for (spec.n_stats = 1; spec.n_stats <= 2; spec.n_stats++)
    for (int order = 0; order < 2; order++) {
      spec.stats[0] = order ? NN_STAT_MAX : NN_STAT_MEAN;
      spec.stats[1] = order ? NN_STAT_MEAN : NN_STAT_MAX;
      check_layer (seed, &spec, nn_shape_sequence (nn_random_size (seed, 1, 9), 6), 3, define_temporal_pool,
          nn_temporal_pool_ref, 1);
    }
}

static void
test_recurrent (uint64_t *seed)
{
  for (int kind = 0; kind < 3; kind++) /* lstm, gru, gru without reset_after */
    for (int f = NN_ACTIVATION_TANH; f <= NN_ACTIVATION_RELU; f++)
      for (int g = NN_ACTIVATION_TANH; g <= NN_ACTIVATION_RELU; g++)
        for (int sequences = 0; sequences < 2; sequences++) {
          NnLayerSpec spec = nn_layer_spec_default (kind == 0 ? &nn_lstm_class : &nn_gru_class);
          /* Gates outside of 0 to 1 make h grow, and with it every rounding: few steps then. */
          const bool gates = g == NN_ACTIVATION_SIGMOID || g == NN_ACTIVATION_HARD_SIGMOID;

          spec.activation = (NnActivation) f;
          spec.recurrent_activation = (NnActivation) g;
          spec.return_sequences = sequences;
          spec.reset_after = kind == 1;
          spec.units = (unsigned) nn_random_size (seed, 1, f == g ? 40 : 9);
          check_layer (seed, &spec,
              nn_shape_sequence (nn_random_size (seed, 1, gates ? 8 : 3), nn_random_size (seed, 1, 12)),
              nn_random_size (seed, 1, 5), kind == 0 ? define_lstm : define_gru, kind == 0 ? nn_lstm_ref : nn_gru_ref,
              gates ? 1 : .5F);
        }
}

/* --- what differences do not show ------------------------------------------------------------------------------- */

/* Statistics of the batch, far away from zero, and how the moving ones follow. */
static void
test_moving_statistics (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_batch_norm_class);

  spec.momentum = .75;

  Batch batch = batch_new (seed, &spec, nn_shape_image (20, 30, 3), 0, 6, 1);
  const size_t n = 6 * 20 * 30;
  float *moving_mean = batch.layer.tensors[2].values, *moving_variance = batch.layer.tensors[3].values;

  for (size_t i = 0; i < n; i++)
    batch.x[i * 3 + 1] += 50;
  for (int run = 0; run < 2; run++) {
    double expected[2][3];

    for (size_t c = 0; c < 3; c++) {
      double mean = 0, variance = 0;

      for (size_t i = 0; i < n; i++)
        mean += (double) batch.x[i * 3 + c] / (double) n;
      for (size_t i = 0; i < n; i++)
        variance += ((double) batch.x[i * 3 + c] - mean) * ((double) batch.x[i * 3 + c] - mean) / (double) n;
      expected[0][c] = .75 * (double) moving_mean[c] + .25 * mean;
      expected[1][c] = .75 * (double) moving_variance[c] + .25 * variance;
    }
    run_batch (&batch, 2, true);
    for (size_t c = 0; c < 3; c++) {
      CHECK (fabs ((double) moving_mean[c] - expected[0][c]) <= 1e-5, "moving mean %g, not %g", (double) moving_mean[c],
          expected[0][c]);
      CHECK (fabs ((double) moving_variance[c] - expected[1][c]) <= 1e-4, "moving variance %g, not %g",
          (double) moving_variance[c], expected[1][c]);
    }
  }
  batch_free (&batch);
}

/* Of equal maxima the first takes it all, row after row: Keras's image has mel before time. */
static void
test_equal_maxima (void)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_max_pool2d_class);
  const NnSlice slice = { 1, 0, 2, false, 0 };
  const float in[] = { 1, 7, 7, 7 }, dout[] = { 3 }, expected[] = { 0, 0, 3, 0 }; /* column 0: 1 7, column 1: 7 7 */
  float din[4];
  NnLayer layer = { .spec = spec, .in = nn_shape_image (2, 2, 1), .gemm = kernel };
  NnIssue issue;

  CHECK (spec.class->configure (&layer, &issue) == NN_OK, "%s", issue.text);
  spec.class->training->backward (&layer, &slice, in, NULL, NULL, dout, din, NULL, NULL);
  CHECK (memcmp (din, expected, sizeof din) == 0, "%g %g %g %g", (double) din[0], (double) din[1], (double) din[2],
      (double) din[3]);
}

static void
test_dropout (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_dropout_class);
  const double rates[] = { 0, .1, .5, .9 };

  for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
    spec.rate = rates[r];

    Batch batch = batch_new (seed, &spec, nn_shape_image (20, 25, 4), 0, 8, 1);
    const size_t n = 8 * batch.n_in;
    const float scale = (float) (1 / (1 - rates[r]));
    float *first = nn_shape_allocate (n, sizeof *first);
    size_t dropped = 0, twins = 0, again = 0;

    run_batch (&batch, 3, true);
    memcpy (first, batch.out, n * sizeof *first);
    for (size_t i = 0; i < n; i++) {
      const bool kept = batch.out[i] != 0;

      dropped += !kept;
      twins += kept == (batch.out[(i + batch.n_in) % n] != 0);
      CHECK (!kept || fabsf (batch.out[i] - scale * batch.x[i]) <= 1e-6F * scale, "%zu: %g of %g", i,
          (double) batch.out[i], (double) batch.x[i]);
      CHECK (fabsf (batch.din[i] - (kept ? scale * batch.weights[i] : 0)) <= 1e-6F * scale,
          "%zu: the gradient is not dropped alike", i);
    }
    /* Five deviations of a binomial. */
    CHECK (fabs ((double) dropped - rates[r] * (double) n) <= 5 * sqrt ((double) n * rates[r] * (1 - rates[r])),
        "rate %g: %zu of %zu dropped", rates[r], dropped, n);
    /* Samples do not drop alike. */
    const double alike = rates[r] * rates[r] + (1 - rates[r]) * (1 - rates[r]);

    CHECK (fabs ((double) twins - alike * (double) n) <= 6 * sqrt ((double) n * alike * (1 - alike)) + 1e-9,
        "rate %g: %zu of %zu as in the next sample", rates[r], twins, n);

    run_batch (&batch, 8, true);
    CHECK (memcmp (first, batch.out, n * sizeof *first) == 0, "another cut drops others");
    batch.seed++;
    run_batch (&batch, 8, true);
    for (size_t i = 0; i < n; i++)
      again += (first[i] != 0) == (batch.out[i] != 0);
    CHECK (fabs ((double) again - alike * (double) n) <= 6 * sqrt ((double) n * alike * (1 - alike)) + 1e-9,
        "rate %g: %zu of %zu as with another seed", rates[r], again, n);
    free (first);
    batch_free (&batch);
  }
}

/* The sum of nn/gemm.h against its definition; what lies behind the arrays has no effect. */
static void
test_sum (uint64_t *seed)
{
  for (int i = 0; i < 200; i++) {
    NnGemmSum shape = {
      .m = nn_random_size (seed, 1, 20),
      .n = nn_random_size (seed, 1, i % 4 ? 20 : 130),
      .k = nn_random_size (seed, 1, 40),
      .segments = nn_random_size (seed, 1, 5),
    };
    const float *a[5], *b[5];
    float *as[5], *bs[5];

    shape.lda = nn_random_size (seed, 1, 50);
    shape.ldb = shape.n + nn_random_size (seed, 0, 5);
    shape.ldo = shape.n + nn_random_size (seed, 0, 5);

    const size_t n_out = shape.k * shape.ldo, n_a = shape.m * shape.lda + shape.k, n_b = shape.m * shape.ldb;
    float *out = nn_shape_allocate (n_out, sizeof *out), *expected = nn_shape_allocate (n_out, sizeof *expected);

    for (size_t s = 0; s < shape.segments; s++) {
      a[s] = as[s] = nn_shape_allocate (n_a, sizeof (float));
      b[s] = bs[s] = allocate_nan (n_b + NN_GEMM_SLACK);
      nn_random_array (seed, 1, as[s], n_a);
      nn_random_array (seed, 1, bs[s], n_b);
    }
    nn_random_array (seed, 1, out, n_out);
    memcpy (expected, out, n_out * sizeof *out);
    nn_gemm_sum_ref (&shape, a, b, expected);
    kernel->sum (&shape, a, b, out);

    const double error = nn_relative_error (out, expected, n_out);

    CHECK (error <= 1e-5, "%s: %g; m %zu n %zu k %zu segments %zu lda %zu", kernel->name, error, shape.m, shape.n,
        shape.k, shape.segments, shape.lda);
    for (size_t s = 0; s < shape.segments; s++) {
      free (as[s]);
      free (bs[s]);
    }
    free (out);
    free (expected);
  }
}

int
main (void)
{
  uint64_t seed = 4;

  CHECK (!nn_softmax_class.training, "a loss does the softmax");
  for (size_t i = 0; (kernel = nn_gemm_nth (i)) != NULL; i++) {
    test_sum (&seed);
    test_conv2d (&seed);
    test_batch_norm (&seed);
    test_pointwise (&seed);
    test_pools (&seed);
    test_orders (&seed);
    test_dense (&seed);
    test_temporal_pool (&seed);
    test_recurrent (&seed);
    test_moving_statistics (&seed);
    test_equal_maxima ();
    test_dropout (&seed);
  }
  TEST_END ();
}
