/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 inspect - what is in a model or a feature set, to read or as JSON.
 */
#include "gst/tools/cells.h"
#include "gst/tools/tool.h"
#include "models/feature_set.h"
#include "models/frontend.h"
#include "models/genre_cost.h"
#include "models/genre_model.h"
#include "models/json_write.h"
#include "models/printable.h"
#include "models/regular_file.h"
#include "models/safetensors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* --- what a network costs -------------------------------------------------------------------------------------- */

static double
frames_to_seconds (const GenreFrontend *frontend, double frames)
{
  return frames * frontend->mel.hop_length / frontend->mel.sample_rate_hz;
}

/* costs [n_layers]  out; returns their sum */
static GenreCost
model_cost (const GenreModel *model, GenreCost *costs)
{
  GenreCost sum = { 0, 0, 0 };
  for (gsize i = 0; i < nn_network_n_layers (genre_model_network (model)); i++) {
    costs[i] = genre_cost_of_layer (model, i);
    sum.parameters += costs[i].parameters;
    sum.window += costs[i].window;
    sum.per_second += costs[i].per_second;
  }
  return sum;
}

/* --- text ------------------------------------------------------------------------------------------------------ */

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

/* text, filled up to so many columns, more if it is longer. */
static char *
in_columns (const char *text, gsize width)
{
  GString *shown = g_string_new (NULL);

  tool_cells_append (shown, text, MAX (width, tool_cells (text)), FALSE);
  return g_string_free (shown, FALSE);
}

static void
print_frontend (const GenreFrontend *frontend)
{
  const DspLogMelConfig *mel = &frontend->mel;
  g_autofree char *ref = frontend->ref > 0 ? g_strdup_printf ("%g", frontend->ref) : g_strdup ("max");
  g_autofree char *top_db = frontend->top_db >= 0 ? g_strdup_printf ("%g", frontend->top_db) : g_strdup ("null");

  printf ("  front end   %u Hz, n_fft %u, hop %u (%.1f ms), %u mels, pooled by %u to %" G_GSIZE_FORMAT
          " bands, %g to %g Hz,\n              amin %g, ref %s, top_db %s\n",
      mel->sample_rate_hz, mel->n_fft, mel->hop_length, 1000 * frames_to_seconds (frontend, 1), mel->n_mels,
      mel->band_pool, (gsize) frontend->bands, mel->fmin_hz, mel->fmax_hz, frontend->amin, ref, top_db);
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

/* text: what is known to be JSON.  The same on one line, with \u009b for what is not printable in its strings. */
static char *
printable_json (const char *text)
{
  GString *json = g_string_new (NULL);

  for (; *text; text += g_utf8_skip[*(const guchar *) text]) {
    const gunichar c = g_utf8_get_char (text);
    if (printable_is (c))
      g_string_append_unichar (json, c);
    else if (c < 0x20) /* between two values: no string has them unescaped */
      g_string_append_c (json, ' ');
    else
      g_string_append_printf (json, "\\u%04x", (guint) c);
  }
  return g_string_free (json, FALSE);
}

/* The end of the string of JSON that begins here. */
static const char *
skip_string (const char *c)
{
  for (c++; *c && *c != '"'; c++) {
    if (*c == '\\' && c[1])
      c++;
  }
  return *c ? c + 1 : c;
}

static void
new_line (unsigned depth)
{
  printf ("\n    %*s", (int) (2 * depth), "");
}

/* What is known to be JSON, value by value a line, its numbers as they were written. */
static void
print_json (const char *text)
{
  g_autofree char *json = printable_json (text);
  unsigned depth = 0;
  bool empty = true; /* the bracket that was opened last has nothing behind it yet */

  for (const char *c = json; *c;) {
    const char *end = *c == '"' ? skip_string (c) : c + 1;
    if (*c == ' ') {
      c = end;
      continue;
    }
    if (strchr ("]}", *c)) {
      depth--;
      if (!empty)
        new_line (depth);
      empty = false;
    } else if (empty) {
      new_line (depth);
      empty = false;
    }
    printf ("%.*s", (int) (end - c), c);
    if (strchr ("[{", *c)) {
      depth++;
      empty = true;
    } else if (*c == ',') {
      new_line (depth);
    } else if (*c == ':') {
      putchar (' ');
    }
    c = end;
  }
  putchar ('\n');
}

static void
print_network (const GenreModel *model)
{
  const NnNetwork *network = genre_model_network (model);
  g_autofree GenreCost *costs = g_new (GenreCost, nn_network_n_layers (network));
  const GenreCost sum = model_cost (model, costs);

  printf ("  network     (output: bands x frames x channels, or steps x values)\n");
  printf ("    %-22s %-16s %16s %11s %14s\n", "layer", "name", "output", "parameters", "multiply-adds");
  for (gsize i = 0; i < nn_network_n_layers (network); i++) {
    const NnLayer *layer = nn_network_layer (network, i);
    g_autofree char *shape = shape_text (&layer->out), *layer_name = printable_text (layer->spec.name);
    g_autofree char *shown = in_columns (layer_name, 16);
    printf ("    %-22s %s %16s %11" G_GSIZE_FORMAT " %14.0f\n", layer->spec.class->type, shown, shape,
        costs[i].parameters, costs[i].window);
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
  print_frontend (frontend);
  printf ("  window      %u frames (%.1f s), at least %u (%.1f s), starting at multiples of %u frames\n", window,
      frames_to_seconds (frontend, window), least, frames_to_seconds (frontend, least), genre_model_grid (model));
  print_network (model);
  printf ("  training");
  print_json (genre_model_training (model));
}

/* counts [n_labels + 1]  out; the last is of those without */
static void
count_labels (const GenreFeatureSet *set, gsize *counts)
{
  const gsize n = genre_feature_set_n_labels (set);
  memset (counts, 0, (n + 1) * sizeof *counts);
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
    const int label = genre_feature_set_label (set, i);
    counts[label < 0 ? n : (gsize) label]++;
  }
}

/* Seconds of sound in all clips, without filling. */
static double
set_seconds (const GenreFeatureSet *set)
{
  gsize frames = 0;
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
    frames += genre_feature_set_clip_frames (set, i);
  return frames_to_seconds (genre_feature_set_frontend (set), (double) frames);
}

static gsize
count_measured (const GenreFeatureSet *set)
{
  gsize n = 0;
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
    n += genre_feature_set_measured (set, i);
  return n;
}

/* How many different artists have a number.  Where numbers have no names, some may be of recordings whose artist nobody
 * knew. */
static gsize
count_artists (const GenreFeatureSet *set)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
    if (genre_feature_set_artist (set, i) >= 0)
      g_hash_table_add (seen, GINT_TO_POINTER (genre_feature_set_artist (set, i)));
  }
  return g_hash_table_size (seen);
}

