/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/safetensors_tensor.h - a tensor of a safetensors file: type, shape, values.
 *
 * Layer:   models/file; uses GLib.
 * Threads: plain data.
 */
#ifndef MODELS_FILE_SAFETENSORS_TENSOR_H
#define MODELS_FILE_SAFETENSORS_TENSOR_H

#include <glib.h>
#include <stdbool.h>

enum
{
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

const char *safetensors_type_name (SafetensorsType type); /* "F32" */
unsigned safetensors_type_bits (SafetensorsType type);    /* of one value */

/* Whether the format has a type of that name. */
bool safetensors_type_find (const char *name, SafetensorsType *ret_type);

/* "[3][3][1][20]"; "[]" for one value */
char *safetensors_shape_text (const gsize *dim, unsigned rank);

/* tensor  of type F32
 * values  [n_values]  out */
void safetensors_copy_f32 (const SafetensorsTensor *tensor, float *values);

#endif
