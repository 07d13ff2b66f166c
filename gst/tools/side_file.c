/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/side_file.h"

#include "gst/tools/interrupt.h"
#include "gst/tools/outputs.h"
#include "models/file/regular_file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

enum
{
  MAX_MARK = 64,
};

char *
tool_side_file_path (const ToolInput *input, const char *folder, const char *suffix)
{
  if (input->is_uri)
    return NULL;
  if (!folder)
    return g_strconcat (input->location, suffix, NULL);
  g_autofree char *below = g_build_filename (folder, input->name, NULL);
  return g_strconcat (below, suffix, NULL);
}

static gboolean
begins_as (const char *path, const char *mark)
{
  char start[MAX_MARK] = "";
  FILE *file = g_fopen (path, "rb");
  const gsize n = file ? fread (start, 1, MIN (strlen (mark), sizeof start), file) : 0;

  if (file)
    fclose (file);
  return n == strlen (mark) && memcmp (start, mark, n) == 0;
}

gboolean
tool_side_file_may_write (const ToolWalk *walk, const char *path, gboolean force, const char *mark,
    const char **ret_reason)
{
  g_autofree char *identity = tool_outputs_identity (path);
  const gboolean exists = g_file_test (path, G_FILE_TEST_EXISTS);

  *ret_reason = NULL;
  if (g_hash_table_contains (walk->seen, identity))
    *ret_reason = "it is read in this run";
  else if (exists && !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    *ret_reason = "it is not a regular file";
  else if (exists && !force && !(mark && begins_as (path, mark)))
    *ret_reason = "it is there already: --force replaces it";
  return *ret_reason == NULL;
}

gboolean
tool_side_file_write (const char *path, const char *data, gsize size, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path), *shown = g_filename_display_name (path);
  if (g_mkdir_with_parents (folder, 0777) != 0) {
    const int number = errno;
    g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (number), "%s: its folder cannot be made: %s",
        shown, g_strerror (number));
    return FALSE;
  }
  g_autoptr (RegularFileDraft) draft = regular_file_draft_new (path, NULL, 0666);
  g_autofree char *temporary = g_strdup (regular_file_draft_temporary (draft));
  tool_leftover_add (temporary);
  const gboolean saved = regular_file_draft_write (draft, (const guint8 *) data, size, error)
      && regular_file_draft_sync (draft, error) && regular_file_draft_place (draft, error);
  g_clear_pointer (&draft, regular_file_draft_free);
  tool_leftover_forget (temporary);
  return saved;
}
