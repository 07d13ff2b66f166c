/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/files.h"

#include "gst/tools/labels.h"

#include <glib/gstdio.h>
#include <gst/base/gsttypefindhelper.h>
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

enum
{
  TYPEFIND_BYTES = 1 << 16,
};

static const char *const music[] = { "3gp", "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "au", "caf", "dff",
  "dsf", "flac", "it", "m4a", "m4b", "mka", "mod", "mp2", "mp3", "mpc", "oga", "ogg", "opus", "ra", "s3m", "shn", "snd",
  "spx", "tta", "voc", "w64", "wav", "wave", "webm", "wma", "wv", "xm" };

static const char *const other[] = { "accurip", "asd", "bak", "bmp", "cda", "cfg", "conf", "css", "csv", "cue", "db",
  "doc", "docx", "exe", "ffp", "gif", "gz", "htm", "html", "ico", "ini", "jpeg", "jpg", "js", "json", "log", "lrc",
  "m3u", "m3u8", "md", "md5", "mid", "midi", "nfo", "npy", "npz", "pdf", "pls", "png", "py", "rar", "rtf",
  "safetensors", "sfv", "sha1", "sha256", "sh", "srt", "svg", "tar", "tif", "tiff", "toc", "torrent", "txt", "url",
  "webp", "xml", "xspf", "yaml", "yml", "zip" };

static gboolean
is_one_of (const char *extension, const char *const *list, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (g_ascii_strcasecmp (extension, list[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

/* By its first bytes. */
static gboolean
sounds_like_media (const char *path)
{
  FILE *file = g_fopen (path, "rb");
  if (!file)
    return FALSE;
  g_autofree guint8 *bytes = g_malloc (TYPEFIND_BYTES);
  const gsize n = fread (bytes, 1, TYPEFIND_BYTES, file);
  fclose (file);
  if (n == 0)
    return FALSE;

  GstTypeFindProbability probability = GST_TYPE_FIND_NONE;
  GstCaps *caps = gst_type_find_helper_for_data (NULL, bytes, n, &probability);
  if (!caps)
    return FALSE;
  const char *type = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  const gboolean yes = probability >= GST_TYPE_FIND_LIKELY
      && (g_str_has_prefix (type, "audio/") || g_str_has_prefix (type, "video/")
          || strcmp (type, "application/ogg") == 0 || strcmp (type, "application/x-id3") == 0);
  gst_caps_unref (caps);
  return yes;
}

static gboolean
is_music (const char *path)
{
  const char *name = strrchr (path, G_DIR_SEPARATOR), *extension = strrchr (name ? name : path, '.');

  if (extension && is_one_of (extension + 1, music, G_N_ELEMENTS (music)))
    return TRUE;
  if (extension && is_one_of (extension + 1, other, G_N_ELEMENTS (other)))
    return FALSE;
  return sounds_like_media (path);
}

char *
tool_file_name (const char *name)
{
  GString *text = g_string_new (NULL);
  const char *end = NULL;

  while (!g_utf8_validate (name, -1, &end)) {
    g_string_append_len (text, name, end - name);
    g_string_append_printf (text, "\\x%02X", (guint8) *end);
    name = end + 1;
  }
  g_string_append (text, name);
  return g_string_free (text, FALSE);
}

/* --- walking --------------------------------------------------------------------------------------------------- */

static void
free_file (gpointer data)
{
  ToolFile *file = data;
  g_free (file->path);
  g_free (file->name);
  g_free (file);
}

/* A scan in progress. */
typedef struct Scan
{
  ToolFiles *files;
  GHashTable *seen; /* folders, as "device:inode": links may lead in circles */
} Scan;

static gboolean
enter (Scan *scan, const char *directory)
{
  GStatBuf status;
  if (g_stat (directory, &status) != 0)
    return TRUE; /* opening it will say why */
  return g_hash_table_add (scan->seen,
      g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev, (guint64) status.st_ino));
}

static void walk (Scan *scan, GDir *dir, const char *directory, const char *prefix);

static void
walk_below (Scan *scan, const char *directory, const char *name)
{
  g_autofree char *prefix = g_strconcat (name, "/", NULL);
  g_autoptr (GError) error = NULL;

  if (!enter (scan, directory))
    return;
  GDir *dir = g_dir_open (directory, 0, &error);
  if (dir)
    walk (scan, dir, directory, prefix);
  else
    g_ptr_array_add (scan->files->problems, g_strdup (error->message));
}

/* dir     of `directory`, is closed
 * prefix  of names, "" or "folder/" */
static void
walk (Scan *scan, GDir *dir, const char *directory, const char *prefix)
{
  const char *entry;
  while ((entry = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (directory, entry, NULL);
    g_autofree char *shown = tool_file_name (entry);
    g_autofree char *name = g_strconcat (prefix, shown, NULL);

    if (entry[0] == '.')
      continue;
    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      walk_below (scan, path, name);
    } else if (g_file_test (path, G_FILE_TEST_IS_REGULAR) && is_music (path)) {
      ToolFile *file = g_new0 (ToolFile, 1);
      file->path = g_steal_pointer (&path);
      file->name = g_steal_pointer (&name);
      file->label = -1;
      g_ptr_array_add (scan->files->files, file);
    }
  }
  g_dir_close (dir);
}

static int
compare_files (gconstpointer a, gconstpointer b)
{
  const ToolFile *const *x = a, *const *y = b;
  const int order = strcmp ((*x)->name, (*y)->name);

  return order != 0 ? order : strcmp ((*x)->path, (*y)->path); /* names that are no UTF-8 may read alike */
}

ToolFiles *
tool_files_scan (const char *directory, ToolLayout layout, GError **error)
{
  GDir *dir = g_dir_open (directory, 0, error);
  if (!dir)
    return NULL;

  ToolFiles *files = g_new0 (ToolFiles, 1);
  files->files = g_ptr_array_new_with_free_func (free_file);
  files->labels = g_ptr_array_new_with_free_func (g_free);
  files->problems = g_ptr_array_new_with_free_func (g_free);
  files->notes = g_ptr_array_new_with_free_func (g_free);

  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Scan scan = { files, seen };
  enter (&scan, directory);
  walk (&scan, dir, directory, "");
  g_ptr_array_sort (files->files, compare_files);
  if (layout == TOOL_LAYOUT_GENRES)
    tool_labels_assign (files, directory);
  return files;
}

void
tool_files_free (ToolFiles *files)
{
  if (!files)
    return;
  g_ptr_array_unref (files->files);
  g_ptr_array_unref (files->labels);
  g_ptr_array_unref (files->problems);
  g_ptr_array_unref (files->notes);
  g_free (files);
}
