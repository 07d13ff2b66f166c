/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/network.h"

#include "nn/gemm.h"
#include "nn/layers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The layers fall into two parts.  The first `n_trunk` work item by item from the input on: their results may be
 * shared between windows.  The head, from `head_first` on, starts with the forward() of the last of them, if it has
 * one, and needs all items of a window. */
struct NnNetwork
{
  size_t n_layers;
  size_t bands;
  size_t n_trunk;
  size_t head_first;
  size_t column_values; /* of an item behind the trunk */
  NnLayer layers[];
};

struct NnRun
{
  const NnNetwork *network;
  size_t max_frames;
  size_t capacity; /* columns that fit */

  void **states;     /* [n_trunk] -> [state_bytes], NULL where none */
  float **items;     /* [n_trunk] -> [push_values]; NULL where in place */
  float *input;      /* [bands] */
  float *zeros;      /* [widest input of a layer that pads time] */
  float *columns;    /* [capacity][column_values] */
  float *buffers[2]; /* the head's, alternating */
  float *scratch;    /* of any forward() */

  uint64_t first_column; /* index of columns[0] since the reset */
  size_t n_columns;
};

/* --- shapes ---------------------------------------------------------------------------------------------------- */

static size_t
items_out (const NnLayer *layer, size_t items)
{
  return layer->spec.class->items_out ? layer->spec.class->items_out (layer, items) : items;
}

/* Items behind the first n layers, 0 if one of them leaves none. */
static size_t
items_after (const NnNetwork *network, size_t n, size_t frames)
{
  for (size_t i = 0; i < n && frames > 0; i++)
    frames = items_out (&network->layers[i], frames);
  return frames;
}

/* Items behind the trunk: what its last layer's forward() does to their number comes later. */
static size_t
columns_of (const NnNetwork *network, size_t frames)
{
  return items_after (network, network->head_first, frames);
}

bool
nn_network_accepts (const NnNetwork *network, size_t frames)
{
  return items_after (network, network->n_layers, frames) > 0;
}

/* --- sizes ----------------------------------------------------------------------------------------------------- */

static size_t
larger (size_t a, size_t b)
{
  return a > b ? a : b;
}

/* total += a * b; false, and total as it was, if that exceeds the limit. */
static bool
add_product (size_t *total, size_t a, size_t b, size_t limit)
{
  if (*total > limit || (b > 0 && a > (limit - *total) / b))
    return false;
  *total += a * b;
  return true;
}

/* The parameters of a layer as the kernels keep them: rows padded to the widest panel of any, so that a model that
 * loads on one machine loads on all. */
static bool
add_parameters (size_t *total, const NnLayer *layer)
{
  for (unsigned t = 0; t < layer->n_tensors; t++) {
    const NnTensor *tensor = &layer->tensors[t];
    size_t rows = 1;

    for (unsigned i = 0; i + 1 < tensor->rank; i++) {
      size_t product = 0;

      if (!add_product (&product, rows, tensor->dim[i], NN_MAX_PARAMETERS))
        return false;
      rows = product;
    }
    if (!add_product (total, rows, (tensor->dim[tensor->rank - 1] + 15) / 16 * 16, NN_MAX_PARAMETERS))
      return false;
  }
  return true;
}

/* What a run for windows of so many frames needs. */
typedef struct Plan
{
  size_t capacity; /* columns: twice a window's, so that old ones move away only once in a while, and two under way */
  size_t buffer;   /* the widest array between two layers of the head */
  size_t scratch;  /* of any forward() */
} Plan;

static bool
plan_trunk (const NnNetwork *network, size_t *total)
{
  size_t widest = network->bands;

  for (size_t i = 0; i < network->n_trunk; i++) {
    const NnLayer *layer = &network->layers[i];

    if (layer->zeros_after > 0)
      widest = larger (widest, nn_shape_item (&layer->in));
    if (!add_product (total, layer->state_bytes / sizeof (float) + 1, 1, NN_MAX_RUN_VALUES)
        || !add_product (total, layer->push_values, 1, NN_MAX_RUN_VALUES))
      return false;
  }
  return add_product (total, widest, 2, NN_MAX_RUN_VALUES);
}