static void
print_set (const GenreFeatureSet *set)
{
  const gsize n_labels = genre_feature_set_n_labels (set), n_clips = genre_feature_set_n_clips (set);
  const gsize n_frames = genre_feature_set_n_frames (set);
  const GenreFrontend *frontend = genre_feature_set_frontend (set);
  g_auto (GStrv) labels = printable_texts (genre_feature_set_labels (set));
  g_autofree char *name = printable_text (genre_feature_set_name (set));
  g_autofree gsize *counts = g_new (gsize, n_labels + 1);

  count_labels (set, counts);
  printf ("%s: a feature set\n", name);
  printf ("  clips       %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " frames (%.1f s), %.2f hours\n", n_clips, n_frames,
      frames_to_seconds (frontend, (double) n_frames), set_seconds (set) / 3600);
  const gsize n_artists = count_artists (set);
  printf ("  tracks      %" G_GSIZE_FORMAT ", of %" G_GSIZE_FORMAT " %sartist%s; %" G_GSIZE_FORMAT
          " groups that a split keeps together\n",
      genre_feature_set_n_tracks (set), n_artists, genre_feature_set_artists (set) ? "known " : "numbered ",
      n_artists == 1 ? "" : "s", genre_feature_set_n_groups (set));
  print_frontend (frontend);
  printf ("  labels      %" G_GSIZE_FORMAT "; clips of each:\n", n_labels);
  for (gsize i = 0; i < n_labels; i++) {
    g_autofree char *label = in_columns (labels[i], 22);
    printf ("    %s %6" G_GSIZE_FORMAT "\n", label, counts[i]);
  }
  printf ("    %-22s %6" G_GSIZE_FORMAT "\n", "(none)", counts[n_labels]);
  if (genre_feature_set_n_windows (set) > 0)
    printf ("  teacher     %" G_GSIZE_FORMAT " windows a clip; embedding of %" G_GSIZE_FORMAT
            ", logits of %" G_GSIZE_FORMAT " classes; measured for %" G_GSIZE_FORMAT " clips\n",
        genre_feature_set_n_windows (set), genre_feature_set_n_embedding (set), genre_feature_set_n_logits (set),
        count_measured (set));
}

