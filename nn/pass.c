/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/pass.c - a batch goes through the body in *parts*: layer after layer of one slice on one thread, up to a layer
 * that needs sums over all slices (batch_norm).  There all slices meet, and the next part begins.  The last part turns
 * around at the heads, and on the way back the parts end at the same layers.
 *
 * A batch is cut into slices by its size alone.  Each has gradients of its own; they are summed in the slices' order.
 */
#include "nn/pass.h"

#include "nn/random.h"
#include "nn/size.h"
#include "nn/stage.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RANGE = 8192, /* parameters whose gradients are summed at once */
};

struct NnPass
{
  NnChain *chain;
  NnPool *pool;
  size_t n_layers, n_heads;
  size_t max_samples;
  size_t max_slices;      /* of any batch up to max_samples */
  size_t n_ranges;        /* of all values */
  size_t lowest;          /* first layer with parameters; no gradient is needed before it */
  NnStage *stages;        /* [n_layers] the body, [n_heads] */
  size_t *stops, n_stops; /* [n_stops]: layers with sums */
  unsigned *turns;        /* [n_layers]: which of the two gradient buffers holds d loss / d out */

  void *memory;           /* all that follows, and the stages' arrays */
  float *slice_gradients; /* [max_slices][n_values] */
  size_t sample_stride;   /* of the gradient buffers: the most values between two layers */
  float *dout[2];         /* [max_samples][sample_stride] */
  size_t scratch_values;
  float *scratch; /* [threads][scratch_values] */
  size_t head_dout_values, head_din_values;
  float *head_dout; /* [threads][slice][most units of a head] */
  float *head_din;  /* [threads][slice][values of the body's output] */
  double *squares;  /* [n_ranges] */
  double slice_loss[NN_MAX_SLICES];

  const NnTarget *targets; /* of the present batch, as all that follows */
  size_t samples, n_slices;
  bool heads_only;
  size_t part;
};

/* --- construction ----------------------------------------------------------------------------------------------- */

/* Sizes follow from the largest batch of the longest samples: no layer needs more for less. */
static void
lay_out (NnPass *pass, NnArena *arena)
{
  const NnChain *chain = pass->chain;
  const size_t slice = nn_slice_samples (pass->max_samples), threads = nn_pool_threads (pass->pool);

  for (size_t i = 0; i < pass->n_layers + pass->n_heads; i++) {
    NnStage *stage = &pass->stages[i];
    const NnShape *out = &stage->link->layer.out;
    const size_t values = nn_arena_product (out->items, nn_shape_item (out));

    nn_stage_lay_out (stage, pass->max_samples, i > 0 ? pass->stages[i - 1].out : NULL, arena);
    pass->scratch_values = nn_size_larger (pass->scratch_values, nn_stage_scratch_values (stage, pass->max_samples));
    if (i < pass->n_layers)
      pass->sample_stride = nn_size_larger (pass->sample_stride, values);
    else
      pass->head_dout_values = nn_size_larger (pass->head_dout_values, nn_arena_product (slice, values));
  }
  pass->head_din_values = nn_arena_product (slice, nn_shape_item (&chain->links[chain->n_layers - 1].layer.out));

  pass->slice_gradients = nn_arena_take (arena, nn_arena_product (pass->max_slices, chain->n_values), sizeof (float));
  for (int i = 0; i < 2; i++)
    pass->dout[i] = nn_arena_take (arena, nn_arena_product (pass->max_samples, pass->sample_stride), sizeof (float));
  pass->scratch = nn_arena_take (arena, nn_arena_product (threads, pass->scratch_values), sizeof (float));
  pass->head_dout = nn_arena_take (arena, nn_arena_product (threads, pass->head_dout_values), sizeof (float));
  pass->head_din = nn_arena_take (arena, nn_arena_product (threads, pass->head_din_values), sizeof (float));
  pass->squares = nn_arena_take (arena, pass->n_ranges, sizeof (double));
}

/* The parts of the body, forward and backward. */
static void
plan_body (NnPass *pass)
{
  const NnLink *links = pass->chain->links;

  while (pass->lowest < pass->n_layers && links[pass->lowest].layer.n_tensors == 0)
    pass->lowest++;
  for (size_t i = 0; i < pass->n_layers; i++)
    if (pass->stages[i].n_sums > 0)
      pass->stops[pass->n_stops++] = i;
  /* The gradient of the body's output is in buffer 0; each layer that is not in place takes the other. */
  for (size_t i = pass->n_layers - 1; i > 0; i--)
    pass->turns[i - 1] = pass->turns[i] ^ !links[i].layer.spec.class->training->in_place;
}

