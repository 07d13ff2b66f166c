/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The heads of nn/network.h: against the chain of references; the labels of a network with heads against those of the
 * same network without, bit for bit; streams against whole windows; what is refused; every allocation that may fail.
 *
 * Linked with --wrap for nn_gemm_best, malloc, calloc and free: the test chooses the kernel, fails allocations and
 * counts those that are alive.
 */
#include "nn/cost.h"
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/run.h"
#include "tests/nn_allocations.h"
#include "tests/nn_random.h"
#include "tests/nn_reference.h"

#include <stdlib.h>

enum
{
  BANDS = 8,
  MIN_FRAMES = 12,
  MAX_FRAMES = 40,
  MAX_LAYERS = 16,
  LABELS = 3,
};

/* --- networks -------------------------------------------------------------------------------------------------- */

typedef struct List
{
  NnLayerSpec specs[MAX_LAYERS];
  size_t n;
} List;

static NnLayerSpec *
add (List *list, const char *type, const char *name)
{
  NnLayerSpec *spec = &list->specs[list->n++];

  *spec = nn_layer_spec_default (nn_layer_class_find (type));
  snprintf (spec->name, sizeof spec->name, "%s", name);
  return spec;
}

static void
add_units (List *list, const char *type, const char *name, unsigned units)
{
  add (list, type, name)->units = units;
}

/* A small CRNN; between: a dense layer and a relu, too, in front of the last dense layer. */
static List
crnn (bool between)
{
  List list = { .n = 0 };
  NnLayerSpec *conv = add (&list, "conv2d", "conv");

  conv->filters = 5;
  conv->kernel[0] = conv->kernel[1] = 3;
  conv->padding[0] = NN_PADDING_SAME;
  add (&list, "relu", "");
  add (&list, "max_pool2d", "")->pool[1] = 2;
  add (&list, "to_sequence", "");
  add_units (&list, "gru", "gru", 6);
  list.specs[list.n - 1].return_sequences = true;
  add (&list, "temporal_pool", "")->n_stats = 2;
  list.specs[list.n - 1].stats[1] = NN_STAT_MAX;
  if (between) {
    add_units (&list, "dense", "dense0", 9);
    add (&list, "relu", "");
  }
  add (&list, "dropout", "");
  add_units (&list, "dense", "dense", LABELS);
  add (&list, "softmax", "");
  return list;
}

/* What DESIGN has. */
static List
one_dense (void)
{
  List list = { .n = 0 };

  add_units (&list, "dense", "music", 1);
  add (&list, "sigmoid", "");
  return list;
}

/* Wider than the body, with all that works on vectors; the first layer works in place on what the labels need. */
static List
deep (void)
{
  List list = { .n = 0 };

  add (&list, "tanh", "");
  add_units (&list, "dense", "deep1", 40);
  add (&list, "batch_norm", "deep2");
  add (&list, "elu", "");
  add (&list, "dropout", "");
  add_units (&list, "dense", "deep3", 7);
  add (&list, "hard_sigmoid", "");
  add (&list, "softmax", "");
  return list;
}

static NnNetwork *
network_new (const List *list)
{
  NnNetwork *network = NULL;
  NnIssue issue;
  const NnStatus status = nn_network_new (list->specs, list->n, BANDS, MIN_FRAMES, MAX_FRAMES, &network, &issue);

  CHECK (status == NN_OK, "layer %zu: %s", issue.layer, issue.text);
  if (status != NN_OK)
    exit (1);
  return network;
}

static void
add_head (NnNetwork *network, const char *name, const List *list)
{
  NnIssue issue;
  const NnStatus status = nn_network_add_head (network, name, list->specs, list->n, &issue);

  CHECK (status == NN_OK, "%s: layer %zu: %s", name, issue.layer, issue.text);
  if (status != NN_OK)
    exit (1);
}

/* The network's own tensors get the same values for the same seed, whatever heads there are. */
static void
fill_and_prepare (uint64_t seed, NnNetwork *network)
{
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    nn_random_tensor (&seed, nn_network_tensor (network, i));
  if (nn_network_prepare (network) != NN_OK)
    abort ();
}

