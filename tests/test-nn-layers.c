/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/layers.h: the push() and forward() of each class by itself against its _ref, with every kernel; each _ref against
 * numbers by hand; what configure() refuses, and in which words.
 */
#include "nn/activation.h"
#include "nn/gemm.h"
#include "nn/layers.h"
#include "tests/nn_random.h"
#include "tests/nn_shapes.h"

#include <stdlib.h>

enum
{
  MAX_HAND = 16
};

static const NnGemm *kernel;

/* --- a layer by itself ----------------------------------------------------------------------------------------- */

/* As nn_network_new() does it; the tensors are zero. */
static NnLayer
layer_new (const NnLayerSpec *spec, NnShape in)
{
  NnLayer layer = { .spec = *spec, .in = in, .gemm = kernel };
  NnIssue issue = { 0 };
  const NnStatus status = spec->class->configure (&layer, &issue);

  CHECK (status == NN_OK, "%s: %s", spec->class->type, issue.text);
  if (status != NN_OK)
    exit (1);
  layer.out.items = nn_shape_items_out (&layer, in.items);
  if (layer.push_values == 0)
    layer.push_values = nn_shape_item (&layer.out);
  for (unsigned t = 0; t < layer.n_tensors; t++)
    layer.tensors[t].values = nn_shape_allocate (nn_tensor_size (&layer.tensors[t]), sizeof (float));
  return layer;
}

static void
layer_prepare (NnLayer *layer)
{
  if (layer->spec.class->prepare && layer->spec.class->prepare (layer, NULL, 0) != NN_OK)
    abort ();
}

/* in [items][item], tail zeros behind it -> out; returns the items that came out. */
static size_t
push_all (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const NnLayerClass *class = layer->spec.class;
  const size_t values = nn_shape_item (&layer->in);
  void *state = nn_shape_allocate (1, layer->state_bytes);
  float *zeros = nn_shape_allocate (values, sizeof *zeros),
        *trash = nn_shape_allocate (layer->push_values, sizeof *trash);
  size_t n = 0;

  /* What was pushed before a reset is forgotten. */
  for (int i = 0; i < 3 && class->reset; i++) {
    class->reset (layer, state);
    for (size_t t = 0; t < (i == 0 ? 0 : items) && t < 5; t++)
      class->push (layer, state, in + t * values, trash);
  }
  if (class->reset)
    class->reset (layer, state);
  for (size_t t = 0; t < items + layer->zeros_after; t++) {
    const float *item = t < items ? in + t * values : zeros;

    if (class->in_place) {
      memcpy (out + n * values, item, values * sizeof *out);
      item = out + n * values;
    }
    n += class->push (layer, state, item,
        n < layer->out.items || class->forward ? out + n * layer->push_values : trash);
  }
  free (state);
  free (zeros);
  free (trash);
  return n;
}

/* All of a layer: push(), then forward(), as far as it has them.  out [items_out (items)][out.rows * out.values] */
static void
run_layer (const NnLayer *layer, const float *in, size_t items, float *out)
{
  const NnLayerClass *class = layer->spec.class;
  const size_t n_scratch = class->scratch_values ? class->scratch_values (layer) : 0;

  if (!class->forward) {
    const size_t n = push_all (layer, in, items, out);

    CHECK (n == nn_shape_items_out (layer, items), "%s: %zu of %zu items came out, not %zu", class->type, n, items,
        nn_shape_items_out (layer, items));
    return;
  }

  float *scratch = nn_shape_allocate (n_scratch, sizeof *scratch);
  float *pushed = nn_shape_allocate (items * layer->push_values, sizeof *pushed);

  if (class->push) {
    const size_t n = push_all (layer, in, items, pushed);

    CHECK (n == items, "%s: %zu of %zu items came out of push", class->type, n, items);
    in = pushed;
  }
  class->forward (layer, in, items, out, scratch);
  free (pushed);
  free (scratch);
}

typedef void (*Reference) (const NnLayer *layer, const float *in, size_t items, float *out);

/* The layer with random tensors on random input of about the given size. */
static void
check_layer (uint64_t *seed, const NnLayerSpec *spec, NnShape in, Reference reference, float size)
{
  NnLayer layer = layer_new (spec, in);
  const size_t n_in = in.items * nn_shape_item (&in), n_out = layer.out.items * nn_shape_item (&layer.out);
  float *x = nn_shape_allocate (n_in, sizeof *x), *y = nn_shape_allocate (n_out, sizeof *y),
        *expected = nn_shape_allocate (n_out, sizeof *expected);

  for (unsigned t = 0; t < layer.n_tensors; t++)
    nn_random_tensor (seed, &layer.tensors[t]);
  layer_prepare (&layer);
  nn_random_array (seed, size, x, n_in);
  reference (&layer, x, in.items, expected);
  run_layer (&layer, x, in.items, y);

  const double error = nn_relative_error (y, expected, n_out);

  CHECK (error <= 1e-5,
      "%s, %s: %g; in %zu x %zu x %zu, out %zu x %zu x %zu, filters %u units %u kernel %ux%u pool %ux%u padding %d %d",
      spec->class->type, kernel->name, error, in.items, in.rows, in.values, layer.out.items, layer.out.rows,
      layer.out.values, spec->filters, spec->units, spec->kernel[0], spec->kernel[1], spec->pool[0], spec->pool[1],
      (int) spec->padding[0], (int) spec->padding[1]);
  free (x);
  free (y);
  free (expected);
  nn_layer_clear (&layer);
}

