/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/playlist.h"

#include <string.h>

gboolean
tool_playlist_is_one (const char *path)
{
  static const char *const extensions[] = { ".m3u", ".m3u8", ".pls" };
  const gsize length = strlen (path);

  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++) {
    const gsize n = strlen (extensions[i]);
    if (length >= n && g_ascii_strcasecmp (path + length - n, extensions[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

GPtrArray *
tool_playlist_split (const char *text, gsize size, char end)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  while (size > 0) {
    const char *found = memchr (text, end, size);
    const gsize n = found ? (gsize) (found - text) : size;
    if (n > 0)
      g_ptr_array_add (names, g_strndup (text, n));
    text += MIN (n + 1, size);
    size -= MIN (n + 1, size);
  }
  return names;
}

/* "http://", but not "C:\". */
static gboolean
has_scheme (const char *name)
{
  g_autofree char *scheme = g_uri_parse_scheme (name);

  return scheme && strlen (scheme) > 1;
}

static char *
place_in (const char *folder, const char *name)
{
  return g_path_is_absolute (name) ? g_strdup (name) : g_build_filename (folder, name, NULL);
}

/* Where a name leads.  If nothing is there, the path is as it is written: who opens it says so. */
static char *
resolve (const char *folder, const char *name)
{
  if (has_scheme (name)) {
    char *path = g_filename_from_uri (name, NULL, NULL);
    return path ? path : g_strdup (name);
  }
  g_autofree char *written = place_in (folder, name);
  if (g_file_test (written, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&written);

  g_autofree char *slashes = g_strdelimit (g_strdup (name), "\\", '/');
  g_autofree char *latin = g_utf8_validate (slashes, -1, NULL)
      ? NULL
      : g_convert (slashes, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
  const char *const others[] = { slashes, latin };
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree char *path = others[i] ? place_in (folder, others[i]) : NULL;
    if (path && g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
  }
  return g_steal_pointer (&written);
}

/* The name that a line of M3U or PLS gives; NULL: none.  PLS: "File12=name" among other keys, below "[playlist]". */
static const char *
name_of (const char *line, gboolean pls)
{
  if (!pls)
    return line[0] != '#' ? line : NULL;
  if (g_ascii_strncasecmp (line, "File", 4) != 0)
    return NULL;
  const char *number = line + 4, *end = number;
  while (g_ascii_isdigit (*end))
    end++;
  return end > number && *end == '=' ? end + 1 : NULL;
}

GPtrArray *
tool_playlist_parse (const char *text, gsize size, const char *folder)
{
  static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
  if (size >= 3 && memcmp (text, mark, 3) == 0) {
    text += 3;
    size -= 3;
  }
  g_autoptr (GPtrArray) lines = tool_playlist_split (text, size, '\n');
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  gboolean pls = FALSE, stream = FALSE;

  for (guint i = 0; i < lines->len; i++) {
    const char *line = g_strstrip (g_ptr_array_index (lines, i));
    pls |= g_ascii_strcasecmp (line, "[playlist]") == 0;
    stream |= g_str_has_prefix (line, "#EXT-X-");
    const char *name = name_of (line, pls);
    if (name && name[0] != '\0' && name[0] != '[')
      g_ptr_array_add (names, resolve (folder, name));
  }
  if (stream)
    g_clear_pointer (&names, g_ptr_array_unref);
  return names;
}
