/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/feature_set_load.h"

#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/sets/half.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* --- values ---------------------------------------------------------------------------------------------------- */

static guint32
read_u32 (const guint8 *data)
{
  return (guint32) data[0] | (guint32) data[1] << 8 | (guint32) data[2] << 16 | (guint32) data[3] << 24;
}

static guint16
read_u16 (const guint8 *data)
{
  return (guint16) (data[0] | data[1] << 8);
}

void
genre_feature_values_copy (const FeatureValues *values, gsize first, gsize n, float *out)
{
  if (values->type == SAFETENSORS_U8) {
    const guint8 *in = values->data + first;
    for (gsize i = 0; i < n; i++)
      out[i] = (float) in[i];
  } else if (values->type == SAFETENSORS_F16) {
    const guint8 *in = values->data + 2 * first;
    for (gsize i = 0; i < n; i++)
      out[i] = half_to_float (read_u16 (in + 2 * i));
  } else {
    const guint8 *in = values->data + 4 * first;
    for (gsize i = 0; i < n; i++) {
      const guint32 bits = read_u32 (in + 4 * i);
      memcpy (&out[i], &bits, sizeof bits);
    }
  }
}

/* --- errors, tensors, metadata --------------------------------------------------------------------------------- */

bool
feature_set_fail (const FeatureSetLoad *load, GenreModelError code, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return genre_model_fail (error, (int) code, "%s: %s", load->set->name, what);
}

static char *
describe_wanted (const FeatureTensor *wanted)
{
  GString *text = g_string_new (NULL);
  for (unsigned type = 0; type < SAFETENSORS_N_TYPES; type++) {
    if (wanted->types & 1u << type)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " or " : "",
          safetensors_type_name ((SafetensorsType) type));
  }
  g_string_append_c (text, ' ');
  for (unsigned i = 0; i < wanted->rank; i++) {
    if (wanted->dim[i] > 0)
      g_string_append_printf (text, "[%" G_GSIZE_FORMAT "]", wanted->dim[i]);
    else
      g_string_append (text, "[any]");
  }
  return g_string_free (text, FALSE);
}

bool
feature_set_find_tensor (const FeatureSetLoad *load, const FeatureTensor *wanted, const SafetensorsTensor **ret_tensor,
    GError **error)
{
  const SafetensorsTensor *tensor = safetensors_find (load->file, wanted->name);

  *ret_tensor = tensor;
  if (!tensor)
    return true;
  g_hash_table_add (load->used, (gpointer) (gsize) tensor);

  bool good = (wanted->types & 1u << tensor->type) != 0 && tensor->rank == wanted->rank;
  for (unsigned i = 0; good && i < wanted->rank; i++)
    good = wanted->dim[i] > 0 ? tensor->dim[i] == wanted->dim[i] : tensor->dim[i] > 0;
  if (good)
    return true;
  g_autofree char *expected = describe_wanted (wanted), *shape = safetensors_shape_text (tensor->dim, tensor->rank);
  return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error, "tensor \"%s\": expected %s, found %s %s",
      wanted->name, expected, safetensors_type_name (tensor->type), shape);
}

bool
feature_set_need_tensor (const FeatureSetLoad *load, const FeatureTensor *wanted, const SafetensorsTensor **ret_tensor,
    GError **error)
{
  if (!feature_set_find_tensor (load, wanted, ret_tensor, error))
    return false;
  if (*ret_tensor)
    return true;
  g_autofree char *expected = describe_wanted (wanted);
  return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error, "tensor \"%s\": expected %s, found none",
      wanted->name, expected);
}

bool
feature_set_check_values (const FeatureSetLoad *load, const SafetensorsTensor *tensor, float most, GError **error)
{
  const FeatureValues values = { tensor->type, tensor->data };
  float block[256];

  for (gsize first = 0, n; first < tensor->n_values; first += n) {
    n = MIN (tensor->n_values - first, G_N_ELEMENTS (block));
    genre_feature_values_copy (&values, first, n, block);
    for (gsize i = 0; i < n; i++) {
      if (fabsf (block[i]) <= most)
        continue;
      char number[G_ASCII_DTOSTR_BUF_SIZE], limit[G_ASCII_DTOSTR_BUF_SIZE];
      return feature_set_fail (load, GENRE_MODEL_ERROR_TENSOR, error,
          "tensor \"%s\": expected finite values of at most %s, found %s at index %" G_GSIZE_FORMAT, tensor->name,
          g_ascii_formatd (limit, sizeof limit, "%g", (double) most),
          g_ascii_formatd (number, sizeof number, "%g", (double) block[i]), first + i);
    }
  }
  return true;
}

bool
feature_set_read_strings (const FeatureSetLoad *load, const char *key, GenreModelError code, const char *expected,
    gsize min, gsize max, char ***ret_strings, GError **error)
{
  const JsonPlace place = { load->set->name, key, NULL, (int) code };
  const char *text = safetensors_metadata (load->file, key);

  if (!text)
    return true;
  const gsize most = json_scan_count (text, strlen (text)); /* before memory is taken for them */
  if (most > MAX (max, 1))
    return feature_set_fail (load, code, error, "%s: expected %s, found %" G_GSIZE_FORMAT, key, expected, most);
  g_autoptr (JsonNode) root = json_field_parse (text, strlen (text), &place, error);
  if (!root)
    return false;
  if (!JSON_NODE_HOLDS_ARRAY (root))
    return json_field_fail (root, &place, expected, error);
  JsonArray *array = json_node_get_array (root);
  const guint n = json_array_get_length (array);
  if (n < min || n > max)
    return feature_set_fail (load, code, error, "%s: expected %s, found %u", key, expected, n);

  g_auto (GStrv) strings = g_new0 (char *, (gsize) n + 1);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);
    if (!json_field_string (node))
      return json_field_fail (node, &place, "strings only", error);
    strings[i] = g_strdup (json_field_string (node));
  }
  *ret_strings = g_steal_pointer (&strings);
  return true;
}

bool
feature_set_read_integers (const FeatureSetLoad *load, const char *name, gint32 min, gint32 max, gint32 **ret_values,
    GError **error)
{
  const gsize n = load->set->n_clips;
  const SafetensorsTensor *tensor = NULL;
  const FeatureTensor wanted = { name, FEATURE_I32, 1, { n, 0, 0 } };

  if (!feature_set_find_tensor (load, &wanted, &tensor, error))
    return false;
  if (!tensor)
    return true;
  *ret_values = g_new (gint32, n);
  for (gsize i = 0; i < n; i++) {
    const gint32 value = (gint32) read_u32 (tensor->data + 4 * i);
    if (value < min || value > max)
      return feature_set_fail (load, GENRE_MODEL_ERROR_CLIPS, error,
          "tensor \"%s\": expected values from %d to %d, found %d at index %" G_GSIZE_FORMAT, name, min, max, value, i);
    (*ret_values)[i] = value;
  }
  return true;
}
