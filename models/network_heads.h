/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/network_heads.h - the further outputs of a genre model's network, as the JSON object that model files carry.
 *
 * Layer:   models; uses error, json_field, json_write, network_spec, nn.
 * Threads: no state.
 *
 * One head is known, "music": how probable it is that what is heard is music.
 */
#ifndef MODELS_NETWORK_HEADS_H
#define MODELS_NETWORK_HEADS_H

#include "nn/network.h"

#include <glib.h>
#include <stdbool.h>

/* json     the text of the object: {"music":[...]}
 * file     stands for the file in messages
 * network  not prepared, without heads; gets those of the object, their weights zero
 *
 * False: GENRE_MODEL_ERROR_JSON, _SIZE or _NETWORK; the network is to be freed all the same. */
bool network_heads_parse (const char *json, const char *file, NnNetwork *network, GError **error);

/* Whether all heads of a network are known, and each ends in what it must: a sigmoid of one value.
 * False: GENRE_MODEL_ERROR_NETWORK. */
bool network_heads_check (const NnNetwork *network, const char *file, GError **error);

/* Adds all heads of one network to another one of the same layers, their weights zero.  False: out of memory. */
bool network_heads_copy (const NnNetwork *from, NnNetwork *to);

/* Appends the object of a network's heads, of which there is one at least, every key written out: parsing it gives
 * equal heads. */
void network_heads_append (const NnNetwork *network, GString *json);

/* Index of the head "music", -1: none. */
int network_heads_music (const NnNetwork *network);

#endif