NnPass *
nn_pass_new (NnChain *chain, size_t max_samples, NnPool *pool)
{
  assert (max_samples > 0);

  NnPass *pass = calloc (1, sizeof *pass);
  NnArena arena = { 0 };

  if (!pass)
    return NULL;
  pass->chain = chain;
  pass->pool = pool;
  pass->n_layers = chain->n_layers;
  pass->n_heads = chain->n_heads;
  pass->max_samples = max_samples;
  pass->max_slices = 1;
  for (size_t samples = 1; samples <= max_samples && samples <= NN_SLICE * NN_MAX_SLICES; samples++)
    pass->max_slices = nn_size_larger (pass->max_slices, nn_slice_count (samples));
  pass->n_ranges = (chain->n_values + RANGE - 1) / RANGE;
  pass->stages = calloc (pass->n_layers + pass->n_heads, sizeof *pass->stages);
  pass->stops = calloc (pass->n_layers, sizeof *pass->stops);
  pass->turns = calloc (pass->n_layers, sizeof *pass->turns);
  if (!pass->stages || !pass->stops || !pass->turns)
    goto fail;
  for (size_t i = 0; i < pass->n_layers + pass->n_heads; i++)
    pass->stages[i] = nn_stage_of (&chain->links[i], i == 0); /* the input is the caller's */
  plan_body (pass);

  lay_out (pass, &arena);
  pass->memory = nn_arena_allocate (&arena);
  if (!pass->memory)
    goto fail;
  lay_out (pass, &arena);
  return pass;

fail:
  nn_pass_free (pass);
  return NULL;
}

void
nn_pass_free (NnPass *pass)
{
  if (!pass)
    return;
  free (pass->stages);
  free (pass->stops);
  free (pass->turns);
  free (pass->memory);
  free (pass);
}

/* --- one slice -------------------------------------------------------------------------------------------------- */

static float *
scratch_of (const NnPass *pass, unsigned worker)
{
  return pass->scratch + worker * pass->scratch_values;
}

static float *
gradients_of (const NnPass *pass, size_t index)
{
  return pass->slice_gradients + index * pass->chain->n_values;
}

static NnSlice
slice_at (const NnPass *pass, size_t i, size_t index)
{
  return nn_stage_slice (&pass->stages[i], pass->samples, index);
}

/* d loss / d out of a layer of the body. */
static float *
dout_at (const NnPass *pass, size_t i, const NnSlice *slice)
{
  return pass->dout[pass->turns[i]] + slice->first * pass->sample_stride;
}

static void
backward_body (const NnPass *pass, size_t i, size_t index, unsigned worker)
{
  const NnSlice slice = slice_at (pass, i, index);

  nn_stage_backward (&pass->stages[i], &slice, dout_at (pass, i, &slice),
      i > pass->lowest ? dout_at (pass, i - 1, &slice) : NULL, gradients_of (pass, index), scratch_of (pass, worker));
}

/* All heads: the slice's loss, and its gradient to the body's output. */
static void
turn_around (NnPass *pass, size_t index, unsigned worker)
{
  const NnStage *heads = pass->stages + pass->n_layers;
  const NnSlice slice = nn_stage_slice (heads, pass->samples, index); /* of one vector, as every head's */
  const size_t n = slice.samples * heads->in_values;
  float *sum = dout_at (pass, pass->n_layers - 1, &slice);
  float *dout = pass->head_dout + worker * pass->head_dout_values;
  float *din = pass->heads_only ? NULL : pass->head_din + worker * pass->head_din_values;
  double loss = 0;

  memset (sum, 0, n * sizeof *sum);
  for (size_t h = 0; h < pass->n_heads; h++) {
    const NnStage *head = &heads[h];
    const size_t units = head->out_values;

    nn_stage_forward (head, &slice, scratch_of (pass, worker));
    if (!nn_head_weigh (pass->chain->losses[h], &pass->targets[h], slice.first, slice.samples, units,
            head->out + slice.first * units, dout, &loss))
      continue;
    nn_stage_backward (head, &slice, dout, din, gradients_of (pass, index), scratch_of (pass, worker));
    for (size_t i = 0; i < n && din; i++)
      sum[i] += din[i];
  }
  pass->slice_loss[index] = loss;
}

/* --- parts, on all slices --------------------------------------------------------------------------------------- */

static size_t
part_begin (const NnPass *pass, size_t part)
{
  return part > 0 ? pass->stops[part - 1] : 0;
}

static size_t
part_end (const NnPass *pass, size_t part)
{
  return part < pass->n_stops ? pass->stops[part] : pass->n_layers;
}

static void
forward_task (void *data, size_t index, unsigned worker)
{
  NnPass *pass = data;
  const size_t end = part_end (pass, pass->part);

  for (size_t i = part_begin (pass, pass->part); i < end; i++) {
    const NnSlice slice = slice_at (pass, i, index);

    nn_stage_forward (&pass->stages[i], &slice, scratch_of (pass, worker));
  }
  if (pass->part < pass->n_stops && !pass->heads_only) {
    const NnSlice slice = slice_at (pass, end, index);

    nn_stage_forward_sums (&pass->stages[end], &slice, index);
  }
}

