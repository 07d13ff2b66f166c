/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench-trainer.c - windows per second of whole training steps of the reference network, batch 32.
 *
 *   bench-trainer [THREADS [ROUNDS]]
 *
 * Forward, backward and AdamW with random weights and data: speed does not depend on them.  Without arguments one
 * thread and two.  Prints one line each, "ours THREADS WALL CPU": windows per second of wall clock, and of processor
 * time of all threads together, which counts on a machine that others use; medians over ROUNDS of STEPS.
 * bench-trainer-torch.py runs it beside PyTorch.
 */
#define _POSIX_C_SOURCE 200809L

#include "nn/layers.h"
#include "nn/trainer.h"
#include "tests/bench.h"
#include "tests/bench_network.h"
#include "tests/nn_random.h"

#include <stdlib.h>

enum
{
  BANDS = BENCH_BANDS,
  FRAMES = BENCH_WINDOW,
  LABELS = BENCH_LABELS,
  SAMPLES = 32,
  STEPS = 4, /* of a round */
  MAX_ROUNDS = 1000,
};

static void
measure (unsigned threads, int rounds)
{
  static float input[SAMPLES * FRAMES * BANDS], values[SAMPLES * LABELS], weights[SAMPLES];
  static double wall[MAX_ROUNDS], cpu[MAX_ROUNDS];
  const NnHead head = { "dense", LABELS, NN_LOSS_CROSS_ENTROPY };
  const NnTarget target = { values, weights };
  const NnStep step = { .learning_rate = 1e-3, .weight_decay = .01 };
  NnLayerSpec specs[BENCH_MAX_LAYERS];
  NnPool *pool = nn_pool_new (threads);
  NnTrainer *trainer = NULL;
  NnIssue issue = { 0 };
  uint64_t seed = 1;
  const NnStatus status = nn_trainer_new (specs, bench_body (specs), BANDS, FRAMES, FRAMES, &head, 1, SAMPLES, pool,
      &trainer, &issue);

  CHECK (status == NN_OK, "layer %zu: %s", issue.layer, issue.text);
  if (status != NN_OK)
    return;
  nn_random_array (&seed, 2, input, sizeof input / sizeof *input);
  for (size_t s = 0; s < SAMPLES; s++) {
    values[s * LABELS + s % LABELS] = 1;
    weights[s] = 1.F / SAMPLES;
  }

  for (int round = -1; round < rounds; round++) { /* the first is thrown away */
    const double wall_start = bench_seconds (CLOCK_MONOTONIC), cpu_start = bench_seconds (CLOCK_PROCESS_CPUTIME_ID);

    for (int i = 0; i < STEPS; i++)
      CHECK (nn_trainer_step (trainer, input, SAMPLES, FRAMES, &target, &step).finite, "not finite");
    if (round < 0)
      continue;
    wall[round] = STEPS * SAMPLES / (bench_seconds (CLOCK_MONOTONIC) - wall_start);
    cpu[round] = STEPS * SAMPLES / (bench_seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
  }
  printf ("ours %u %.1f %.1f\n", threads, bench_median (wall, (size_t) rounds), bench_median (cpu, (size_t) rounds));
  fflush (stdout);
  nn_trainer_free (trainer);
  nn_pool_free (pool);
}

int
main (int argc, char **argv)
{
  const int threads = argc > 1 ? atoi (argv[1]) : 0, rounds = argc > 2 ? atoi (argv[2]) : 15;

  if (threads < 0 || rounds < 1 || rounds > MAX_ROUNDS) {
    fprintf (stderr, "usage: bench-trainer [THREADS [ROUNDS]]\n");
    return 2;
  }
  for (unsigned n = 1; n <= 2; n++)
    if (threads == 0 || n == 1)
      measure (threads == 0 ? n : (unsigned) threads, rounds);
  TEST_END ();
}
