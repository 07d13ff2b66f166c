/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/checkpoint.h"

#include "models/file/error.h"
#include "models/file/json_write.h"
#include "models/file/regular_file.h"
#include "models/file/safetensors_writer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

static const char format[] = "genre-checkpoint";
static const char version[] = "2";
static const char *const texts[CHECKPOINT_N_TEXTS] = {
  [CHECKPOINT_RECIPE] = "recipe",
  [CHECKPOINT_DATA] = "data",
  [CHECKPOINT_ORIGIN] = "origin",
  [CHECKPOINT_STATE] = "state",
};

struct Checkpoint
{
  SafetensorsWriter *writer;
  GChecksum *digest; /* of the texts, then the names and values */
};

/* data [bytes]  as it lies in the file */
static void
update_digest (GChecksum *digest, const char *name, const guint8 *data, gsize bytes)
{
  g_checksum_update (digest, (const guchar *) name, (gssize) strlen (name) + 1);
  g_checksum_update (digest, data, (gssize) bytes);
}

Checkpoint *
checkpoint_new (const char *const *values)
{
  Checkpoint *checkpoint = g_new0 (Checkpoint, 1);
  checkpoint->writer = safetensors_writer_new ();
  checkpoint->digest = g_checksum_new (G_CHECKSUM_SHA256);
  safetensors_writer_add_metadata (checkpoint->writer, "format", format);
  safetensors_writer_add_metadata (checkpoint->writer, "version", version);
  for (unsigned i = 0; i < CHECKPOINT_N_TEXTS; i++) {
    safetensors_writer_add_metadata (checkpoint->writer, texts[i], values[i]);
    update_digest (checkpoint->digest, texts[i], (const guint8 *) values[i], strlen (values[i]));
  }
  return checkpoint;
}

void
checkpoint_free (Checkpoint *checkpoint)
{
  if (!checkpoint)
    return;
  safetensors_writer_free (checkpoint->writer);
  g_checksum_free (checkpoint->digest);
  g_free (checkpoint);
}

/* The digest is of this machine's bytes: weights do not move between machines of different byte orders while they
 * learn. */
void
checkpoint_add_floats (Checkpoint *checkpoint, const char *name, const float *values, gsize n)
{
  safetensors_writer_add_tensor (checkpoint->writer, name, SAFETENSORS_F32, &n, 1, values);
  update_digest (checkpoint->digest, name, (const guint8 *) values, n * sizeof *values);
}

/* --- files ----------------------------------------------------------------------------------------------------- */

static char *
with_suffix (const char *path, const char *suffix)
{
  return g_strconcat (path, suffix, NULL);
}

static bool
fail (const char *path, const char *what, GError **error)
{
  const int number = errno;
  g_autofree char *name = g_filename_display_name (path);

  errno = number;
  return regular_file_fail (name, what, error);
}

bool
checkpoint_save (Checkpoint *checkpoint, const char *path, GError **error)
{
  safetensors_writer_add_metadata (checkpoint->writer, "digest", g_checksum_get_string (checkpoint->digest));
  g_autoptr (GBytes) bytes = safetensors_writer_finish (checkpoint->writer, error);
  if (!bytes)
    return false;
  g_autofree char *fresh = with_suffix (path, ".new");
  g_autofree char *previous = with_suffix (path, ".previous");
  g_autoptr (RegularFileDraft) draft = regular_file_draft_new (path, fresh, 0666);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  if (!regular_file_draft_write (draft, data, size, error) || !regular_file_draft_sync (draft, error))
    return false;

  /* Between these two there is no PATH: loading falls back to the one before. */
  if (g_rename (path, previous) != 0 && errno != ENOENT)
    return fail (previous, "write", error);
  return regular_file_draft_place (draft, error);
}

bool
checkpoint_exists (const char *path)
{
  g_autofree char *previous = with_suffix (path, ".previous");
  return g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (previous, G_FILE_TEST_EXISTS);
}

bool
checkpoint_remove (const char *path, GError **error)
{
  static const char *const suffixes[] = { ".new", ".previous", "" };
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree char *name = with_suffix (path, suffixes[i]);
    if (g_remove (name) != 0 && errno != ENOENT)
      return fail (name, "remove", error);
  }
  return true;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

static bool
check_metadata (const Safetensors *file, const char *key, const char *expected, GError **error)
{
  const char *value = safetensors_metadata (file, key);
  if (g_strcmp0 (value, expected) == 0)
    return true;
  g_autofree char *found = value ? json_quote (value) : g_strdup ("none");
  return genre_model_fail (error, GENRE_MODEL_ERROR_CHECKPOINT, "%s: %s: expected \"%s\", found %s",
      safetensors_name (file), key, expected, found);
}

const char *
checkpoint_text (const Safetensors *file, CheckpointText text)
{
  const char *value = safetensors_metadata (file, texts[text]);
  return value ? value : "";
}

/* The file, if it is whole. */
static Safetensors *
load_file (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = regular_file_read (path, SAFETENSORS_MAX_BYTES, error);
  if (!bytes)
    return NULL;
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (Safetensors) file = safetensors_new (bytes, name, error);
  if (!file || !check_metadata (file, "format", format, error) || !check_metadata (file, "version", version, error))
    return NULL;

  g_autoptr (GChecksum) digest = g_checksum_new (G_CHECKSUM_SHA256);
  for (unsigned i = 0; i < CHECKPOINT_N_TEXTS; i++) {
    const char *text = checkpoint_text (file, (CheckpointText) i);
    update_digest (digest, texts[i], (const guint8 *) text, strlen (text));
  }
  for (gsize i = 0; i < safetensors_n_tensors (file); i++) {
    const SafetensorsTensor *tensor = safetensors_tensor (file, i);
    update_digest (digest, tensor->name, tensor->data, tensor->bytes);
  }
  return check_metadata (file, "digest", g_checksum_get_string (digest), error) ? g_steal_pointer (&file) : NULL;
}

Safetensors *
checkpoint_load (const char *path, char **ret_reason, GError **error)
{
  g_autoptr (GError) last_error = NULL;
  g_autoptr (GError) previous_error = NULL;
  g_autofree char *previous = with_suffix (path, ".previous");

  *ret_reason = NULL;
  Safetensors *file = load_file (path, &last_error);
  if (file)
    return file;
  file = load_file (previous, &previous_error);
  if (file) {
    g_remove (path);
    *ret_reason = g_strdup (last_error->message);
    return file;
  }
  g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_CHECKPOINT,
      "expected a complete checkpoint, found none: %s; %s", last_error->message, previous_error->message);
  return NULL;
}

bool
checkpoint_read_floats (const Safetensors *file, const char *name, float *values, gsize n, GError **error)
{
  const SafetensorsTensor *tensor = safetensors_find (file, name);
  if (!tensor || tensor->type != SAFETENSORS_F32 || tensor->n_values != n)
    return genre_model_fail (error, GENRE_MODEL_ERROR_CHECKPOINT,
        "%s: tensor \"%s\": expected %" G_GSIZE_FORMAT " values of F32, found %" G_GSIZE_FORMAT,
        safetensors_name (file), name, n, tensor ? tensor->n_values : 0);
  safetensors_copy_f32 (tensor, values);
  return true;
}
