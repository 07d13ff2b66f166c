/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/json_node.h - a parsed JSON value as text again, on one line or on many.
 *
 * Layer:   models/file; uses json_write, json-glib.
 * Threads: no state.
 *
 * json-glib 1.6 writes 1e-10 as 1e-10.0, which is no JSON.
 */
#ifndef MODELS_FILE_JSON_NODE_H
#define MODELS_FILE_JSON_NODE_H

#include <glib.h>

typedef struct _JsonNode JsonNode; /* json-glib's */

/* On one line. */
void json_append_node (GString *json, JsonNode *node);

/* With an indent of two; what fits into 100 columns stays on one line. */
void json_append_node_pretty (GString *json, JsonNode *node);

#endif