/* --- JSON ------------------------------------------------------------------------------------------------------ */

/* Appends `"name":`, after a comma if it is not the first member. */
static void
begin_member (GString *json, const char *name)
{
  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  json_append_string (json, name);
  g_string_append_c (json, ':');
}

static void
add_size (GString *json, const char *name, gsize value)
{
  begin_member (json, name);
  g_string_append_printf (json, "%" G_GSIZE_FORMAT, value);
}

static void
add_number (GString *json, const char *name, double value)
{
  begin_member (json, name);
  json_append_double (json, value);
}

static void
add_string (GString *json, const char *name, const char *value)
{
  begin_member (json, name);
  json_append_string (json, value);
}

static void
add_strings (GString *json, const char *name, const char *const *values, gsize n)
{
  begin_member (json, name);
  g_string_append_c (json, '[');
  for (gsize i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    json_append_string (json, values[i]);
  }
  g_string_append_c (json, ']');
}

static void
add_sizes (GString *json, const char *name, const gsize *values, gsize n)
{
  begin_member (json, name);
  g_string_append_c (json, '[');
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (json, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : ",", values[i]);
  g_string_append_c (json, ']');
}

/* text: what is known to be JSON */
static void
add_json (GString *json, const char *name, const char *text)
{
  g_autofree char *line = printable_json (text);
  begin_member (json, name);
  g_string_append (json, line);
}

static void
add_frontend (GString *json, const GenreFrontend *frontend)
{
  begin_member (json, "frontend");
  genre_frontend_append (frontend, json);
}

static void
add_layer (GString *json, const NnLayer *layer, const GenreCost *cost)
{
  const gsize shape[] = { layer->out.rows, layer->out.items, layer->out.values };
  const unsigned rank = MIN (layer->out.rank, 3);

  g_string_append_c (json, '{');
  add_string (json, "type", layer->spec.class->type);
  add_string (json, "name", layer->spec.name);
  add_sizes (json, "output", shape + 3 - rank, rank);
  add_size (json, "parameters", cost->parameters);
  add_number (json, "multiply_adds", cost->window);
  g_string_append_c (json, '}');
}

static void
add_network (GString *json, const GenreModel *model)
{
  const NnNetwork *network = genre_model_network (model);
  g_autofree GenreCost *costs = g_new (GenreCost, nn_network_n_layers (network));
  const GenreCost sum = model_cost (model, costs);

  begin_member (json, "layers");
  for (gsize i = 0; i < nn_network_n_layers (network); i++) {
    g_string_append_c (json, i == 0 ? '[' : ',');
    add_layer (json, nn_network_layer (network, i), &costs[i]);
  }
  g_string_append_c (json, ']');
  add_size (json, "parameters", sum.parameters);
  add_number (json, "multiply_adds", sum.window);
  add_number (json, "multiply_adds_per_second", sum.per_second);
}

static void
add_model (GString *json, const char *name, const GenreModel *model)
{
  g_autofree char *weights = genre_model_weights_sha256 (model);

  add_string (json, "file", name);
  add_string (json, "format", "genre-model");
  add_string (json, "sha256", genre_model_sha256 (model));
  add_string (json, "weights_sha256", weights);
  add_strings (json, "labels", genre_model_labels (model), genre_model_n_labels (model));
  add_frontend (json, genre_model_frontend (model));
  add_size (json, "window_frames", genre_model_window_frames (model));
  add_size (json, "min_frames", genre_model_min_frames (model));
  add_size (json, "grid", genre_model_grid (model));
  add_network (json, model);
  add_json (json, "training", genre_model_training (model));
}