static NnRun *
run_new (const NnNetwork *network)
{
  NnRun *run = nn_run_new (network, MAX_FRAMES);

  if (!run)
    abort ();
  return run;
}

/* --- against the references ------------------------------------------------------------------------------------ */

/* body [..]  what comes out of the network's body -> what the head must say; the caller frees */
static float *
head_ref (const NnStack *head, const float *body)
{
  float *x = floats_new (head->layers[0].in.values);

  memcpy (x, body, head->layers[0].in.values * sizeof *x);
  for (size_t i = 0; i < head->n_layers; i++) {
    float *y = floats_new (head->layers[i].out.values);

    layer_ref (&head->layers[i], x, 1, y);
    free (x);
    x = y;
  }
  return x;
}

static void
check_heads (NnNetwork *network, const NnRun *run, const List *list, const float *frames, size_t n_frames)
{
  NnShape shape;
  float *body = network_ref (network, list->specs, nn_network_body (network), BANDS, frames, n_frames, &shape);

  CHECK (shape.rank == 1, "the body ends in rank %u", shape.rank);
  for (size_t h = 0; h < nn_network_n_heads (network); h++) {
    const NnStack *head = nn_network_head (network, h);
    const size_t n = head->layers[head->n_layers - 1].out.values;
    float *expected = head_ref (head, body);
    const double error = nn_relative_error (nn_run_head (run, h), expected, n);

    CHECK (error <= 1e-5, "%s, %s, %zu frames: %g", kernel->name, nn_network_head_name (network, h), n_frames, error);
    free (expected);
  }
  free (body);
}

/* Labels and heads of every length, against the references and against the network without heads. */
static void
check_windows (NnNetwork *network, NnNetwork *plain, const List *list, const float *frames)
{
  NnRun *run = run_new (network), *plain_run = run_new (plain);

  for (size_t n = MIN_FRAMES; n <= MAX_FRAMES; n++) {
    float out[LABELS], plain_out[LABELS];

    n_allocations = 0;
    nn_run_forward (run, frames, n, out);
    CHECK (n_allocations == 0, "%zu allocations in forward", n_allocations);
    nn_run_forward (plain_run, frames, n, plain_out);
    CHECK (memcmp (out, plain_out, sizeof out) == 0, "%s, %zu frames: heads change the labels", kernel->name, n);
    check_heads (network, run, list, frames, n);
  }
  nn_run_free (run);
  nn_run_free (plain_run);
}

/* A window of a stream, against the whole window: the same bits in every head, and nothing of the window before. */
static void
check_stream (const NnNetwork *network, const float *frames)
{
  NnRun *stream = run_new (network), *whole = run_new (network);
  size_t n_windows = 0;

  CHECK (nn_network_can_share (network), "a network with heads cannot share");
  for (size_t t = 0; t < 2 * MAX_FRAMES; t++) {
    const size_t first = t + 1 > MAX_FRAMES ? (t + 2 - MAX_FRAMES) / 2 * 2 : 0, n = t + 1 - first;
    float out[LABELS], expected[LABELS];

    nn_run_push (stream, frames + t * BANDS);
    if (n < MIN_FRAMES)
      continue;
    nn_run_window (stream, first, n, out);
    nn_run_forward (whole, frames + first * BANDS, n, expected);
    CHECK (memcmp (out, expected, sizeof out) == 0, "labels of [%zu, %zu)", first, t + 1);
    for (size_t h = 0; h < nn_network_n_heads (network); h++) {
      const NnStack *head = nn_network_head (network, h);
      const size_t size = head->layers[head->n_layers - 1].out.values * sizeof *out;

      CHECK (memcmp (nn_run_head (stream, h), nn_run_head (whole, h), size) == 0, "head %zu of [%zu, %zu)", h, first,
          t + 1);
    }
    n_windows++;
  }
  CHECK (n_windows > MAX_FRAMES, "only %zu windows", n_windows);
  nn_run_free (stream);
  nn_run_free (whole);
}

