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

  float *head_buffers[2];     /* [head_width (network)]: the heads', alternating; NULL where there are none */
  float *heads[NN_MAX_HEADS]; /* [values] of each head for the last window */

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

/* The widest vector between two layers of a head, or behind its last.  None exceeds NN_MAX_ITEM. */
static size_t
head_width (const NnNetwork *network)
{
  size_t width = 0;

  for (size_t h = 0; h < nn_network_n_heads (network); h++) {
    const NnStack *stack = nn_network_head (network, h);

    for (size_t i = 0; i < stack->n_layers; i++) {
      const size_t in = stack->layers[i].in.values, out = stack->layers[i].push_values;

      width = in > width ? in : width;
      width = out > width ? out : width;
    }
  }
  return width;
}

static bool
allocate_heads (NnRun *run)
{
  const size_t n = nn_network_n_heads (run->network), width = head_width (run->network);

  for (size_t i = 0; i < n; i++) {
    const NnStack *stack = nn_network_head (run->network, i);

    if (!(run->heads[i] = calloc (stack->layers[stack->n_layers - 1].out.values, sizeof (float))))
      return false;
  }
  for (unsigned i = 0; n > 0 && i < 2; i++)
    if (!(run->head_buffers[i] = calloc (width, sizeof (float))))
      return false;
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
      || !allocate_trunk (run) || !allocate_heads (run))
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
  for (unsigned i = 0; i < 2; i++)
    free (run->head_buffers[i]);
  for (unsigned i = 0; i < NN_MAX_HEADS; i++)
    free (run->heads[i]);
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

/* --- the tail and the heads ------------------------------------------------------------------------------------- */

/* What goes from layer to layer. */
typedef struct Flow
{
  const float *values; /* [items][width] */
  size_t items, width;
  float *const *buffers; /* [2] */
  unsigned turn;         /* the one that is free */
} Flow;

/* Each item by itself. */
static void
push_all (const NnLayer *layer, Flow *flow)
{
  const NnLayerClass *class = layer->spec.class;
  const size_t width = flow->width;
  float *next = flow->buffers[flow->turn];

  if (class->in_place) { /* what comes in is the other buffer, or shared columns that must stay */
    memcpy (next, flow->values, flow->items * width * sizeof *next);
    for (size_t t = 0; t < flow->items; t++)
      class->push (layer, NULL, next + t * width, next + t * width);
  } else {
    for (size_t t = 0; t < flow->items; t++)
      class->push (layer, NULL, flow->values + t * width, next + t * layer->push_values);
  }
  *flow = (Flow){ next, flow->items, layer->push_values, flow->buffers, !flow->turn };
}

static void
forward (const NnRun *run, const NnLayer *layer, Flow *flow)
{
  float *next = flow->buffers[flow->turn];

  layer->spec.class->forward (layer, flow->values, flow->items, next, run->scratch);
  *flow = (Flow){ next, nn_layer_items_out (layer, flow->items), nn_shape_item (&layer->out), flow->buffers,
    !flow->turn };
}

/* The layers [first, end) of the network's tail. */
static void
run_layers (const NnRun *run, size_t first, size_t end, Flow *flow)
{
  for (size_t i = first; i < end; i++) {
    const NnLayer *layer = &run->layers[i];

    if (layer->spec.class->push && i >= run->plan.n_trunk && !layer->absorbed)
      push_all (layer, flow);
    if (layer->spec.class->forward)
      forward (run, layer, flow);
  }
}

/* body [1][width]  what comes out of the network's body; it stays as it is */
static void
run_heads (const NnRun *run, const Flow *body)
{
  for (size_t h = 0; h < nn_network_n_heads (run->network); h++) {
    const NnStack *stack = nn_network_head (run->network, h);
    Flow flow = { body->values, 1, body->width, run->head_buffers, 0 };

    for (size_t i = 0; i < stack->n_layers; i++)
      push_all (&stack->layers[i], &flow);
    memcpy (run->heads[h], flow.values, flow.width * sizeof *flow.values);
  }
}

/* columns [n_columns][column_values] through the tail; out as long as the network's output for them. */
static void
run_tail (const NnRun *run, const float *columns, size_t n_columns, float *out)
{
  const size_t body = nn_network_body (run->network);
  Flow flow = { columns, n_columns, run->plan.column_values, run->buffers, 0 };

  run_layers (run, run->plan.tail_first, body, &flow);
  run_heads (run, &flow);
  run_layers (run, body, nn_network_n_layers (run->network), &flow);
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

const float *
nn_run_head (const NnRun *run, size_t head)
{
  assert (head < nn_network_n_heads (run->network));

  return run->heads[head];
}
