/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct NnRun
{
  const NnNetwork *network;
  const NnLayer *layers; /* the network's */
  size_t max_frames;
  size_t time_stride;
  NnPlan plan;

  void **states;     /* [n_trunk] -> [state_bytes], NULL where none */
  float **items;     /* [n_trunk] -> [push_values]; NULL where in place */
  float *input;      /* [plan.input] */
  float *zeros;      /* [plan.zeros] */
  float *columns;    /* [plan.capacity][plan.column_values] */
  float *buffers[2]; /* [plan.buffer]: the tail's, alternating */
  float *scratch;    /* [plan.scratch] */

  uint64_t first_column; /* index of columns[0] since the reset */
  size_t n_columns;
};

/* --- life ------------------------------------------------------------------------------------------------------ */

static bool
allocate_trunk (NnRun *run)
{
  run->states = calloc (run->plan.n_trunk + 1, sizeof *run->states);
  run->items = calloc (run->plan.n_trunk + 1, sizeof *run->items);
  if (!run->states || !run->items)
    return false;
  for (size_t i = 0; i < run->plan.n_trunk; i++) {
    const NnLayer *layer = &run->layers[i];

    if (layer->state_bytes > 0 && !(run->states[i] = calloc (1, layer->state_bytes)))
      return false;
    if (!layer->spec.class->in_place && !(run->items[i] = calloc (layer->push_values, sizeof (float))))
      return false;
  }
  return true;
}

NnRun *
nn_run_new (const NnNetwork *network, size_t max_frames)
{
  NnPlan plan;

  if (!nn_plan_make (nn_network_stack (network), max_frames, &plan))
    return NULL;

  NnRun *run = calloc (1, sizeof *run);

  if (!run)
    return NULL;
  run->network = network;
  run->layers = nn_network_stack (network)->layers;
  run->max_frames = max_frames;
  run->time_stride = nn_network_time_stride (network);
  run->plan = plan;
  run->columns = calloc (plan.capacity * plan.column_values, sizeof (float));
  run->input = calloc (plan.input, sizeof (float));
  run->zeros = calloc (plan.zeros, sizeof (float));
  run->buffers[0] = calloc (plan.buffer, sizeof (float));
  run->buffers[1] = calloc (plan.buffer, sizeof (float));
  run->scratch = calloc (plan.scratch, sizeof (float));
  if (!run->columns || !run->input || !run->zeros || !run->buffers[0] || !run->buffers[1] || !run->scratch
      || !allocate_trunk (run))
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
  for (size_t i = 0; i < run->plan.n_trunk; i++) {
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
  for (size_t i = 0; i < run->plan.n_trunk; i++) {
    const NnLayer *layer = &run->layers[i];

    if (layer->spec.class->reset)
      layer->spec.class->reset (layer, run->states[i]);
  }
  run->first_column = 0;
  run->n_columns = 0;
}

/* --- the trunk -------------------------------------------------------------------------------------------------- */

/* Keeps the newest half when the room is full. */
static void
append_column (NnRun *run, const float *column)
{
  const size_t values = run->plan.column_values;

  if (run->n_columns == run->plan.capacity) {
    const size_t keep = run->plan.capacity / 2, drop = run->n_columns - keep;

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
  for (size_t i = first; i < run->plan.n_trunk; i++) {
    const NnLayer *layer = &run->layers[i];
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
  memcpy (run->input, frame, run->plan.input * sizeof *frame);
  push_item (run, 0, run->input);
}

/* The zero items behind the end, layer after layer. */
static void
push_zeros (NnRun *run)
{
  for (size_t i = 0; i < run->plan.n_trunk; i++)
    for (size_t k = 0; k < run->layers[i].zeros_after; k++)
      push_item (run, i, run->zeros);
}

/* --- the tail --------------------------------------------------------------------------------------------------- */

/* What goes from layer to layer. */
typedef struct Flow
{
  const float *values; /* [items][width] */
  size_t items, width;
  unsigned turn; /* the buffer that is free */
} Flow;

/* Each item by itself. */
static void
push_all (const NnRun *run, const NnLayer *layer, Flow *flow)
{
  const NnLayerClass *class = layer->spec.class;
  const size_t width = flow->width;
  float *next = run->buffers[flow->turn];

  if (class->in_place) { /* what comes in is the other buffer, or shared columns that must stay */
    memcpy (next, flow->values, flow->items * width * sizeof *next);
    for (size_t t = 0; t < flow->items; t++)
      class->push (layer, NULL, next + t * width, next + t * width);
  } else {
    for (size_t t = 0; t < flow->items; t++)
      class->push (layer, NULL, flow->values + t * width, next + t * layer->push_values);
  }
  *flow = (Flow){ next, flow->items, layer->push_values, !flow->turn };
}

static void
forward (const NnRun *run, const NnLayer *layer, Flow *flow)
{
  float *next = run->buffers[flow->turn];

  layer->spec.class->forward (layer, flow->values, flow->items, next, run->scratch);
  *flow = (Flow){ next, nn_layer_items_out (layer, flow->items), nn_shape_item (&layer->out), !flow->turn };
}

/* columns [n_columns][column_values] through the tail; out as long as the network's output for them. */
static void
run_tail (const NnRun *run, const float *columns, size_t n_columns, float *out)
{
  const NnStack *stack = nn_network_stack (run->network);
  Flow flow = { columns, n_columns, run->plan.column_values, 0 };

  for (size_t i = run->plan.tail_first; i < stack->n_layers; i++) {
    const NnLayer *layer = &stack->layers[i];

    if (layer->spec.class->push && i >= run->plan.n_trunk && !layer->absorbed)
      push_all (run, layer, &flow);
    if (layer->spec.class->forward)
      forward (run, layer, &flow);
  }
  memcpy (out, flow.values, flow.items * flow.width * sizeof *out);
}

/* --- windows ---------------------------------------------------------------------------------------------------- */

void
nn_run_forward (NnRun *run, const float *frames, size_t n_frames, float *out)
{
  assert (n_frames <= run->max_frames && nn_network_accepts (run->network, n_frames));

  nn_run_reset (run);
  for (size_t t = 0; t < n_frames; t++)
    nn_run_push (run, frames + t * run->plan.input);
  push_zeros (run);
  run_tail (run, run->columns, run->n_columns, out);
}

void
nn_run_window (NnRun *run, uint64_t first_frame, size_t n_frames, float *out)
{
  const uint64_t column = first_frame / run->time_stride;
  const size_t columns = nn_stack_items_after (nn_network_stack (run->network), run->plan.tail_first, n_frames);

  assert (n_frames <= run->max_frames && first_frame % run->time_stride == 0);
  assert (column >= run->first_column && column + columns <= run->first_column + run->n_columns);

  run_tail (run, run->columns + (column - run->first_column) * run->plan.column_values, columns, out);
}
