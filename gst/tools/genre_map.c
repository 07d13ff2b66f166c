/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/genre_map.h"

#include "gst/tools/genre_name.h"
#include "models/file/json_write.h"
#include "models/file/printable.h"
#include "models/file/regular_file.h"

#include <string.h>

enum
{
  MAX_BYTES = 1 << 20,
};

static gboolean
is_printable (const char *text)
{
  for (const char *c = text; *c; c += g_utf8_skip[*(const guchar *) c]) {
    if (!printable_is (g_utf8_get_char (c)))
      return FALSE;
  }
  return TRUE;
}

/* -1: the model has none of that name. */
static int
find_label (const char *name, const char *const *labels)
{
  for (int i = 0; labels[i]; i++) {
    if (strcmp (labels[i], name) == 0)
      return i;
  }
  return -1;
}

/* names [n_labels].  NULL, or what is wrong with the line. */
static char *
take_line (char *line, const char *const *labels, char **names)
{
  char *tab = strchr (line, '\t');

  if (line[0] == '\0' || line[0] == '#')
    return NULL;
  if (tab)
    *tab = '\0';
  const int label = find_label (g_strstrip (line), labels);
  const char *name = tab ? g_strstrip (tab + 1) : "";
  if (label < 0) {
    g_autofree char *found = json_quote (line);
    return g_strdup_printf ("expected a label of the model, such as %s, found %s", labels[0], found);
  }
  if (!is_printable (name))
    return g_strdup ("expected a name that can be printed, found control characters");
  g_free (names[label]);
  names[label] = g_strdup (name);
  return NULL;
}

/* FALSE: an error. */
static gboolean
read_file (const char *path, const char *const *labels, char **names, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GBytes) bytes = regular_file_read (path, MAX_BYTES, error);
  if (!bytes)
    return FALSE;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_strndup (data, size);
  if (strlen (text) != size || !g_utf8_validate (text, (gssize) size, NULL)) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: expected UTF-8 text, found other bytes", shown);
    return FALSE;
  }

  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_autofree char *wrong = take_line (lines[i], labels, names);
    if (wrong) {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: line %u: %s", shown, i + 1, wrong);
      return FALSE;
    }
  }
  return TRUE;
}

char **
tool_genre_map_read (const char *path, const char *const *labels, GError **error)
{
  guint n = 0;
  while (labels[n])
    n++;
  g_auto (GStrv) names = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    names[i] = tool_genre_name (labels[i]);
  return !path || read_file (path, labels, names, error) ? g_steal_pointer (&names) : NULL;
}
