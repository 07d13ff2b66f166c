/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/files.h"

#include "gst/tools/labels.h"
#include "gst/tools/media_type.h"
#include "gst/tools/outputs.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const music[] = { "3gp", "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "au", "caf", "dff",
  "dsf", "flac", "it", "m4a", "m4b", "mka", "mod", "mp2", "mp3", "mpc", "oga", "ogg", "opus", "ra", "s3m", "shn", "snd",
  "spx", "tta", "voc", "w64", "wav", "wave", "webm", "wma", "wv", "xm" };

static const char *const other[] = { "accurip", "asd", "bak", "bmp", "cda", "cfg", "conf", "css", "csv", "cue", "db",
  "doc", "docx", "exe", "ffp", "gif", "gz", "htm", "html", "ico", "ini", "jpeg", "jpg", "js", "json", "log", "lrc",
  "m3u", "m3u8", "md", "md5", "mid", "midi", "nfo", "npy", "npz", "pdf", "pls", "png", "py", "rar", "rtf",
  "safetensors", "sfv", "sha1", "sha256", "sh", "srt", "svg", "tar", "tif", "tiff", "toc", "torrent", "txt", "url",
  "webp", "xml", "xspf", "yaml", "yml", "zip" };

/* Downloads and copies that have not ended. */
static const char *const half[] = { "!qb", "!ut", "aria2", "bc!", "crdownload", "download", "filepart", "opdownload",
  "part", "partial", "tmp" };

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
  GstTypeFindProbability probability = GST_TYPE_FIND_NONE;
  g_autofree char *type = tool_media_type (path, &probability);

  return type && probability >= GST_TYPE_FIND_LIKELY
      && (g_str_has_prefix (type, "audio/") || g_str_has_prefix (type, "video/")
          || strcmp (type, "application/ogg") == 0 || strcmp (type, "application/x-id3") == 0);
}

static gboolean
has_extension (const char *path, const char *const *list, gsize n)
{
  const char *name = strrchr (path, G_DIR_SEPARATOR), *extension = strrchr (name ? name : path, '.');
  return extension && is_one_of (extension + 1, list, n);
}

static gboolean
is_music (const char *path)
{
  if (has_extension (path, music, G_N_ELEMENTS (music)))
    return TRUE;
  return !has_extension (path, other, G_N_ELEMENTS (other)) && sounds_like_media (path);
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
  ToolLayout layout;
  GHashTable *folders; /* below the directory without a link, as "device:inode" */
  GHashTable *linked;  /* those behind links, each once a label, as "label device:inode" */
  GPtrArray *links;    /* of ToolFile: those to folders, for when all folders are known */
  gboolean follows;    /* they are, and links are followed */
  guint half;          /* downloads that have not ended */
} Scan;

static void
free_problem (gpointer data)
{
  ToolProblem *problem = data;
  g_free (problem->path);
  g_free (problem->name);
  g_free (problem->reason);
  g_free (problem);
}

static void
add_problem (Scan *scan, const char *path, const char *name, const char *reason)
{
  ToolProblem *problem = g_new (ToolProblem, 1);
  *problem = (ToolProblem){ g_strdup (path), g_strdup (name), g_strdup (reason) };
  g_ptr_array_add (scan->files->problems, problem);
}

static ToolFile *
file_new (const char *path, const char *name)
{
  ToolFile *file = g_new0 (ToolFile, 1);
  file->path = g_strdup (path);
  file->name = g_strdup (name);
  file->label = -1;
  return file;
}

/* The folder that would be the label of what is named so. */
static char *
label_of (const Scan *scan, const char *name)
{
  const char *end = scan->layout == TOOL_LAYOUT_GENRES ? strchr (name, '/') : NULL;
  return g_strndup (name, end ? (gsize) (end - name) : 0);
}

/* Whether a folder is to be walked: once where it lies, or else once for each label that links lead to it from. */
static gboolean
enter (Scan *scan, const char *path, const char *name)
{
  g_autofree char *key = tool_outputs_identity (path);
  if (!scan->follows)
    return g_hash_table_add (scan->folders, g_steal_pointer (&key));
  if (g_hash_table_contains (scan->folders, key))
    return FALSE;
  g_autofree char *label = label_of (scan, name);
  return g_hash_table_add (scan->linked, g_strdup_printf ("%s %s", label, key));
}

static void walk (Scan *scan, GDir *dir, const char *directory, const char *prefix);

static void
walk_below (Scan *scan, const char *directory, const char *name)
{
  g_autofree char *prefix = g_strconcat (name, "/", NULL);
  errno = 0;
  GDir *dir = g_dir_open (directory, 0, NULL);
  const int number = errno;
  g_autofree char *reason = g_strconcat ("this folder cannot be read: ", g_strerror (number), NULL);

  if (dir)
    walk (scan, dir, directory, prefix);
  else
    add_problem (scan, directory, name, reason);
}

static void
visit (Scan *scan, const char *path, const char *name)
{
  const gboolean is_link = g_file_test (path, G_FILE_TEST_IS_SYMLINK);
  GStatBuf status;

  if (g_stat (path, &status) != 0) {
    add_problem (scan, path, name, is_link ? "a link without a target" : "it cannot be examined");
  } else if (is_link && S_ISDIR (status.st_mode)) {
    g_ptr_array_add (scan->links, file_new (path, name));
  } else if (S_ISDIR (status.st_mode)) {
    if (enter (scan, path, name))
      walk_below (scan, path, name);
  } else if (S_ISREG (status.st_mode)) {
    const gboolean unfinished = has_extension (path, half, G_N_ELEMENTS (half));
    scan->half += unfinished;
    if (!unfinished && is_music (path))
      g_ptr_array_add (scan->files->files, file_new (path, name));
    else
      scan->files->left_out++;
  }
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  const char *const *x = a, *const *y = b;
  return strcmp (*x, *y);
}