/* --- against the references ------------------------------------------------------------------------------------ */

static void
test_conv2d (uint64_t *seed)
{
  static const unsigned kernels[][2] = { { 1, 1 }, { 3, 3 }, { 2, 2 }, { 5, 3 }, { 1, 7 }, { 4, 1 }, { 3, 6 },
    { 2, 5 } };

  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
    for (unsigned choice = 0; choice < 8; choice++) {
      NnLayerSpec spec = nn_layer_spec_default (&nn_conv2d_class);

      spec.kernel[0] = kernels[i][0];
      spec.kernel[1] = kernels[i][1];
      spec.padding[0] = choice & 1 ? NN_PADDING_SAME : NN_PADDING_VALID;
      spec.padding[1] = choice & 2 ? NN_PADDING_SAME : NN_PADDING_VALID;
      spec.use_bias = choice & 4;
      spec.filters = (unsigned) nn_random_size (seed, 1, 45);
      check_layer (seed, &spec,
          nn_shape_image (nn_random_size (seed, spec.kernel[1], 15), nn_random_size (seed, spec.kernel[0], 30),
              nn_random_size (seed, 1, 21)),
          nn_conv2d_ref, 1);
      /* As small as it may be. */
      check_layer (seed, &spec,
          nn_shape_image (choice & 2 ? 1 : spec.kernel[1], choice & 1 ? 1 : spec.kernel[0],
              nn_random_size (seed, 1, 3)),
          nn_conv2d_ref, 1);
    }
}

static void
test_batch_norm (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_batch_norm_class);

  for (int i = 0; i < 5; i++, spec.epsilon *= .1) {
    check_layer (seed, &spec, nn_shape_image (6, 9, nn_random_size (seed, 1, 40)), nn_batch_norm_ref, 2);
    check_layer (seed, &spec, nn_shape_sequence (6, nn_random_size (seed, 1, 40)), nn_batch_norm_ref, 2);
    check_layer (seed, &spec, nn_shape_vector (nn_random_size (seed, 1, 40)), nn_batch_norm_ref, 2);
  }
}

static void
test_max_pool2d (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_max_pool2d_class);

  for (spec.pool[0] = 1; spec.pool[0] <= 4; spec.pool[0]++)
    for (spec.pool[1] = 1; spec.pool[1] <= 4; spec.pool[1]++)
      for (size_t i = 0; i < 4; i++) /* as many rows and columns beyond whole cells */
        check_layer (seed, &spec,
            nn_shape_image (3 * spec.pool[1] + i, nn_random_size (seed, 1, 4) * spec.pool[0] + i,
                nn_random_size (seed, 1, 21)),
            nn_max_pool2d_ref, 1);
}

static void
test_avg_pool2d (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_avg_pool2d_class);

  for (spec.pool[0] = 1; spec.pool[0] <= 4; spec.pool[0]++)
    for (spec.pool[1] = 1; spec.pool[1] <= 4; spec.pool[1]++)
      for (size_t i = 0; i < 4; i++) /* as many rows and columns beyond whole cells */
        check_layer (seed, &spec,
            nn_shape_image (3 * spec.pool[1] + i, nn_random_size (seed, 1, 4) * spec.pool[0] + i,
                nn_random_size (seed, 1, 21)),
            nn_avg_pool2d_ref, 1);
}

/* Those that are one function of each value, and those that only order values. */
static void
test_pointwise_and_orders (uint64_t *seed)
{
  const NnLayerSpec elu = nn_layer_spec_default (&nn_elu_class), tanh_ = nn_layer_spec_default (&nn_tanh_class),
                    sigmoid = nn_layer_spec_default (&nn_sigmoid_class),
                    hard_sigmoid = nn_layer_spec_default (&nn_hard_sigmoid_class),
                    flatten = nn_layer_spec_default (&nn_flatten_class),
                    steps = nn_layer_spec_default (&nn_time_distributed_flatten_class),
                    expand = nn_layer_spec_default (&nn_expand_dims_class);

  for (int i = 0; i < 10; i++) {
    const size_t a = nn_random_size (seed, 1, 20), b = nn_random_size (seed, 1, 20), c = nn_random_size (seed, 1, 20);

    for (unsigned rank = 1; rank <= 3; rank++) {
      const NnShape in = rank == 3 ? nn_shape_image (a, b, c)
          : rank == 2              ? nn_shape_sequence (a, b)
                                   : nn_shape_vector (a);

      check_layer (seed, &elu, in, nn_elu_ref, 4);
      check_layer (seed, &tanh_, in, nn_tanh_ref, 4);
      check_layer (seed, &sigmoid, in, nn_sigmoid_ref, 9);
      check_layer (seed, &hard_sigmoid, in, nn_hard_sigmoid_ref, 4);
      check_layer (seed, &flatten, in, nn_flatten_ref, 1);
    }
    check_layer (seed, &steps, nn_shape_image (a, b, c), nn_time_distributed_flatten_ref, 1);
    check_layer (seed, &expand, nn_shape_vector (a), nn_expand_dims_ref, 1);
  }
}

