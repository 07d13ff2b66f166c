/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/ against Keras: tests/golden/keras.safetensors, made by make-keras-golden.py.  Every layer and the deck's two
 * networks forward through nn/network.h; three steps of AdamW on the deck's two and on one like ours through
 * nn/trainer.h.  What a case is made of stands in the file; weights and input are made from its seed, here and there.
 */
#include "nn/layers.h"
#include "nn/run.h"
#include "nn/trainer.h"
#include "tests/golden.h"
#include "tests/nn_random.h"
#include "tests/nn_trained.h"

enum
{
  MAX_LAYERS = 16,
  MAX_TEXT = 2048,
  STEPS = 3,
};

static const double TOLERANCE = 1e-4;

static Golden golden;

typedef struct Case
{
  char name[64];
  NnLayerSpec specs[MAX_LAYERS];
  size_t n_layers;
  uint64_t seed;
  size_t bands, frames, samples, classes;
  float scale; /* of the input */
  double learning_rate, weight_decay, clip_norm;
} Case;

static float *
floats_new (size_t n)
{
  float *x = calloc (n, sizeof *x);

  if (!x)
    abort ();
  return x;
}

/* --- what stands in the file ----------------------------------------------------------------------------------- */

/* Where `word` is in words [n], which it must be. */
static unsigned
find_word (const char *word, const char *const *words, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    if (strcmp (words[i], word) == 0)
      return i;
  fprintf (stderr, "what is \"%s\"?\n", word);
  exit (1);
}

/* "WORD" for both axes or "WORD,WORD"; changes `value`. */
static void
parse_padding (char *value, NnPadding padding[2])
{
  static const char *const words[] = { [NN_PADDING_VALID] = "valid", [NN_PADDING_SAME] = "same" };
  char *comma = strchr (value, ',');

  if (comma)
    *comma = '\0';
  padding[0] = (NnPadding) find_word (value, words, 2);
  padding[1] = comma ? (NnPadding) find_word (comma + 1, words, 2) : padding[0];
}

