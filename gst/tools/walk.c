/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/walk.h"

#include "gst/tools/files.h"
#include "gst/tools/outputs.h"
#include "gst/tools/playlist.h"
#include "models/file/regular_file.h"

#include <glib/gstdio.h>
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

enum
{
  MAX_DEPTH = 8, /* playlists that name playlists */
};

static void
free_input (gpointer data)
{
  ToolInput *input = data;
  g_free (input->location);
  g_free (input->name);
  g_free (input->problem);
  g_free (input);
}

ToolWalk *
tool_walk_new (void)
{
  ToolWalk *walk = g_new0 (ToolWalk, 1);
  walk->inputs = g_ptr_array_new_with_free_func (free_input);
  walk->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return walk;
}

void
tool_walk_free (ToolWalk *walk)
{
  if (!walk)
    return;
  g_ptr_array_unref (walk->inputs);
  g_hash_table_unref (walk->seen);
  g_free (walk);
}

/* identity: taken; name: NULL: the last part; problem: or NULL */
static void
append (ToolWalk *walk, char *identity, const char *location, gboolean is_uri, const char *name, const char *problem,
    guint64 size)
{
  if (!g_hash_table_add (walk->seen, identity)) {
    walk->repeated++;
    return;
  }
  ToolInput *input = g_new (ToolInput, 1);
  g_autofree char *base = g_path_get_basename (location);
  *input = (ToolInput){
    .location = g_strdup (location),
    .is_uri = is_uri,
    .name = name ? g_strdup (name) : tool_file_name (base),
    .problem = g_strdup (problem),
    .size = size,
  };
  g_ptr_array_add (walk->inputs, input);
}

static void
add_file (ToolWalk *walk, const char *path, const char *name, const char *problem)
{
  GStatBuf status = { 0 };
  const gboolean regular = g_stat (path, &status) == 0 && S_ISREG (status.st_mode);

  append (walk, tool_outputs_identity (path), path, FALSE, name, problem, regular ? (guint64) status.st_size : 0);
}

static void
add_directory (ToolWalk *walk, const char *path)
{
  g_autoptr (ToolFiles) files = tool_files_scan (path, TOOL_LAYOUT_FLAT, NULL);

  if (!files) {
    add_file (walk, path, NULL, "this folder cannot be read");
    return;
  }
  for (guint i = 0; i < files->problems->len; i++) {
    const ToolProblem *problem = g_ptr_array_index (files->problems, i);
    append (walk, g_strdup (problem->path), problem->path, FALSE, problem->name, problem->reason, 0);
  }
  for (guint i = 0; i < files->files->len; i++) {
    const ToolFile *file = g_ptr_array_index (files->files, i);
    add_file (walk, file->path, file->name, NULL);
  }
  walk->left_out += files->left_out;
}

/* --- playlists ------------------------------------------------------------------------------------------------- */

static void add (ToolWalk *walk, const char *argument, guint depth);

static void
add_playlist (ToolWalk *walk, const char *path, guint depth)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GBytes) bytes = regular_file_read (path, TOOL_PLAYLIST_MAX_BYTES, &error);
  gsize size = 0;
  const char *text = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  g_autoptr (GPtrArray) names = bytes ? tool_playlist_parse (text, size, folder) : NULL;

  if (!bytes || depth == MAX_DEPTH) {
    add_file (walk, path, NULL, bytes ? "playlists in playlists, too deep" : "this playlist cannot be read");
    return;
  }
  if (!names) { /* of a stream: the decoder reads it */
    add_file (walk, path, NULL, NULL);
    return;
  }
  for (guint i = 0; i < names->len; i++)
    add (walk, g_ptr_array_index (names, i), depth + 1);
}

/* --- anything -------------------------------------------------------------------------------------------------- */

static void
add_uri (ToolWalk *walk, const char *uri, guint depth)
{
  g_autofree char *path = g_filename_from_uri (uri, NULL, NULL);

  if (path)
    add (walk, path, depth);
  else
    append (walk, g_strdup (uri), uri, TRUE, NULL, NULL, 0);
}

/* depth: of playlists around it */
static void
add (ToolWalk *walk, const char *argument, guint depth)
{
  const gboolean exists = g_file_test (argument, G_FILE_TEST_EXISTS);

  /* What is there as a file is one, whatever its name looks like. */
  if (!exists && gst_uri_is_valid (argument))
    add_uri (walk, argument, depth);
  else if (!exists)
    add_file (walk, argument, NULL, "no such file");
  else if (g_file_test (argument, G_FILE_TEST_IS_DIR))
    add_directory (walk, argument);
  else if (tool_playlist_is_one (argument))
    add_playlist (walk, argument, depth);
  else
    add_file (walk, argument, NULL, NULL);
}

void
tool_walk_add (ToolWalk *walk, const char *argument)
{
  add (walk, argument, 0);
}

/* NULL: it cannot be read. */
static GBytes *
read_standard_input (GError **error)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8 block[65536];
  gsize n;

  while ((n = fread (block, 1, sizeof block, stdin)) > 0 && bytes->len <= TOOL_PLAYLIST_MAX_BYTES)
    g_byte_array_append (bytes, block, (guint) n);
  if (ferror (stdin) || bytes->len > TOOL_PLAYLIST_MAX_BYTES) {
    g_byte_array_unref (bytes);
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
        "standard input: expected a list of at most %d MiB that can "
        "be read",
        TOOL_PLAYLIST_MAX_BYTES >> 20);
    return NULL;
  }
  return g_byte_array_free_to_bytes (bytes);
}

gboolean
tool_walk_add_list (ToolWalk *walk, const char *path, char end, GError **error)
{
  const gboolean standard = strcmp (path, "-") == 0;
  g_autoptr (GBytes) bytes = standard ? read_standard_input (error)
                                      : regular_file_read (path, TOOL_PLAYLIST_MAX_BYTES, error);
  if (!bytes)
    return FALSE;
  gsize size = 0;
  const char *text = g_bytes_get_data (bytes, &size);
  g_autoptr (GPtrArray) names = tool_playlist_split (text, size, end);
  for (guint i = 0; i < names->len; i++)
    add (walk, g_ptr_array_index (names, i), 0);
  return TRUE;
}

char *
tool_input_uri (const ToolInput *input)
{
  if (input->is_uri)
    return g_strdup (input->location);
  g_autofree char *path = g_canonicalize_filename (input->location, NULL);
  return g_filename_to_uri (path, NULL, NULL);
}
