/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/network_heads.h"

#include "models/file/error.h"
#include "models/file/json_field.h"
#include "models/file/json_write.h"
#include "models/network_spec.h"
#include "nn/layers.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const char MUSIC[] = "music";

/* --- out of JSON ----------------------------------------------------------------------------------------------- */

/* Sets "FILE: heads: NAME: " and what is wrong.  Always false. */
static bool
set_error (const char *file, const char *name, const char *what, GError **error)
{
  g_autofree char *quoted = json_quote (name);
  return genre_model_fail (error, GENRE_MODEL_ERROR_NETWORK, "%s: heads: %s: %s", file, quoted, what);
}

static bool
check_known (const char *name, const char *file, GError **error)
{
  if (strcmp (name, MUSIC) == 0)
    return true;
  return set_error (file, name, "expected no head but \"music\", found this one", error);
}

static bool
has_layer_named (const NnStack *stack, const char *name)
{
  for (gsize i = 0; i < stack->n_layers; i++)
    if (strcmp (stack->layers[i].spec.name, name) == 0)
      return true;
  return false;
}

/* The layers' names are the prefixes of their tensors' names: none may be the network's too. */
static bool
check_names (const NnLayerSpec *specs, gsize n, const NnNetwork *network, const char *file, const char *head,
    GError **error)
{
  for (gsize i = 0; i < n; i++) {
    if (specs[i].name[0] == '\0' || !has_layer_named (nn_network_stack (network), specs[i].name))
      continue;
    g_autofree char *layer = network_spec_describe (&specs[i], i);
    g_autofree char *what = g_strdup_printf ("%s: expected a name of its own, found that of a layer of the network",
        layer);
    return set_error (file, head, what, error);
  }
  return true;
}

static bool
add_head (NnNetwork *network, const char *name, const NnLayerSpec *specs, gsize n, const char *file, GError **error)
{
  NnIssue issue = { 0 };
  switch (nn_network_add_head (network, name, specs, n, &issue)) {
    case NN_OK:
      return true;
    case NN_NO_MEMORY:
      return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE, "%s: no memory for its network", file);
    case NN_BAD_LAYER:
    case NN_BAD_SHAPE:
      break;
  }
  g_autofree char *layer = network_spec_describe (&specs[issue.layer], issue.layer);
  g_autofree char *what = g_strdup_printf ("%s: %s", layer, issue.text);
  return set_error (file, name, what, error);
}

static bool
parse_head (NnNetwork *network, const char *name, JsonNode *layers, const char *file, GError **error)
{
  if (!check_known (name, file, error))
    return false;

  g_autofree char *quoted = json_quote (name), *thing = g_strdup_printf ("heads: %s", quoted);
  gsize n = 0;
  g_autofree NnLayerSpec *specs = network_spec_parse_layers (layers, file, thing, &n, error);
  return specs && check_names (specs, n, network, file, name, error) && add_head (network, name, specs, n, file, error);
}

bool
network_heads_parse (const char *json, const char *file, NnNetwork *network, GError **error)
{
  const JsonPlace place = { file, "heads", NULL, GENRE_MODEL_ERROR_NETWORK };

  g_autoptr (JsonNode) root = json_field_parse (json, strlen (json), &place, error);
  if (!root)
    return false;
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  if (!object || json_object_get_size (object) == 0)
    return json_field_fail (root, &place, "an object of one head or more", error);

  JsonObjectIter iter;
  const char *name = NULL;
  JsonNode *layers = NULL;
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &layers))
    if (!parse_head (network, name, layers, file, error))
      return false;
  return true;
}

/* --- heads that are there -------------------------------------------------------------------------------------- */

bool
network_heads_check (const NnNetwork *network, const char *file, GError **error)
{
  for (gsize i = 0; i < nn_network_n_heads (network); i++) {
    const char *name = nn_network_head_name (network, i);
    const NnStack *head = nn_network_head (network, i);
    const NnLayer *last = &head->layers[head->n_layers - 1];

    if (!check_known (name, file, error))
      return false;
    if (last->spec.class == &nn_sigmoid_class && last->out.values == 1)
      continue;
    g_autofree char *what = g_strdup_printf ("output: expected a sigmoid of 1 value, found a %s of %" G_GSIZE_FORMAT,
        last->spec.class->type, (gsize) last->out.values);
    return set_error (file, name, what, error);
  }
  return true;
}

/* A copy of a head's description [*ret_n]; g_free() */
static NnLayerSpec *
copy_specs (const NnNetwork *network, gsize head, gsize *ret_n)
{
  const NnStack *stack = nn_network_head (network, head);
  NnLayerSpec *specs = g_new (NnLayerSpec, stack->n_layers);

  for (gsize i = 0; i < stack->n_layers; i++)
    specs[i] = stack->layers[i].spec;
  *ret_n = stack->n_layers;
  return specs;
}

bool
network_heads_copy (const NnNetwork *from, NnNetwork *to)
{
  for (gsize i = 0; i < nn_network_n_heads (from); i++) {
    NnIssue issue;
    gsize n = 0;
    g_autofree NnLayerSpec *specs = copy_specs (from, i, &n);

    if (nn_network_add_head (to, nn_network_head_name (from, i), specs, n, &issue) != NN_OK)
      return false;
  }
  return true;
}

void
network_heads_append (const NnNetwork *network, GString *json)
{
  json_open (json, NULL, '{');
  for (gsize i = 0; i < nn_network_n_heads (network); i++) {
    gsize n = 0;
    g_autofree NnLayerSpec *specs = copy_specs (network, i, &n);

    json_add_key (json, nn_network_head_name (network, i));
    network_spec_append (specs, n, json);
  }
  g_string_append_c (json, '}');
}

int
network_heads_music (const NnNetwork *network)
{
  for (gsize i = 0; i < nn_network_n_heads (network); i++)
    if (strcmp (nn_network_head_name (network, i), MUSIC) == 0)
      return (int) i;
  return -1;
}
