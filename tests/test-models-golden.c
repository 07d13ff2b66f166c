/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reference model against ../shared/reference/golden.safetensors: the output of every layer, and the probabilities
 * of every window of 20 recordings, streamed.  Both from the features there, so that nothing but the network counts.
 *
 * GENRE_SHARED is the path of shared/; without it the test is skipped.
 */
#include "models/frontend.h"
#include "models/network_spec.h"
#include "models/file/safetensors.h"
#include "nn/run.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  SKIPPED = 77,
  MAX_WINDOWS = 64,
  MAX_LABELS = 16,
};

static const double tolerance = 1e-4;

/* What both files hold. */
typedef struct Golden
{
  Safetensors *model;
  Safetensors *golden;
  GenreFrontend frontend;
  NnLayerSpec *specs; /* [n_layers] */
  size_t n_layers;
  size_t n_recordings, n_frames, bands;
  float *features;                /* [n_recordings][n_frames][bands], standardised */
  size_t windows[MAX_WINDOWS][2]; /* first frame, frame after the last */
  size_t n_windows;
} Golden;

static Safetensors *
open_file (const char *shared, const char *name)
{
  g_autofree char *path = g_build_filename (shared, "reference", name, NULL);
  g_autoptr (GError) error = NULL;
  char *contents;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, NULL))
    return NULL;

  g_autoptr (GBytes) bytes = g_bytes_new_take (contents, length);
  Safetensors *file = safetensors_new (bytes, path, &error);

  CHECK (file, "%s", error->message);
  return file;
}

/* Values of a tensor that must be there, the caller g_free()s. */
static float *
values_of (const Safetensors *file, const char *name, const SafetensorsTensor **ret_tensor)
{
  const SafetensorsTensor *tensor = safetensors_find (file, name);

  if (!tensor || tensor->type != SAFETENSORS_F32) {
    fprintf (stderr, "%s: no F32 tensor %s\n", safetensors_name (file), name);
    exit (1);
  }

  float *values = g_new (float, tensor->n_values);

  safetensors_copy_f32 (tensor, values);
  if (ret_tensor)
    *ret_tensor = tensor;
  return values;
}

/* "[[0, 45], [0, 57], ...]" */
static void
read_windows (Golden *golden)
{
  const char *at = safetensors_metadata (golden->golden, "windows");

  while (at && (at = strpbrk (at, "0123456789")) != NULL && golden->n_windows < MAX_WINDOWS) {
    char *end;
    size_t *window = golden->windows[golden->n_windows++];

    window[0] = (size_t) g_ascii_strtoull (at, &end, 10);
    window[1] = (size_t) g_ascii_strtoull (strpbrk (end, "0123456789"), &end, 10);
    at = end;
  }
}

static void
read_features (Golden *golden)
{
  const GenreFrontend *frontend = &golden->frontend;
  const double floor_db = 10 * log10 (frontend->amin);
  const SafetensorsTensor *tensor;

  golden->features = values_of (golden->golden, "features_db", &tensor);
  golden->n_recordings = tensor->dim[0];
  golden->n_frames = tensor->dim[1];
  golden->bands = tensor->dim[2];
  for (size_t i = 0; i < tensor->n_values; i++) {
    const size_t band = i % golden->bands;
    const double db = fmax ((double) golden->features[i], floor_db);

    golden->features[i] = (float) ((db - (double) frontend->mean[band]) / (double) frontend->std[band]);
  }
}

/* The first n layers with their weights; exits if that fails. */
static NnNetwork *
network_of (const Golden *golden, size_t n, size_t min_frames, size_t max_frames)
{
  NnNetwork *network;
  NnIssue issue;

  if (nn_network_new (golden->specs, n, golden->bands, min_frames, max_frames, &network, &issue) != NN_OK) {
    fprintf (stderr, "layer %zu: %s\n", issue.layer, issue.text);
    exit (1);
  }
  for (size_t i = 0; i < nn_network_n_tensors (network); i++) {
    NnTensor *tensor = nn_network_tensor (network, i);
    g_autofree float *values = values_of (golden->model, tensor->name, NULL);

    memcpy (tensor->values, values, nn_tensor_size (tensor) * sizeof *values);
  }
  if (nn_network_prepare (network) != NN_OK)
    abort ();
  return network;
}

/* "trace/conv1", and by its number where the layer has no name: "trace/2-relu". */
static char *
trace_name (const NnLayerSpec *spec, size_t index)
{
  if (spec->name[0] != '\0')
    return g_strdup_printf ("trace/%s", spec->name);
  return g_strdup_printf ("trace/%zu-%s", index, spec->class->type);
}