static void
test_gru (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_gru_class);

  for (int f = NN_ACTIVATION_TANH; f <= NN_ACTIVATION_RELU; f++)
    for (int g = NN_ACTIVATION_TANH; g <= NN_ACTIVATION_RELU; g++)
      for (int choice = 0; choice < 4; choice++) {
        spec.activation = (NnActivation) f;
        spec.recurrent_activation = (NnActivation) g;
        spec.return_sequences = choice & 1;
        spec.reset_after = choice & 2;
        spec.units = (unsigned) nn_random_size (seed, 1, 70);
        /* Gates outside of 0 to 1 make h grow, and with it every rounding: few steps then. */
        const bool gates = g == NN_ACTIVATION_SIGMOID || g == NN_ACTIVATION_HARD_SIGMOID;

        check_layer (seed, &spec,
            nn_shape_sequence (nn_random_size (seed, 1, gates ? 40 : 3), nn_random_size (seed, 1, 90)), nn_gru_ref,
            gates ? 2 : .5F);
      }
}

static void
test_lstm (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_lstm_class);

  for (int f = NN_ACTIVATION_TANH; f <= NN_ACTIVATION_RELU; f++)
    for (int g = NN_ACTIVATION_TANH; g <= NN_ACTIVATION_RELU; g++)
      for (int sequences = 0; sequences < 2; sequences++) {
        const bool gates = g == NN_ACTIVATION_SIGMOID || g == NN_ACTIVATION_HARD_SIGMOID;

        spec.activation = (NnActivation) f;
        spec.recurrent_activation = (NnActivation) g;
        spec.return_sequences = sequences;
        spec.units = (unsigned) nn_random_size (seed, 1, 70);
        check_layer (seed, &spec,
            nn_shape_sequence (nn_random_size (seed, 1, gates ? 20 : 3), nn_random_size (seed, 1, 90)), nn_lstm_ref,
            gates ? 1 : .5F);
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
      for (int i = 0; i < 5; i++)
        check_layer (seed, &spec, nn_shape_sequence (nn_random_size (seed, 1, 300), nn_random_size (seed, 1, 50)),
            nn_temporal_pool_ref, 1);
    }
}

static void
test_dense (uint64_t *seed)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_dense_class);

  for (int i = 0; i < 20; i++) {
    spec.use_bias = i % 2;
    spec.units = (unsigned) nn_random_size (seed, 1, 250);
    check_layer (seed, &spec, nn_shape_vector (nn_random_size (seed, 1, 300)), nn_dense_ref, 1);
    check_layer (seed, &spec, nn_shape_sequence (nn_random_size (seed, 1, 9), nn_random_size (seed, 1, 300)),
        nn_dense_ref, 1);
  }
}

static void
test_softmax (uint64_t *seed)
{
  static const double temperatures[] = { 1, .001, .5, 3.5, 1000 };
  NnLayerSpec spec = nn_layer_spec_default (&nn_softmax_class);

  for (size_t i = 0; i < sizeof temperatures / sizeof *temperatures; i++) {
    spec.temperature = temperatures[i];
    for (int n = 1; n <= 200; n += 33) {
      check_layer (seed, &spec, nn_shape_vector ((size_t) n), nn_softmax_ref, 5);
      check_layer (seed, &spec, nn_shape_vector ((size_t) n), nn_softmax_ref, 1e4F);
      check_layer (seed, &spec, nn_shape_sequence (4, (size_t) n), nn_softmax_ref, 5);
    }
  }
}

static void
dropout_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  memcpy (out, in, items * nn_shape_item (&layer->in) * sizeof *out);
}

static void
test_others (uint64_t *seed)
{
  NnLayerSpec relu = nn_layer_spec_default (&nn_relu_class), dropout = nn_layer_spec_default (&nn_dropout_class);
  const NnLayerSpec to_sequence = nn_layer_spec_default (&nn_to_sequence_class);

  dropout.rate = .3;
  for (int i = 0; i < 10; i++) {
    const size_t a = nn_random_size (seed, 1, 20), b = nn_random_size (seed, 1, 20), c = nn_random_size (seed, 1, 20);

    check_layer (seed, &to_sequence, nn_shape_image (a, b, c), nn_to_sequence_ref, 1);
    check_layer (seed, &relu, nn_shape_image (a, b, c), nn_relu_ref, 1);
    check_layer (seed, &relu, nn_shape_sequence (a, b), nn_relu_ref, 1);
    check_layer (seed, &relu, nn_shape_vector (a), nn_relu_ref, 1);
    check_layer (seed, &dropout, nn_shape_image (a, b, c), dropout_ref, 1);
    check_layer (seed, &dropout, nn_shape_sequence (a, b), dropout_ref, 1);
    check_layer (seed, &dropout, nn_shape_vector (a), dropout_ref, 1);
  }
}

