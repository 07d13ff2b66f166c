/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors.h"

#include "models/file/error.h"
#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"
#include "models/file/safetensors_entry.h"

#include <assert.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_VALUES = SAFETENSORS_MAX_HEADER / 2 + 1, /* of a header, however long: no shorter one has room for more */
};

/* A cursor over untrusted bytes.  Once a read runs past the end, `ok` stays false and every later read yields
 * zero: parse first, check once. */
typedef struct Reader
{
  const guint8 *data;
  gsize left;
  bool ok;
} Reader;

struct Safetensors
{
  GBytes *bytes;
  char *name;
  SafetensorsLimits limits;
  const guint8 *data; /* [data_size], after the header */
  gsize data_size;
  JsonNode *header;           /* owns the strings */
  JsonObject *metadata;       /* NULL if there is none */
  SafetensorsTensor *tensors; /* [n_tensors], by offset */
  gsize n_tensors;
  GHashTable *by_name; /* name -> SafetensorsTensor */
};

static guint64
read_u64 (Reader *reader)
{
  if (!reader->ok || reader->left < 8) {
    reader->ok = false;
    return 0;
  }
  guint64 value = 0;
  for (unsigned i = 0; i < 8; i++)
    value |= (guint64) reader->data[i] << (8 * i);
  reader->data += 8;
  reader->left -= 8;
  return value;
}

/* NULL past the end. */
static const guint8 *
read_bytes (Reader *reader, guint64 size)
{
  if (!reader->ok || size > reader->left) {
    reader->ok = false;
    return NULL;
  }
  const guint8 *bytes = reader->data;
  reader->data += (gsize) size;
  reader->left -= (gsize) size;
  return bytes;
}

/* begin, for sorting, beside the tensor. */
typedef struct Extent
{
  SafetensorsTensor tensor;
  gsize begin;
} Extent;

static bool
read_tensor (const Safetensors *file, const char *name, JsonNode *node, Extent *extent, GError **error)
{
  return safetensors_entry_read (file->name, name, node, file->limits.max_bytes, &extent->tensor, &extent->begin,
      error);
}

static int
compare_extents (const void *a, const void *b)
{
  const Extent *x = a, *y = b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  if (x->tensor.bytes != y->tensor.bytes)
    return x->tensor.bytes < y->tensor.bytes ? -1 : 1;
  return strcmp (x->tensor.name, y->tensor.name);
}

/* extents [n]  by offset
 *
 * The tensors follow each other from the first byte to the last. */
static bool
check_tiling (const Safetensors *file, const Extent *extents, gsize n, GError **error)
{
  gsize end = 0;
  for (gsize i = 0; i < n; i++) {
    if (extents[i].begin != end)
      return safetensors_entry_fail (error, file->name, extents[i].tensor.name,
          "expected to begin at byte %" G_GSIZE_FORMAT " of the data, found %" G_GSIZE_FORMAT ": tensors %s", end,
          extents[i].begin, extents[i].begin < end ? "overlap" : "leave a hole");
    if (extents[i].tensor.bytes > file->data_size - end) {
      g_autofree char *quoted = json_quote (extents[i].tensor.name);
      return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE,
          "%s: tensor %s: expected %" G_GUINT64_FORMAT " bytes of data, found %" G_GSIZE_FORMAT
          ": the file is truncated",
          file->name, quoted, (guint64) end + extents[i].tensor.bytes, file->data_size);
    }
    end += extents[i].tensor.bytes;
  }
  if (end != file->data_size)
    return genre_model_fail (error, GENRE_MODEL_ERROR_CONTAINER,
        "%s: expected %" G_GSIZE_FORMAT " bytes of data, as the tensors need, found %" G_GSIZE_FORMAT, file->name, end,
        file->data_size);
  return true;
}

static bool
read_metadata (Safetensors *file, JsonNode *node, GError **error)
{
  const JsonPlace place = { file->name, "__metadata__", NULL, GENRE_MODEL_ERROR_CONTAINER };
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return json_field_fail (node, &place, "an object of strings", error);

  JsonObject *metadata = json_node_get_object (node);
  g_autoptr (GList) values = json_object_get_values (metadata);
  for (GList *item = values; item; item = item->next) {
    if (!json_field_string (item->data))
      return json_field_fail (item->data, &place, "strings only", error);
  }
  file->metadata = metadata;
  return true;
}

