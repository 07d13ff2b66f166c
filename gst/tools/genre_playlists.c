/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/genre_playlists.h"

#include "gst/tools/side_file.h"
#include "gst/tools/tool.h"
#include "models/file/printable.h"

#include <string.h>

/* How each begins: what does is ours, and may be replaced. */
static const char mark[] = "#EXTM3U\n# gst-genre-1.0 identify --playlists\n";

/* Of a track. */
typedef struct Entry
{
  guint order;
  char *text;
} Entry;

struct ToolPlaylists
{
  char *folder;        /* absolute */
  char **names;        /* [n_names], the last one of what is not sure; then NULL */
  GPtrArray **entries; /* [n_names], of Entry */
  gsize n_names;
};

static void
free_entry (gpointer data)
{
  Entry *entry = data;
  g_free (entry->text);
  g_free (entry);
}

ToolPlaylists *
tool_playlists_new (const char *folder, char *const *names)
{
  ToolPlaylists *playlists = g_new0 (ToolPlaylists, 1);

  playlists->folder = g_canonicalize_filename (folder, NULL);
  while (names[playlists->n_names])
    playlists->n_names++;
  playlists->n_names++;
  playlists->names = g_new0 (char *, playlists->n_names + 1);
  playlists->entries = g_new0 (GPtrArray *, playlists->n_names);
  for (gsize i = 0; i < playlists->n_names; i++) {
    playlists->names[i] = g_strdup (names[i] ? names[i] : "unsure");
    playlists->entries[i] = g_ptr_array_new_with_free_func (free_entry);
  }
  return playlists;
}

void
tool_playlists_free (ToolPlaylists *playlists)
{
  if (!playlists)
    return;
  for (gsize i = 0; i < playlists->n_names; i++)
    g_ptr_array_unref (playlists->entries[i]);
  g_free (playlists->entries);
  g_strfreev (playlists->names);
  g_free (playlists->folder);
  g_free (playlists);
}

/* --- entries ---------------------------------------------------------------------------------------------------- */

/* path: from the folder, both absolute, "../x" where it must be.  NULL: it cannot be written in a line. */
static char *
relative_path (const char *folder, const char *path)
{
  gsize same = 0; /* bytes of folders that both have */
  GString *out = g_string_new (NULL);

  if (strpbrk (path, "\r\n")) {
    g_string_free (out, TRUE);
    return NULL;
  }
  for (gsize i = 0; folder[i] && folder[i] == path[i]; i++) {
    if (path[i + 1] == '/' && (folder[i + 1] == '/' || folder[i + 1] == '\0'))
      same = i + 1;
  }
  for (const char *rest = folder + same; *rest; rest++) {
    if (*rest == '/' && rest[1] != '\0')
      g_string_append (out, "../");
  }
  g_string_append (out, path + same + 1);
  return g_string_free (out, FALSE);
}

/* A path that begins with '#' would be a comment. */
static void
append_path (GString *out, const char *folder, const ToolInput *input)
{
  if (input->is_uri) {
    g_string_append (out, input->location);
    return;
  }
  g_autofree char *whole = g_canonicalize_filename (input->location, NULL), *relative = relative_path (folder, whole);
  g_autofree char *uri = relative ? NULL : tool_input_uri (input);
  if (relative && relative[0] == '#')
    g_string_append (out, "./");
  g_string_append (out, relative ? relative : uri);
}

void
tool_playlists_add (ToolPlaylists *playlists, guint order, const ToolInput *input, int label, double seconds,
    const char *artist, const char *title)
{
  const gsize index = label >= 0 ? (gsize) label : playlists->n_names - 1;
  GString *out = g_string_new (NULL);
  Entry *entry = g_new (Entry, 1);
  g_autofree char *base = g_path_get_basename (input->location);

  g_string_append_printf (out, "#EXTINF:%d,", seconds > 0 ? (int) (seconds + .5) : -1);
  if (artist && title) {
    printable_append (out, artist);
    g_string_append (out, " - ");
  }
  printable_append (out, title ? title : base);
  if (label >= 0)
    g_string_append_printf (out, "\n#EXTGENRE:%s", playlists->names[index]);
  g_string_append_c (out, '\n');
  append_path (out, playlists->folder, input);
  g_string_append_c (out, '\n');
  *entry = (Entry){ order, g_string_free (out, FALSE) };
  g_ptr_array_add (playlists->entries[index], entry);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static char *
file_path (const ToolPlaylists *playlists, gsize index)
{
  g_autofree char *name = g_strconcat (playlists->names[index], ".m3u8", NULL);

  g_strdelimit (name, "/\\", '-'); /* of a label */
  return g_build_filename (playlists->folder, name, NULL);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *const *x = a, *const *y = b;

  return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

/* FALSE: said on stderr. */
static gboolean
write_one (const ToolPlaylists *playlists, gsize index, const ToolWalk *walk, gboolean force)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = file_path (playlists, index);
  GPtrArray *entries = playlists->entries[index];
  const char *reason;

  if (entries->len == 0 && !g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!tool_side_file_may_write (walk, path, force, mark, &reason)) {
    if (entries->len > 0)
      tool_fail ("%s: %s", path, reason);
    return entries->len == 0; /* another's, that nothing is to be written to */
  }
  g_autoptr (GString) text = g_string_new (mark);
  g_string_append_printf (text, "#PLAYLIST:%s\n", playlists->names[index]);
  g_ptr_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len; i++)
    g_string_append (text, ((const Entry *) g_ptr_array_index (entries, i))->text);
  if (tool_side_file_write (path, text->str, text->len, &error))
    return TRUE;
  return tool_reject ("%s", error->message);
}

guint
tool_playlists_write (const ToolPlaylists *playlists, const ToolWalk *walk, gboolean force)
{
  guint failed = 0;

  for (gsize i = 0; i < playlists->n_names; i++)
    failed += !write_one (playlists, i, walk, force);
  return failed;
}