/* False if all together exceeds NN_MAX_RUN_VALUES. */
static bool
plan_run (const NnNetwork *network, size_t frames, Plan *ret_plan)
{
  Plan plan = { .capacity = 2 * columns_of (network, frames) + 2, .scratch = 1 };
  size_t total = 0, items = columns_of (network, frames);

  if (frames > NN_MAX_RUN_VALUES || !plan_trunk (network, &total)
      || !add_product (&total, plan.capacity, network->column_values, NN_MAX_RUN_VALUES))
    return false;
  plan.buffer = items * network->column_values;
  for (size_t i = network->head_first; i < network->n_layers; i++) {
    const NnLayer *layer = &network->layers[i];
    const NnLayerClass *class = layer->spec.class;
    size_t pushed = 0, out = 0;

    if (!add_product (&pushed, items, layer->push_values, NN_MAX_RUN_VALUES))
      return false;
    items = items_out (layer, items);
    if (!add_product (&out, items, nn_shape_item (&layer->out), NN_MAX_RUN_VALUES))
      return false;
    plan.buffer = larger (plan.buffer, larger (pushed, out));
    if (class->scratch_values)
      plan.scratch = larger (plan.scratch, class->scratch_values (layer));
  }
  if (!add_product (&total, plan.buffer, 2, NN_MAX_RUN_VALUES)
      || !add_product (&total, plan.scratch, 1, NN_MAX_RUN_VALUES))
    return false;
  *ret_plan = plan;
  return true;
}

/* --- construction ---------------------------------------------------------------------------------------------- */

static NnStatus
configure_layer (NnLayer *layer, NnShape in, size_t min_items, NnIssue *issue)
{
  layer->in = in;

  const NnStatus status = layer->spec.class->configure (layer, issue);

  if (status != NN_OK)
    return status;
  layer->out.items = items_out (layer, in.items);
  if (layer->spec.class->fixed_items && min_items != in.items) {
    snprintf (issue->text, sizeof issue->text, "needs windows of one length, but %zu to %zu columns come in", min_items,
        in.items);
    return NN_BAD_SHAPE;
  }
  if (layer->out.items == 0 || items_out (layer, min_items) == 0) {
    snprintf (issue->text, sizeof issue->text, "nothing is left of %zu columns", min_items);
    return NN_BAD_SHAPE;
  }
  /* What one item may hold bounds every product of sizes below. */
  if (layer->out.rows > NN_MAX_ITEM / layer->out.values) {
    snprintf (issue->text, sizeof issue->text, "an output of %zu x %zu values a column exceeds %d", layer->out.rows,
        layer->out.values, NN_MAX_ITEM);
    return NN_BAD_SHAPE;
  }
  if (layer->push_values == 0)
    layer->push_values = nn_shape_item (&layer->out);
  return NN_OK;
}

static void
split_trunk (NnNetwork *network)
{
  size_t i = 0;

  while (i < network->n_layers && network->layers[i].spec.class->push) {
    i++;
    if (network->layers[i - 1].spec.class->forward) {
      network->head_first = i - 1;
      break;
    }
    network->head_first = i;
  }
  network->n_trunk = i;
  network->column_values = i > 0 ? network->layers[i - 1].push_values : network->bands;
}

