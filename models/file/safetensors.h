/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/safetensors.h - the container: named tensors and string metadata out of untrusted bytes.
 *
 * Layer:   models/file; uses regular_file, json_field, GLib.
 * Threads: a Safetensors is constant.
 *
 * A file is the header's length (u64, little-endian), the header (JSON), the tensors' data.  What is accepted is what
 * https://huggingface.co/docs/safetensors says, within the limits below: offsets need no alignment, the tensors tile
 * the data without overlap or holes.  Every error is a GENRE_MODEL_ERROR.
 */
#ifndef MODELS_FILE_SAFETENSORS_H
#define MODELS_FILE_SAFETENSORS_H

#include <glib.h>

G_BEGIN_DECLS

enum
{
  SAFETENSORS_MAX_BYTES = 256 << 20,
  SAFETENSORS_MAX_HEADER = 1 << 20,
  SAFETENSORS_MAX_TENSORS = 4096,
  SAFETENSORS_MAX_RANK = 8,
};

/* Every type of the format; the project writes and computes with U8, I32, F16 and F32. */
typedef enum SafetensorsType
{
  SAFETENSORS_U8,
  SAFETENSORS_I32,
  SAFETENSORS_F16,
  SAFETENSORS_F32,
  SAFETENSORS_BOOL,
  SAFETENSORS_I8,
  SAFETENSORS_I16,
  SAFETENSORS_U16,
  SAFETENSORS_U32,
  SAFETENSORS_I64,
  SAFETENSORS_U64,
  SAFETENSORS_BF16,
  SAFETENSORS_F64,
  SAFETENSORS_C64,
  SAFETENSORS_F8_E4M3,
  SAFETENSORS_F8_E5M2,
  SAFETENSORS_F8_E8M0,
  SAFETENSORS_F6_E2M3,
  SAFETENSORS_F6_E3M2,
  SAFETENSORS_F4,
  SAFETENSORS_N_TYPES
} SafetensorsType;

typedef struct SafetensorsTensor
{
  const char *name;
  SafetensorsType type;
  unsigned rank; /* 0: one value */
  gsize dim[SAFETENSORS_MAX_RANK];
  gsize n_values;     /* product of dim */
  const guint8 *data; /* [bytes], little-endian, unaligned, innermost dimension last */
  gsize bytes;
} SafetensorsTensor;

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

const char *safetensors_type_name (SafetensorsType type); /* "F32" */
unsigned safetensors_type_bits (SafetensorsType type);    /* of one value */

/* "[3][3][1][20]"; "[]" for one value */
char *safetensors_shape_text (const gsize *dim, unsigned rank);

/* tensor  of type F32
 * values  [n_values]  out */
void safetensors_copy_f32 (const SafetensorsTensor *tensor, float *values);

G_END_DECLS

#endif
