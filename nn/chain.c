/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/chain.c - a batch goes through the body in *parts*: layer after layer of one slice on one thread, up to a layer
 * that needs sums over all slices (batch_norm).  There all slices meet, and the next part begins.  The last part turns
 * around at the heads, and on the way back the parts end at the same layers.
 *
 * A batch is cut into slices by its size alone.  Each has gradients of its own; they are summed in the slices' order.
 */
#include "nn/chain.h"

#include "nn/gemm.h"
#include "nn/initializer.h"
#include "nn/layers.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "nn/training.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
  SLICE = 4,       /* samples: what a thread works on at once; 1 to 8 cost the same within 4 % */
  MAX_SLICES = 16, /* each has gradients of its own; larger batches have larger slices */
  RANGE = 8192,    /* parameters whose gradients are summed at once */
  ALIGNMENT = 64,  /* bytes */
};

typedef struct Link
{
  NnLayer layer;
  size_t n_sums;
  bool copies;   /* in place, but on a copy: the first layer, as the input is the caller's */
  unsigned turn; /* which of the two gradient buffers holds d loss / d out */
  size_t offset[NN_MAX_TENSORS];

  float *out;         /* [max_samples][..]; that of the layer before where in place */
  float *cache;       /* [max_samples][..] */
  double *slice_sums; /* [MAX_SLICES][n_sums] */
  double *sums;       /* [n_sums] */

  size_t items;                               /* that come in, in the present batch */
  size_t in_values, out_values, cache_values; /* of one sample */
  uint64_t seed;
} Link;

struct NnChain
{
  size_t n_layers, n_heads;
  size_t bands, max_frames, max_samples;
  size_t max_slices; /* of a batch of max_samples */
  size_t n_tensors;
  size_t n_values;      /* of all tensors */
  size_t n_ranges;      /* of n_values */
  size_t sample_stride; /* of the gradient buffers: the most values between two layers */
  size_t n_stops;       /* layers with sums */
  size_t lowest;        /* first layer with parameters; nothing goes back beyond */
  NnPool *pool;
  NnLoss *losses; /* [n_heads] */
  size_t *stops;  /* [n_stops] */

  void *memory;               /* all that follows */
  float *weights, *gradients; /* [n_values] */
  float *slice_gradients;     /* [max_slices][n_values] */
  float *dout[2];             /* [max_samples][sample_stride] */
  float *scratch;             /* [threads][scratch_values] */
  size_t scratch_values;
  float *head_dout; /* [threads][slice][most units of a head] */
  float *head_din;  /* [threads][slice][values of the body's output] */
  size_t head_dout_values, head_din_values;
  double *squares; /* [n_ranges] */
  double slice_loss[MAX_SLICES];

  const float *input; /* of the present batch, as all that follows */
  const NnTarget *targets;
  size_t samples, frames;
  size_t n_slices;
  bool heads_only;
  size_t part;

  Link links[]; /* [n_layers] the body, [n_heads] */
};

/* --- sizes ----------------------------------------------------------------------------------------------------- */

static size_t
larger (size_t a, size_t b)
{
  return a > b ? a : b;
}

/* Samples of the largest slice. */
static size_t
slice_of (size_t samples)
{
  return larger (SLICE, (samples + MAX_SLICES - 1) / MAX_SLICES);
}

static size_t
slices_of (size_t samples)
{
  return (samples + slice_of (samples) - 1) / slice_of (samples);
}

static size_t
items_out (const NnLayer *layer, size_t items)
{
  return layer->spec.class->items_out ? layer->spec.class->items_out (layer, items) : items;
}

static size_t
cache_values (const Link *link, size_t items)
{
  const NnLayerTraining *training = link->layer.spec.class->training;

  return training->cache_values ? training->cache_values (&link->layer, items) : 0;
}

/* One block of memory, handed out piece by piece: once to count, with no base, and once to use. */
typedef struct Arena
{
  unsigned char *base; /* aligned; NULL: only count */
  size_t used;         /* bytes; SIZE_MAX: too many */
} Arena;