/* Fills metadata, tensors and by_name from the header. */
static bool
read_entries (Safetensors *file, JsonObject *header, GError **error)
{
  gsize n = json_object_get_size (header);
  n -= json_object_has_member (header, "__metadata__");
  if (n > SAFETENSORS_MAX_TENSORS)
    return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE, "%s: expected at most %d tensors, found %" G_GSIZE_FORMAT,
        file->name, SAFETENSORS_MAX_TENSORS, n);

  g_autofree Extent *extents = g_new0 (Extent, MAX (n, 1));
  g_autoptr (GList) names = json_object_get_members (header);
  gsize i = 0;
  for (GList *item = names; item; item = item->next) {
    const char *name = item->data;
    JsonNode *node = json_object_get_member (header, name);
    bool ok = strcmp (name, "__metadata__") == 0 ? read_metadata (file, node, error)
                                                 : read_tensor (file, name, node, &extents[i++], error);
    if (!ok)
      return false;
  }
  qsort (extents, n, sizeof *extents, compare_extents);
  if (!check_tiling (file, extents, n, error))
    return false;

  file->tensors = g_new0 (SafetensorsTensor, MAX (n, 1));
  file->n_tensors = n;
  for (i = 0; i < n; i++) {
    file->tensors[i] = extents[i].tensor;
    file->tensors[i].data = file->data + extents[i].begin;
    g_hash_table_insert (file->by_name, g_strdup (file->tensors[i].name), &file->tensors[i]);
  }
  return true;
}

/* Finds header and data and reads the header. */
static bool
read_file (Safetensors *file, GError **error)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (file->bytes, &size);
  Reader reader = { data, size, true };

  guint64 header_size = read_u64 (&reader);
  if (reader.ok && header_size > file->limits.max_header)
    return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE,
        "%s: expected a header of at most %" G_GSIZE_FORMAT " bytes, found %" G_GUINT64_FORMAT
        " (not a safetensors file?)",
        file->name, file->limits.max_header, header_size);
  const char *header = (const char *) read_bytes (&reader, header_size);
  if (!reader.ok)
    return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE,
        "%s: expected at least %" G_GUINT64_FORMAT " bytes, found %" G_GSIZE_FORMAT ": the file is %s", file->name,
        8 + header_size, size, size == 0 ? "empty" : "truncated");
  file->data = reader.data;
  file->data_size = reader.left;

  if (json_scan_count (header, (gsize) header_size) > MAX_VALUES)
    return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE, "%s: header: expected at most %d values, found more",
        file->name, MAX_VALUES);
  const JsonPlace place = { file->name, "header", NULL, GENRE_MODEL_ERROR_JSON };
  file->header = json_field_parse (header, (gsize) header_size, &place, error);
  if (!file->header)
    return false;
  if (!JSON_NODE_HOLDS_OBJECT (file->header) || header[0] != '{')
    return json_field_fail (file->header, &place, "an object from its first byte on", error);
  return read_entries (file, json_node_get_object (file->header), error);
}

Safetensors *
safetensors_new (GBytes *bytes, const char *name, GError **error)
{
  const SafetensorsLimits limits = { SAFETENSORS_MAX_BYTES, SAFETENSORS_MAX_HEADER };
  return safetensors_new_limited (bytes, name, &limits, error);
}

Safetensors *
safetensors_new_limited (GBytes *bytes, const char *name, const SafetensorsLimits *limits, GError **error)
{
  assert (limits->max_bytes <= G_MAXUINT32);

  if (g_bytes_get_size (bytes) > limits->max_bytes) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "%s: expected at most %" G_GSIZE_FORMAT " bytes, found %" G_GSIZE_FORMAT, name, limits->max_bytes,
        g_bytes_get_size (bytes));
    return NULL;
  }
  Safetensors *file = g_new0 (Safetensors, 1);
  file->bytes = g_bytes_ref (bytes);
  file->name = g_strdup (name);
  file->limits = *limits;
  file->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (read_file (file, error))
    return file;

  safetensors_free (file);
  return NULL;
}

void
safetensors_free (Safetensors *file)
{
  if (!file)
    return;
  g_hash_table_unref (file->by_name);
  g_free (file->tensors);
  g_clear_pointer (&file->header, json_node_unref);
  g_free (file->name);
  g_bytes_unref (file->bytes);
  g_free (file);
}

const char *
safetensors_name (const Safetensors *file)
{
  return file->name;
}

const char *
safetensors_metadata (const Safetensors *file, const char *key)
{
  if (!file->metadata || !json_object_has_member (file->metadata, key))
    return NULL;
  return json_field_string (json_object_get_member (file->metadata, key));
}

gsize
safetensors_n_tensors (const Safetensors *file)
{
  return file->n_tensors;
}

const SafetensorsTensor *
safetensors_tensor (const Safetensors *file, gsize index)
{
  assert (index < file->n_tensors);
  return &file->tensors[index];
}

const SafetensorsTensor *
safetensors_find (const Safetensors *file, const char *name)
{
  return g_hash_table_lookup (file->by_name, name);
}
