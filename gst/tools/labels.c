/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/labels.h"

#include <string.h>

/* A folder that is a label. */
typedef struct Folder
{
  char *name;  /* in the file system's encoding */
  char *label; /* UTF-8 */
} Folder;

static void
free_folder (gpointer data)
{
  Folder *folder = data;
  g_free (folder->name);
  g_free (folder->label);
  g_free (folder);
}

static int
compare_folders (gconstpointer a, gconstpointer b)
{
  const Folder *const *x = a, *const *y = b;
  const int order = strcmp ((*x)->label, (*y)->label);
  return order != 0 ? order : strcmp ((*x)->name, (*y)->name);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  const char *const *x = a, *const *y = b;
  return strcmp (*x, *y);
}

/* The folder right below `directory` that a file lies in, in the file system's encoding; NULL: it lies beside them. */
static char *
folder_of (const ToolFile *file, const char *directory)
{
  const char *inside = file->path + strlen (directory);
  while (G_IS_DIR_SEPARATOR (*inside))
    inside++;
  const char *end = strchr (inside, G_DIR_SEPARATOR);
  return end ? g_strndup (inside, (gsize) (end - inside)) : NULL;
}

/* Of Folder, sorted by label. */
static GPtrArray *
find_folders (const ToolFiles *files, const char *directory)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func (free_folder);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < files->files->len; i++) {
    g_autofree char *name = folder_of (g_ptr_array_index (files->files, i), directory);
    if (!name || g_hash_table_contains (seen, name))
      continue;
    Folder *folder = g_new0 (Folder, 1);
    folder->label = tool_file_name (name);
    folder->name = g_steal_pointer (&name);
    g_hash_table_add (seen, folder->name);
    g_ptr_array_add (folders, folder);
  }
  g_ptr_array_sort (folders, compare_folders);
  return folders;
}

/* --- what is odd ----------------------------------------------------------------------------------------------- */

static void note (ToolFiles *files, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (ToolFiles *files, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_ptr_array_add (files->notes, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* Folders that hold nothing.  Links are left to who follows them. */
static void
note_empty (ToolFiles *files, const GPtrArray *folders, const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  g_autoptr (GHashTable) full = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) empty = g_ptr_array_new_with_free_func (g_free);
  const char *entry;

  for (guint i = 0; i < folders->len; i++)
    g_hash_table_add (full, ((const Folder *) g_ptr_array_index (folders, i))->name);
  while (dir && (entry = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (directory, entry, NULL);
    if (entry[0] != '.' && !g_hash_table_contains (full, entry) && g_file_test (path, G_FILE_TEST_IS_DIR)
        && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      g_ptr_array_add (empty, tool_file_name (entry));
  }
  g_ptr_array_sort (empty, compare_strings);
  for (guint i = 0; i < empty->len; i++)
    note (files, "folder \"%s\": there is no music in it: it is not a label",
        (const char *) g_ptr_array_index (empty, i));
}

/* What two names that people take for one have in common. */
static char *
blur (const char *label)
{
  g_autofree char *folded = g_utf8_casefold (label, -1);
  return g_strstrip (g_utf8_normalize (folded, -1, G_NORMALIZE_ALL_COMPOSE));
}

static void
note_alike (ToolFiles *files, const GPtrArray *folders)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < folders->len; i++) {
    char *label = ((const Folder *) g_ptr_array_index (folders, i))->label;
    char *key = blur (label);
    const char *other = g_hash_table_lookup (seen, key);
    if (!other) {
      g_hash_table_insert (seen, key, label);
      continue;
    }
    g_free (key);
    g_autofree char *x = g_utf8_normalize (other, -1, G_NORMALIZE_DEFAULT);
    g_autofree char *y = g_utf8_normalize (label, -1, G_NORMALIZE_DEFAULT);
    note (files, "folders \"%s\" and \"%s\" have %s: they are two labels", other, label,
        strcmp (x, y) == 0 ? "the same name in two Unicode forms" : "almost the same name");
  }
}

static void
note_encodings (ToolFiles *files, const GPtrArray *folders)
{
  for (guint i = 0; i < folders->len; i++) {
    const Folder *folder = g_ptr_array_index (folders, i);
    if (!g_utf8_validate (folder->name, -1, NULL))
      note (files, "folder \"%s\": its name is not UTF-8: this text is its label", folder->label);
  }
}

void
tool_labels_assign (ToolFiles *files, const char *directory)
{
  g_autoptr (GPtrArray) folders = find_folders (files, directory);
  g_autoptr (GHashTable) numbers = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < folders->len; i++) {
    const Folder *folder = g_ptr_array_index (folders, i);
    g_ptr_array_add (files->labels, g_strdup (folder->label));
    g_hash_table_insert (numbers, folder->name, GUINT_TO_POINTER (i));
  }
  for (guint i = 0; i < files->files->len; i++) {
    ToolFile *file = g_ptr_array_index (files->files, i);
    g_autofree char *name = folder_of (file, directory);
    file->label = name ? (int) GPOINTER_TO_UINT (g_hash_table_lookup (numbers, name)) : -1;
  }
  if (folders->len > 0)
    note_empty (files, folders, directory);
  note_alike (files, folders);
  note_encodings (files, folders);
}
