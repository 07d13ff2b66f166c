/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/network.h and nn/run.h: random networks against the chain of references; streams against whole windows, bit for
 * bit; what is refused; every allocation that may fail.
 *
 * Linked with --wrap for nn_gemm_best, malloc, calloc and free: the test chooses the kernel, fails allocations and
 * counts those that are alive.
 */
#include "nn/run.h"

#include "nn/gemm.h"
#include "nn/layers.h"
#include "tests/nn_allocations.h"
#include "tests/nn_random.h"
#include "tests/nn_reference.h"

#include <stdlib.h>

enum
{
  MAX_LAYERS = 48,
};

/* --- descriptions ---------------------------------------------------------------------------------------------- */

typedef struct Description
{
  NnLayerSpec specs[MAX_LAYERS];
  size_t n;
  size_t bands, min_frames, max_frames;
} Description;

static NnLayerSpec *
add (Description *description, const char *type)
{
  NnLayerSpec *spec = &description->specs[description->n++];

  *spec = nn_layer_spec_default (nn_layer_class_find (type));
  snprintf (spec->name, sizeof spec->name, "%s%zu", type, description->n);
  return spec;
}

static NnLayerSpec *
add_conv2d (Description *description, unsigned filters, unsigned high, unsigned wide)
{
  NnLayerSpec *spec = add (description, "conv2d");

  spec->filters = filters;
  spec->kernel[0] = high;
  spec->kernel[1] = wide;
  spec->padding[0] = NN_PADDING_SAME;
  return spec;
}

static NnLayerSpec *
add_pool (Description *description, unsigned high, unsigned wide)
{
  NnLayerSpec *spec = add (description, "max_pool2d");

  spec->pool[0] = high;
  spec->pool[1] = wide;
  return spec;
}

static NnLayerSpec *
add_units (Description *description, const char *type, unsigned units)
{
  NnLayerSpec *spec = add (description, type);

  spec->units = units;
  return spec;
}

static NnLayerSpec *
add_temporal_pool (Description *description, NnStat first, NnStat second)
{
  NnLayerSpec *spec = add (description, "temporal_pool");

  spec->n_stats = 2;
  spec->stats[0] = first;
  spec->stats[1] = second;
  return spec;
}

static bool
coin (uint64_t *seed)
{
  return nn_random_size (seed, 0, 1) == 1;
}

/* A convolution and what may follow it, in the orders that fold, that half fold, and that do not. */
static void
add_random_block (uint64_t *seed, Description *description, bool same_time, unsigned high_pool)
{
  NnLayerSpec *conv = add_conv2d (description, (unsigned) nn_random_size (seed, 1, 24),
      (unsigned) nn_random_size (seed, 1, 4), (unsigned) nn_random_size (seed, 1, 4));

  conv->padding[1] = same_time ? NN_PADDING_SAME : NN_PADDING_VALID;
  conv->use_bias = coin (seed);
  switch (nn_random_size (seed, 0, 6)) {
    case 0:
      break;
    case 1:
      add (description, "relu");
      break;
    case 2:
      add (description, "batch_norm");
      break;
    case 3:
      add (description, "relu");
      add (description, "batch_norm");
      break;
    case 4:
      add (description, "dropout")->rate = .25;
      add (description, "batch_norm");
      add (description, "batch_norm");
      add (description, "relu");
      break;
    default:
      add (description, "batch_norm");
      add (description, "relu");
      break;
  }
  if (coin (seed))
    add_pool (description, high_pool, (unsigned) nn_random_size (seed, 1, 2));
  if (coin (seed))
    add (description, "dropout");
}