/* All layers, each after the one before. */
static NnStatus
configure (NnNetwork *network, const NnLayerSpec *specs, size_t n_layers, size_t min_frames, size_t max_frames,
    NnIssue *issue)
{
  NnShape shape = { .rank = 3, .items = max_frames, .rows = network->bands, .values = 1 };
  size_t least = min_frames, parameters = 0;
  Plan plan;

  if (network->bands > NN_MAX_ITEM) {
    snprintf (issue->text, sizeof issue->text, "%zu bands exceed %d", network->bands, NN_MAX_ITEM);
    return NN_BAD_SHAPE;
  }
  for (size_t i = 0; i < n_layers; i++) {
    NnLayer *layer = &network->layers[i];

    layer->spec = specs[i];
    layer->gemm = nn_gemm_best ();
    network->n_layers = i + 1;
    issue->layer = i;

    const NnStatus status = configure_layer (layer, shape, least, issue);

    if (status != NN_OK)
      return status;
    if (!add_parameters (&parameters, layer)) {
      snprintf (issue->text, sizeof issue->text, "more than %d parameters up to here", NN_MAX_PARAMETERS);
      return NN_BAD_SHAPE;
    }
    shape = layer->out;
    least = items_out (layer, least);
  }

  split_trunk (network);
  if (!plan_run (network, max_frames, &plan)) {
    snprintf (issue->text, sizeof issue->text, "%zu frames need more than %d values of memory", max_frames,
        NN_MAX_RUN_VALUES);
    return NN_BAD_SHAPE;
  }
  return NN_OK;
}

static bool
allocate_tensors (NnNetwork *network)
{
  for (size_t i = 0; i < network->n_layers; i++) {
    NnLayer *layer = &network->layers[i];

    for (unsigned t = 0; t < layer->n_tensors; t++) {
      layer->tensors[t].values = calloc (nn_tensor_size (&layer->tensors[t]), sizeof (float));
      if (!layer->tensors[t].values)
        return false;
    }
  }
  return true;
}

NnStatus
nn_network_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    NnNetwork **ret_network, NnIssue *reterr_issue)
{
  assert (n_layers > 0 && bands > 0 && min_frames > 0 && min_frames <= max_frames);

  NnNetwork *network = calloc (1, sizeof *network + n_layers * sizeof *network->layers);
  NnIssue issue = { 0 };
  NnStatus status = NN_NO_MEMORY;

  if (!network)
    return NN_NO_MEMORY;

  network->bands = bands;
  status = configure (network, specs, n_layers, min_frames, max_frames, &issue);
  if (status != NN_OK)
    goto fail;
  if (!allocate_tensors (network)) {
    status = NN_NO_MEMORY;
    goto fail;
  }
  *ret_network = network;
  return NN_OK;

fail:
  if (status != NN_NO_MEMORY)
    *reterr_issue = issue;
  nn_network_free (network);
  return status;
}

void
nn_network_free (NnNetwork *network)
{
  if (!network)
    return;
  for (size_t i = 0; i < network->n_layers; i++)
    nn_layer_clear (&network->layers[i]);
  free (network);
}

NnStatus
nn_network_prepare (NnNetwork *network)
{
  for (size_t i = 0; i < network->n_layers; i++) {
    NnLayer *layer = &network->layers[i];

    if (layer->absorbed || !layer->spec.class->prepare)
      continue;

    const NnStatus status = layer->spec.class->prepare (layer, layer + 1, network->n_layers - i - 1);

    if (status != NN_OK)
      return status;
  }
  return NN_OK;
}

/* --- questions ------------------------------------------------------------------------------------------------- */

size_t
nn_network_n_tensors (const NnNetwork *network)
{
  size_t n = 0;

  for (size_t i = 0; i < network->n_layers; i++)
    n += network->layers[i].n_tensors;
  return n;
}

NnTensor *
nn_network_tensor (NnNetwork *network, size_t index)
{
  for (size_t i = 0; i < network->n_layers; i++) {
    if (index < network->layers[i].n_tensors)
      return &network->layers[i].tensors[index];
    index -= network->layers[i].n_tensors;
  }
  return NULL;
}

size_t
nn_network_n_parameters (const NnNetwork *network)
{
  size_t n = 0;

  for (size_t i = 0; i < network->n_layers; i++)
    for (unsigned t = 0; t < network->layers[i].n_tensors; t++)
      n += nn_tensor_size (&network->layers[i].tensors[t]);
  return n;
}