/* --- numbers by hand ------------------------------------------------------------------------------------------- */

typedef struct Hand
{
  const float *tensors[NN_MAX_TENSORS]; /* in the order of the class */
  const float *in;
  const float *out; /* [n_out] */
  size_t n_out;
  double tolerance;
} Hand;

static void
check_hand (const char *what, const NnLayerSpec *spec, NnShape in, Reference reference, const Hand *hand)
{
  NnLayer layer = layer_new (spec, in);
  float fast[MAX_HAND], ref[MAX_HAND];

  if (layer.out.items * nn_shape_item (&layer.out) != hand->n_out || hand->n_out > MAX_HAND) {
    CHECK (false, "%s: %zu values come out", what, layer.out.items * nn_shape_item (&layer.out));
    nn_layer_clear (&layer);
    return;
  }
  for (unsigned t = 0; t < layer.n_tensors; t++)
    memcpy (layer.tensors[t].values, hand->tensors[t], nn_tensor_size (&layer.tensors[t]) * sizeof (float));
  layer_prepare (&layer);
  reference (&layer, hand->in, in.items, ref);
  run_layer (&layer, hand->in, in.items, fast);
  for (size_t i = 0; i < hand->n_out; i++) {
    CHECK (fabs ((double) ref[i] - (double) hand->out[i]) <= hand->tolerance, "%s, the definition, %zu: %.9g, not %.9g",
        what, i, (double) ref[i], (double) hand->out[i]);
    CHECK (fabs ((double) fast[i] - (double) hand->out[i]) <= hand->tolerance, "%s, %s, %zu: %.9g, not %.9g", what,
        kernel->name, i, (double) fast[i], (double) hand->out[i]);
  }
  nn_layer_clear (&layer);
}

/* The kernel is not flipped; "same" of an even kernel pads behind. */
static void
test_conv2d_by_hand (void)
{
  static const float in[] = { 1, 2, 3, 4, 5, 6 }; /* column 0: 1 2 3 */
  static const float two[] = { 10, 1 }, bias[] = { 100 };
  static const float high[] = { 12, 23, 30, 45, 56, 60 }, wide[] = { 14, 25, 36, 40, 50, 60 };
  static const float square[] = { 1000, 100, 10, 1 }; /* [kh][kw] */
  static const float valid[] = { 1000 + 400 + 20 + 5 + 100, 2000 + 500 + 30 + 6 + 100 };
  static const float image2[] = { 1, 2 }, split[] = { 1, 10, 100, 1000 }; /* one position, two channels in, two out */
  static const float mixed[] = { 201, 2010 };
  NnLayerSpec spec = nn_layer_spec_default (&nn_conv2d_class);

  spec.filters = 1;
  spec.padding[0] = spec.padding[1] = NN_PADDING_SAME;
  spec.use_bias = false;
  spec.kernel[0] = 2;
  check_hand ("2x1", &spec, nn_shape_image (2, 3, 1), nn_conv2d_ref, &(Hand){ { two }, in, high, 6, 0 });
  spec.kernel[0] = 1;
  spec.kernel[1] = 2;
  check_hand ("1x2", &spec, nn_shape_image (2, 3, 1), nn_conv2d_ref, &(Hand){ { two }, in, wide, 6, 0 });
  spec.kernel[0] = 2;
  spec.padding[0] = spec.padding[1] = NN_PADDING_VALID;
  spec.use_bias = true;
  check_hand ("2x2", &spec, nn_shape_image (2, 3, 1), nn_conv2d_ref, &(Hand){ { square, bias }, in, valid, 2, 0 });
  spec.kernel[0] = spec.kernel[1] = 1;
  spec.use_bias = false;
  spec.filters = 2;
  check_hand ("[in][out]", &spec, nn_shape_image (1, 1, 2), nn_conv2d_ref, &(Hand){ { split }, image2, mixed, 2, 0 });
}

/* One unit, three steps: z keeps; r is inside of tanh, around U h + c or, without reset_after, around h.  The numbers
 * are those of the equations in gru.c in double precision, by another program. */
