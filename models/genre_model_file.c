/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_model_file.h"

#include "models/frontend.h"
#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"
#include "models/network_heads.h"
#include "models/network_spec.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_WINDOW_FRAMES = 1024,
  MIN_LABELS = 2,
};

/* --- metadata -------------------------------------------------------------------------------------------------- */

static const char *
get_metadata (const Safetensors *file, const char *key, GError **error)
{
  const char *value = safetensors_metadata (file, key);
  if (!value)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_FORMAT, "%s: expected metadata \"%s\", found none",
        safetensors_name (file), key);
  return value;
}

static bool
set_constant_error (const Safetensors *file, const char *key, const char *expected, const char *value, GError **error)
{
  g_autofree char *found = json_quote (value);
  return genre_model_fail (error, GENRE_MODEL_ERROR_FORMAT, "%s: %s: expected %s, found %s", safetensors_name (file),
      key, expected, found);
}

static bool
check_format (const Safetensors *file, GError **error)
{
  const char *format = get_metadata (file, "format", error);
  if (!format)
    return false;
  return strcmp (format, "genre-model") == 0 || set_constant_error (file, "format", "\"genre-model\"", format, error);
}

/* Version "2" has `heads`, "1" has none. */
static bool
check_version (const Safetensors *file, GError **error)
{
  const char *version = get_metadata (file, "version", error);
  if (!version)
    return false;
  if (strcmp (version, "2") == 0)
    return get_metadata (file, "heads", error) != NULL;
  if (strcmp (version, "1") != 0)
    return set_constant_error (file, "version", "\"1\" or \"2\"", version, error);
  if (safetensors_metadata (file, "heads"))
    return set_constant_error (file, "version", "\"2\", for there are heads", version, error);
  return true;
}

static bool
parse_labels (GenreModel *model, const Safetensors *file, GError **error)
{
  const JsonPlace place = { safetensors_name (file), "labels", NULL, GENRE_MODEL_ERROR_LABELS };
  const char *text = get_metadata (file, "labels", error);
  if (!text)
    return false;
  g_autoptr (JsonNode) root = json_field_parse (text, strlen (text), &place, error);
  if (!root)
    return false;
  guint n = JSON_NODE_HOLDS_ARRAY (root) ? json_array_get_length (json_node_get_array (root)) : 0;
  if (n < MIN_LABELS)
    return json_field_fail (root, &place, "an array of two strings or more", error);

  /* The network must have as many outputs: no table need be larger. */
  if (n > NN_MAX_UNITS)
    return genre_model_fail (error, GENRE_MODEL_ERROR_LABELS, "%s: labels: expected at most %d, found %u",
        safetensors_name (file), NN_MAX_UNITS, n);
  model->labels = g_new0 (char *, n + 1);
  model->n_labels = n;
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (json_node_get_array (root), i);
    const char *label = json_field_string (node);
    if (!label || label[0] == '\0')
      return json_field_fail (node, &place, "strings that are not empty", error);
    model->labels[i] = g_strdup (label);
  }
  return true;
}