size_t
nn_network_n_layers (const NnNetwork *network)
{
  return network->n_layers;
}

const NnLayerSpec *
nn_network_spec (const NnNetwork *network, size_t index)
{
  return &network->layers[index].spec;
}

const NnLayer *
nn_network_layer (const NnNetwork *network, size_t index)
{
  return &network->layers[index];
}

NnShape
nn_network_output (const NnNetwork *network)
{
  return network->layers[network->n_layers - 1].out;
}

bool
nn_network_ends_in_softmax (const NnNetwork *network)
{
  return network->layers[network->n_layers - 1].spec.class == &nn_softmax_class;
}

size_t
nn_network_time_stride (const NnNetwork *network)
{
  size_t stride = 1;

  for (size_t i = 0; i < network->n_layers; i++) {
    const NnLayerSpec *spec = &network->layers[i].spec;

    if (spec->class == &nn_max_pool2d_class || spec->class == &nn_avg_pool2d_class)
      stride *= spec->pool[1];
  }
  return stride;
}

bool
nn_network_can_share (const NnNetwork *network)
{
  for (size_t i = 0; i < network->n_trunk; i++)
    if (network->layers[i].zeros_after > 0
        || (network->layers[i].spec.class == &nn_conv2d_class
            && network->layers[i].spec.padding[1] != NN_PADDING_VALID))
      return false;
  for (size_t i = 0; i < network->n_layers; i++)
    if (network->layers[i].spec.class->fixed_items)
      return false;
  return nn_network_output (network).rank == 1;
}

/* --- one stream's run ------------------------------------------------------------------------------------------ */

static bool
allocate_trunk (NnRun *run)
{
  const NnNetwork *network = run->network;
  size_t widest = 1;

  run->states = calloc (network->n_trunk + 1, sizeof *run->states);
  run->items = calloc (network->n_trunk + 1, sizeof *run->items);
  if (!run->states || !run->items)
    return false;
  for (size_t i = 0; i < network->n_trunk; i++) {
    const NnLayer *layer = &network->layers[i];

    if (layer->zeros_after > 0)
      widest = larger (widest, nn_shape_item (&layer->in));
    if (layer->state_bytes > 0 && !(run->states[i] = calloc (1, layer->state_bytes)))
      return false;
    if (!layer->spec.class->in_place && !(run->items[i] = calloc (layer->push_values, sizeof (float))))
      return false;
  }
  run->zeros = calloc (widest, sizeof *run->zeros);
  return run->zeros != NULL;
}

NnRun *
nn_run_new (const NnNetwork *network, size_t max_frames)
{
  Plan plan;

  if (!plan_run (network, max_frames, &plan))
    return NULL;

  NnRun *run = calloc (1, sizeof *run);

  if (!run)
    return NULL;
  run->network = network;
  run->max_frames = max_frames;
  run->capacity = plan.capacity;
  run->columns = calloc (plan.capacity * network->column_values, sizeof (float));
  run->input = calloc (network->bands, sizeof (float));
  run->buffers[0] = calloc (plan.buffer, sizeof (float));
  run->buffers[1] = calloc (plan.buffer, sizeof (float));
  run->scratch = calloc (plan.scratch, sizeof (float));
  if (!run->columns || !run->input || !run->buffers[0] || !run->buffers[1] || !run->scratch || !allocate_trunk (run))
    goto fail;
  nn_run_reset (run);
  return run;

fail:
  nn_run_free (run);
  return NULL;
}

void
nn_run_free (NnRun *run)
{
  if (!run)
    return;
  for (size_t i = 0; i < run->network->n_trunk; i++) {
    if (run->states)
      free (run->states[i]);
    if (run->items)
      free (run->items[i]);
  }
  free (run->states);
  free (run->items);
  free (run->input);
  free (run->zeros);
  free (run->columns);
  free (run->buffers[0]);
  free (run->buffers[1]);
  free (run->scratch);
  free (run);
}