static void
test_gru_by_hand (void)
{
  static const float kernel_zrh[] = { .5F, -1, 2 }, recurrent[] = { .3F, .7F, -1.1F };
  static const float bias[] = { .1F, .2F, .3F, .4F, -.5F, .6F }, in[] = { 1, -.5F, 2 };
  static const float before[] = { 0.3472909773077488F, -0.21436546276642068F, 0.10368596593321502F };
  static const float smooth[] = { 0.26479228990740983F, -0.04463861227160426F, 0.14796495402085813F },
                     hard[] = { 0.7332F, 0.4355149344F, 1.109552590888899F };
  NnLayerSpec spec = nn_layer_spec_default (&nn_gru_class);

  spec.units = 1;
  spec.return_sequences = true;
  check_hand ("gru", &spec, nn_shape_sequence (3, 1), nn_gru_ref,
      &(Hand){ { kernel_zrh, recurrent, bias }, in, smooth, 3, 3e-7 });
  spec.reset_after = false;
  check_hand ("gru, reset before", &spec, nn_shape_sequence (3, 1), nn_gru_ref,
      &(Hand){ { kernel_zrh, recurrent, bias }, in, before, 3, 3e-7 });
  spec.reset_after = true;
  spec.activation = NN_ACTIVATION_RELU;
  spec.recurrent_activation = NN_ACTIVATION_HARD_SIGMOID;
  check_hand ("gru, relu and hard_sigmoid", &spec, nn_shape_sequence (3, 1), nn_gru_ref,
      &(Hand){ { kernel_zrh, recurrent, bias }, in, hard, 3, 1e-6 });
  spec.return_sequences = false;
  check_hand ("gru, last step", &spec, nn_shape_sequence (3, 1), nn_gru_ref,
      &(Hand){ { kernel_zrh, recurrent, bias }, in, hard + 2, 1, 1e-6 });
}

/* One unit, two steps:
 *   x = 1: i = .2 .5 + .5 = .6   f = .5   s = 2     o = .2 + .5 = .7   c = 1.2                   h = .7 1.2 = .84
 *   x = 0: i = .5   f = .2 .84 + .5 = .668   s = .84   o = .5          c = .668 1.2 + .5 .84     h = .5 1.2216 */
static void
test_lstm_by_hand (void)
{
  static const float kernel_ifco[] = { .5F, 0, 2, 1 }, recurrent[] = { 0, 1, 1, 0 }, bias[] = { 0, 0, 0, 0 };
  static const float in[] = { 1, 0 }, out[] = { .84F, .6108F };
  NnLayerSpec spec = nn_layer_spec_default (&nn_lstm_class);

  spec.units = 1;
  spec.return_sequences = true;
  spec.activation = NN_ACTIVATION_RELU;
  spec.recurrent_activation = NN_ACTIVATION_HARD_SIGMOID;
  check_hand ("lstm", &spec, nn_shape_sequence (2, 1), nn_lstm_ref,
      &(Hand){ { kernel_ifco, recurrent, bias }, in, out, 2, 3e-7 });
  spec.return_sequences = false;
  check_hand ("lstm, last step", &spec, nn_shape_sequence (2, 1), nn_lstm_ref,
      &(Hand){ { kernel_ifco, recurrent, bias }, in, out + 1, 1, 3e-7 });
}