static void *
take (Arena *arena, size_t n, size_t size)
{
  const size_t at = arena->used;

  if (at > SIZE_MAX / 4 || (n > 0 && size > SIZE_MAX / 4 / n)) {
    arena->used = SIZE_MAX;
    return NULL;
  }
  arena->used = (at + n * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  return arena->base ? arena->base + at : NULL;
}

/* a * b, or what take() refuses. */
static size_t
product (size_t a, size_t b)
{
  return b > 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

static void
lay_out_link (NnChain *chain, Link *link, size_t index, Arena *arena)
{
  const NnLayer *layer = &link->layer;
  const NnLayerTraining *training = layer->spec.class->training;
  const size_t slice = slice_of (chain->max_samples);
  const size_t out = product (layer->out.items, nn_shape_item (&layer->out));
  const NnSlice largest = { .samples = slice, .items = layer->in.items };

  if (training->in_place && !link->copies)
    link->out = chain->links[index - 1].out;
  else
    link->out = take (arena, product (chain->max_samples, out), sizeof (float));
  link->cache = take (arena, product (chain->max_samples, cache_values (link, layer->in.items)), sizeof (float));
  link->slice_sums = take (arena, product (MAX_SLICES, link->n_sums), sizeof (double));
  link->sums = take (arena, link->n_sums, sizeof (double));

  if (index < chain->n_layers)
    chain->sample_stride = larger (chain->sample_stride, out);
  if (training->scratch_values)
    chain->scratch_values = larger (chain->scratch_values, training->scratch_values (layer, &largest));
}

/* Sizes follow from the largest batch of the longest samples: no layer needs more for less. */
static void
lay_out (NnChain *chain, Arena *arena)
{
  const size_t slice = slice_of (chain->max_samples), threads = nn_pool_threads (chain->pool);
  const NnShape *body = &chain->links[chain->n_layers - 1].layer.out;

  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++)
    lay_out_link (chain, &chain->links[i], i, arena);
  chain->head_din_values = product (slice, nn_shape_item (body));
  for (size_t h = 0; h < chain->n_heads; h++)
    chain->head_dout_values = larger (chain->head_dout_values,
        product (slice, chain->links[chain->n_layers + h].layer.out.values));

  chain->weights = take (arena, chain->n_values, sizeof (float));
  chain->gradients = take (arena, chain->n_values, sizeof (float));
  chain->slice_gradients = take (arena, product (chain->max_slices, chain->n_values), sizeof (float));
  for (int i = 0; i < 2; i++)
    chain->dout[i] = take (arena, product (chain->max_samples, chain->sample_stride), sizeof (float));
  chain->scratch = take (arena, product (threads, chain->scratch_values), sizeof (float));
  chain->head_dout = take (arena, product (threads, chain->head_dout_values), sizeof (float));
  chain->head_din = take (arena, product (threads, chain->head_din_values), sizeof (float));
  chain->squares = take (arena, chain->n_ranges, sizeof (double));
}

static bool
allocate (NnChain *chain)
{
  Arena arena = { 0 };

  lay_out (chain, &arena);
  if (arena.used == SIZE_MAX || !(chain->memory = calloc (1, arena.used + ALIGNMENT)))
    return false;
  arena = (Arena){ .base = (unsigned char *) chain->memory + (-(uintptr_t) chain->memory) % ALIGNMENT };
  lay_out (chain, &arena);

  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++)
    for (unsigned t = 0; t < chain->links[i].layer.n_tensors; t++)
      chain->links[i].layer.tensors[t].values = chain->weights + chain->links[i].offset[t];
  return true;
}

/* --- construction ---------------------------------------------------------------------------------------------- */