/* Our [items][rows][values] against an image's [values][rows][items]; sequences and vectors lie alike. */
static double
largest_error (const float *out, NnShape shape, const float *expected)
{
  double error = 0;

  for (size_t t = 0; t < shape.items; t++)
    for (size_t h = 0; h < shape.rows; h++)
      for (size_t c = 0; c < shape.values; c++) {
        const size_t ours = (t * shape.rows + h) * shape.values + c;
        const size_t theirs = shape.rank == 3 ? (c * shape.rows + h) * shape.items + t : ours;

        error = fmax (error, fabs ((double) out[ours] - (double) expected[theirs]));
      }
  return error;
}

/* The network's first layers, as many as there are, on the first window of the first recording. */
static void
test_layers (const Golden *golden)
{
  const size_t n_frames = golden->windows[0][1];

  for (size_t n = 1; n <= golden->n_layers; n++) {
    NnNetwork *network = network_of (golden, n, n_frames, n_frames);
    NnRun *run = nn_run_new (network, n_frames);
    const NnShape shape = nn_network_output (network);
    const SafetensorsTensor *tensor;
    g_autofree char *name = trace_name (&golden->specs[n - 1], n - 1);
    g_autofree float *expected = values_of (golden->golden, name, &tensor);
    g_autofree float *out = g_new (float, shape.items *nn_shape_item (&shape));

    CHECK (tensor->n_values == shape.items * nn_shape_item (&shape), "%s: %zu x %zu x %zu values", name, shape.items,
        shape.rows, shape.values);
    if (!run || tensor->n_values != shape.items * nn_shape_item (&shape))
      abort ();
    nn_run_forward (run, golden->features, n_frames, out);

    const double error = largest_error (out, shape, expected);

    CHECK (error <= tolerance, "%s: off by %g", name, error);
    nn_run_free (run);
    nn_network_free (network);
  }
}

/* One recording frame by frame, and all its windows as soon as they are complete. */
static void
check_recording (const Golden *golden, NnRun *run, size_t recording, const float *expected, size_t n_labels)
{
  const float *frames = golden->features + recording * golden->n_frames * golden->bands;
  size_t pushed = 0;

  nn_run_reset (run);
  for (size_t k = 0; k < golden->n_windows; k++) {
    const size_t first = golden->windows[k][0], end = golden->windows[k][1];
    float out[MAX_LABELS];
    double error = 0;

    for (; pushed < end; pushed++)
      nn_run_push (run, frames + pushed * golden->bands);
    nn_run_window (run, first, end - first, out);
    for (size_t i = 0; i < n_labels; i++)
      error = fmax (error, fabs ((double) out[i] - (double) expected[k * n_labels + i]));
    CHECK (error <= tolerance, "recording %zu, frames %zu to %zu: off by %g", recording, first, end, error);
  }
}

static void
test_windows (const Golden *golden)
{
  const size_t window = 129;
  const SafetensorsTensor *tensor;
  g_autofree float *expected = values_of (golden->golden, "window_probabilities", &tensor);
  NnNetwork *network = network_of (golden, golden->n_layers, golden->windows[0][1], window);
  NnRun *run = nn_run_new (network, window);
  const size_t n_labels = nn_network_output (network).values;

  if (!run || tensor->dim[0] != golden->n_recordings || tensor->dim[1] != golden->n_windows
      || tensor->dim[2] != n_labels || n_labels > MAX_LABELS)
    abort ();
  CHECK (nn_network_can_share (network) && nn_network_time_stride (network) == 4, "stride %zu",
      nn_network_time_stride (network));
  for (size_t i = 0; i < golden->n_recordings; i++)
    check_recording (golden, run, i, expected + i * golden->n_windows * n_labels, n_labels);
  nn_run_free (run);
  nn_network_free (network);
}

int
main (void)
{
  const char *shared = g_getenv ("GENRE_SHARED");
  g_autoptr (GError) error = NULL;
  Golden golden = { 0 };

  if (!shared || shared[0] == '\0') {
    fprintf (stderr, "GENRE_SHARED is not set\n");
    return SKIPPED;
  }
  golden.model = open_file (shared, "genre-crnn-reference.safetensors");
  golden.golden = open_file (shared, "golden.safetensors");
  if (!golden.model || !golden.golden) {
    fprintf (stderr, "%s has no reference model and golden values\n", shared);
    safetensors_free (golden.model);
    safetensors_free (golden.golden);
    return test_failures ? 1 : SKIPPED;
  }

  golden.specs = network_spec_parse (safetensors_metadata (golden.model, "network"), "model", &golden.n_layers, &error);
  if (!golden.specs
      || !genre_frontend_parse (safetensors_metadata (golden.model, "frontend"), "model", &golden.frontend, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 1;
  }
  read_windows (&golden);
  read_features (&golden);
  CHECK (golden.n_recordings == 20 && golden.n_windows == 27, "%zu recordings, %zu windows", golden.n_recordings,
      golden.n_windows);
  test_layers (&golden);
  test_windows (&golden);

  g_free (golden.features);
  g_free (golden.specs);
  genre_frontend_clear (&golden.frontend);
  safetensors_free (golden.golden);
  safetensors_free (golden.model);
  TEST_END ();
}
