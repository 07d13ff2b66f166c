/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/bench-training.c - what the layers of the reference network cost in training: microseconds a window, forward
 * and backward, layer by layer, and windows per CPU second of all together, without losses and optimiser.
 *
 * A batch of 32 windows in slices of 4 goes through as in nn/chain.c: layer after layer of one slice up to the next
 * batch_norm, whose sums need all slices.  Every kernel of nn_gemm_nth() in turn, CPU time of the calling thread.
 */
#define _POSIX_C_SOURCE 200809L

#include "nn/gemm.h"
#include "nn/layers.h"
#include "nn/training.h"
#include "tests/bench.h"
#include "tests/bench_network.h"
#include "tests/nn_random.h"

#include <stdlib.h>

enum
{
  BANDS = BENCH_BANDS,
  WINDOW = BENCH_WINDOW,
  SAMPLES = 32,
  SLICE = 4,
  SLICES = SAMPLES / SLICE,
  MAX_LAYERS = BENCH_MAX_LAYERS,
  REPEATS = 9,
};

typedef struct Step
{
  NnLayer layer;
  size_t n_in, n_out, n_cache, n_sums; /* of a sample; sums of a slice */
  float *out, *dout, *cache;           /* of the batch */
  double *sums;
  float *gradients[NN_MAX_TENSORS]; /* of all slices, one after the other */
  double forward[REPEATS], backward[REPEATS];
} Step;

static const NnGemm *kernel;
static Step steps[MAX_LAYERS];
static size_t n_steps;
static float *input, *scratch;
static size_t n_scratch;

static void *
allocate (size_t n, size_t size)
{
  void *memory = calloc (n + 16, size);

  if (!memory)
    abort ();
  return memory;
}

/* --- the network ------------------------------------------------------------------------------------------------ */

static void
add (uint64_t *seed, NnLayerSpec spec)
{
  Step *step = &steps[n_steps];
  NnLayer *layer = &step->layer;
  const NnLayerClass *class = spec.class;
  const NnSlice slice = { SLICE, 0, n_steps > 0 ? steps[n_steps - 1].layer.out.items : WINDOW, false, 0 };
  NnIssue issue = { 0 };

  *step = (Step){ 0 };
  layer->spec = spec;
  layer->gemm = kernel;
  layer->in = n_steps > 0 ? steps[n_steps - 1].layer.out : (NnShape){ 3, WINDOW, BANDS, 1 };
  if (class->configure (layer, &issue) != NN_OK)
    abort ();
  layer->out.items = class->items_out ? class->items_out (layer, layer->in.items) : layer->in.items;
  step->n_in = layer->in.items * nn_shape_item (&layer->in);
  step->n_out = layer->out.items * nn_shape_item (&layer->out);
  step->n_cache = class->training->cache_values ? class->training->cache_values (layer, layer->in.items) : 0;
  step->n_sums = class->training->n_sums ? class->training->n_sums (layer) : 0;
  step->out = class->training->in_place ? steps[n_steps - 1].out : allocate (SAMPLES * step->n_out, sizeof (float));
  step->dout = class->training->in_place ? steps[n_steps - 1].dout : allocate (SAMPLES * step->n_out, sizeof (float));
  step->cache = allocate (SAMPLES * step->n_cache, sizeof (float));
  step->sums = allocate (step->n_sums, sizeof (double));
  for (unsigned t = 0; t < layer->n_tensors; t++) {
    layer->tensors[t].values = allocate (nn_tensor_size (&layer->tensors[t]), sizeof (float));
    step->gradients[t] = allocate (nn_tensor_size (&layer->tensors[t]), sizeof (float));
    nn_random_tensor (seed, &layer->tensors[t]);
  }
  if (class->training->scratch_values && class->training->scratch_values (layer, &slice) > n_scratch)
    n_scratch = class->training->scratch_values (layer, &slice);
  n_steps++;
}

static void
build (uint64_t *seed)
{
  NnLayerSpec specs[BENCH_MAX_LAYERS], dense = bench_spec ("dense");
  const size_t n = bench_body (specs);

  n_steps = n_scratch = 0;
  for (size_t i = 0; i < n; i++)
    add (seed, specs[i]);
  dense.units = BENCH_LABELS;
  add (seed, dense);
  scratch = allocate (n_scratch, sizeof (float));
}

static void
clear (void)
{
  for (size_t i = 0; i < n_steps; i++) {
    Step *step = &steps[i];

    if (!step->layer.spec.class->training->in_place) {
      free (step->out);
      free (step->dout);
    }
    free (step->cache);
    free (step->sums);
    for (unsigned t = 0; t < step->layer.n_tensors; t++)
      free (step->gradients[t]);
    nn_layer_clear (&step->layer);
  }
  free (scratch);
}

/* --- a batch ---------------------------------------------------------------------------------------------------- */

static const NnLayerTraining *
training_of (size_t i)
{
  return steps[i].layer.spec.class->training;
}

static NnSlice
slice_at (size_t i, size_t index)
{
  return (NnSlice){ SLICE, index * SLICE, steps[i].layer.in.items, false, 1 };
}

static float *
input_at (size_t i, size_t index)
{
  return (i > 0 ? steps[i - 1].out : input) + index * SLICE * steps[i].n_in;
}

/* The first layer from i on that needs sums, n_steps if there is none. */
static size_t
next_stop (size_t i)
{
  while (i < n_steps && steps[i].n_sums == 0)
    i++;
  return i;
}