/* Frames that leave one item behind every layer are found by trying. */
static void
find_min_frames (Description *description)
{
  NnNetwork *network;
  NnIssue issue;

  for (description->min_frames = 1;; description->min_frames++) {
    const NnStatus status = nn_network_new (description->specs, description->n, description->bands,
        description->min_frames, 4096, &network, &issue);

    if (status == NN_OK) {
      nn_network_free (network);
      return;
    }
    CHECK (status == NN_BAD_SHAPE && description->min_frames < 1000, "layer %zu: %s", issue.layer, issue.text);
    if (status != NN_BAD_SHAPE || description->min_frames >= 1000)
      exit (1);
  }
}

/* From an image to a vector of probabilities; same_time: of a fixed length. */
static Description
random_description (uint64_t *seed, bool same_time)
{
  Description description = { .bands = nn_random_size (seed, 8, 20) };
  const size_t blocks = nn_random_size (seed, 0, 3);

  if (coin (seed))
    add (&description, "batch_norm");
  for (size_t i = 0; i < blocks; i++)
    add_random_block (seed, &description, same_time && coin (seed), i < 2 ? 2 : 1);
  add (&description, "to_sequence");
  if (coin (seed))
    add_units (&description, "dense", (unsigned) nn_random_size (seed, 1, 30));
  if (coin (seed))
    add (&description, "relu");
  if (coin (seed)) {
    add_units (&description, "gru", (unsigned) nn_random_size (seed, 1, 40))->return_sequences = true;
    if (coin (seed))
      add (&description, "batch_norm");
    if (coin (seed))
      add_units (&description, "gru", (unsigned) nn_random_size (seed, 1, 40))->return_sequences = true;
    if (coin (seed))
      add_units (&description, "dense", (unsigned) nn_random_size (seed, 1, 30));
  }
  if (coin (seed))
    add_temporal_pool (&description, coin (seed) ? NN_STAT_MEAN : NN_STAT_MAX, NN_STAT_MEAN);
  else
    add_units (&description, "gru", (unsigned) nn_random_size (seed, 1, 40));
  add (&description, "dropout");
  if (coin (seed)) {
    add_units (&description, "dense", (unsigned) nn_random_size (seed, 1, 20))->use_bias = false;
    add (&description, "relu");
  }
  add_units (&description, "dense", (unsigned) nn_random_size (seed, 1, 12));
  add (&description, "softmax")->temperature = .7;
  find_min_frames (&description);
  description.max_frames = description.min_frames + nn_random_size (seed, 0, 30);
  return description;
}

static NnNetwork *
network_new (uint64_t *seed, const Description *description)
{
  NnNetwork *network;
  NnIssue issue;
  const NnStatus status = nn_network_new (description->specs, description->n, description->bands,
      description->min_frames, description->max_frames, &network, &issue);

  CHECK (status == NN_OK, "layer %zu: %s", issue.layer, issue.text);
  if (status != NN_OK)
    exit (1);
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    nn_random_tensor (seed, nn_network_tensor (network, i));
  if (nn_network_prepare (network) != NN_OK)
    abort ();
  return network;
}

static NnRun *
run_new (const NnNetwork *network, size_t max_frames)
{
  NnRun *run = nn_run_new (network, max_frames);

  if (!run)
    abort ();
  return run;
}

/* --- against the references ------------------------------------------------------------------------------------ */

static void
check_network (uint64_t *seed, const Description *description)
{
  NnNetwork *network = network_new (seed, description);
  NnRun *run = run_new (network, description->max_frames);
  float *frames = floats_new (description->max_frames * description->bands);
  const size_t lengths[] = { description->max_frames, description->min_frames,
    nn_random_size (seed, description->min_frames, description->max_frames) };

  nn_random_array (seed, 1, frames, description->max_frames * description->bands);
  for (size_t i = 0; i < 3; i++) {
    NnShape shape;
    float *expected = network_ref (network, description->specs, description->n, description->bands, frames, lengths[i],
        &shape);
    const size_t size = shape.items * nn_shape_item (&shape);
    float *out = floats_new (size);

    n_allocations = 0;
    nn_run_forward (run, frames, lengths[i], out);
    CHECK (n_allocations == 0, "%zu allocations in forward", n_allocations);

    const double error = nn_relative_error (out, expected, size);

    CHECK (error <= 1e-5, "%s, %zu layers, %zu frames: %g", kernel->name, description->n, lengths[i], error);
    if (i == 0)
      CHECK (memcmp (&shape, &(NnShape){ 0 }, sizeof shape) != 0 && shape.rank == nn_network_output (network).rank
              && shape.items == nn_network_output (network).items && shape.rows == nn_network_output (network).rows
              && shape.values == nn_network_output (network).values,
          "the output's shape");
    free (expected);
    free (out);
  }
  free (frames);
  nn_run_free (run);
  nn_network_free (network);
}

