/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-answers.c - the whole way, samples -> mel levels -> network -> windows -> final answer, of a small
 * model against what NumPy makes of it: tests/golden/model-answers.safetensors, made by make-model-golden.py.
 *
 * Layer:   tests; models, dsp, nn.
 */
#include "dsp/log_mel.h"
#include "models/genre_stream.h"
#include "nn/run.h"
#include "tests/golden.h"

#include <math.h>

enum
{
  SECONDS = 8,
  FRAMES = 48, /* whose levels are in the file */
  BANDS = 16,
  LABELS = 4,
  ANSWERS = 31, /* the final included */
};

static const double tolerance = 1e-4;

/* What the answers are like, first sample to windows: as the file has them. */
typedef struct Row
{
  float first, samples, silent, final, windows;
} Row;

typedef struct Sound
{
  unsigned rate;
  size_t n;
  float *samples; /* [n] */
} Sound;

/* sound() of make-model-golden.py, sample for sample. */
static Sound
make_sound (unsigned rate)
{
  Sound sound = { rate, (size_t) SECONDS * rate, calloc ((size_t) SECONDS * rate, sizeof (float)) };
  uint64_t seed = 1;

  if (!sound.samples)
    abort ();
  for (size_t i = 0; i < sound.n; i++) {
    const float noise = test_noise (&seed);
    const size_t second = i / rate, period = 16 + 13 * (2 * i / rate);

    if (second != 4 && second != 5)
      sound.samples[i] = (i / period % 2 ? .25F : -.25F) + ldexpf (noise, (int) second - 9);
  }
  return sound;
}

static const float *
tensor_of (const Golden *golden, unsigned rate, const char *name, size_t n)
{
  char key[64];

  snprintf (key, sizeof key, "%u/%s", rate, name);
  return golden_tensor (golden, key, n);
}

static double
largest_error (const float *found, const float *expected, size_t n)
{
  double error = 0;

  for (size_t i = 0; i < n; i++)
    error = fmax (error, fabs ((double) found[i] - (double) expected[i]));
  return error;
}

/* power [FRAMES][BANDS]  out, the first frames of the sound */
static void
analyse (const GenreModel *model, const Sound *sound, float *power)
{
  DspLogMel *mel = dsp_log_mel_new (&genre_model_frontend (model)->mel, sound->rate);
  DspLevel level, tail;
  size_t frames = 0, at = 0;

  CHECK (mel, "%u Hz: no front end", sound->rate);
  if (!mel)
    abort ();
  while (frames < FRAMES && at < sound->n) {
    at += dsp_log_mel_push (mel, sound->samples + at, sound->n - at);
    while (frames < FRAMES && dsp_log_mel_next (mel, power + frames * BANDS, &level, &tail))
      frames++;
  }
  CHECK (frames == FRAMES, "%u Hz: %zu frames", sound->rate, frames);
  dsp_log_mel_free (mel);
}

/* limit: of the relative error of each band */
static void
test_levels (const GenreModel *model, const Golden *golden, const Sound *sound, double limit)
{
  float power[FRAMES * BANDS];
  const float *expected = tensor_of (golden, sound->rate, "power", FRAMES * BANDS);
  double worst = 0;

  analyse (model, sound, power);
  for (size_t i = 0; expected && i < FRAMES * BANDS; i++)
    worst = fmax (worst, fabs ((double) power[i] - (double) expected[i]) / (double) expected[i]);
  CHECK (worst <= limit, "%u Hz: relative error %g of the power", sound->rate, worst);
  printf ("%u Hz: relative error %.2g of the power\n", sound->rate, worst);
}

/* The first n layers with the model's weights. */
static NnNetwork *
first_layers (const GenreModel *model, size_t n, size_t frames)
{
  const NnNetwork *whole = genre_model_network (model);
  NnLayerSpec specs[32];
  NnNetwork *network;
  NnIssue issue;

  for (size_t i = 0; i < n; i++)
    specs[i] = *nn_network_spec (whole, i);
  if (nn_network_new (specs, n, BANDS, frames, frames, &network, &issue) != NN_OK)
    g_error ("layer %zu: %s", issue.layer, issue.text);
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    memcpy (nn_network_tensor (network, i)->values, genre_model_tensor (model, i)->values,
        nn_tensor_size (genre_model_tensor (model, i)) * sizeof (float));
  if (nn_network_prepare (network) != NN_OK)
    abort ();
  return network;
}

