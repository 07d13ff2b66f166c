/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/inspect_model.h"

#include "gst/tools/inspect_text.h"
#include "models/genre_cost.h"
#include "models/file/json_write.h"
#include "models/file/printable.h"

#include <stdio.h>

/* --- text --------------------------------------------------------------------------------------------------------- */

/* "blues, classical", cut where there are very many. */
static void
print_list (const char *const *items, gsize n)
{
  enum
  {
    MOST = 60
  };
  for (gsize i = 0; i < MIN (n, MOST); i++) {
    g_autofree char *item = printable_text (items[i]);
    printf ("%s%s", i == 0 ? "" : ", ", item);
  }
  if (n > MOST)
    printf (", and %" G_GSIZE_FORMAT " more", n - MOST);
  putchar ('\n');
}

static char *
shape_text (const NnShape *shape)
{
  switch (shape->rank) {
    case 3:
      return g_strdup_printf ("%zu x %zu x %zu", shape->rows, shape->items, shape->values);
    case 2:
      return g_strdup_printf ("%zu x %zu", shape->items, shape->values);
    default:
      return g_strdup_printf ("%zu", shape->values);
  }
}

/* costs  one for each layer; returns those behind them */
static const GenreCost *
print_layers (const NnStack *stack, const GenreCost *costs)
{
  for (gsize i = 0; i < stack->n_layers; i++) {
    const NnLayer *layer = &stack->layers[i];
    g_autofree char *shape = shape_text (&layer->out), *layer_name = printable_text (layer->spec.name);
    g_autofree char *shown = tool_inspect_columns (layer_name, 16);
    printf ("    %-22s %s %16s %11" G_GSIZE_FORMAT " %14.0f\n", layer->spec.class->type, shown, shape,
        costs[i].parameters, costs[i].window);
  }
  return costs + stack->n_layers;
}

static void
print_network (const GenreModel *model)
{
  const NnNetwork *network = genre_model_network (model);
  g_autofree GenreCost *costs = g_new (GenreCost, genre_cost_n_layers (model));
  const GenreCost sum = genre_cost_of_model (model, costs);

  printf ("  network     (output: bands x frames x channels, or steps x values)\n");
  printf ("    %-22s %-16s %16s %11s %14s\n", "layer", "name", "output", "parameters", "multiply-adds");
  const GenreCost *next = print_layers (nn_network_stack (network), costs);
  for (gsize i = 0; i < nn_network_n_heads (network); i++) {
    printf ("    head \"%s\", behind the first %" G_GSIZE_FORMAT " layers\n", nn_network_head_name (network, i),
        (gsize) nn_network_body (network));
    next = print_layers (nn_network_head (network, i), next);
  }
  printf ("    %-22s %-16s %16s %11" G_GSIZE_FORMAT " %14.0f\n", "all", "", "", sum.parameters, sum.window);
  printf ("  cost        %.2f million multiply-adds a second of audio, at one answer a second%s\n",
      sum.per_second / 1e6, genre_model_shares_columns (model) ? "; windows share columns" : "");
}

static void
print_model (const char *name, const GenreModel *model)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  const unsigned window = genre_model_window_frames (model), least = genre_model_min_frames (model);
  g_autofree char *weights = genre_model_weights_sha256 (model), *shown = printable_text (name);

  printf ("%s: a genre model\n", shown);
  printf ("  sha256      %s\n", genre_model_sha256 (model));
  printf ("  weights     %s (SHA-256 of the tensors alone)\n", weights);
  printf ("  labels      %u: ", genre_model_n_labels (model));
  print_list (genre_model_labels (model), genre_model_n_labels (model));
  tool_inspect_print_frontend (frontend);
  printf ("  window      %u frames (%.1f s), at least %u (%.1f s), starting at multiples of %u frames\n", window,
      genre_frontend_seconds (frontend, window), least, genre_frontend_seconds (frontend, least),
      genre_model_grid (model));
  print_network (model);
  printf ("  training");
  tool_inspect_print_json (genre_model_training (model));
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

/* text: what is known to be JSON */
static void
add_json (GString *json, const char *name, const char *text)
{
  g_autofree char *line = tool_inspect_json_line (text);
  json_add_key (json, name);
  g_string_append (json, line);
}

static void
add_layer (GString *json, const NnLayer *layer, const GenreCost *cost)
{
  const gsize shape[] = { layer->out.rows, layer->out.items, layer->out.values };
  const unsigned rank = MIN (layer->out.rank, 3);

  g_string_append_c (json, '{');
  json_add_string (json, "type", layer->spec.class->type);
  json_add_string (json, "name", layer->spec.name);
  json_add_counts (json, "output", shape + 3 - rank, rank);
  json_add_count (json, "parameters", cost->parameters);
  json_add_number (json, "multiply_adds", cost->window);
  g_string_append_c (json, '}');
}

/* As print_layers(), under this key. */
static const GenreCost *
add_layers (GString *json, const char *key, const NnStack *stack, const GenreCost *costs)
{
  json_add_key (json, key);
  for (gsize i = 0; i < stack->n_layers; i++) {
    g_string_append_c (json, i == 0 ? '[' : ',');
    add_layer (json, &stack->layers[i], &costs[i]);
  }
  g_string_append_c (json, ']');
  return costs + stack->n_layers;
}

static void
add_network (GString *json, const GenreModel *model)
{
  const NnNetwork *network = genre_model_network (model);
  g_autofree GenreCost *costs = g_new (GenreCost, genre_cost_n_layers (model));
  const GenreCost sum = genre_cost_of_model (model, costs);
  const GenreCost *next = add_layers (json, "layers", nn_network_stack (network), costs);

  json_add_key (json, "heads");
  g_string_append_c (json, '{');
  for (gsize i = 0; i < nn_network_n_heads (network); i++)
    next = add_layers (json, nn_network_head_name (network, i), nn_network_head (network, i), next);
  g_string_append_c (json, '}');
  json_add_count (json, "parameters", sum.parameters);
  json_add_number (json, "multiply_adds", sum.window);
  json_add_number (json, "multiply_adds_per_second", sum.per_second);
}

static void
add_model (GString *json, const char *name, const GenreModel *model)
{
  g_autofree char *weights = genre_model_weights_sha256 (model);

  json_add_string (json, "file", name);
  json_add_string (json, "format", "genre-model");
  json_add_string (json, "sha256", genre_model_sha256 (model));
  json_add_string (json, "weights_sha256", weights);
  json_add_strings (json, "labels", genre_model_labels (model), genre_model_n_labels (model));
  tool_inspect_add_frontend (json, genre_model_frontend (model));
  json_add_count (json, "window_frames", genre_model_window_frames (model));
  json_add_count (json, "min_frames", genre_model_min_frames (model));
  json_add_count (json, "grid", genre_model_grid (model));
  add_network (json, model);
  add_json (json, "training", genre_model_training (model));
}

void
tool_inspect_model (const char *name, const GenreModel *model, gboolean json)
{
  if (!json) {
    print_model (name, model);
    return;
  }
  GString *object = g_string_new ("{");
  add_model (object, name, model);
  printf ("%s}\n", object->str);
  g_string_free (object, TRUE);
}