/* Each whole, and cut off behind a layer in its midst. */
static void
test_random_networks (uint64_t *seed)
{
  for (int i = 0; i < 30; i++) {
    Description description = random_description (seed, i % 3 == 0);

    check_network (seed, &description);
    description.n = nn_random_size (seed, 1, description.n);
    check_network (seed, &description);
  }
}

/* --- streams --------------------------------------------------------------------------------------------------- */

/* The window [first, end) from the pushed columns against a forward of its own. */
static void
check_window (NnRun *stream, NnRun *whole, const Description *description, const float *frames, size_t first,
    size_t end)
{
  float out[64], expected[64];

  nn_run_window (stream, first, end - first, out);
  nn_run_forward (whole, frames + first * description->bands, end - first, expected);
  CHECK (memcmp (out, expected, description->specs[description->n - 2].units * sizeof *out) == 0,
      "%s: frames %zu to %zu differ from a forward of the same", kernel->name, first, end);
}

/* Windows that grow, then slide on the grid, at irregular distances; and any other that the columns allow. */
static void
check_stream (uint64_t *seed, const Description *description, size_t window, size_t n_frames)
{
  NnNetwork *network = network_new (seed, description);
  const size_t bands = description->bands, grid = nn_network_time_stride (network);
  NnRun *stream = run_new (network, window), *whole = run_new (network, window);
  float *frames = floats_new (n_frames * bands);
  size_t due = description->min_frames;

  CHECK (nn_network_can_share (network), "it cannot share columns");
  nn_random_array (seed, 1, frames, n_frames * bands);
  nn_run_reset (stream);
  for (size_t t = 1; t <= n_frames; t++) {
    n_allocations = 0;
    nn_run_push (stream, frames + (t - 1) * bands);
    CHECK (n_allocations == 0, "%zu allocations in push", n_allocations);
    if (t < due)
      continue;
    check_window (stream, whole, description, frames, t > window ? (t - window + grid - 1) / grid * grid : 0, t);
    due = t + nn_random_size (seed, 1, n_frames / 20);

    /* Older, shorter ones. */
    const size_t oldest = t > window ? (t - window + grid - 1) / grid * grid : 0;
    const size_t first = oldest + nn_random_size (seed, 0, (t - oldest) / grid) * grid;

    if (t - first >= description->min_frames)
      check_window (stream, whole, description, frames, first,
          first + nn_random_size (seed, description->min_frames, t - first));
  }

  /* A reset equals a fresh one; a forward counts as one. */
  nn_run_reset (whole);
  nn_run_reset (stream);
  NnRun *fresh = run_new (network, window);

  for (size_t t = 0; t < window; t++) {
    nn_run_push (stream, frames + t * bands);
    nn_run_push (whole, frames + t * bands);
    nn_run_push (fresh, frames + t * bands);
  }
  float a[64], b[64], c[64];

  nn_run_window (fresh, 0, window, a);
  nn_run_window (stream, 0, window, b);
  nn_run_window (whole, 0, window, c);
  CHECK (memcmp (a, b, nn_network_output (network).values * sizeof *a) == 0, "reset is not fresh");
  CHECK (memcmp (a, c, nn_network_output (network).values * sizeof *a) == 0, "reset after forward is not fresh");

  nn_run_free (fresh);
  nn_run_free (stream);
  nn_run_free (whole);
  free (frames);
  nn_network_free (network);
}