/* The network of the body and one head. */
static NnStatus
check_network (const NnLayerSpec *specs, size_t n_layers, const NnLayerSpec *head, size_t bands, size_t min_frames,
    size_t max_frames, NnIssue *issue)
{
  NnLayerSpec *all = calloc (n_layers + 1, sizeof *all);
  NnNetwork *network = NULL;
  NnStatus status = NN_NO_MEMORY;

  if (!all)
    return NN_NO_MEMORY;
  memcpy (all, specs, n_layers * sizeof *all);
  all[n_layers] = *head;
  status = nn_network_new (all, n_layers + 1, bands, min_frames, max_frames, &network, issue);
  if (status == NN_OK && nn_network_output (network).rank != 1) {
    issue->layer = n_layers;
    snprintf (issue->text, sizeof issue->text, "a head needs a vector, but a sequence comes in");
    status = NN_BAD_SHAPE;
  }
  nn_network_free (network);
  free (all);
  return status;
}

static NnStatus
check (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnLayerSpec *head, NnIssue *issue)
{
  for (size_t i = 0; i < n_layers; i++)
    if (!specs[i].class->training) {
      issue->layer = i;
      snprintf (issue->text, sizeof issue->text, "a layer of type %s cannot be trained", specs[i].class->type);
      return NN_BAD_LAYER;
    }
  return check_network (specs, n_layers, head, bands, min_frames, max_frames, issue);
}

static NnLayerSpec
head_spec (const NnHead *head)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_dense_class);

  memcpy (spec.name, head->name, sizeof spec.name);
  spec.units = head->units > NN_MAX_UNITS ? NN_MAX_UNITS + 1 : (unsigned) head->units; /* which is refused */
  return spec;
}

/* The next link; check() found that nothing is wrong with it. */
static void
add_link (NnChain *chain, Link *link, const NnLayerSpec *spec, NnShape in)
{
  const NnLayerTraining *training = spec->class->training;
  NnLayer *layer = &link->layer;
  NnIssue issue;

  layer->spec = *spec;
  layer->gemm = nn_gemm_best ();
  layer->in = in;

  const NnStatus status = spec->class->configure (layer, &issue);

  assert (status == NN_OK);
  (void) status;
  layer->out.items = items_out (layer, in.items);
  if (layer->push_values == 0)
    layer->push_values = nn_shape_item (&layer->out);
  link->n_sums = training->n_sums ? training->n_sums (layer) : 0;

  for (unsigned t = 0; t < layer->n_tensors; t++) {
    const size_t aligned = ALIGNMENT / sizeof (float);

    link->offset[t] = chain->n_values;
    chain->n_values += (nn_tensor_size (&layer->tensors[t]) + aligned - 1) / aligned * aligned;
    chain->n_tensors++;
  }
}

static bool
add_body (NnChain *chain, const NnLayerSpec *specs)
{
  NnShape shape = { .rank = 3, .items = chain->max_frames, .rows = chain->bands, .values = 1 };

  chain->stops = calloc (chain->n_layers, sizeof *chain->stops);
  if (!chain->stops)
    return false;
  for (size_t i = 0; i < chain->n_layers; i++) {
    Link *link = &chain->links[i];

    add_link (chain, link, &specs[i], shape);
    link->copies = i == 0 && specs[i].class->training->in_place;
    if (link->n_sums > 0)
      chain->stops[chain->n_stops++] = i;
    if (chain->n_tensors == 0)
      chain->lowest = i + 1;
    shape = link->layer.out;
  }
  /* The gradient of the body's output is in buffer 0; each layer that is not in place takes the other. */
  for (size_t i = chain->n_layers - 1; i > 0; i--)
    chain->links[i - 1].turn = chain->links[i].turn ^ !specs[i].class->training->in_place;
  return true;
}

/* So that later calls allocate nothing. */
static NnStatus
prepare_all (NnChain *chain)
{
  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++) {
    NnLayer *layer = &chain->links[i].layer;
    const NnLayerTraining *training = layer->spec.class->training;
    const NnStatus status = training->prepare ? training->prepare (layer) : NN_OK;

    if (status != NN_OK)
      return status;
  }
  return NN_OK;
}

