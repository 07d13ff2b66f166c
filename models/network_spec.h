/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/network_spec.h - the list of layers as the JSON array that model files carry.
 *
 * Layer:   models; uses error, json_table, json_write, nn.
 * Threads: no state.
 */
#ifndef MODELS_NETWORK_SPEC_H
#define MODELS_NETWORK_SPEC_H

#include "models/file/json_field.h"
#include "nn/network.h"

#include <glib.h>

enum
{
  NETWORK_SPEC_MAX_LAYERS = 1024
};

/* json          the text of the array
 * file          stands for the file in messages
 * ret_n_layers  out, on success, at least 1
 *
 * Types, keys and names only: ranges and shapes are for nn_network_new().  An absent key keeps its default.
 * The result is freed with g_free().  NULL: GENRE_MODEL_ERROR_JSON, _SIZE or _NETWORK. */
NnLayerSpec *network_spec_parse (const char *json, const char *file, gsize *ret_n_layers, GError **error);

/* The same of an array that has been parsed: for a list of layers that is a part of something else.
 *
 * thing  what the array is, in messages: "network" */
NnLayerSpec *network_spec_parse_layers (JsonNode *array, const char *file, const char *thing, gsize *ret_n_layers,
    GError **error);

/* Appends the array of specs [n], every key that a layer takes written out: parsing it gives an equal list. */
void network_spec_append (const NnLayerSpec *specs, gsize n, GString *json);

/* "layer 3 (conv2d \"conv2\")", for messages. */
char *network_spec_describe (const NnLayerSpec *spec, gsize index);

#endif
