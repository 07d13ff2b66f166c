/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/safetensors_writer.h"

#include "tests/expect_error.h"

#include <glib/gstdio.h>

static GBytes *
write_all (GError **error)
{
  static const float floats[] = { 1, -2.5f, 0x1p-149f };
  static const gint32 integers[] = { -1, 0x01020304 };
  static const guint8 bytes[] = { 1, 2, 3 };
  SafetensorsWriter *writer = safetensors_writer_new ();
  safetensors_writer_add_metadata (writer, "format", "test \"quoted\"\n");
  safetensors_writer_add_tensor (writer, "u8", SAFETENSORS_U8, (const gsize[]){ 3 }, 1, bytes);
  safetensors_writer_add_tensor (writer, "a/f32", SAFETENSORS_F32, (const gsize[]){ 1, 3 }, 2, floats);
  safetensors_writer_add_metadata (writer, "\xc3\xa9", "");
  safetensors_writer_add_tensor (writer, "i32", SAFETENSORS_I32, (const gsize[]){ 2 }, 1, integers);
  safetensors_writer_add_tensor (writer, "none", SAFETENSORS_F16, (const gsize[]){ 0 }, 1, NULL);
  GBytes *file = safetensors_writer_finish (writer, error);
  safetensors_writer_free (writer);
  return file;
}

/* The bytes are spelled out here: what is written must never change by accident. */
static void
test_bytes (void)
{
  static const char header[] = "{\"__metadata__\":{\"format\":\"test \\\"quoted\\\"\\u000a\",\"\xc3\xa9\":\"\"},"
                               "\"u8\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
                               "\"a/f32\":{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[3,15]},"
                               "\"i32\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[15,23]},"
                               "\"none\":{\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[23,23]}}";
  static const guint8 values[] = { 1, 2, 3, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 4,
    3, 2, 1 };
  gsize padded = (sizeof header - 1 + 7) / 8 * 8;

  GError *error = NULL;
  GBytes *file = write_all (&error);
  CHECK (file, "%s", error->message);
  if (!file)
    return;
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (file, &size);
  CHECK (size == 8 + padded + sizeof values, "%zu", size);
  CHECK (data[0] == (padded & 255) && data[1] == padded >> 8 && memcmp (data + 2, "\0\0\0\0\0\0", 6) == 0, "length");
  CHECK (memcmp (data + 8, header, sizeof header - 1) == 0, "%.*s", (int) padded, (const char *) data + 8);
  for (gsize i = sizeof header - 1; i < padded; i++)
    CHECK (data[8 + i] == ' ', "padding");
  CHECK (memcmp (data + 8 + padded, values, sizeof values) == 0, "data");

  GBytes *again = write_all (NULL);
  CHECK (g_bytes_equal (file, again), "not deterministic");
  g_bytes_unref (again);
  g_bytes_unref (file);
}

static void
test_empty (void)
{
  SafetensorsWriter *writer = safetensors_writer_new ();
  GBytes *file = safetensors_writer_finish (writer, NULL);
  CHECK (file && g_bytes_get_size (file) == 16, "empty");
  g_bytes_unref (file);
  safetensors_writer_add_tensor (writer, "x", SAFETENSORS_U8, NULL, 0, "y");
  file = safetensors_writer_finish (writer, NULL);
  CHECK (file, "no metadata");
  g_bytes_unref (file);
  safetensors_writer_free (writer);
}

/* What the reader would refuse is not written. */
static void
test_refused (void)
{
  GError *error = NULL;
  SafetensorsWriter *writer = safetensors_writer_new ();
  safetensors_writer_add_tensor (writer, "x", SAFETENSORS_U8, NULL, 0, "y");
  safetensors_writer_add_tensor (writer, "x", SAFETENSORS_U8, NULL, 0, "y");
  CHECK (!safetensors_writer_finish (writer, &error), "duplicate");
  expect_error (error, GENRE_MODEL_ERROR_JSON, "duplicate key \"x\"", "duplicate");
  safetensors_writer_free (writer);

  error = NULL;
  writer = safetensors_writer_new ();
  safetensors_writer_add_metadata (writer, "x", "\xff");
  CHECK (!safetensors_writer_finish (writer, &error), "not UTF-8");
  expect_error (error, GENRE_MODEL_ERROR_JSON, "UTF-8", "not UTF-8");
  safetensors_writer_free (writer);

  error = NULL;
  writer = safetensors_writer_new ();
  char *text = g_strnfill (1 << 20, 'x');
  safetensors_writer_add_metadata (writer, "x", text);
  CHECK (!safetensors_writer_finish (writer, &error), "long header");
  expect_error (error, GENRE_MODEL_ERROR_SIZE, "at most 1048576 bytes", "long header");
  g_free (text);
  safetensors_writer_free (writer);
}

