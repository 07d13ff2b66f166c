/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench-nn.c - what the default network costs: a pushed frame, an answer, a whole window, a second of audio.
 *
 * Every kernel of nn_gemm_nth() in turn, as CPU time of the calling thread, medians.  The network is that of
 * genre-crnn.safetensors with random weights; speed does not depend on them.
 * Linked with --wrap=nn_gemm_best, which decides for the kernel.
 */
#define _POSIX_C_SOURCE 200809L

#include "nn/cost.h"
#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/run.h"
#include "tests/bench.h"
#include "tests/bench_network.h"
#include "tests/nn_random.h"

#include <stdlib.h>

enum
{
  BANDS = BENCH_BANDS,
  MIN_FRAMES = 45,
  WINDOW = BENCH_WINDOW,
  LABELS = BENCH_LABELS,
  REPEATS = 41,
  FRAMES = 516, /* pushed per repeat */
};

/* Frames of the default front end: 22050 / 1708. */
static const double frames_per_second = 22050.0 / 1708.0;

static const NnGemm *kernel;

const NnGemm *__wrap_nn_gemm_best (void);

const NnGemm *
__wrap_nn_gemm_best (void)
{
  return kernel;
}

static NnNetwork *
reference_network (uint64_t *seed)
{
  NnLayerSpec specs[BENCH_MAX_LAYERS];
  NnNetwork *network;
  NnIssue issue;
  size_t n = bench_body (specs);

  specs[n] = bench_spec ("dense");
  specs[n++].units = LABELS;
  specs[n++] = bench_spec ("softmax");

  if (nn_network_new (specs, n, BANDS, MIN_FRAMES, WINDOW, &network, &issue) != NN_OK)
    return NULL;
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    nn_random_tensor (seed, nn_network_tensor (network, i));
  if (nn_network_prepare (network) != NN_OK) {
    nn_network_free (network);
    return NULL;
  }
  return network;
}

/* Of the columns of FRAMES frames, for each frame. */
static double
column_multiply_adds (const NnNetwork *network)
{
  double sum = 0;

  for (size_t i = 0; i < nn_network_n_layers (network); i++)
    sum += nn_cost_layer (network, i, FRAMES, true).columns;
  return sum / FRAMES;
}

static bool
measure (uint64_t *seed)
{
  static float frames[FRAMES][BANDS];
  double push[REPEATS], answer[REPEATS], whole[REPEATS];
  float out[LABELS], sum = 0;
  NnNetwork *network = reference_network (seed);
  NnRun *run = network ? nn_run_new (network, WINDOW) : NULL;

  if (!run) {
    nn_network_free (network);
    return false;
  }
  nn_random_array (seed, 1, frames[0], sizeof frames / sizeof (float));
  for (size_t i = 0; i < REPEATS; i++) {
    double start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);

    nn_run_reset (run);
    for (size_t t = 0; t < FRAMES; t++)
      nn_run_push (run, frames[t]);
    push[i] = (bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start) / FRAMES * 1e6;

    start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);
    for (size_t k = 0; k < 10; k++) {
      nn_run_window (run, (FRAMES - WINDOW + 3) / 4 * 4, WINDOW - 1, out);
      sum += out[0];
    }
    answer[i] = (bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start) / 10 * 1e6;

    start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);
    nn_run_forward (run, frames[0], WINDOW, out);
    whole[i] = (bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start) * 1e6;
    sum += out[0];
  }

  const double frame_us = bench_median (push, REPEATS), answer_us = bench_median (answer, REPEATS);

  printf ("%-9s %6.2f us a frame (%5.1f G multiply-adds/s)  %6.1f us an answer of %d frames  %7.1f us a window"
          "  %6.1f us a second of audio\n",
      kernel->name, frame_us, column_multiply_adds (network) / frame_us * 1e-3, answer_us, WINDOW - 1,
      bench_median (whole, REPEATS), frames_per_second * frame_us + answer_us);
  nn_run_free (run);
  nn_network_free (network);
  return isfinite (sum);
}

int
main (void)
{
  uint64_t seed = 1;

  for (size_t i = 0; (kernel = nn_gemm_nth (i)) != NULL; i++)
    CHECK (measure (&seed), "%s", kernel->name);
  TEST_END ();
}
