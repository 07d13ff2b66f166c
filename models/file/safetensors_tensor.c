/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors_tensor.h"

#include <assert.h>
#include <string.h>

static const struct
{
  const char *name;
  unsigned bits; /* of one value */
} types[SAFETENSORS_N_TYPES] = {
  [SAFETENSORS_U8] = { "U8", 8 },
  [SAFETENSORS_I32] = { "I32", 32 },
  [SAFETENSORS_F16] = { "F16", 16 },
  [SAFETENSORS_F32] = { "F32", 32 },
  [SAFETENSORS_BOOL] = { "BOOL", 8 },
  [SAFETENSORS_I8] = { "I8", 8 },
  [SAFETENSORS_I16] = { "I16", 16 },
  [SAFETENSORS_U16] = { "U16", 16 },
  [SAFETENSORS_U32] = { "U32", 32 },
  [SAFETENSORS_I64] = { "I64", 64 },
  [SAFETENSORS_U64] = { "U64", 64 },
  [SAFETENSORS_BF16] = { "BF16", 16 },
  [SAFETENSORS_F64] = { "F64", 64 },
  [SAFETENSORS_C64] = { "C64", 64 },
  [SAFETENSORS_F8_E4M3] = { "F8_E4M3", 8 },
  [SAFETENSORS_F8_E5M2] = { "F8_E5M2", 8 },
  [SAFETENSORS_F8_E8M0] = { "F8_E8M0", 8 },
  [SAFETENSORS_F6_E2M3] = { "F6_E2M3", 6 },
  [SAFETENSORS_F6_E3M2] = { "F6_E3M2", 6 },
  [SAFETENSORS_F4] = { "F4", 4 },
};

const char *
safetensors_type_name (SafetensorsType type)
{
  return types[type].name;
}

unsigned
safetensors_type_bits (SafetensorsType type)
{
  return types[type].bits;
}

bool
safetensors_type_find (const char *name, SafetensorsType *ret_type)
{
  for (unsigned type = 0; type < SAFETENSORS_N_TYPES; type++) {
    if (strcmp (name, types[type].name) == 0) {
      *ret_type = (SafetensorsType) type;
      return true;
    }
  }
  return false;
}

char *
safetensors_shape_text (const gsize *dim, unsigned rank)
{
  GString *text = g_string_new (rank == 0 ? "[]" : NULL);
  for (unsigned i = 0; i < rank; i++)
    g_string_append_printf (text, "[%" G_GSIZE_FORMAT "]", dim[i]);
  return g_string_free (text, FALSE);
}

void
safetensors_copy_f32 (const SafetensorsTensor *tensor, float *values)
{
  assert (tensor->type == SAFETENSORS_F32);

  for (gsize i = 0; i < tensor->n_values; i++) {
    guint32 bits;
    memcpy (&bits, tensor->data + 4 * i, 4);
    bits = GUINT32_FROM_LE (bits);
    memcpy (&values[i], &bits, 4);
  }
}