/* The reference network in small. */
static Description
reference_description (void)
{
  Description description = { .bands = 16 };

  for (unsigned i = 0; i < 3; i++) {
    add_conv2d (&description, 5 + 3 * i, 3, 3)->use_bias = false;
    add (&description, "batch_norm");
    add (&description, "relu");
    add_pool (&description, 2, i == 0 ? 1 : 2);
  }
  add (&description, "to_sequence");
  add_units (&description, "gru", 9)->return_sequences = true;
  add_temporal_pool (&description, NN_STAT_MEAN, NN_STAT_MAX);
  add_units (&description, "dense", 4);
  add (&description, "softmax");
  find_min_frames (&description);
  description.max_frames = 129;
  return description;
}

static void
test_streams (uint64_t *seed)
{
  Description description = reference_description ();

  /* ((1 * 2 + 2) * 2 + 2) + 2 */
  CHECK (description.min_frames == 12, "%zu", description.min_frames);
  check_stream (seed, &description, description.max_frames, 4000);
  check_stream (seed, &description, description.min_frames + 3, 500);
  for (int i = 0; i < 12; i++) {
    description = random_description (seed, false);
    check_stream (seed, &description, description.max_frames + 7, 300); /* the grid takes up to 7 off a window */
  }
}

/* --- what it says of itself ------------------------------------------------------------------------------------ */

static void
test_questions (uint64_t *seed)
{
  static const char *const names[] = { "conv2d1/kernel", "batch_norm2/gamma", "batch_norm2/beta",
    "batch_norm2/moving_mean", "batch_norm2/moving_variance", "conv2d5/kernel" };
  Description description = reference_description ();
  NnNetwork *network = network_new (seed, &description);
  NnShape out = nn_network_output (network);

  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    CHECK (strcmp (nn_network_tensor (network, i)->name, names[i]) == 0, "tensor %zu is %s", i,
        nn_network_tensor (network, i)->name);
  CHECK (nn_network_n_tensors (network) == 3 * 5 + 3 + 2, "%zu tensors", nn_network_n_tensors (network));
  CHECK (nn_network_tensor (network, 20) == NULL, "one more");
  CHECK (nn_network_n_parameters (network)
          == (9 * 5 + 4 * 5) + (9 * 5 * 8 + 4 * 8) + (9 * 8 * 11 + 4 * 11) + (22 + 9 + 2) * 27 + (18 * 4 + 4),
      "%zu parameters", nn_network_n_parameters (network));
  CHECK (nn_network_n_layers (network) == description.n, "%zu layers", nn_network_n_layers (network));
  CHECK (nn_network_spec (network, 13)->units == 9, "%u units", nn_network_spec (network, 13)->units);
  CHECK (nn_network_time_stride (network) == 4, "stride %zu", nn_network_time_stride (network));
  CHECK (nn_network_ends_in_softmax (network) && nn_network_can_share (network), "softmax, share");
  CHECK (out.rank == 1 && out.items == 1 && out.rows == 1 && out.values == 4, "output");
  CHECK (!nn_network_accepts (network, 0) && !nn_network_accepts (network, 11) && nn_network_accepts (network, 12)
          && nn_network_accepts (network, 100000),
      "accepts");
  nn_network_free (network);

  description.n--;
  network = network_new (seed, &description);
  CHECK (!nn_network_ends_in_softmax (network), "no softmax any more");
  nn_network_free (network);

  description.n -= 2; /* the GRU's sequence comes out */
  network = network_new (seed, &description);
  CHECK (!nn_network_can_share (network), "a sequence can be shared");
  nn_network_free (network);

  description = reference_description ();
  description.specs[4].padding[1] = NN_PADDING_SAME;
  network = network_new (seed, &description);
  CHECK (!nn_network_can_share (network), "padding in time can be shared");
  nn_network_free (network);

  nn_network_free (NULL);
  nn_run_free (NULL);
}