NnStatus
nn_chain_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, size_t max_samples, NnPool *pool, NnChain **ret_chain, NnIssue *reterr_issue)
{
  assert (n_layers > 0 && n_heads > 0 && max_samples > 0);

  NnIssue issue = { 0 };
  NnStatus status = NN_OK;

  for (size_t h = 0; h < n_heads && status == NN_OK; h++) {
    const NnLayerSpec spec = head_spec (&heads[h]);

    status = check (specs, n_layers, bands, min_frames, max_frames, &spec, &issue);
    if (issue.layer == n_layers)
      issue.layer += h;
  }
  if (status == NN_BAD_LAYER || status == NN_BAD_SHAPE)
    *reterr_issue = issue;
  if (status != NN_OK)
    return status;

  NnChain *chain = calloc (1, sizeof *chain + (n_layers + n_heads) * sizeof *chain->links);

  if (!chain)
    return NN_NO_MEMORY;
  chain->n_layers = n_layers;
  chain->n_heads = n_heads;
  chain->bands = bands;
  chain->max_frames = max_frames;
  chain->max_samples = max_samples;
  chain->max_slices = 1;
  for (size_t samples = 1; samples <= max_samples && samples <= SLICE * MAX_SLICES; samples++)
    chain->max_slices = larger (chain->max_slices, slices_of (samples));
  chain->pool = pool;
  chain->losses = calloc (n_heads, sizeof *chain->losses);
  if (!chain->losses || !add_body (chain, specs))
    goto fail;
  for (size_t h = 0; h < n_heads; h++) {
    const NnLayerSpec spec = head_spec (&heads[h]);

    add_link (chain, &chain->links[n_layers + h], &spec, chain->links[n_layers - 1].layer.out);
    chain->losses[h] = heads[h].loss;
  }
  chain->n_ranges = (chain->n_values + RANGE - 1) / RANGE;
  if (!allocate (chain) || prepare_all (chain) != NN_OK)
    goto fail;
  *ret_chain = chain;
  return NN_OK;

fail:
  nn_chain_free (chain);
  return NN_NO_MEMORY;
}

void
nn_chain_free (NnChain *chain)
{
  if (!chain)
    return;
  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++) {
    NnLayer *layer = &chain->links[i].layer;

    for (unsigned t = 0; t < layer->n_tensors; t++)
      layer->tensors[t].values = NULL; /* are ours */
    nn_layer_clear (layer);
  }
  free (chain->losses);
  free (chain->stops);
  free (chain->memory);
  free (chain);
}

/* --- questions ------------------------------------------------------------------------------------------------- */

size_t
nn_chain_n_values (const NnChain *chain)
{
  return chain->n_values;
}

float *
nn_chain_weights (NnChain *chain)
{
  return chain->weights;
}

float *
nn_chain_gradients (NnChain *chain)
{
  return chain->gradients;
}

size_t
nn_chain_n_tensors (const NnChain *chain)
{
  return chain->n_tensors;
}

/* The link of a tensor, and its index there. */
static const Link *
find_tensor (const NnChain *chain, size_t index, unsigned *ret_tensor)
{
  const Link *link = chain->links;

  for (; index >= link->layer.n_tensors; link++)
    index -= link->layer.n_tensors;
  *ret_tensor = (unsigned) index;
  return link;
}

const NnTensor *
nn_chain_tensor (const NnChain *chain, size_t index)
{
  unsigned tensor;
  const Link *link = find_tensor (chain, index, &tensor);

  return &link->layer.tensors[tensor];
}

size_t
nn_chain_offset (const NnChain *chain, size_t index)
{
  unsigned tensor;
  const Link *link = find_tensor (chain, index, &tensor);

  return link->offset[tensor];
}

const NnLayerSpec *
nn_chain_body_spec (const NnChain *chain, size_t index)
{
  return &chain->links[index].layer.spec;
}

const NnLayerSpec *
nn_chain_head_spec (const NnChain *chain, size_t index)
{
  return &chain->links[chain->n_layers + index].layer.spec;
}

/* Two numbers to one that depends on all their bits. */
static uint64_t
mix (uint64_t seed, uint64_t index)
{
  uint64_t state = seed;

  state = nn_random_next (&state) ^ index;
  return nn_random_next (&state);
}