static NnActivation
parse_activation (const char *value)
{
  static const char *const words[] = { [NN_ACTIVATION_TANH] = "tanh",
    [NN_ACTIVATION_SIGMOID] = "sigmoid",
    [NN_ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
    [NN_ACTIVATION_RELU] = "relu" };

  return (NnActivation) find_word (value, words, 4);
}

/* "U,U"; changes nothing but `pair`. */
static void
parse_pair (const char *value, unsigned pair[2])
{
  CHECK (sscanf (value, "%u,%u", &pair[0], &pair[1]) == 2, "%s", value);
}

static bool
parse_bool (const char *value)
{
  static const char *const words[] = { "false", "true" };

  return find_word (value, words, 2) == 1;
}

static void
parse_case_key (Case *of, const char *key, const char *value)
{
  static const char *const keys[] = { "seed", "bands", "frames", "samples", "classes", "scale", "learning_rate",
    "weight_decay", "clip_norm" };
  const double number = strtod (value, NULL);

  switch (find_word (key, keys, sizeof keys / sizeof *keys)) {
    case 0:
      of->seed = (uint64_t) number;
      break;
    case 1:
      of->bands = (size_t) number;
      break;
    case 2:
      of->frames = (size_t) number;
      break;
    case 3:
      of->samples = (size_t) number;
      break;
    case 4:
      of->classes = (size_t) number;
      break;
    case 5:
      of->scale = (float) number;
      break;
    case 6:
      of->learning_rate = number;
      break;
    case 7:
      of->weight_decay = number;
      break;
    case 8:
      of->clip_norm = number;
      break;
  }
}

static void
parse_layer_key (NnLayerSpec *spec, const char *key, char *value)
{
  static const char *const keys[] = { "name", "filters", "units", "kernel", "pool", "padding", "use_bias",
    "return_sequences", "reset_after", "activation", "recurrent_activation", "epsilon", "momentum", "rate",
    "temperature", "stats" };

  switch (find_word (key, keys, sizeof keys / sizeof *keys)) {
    case 0:
      snprintf (spec->name, sizeof spec->name, "%s", value);
      break;
    case 1:
      spec->filters = (unsigned) strtoul (value, NULL, 10);
      break;
    case 2:
      spec->units = (unsigned) strtoul (value, NULL, 10);
      break;
    case 3:
      parse_pair (value, spec->kernel);
      break;
    case 4:
      parse_pair (value, spec->pool);
      break;
    case 5:
      parse_padding (value, spec->padding);
      break;
    case 6:
      spec->use_bias = parse_bool (value);
      break;
    case 7:
      spec->return_sequences = parse_bool (value);
      break;
    case 8:
      spec->reset_after = parse_bool (value);
      break;
    case 9:
      spec->activation = parse_activation (value);
      break;
    case 10:
      spec->recurrent_activation = parse_activation (value);
      break;
    case 11:
      spec->epsilon = strtod (value, NULL);
      break;
    case 12:
      spec->momentum = strtod (value, NULL);
      break;
    case 13:
      spec->rate = strtod (value, NULL);
      break;
    case 14:
      spec->temperature = strtod (value, NULL);
      break;
    case 15:
      CHECK (strcmp (value, "mean,max") == 0, "%s", value);
      spec->n_stats = 2;
      spec->stats[0] = NN_STAT_MEAN;
      spec->stats[1] = NN_STAT_MAX;
      break;
  }
}

/* The words of GROUP/NAME: key=value of the case, then each layer's type and its key=value. */
static Case
case_load (const char *group, const char *name)
{
  Case of = { .n_layers = 0 };
  char text[MAX_TEXT];

  snprintf (of.name, sizeof of.name, "%s/%s", group, name);
  if (!golden_text (&golden, of.name, text, sizeof text))
    exit (1);
  for (char *word = strtok (text, " "); word; word = strtok (NULL, " ")) {
    char *value = strchr (word, '=');

    if (!value) {
      const NnLayerClass *class = nn_layer_class_find (word);

      CHECK (class && of.n_layers < MAX_LAYERS, "%s: layer %s", of.name, word);
      if (!class || of.n_layers == MAX_LAYERS)
        exit (1);
      of.specs[of.n_layers++] = nn_layer_spec_default (class);
      continue;
    }
    *value++ = '\0';
    if (of.n_layers == 0)
      parse_case_key (&of, word, value);
    else
      parse_layer_key (&of.specs[of.n_layers - 1], word, value);
  }
  CHECK (of.samples > 0 && of.frames > 0 && of.bands > 0 && of.n_layers > 0, "%s: a key is missing", of.name);
  return of;
}

static const float *
case_tensor (const Case *of, const char *suffix, size_t n)
{
  char name[96];

  snprintf (name, sizeof name, "%s/%s", of->name, suffix);
  return golden_tensor (&golden, name, n);
}

/* The largest difference, absolute where |expected| is at most 1; infinite if anything is not finite. */
static double
difference (const float *x, const float *expected, size_t n)
{
  double worst = 0;

  for (size_t i = 0; i < n; i++) {
    if (!isfinite (x[i]) || !isfinite (expected[i]))
      return (double) INFINITY;
    worst = fmax (worst, fabs ((double) x[i] - (double) expected[i]) / fmax (1, fabs ((double) expected[i])));
  }
  return worst;
}

/* --- forward --------------------------------------------------------------------------------------------------- */

static void
check_forward (const Case *of, size_t n_parameters)
{
  NnNetwork *network = NULL;
  NnIssue issue = { 0 };
  const NnStatus status = nn_network_new (of->specs, of->n_layers, of->bands, of->frames, of->frames, &network, &issue);

  CHECK (status == NN_OK, "%s: layer %zu: %s", of->name, issue.layer, issue.text);
  if (status != NN_OK)
    return;
  CHECK (n_parameters == 0 || nn_network_n_parameters (network) == n_parameters, "%s: %zu parameters", of->name,
      nn_network_n_parameters (network));

  uint64_t seed = of->seed;

  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    nn_random_tensor (&seed, nn_network_tensor (network, i));

  NnRun *run = nn_network_prepare (network) == NN_OK ? nn_run_new (network, of->frames) : NULL;

  if (!run)
    abort ();

  const NnShape shape = nn_network_output (network);
  const size_t n_in = of->frames * of->bands, n_out = shape.items * nn_shape_item (&shape);
  const float *expected = case_tensor (of, "out", of->samples * n_out);
  float *in = floats_new (n_in), *out = floats_new (n_out);
  double worst = 0;

  for (size_t i = 0; expected && i < of->samples; i++) {
    nn_random_array (&seed, of->scale, in, n_in);
    nn_run_forward (run, in, of->frames, out);
    worst = fmax (worst, difference (out, expected + i * n_out, n_out));
  }
  CHECK (worst <= TOLERANCE, "%s: %g", of->name, worst);
  printf ("%s: %.2g\n", of->name, worst);
  free (in);
  free (out);
  nn_run_free (run);
  nn_network_free (network);
}

static void
test_layers (void)
{
  static const char *const names[] = { "conv2d", "conv2d-same", "conv2d-same-mel", "conv2d-same-time", "batch_norm",
    "batch_norm-folded", "batch_norm-pooled", "relu", "elu", "tanh", "sigmoid", "hard_sigmoid", "max_pool2d",
    "max_pool2d-4-3", "avg_pool2d", "avg_pool2d-3-1", "flatten", "time_distributed_flatten", "expand_dims",
    "to_sequence", "dropout", "dense", "dense-sequence", "dense-image", "gru", "gru-sequences", "gru-before",
    "gru-hard", "gru-before-relu", "lstm", "lstm-sequences", "lstm-relu", "lstm-hard", "temporal_pool", "softmax",
    "softmax-temperature" };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const Case of = case_load ("forward", names[i]);

    check_forward (&of, 0);
  }
}

