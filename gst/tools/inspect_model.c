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
shape_text (const GenreLayer *layer)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < layer->rank; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i > 0 ? " x " : "", layer->shape[i]);
  return g_string_free (text, FALSE);
}

static void
print_layer (const GenreLayer *layer)
{
  g_autofree char *shape = shape_text (layer), *name = printable_text (layer->name);
  g_autofree char *shown = tool_inspect_columns (name, 16);

  printf ("    %-22s %s %16s %11" G_GSIZE_FORMAT " %14.0f\n", layer->type, shown, shape, layer->cost.parameters,
      layer->cost.window);
}

static void
print_network (const GenreModel *model)
{
  const gsize n = genre_cost_n_layers (model);
  g_autofree GenreLayer *layers = g_new (GenreLayer, n);
  const GenreCost sum = genre_cost_of_model (model, layers);

  printf ("  network     (output: bands x frames x channels, or steps x values)\n");
  printf ("    %-22s %-16s %16s %11s %14s\n", "layer", "name", "output", "parameters", "multiply-adds");
  for (gsize i = 0; i < n; i++) {
    if (layers[i].head && layers[i].head != layers[i - 1].head)
      printf ("    head \"%s\", behind the first %" G_GSIZE_FORMAT " layers\n", layers[i].head, layers[i].behind);
    print_layer (&layers[i]);
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
add_layer (GString *json, const GenreLayer *layer)
{
  json_open (json, NULL, '{');
  json_add_string (json, "type", layer->type);
  json_add_string (json, "name", layer->name);
  json_add_counts (json, "output", layer->shape, layer->rank);
  json_add_count (json, "parameters", layer->cost.parameters);
  json_add_number (json, "multiply_adds", layer->cost.window);
  g_string_append_c (json, '}');
}

/* The layers from `layer` on that are of the same head, under this key.  Returns the one behind them. */
static const GenreLayer *
add_layers (GString *json, const char *key, const GenreLayer *layer, const GenreLayer *end)
{
  const char *head = layer->head;

  json_open (json, key, '[');
  for (; layer < end && layer->head == head; layer++)
    add_layer (json, layer);
  g_string_append_c (json, ']');
  return layer;
}

static void
add_network (GString *json, const GenreModel *model)
{
  const gsize n = genre_cost_n_layers (model);
  g_autofree GenreLayer *layers = g_new (GenreLayer, n);
  const GenreCost sum = genre_cost_of_model (model, layers);
  const GenreLayer *end = layers + n, *next = add_layers (json, "layers", layers, end);

  json_open (json, "heads", '{');
  while (next < end)
    next = add_layers (json, next->head, next, end);
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