static void
add_set (GString *json, const GenreFeatureSet *set)
{
  const gsize n_labels = genre_feature_set_n_labels (set);
  g_autofree gsize *counts = g_new (gsize, n_labels + 1);

  count_labels (set, counts);
  add_string (json, "file", genre_feature_set_name (set));
  add_string (json, "format", "genre-features");
  add_size (json, "clips", genre_feature_set_n_clips (set));
  add_size (json, "frames", genre_feature_set_n_frames (set));
  add_size (json, "bands", genre_feature_set_n_bands (set));
  add_number (json, "seconds", set_seconds (set));
  add_size (json, "tracks", genre_feature_set_n_tracks (set));
  add_size (json, "artists", count_artists (set));
  add_size (json, "groups", genre_feature_set_n_groups (set));
  add_frontend (json, genre_feature_set_frontend (set));
  add_strings (json, "labels", genre_feature_set_labels (set), n_labels);
  add_sizes (json, "clips_of_labels", counts, n_labels);
  add_size (json, "clips_without_label", counts[n_labels]);
  add_size (json, "teacher_windows", genre_feature_set_n_windows (set));
  add_size (json, "teacher_embedding", genre_feature_set_n_embedding (set));
  add_size (json, "teacher_logits", genre_feature_set_n_logits (set));
  add_size (json, "teacher_measured", count_measured (set));
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static void
show_model (const char *name, const GenreModel *model, gboolean json)
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

static void
show_set (const GenreFeatureSet *set, gboolean json)
{
  if (!json) {
    print_set (set);
    return;
  }
  GString *object = g_string_new ("{");
  add_set (object, set);
  printf ("%s}\n", object->str);
  g_string_free (object, TRUE);
}

/* What the file says it is.  FALSE: an error. */
static gboolean
show_bytes (GBytes *bytes, const char *name, gboolean json, GError **error)
{
  const SafetensorsLimits limits = { FEATURE_SET_MAX_BYTES, FEATURE_SET_MAX_HEADER };
  g_autoptr (Safetensors) file = safetensors_new_limited (bytes, name, &limits, error);
  if (!file)
    return FALSE;

  if (g_strcmp0 (safetensors_metadata (file, "format"), "genre-features") == 0) {
    g_autoptr (GenreFeatureSet) set = genre_feature_set_parse (bytes, name, error);
    if (set)
      show_set (set, json);
    return set != NULL;
  }
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *model = genre_model_parse (data, size, name, error);
  if (!model)
    return FALSE;
  show_model (name, model, json);
  genre_model_unref (model);
  return TRUE;
}

static gboolean
show_file (const char *path, gboolean json, GError **error)
{
  g_autoptr (GBytes) bytes = regular_file_read (path, FEATURE_SET_MAX_BYTES, error);
  g_autofree char *name = g_filename_display_name (path);
  return bytes && show_bytes (bytes, name, json, error);
}

static gboolean
show_default (gboolean json, GError **error)
{
  GenreModel *model = genre_model_default (error);
  if (!model)
    return FALSE;
  show_model ("default model", model, json);
  genre_model_unref (model);
  return TRUE;
}

static const char text[] =
    "Prints labels, front end, layers with what they cost, and training of a model; clips, labels\n"
    "and teacher of a feature set.  --json prints one object a line.\n";

ToolStatus
tool_inspect (int n, char **arguments)
{
  gboolean json = FALSE, embedded = FALSE;
  g_auto (GStrv) files = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "One JSON object a line", NULL },
    { "default", 0, 0, G_OPTION_ARG_NONE, &embedded, "The embedded model too", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (!tool_parse_options ("inspect", "FILE...", text, entries, n, arguments, &status))
    return status;
  if (!embedded && (!files || !files[0]))
    return tool_usage_error ("inspect", "expected a model or a feature set, found none");

  const gsize n_files = files ? g_strv_length (files) : 0;
  for (gsize i = 0; i < n_files + (embedded ? 1 : 0); i++) {
    g_autoptr (GError) error = NULL;
    if (i > 0 && !json)
      putchar ('\n');
    if (!(i < n_files ? show_file (files[i], json, &error) : show_default (json, &error)))
      status = tool_fail ("%s", error->message);
  }
  return status;
}