/* Before softmax, too: behind it large differences can be small. */
static void
test_deck (void)
{
  static const struct
  {
    const char *name;
    size_t n_parameters;
  } rows[] = { { "deck-cnn-gru", 64986 }, { "deck-cnn-gru-logits", 64986 }, { "deck-cnn-lstm", 1603392 },
    { "deck-cnn-lstm-logits", 1603392 } };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const Case of = case_load ("forward", rows[i].name);

    CHECK (of.bands == 64 && of.frames == 173, "%s: %zu x %zu", of.name, of.bands, of.frames);
    check_forward (&of, rows[i].n_parameters);
  }
}

/* --- training -------------------------------------------------------------------------------------------------- */

/* Which values of a tensor stand in the file: each that is a multiple of it. */
static size_t
stride (size_t size)
{
  return size <= 1024 ? 1 : size <= 65536 ? 31 : 997;
}

/* kept [as many as are kept]  out, NULL: only counts */
static size_t
sample_weights (NnTrainer *trainer, float *kept)
{
  size_t n = 0;

  for (size_t i = 0; i < nn_trainer_n_tensors (trainer); i++) {
    const size_t size = nn_tensor_size (nn_trainer_tensor (trainer, i));

    for (size_t k = 0; k < size; k += stride (size), n++)
      if (kept)
        kept[n] = nn_trainer_array (trainer, NN_TRAINER_WEIGHT, i)[k];
  }
  return n;
}

/* How far [n] weights are from the expected, in parts of how far they came from `first`: both as square sums. */
static double
drift (const float *x, const float *expected, const float *first, size_t n)
{
  double error = 0, way = 0;

  for (size_t i = 0; i < n; i++) {
    error += ((double) x[i] - (double) expected[i]) * ((double) x[i] - (double) expected[i]);
    way += ((double) expected[i] - (double) first[i]) * ((double) expected[i] - (double) first[i]);
  }
  return sqrt (error / way);
}