/* --- what is refused ------------------------------------------------------------------------------------------- */

static void
check_refused (const Description *description, size_t layer, const char *text)
{
  NnNetwork *network = NULL;
  NnIssue issue = { .layer = 12345 };
  const NnStatus status = nn_network_new (description->specs, description->n, description->bands,
      description->min_frames, description->max_frames, &network, &issue);

  CHECK (status == NN_BAD_SHAPE && !network, "status %d, not %s", (int) status, text);
  CHECK (issue.layer == layer, "layer %zu, not %zu: %s", issue.layer, layer, issue.text);
  CHECK (strcmp (issue.text, text) == 0, "\"%s\", not \"%s\"", issue.text, text);
  if (status == NN_OK)
    nn_network_free (network);
}

static void
test_refused_shapes (void)
{
  Description description = reference_description ();

  description.min_frames = 11;
  check_refused (&description, 11, "nothing is left of 1 columns");
  description.min_frames = 1;
  check_refused (&description, 0, "nothing is left of 1 columns");
  description.min_frames = 12;
  description.bands = 7;
  check_refused (&description, 11, "a cell of 2 bands does not fit into 1");
  description.bands = 16;
  description.specs[8].kernel[0] = 5;
  description.specs[8].padding[0] = NN_PADDING_VALID;
  check_refused (&description, 8, "a kernel of 5 bands does not fit into 4");

  Description first = { .bands = 8, .min_frames = 1, .max_frames = 9 };

  add_temporal_pool (&first, NN_STAT_MEAN, NN_STAT_MAX);
  check_refused (&first, 0, "needs a sequence, but an image comes in");
  first.n = 0;
  add (&first, "to_sequence");
  add (&first, "to_sequence");
  check_refused (&first, 1, "needs an image, but a sequence comes in");
  first.n = 1;
  add_temporal_pool (&first, NN_STAT_MEAN, NN_STAT_MAX);
  add_units (&first, "gru", 3);
  check_refused (&first, 2, "needs a sequence, but a vector comes in");
}

/* A few bytes of description must not cost more memory than a model file may hold. */
static void
test_refused_sizes (void)
{
  char text[100];
  Description description = { .bands = 128, .min_frames = 255, .max_frames = 1024 };

  add_conv2d (&description, 65536, 255, 255);
  check_refused (&description, 0, "more than 67108864 parameters up to here");

  description.n = 0;
  add_conv2d (&description, 1, 255, 255);
  add (&description, "to_sequence");
  add_units (&description, "gru", 65536);
  check_refused (&description, 2, "more than 67108864 parameters up to here");

  description.n = 0;
  description.bands = 1024;
  add_conv2d (&description, 65536, 1, 1);
  check_refused (&description, 0, "an output of 1024 x 65536 values a column exceeds 16777216");

  description.n = 0;
  description.bands = 128;
  add_conv2d (&description, 65536, 1, 1);
  add_conv2d (&description, 1, 1, 255);
  check_refused (&description, 1, "a kernel over 255 columns of 128 x 65536 values needs too much memory");

  description.n = 0;
  add_conv2d (&description, 65536, 1, 1);
  for (int i = 0; i < 10; i++)
    add_pool (&description, 1, 1);
  check_refused (&description, 10, "1024 frames need more than 67108864 values of memory");

  description.n = 1;
  add (&description, "to_sequence"); /* 1024 columns of 2^23 values to keep */
  add_temporal_pool (&description, NN_STAT_MEAN, NN_STAT_MAX);
  check_refused (&description, 2, "1024 frames need more than 67108864 values of memory");

  description.n = 0;
  description.bands = (1 << 24) + 1;
  add (&description, "relu");
  check_refused (&description, 0, "16777217 bands exceed 16777216");
  description.bands = SIZE_MAX / 2;
  snprintf (text, sizeof text, "%zu bands exceed 16777216", description.bands);
  check_refused (&description, 0, text);

  description.bands = 8;
  description.max_frames = SIZE_MAX / 8;
  snprintf (text, sizeof text, "%zu frames need more than 67108864 values of memory", description.max_frames);
  check_refused (&description, 0, text);
}