void
nn_chain_initialize (NnChain *chain, uint64_t seed)
{
  size_t index = 0;

  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++)
    for (unsigned t = 0; t < chain->links[i].layer.n_tensors; t++)
      nn_initialize (&chain->links[i].layer, t, mix (seed, index++));
}

/* --- one slice ------------------------------------------------------------------------------------------------- */

static NnSlice
slice_at (const NnChain *chain, const Link *link, size_t index)
{
  const size_t most = slice_of (chain->samples), first = index * most, left = chain->samples - first;

  return (NnSlice){
    .samples = left < most ? left : most,
    .first = first,
    .items = link->items,
    .fixed = chain->heads_only && link < chain->links + chain->n_layers,
    .seed = link->seed,
  };
}

/* What comes into layer i of the body, or a head, for that sample. */
static const float *
input_at (const NnChain *chain, size_t i, size_t sample)
{
  const Link *link = &chain->links[i];

  if (i >= chain->n_layers)
    i = chain->n_layers;
  return i == 0 ? chain->input + sample * link->in_values : chain->links[i - 1].out + sample * link->in_values;
}

static float *
scratch_of (const NnChain *chain, unsigned worker)
{
  return chain->scratch + worker * chain->scratch_values;
}

static void
forward (const NnChain *chain, size_t i, size_t index, unsigned worker)
{
  const Link *link = &chain->links[i];
  const NnLayerTraining *training = link->layer.spec.class->training;
  const NnSlice slice = slice_at (chain, link, index);
  const float *in = input_at (chain, i, slice.first);
  float *out = link->out + slice.first * link->out_values;

  if (link->copies)
    memcpy (out, in, slice.samples * link->in_values * sizeof *out);
  training->forward (&link->layer, &slice, training->in_place ? out : in, out,
      link->cache + slice.first * link->cache_values, scratch_of (chain, worker));
}

/* dout to din, NULL if nobody wants it, and the slice's gradients. */
static void
backward (const NnChain *chain, size_t i, size_t index, const float *dout, float *din, unsigned worker)
{
  const Link *link = &chain->links[i];
  const NnLayerTraining *training = link->layer.spec.class->training;
  const NnSlice slice = slice_at (chain, link, index);
  const float *out = link->out + slice.first * link->out_values;
  float *gradients[NN_MAX_TENSORS];

  for (unsigned t = 0; t < link->layer.n_tensors; t++)
    gradients[t] = chain->slice_gradients + index * chain->n_values + link->offset[t];
  training->backward (&link->layer, &slice, training->in_place ? out : input_at (chain, i, slice.first), out,
      link->cache + slice.first * link->cache_values, dout, din, gradients, scratch_of (chain, worker));
}

/* d loss / d out of a layer of the body. */
static float *
dout_at (const NnChain *chain, size_t i, size_t index)
{
  return chain->dout[chain->links[i].turn] + slice_at (chain, &chain->links[i], index).first * chain->sample_stride;
}

static void
backward_body (const NnChain *chain, size_t i, size_t index, unsigned worker)
{
  backward (chain, i, index, dout_at (chain, i, index), i > chain->lowest ? dout_at (chain, i - 1, index) : NULL,
      worker);
}

/* Losses of a head's outputs, weighted, and their gradients; false if no sample has a weight. */
static bool
weigh (const NnChain *chain, size_t head, const NnSlice *slice, float *dout, double *loss)
{
  const Link *link = &chain->links[chain->n_layers + head];
  const NnTarget *target = &chain->targets[head];
  const size_t units = link->out_values;
  bool any = false;

  for (size_t k = 0; k < slice->samples; k++, dout += units) {
    const size_t sample = slice->first + k;
    const float weight = target->weights[sample];

    if (weight == 0) {
      memset (dout, 0, units * sizeof *dout);
      continue;
    }
    *loss += (double) weight
        * nn_loss (chain->losses[head], link->out + sample * units, target->values + sample * units, units, dout);
    for (size_t u = 0; u < units; u++)
      dout[u] *= weight;
    any = true;
  }
  return any;
}