/* dir     of `directory`, is closed; the order of its entries does not count
 * prefix  of names, "" or "folder/" */
static void
walk (Scan *scan, GDir *dir, const char *directory, const char *prefix)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
  const char *entry;

  while ((entry = g_dir_read_name (dir))) {
    if (entry[0] != '.')
      g_ptr_array_add (entries, g_strdup (entry));
    else
      scan->files->left_out++;
  }
  g_dir_close (dir);
  g_ptr_array_sort (entries, compare_strings);
  for (guint i = 0; i < entries->len; i++) {
    g_autofree char *path = g_build_filename (directory, g_ptr_array_index (entries, i), NULL);
    g_autofree char *shown = tool_file_name (g_ptr_array_index (entries, i));
    g_autofree char *name = g_strconcat (prefix, shown, NULL);
    visit (scan, path, name);
  }
}

/* Links to folders, those behind links too. */
static void
follow_links (Scan *scan)
{
  scan->follows = TRUE;
  for (guint i = 0; i < scan->links->len; i++) {
    const ToolFile *link = g_ptr_array_index (scan->links, i);
    g_autofree char *inside = g_strconcat (link->name, "/", NULL);
    if (enter (scan, link->path, inside))
      walk_below (scan, link->path, link->name);
    else
      g_ptr_array_add (scan->files->notes,
          g_strdup_printf ("%s: a link to a folder that is in it already: it is not followed", link->name));
  }
}

/* --- one file, one place --------------------------------------------------------------------------------------- */

/* Of files that are one, sorted by name: which is taken, rather one with a label than one beside the folders, and no
 * link if there is a choice.  -1: they have different labels. */
static int
choose_place (const Scan *scan, const GPtrArray *same)
{
  g_autofree char *label = NULL;
  int chosen = -1, best = -1;

  for (guint i = 0; i < same->len; i++) {
    const ToolFile *file = g_ptr_array_index (same, i);
    g_autofree char *found = label_of (scan, file->name);
    const int rank = (found[0] != '\0' ? 2 : 0) + (g_file_test (file->path, G_FILE_TEST_IS_SYMLINK) ? 0 : 1);
    if (rank > best) {
      best = rank;
      chosen = (int) i;
    }
    if (found[0] == '\0')
      continue;
    if (label && strcmp (label, found) != 0)
      return -1;
    g_free (label);
    label = g_steal_pointer (&found);
  }
  return chosen;
}

/* Says which places of one file have different labels. */
static void
name_places (Scan *scan, const GPtrArray *same)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < same->len; i++)
    g_string_append_printf (text, "%s%s",
        i == 0                   ? ""
            : i + 1 == same->len ? " and "
                                 : ", ",
        ((const ToolFile *) g_ptr_array_index (same, i))->name);
  add_problem (scan, ((const ToolFile *) g_ptr_array_index (same, 0))->path, text->str,
      "the same file under different labels: it is left out");
  g_string_free (text, TRUE);
}

/* Takes each file once, whatever links lead to it; one that has two labels not at all.  Files are sorted. */
static void
take_once (Scan *scan)
{
  g_autoptr (GHashTable)
      places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GHashTable) left_out = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (GPtrArray) order = g_ptr_array_new (); /* of places, by their first file */
  GPtrArray *files = scan->files->files;

  for (guint i = 0; i < files->len; i++) {
    ToolFile *file = g_ptr_array_index (files, i);
    char *key = tool_outputs_identity (file->path);
    GPtrArray *same = g_hash_table_lookup (places, key);
    if (!same) {
      same = g_ptr_array_new ();
      g_hash_table_insert (places, key, same);
      g_ptr_array_add (order, same);
    } else {
      g_free (key);
    }
    g_ptr_array_add (same, file);
  }
  for (guint k = 0; k < order->len; k++) {
    const GPtrArray *same = g_ptr_array_index (order, k);
    const int chosen = choose_place (scan, same);
    if (chosen < 0)
      name_places (scan, same);
    for (guint i = 0; i < same->len; i++) {
      if ((int) i != chosen)
        g_hash_table_add (left_out, g_ptr_array_index (same, i));
    }
  }
  for (guint i = files->len; i-- > 0;) {
    if (g_hash_table_contains (left_out, g_ptr_array_index (files, i)))
      g_ptr_array_remove_index (files, i);
  }
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
  files->problems = g_ptr_array_new_with_free_func (free_problem);
  files->notes = g_ptr_array_new_with_free_func (g_free);

  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) linked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) links = g_ptr_array_new_with_free_func (free_file);
  Scan scan = { files, layout, folders, linked, links, FALSE, 0 };
  enter (&scan, directory, "");
  walk (&scan, dir, directory, "");
  follow_links (&scan);
  g_ptr_array_sort (files->files, compare_files);
  take_once (&scan);
  if (scan.half > 0)
    g_ptr_array_add (files->notes,
        g_strdup_printf ("%u downloads that have not ended (.part, .tmp and the like) are left out", scan.half));
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
