/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors_entry.h"

#include "models/file/error.h"
#include "models/file/json_write.h"

#include <json-glib/json-glib.h>

bool
safetensors_entry_fail (GError **error, const char *file, const char *tensor, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *quoted = json_quote (tensor);
  return genre_model_fail (error, GENRE_MODEL_ERROR_CONTAINER, "%s: tensor %s: %s", file, quoted, what);
}

/* A member of a tensor's entry.  NULL: error. */
static JsonArray *
get_array (const char *file, const char *tensor, JsonObject *entry, const char *key, GError **error)
{
  JsonNode *node = json_object_get_member (entry, key);
  if (!node || !JSON_NODE_HOLDS_ARRAY (node)) {
    safetensors_entry_fail (error, file, tensor, "expected an array \"%s\", found %s", key,
        node ? "something else" : "none");
    return NULL;
  }
  return json_node_get_array (node);
}

/* An integer of a tensor's entry.  Everything in a file below 4 GiB fits guint32, hence gsize. */
static bool
get_size (const char *file, const char *tensor, JsonArray *array, guint index, const char *key, gsize *ret_size,
    GError **error)
{
  g_autofree char *name = json_quote (tensor);
  g_autofree char *thing = g_strdup_printf ("tensor %s", name);
  const JsonPlace place = { file, thing, key, GENRE_MODEL_ERROR_CONTAINER };
  unsigned value = 0;
  if (!json_field_unsigned (json_array_get_element (array, index), &place, 0, G_MAXUINT32, &value, error))
    return false;
  *ret_size = value;
  return true;
}

static bool
read_type (const char *file, SafetensorsTensor *tensor, JsonObject *entry, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "dtype");
  const char *name = node ? json_field_string (node) : NULL;
  if (!name)
    return safetensors_entry_fail (error, file, tensor->name, "expected a string \"dtype\", found %s",
        node ? "something else" : "none");
  if (safetensors_type_find (name, &tensor->type))
    return true;
  g_autofree char *quoted = json_quote (name);
  return safetensors_entry_fail (error, file, tensor->name, "expected a type of safetensors such as F32, found %s",
      quoted);
}

static bool
read_shape (const char *file, SafetensorsTensor *tensor, JsonObject *entry, gsize max_bytes, GError **error)
{
  JsonArray *shape = get_array (file, tensor->name, entry, "shape", error);
  if (!shape)
    return false;
  guint rank = json_array_get_length (shape);
  if (rank > SAFETENSORS_MAX_RANK)
    return safetensors_entry_fail (error, file, tensor->name, "expected at most %d dimensions, found %u",
        SAFETENSORS_MAX_RANK, rank);

  /* The smallest type has half a byte. */
  const gsize max_values = MIN (max_bytes, G_MAXSIZE / 2) * 2;
  tensor->rank = rank;
  tensor->n_values = 1;
  for (guint i = 0; i < rank; i++) {
    if (!get_size (file, tensor->name, shape, i, "shape", &tensor->dim[i], error))
      return false;
    if (tensor->dim[i] > 0 && tensor->n_values > max_values / tensor->dim[i])
      return safetensors_entry_fail (error, file, tensor->name,
          "expected a shape of at most %" G_GSIZE_FORMAT " values, found more", max_values);
    tensor->n_values *= tensor->dim[i];
  }
  return true;
}

/* Sets `bytes`.  Whether the file has them is known only with all other entries. */
static bool
read_offsets (const char *file, SafetensorsTensor *tensor, JsonObject *entry, gsize *ret_begin, GError **error)
{
  JsonArray *offsets = get_array (file, tensor->name, entry, "data_offsets", error);
  if (!offsets)
    return false;
  if (json_array_get_length (offsets) != 2)
    return safetensors_entry_fail (error, file, tensor->name, "expected 2 \"data_offsets\", found %u",
        json_array_get_length (offsets));
  gsize begin = 0, end = 0;
  if (!get_size (file, tensor->name, offsets, 0, "data_offsets", &begin, error)
      || !get_size (file, tensor->name, offsets, 1, "data_offsets", &end, error))
    return false;
  if (begin > end)
    return safetensors_entry_fail (error, file, tensor->name,
        "expected \"data_offsets\" in order, found %" G_GSIZE_FORMAT " before %" G_GSIZE_FORMAT, begin, end);

  /* At most 2^33 values of 64 bits. */
  guint64 bits = (guint64) tensor->n_values * safetensors_type_bits (tensor->type);
  if (bits % 8 != 0 || bits / 8 != end - begin) {
    g_autofree char *shape = safetensors_shape_text (tensor->dim, tensor->rank);
    return safetensors_entry_fail (error, file, tensor->name,
        "expected %" G_GUINT64_FORMAT " bytes for %s %s, found %" G_GSIZE_FORMAT, bits / 8,
        safetensors_type_name (tensor->type), shape, end - begin);
  }
  tensor->bytes = end - begin;
  *ret_begin = begin;
  return true;
}

bool
safetensors_entry_read (const char *file, const char *name, JsonNode *node, gsize max_bytes,
    SafetensorsTensor *ret_tensor, gsize *ret_begin, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return safetensors_entry_fail (error, file, name, "expected an object, found something else");
  JsonObject *entry = json_node_get_object (node);

  ret_tensor->name = name;
  if (!read_type (file, ret_tensor, entry, error) || !read_shape (file, ret_tensor, entry, max_bytes, error)
      || !read_offsets (file, ret_tensor, entry, ret_begin, error))
    return false;
  if (json_object_get_size (entry) != 3)
    return safetensors_entry_fail (error, file, name,
        "expected the keys \"dtype\", \"shape\", \"data_offsets\", found %u keys", json_object_get_size (entry));
  return true;
}
