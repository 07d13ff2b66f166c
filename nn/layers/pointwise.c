/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The layers that are one function of each value: out[i] = f (in[i]).
 *
 * Training: din[i] = dout[i] f' (in[i]).  relu works in place and tells the sign from what it left.  The others keep
 * their input and compute f once more, since a layer behind them may have worked in place on what came out.
 */
#include "nn/activation.h"
#include "nn/layers.h"
#include "nn/training.h"

#include <math.h>
#include <string.h>

static NnStatus
pointwise_configure (NnLayer *layer, NnIssue *issue)
{
  (void) issue;
  layer->out = layer->in;
  return NN_OK;
}

/* In one array of a slice. */
static size_t
slice_values (const NnLayer *layer, const NnSlice *slice)
{
  return slice->samples * slice->items * nn_shape_item (&layer->in);
}

/* --- those that recurrent layers know too ---------------------------------------------------------------------- */

static NnActivation
activation_of (const NnLayer *layer)
{
  if (layer->spec.class == &nn_tanh_class)
    return NN_ACTIVATION_TANH;
  if (layer->spec.class == &nn_sigmoid_class)
    return NN_ACTIVATION_SIGMOID;
  if (layer->spec.class == &nn_hard_sigmoid_class)
    return NN_ACTIVATION_HARD_SIGMOID;
  return NN_ACTIVATION_RELU;
}

static bool
activation_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  (void) state;
  (void) in; /* is `out` */
  nn_activation_apply (activation_of (layer), out, nn_shape_item (&layer->in));
  return true;
}

static void
activation_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t n = slice_values (layer, slice);

  (void) cache;
  (void) scratch;
  if (in != out)
    memcpy (out, in, n * sizeof *out);
  nn_activation_apply (activation_of (layer), out, n);
}

static size_t
activation_train_scratch (const NnLayer *layer, const NnSlice *slice)
{
  return slice_values (layer, slice);
}

static void
activation_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out,
    const float *cache, const float *dout, float *din, float *const *gradients, float *scratch)
{
  const size_t n = slice_values (layer, slice);

  (void) out;
  (void) cache;
  (void) gradients;
  if (!din)
    return;
  memcpy (scratch, in, n * sizeof *in);
  nn_activation_apply (activation_of (layer), scratch, n);
  memcpy (din, dout, n * sizeof *din);
  nn_activation_backward (activation_of (layer), scratch, din, n);
}

static void
relu_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
    const float *dout, float *din, float *const *gradients, float *scratch)
{
  (void) in;
  (void) cache;
  (void) dout; /* is `din` */
  (void) gradients;
  (void) scratch;
  if (din)
    nn_activation_backward (NN_ACTIVATION_RELU, out, din, slice_values (layer, slice));
}

static const NnLayerTraining relu_training = {
  .forward = activation_train_forward,
  .backward = relu_train_backward,
  .in_place = true,
};

static const NnLayerTraining activation_training = {
  .scratch_values = activation_train_scratch,
  .forward = activation_train_forward,
  .backward = activation_train_backward,
};

static void
activation_layer_ref (NnActivation activation, const NnLayer *layer, const float *in, size_t items, float *out)
{
  for (size_t i = 0; i < items * nn_shape_item (&layer->in); i++)
    out[i] = (float) nn_activation_ref (activation, (double) in[i]);
}

/* out[i] = max (0, in[i]) */
void
nn_relu_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  activation_layer_ref (NN_ACTIVATION_RELU, layer, in, items, out);
}

void
nn_tanh_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  activation_layer_ref (NN_ACTIVATION_TANH, layer, in, items, out);
}

/* out[i] = 1 / (1 + e^-in[i]) */
void
nn_sigmoid_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  activation_layer_ref (NN_ACTIVATION_SIGMOID, layer, in, items, out);
}

/* out[i] = clip (.2 in[i] + .5, 0, 1) */
void
nn_hard_sigmoid_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  activation_layer_ref (NN_ACTIVATION_HARD_SIGMOID, layer, in, items, out);
}

const NnLayerClass nn_relu_class = {
  .type = "relu",
  .keys = " ",
  .configure = pointwise_configure,
  .push = activation_push,
  .in_place = true,
  .training = &relu_training,
};

const NnLayerClass nn_tanh_class = {
  .type = "tanh",
  .keys = " ",
  .configure = pointwise_configure,
  .push = activation_push,
  .in_place = true,
  .training = &activation_training,
};

const NnLayerClass nn_sigmoid_class = {
  .type = "sigmoid",
  .keys = " ",
  .configure = pointwise_configure,
  .push = activation_push,
  .in_place = true,
  .training = &activation_training,
};

const NnLayerClass nn_hard_sigmoid_class = {
  .type = "hard_sigmoid",
  .keys = " ",
  .configure = pointwise_configure,
  .push = activation_push,
  .in_place = true,
  .training = &activation_training,
};

/* --- elu: in[i] where it is positive, else e^in[i] - 1 --------------------------------------------------------- */

static bool
elu_push (const NnLayer *layer, void *state, const float *in, float *out)
{
  (void) state;
  for (size_t i = 0; i < nn_shape_item (&layer->in); i++)
    out[i] = in[i] > 0 ? in[i] : expm1f (in[i]);
  return true;
}

static void
elu_train_forward (const NnLayer *layer, const NnSlice *slice, const float *in, float *out, float *cache,
    float *scratch)
{
  const size_t values = nn_shape_item (&layer->in);

  (void) cache;
  (void) scratch;
  for (size_t i = 0; i < slice->samples * slice->items; i++)
    elu_push (layer, NULL, in + i * values, out + i * values);
}

static void
elu_train_backward (const NnLayer *layer, const NnSlice *slice, const float *in, const float *out, const float *cache,
    const float *dout, float *din, float *const *gradients, float *scratch)
{
  (void) out;
  (void) cache;
  (void) gradients;
  (void) scratch;
  for (size_t i = 0; din && i < slice_values (layer, slice); i++)
    din[i] = in[i] > 0 ? dout[i] : dout[i] * expf (in[i]);
}

static const NnLayerTraining elu_training = {
  .forward = elu_train_forward,
  .backward = elu_train_backward,
};

void
nn_elu_ref (const NnLayer *layer, const float *in, size_t items, float *out)
{
  for (size_t i = 0; i < items * nn_shape_item (&layer->in); i++)
    out[i] = in[i] > 0 ? in[i] : (float) expm1 ((double) in[i]);
}

const NnLayerClass nn_elu_class = {
  .type = "elu",
  .keys = " ",
  .configure = pointwise_configure,
  .push = elu_push,
  .in_place = true,
  .training = &elu_training,
};