static int
compare_strings (const void *a, const void *b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static bool
check_labels_unique (const GenreModel *model, const char *name, GError **error)
{
  g_autofree const char **sorted = g_new (const char *, model->n_labels);
  for (guint i = 0; i < model->n_labels; i++)
    sorted[i] = model->labels[i];
  qsort (sorted, model->n_labels, sizeof *sorted, compare_strings);
  for (guint i = 1; i < model->n_labels; i++) {
    if (strcmp (sorted[i - 1], sorted[i]) == 0) {
      g_autofree char *label = json_quote (sorted[i]);
      return genre_model_fail (error, GENRE_MODEL_ERROR_LABELS, "%s: labels: expected each only once, found %s twice",
          name, label);
    }
  }
  return true;
}

/* A decimal integer of `min` to `max`, without sign, blanks or leading zeros. */
static bool
parse_frames (const Safetensors *file, const char *key, unsigned min, unsigned max, unsigned *ret_value, GError **error)
{
  const char *text = get_metadata (file, key, error);
  if (!text)
    return false;
  guint64 value = 0;
  if (g_ascii_isdigit (text[0]) && text[0] != '0' && g_ascii_string_to_unsigned (text, 10, min, max, &value, NULL)) {
    *ret_value = (unsigned) value;
    return true;
  }
  g_autofree char *found = json_quote (text);
  return genre_model_fail (error, GENRE_MODEL_ERROR_WINDOW, "%s: %s: expected an integer from %u to %u, found %s",
      safetensors_name (file), key, min, max, found);
}

/* Not interpreted here: it must be an object of strict JSON. */
static bool
parse_training (GenreModel *model, const Safetensors *file, GError **error)
{
  const char *text = safetensors_metadata (file, "training");
  if (!text)
    text = "{}";

  g_autofree char *reason = NULL;
  if (json_scan (text, strlen (text), JSON_INTEGERS_ANY, &reason) != JSON_SCAN_OK)
    return genre_model_fail (error, GENRE_MODEL_ERROR_JSON, "%s: training: not strict JSON: %s",
        safetensors_name (file), reason);
  if (text[strspn (text, " \t\n\r")] != '{') {
    g_autofree char *found = json_quote (text);
    return genre_model_fail (error, GENRE_MODEL_ERROR_FORMAT, "%s: training: expected an object, found %s",
        safetensors_name (file), found);
  }
  model->training = g_strdup (text);
  return true;
}

/* --- network --------------------------------------------------------------------------------------------------- */

static bool
set_network_error (const char *name, const char *where, const char *what, GError **error)
{
  return genre_model_fail (error, GENRE_MODEL_ERROR_NETWORK, "%s: network: %s: %s", name, where, what);
}

NnNetwork *
genre_model_make_network (const GenreModel *model, const NnLayerSpec *specs, gsize n_specs, const char *name,
    GError **error)
{
  NnNetwork *network = NULL;
  NnIssue issue = { 0 };
  switch (nn_network_new (specs, n_specs, model->frontend.bands, model->min_frames, model->window_frames, &network,
      &issue)) {
    case NN_OK:
      return network;
    case NN_NO_MEMORY:
      g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE, "%s: no memory for its network", name);
      return NULL;
    case NN_BAD_LAYER:
    case NN_BAD_SHAPE:
      break;
  }
  g_autofree char *layer = network_spec_describe (&specs[issue.layer], issue.layer);
  set_network_error (name, layer, issue.text, error);
  return NULL;
}

/* The network with its shapes, its weights still zero. */
static bool
build_network (GenreModel *model, const Safetensors *file, GError **error)
{
  const char *text = get_metadata (file, "network", error);
  if (!text)
    return false;
  gsize n_layers = 0;
  g_autofree NnLayerSpec *specs = network_spec_parse (text, safetensors_name (file), &n_layers, error);
  if (!specs)
    return false;
  model->network = genre_model_make_network (model, specs, n_layers, safetensors_name (file), error);
  if (!model->network)
    return false;

  const char *heads = safetensors_metadata (file, "heads");
  return !heads || network_heads_parse (heads, safetensors_name (file), model->network, error);
}

/* One probability per label comes out, and one of each head. */
static bool
check_output (const GenreModel *model, const char *name, GError **error)
{
  if (!network_heads_check (model->network, name, error))
    return false;

  NnShape shape = nn_network_output (model->network);
  if (!nn_network_ends_in_softmax (model->network) || shape.rank != 1)
    return set_network_error (name, "output", "expected a softmax of one vector, found something else", error);
  if (shape.values != model->n_labels)
    return genre_model_fail (error, GENRE_MODEL_ERROR_LABELS,
        "%s: labels: expected %" G_GSIZE_FORMAT ", as many as the network has outputs, found %u", name,
        (gsize) shape.values, model->n_labels);
  return true;
}

/* --- tensors --------------------------------------------------------------------------------------------------- */

