/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/safetensors.h - the container: named tensors and string metadata out of untrusted bytes.
 *
 * Layer:   models/file; uses safetensors_tensor, safetensors_entry, json_field.
 * Threads: a Safetensors is constant.
 *
 * A file is the header's length (u64, little-endian), the header (JSON), the tensors' data.  What is accepted is what
 * https://huggingface.co/docs/safetensors says, within the limits below: offsets need no alignment, the tensors tile
 * the data without overlap or holes.  Every error is a GENRE_MODEL_ERROR.
 */
#ifndef MODELS_FILE_SAFETENSORS_H
#define MODELS_FILE_SAFETENSORS_H

#include "models/file/safetensors_tensor.h"

enum
{
  SAFETENSORS_MAX_BYTES = 256 << 20,
  SAFETENSORS_MAX_HEADER = 1 << 20,
  SAFETENSORS_MAX_TENSORS = 4096,
};

typedef struct Safetensors Safetensors;

/* What a kind of file may be at most. */
typedef struct SafetensorsLimits
{
  gsize max_bytes;  /* at most 4 GiB - 1 */
  gsize max_header; /* bytes */
} SafetensorsLimits;

/* bytes: a reference is taken; name stands for the file in messages.  At most SAFETENSORS_MAX_BYTES and _MAX_HEADER. */
Safetensors *safetensors_new (GBytes *bytes, const char *name, GError **error);
Safetensors *safetensors_new_limited (GBytes *bytes, const char *name, const SafetensorsLimits *limits, GError **error);
void safetensors_free (Safetensors *file); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Safetensors, safetensors_free)

/* All valid as long as the object. */
const char *safetensors_name (const Safetensors *file);
const char *safetensors_metadata (const Safetensors *file, const char *key); /* NULL: no such entry */
gsize safetensors_n_tensors (const Safetensors *file);
const SafetensorsTensor *safetensors_tensor (const Safetensors *file, gsize index);    /* in the order of the data */
const SafetensorsTensor *safetensors_find (const Safetensors *file, const char *name); /* NULL: no such tensor */

#endif