/* Two columns, three rows, one channel: column 0 is 1 2 3. */
static void
test_flattening_by_hand (void)
{
  static const float in[] = { 1, 2, 3, 4, 5, 6 }, rows_first[] = { 1, 4, 2, 5, 3, 6 }, average[] = { 3 };
  static const float pairs[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, pairs_turned[] = { 1, 2, 5, 6, 3, 4, 7, 8 };
  static const float signs[] = { -1, 2 }, elu[] = { -.63212056F, 2 };
  NnLayerSpec spec = nn_layer_spec_default (&nn_flatten_class);

  check_hand ("flatten", &spec, nn_shape_image (2, 3, 1), nn_flatten_ref, &(Hand){ { 0 }, in, rows_first, 6, 0 });
  check_hand ("flatten, 2 channels", &spec, nn_shape_image (2, 2, 2), nn_flatten_ref,
      &(Hand){ { 0 }, pairs, pairs_turned, 8, 0 });
  spec.class = &nn_time_distributed_flatten_class;
  check_hand ("time_distributed_flatten", &spec, nn_shape_image (2, 3, 1), nn_time_distributed_flatten_ref,
      &(Hand){ { 0 }, in, rows_first, 6, 0 });
  spec.class = &nn_expand_dims_class;
  check_hand ("expand_dims", &spec, nn_shape_vector (6), nn_expand_dims_ref, &(Hand){ { 0 }, in, in, 6, 0 });
  spec.class = &nn_avg_pool2d_class; /* the third row is dropped */
  check_hand ("avg_pool2d", &spec, nn_shape_image (2, 3, 1), nn_avg_pool2d_ref, &(Hand){ { 0 }, in, average, 1, 0 });
  spec.class = &nn_elu_class;
  check_hand ("elu", &spec, nn_shape_vector (2), nn_elu_ref, &(Hand){ { 0 }, signs, elu, 2, 1e-7 });
}

static void
test_orders_by_hand (void)
{
  static const float in[] = { 1, 2, 3, 4, 5, 6 };
  static const float turned[] = { 1, 3, 5, 2, 4, 6 }, pooled[] = { 3, 4 }, max_mean[] = { 5, 6, 3, 4 };
  static const float norm_in[] = { 3, 3 }, gamma[] = { 2, 1 }, beta[] = { 1, 0 }, mean[] = { 1, -1 },
                     variance[] = { 3.75F, .75F };
  static const float normed[] = { 3, 4 };
  static const float weights[] = { 1, 10, 100, 1000, 0, -1 }, bias[] = { .5F, 0, 7 }, vector2[] = { 1, 2 };
  static const float product[] = { 2001.5F, 10, 105 };
  NnLayerSpec spec = nn_layer_spec_default (&nn_to_sequence_class);

  check_hand ("to_sequence", &spec, nn_shape_image (1, 3, 2), nn_to_sequence_ref, &(Hand){ { 0 }, in, turned, 6, 0 });
  spec = nn_layer_spec_default (&nn_max_pool2d_class); /* the third row is dropped */
  check_hand ("max_pool2d", &spec, nn_shape_image (2, 3, 1), nn_max_pool2d_ref,
      &(Hand){ { 0 }, (const float[]){ 1, 0, 9, 3, 2, 9 }, pooled, 1, 0 });
  spec = nn_layer_spec_default (&nn_temporal_pool_class);
  spec.n_stats = 2;
  spec.stats[0] = NN_STAT_MAX;
  spec.stats[1] = NN_STAT_MEAN;
  check_hand ("temporal_pool", &spec, nn_shape_sequence (3, 2), nn_temporal_pool_ref,
      &(Hand){ { 0 }, in, max_mean, 4, 1e-6 });
  spec = nn_layer_spec_default (&nn_batch_norm_class);
  spec.epsilon = .25;
  check_hand ("batch_norm", &spec, nn_shape_sequence (1, 2), nn_batch_norm_ref,
      &(Hand){ { gamma, beta, mean, variance }, norm_in, normed, 2, 1e-6 });
  spec = nn_layer_spec_default (&nn_dense_class);
  spec.units = 3;
  check_hand ("dense", &spec, nn_shape_vector (2), nn_dense_ref, &(Hand){ { weights, bias }, vector2, product, 3, 0 });
}

static void
test_softmax_by_hand (void)
{
  static const float ln4[] = { 0, 1.3862943611F }, thirds[] = { 1 / 3.F, 2 / 3.F };
  static const float equal[] = { -7, -7, -7, -7 }, quarters[] = { .25F, .25F, .25F, .25F };
  static const float large[] = { 1e4F, -1e4F, 1e4F - 1000 }, one[] = { 1, 0, 0 };
  NnLayerSpec spec = nn_layer_spec_default (&nn_softmax_class);

  check_hand ("equal", &spec, nn_shape_vector (4), nn_softmax_ref, &(Hand){ { 0 }, equal, quarters, 4, 0 });
  check_hand ("large", &spec, nn_shape_vector (3), nn_softmax_ref, &(Hand){ { 0 }, large, one, 3, 0 });
  spec.temperature = 2;
  check_hand ("temperature", &spec, nn_shape_vector (2), nn_softmax_ref, &(Hand){ { 0 }, ln4, thirds, 2, 1e-7 });
}

/* Whatever weights a file has, probabilities come out. */
static void
test_softmax_sums (void)
{
  static const float rows[][3] = {
    { INFINITY, 0, 0 },
    { INFINITY, INFINITY, -INFINITY },
    { -INFINITY, -INFINITY, -INFINITY },
    { NAN, 1, 2 },
    { 1, NAN, NAN },
    { NAN, NAN, NAN },
    { 3e38F, -3e38F, INFINITY },
    { 1e4F, 1e4F, 1e4F },
  };
  static const float expected[][3] = {
    { 1, 0, 0 },
    { .5F, .5F, 0 },
    { 1 / 3.F, 1 / 3.F, 1 / 3.F },
    { 0, .26894142F, .73105858F },
    { 1, 0, 0 },
    { 1 / 3.F, 1 / 3.F, 1 / 3.F },
    { 0, 0, 1 },
    { 1 / 3.F, 1 / 3.F, 1 / 3.F },
  };
  const NnLayerSpec spec = nn_layer_spec_default (&nn_softmax_class);
  NnLayer layer = layer_new (&spec, nn_shape_vector (3));

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    float out[3];
    double sum = 0;

    run_layer (&layer, rows[i], 1, out);
    for (size_t k = 0; k < 3; k++) {
      sum += (double) out[k];
      CHECK (fabsf (out[k] - expected[i][k]) <= 1e-6F, "row %zu: %g, not %g", i, (double) out[k],
          (double) expected[i][k]);
    }
    CHECK (fabs (sum - 1) <= 1e-6, "row %zu sums to %.9g", i, sum);
  }
  nn_layer_clear (&layer);
}