static void
test_heads (uint64_t *seed)
{
  for (int between = 0; between < 2; between++) {
    const List list = crnn (between != 0), first = deep (), second = one_dense ();
    const uint64_t weights = test_random (seed);
    NnNetwork *plain = network_new (&list), *network = network_new (&list);
    float *frames = floats_new (2 * MAX_FRAMES * BANDS);

    add_head (network, "deep", &first);
    add_head (network, "music", &second);
    fill_and_prepare (weights, plain);
    fill_and_prepare (weights, network);
    nn_random_array (seed, 1, frames, 2 * MAX_FRAMES * BANDS);
    check_windows (network, plain, &list, frames);
    check_stream (network, frames);
    free (frames);
    nn_network_free (plain);
    nn_network_free (network);
  }
}

/* --- questions ------------------------------------------------------------------------------------------------- */

static void
test_questions (void)
{
  const List list = crnn (true), head = one_dense (), wide = deep ();
  NnNetwork *network = network_new (&list);
  const size_t n_tensors = nn_network_n_tensors (network), n_parameters = nn_network_n_parameters (network);

  CHECK (nn_network_n_heads (network) == 0 && nn_network_body (network) == list.n, "a network without heads");
  add_head (network, "music", &head);
  add_head (network, "deep", &wide);
  CHECK (nn_network_n_heads (network) == 2 && nn_network_n_layers (network) == list.n, "heads among the layers");
  CHECK (nn_network_body (network) == list.n - 2, "the heads are behind %zu layers", nn_network_body (network));
  CHECK (strcmp (nn_network_head_name (network, 0), "music") == 0, "%s", nn_network_head_name (network, 0));
  CHECK (strcmp (nn_network_head_name (network, 1), "deep") == 0, "%s", nn_network_head_name (network, 1));
  CHECK (nn_network_n_tensors (network) == n_tensors + 2 + 2 + 4 + 2, "%zu tensors", nn_network_n_tensors (network));

  /* Behind the network's own, in the order of the heads. */
  const char *const names[] = { "music/kernel", "music/bias", "deep1/kernel", "deep1/bias" };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const NnTensor *tensor = nn_network_tensor (network, n_tensors + i);

    CHECK (tensor && strcmp (tensor->name, names[i]) == 0, "tensor %zu is %s", i, tensor ? tensor->name : "none");
  }
  CHECK (nn_network_tensor (network, nn_network_n_tensors (network)) == NULL, "a tensor too many");
  CHECK (nn_network_n_parameters (network) == n_parameters + 10 + (9 * 40 + 40) + 4 * 40 + (40 * 7 + 7),
      "%zu parameters", nn_network_n_parameters (network));

  const NnCost dense = nn_cost_head_layer (network, 0, 0), deep1 = nn_cost_head_layer (network, 1, 1);

  CHECK (dense.parameters == 10 && dense.answer == 9 && dense.columns == 0, "%zu, %g", dense.parameters, dense.answer);
  CHECK (deep1.parameters == 400 && deep1.answer == 360 && deep1.columns == 0, "%zu, %g", deep1.parameters,
      deep1.answer);
  nn_network_free (network);
}

/* --- what is refused ------------------------------------------------------------------------------------------- */

static void
check_refused (const List *list, const List *head, NnStatus expected, size_t layer, const char *text)
{
  NnNetwork *network = network_new (list);
  NnIssue issue = { .layer = 12345 };
  const size_t n_tensors = nn_network_n_tensors (network);
  const NnStatus status = nn_network_add_head (network, "music", head->specs, head->n, &issue);

  CHECK (status == expected, "status %d, not %s", (int) status, text);
  CHECK (issue.layer == layer, "layer %zu, not %zu: %s", issue.layer, layer, issue.text);
  CHECK (strcmp (issue.text, text) == 0, "\"%s\", not \"%s\"", issue.text, text);
  CHECK (nn_network_n_heads (network) == 0 && nn_network_body (network) == list->n
          && nn_network_n_tensors (network) == n_tensors,
      "%s: something is left", text);
  nn_network_free (network);
}