/* All heads: the slice's loss, and its gradient to the body's output. */
static void
turn_around (NnChain *chain, size_t index, unsigned worker)
{
  const size_t top = chain->n_layers - 1;
  const NnSlice slice = slice_at (chain, &chain->links[top], index);
  const size_t n = slice.samples * chain->links[top].out_values;
  float *sum = dout_at (chain, top, index);
  float *dout = chain->head_dout + worker * chain->head_dout_values;
  float *din = chain->head_din + worker * chain->head_din_values;
  double loss = 0;

  memset (sum, 0, n * sizeof *sum);
  for (size_t h = 0; h < chain->n_heads; h++) {
    forward (chain, chain->n_layers + h, index, worker);
    if (!weigh (chain, h, &slice, dout, &loss))
      continue;
    backward (chain, chain->n_layers + h, index, dout, chain->heads_only ? NULL : din, worker);
    for (size_t i = 0; i < n && !chain->heads_only; i++)
      sum[i] += din[i];
  }
  chain->slice_loss[index] = loss;
}

/* --- parts, on all slices -------------------------------------------------------------------------------------- */

static size_t
part_begin (const NnChain *chain, size_t part)
{
  return part > 0 ? chain->stops[part - 1] : 0;
}

static size_t
part_end (const NnChain *chain, size_t part)
{
  return part < chain->n_stops ? chain->stops[part] : chain->n_layers;
}

static void
forward_task (void *data, size_t index, unsigned worker)
{
  NnChain *chain = data;
  const size_t end = part_end (chain, chain->part);

  for (size_t i = part_begin (chain, chain->part); i < end; i++)
    forward (chain, i, index, worker);
  if (chain->part < chain->n_stops && !chain->heads_only) {
    const Link *stop = &chain->links[end];
    const NnSlice slice = slice_at (chain, stop, index);

    stop->layer.spec.class->training->forward_sums (&stop->layer, &slice, input_at (chain, end, slice.first),
        stop->slice_sums + index * stop->n_sums);
  }
}

/* Begins above the part with the layer that the last one stopped at. */
static void
backward_task (void *data, size_t index, unsigned worker)
{
  NnChain *chain = data;
  const size_t begin = part_begin (chain, chain->part), end = part_end (chain, chain->part);
  const bool stops = chain->part > 0;

  for (size_t i = end + (chain->part < chain->n_stops); i > begin + stops && i > chain->lowest; i--)
    backward_body (chain, i - 1, index, worker);
  if (stops && begin >= chain->lowest) {
    const Link *stop = &chain->links[begin];
    const NnSlice slice = slice_at (chain, stop, index);

    stop->layer.spec.class->training->backward_sums (&stop->layer, &slice, input_at (chain, begin, slice.first),
        dout_at (chain, begin, index), stop->slice_sums + index * stop->n_sums);
  }
}

static void
first_task (void *data, size_t index, unsigned worker)
{
  NnChain *chain = data;

  memset (chain->slice_gradients + index * chain->n_values, 0, chain->n_values * sizeof (float));
  forward_task (data, index, worker);
}

/* The last part, there and back; the first as well where it is the only one. */
static void
last_task (void *data, size_t index, unsigned worker)
{
  if (((const NnChain *) data)->part == 0)
    first_task (data, index, worker);
  else
    forward_task (data, index, worker);
  turn_around (data, index, worker);
  if (!((const NnChain *) data)->heads_only)
    backward_task (data, index, worker);
}

static void
add_slice_sums (const NnChain *chain, Link *stop)
{
  memset (stop->sums, 0, stop->n_sums * sizeof *stop->sums);
  for (size_t s = 0; s < chain->n_slices; s++)
    for (size_t i = 0; i < stop->n_sums; i++)
      stop->sums[i] += stop->slice_sums[s * stop->n_sums + i];
}

static void
forward_total (const NnChain *chain, Link *stop)
{
  if (chain->heads_only) {
    stop->layer.spec.class->training->forward_fixed (&stop->layer);
    return;
  }
  add_slice_sums (chain, stop);
  stop->layer.spec.class->training->forward_total (&stop->layer, chain->samples * stop->items, stop->sums);
}