void
nn_run_reset (NnRun *run)
{
  for (size_t i = 0; i < run->network->n_trunk; i++) {
    const NnLayer *layer = &run->network->layers[i];

    if (layer->spec.class->reset)
      layer->spec.class->reset (layer, run->states[i]);
  }
  run->first_column = 0;
  run->n_columns = 0;
}

/* Keeps the newest half when the room is full. */
static void
append_column (NnRun *run, const float *column)
{
  const size_t values = run->network->column_values;

  if (run->n_columns == run->capacity) {
    const size_t keep = run->capacity / 2, drop = run->n_columns - keep;

    memmove (run->columns, run->columns + drop * values, keep * values * sizeof (float));
    run->first_column += drop;
    run->n_columns = keep;
  }
  memcpy (run->columns + run->n_columns++ * values, column, values * sizeof (float));
}

/* One item through the trunk from layer `first` on; it may be overwritten. */
static void
push_item (NnRun *run, size_t first, float *item)
{
  const NnNetwork *network = run->network;

  for (size_t i = first; i < network->n_trunk; i++) {
    const NnLayer *layer = &network->layers[i];
    float *out = layer->spec.class->in_place ? item : run->items[i];

    if (layer->absorbed)
      continue;
    if (!layer->spec.class->push (layer, run->states[i], item, out))
      return;
    item = out;
  }
  append_column (run, item);
}

void
nn_run_push (NnRun *run, const float *frame)
{
  memcpy (run->input, frame, run->network->bands * sizeof *frame);
  push_item (run, 0, run->input);
}

/* The zero items behind the end, layer after layer. */
static void
push_tail (NnRun *run)
{
  for (size_t i = 0; i < run->network->n_trunk; i++)
    for (size_t k = 0; k < run->network->layers[i].zeros_after; k++)
      push_item (run, i, run->zeros);
}

/* in [items][column_values] through the head; out as long as the network's output for them. */
static void
run_head (NnRun *run, const float *in, size_t items, float *out)
{
  const NnNetwork *network = run->network;
  size_t values = network->column_values, turn = 0;

  for (size_t i = network->head_first; i < network->n_layers; i++) {
    const NnLayer *layer = &network->layers[i];
    const NnLayerClass *class = layer->spec.class;

    if (class->push && i >= network->n_trunk && !layer->absorbed) {
      float *next = run->buffers[turn];

      if (class->in_place) { /* `in` is the other buffer, or shared columns that must stay */
        memcpy (next, in, items * values * sizeof *in);
        for (size_t t = 0; t < items; t++)
          class->push (layer, NULL, next + t * values, next + t * values);
      } else {
        for (size_t t = 0; t < items; t++)
          class->push (layer, NULL, in + t * values, next + t * layer->push_values);
      }
      in = next;
      values = layer->push_values;
      turn = !turn;
    }
    if (class->forward) {
      class->forward (layer, in, items, run->buffers[turn], run->scratch);
      in = run->buffers[turn];
      items = items_out (layer, items);
      values = nn_shape_item (&layer->out);
      turn = !turn;
    }
  }
  memcpy (out, in, items * values * sizeof *out);
}

void
nn_run_forward (NnRun *run, const float *frames, size_t n_frames, float *out)
{
  assert (n_frames <= run->max_frames && nn_network_accepts (run->network, n_frames));

  nn_run_reset (run);
  for (size_t t = 0; t < n_frames; t++)
    nn_run_push (run, frames + t * run->network->bands);
  push_tail (run);
  run_head (run, run->columns, run->n_columns, out);
}

void
nn_run_head (NnRun *run, uint64_t first_frame, size_t n_frames, float *out)
{
  const uint64_t column = first_frame / nn_network_time_stride (run->network);
  const size_t columns = columns_of (run->network, n_frames);

  assert (n_frames <= run->max_frames && first_frame % nn_network_time_stride (run->network) == 0);
  assert (column >= run->first_column && column + columns <= run->first_column + run->n_columns);

  run_head (run, run->columns + (column - run->first_column) * run->network->column_values, columns, out);
}