static void
test_refused (void)
{
  const List list = crnn (false);
  List head = one_dense ();

  add_units (&head, "gru", "g", 3);
  check_refused (&list, &head, NN_BAD_SHAPE, 2, "needs a sequence, but a vector comes in");
  head = one_dense ();
  add (&head, "to_sequence", "");
  check_refused (&list, &head, NN_BAD_SHAPE, 2, "needs an image, but a vector comes in");
  head = one_dense ();
  add (&head, "expand_dims", "");
  check_refused (&list, &head, NN_BAD_SHAPE, 2, "a head has layers that work on one vector, and this one does not");
  head.n = 0;
  add_units (&head, "dense", "d", 0);
  check_refused (&list, &head, NN_BAD_LAYER, 0, "units must be 1 to 65536, not 0");

  /* With the network, it is too large; by itself, it is not. */
  head.n = 0;
  add_units (&head, "dense", "b", 64);
  add_units (&head, "dense", "c", 12);
  add_units (&head, "dense", "d", 1023);
  add_units (&head, "dense", "e", 65520);
  check_refused (&list, &head, NN_BAD_SHAPE, 3, "more than 67108864 parameters up to here");

  List no_dense = crnn (false);

  no_dense.specs[no_dense.n - 2] = no_dense.specs[no_dense.n - 3];
  head = one_dense ();
  check_refused (&no_dense, &head, NN_BAD_SHAPE, 0, "a head needs a network that has a dense layer behind a vector");

  List of_steps = { .n = 0 };

  add (&of_steps, "to_sequence", "");
  add_units (&of_steps, "dense", "d", 4);
  add (&of_steps, "temporal_pool", "")->n_stats = 1;
  add (&of_steps, "softmax", "");
  check_refused (&of_steps, &head, NN_BAD_SHAPE, 0, "a head needs a network that has a dense layer behind a vector");
}

/* --- memory ---------------------------------------------------------------------------------------------------- */

/* Everything from the description to a window, the k-th allocation failing.  true: it did not come to that. */
static bool
try_all (const List *list, const List *head, const float *frames, long k)
{
  NnNetwork *network = NULL;
  NnRun *run = NULL;
  NnIssue issue;
  float out[LABELS];
  NnStatus status;

  allocations_left = k;
  status = nn_network_new (list->specs, list->n, BANDS, MIN_FRAMES, MAX_FRAMES, &network, &issue);
  if (status == NN_OK)
    status = nn_network_add_head (network, "music", head->specs, head->n, &issue);
  if (status == NN_OK)
    status = nn_network_prepare (network);
  if (status == NN_OK)
    run = nn_run_new (network, MAX_FRAMES);
  allocations_left = NEVER;
  CHECK (status == NN_OK || status == NN_NO_MEMORY, "status %d", (int) status);
  if (run)
    nn_run_forward (run, frames, MAX_FRAMES, out);

  const bool done = run != NULL;

  nn_run_free (run);
  nn_network_free (network);
  return done;
}

static void
test_out_of_memory (void)
{
  const List list = crnn (true), head = deep ();
  float *frames = floats_new (MAX_FRAMES * BANDS);
  const long alive = n_alive;
  long k = 0;

  for (; !try_all (&list, &head, frames, k); k++)
    CHECK (n_alive == alive, "allocation %ld fails: %ld leak", k, n_alive - alive);
  CHECK (n_alive == alive, "%ld leak", n_alive - alive);
  CHECK (k > 20, "only %ld allocations", k);
  free (frames);
}

int
main (void)
{
  uint64_t seed = 34;

  kernel = nn_gemm_nth (0);
  test_questions ();
  test_refused ();
  for (size_t i = 0; (kernel = nn_gemm_nth (i)) != NULL; i++) {
    test_heads (&seed);
    test_out_of_memory ();
  }
  CHECK (n_alive == 0, "%ld allocations leak", n_alive);
  TEST_END ();
}