/* As many layers as a header of 1 MiB may list. */
static void
test_many_layers (uint64_t *seed)
{
  static NnLayerSpec specs[4096];
  const size_t n = sizeof specs / sizeof *specs;
  NnNetwork *network = NULL;
  NnIssue issue;
  float in[6], out[6];

  for (size_t i = 0; i < n; i++)
    specs[i] = nn_layer_spec_default (i % 2 == 0 ? &nn_dropout_class : &nn_relu_class);
  CHECK (nn_network_new (specs, n, 3, 1, 2, &network, &issue) == NN_OK, "%s", issue.text);
  CHECK (nn_network_prepare (network) == NN_OK, "prepare");

  NnRun *run = run_new (network, 2);

  nn_random_array (seed, 1, in, 6);
  nn_run_forward (run, in, 2, out);
  for (size_t i = 0; i < 6; i++)
    CHECK (out[i] == fmaxf (in[i], 0), "%g of %g", (double) out[i], (double) in[i]);
  CHECK (nn_run_new (network, SIZE_MAX / 4) == NULL, "a run of any size");
  nn_run_free (run);
  nn_network_free (network);
}

/* --- memory ---------------------------------------------------------------------------------------------------- */

/* Everything from the description to a window, the k-th allocation failing.  true: it did not come to that. */
static bool
try_all (uint64_t *seed, const Description *description, const float *frames, long k)
{
  NnNetwork *network = NULL;
  NnRun *run = NULL;
  NnIssue issue;
  float out[64];
  bool done = false;
  const NnStatus unknown = (NnStatus) 99;
  NnStatus status = unknown;

  allocations_left = k;
  status = nn_network_new (description->specs, description->n, description->bands, description->min_frames,
      description->max_frames, &network, &issue);
  if (status == NN_OK) {
    for (size_t i = 0; i < nn_network_n_tensors (network); i++)
      nn_random_tensor (seed, nn_network_tensor (network, i));
    status = nn_network_prepare (network);
  }
  if (status == NN_OK) {
    run = nn_run_new (network, description->max_frames);
    done = run != NULL;
  }
  allocations_left = NEVER;
  CHECK (status == NN_OK || status == NN_NO_MEMORY, "status %d", (int) status);
  if (run)
    nn_run_forward (run, frames, description->max_frames, out);
  nn_run_free (run);
  nn_network_free (network);
  return done;
}

static void
test_out_of_memory (uint64_t *seed)
{
  for (int i = 0; i < 6; i++) {
    const Description description = i == 0 ? reference_description () : random_description (seed, i % 2);
    float *frames = floats_new (description.max_frames * description.bands);
    long k = 0;

    const long alive = n_alive;

    for (; !try_all (seed, &description, frames, k); k++)
      CHECK (n_alive == alive, "allocation %ld fails: %ld leak", k, n_alive - alive);
    CHECK (k > 10, "only %ld allocations", k);
    free (frames);
  }
}

int
main (void)
{
  uint64_t seed = 21;

  kernel = nn_gemm_nth (0);
  test_questions (&seed);
  test_refused_shapes ();
  test_refused_sizes ();
  test_many_layers (&seed);
  for (size_t i = 0; (kernel = nn_gemm_nth (i)) != NULL; i++) {
    test_random_networks (&seed);
    test_streams (&seed);
    test_out_of_memory (&seed);
  }
  CHECK (n_alive == 0, "%ld allocations leak", n_alive);
  TEST_END ();
}