/* --- what is refused ------------------------------------------------------------------------------------------- */

static void
check_refused (const NnLayerSpec *spec, NnShape in, NnStatus status, const char *text)
{
  NnLayer layer = { .spec = *spec, .in = in, .gemm = kernel };
  NnIssue issue = { 0 };
  const NnStatus found = spec->class->configure (&layer, &issue);

  CHECK (found == status, "%s: status %d, not %d", spec->class->type, (int) found, (int) status);
  CHECK (strcmp (issue.text, text) == 0, "%s: \"%s\", not \"%s\"", spec->class->type, issue.text, text);
}

static void
test_refused_conv2d (void)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_conv2d_class);

  spec.filters = 4;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_SHAPE, "needs an image, but a sequence comes in");
  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs an image, but a vector comes in");
  spec.kernel[0] = 6;
  check_refused (&spec, nn_shape_image (9, 5, 1), NN_BAD_SHAPE, "a kernel of 6 bands does not fit into 5");
  spec.kernel[0] = 0;
  check_refused (&spec, nn_shape_image (9, 5, 1), NN_BAD_LAYER, "kernel must be 1 to 255, not 0");
  spec.kernel[0] = 1;
  spec.kernel[1] = 256;
  check_refused (&spec, nn_shape_image (9, 5, 1), NN_BAD_LAYER, "kernel must be 1 to 255, not 256");
  spec.kernel[1] = 255;
  check_refused (&spec, nn_shape_image (9, 1000, 1000), NN_BAD_SHAPE,
      "a kernel over 255 columns of 1000 x 1000 values needs too much memory");
  spec.kernel[1] = 1;
  spec.filters = 0;
  check_refused (&spec, nn_shape_image (9, 5, 1), NN_BAD_LAYER, "filters must be 1 to 65536, not 0");
  spec.filters = 65537;
  check_refused (&spec, nn_shape_image (9, 5, 1), NN_BAD_LAYER, "filters must be 1 to 65536, not 65537");
}

static void
test_refused_recurrent (void)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_gru_class);

  spec.units = 4;
  check_refused (&spec, nn_shape_image (3, 4, 5), NN_BAD_SHAPE, "needs a sequence, but an image comes in");
  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs a sequence, but a vector comes in");
  spec.units = 0;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_LAYER, "units must be 1 to 65536, not 0");
  spec.units = 4000000000;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_LAYER, "units must be 1 to 65536, not 4000000000");

  spec = nn_layer_spec_default (&nn_lstm_class);
  spec.units = 4;
  check_refused (&spec, nn_shape_image (3, 4, 5), NN_BAD_SHAPE, "needs a sequence, but an image comes in");
  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs a sequence, but a vector comes in");
  spec.units = 65537;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_LAYER, "units must be 1 to 65536, not 65537");

  spec = nn_layer_spec_default (&nn_temporal_pool_class);
  check_refused (&spec, nn_shape_image (3, 4, 5), NN_BAD_SHAPE, "needs a sequence, but an image comes in");
  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs a sequence, but a vector comes in");
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_LAYER, "stats must name \"mean\", \"max\" or both");
  spec.n_stats = 3;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_LAYER, "stats must name \"mean\", \"max\" or both");
}

static void
test_refused_others (void)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_dense_class);

  spec.units = 3;
  check_refused (&spec, nn_shape_image (3, 4, 5), NN_BAD_SHAPE, "needs a vector or a sequence, but an image comes in");
  spec.units = 0;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "units must be 1 to 65536, not 0");

  spec = nn_layer_spec_default (&nn_softmax_class);
  check_refused (&spec, nn_shape_image (3, 4, 5), NN_BAD_SHAPE, "needs a vector or a sequence, but an image comes in");
  spec.temperature = 0;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "temperature must be .001 to 1000, not 0");
  spec.temperature = (double) NAN;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "temperature must be .001 to 1000, not nan");

  spec = nn_layer_spec_default (&nn_batch_norm_class);
  spec.epsilon = -1e-3;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "epsilon must be 0 to 1, not -0.001");
  spec.epsilon = (double) INFINITY;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "epsilon must be 0 to 1, not inf");

  spec = nn_layer_spec_default (&nn_batch_norm_class);
  spec.momentum = 1.5;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "momentum must be 0 to 1, not 1.5");

  spec = nn_layer_spec_default (&nn_dropout_class);
  spec.rate = 1;
  check_refused (&spec, nn_shape_vector (5), NN_BAD_LAYER, "rate must be at least 0 and below 1, not 1");

  spec = nn_layer_spec_default (&nn_to_sequence_class);
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_SHAPE, "needs an image, but a sequence comes in");
  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs an image, but a vector comes in");

  spec = nn_layer_spec_default (&nn_max_pool2d_class);
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_SHAPE, "needs an image, but a sequence comes in");
  spec.pool[0] = 5;
  check_refused (&spec, nn_shape_image (9, 4, 1), NN_BAD_SHAPE, "a cell of 5 bands does not fit into 4");
  spec.pool[1] = 0;
  check_refused (&spec, nn_shape_image (9, 8, 1), NN_BAD_LAYER, "pool must be 1 to 255, not 0");
  spec.pool[1] = 256;
  check_refused (&spec, nn_shape_image (9, 8, 1), NN_BAD_LAYER, "pool must be 1 to 255, not 256");
}