/* A first tensor whose values come from elsewhere: the parts around them make the same file. */
static void
test_parts (void)
{
  static const guint8 features[] = { 9, 8, 7, 6, 5, 4 };
  static const float offset[] = { 1, -2 };
  const SafetensorsLimits limits = { 400, 300 };
  const gsize dim[] = { 2, 3 };
  SafetensorsWriter *whole = safetensors_writer_new (), *parts = safetensors_writer_new ();
  safetensors_writer_add_metadata (whole, "a", "b");
  safetensors_writer_add_metadata (parts, "a", "b");
  safetensors_writer_add_tensor (whole, "features", SAFETENSORS_U8, dim, 2, features);
  safetensors_writer_reserve (parts, "features", SAFETENSORS_U8, dim, 2);
  safetensors_writer_add_tensor (whole, "offset", SAFETENSORS_F32, dim, 1, offset);
  safetensors_writer_add_tensor (parts, "offset", SAFETENSORS_F32, dim, 1, offset);

  GError *error = NULL;
  GBytes *expected = safetensors_writer_finish (whole, NULL), *head = NULL, *rest = NULL;
  CHECK (safetensors_writer_finish_parts (parts, &limits, &head, &rest, &error), "%s", error->message);
  GByteArray *file = g_byte_array_new ();
  g_byte_array_append (file, g_bytes_get_data (head, NULL), (guint) g_bytes_get_size (head));
  g_byte_array_append (file, features, sizeof features);
  g_byte_array_append (file, g_bytes_get_data (rest, NULL), (guint) g_bytes_get_size (rest));
  GBytes *found = g_byte_array_free_to_bytes (file);
  CHECK (g_bytes_equal (found, expected), "another file");
  g_bytes_unref (found);
  g_bytes_unref (rest);

  /* One byte less is too little room. */
  const gsize header = g_bytes_get_size (head) - 8, size = g_bytes_get_size (expected);
  CHECK (!safetensors_writer_finish_parts (parts, &(const SafetensorsLimits){ size, header - 1 }, &head, &rest, &error),
      "a long header");
  expect_error (error, GENRE_MODEL_ERROR_SIZE, "new file: expected a header of at most", "a long header");
  error = NULL;
  CHECK (!safetensors_writer_finish_parts (parts, &(const SafetensorsLimits){ size - 1, header }, &head, &rest, &error),
      "a long file");
  expect_error (error, GENRE_MODEL_ERROR_SIZE, "new file: expected at most", "a long file");
  error = NULL;
  g_bytes_unref (head);
  CHECK (safetensors_writer_finish_parts (parts, &(const SafetensorsLimits){ size, header }, &head, &rest, NULL),
      "fits");
  g_bytes_unref (head);
  g_bytes_unref (rest);

  safetensors_writer_add_tensor (parts, "features", SAFETENSORS_U8, dim, 1, features);
  CHECK (!safetensors_writer_finish_parts (parts, &limits, &head, &rest, &error), "duplicate");
  expect_error (error, GENRE_MODEL_ERROR_JSON, "duplicate key \"features\"", "duplicate");
  g_bytes_unref (expected);
  safetensors_writer_free (parts);
  safetensors_writer_free (whole);
}

static void
test_save (void)
{
  char *directory = g_dir_make_tmp ("genre-XXXXXX", NULL);
  char *path = g_build_filename (directory, "model \xc3\xa4", NULL);
  GBytes *file = write_all (NULL), *other = g_bytes_new_static ("old", 3);

  CHECK (safetensors_save (other, path, NULL) && safetensors_save (file, path, NULL), "save over an old file");
  char *content = NULL;
  gsize size = 0;
  CHECK (g_file_get_contents (path, &content, &size, NULL), "read back");
  GBytes *back = g_bytes_new_take (content, size);
  CHECK (g_bytes_equal (back, file), "%zu bytes", size);
  g_bytes_unref (back);
  g_remove (path);

  /* Only the file was there: no temporary file is left, or the directory could not be removed. */
  CHECK (g_rmdir (directory) == 0, "left behind in %s", directory);
  GError *error = NULL;
  CHECK (!safetensors_save (file, path, &error) && error && error->domain == G_FILE_ERROR, "no directory");
  g_clear_error (&error);

  g_bytes_unref (other);
  g_bytes_unref (file);
  g_free (path);
  g_free (directory);
}

int
main (void)
{
  test_bytes ();
  test_empty ();
  test_refused ();
  test_parts ();
  test_save ();
  TEST_END ();
}