/* Each layer's output for the shortest window, at the model's own rate. */
static void
test_layers (const GenreModel *model, const Golden *golden, const Sound *sound)
{
  const size_t frames = genre_model_min_frames (model), n_layers = nn_network_n_layers (genre_model_network (model));
  float power[FRAMES * BANDS], input[FRAMES * BANDS];

  CHECK (n_layers == 13, "%zu layers", n_layers);
  analyse (model, sound, power);
  genre_frontend_apply (genre_model_frontend (model), GENRE_LEVELS_POWER, power, input, frames);
  for (size_t n = 1; n <= n_layers; n++) {
    NnNetwork *network = first_layers (model, n, frames);
    NnRun *run = nn_run_new (network, frames);
    const NnShape shape = nn_network_output (network);
    const size_t size = shape.items * nn_shape_item (&shape);
    float *out = calloc (size, sizeof *out);
    char key[32];

    if (!run || !out)
      abort ();
    snprintf (key, sizeof key, "layer/%zu", n);
    nn_run_forward (run, input, frames, out);

    const float *expected = golden_tensor (golden, key, size);

    if (expected) {
      const double error = largest_error (out, expected, size);

      CHECK (error <= tolerance, "%s, %s: off by %g", key, nn_network_spec (network, n - 1)->class->type, error);
    }
    free (out);
    nn_run_free (run);
    nn_network_free (network);
  }
}

static void
check_answer (const GenreResult *result, const char *what, const Row *row, const float *probabilities,
    const float *smoothed)
{
  double error = 0;

  CHECK ((float) result->first_sample == row->first && (float) result->n_samples == row->samples,
      "%s: samples %d and %d on, not %g and %g", what, (int) result->first_sample, (int) result->n_samples,
      (double) row->first, (double) row->samples);
  CHECK (result->state == (row->silent != 0 ? GENRE_STATE_SILENCE : GENRE_STATE_OK), "%s: state %d", what,
      (int) result->state);
  CHECK (result->final == (row->final != 0) && (float) result->windows == row->windows, "%s: final %d, %u windows",
      what, result->final, result->windows);
  for (size_t i = 0; i < LABELS; i++) {
    error = fmax (error, fabs (result->probabilities[i] - (double) probabilities[i]));
    error = fmax (error, fabs (result->smoothed[i] - (double) smoothed[i]));
  }
  CHECK (error <= tolerance, "%s: off by %g", what, error);
}

/* Windows that grow and slide, silence among them, smoothing and the final. */
static void
test_answers (GenreModel *model, const Golden *golden, const Sound *sound)
{
  const GenreStreamConfig config = { 250000000, 1000000000, -60, 0 };
  const float *rows = tensor_of (golden, sound->rate, "answers", ANSWERS * 5);
  const float *probabilities = tensor_of (golden, sound->rate, "probabilities", (size_t) ANSWERS * LABELS);
  const float *smoothed = tensor_of (golden, sound->rate, "smoothed", (size_t) ANSWERS * LABELS);
  GenreStream *stream = genre_stream_new (model, sound->rate, 0, &config);
  const GenreResult *result;
  size_t n = 0, at = 0;

  if (!stream || !rows || !probabilities || !smoothed)
    abort ();
  do {
    at += genre_stream_push (stream, sound->samples + at, sound->n - at, &result);
    if (!result && at == sound->n)
      result = genre_stream_finish (stream);
    if (result && n < ANSWERS) {
      Row row;
      char what[64];

      snprintf (what, sizeof what, "%u Hz, answer %zu", sound->rate, n);
      memcpy (&row, rows + n * 5, sizeof row);
      check_answer (result, what, &row, probabilities + n * LABELS, smoothed + n * LABELS);
    }
    n += result != NULL;
  } while (!result || !result->final);
  CHECK (n == ANSWERS, "%u Hz: %zu answers", sound->rate, n);
  genre_stream_free (stream);
}

int
main (void)
{
  const char *tests = g_getenv ("GENRE_TEST_DATA");
  g_autofree char *path = g_build_filename (tests ? tests : "tests", "golden", "small-model.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  GenreModel *model = genre_model_load (path, &error);
  Golden golden = golden_load ("model-answers.safetensors");
  const Sound own = make_sound (8000), other = make_sound (11025);

  if (!model)
    g_error ("%s", error->message);
  CHECK (genre_model_shares_columns (model) && genre_model_n_labels (model) == LABELS, "another model");
  test_levels (model, &golden, &own, tolerance);
  test_levels (model, &golden, &other, 7e-4); /* .003 dB, as test-dsp-rates has it: bins are interpolated */
  test_layers (model, &golden, &own);
  test_answers (model, &golden, &own);
  test_answers (model, &golden, &other);
  free (own.samples);
  free (other.samples);
  golden_free (&golden);
  genre_model_unref (model);
  TEST_END ();
}