static void
test_refused_orders (void)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_avg_pool2d_class);

  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs an image, but a vector comes in");
  spec.pool[0] = 5;
  check_refused (&spec, nn_shape_image (9, 4, 1), NN_BAD_SHAPE, "a cell of 5 bands does not fit into 4");
  spec.pool[1] = 0;
  check_refused (&spec, nn_shape_image (9, 8, 1), NN_BAD_LAYER, "pool must be 1 to 255, not 0");

  spec = nn_layer_spec_default (&nn_flatten_class);
  check_refused (&spec, nn_shape_image (4097, 64, 64), NN_BAD_SHAPE, "4097 columns of 64 x 64 values exceed 16777216");
  check_refused (&spec, nn_shape_image ((size_t) 1 << 31, 64, 64), NN_BAD_SHAPE,
      "2147483648 columns of 64 x 64 values exceed 16777216");
  spec.class = &nn_time_distributed_flatten_class;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_SHAPE, "needs an image, but a sequence comes in");
  check_refused (&spec, nn_shape_vector (5), NN_BAD_SHAPE, "needs an image, but a vector comes in");
  check_refused (&spec, nn_shape_image (4097, 64, 64), NN_BAD_SHAPE, "4097 columns of 64 x 64 values exceed 16777216");
  spec.class = &nn_expand_dims_class;
  check_refused (&spec, nn_shape_sequence (3, 5), NN_BAD_SHAPE, "needs a vector, but a sequence comes in");
  check_refused (&spec, nn_shape_image (3, 4, 5), NN_BAD_SHAPE, "needs a vector, but an image comes in");
}

/* --- the list of classes --------------------------------------------------------------------------------------- */

static void
test_classes (void)
{
  static const char *const types[] = { "avg_pool2d", "batch_norm", "conv2d", "dense", "dropout", "elu", "expand_dims",
    "flatten", "gru", "hard_sigmoid", "lstm", "max_pool2d", "relu", "sigmoid", "softmax", "tanh", "temporal_pool",
    "time_distributed_flatten", "to_sequence" };

  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    const NnLayerClass *class = nn_layer_class_find (types[i]);

    CHECK (class && strcmp (class->type, types[i]) == 0, "%s", types[i]);
    if (!class)
      continue;
    CHECK (class->keys[0] == ' ' && class->keys[strlen (class->keys) - 1] == ' ', "%s: \"%s\"", types[i], class->keys);
    CHECK (class->push || class->forward, "%s does nothing", types[i]);
    CHECK (!nn_layer_class_has_key (class, "") && !nn_layer_class_has_key (class, " ")
            && !nn_layer_class_has_key (class, "type"),
        "%s takes too much", types[i]);
  }
  CHECK (!nn_layer_class_find ("conv2") && !nn_layer_class_find ("conv2dd") && !nn_layer_class_find (""), "found");

  CHECK (nn_layer_class_has_key (&nn_gru_class, "activation") && nn_layer_class_has_key (&nn_gru_class, "name")
          && nn_layer_class_has_key (&nn_gru_class, "reset_after")
          && nn_layer_class_has_key (&nn_gru_class, "recurrent_activation"),
      "%s", nn_gru_class.keys);
  CHECK (!nn_layer_class_has_key (&nn_gru_class, "recurrent") && !nn_layer_class_has_key (&nn_gru_class, "nam")
          && !nn_layer_class_has_key (&nn_gru_class, "ame") && !nn_layer_class_has_key (&nn_gru_class, "name units"),
      "%s", nn_gru_class.keys);
}

int
main (void)
{
  uint64_t seed = 11;

  test_classes ();
  for (size_t i = 0; (kernel = nn_gemm_nth (i)) != NULL; i++) {
    test_conv2d (&seed);
    test_batch_norm (&seed);
    test_max_pool2d (&seed);
    test_avg_pool2d (&seed);
    test_pointwise_and_orders (&seed);
    test_gru (&seed);
    test_lstm (&seed);
    test_temporal_pool (&seed);
    test_dense (&seed);
    test_softmax (&seed);
    test_others (&seed);
    test_conv2d_by_hand ();
    test_gru_by_hand ();
    test_lstm_by_hand ();
    test_flattening_by_hand ();
    test_orders_by_hand ();
    test_softmax_by_hand ();
    test_softmax_sums ();
    test_refused_conv2d ();
    test_refused_recurrent ();
    test_refused_others ();
    test_refused_orders ();
  }
  TEST_END ();
}