static void
forward (size_t begin, size_t repeat)
{
  const size_t end = next_stop (begin + (begin > 0));
  double *sums = end < n_steps ? allocate (steps[end].n_sums, sizeof *sums) : NULL;

  for (size_t index = 0; index < SLICES; index++) {
    for (size_t i = begin; i < end; i++) {
      const NnSlice slice = slice_at (i, index);
      const double start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);

      training_of (i)->forward (&steps[i].layer, &slice, input_at (i, index),
          steps[i].out + slice.first * steps[i].n_out, steps[i].cache + slice.first * steps[i].n_cache, scratch);
      steps[i].forward[repeat] += bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start;
    }
    if (end < n_steps) {
      const NnSlice slice = slice_at (end, index);
      const double start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);

      training_of (end)->forward_sums (&steps[end].layer, &slice, input_at (end, index), steps[end].sums);
      for (size_t k = 0; k < steps[end].n_sums; k++)
        sums[k] += steps[end].sums[k];
      steps[end].forward[repeat] += bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start;
    }
  }
  if (end < n_steps) {
    training_of (end)->forward_total (&steps[end].layer, SAMPLES * steps[end].layer.in.items, sums);
    free (sums);
    forward (end, repeat);
  }
}

static void
backward_layer (size_t i, size_t index, size_t repeat)
{
  const NnSlice slice = slice_at (i, index);
  const double start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);
  float *din = i > 0 ? steps[i - 1].dout + slice.first * steps[i].n_in : NULL;

  training_of (i)->backward (&steps[i].layer, &slice, input_at (i, index), steps[i].out + slice.first * steps[i].n_out,
      steps[i].cache + slice.first * steps[i].n_cache, steps[i].dout + slice.first * steps[i].n_out, din,
      steps[i].gradients, scratch);
  steps[i].backward[repeat] += bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start;
}

/* From layer `top` down to the next that needs sums, with its sums, and so on. */
static void
backward (size_t top, size_t repeat)
{
  size_t stop = top;

  while (stop > 0 && steps[stop - 1].n_sums == 0)
    stop--;

  const size_t bottom = stop;
  double *sums = bottom > 0 ? allocate (steps[bottom - 1].n_sums, sizeof *sums) : NULL;

  for (size_t index = 0; index < SLICES; index++) {
    for (size_t i = top + 1; i-- > bottom;)
      backward_layer (i, index, repeat);
    if (bottom > 0) {
      Step *step = &steps[bottom - 1];
      const NnSlice slice = slice_at (bottom - 1, index);
      const double start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);

      training_of (bottom - 1)
          ->backward_sums (&step->layer, &slice, input_at (bottom - 1, index), step->dout + slice.first * step->n_out,
              step->sums);
      for (size_t k = 0; k < step->n_sums; k++)
        sums[k] += step->sums[k];
      step->backward[repeat] += bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start;
    }
  }
  if (bottom > 0) {
    Step *step = &steps[bottom - 1];

    training_of (bottom - 1)->backward_total (&step->layer, SAMPLES * step->layer.in.items, sums, step->gradients);
    free (sums);
    backward (bottom - 1, repeat);
  }
}

static bool
measure (uint64_t *seed)
{
  double total[REPEATS] = { 0 }, prepared[REPEATS] = { 0 };
  float *top;

  build (seed);
  top = allocate (SAMPLES * steps[n_steps - 1].n_out, sizeof *top);
  nn_random_array (seed, 1, input, (size_t) SAMPLES * WINDOW * BANDS);
  nn_random_array (seed, .03F, top, SAMPLES * steps[n_steps - 1].n_out);
  for (size_t r = 0; r < REPEATS; r++) {
    const double start = bench_seconds (CLOCK_THREAD_CPUTIME_ID);

    for (size_t i = 0; i < n_steps; i++)
      if (training_of (i)->prepare && training_of (i)->prepare (&steps[i].layer) != NN_OK)
        abort ();
    prepared[r] = bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start;
    forward (0, r);
    memcpy (steps[n_steps - 1].dout, top, SAMPLES * steps[n_steps - 1].n_out * sizeof *top);
    backward (n_steps - 1, r);
    total[r] = bench_seconds (CLOCK_THREAD_CPUTIME_ID) - start;
  }

  printf ("%s: us a window, in slices of %d\n", kernel->name, SLICE);
  printf ("  %-16s %9s %9s\n", "layer", "forward", "backward");
  for (size_t i = 0; i < n_steps; i++)
    printf ("  %-16s %9.1f %9.1f\n", steps[i].layer.spec.class->type,
        bench_median (steps[i].forward, REPEATS) / SAMPLES * 1e6,
        bench_median (steps[i].backward, REPEATS) / SAMPLES * 1e6);
  printf ("  %-16s %9.1f\n", "packing", bench_median (prepared, REPEATS) / SAMPLES * 1e6);
  printf ("  %.2f ms a window, %.0f windows per CPU second\n\n", bench_median (total, REPEATS) / SAMPLES * 1e3,
      SAMPLES / bench_median (total, REPEATS));

  const bool finite = isfinite (steps[0].gradients[0][0]) && steps[0].gradients[0][0] != 0;

  free (top);
  clear ();
  return finite;
}

int
main (void)
{
  uint64_t seed = 1;

  input = allocate ((size_t) SAMPLES * WINDOW * BANDS, sizeof *input);
  for (size_t i = 0; (kernel = nn_gemm_nth (i)) != NULL; i++)
    CHECK (measure (&seed), "%s: no gradient", kernel->name);
  free (input);
  TEST_END ();
}
