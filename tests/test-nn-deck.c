/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/network.h with networks of a fixed length: the two of the deck, by their parameters and, in small, against the
 * chain of references; and what such networks say of themselves.
 */
#include "nn/layers.h"
#include "nn/run.h"
#include "tests/nn_random.h"
#include "tests/nn_reference.h"

#include <stdlib.h>

enum
{
  MAX_LAYERS = 16
};

typedef struct Description
{
  NnLayerSpec specs[MAX_LAYERS];
  size_t n;
} Description;

static NnLayerSpec *
add (Description *description, const NnLayerClass *class)
{
  NnLayerSpec *spec = &description->specs[description->n++];

  *spec = nn_layer_spec_default (class);
  snprintf (spec->name, sizeof spec->name, "%s%zu", class->type, description->n);
  return spec;
}

static void
add_conv2d (Description *description, unsigned filters, unsigned kernel)
{
  NnLayerSpec *spec = add (description, &nn_conv2d_class);

  spec->filters = filters;
  spec->kernel[0] = spec->kernel[1] = kernel;
}

static NnLayerSpec *
add_units (Description *description, const NnLayerClass *class, unsigned units)
{
  NnLayerSpec *spec = add (description, class);

  spec->units = units;
  return spec;
}

/* The sequence is the mel axis. */
static Description
cnn_gru (void)
{
  Description description = { 0 };

  add_conv2d (&description, 16, 3);
  add (&description, &nn_relu_class);
  add_conv2d (&description, 16, 3);
  add (&description, &nn_relu_class);
  add (&description, &nn_max_pool2d_class);
  add (&description, &nn_time_distributed_flatten_class);
  add_units (&description, &nn_dense_class, 32);
  add (&description, &nn_elu_class);
  add_units (&description, &nn_gru_class, 64);
  add_units (&description, &nn_dense_class, 10);
  add (&description, &nn_softmax_class);
  return description;
}

/* The sequence is the 20 units of a dense layer. */
static Description
cnn_lstm (void)
{
  Description description = { 0 };

  add_conv2d (&description, 20, 5);
  add (&description, &nn_relu_class);
  add (&description, &nn_max_pool2d_class);
  add_conv2d (&description, 50, 5);
  add (&description, &nn_avg_pool2d_class);
  add (&description, &nn_flatten_class);
  add_units (&description, &nn_dense_class, 20);
  add (&description, &nn_tanh_class);
  add (&description, &nn_expand_dims_class);
  add_units (&description, &nn_lstm_class, 512)->activation = NN_ACTIVATION_RELU;
  add_units (&description, &nn_dense_class, 10);
  add (&description, &nn_softmax_class);
  return description;
}

static NnNetwork *
network_new (uint64_t *seed, const Description *description, size_t bands, size_t min_frames, size_t max_frames)
{
  NnNetwork *network;
  NnIssue issue;
  const NnStatus status = nn_network_new (description->specs, description->n, bands, min_frames, max_frames, &network,
      &issue);

  CHECK (status == NN_OK, "layer %zu: %s", issue.layer, issue.text);
  if (status != NN_OK)
    exit (1);
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    nn_random_tensor (seed, nn_network_tensor (network, i));
  if (nn_network_prepare (network) != NN_OK)
    abort ();
  return network;
}

/* In small, so that the references do not take long. */
static void
test_forward (uint64_t *seed)
{
  enum
  {
    BANDS = 24,
    FRAMES = 21
  };
  Description descriptions[] = { cnn_gru (), cnn_lstm () };

  descriptions[1].specs[3].filters = 9;
  descriptions[1].specs[9].units = 33;
  for (size_t i = 0; i < 4; i++) {
    Description *description = &descriptions[i % 2];

    if (i == 2) {
      descriptions[0].specs[8].reset_after = false;
      descriptions[1].specs[9].recurrent_activation = NN_ACTIVATION_HARD_SIGMOID;
    }

    NnNetwork *network = network_new (seed, description, BANDS, FRAMES, FRAMES);
    NnRun *run = nn_run_new (network, FRAMES);
    float frames[FRAMES * BANDS], out[10];

    for (int again = 0; again < 2; again++) {
      nn_random_array (seed, 1, frames, FRAMES * BANDS);
      nn_run_forward (run, frames, FRAMES, out);

      NnShape shape;
      float *expected = network_ref (network, description->specs, description->n, BANDS, frames, FRAMES, &shape);
      const double error = nn_relative_error (out, expected, 10);

      CHECK (error <= 1e-5, "network %zu: %g", i, error);
      free (expected);
    }
    nn_run_free (run);
    nn_network_free (network);
  }
}

static void
test_parameters (uint64_t *seed)
{
  const Description gru = cnn_gru (), lstm = cnn_lstm ();
  NnNetwork *network = network_new (seed, &gru, 64, 173, 173);

  CHECK (nn_network_n_parameters (network) == 64986, "%zu parameters", nn_network_n_parameters (network));
  CHECK (nn_network_accepts (network, 173) && !nn_network_accepts (network, 171) && !nn_network_accepts (network, 175)
          && !nn_network_accepts (network, 100000) && !nn_network_accepts (network, 0),
      "lengths");
  CHECK (!nn_network_can_share (network), "windows of one length are shared");
  CHECK (nn_network_time_stride (network) == 2, "stride %zu", nn_network_time_stride (network));
  nn_network_free (network);

  network = network_new (seed, &lstm, 64, 173, 173);
  CHECK (nn_network_n_parameters (network) == 1603392, "%zu parameters", nn_network_n_parameters (network));
  /* 169 columns behind the first convolution make 84 cells, with one in none: 168 make as many. */
  CHECK (nn_network_accepts (network, 173) && nn_network_accepts (network, 172) && !nn_network_accepts (network, 171)
          && !nn_network_accepts (network, 177),
      "lengths");
  CHECK (!nn_network_can_share (network), "windows of one length are shared");
  CHECK (nn_network_time_stride (network) == 4, "stride %zu", nn_network_time_stride (network));
  nn_network_free (network);
}

static void
test_refused (void)
{
  const Description descriptions[] = { cnn_gru (), cnn_lstm () };
  const size_t layers[] = { 5, 5 };
  const char *const texts[] = { "needs windows of one length, but 48 to 84 columns come in",
    "needs windows of one length, but 22 to 40 columns come in" };

  for (size_t i = 0; i < 2; i++) {
    NnNetwork *network = NULL;
    NnIssue issue = { 0 };
    const NnStatus status = nn_network_new (descriptions[i].specs, descriptions[i].n, 64, 100, 173, &network, &issue);

    CHECK (status == NN_BAD_SHAPE && !network, "status %d", (int) status);
    CHECK (issue.layer == layers[i] && strcmp (issue.text, texts[i]) == 0, "layer %zu: \"%s\"", issue.layer,
        issue.text);
  }
}

int
main (void)
{
  uint64_t seed = 3;

  test_forward (&seed);
  test_parameters (&seed);
  test_refused ();
  TEST_END ();
}
