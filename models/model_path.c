/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/model_path.h"

#include <string.h>

/* The directories, then NULL. */
static char **
list_directories (void)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  const char *variable = g_getenv (GENRE_MODEL_PATH);
  g_auto (GStrv) own = g_strsplit (variable ? variable : "", G_SEARCHPATH_SEPARATOR_S, -1);

  for (gsize i = 0; own[i]; i++)
    if (own[i][0] != '\0')
      g_ptr_array_add (list, g_strdup (own[i]));
  g_ptr_array_add (list, g_strdup (GENRE_MODELS_DIR));
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

gboolean
genre_model_is_name (const char *path)
{
  return path[0] != '\0' && !strchr (path, '.') && !strchr (path, '/') && !strchr (path, G_DIR_SEPARATOR);
}

char *
genre_model_find (const char *path)
{
  if (!genre_model_is_name (path) || g_file_test (path, G_FILE_TEST_EXISTS))
    return g_strdup (path);
  g_auto (GStrv) directories = list_directories ();
  g_autofree char *base = g_strconcat (path, ".safetensors", NULL);
  for (gsize i = 0; directories[i]; i++) {
    g_autofree char *file = g_build_filename (directories[i], base, NULL);
    if (g_file_test (file, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer (&file);
  }
  return g_strdup (path);
}

char *
genre_model_places (void)
{
  g_auto (GStrv) directories = list_directories ();
  GString *text = g_string_new (NULL);
  for (gsize i = 0; directories[i]; i++) {
    g_autofree char *shown = g_filename_display_name (directories[i]);
    g_string_append_printf (text, "%s%s", i > 0 ? " and " : "", shown);
  }
  return g_string_free (text, FALSE);
}
