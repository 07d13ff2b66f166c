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
#include "tests/nn_random.h"

#include <stdlib.h>
#include <time.h>

enum
{
  BANDS = 64,
  FRAMES = 129,
  LABELS = 10,
  SAMPLES = 32,
  STEPS = 4, /* of a round */
  MAX_ROUNDS = 1000,
};

static NnLayerSpec
spec_of (const char *type)
{
  return nn_layer_spec_default (nn_layer_class_find (type));
}

static size_t
reference_body (NnLayerSpec specs[32])
{
  static const unsigned filters[] = { 20, 40, 56, 72, 96 }, pool_time[] = { 1, 2, 1, 2, 1 };
  size_t n = 0;

  for (size_t i = 0; i < 5; i++) {
    specs[n] = spec_of ("conv2d");
    specs[n].filters = filters[i];
    specs[n].kernel[0] = specs[n].kernel[1] = 3;
    specs[n].padding[0] = NN_PADDING_SAME;
    specs[n++].use_bias = false;
    specs[n++] = spec_of ("batch_norm");
    specs[n++] = spec_of ("relu");
    specs[n] = spec_of ("max_pool2d");
    specs[n].pool[0] = 2;
    specs[n++].pool[1] = pool_time[i];
  }
  specs[n++] = spec_of ("to_sequence");
  specs[n] = spec_of ("gru");
  specs[n].units = 128;
  specs[n++].return_sequences = true;
  specs[n] = spec_of ("temporal_pool");
  specs[n].n_stats = 2;
  specs[n].stats[0] = NN_STAT_MEAN;
  specs[n++].stats[1] = NN_STAT_MAX;
  return n;
}

static double
seconds (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int
by_value (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
measure (unsigned threads, int rounds)
{
  static float input[SAMPLES * FRAMES * BANDS], values[SAMPLES * LABELS], weights[SAMPLES];
  static double wall[MAX_ROUNDS], cpu[MAX_ROUNDS];
  const NnHead head = { "dense", LABELS, NN_LOSS_CROSS_ENTROPY };
  const NnTarget target = { values, weights };
  const NnStep step = { .learning_rate = 1e-3, .weight_decay = .01 };
  NnLayerSpec specs[32];
  NnPool *pool = nn_pool_new (threads);
  NnTrainer *trainer = NULL;
  NnIssue issue = { 0 };
  uint64_t seed = 1;
  const NnStatus status = nn_trainer_new (specs, reference_body (specs), BANDS, FRAMES, FRAMES, &head, 1, SAMPLES, pool,
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
    const double wall_start = seconds (CLOCK_MONOTONIC), cpu_start = seconds (CLOCK_PROCESS_CPUTIME_ID);

    for (int i = 0; i < STEPS; i++)
      CHECK (nn_trainer_step (trainer, input, SAMPLES, FRAMES, &target, &step).finite, "not finite");
    if (round < 0)
      continue;
    wall[round] = STEPS * SAMPLES / (seconds (CLOCK_MONOTONIC) - wall_start);
    cpu[round] = STEPS * SAMPLES / (seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
  }
  qsort (wall, (size_t) rounds, sizeof *wall, by_value);
  qsort (cpu, (size_t) rounds, sizeof *cpu, by_value);
  printf ("ours %u %.1f %.1f\n", threads, wall[rounds / 2], cpu[rounds / 2]);
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