/* Begins above the part with the layer that the last one stopped at. */
static void
backward_task (void *data, size_t index, unsigned worker)
{
  NnPass *pass = data;
  const size_t begin = part_begin (pass, pass->part), end = part_end (pass, pass->part);
  const bool stops = pass->part > 0;

  for (size_t i = end + (pass->part < pass->n_stops); i > begin + stops && i > pass->lowest; i--)
    backward_body (pass, i - 1, index, worker);
  if (stops && begin >= pass->lowest) {
    const NnSlice slice = slice_at (pass, begin, index);

    nn_stage_backward_sums (&pass->stages[begin], &slice, index, dout_at (pass, begin, &slice));
  }
}

static void
first_task (void *data, size_t index, unsigned worker)
{
  const NnPass *pass = data;

  memset (gradients_of (pass, index), 0, pass->chain->n_values * sizeof (float));
  forward_task (data, index, worker);
}

/* The last part: forward, heads, backward.  If it is the only one, it is the first part as well. */
static void
last_task (void *data, size_t index, unsigned worker)
{
  if (((const NnPass *) data)->part == 0)
    first_task (data, index, worker);
  else
    forward_task (data, index, worker);
  turn_around (data, index, worker);
  if (!((const NnPass *) data)->heads_only)
    backward_task (data, index, worker);
}

static void
prepare_task (void *data, size_t index, unsigned worker)
{
  NnLayer *layer = &((NnPass *) data)->chain->links[index].layer;
  const NnLayerTraining *training = layer->spec.class->training;

  (void) worker;
  if (training->prepare)
    training->prepare (layer); /* has allocated all it needs */
}

/* The totals' gradients plus each slice's, in their order. */
static void
sum_task (void *data, size_t index, unsigned worker)
{
  NnPass *pass = data;
  const size_t first = index * RANGE, left = pass->chain->n_values - first, n = left < RANGE ? left : RANGE;
  float *restrict sum = pass->chain->gradients + first;
  double squares = 0;

  (void) worker;
  for (size_t s = 0; s < pass->n_slices; s++) {
    const float *restrict gradients = gradients_of (pass, s) + first;

    for (size_t i = 0; i < n; i++)
      sum[i] += gradients[i];
  }
  for (size_t i = 0; i < n; i++)
    squares += (double) sum[i] * (double) sum[i];
  pass->squares[index] = squares;
}

/* --- a batch ---------------------------------------------------------------------------------------------------- */

static void
begin_batch (NnPass *pass, const float *input, size_t samples, size_t frames, const NnTarget *targets, uint64_t seed,
    bool heads_only)
{
  const float *in = input;
  size_t items = frames;

  assert (samples >= 1 && samples <= pass->max_samples && frames >= 1 && frames <= pass->chain->max_frames);

  pass->targets = targets;
  pass->samples = samples;
  pass->n_slices = nn_slice_count (samples);
  pass->heads_only = heads_only;
  for (size_t i = 0; i < pass->n_layers + pass->n_heads; i++) {
    NnStage *stage = &pass->stages[i];
    const bool body = i < pass->n_layers;
    const size_t after = nn_stage_begin (stage, in, items, heads_only && body, nn_random_mix (seed, i));

    assert (after > 0);
    if (body) {
      in = stage->out;
      items = after;
    }
  }
  memset (pass->chain->gradients, 0, pass->chain->n_values * sizeof *pass->chain->gradients);
}

NnPassReport
nn_pass_run (NnPass *pass, const float *input, size_t samples, size_t frames, const NnTarget *targets, uint64_t seed,
    bool heads_only)
{
  NnPassReport report = { 0 };
  double squares = 0;

  begin_batch (pass, input, samples, frames, targets, seed, heads_only);
  nn_pool_run (pass->pool, pass->n_layers + pass->n_heads, prepare_task, pass);

  for (pass->part = 0; pass->part < pass->n_stops; pass->part++) {
    nn_pool_run (pass->pool, pass->n_slices, pass->part == 0 ? first_task : forward_task, pass);
    nn_stage_forward_total (&pass->stages[pass->stops[pass->part]], samples);
  }
  nn_pool_run (pass->pool, pass->n_slices, last_task, pass);
  while (pass->part > 0 && !heads_only) {
    const size_t stop = pass->stops[--pass->part];

    if (stop < pass->lowest)
      break;
    nn_stage_backward_total (&pass->stages[stop], samples, pass->chain->gradients);
    nn_pool_run (pass->pool, pass->n_slices, backward_task, pass);
  }

  nn_pool_run (pass->pool, pass->n_ranges, sum_task, pass);
  for (size_t s = 0; s < pass->n_slices; s++)
    report.loss += pass->slice_loss[s];
  for (size_t i = 0; i < pass->n_ranges; i++)
    squares += pass->squares[i];
  report.gradient_norm = sqrt (squares);
  return report;
}