static void
backward_total (NnChain *chain, Link *stop)
{
  float *gradients[NN_MAX_TENSORS];

  for (unsigned t = 0; t < stop->layer.n_tensors; t++)
    gradients[t] = chain->gradients + stop->offset[t];
  add_slice_sums (chain, stop);
  stop->layer.spec.class->training->backward_total (&stop->layer, chain->samples * stop->items, stop->sums, gradients);
}

static void
prepare_task (void *data, size_t index, unsigned worker)
{
  NnLayer *layer = &((NnChain *) data)->links[index].layer;
  const NnLayerTraining *training = layer->spec.class->training;

  (void) worker;
  if (training->prepare)
    training->prepare (layer); /* has allocated all it needs */
}

/* The totals' gradients plus each slice's, in their order. */
static void
sum_task (void *data, size_t index, unsigned worker)
{
  NnChain *chain = data;
  const size_t first = index * RANGE, left = chain->n_values - first, n = left < RANGE ? left : RANGE;
  float *restrict sum = chain->gradients + first;
  double squares = 0;

  (void) worker;
  for (size_t s = 0; s < chain->n_slices; s++) {
    const float *restrict gradients = chain->slice_gradients + s * chain->n_values + first;

    for (size_t i = 0; i < n; i++)
      sum[i] += gradients[i];
  }
  for (size_t i = 0; i < n; i++)
    squares += (double) sum[i] * (double) sum[i];
  chain->squares[index] = squares;
}

/* --- a batch --------------------------------------------------------------------------------------------------- */

static void
begin_batch (NnChain *chain, const float *input, size_t samples, size_t frames, const NnTarget *targets, uint64_t seed)
{
  size_t items = frames;

  assert (samples >= 1 && samples <= chain->max_samples && frames >= 1 && frames <= chain->max_frames);

  chain->input = input;
  chain->targets = targets;
  chain->samples = samples;
  chain->frames = frames;
  chain->n_slices = slices_of (samples);
  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++) {
    Link *link = &chain->links[i];
    const size_t after = items_out (&link->layer, items);

    assert (after > 0);
    link->items = items;
    link->in_values = items * nn_shape_item (&link->layer.in);
    link->out_values = after * nn_shape_item (&link->layer.out);
    link->cache_values = cache_values (link, items);
    link->seed = mix (seed, i);
    if (i < chain->n_layers)
      items = after;
  }
  memset (chain->gradients, 0, chain->n_values * sizeof *chain->gradients);
}

NnChainReport
nn_chain_run (NnChain *chain, const float *input, size_t samples, size_t frames, const NnTarget *targets, uint64_t seed,
    bool heads_only)
{
  NnChainReport report = { 0 };
  double squares = 0;

  begin_batch (chain, input, samples, frames, targets, seed);
  chain->heads_only = heads_only;
  nn_pool_run (chain->pool, chain->n_layers + chain->n_heads, prepare_task, chain);

  for (chain->part = 0; chain->part < chain->n_stops; chain->part++) {
    nn_pool_run (chain->pool, chain->n_slices, chain->part == 0 ? first_task : forward_task, chain);
    forward_total (chain, &chain->links[chain->stops[chain->part]]);
  }
  nn_pool_run (chain->pool, chain->n_slices, last_task, chain);
  while (chain->part > 0 && !heads_only) {
    const size_t stop = chain->stops[--chain->part];

    if (stop < chain->lowest)
      break;
    backward_total (chain, &chain->links[stop]);
    nn_pool_run (chain->pool, chain->n_slices, backward_task, chain);
  }

  nn_pool_run (chain->pool, chain->n_ranges, sum_task, chain);
  for (size_t s = 0; s < chain->n_slices; s++)
    report.loss += chain->slice_loss[s];
  for (size_t i = 0; i < chain->n_ranges; i++)
    squares += chain->squares[i];
  report.gradient_norm = sqrt (squares);
  return report;
}
