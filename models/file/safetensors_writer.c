/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors_writer.h"

#include "models/file/error.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"
#include "models/file/regular_file.h"

#include <assert.h>

struct SafetensorsWriter
{
  GString *metadata; /* members of __metadata__, each followed by a comma */
  GString *entries;  /* members of the header, each preceded by a comma */
  GByteArray *data;
  gsize reserved; /* bytes before `data` that the caller writes */
};

SafetensorsWriter *
safetensors_writer_new (void)
{
  SafetensorsWriter *writer = g_new0 (SafetensorsWriter, 1);
  writer->metadata = g_string_new (NULL);
  writer->entries = g_string_new (NULL);
  writer->data = g_byte_array_new ();
  return writer;
}

void
safetensors_writer_free (SafetensorsWriter *writer)
{
  if (!writer)
    return;
  g_string_free (writer->metadata, TRUE);
  g_string_free (writer->entries, TRUE);
  g_byte_array_unref (writer->data);
  g_free (writer);
}

void
safetensors_writer_add_metadata (SafetensorsWriter *writer, const char *key, const char *value)
{
  json_append_string (writer->metadata, key);
  g_string_append_c (writer->metadata, ':');
  json_append_string (writer->metadata, value);
  g_string_append_c (writer->metadata, ',');
}

/* bytes [n]  values of `width` bytes each, little-endian on return if they were in the machine's order */
static void
swap_to_little_endian (guint8 *bytes, gsize n, unsigned width)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i < n; i += width) {
    for (unsigned a = 0, b = width - 1; a < b; a++, b--) {
      guint8 byte = bytes[i + a];
      bytes[i + a] = bytes[i + b];
      bytes[i + b] = byte;
    }
  }
#else
  (void) bytes;
  (void) n;
  (void) width;
#endif
}

/* Appends the entry of a tensor that begins at byte `begin`; returns how many bytes it has. */
static gsize
append_entry (SafetensorsWriter *writer, const char *name, SafetensorsType type, const gsize *dim, unsigned rank,
    gsize begin)
{
  assert (rank <= SAFETENSORS_MAX_RANK);

  gsize size = safetensors_type_bits (type) / 8;
  g_string_append_c (writer->entries, ',');
  json_append_string (writer->entries, name);
  g_string_append_printf (writer->entries, ":{\"dtype\":\"%s\",\"shape\":[", safetensors_type_name (type));
  for (unsigned i = 0; i < rank; i++) {
    g_string_append_printf (writer->entries, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : ",", dim[i]);
    size *= dim[i];
  }
  assert (size <= G_MAXUINT32 - begin);
  g_string_append_printf (writer->entries, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}", begin,
      begin + size);
  return size;
}

void
safetensors_writer_add_tensor (SafetensorsWriter *writer, const char *name, SafetensorsType type, const gsize *dim,
    unsigned rank, const void *values)
{
  gsize begin = writer->data->len;
  gsize size = append_entry (writer, name, type, dim, rank, writer->reserved + begin);
  if (size > 0) {
    g_byte_array_append (writer->data, values, (guint) size);
    swap_to_little_endian (writer->data->data + begin, size,
        type == SAFETENSORS_C64 ? 4 : safetensors_type_bits (type) / 8);
  }
}

void
safetensors_writer_reserve (SafetensorsWriter *writer, const char *name, SafetensorsType type, const gsize *dim,
    unsigned rank)
{
  assert (writer->entries->len == 0);

  writer->reserved = append_entry (writer, name, type, dim, rank, 0);
}

/* {"__metadata__":{...},"name":{...},...}, padded so that the data begins on a multiple of 8 */
static GString *
write_header (const SafetensorsWriter *writer)
{
  const char *entries = writer->entries->str;
  GString *header = g_string_new ("{");
  if (writer->metadata->len > 0) {
    g_string_append (header, "\"__metadata__\":{");
    g_string_append_len (header, writer->metadata->str, (gssize) writer->metadata->len - 1);
    g_string_append_c (header, '}');
  } else if (writer->entries->len > 0) {
    entries++;
  }
  g_string_append (header, entries);
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');
  return header;
}

/* The eight bytes of the header's length, and the header. */
static GByteArray *
write_head (const SafetensorsWriter *writer)
{
  GString *header = write_header (writer);
  GByteArray *head = g_byte_array_new ();
  guint64 header_size = GUINT64_TO_LE ((guint64) header->len);
  g_byte_array_append (head, (const guint8 *) &header_size, sizeof header_size);
  g_byte_array_append (head, (const guint8 *) header->str, (guint) header->len);
  g_string_free (header, TRUE);
  return head;
}

GBytes *
safetensors_writer_finish (SafetensorsWriter *writer, GError **error)
{
  assert (writer->reserved == 0);

  GByteArray *file = write_head (writer);
  g_byte_array_append (file, writer->data->data, writer->data->len);
  GBytes *bytes = g_byte_array_free_to_bytes (file);

  /* A file that the reader would refuse is not written. */
  Safetensors *check = safetensors_new (bytes, "new file", error);
  if (!check)
    g_clear_pointer (&bytes, g_bytes_unref);
  safetensors_free (check);
  return bytes;
}

gboolean
safetensors_writer_finish_parts (SafetensorsWriter *writer, const SafetensorsLimits *limits, GBytes **ret_head,
    GBytes **ret_rest, GError **error)
{
  GByteArray *head = write_head (writer);
  const guint64 size = (guint64) head->len + writer->reserved + writer->data->len;
  g_autofree char *reason = NULL;

  if (head->len - 8 > limits->max_header)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "new file: expected a header of at most %" G_GSIZE_FORMAT " bytes, found %u", limits->max_header,
        head->len - 8);
  else if (size > limits->max_bytes)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE,
        "new file: expected at most %" G_GSIZE_FORMAT " bytes, found %" G_GUINT64_FORMAT, limits->max_bytes, size);
  else if (json_scan ((const char *) head->data + 8, head->len - 8, JSON_INTEGERS_64, &reason) != JSON_SCAN_OK)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_JSON, "new file: header: not strict JSON: %s", reason);
  else {
    *ret_head = g_byte_array_free_to_bytes (head);
    *ret_rest = g_bytes_new (writer->data->data, writer->data->len);
    return TRUE;
  }
  g_byte_array_unref (head);
  return FALSE;
}

gboolean
safetensors_save (GBytes *bytes, const char *path, GError **error)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);
  return regular_file_replace (path, data, size, 0666, error);
}
