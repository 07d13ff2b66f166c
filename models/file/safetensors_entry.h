/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/safetensors_entry.h - what the header of a safetensors file says of one tensor.
 *
 * Layer:   models/file; uses safetensors_tensor, json_field, json_write.
 * Threads: no state.
 */
#ifndef MODELS_FILE_SAFETENSORS_ENTRY_H
#define MODELS_FILE_SAFETENSORS_ENTRY_H

#include "models/file/json_field.h"
#include "models/file/safetensors_tensor.h"

/* file        stands for the file in messages
 * name        of the tensor, which keeps it
 * node        {"dtype": ..., "shape": ..., "data_offsets": [begin, end]}, not trusted
 * max_bytes   of a file
 * ret_tensor  out, all but `data`
 * ret_begin   out, of its data behind the header; whether the file has them is for the caller
 *
 * GENRE_MODEL_ERROR_CONTAINER: something is not as the format has it. */
bool safetensors_entry_read (const char *file, const char *name, JsonNode *node, gsize max_bytes,
    SafetensorsTensor *ret_tensor, gsize *ret_begin, GError **error);

/* False, and GENRE_MODEL_ERROR_CONTAINER, "FILE: tensor NAME: ..." */
bool safetensors_entry_fail (GError **error, const char *file, const char *tensor, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

#endif