static void
train (const Case *of, const NnHead *head, NnTrainer *trainer)
{
  const size_t n_in = of->samples * of->frames * of->bands, n_out = of->samples * of->classes;
  const size_t n = sample_weights (trainer, NULL);
  const float *loss = case_tensor (of, "loss", STEPS), *norm = case_tensor (of, "norm", STEPS);
  const float *targets = case_tensor (of, "targets", n_out), *logits = case_tensor (of, "logits", n_out);
  const float *weights = case_tensor (of, "weights", STEPS * n);

  if (!loss || !norm || !targets || !logits || !weights)
    return;

  uint64_t seed = of->seed;

  for (size_t i = 0; i < nn_trainer_n_tensors (trainer); i++) {
    NnTensor tensor = *nn_trainer_tensor (trainer, i);

    tensor.values = nn_trainer_array (trainer, NN_TRAINER_WEIGHT, i);
    nn_random_tensor (&seed, &tensor);
  }

  float *in = floats_new (n_in), *out = floats_new (n_out), *each = floats_new (of->samples);
  float *first = floats_new (n), *kept = floats_new (n);
  const NnTarget target = { .values = targets, .weights = each };
  const NnStep step = { .learning_rate = of->learning_rate,
    .weight_decay = of->weight_decay,
    .clip_norm = of->clip_norm };

  nn_random_array (&seed, of->scale, in, n_in);
  for (size_t i = 0; i < of->samples; i++)
    each[i] = 1 / (float) of->samples;
  sample_weights (trainer, first);
  for (size_t i = 0; i < STEPS; i++) {
    const NnStepReport report = nn_trainer_step (trainer, in, of->samples, of->frames, &target, &step);
    const double loss_error = fabs (report.loss - (double) loss[i]) / fmax (1, (double) loss[i]);
    const double norm_error = fabs (report.gradient_norm / (double) norm[i] - 1);

    sample_weights (trainer, kept);

    const double weight_error = difference (kept, weights + i * n, n);
    const double way_error = drift (kept, weights + i * n, first, n);

    CHECK (report.finite && loss_error <= TOLERANCE, "%s: step %zu: loss %g, not %g", of->name, i + 1, report.loss,
        (double) loss[i]);
    CHECK (norm_error <= TOLERANCE, "%s: step %zu: norm %g, not %g", of->name, i + 1, report.gradient_norm,
        (double) norm[i]);
    CHECK ((double) norm[i] > of->clip_norm, "%s: step %zu: nothing was clipped", of->name, i + 1);
    CHECK (weight_error <= TOLERANCE, "%s: step %zu: weights %g", of->name, i + 1, weight_error);
    CHECK (way_error <= 1e-2, "%s: step %zu: %g of the way", of->name, i + 1, way_error);
    printf ("%s: step %zu: loss %.4g (%.2g), norm %.3g (%.2g), %zu weights (%.2g, %.2g of the way)\n", of->name, i + 1,
        report.loss, loss_error, report.gradient_norm, norm_error, n, weight_error, way_error);
  }
  nn_trained_outputs (trainer, of->specs, of->n_layers, head, in, of->samples, of->frames, of->bands, out);

  const double logit_error = difference (out, logits, n_out);

  CHECK (logit_error <= TOLERANCE, "%s: logits %g", of->name, logit_error);
  printf ("%s: logits %.2g\n", of->name, logit_error);
  free (in);
  free (out);
  free (each);
  free (first);
  free (kept);
}

static void
test_training (void)
{
  static const char *const names[] = { "deck-cnn-gru", "deck-cnn-lstm", "crnn" };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const Case of = case_load ("train", names[i]);
    const NnHead head = { .name = "head", .units = of.classes, .loss = NN_LOSS_CROSS_ENTROPY };
    NnPool *pool = nn_pool_new (1);
    NnTrainer *trainer = NULL;
    NnIssue issue = { 0 };
    const NnStatus status = nn_trainer_new (of.specs, of.n_layers, of.bands, of.frames, of.frames, &head, 1, of.samples,
        pool, &trainer, &issue);

    CHECK (status == NN_OK, "%s: layer %zu: %s", of.name, issue.layer, issue.text);
    if (status == NN_OK)
      train (&of, &head, trainer);
    nn_trainer_free (trainer);
    nn_pool_free (pool);
  }
}

int
main (void)
{
  golden = golden_load ("keras.safetensors");
  test_layers ();
  test_deck ();
  test_training ();
  golden_free (&golden);
  TEST_END ();
}