static bool set_tensor_error (const char *file, const char *name, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static bool
set_tensor_error (const char *file, const char *name, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *quoted = json_quote (name);
  return genre_model_fail (error, GENRE_MODEL_ERROR_TENSOR, "%s: tensor %s: %s", file, quoted, what);
}

static bool
check_tensor (const Safetensors *file, const NnTensor *wanted, const SafetensorsTensor *found, GError **error)
{
  gsize dim[G_N_ELEMENTS (wanted->dim)];
  bool same = found && found->rank == wanted->rank;
  for (unsigned i = 0; i < wanted->rank; i++) {
    dim[i] = wanted->dim[i];
    same = same && found->dim[i] == dim[i];
  }
  g_autofree char *expected = safetensors_shape_text (dim, wanted->rank);
  if (!found)
    return set_tensor_error (safetensors_name (file), wanted->name, error, "expected F32 %s, found none", expected);

  g_autofree char *shape = safetensors_shape_text (found->dim, found->rank);
  if (!same || found->type != SAFETENSORS_F32)
    return set_tensor_error (safetensors_name (file), wanted->name, error, "expected F32 %s, found %s %s", expected,
        safetensors_type_name (found->type), shape);
  return true;
}

static bool
check_values (const char *name, const NnTensor *tensor, GError **error)
{
  const bool variance = tensor->role == NN_ROLE_MOVING_VARIANCE;
  const gsize n = nn_tensor_size (tensor);
  for (gsize i = 0; i < n; i++) {
    double value = (double) tensor->values[i];
    if (isfinite (value) && !(variance && value < 0))
      continue;
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    return set_tensor_error (name, tensor->name, error, "expected %s, found %s at index %" G_GSIZE_FORMAT,
        variance ? "finite values of at least 0" : "finite values", g_ascii_dtostr (number, sizeof number, value), i);
  }
  return true;
}

/* Every tensor of the network is there and is used once; nothing else is there. */
static bool
fill_tensors (GenreModel *model, const Safetensors *file, GError **error)
{
  g_autoptr (GHashTable) used = g_hash_table_new (g_direct_hash, g_direct_equal);
  size_t n = nn_network_n_tensors (model->network);

  for (size_t i = 0; i < n; i++) {
    NnTensor *tensor = nn_network_tensor (model->network, i);
    const SafetensorsTensor *found = safetensors_find (file, tensor->name);
    if (!check_tensor (file, tensor, found, error))
      return false;
    safetensors_copy_f32 (found, tensor->values);
    if (!check_values (safetensors_name (file), tensor, error))
      return false;
    g_hash_table_add (used, (gpointer) (gsize) found);
  }
  for (gsize i = 0; i < safetensors_n_tensors (file); i++) {
    const SafetensorsTensor *tensor = safetensors_tensor (file, i);
    if (!g_hash_table_contains (used, tensor))
      return set_tensor_error (safetensors_name (file), tensor->name, error,
          "expected only what the network needs, found this one too");
  }
  return true;
}

/* Windows that slide start on a multiple of the grid, and so lose up to a step of it at their beginning. */
static bool
check_window (const GenreModel *model, const char *name, GError **error)
{
  const unsigned lost = genre_model_grid (model) - 1;
  if (model->window_frames > lost && nn_network_accepts (model->network, model->window_frames - lost))
    return true;
  return genre_model_fail (error, GENRE_MODEL_ERROR_WINDOW,
      "%s: window_frames: expected enough for the network when %u frames are lost to its time pools, found %u", name,
      lost, model->window_frames);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static bool
prepare (GenreModel *model, const char *name, GError **error)
{
  if (nn_network_prepare (model->network) == NN_OK)
    return true;
  return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE, "%s: no memory for its weights", name);
}

bool
genre_model_finish (GenreModel *model, const char *name, GError **error)
{
  if (!check_labels_unique (model, name, error) || !check_output (model, name, error)
      || !check_window (model, name, error))
    return false;
  for (size_t i = 0; i < nn_network_n_tensors (model->network); i++)
    if (!check_values (name, nn_network_tensor (model->network, i), error))
      return false;
  return prepare (model, name, error);
}

bool
genre_model_read (GenreModel *model, const Safetensors *file, GError **error)
{
  const char *name = safetensors_name (file);
  if (!check_format (file, error) || !check_version (file, error) || !parse_labels (model, file, error)
      || !check_labels_unique (model, name, error))
    return false;

  const char *recipe = get_metadata (file, "frontend", error);
  if (!recipe || !genre_frontend_parse (recipe, name, &model->frontend, error))
    return false;
  if (!parse_frames (file, "window_frames", 1, MAX_WINDOW_FRAMES, &model->window_frames, error)
      || !parse_frames (file, "min_frames", 1, model->window_frames, &model->min_frames, error))
    return false;
  return parse_training (model, file, error) && build_network (model, file, error) && check_output (model, name, error)
      && check_window (model, name, error) && fill_tensors (model, file, error) && prepare (model, name, error);
}
