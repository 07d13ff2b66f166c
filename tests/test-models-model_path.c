/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/model_path: a name is looked up where models are installed, a path never; the first directory wins.
 */
#include "models/model_path.h"

#include "models/genre_model.h"
#include "tests/expect_error.h"

#include <glib/gstdio.h>
#include <string.h>

static void
expect_path (const char *path, const char *expected)
{
  g_autofree char *found = genre_model_find (path);
  CHECK (strcmp (found, expected) == 0, "%s: %s, not %s", path, found, expected);
}

static void
test_names (void)
{
  static const char *const names[] = { "genre-wide", "a" };
  static const char *const paths[] = { "", "a.safetensors", "dir/a", "/a", "./a", "..", "a.b" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    CHECK (genre_model_is_name (names[i]), "%s is a name", names[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    CHECK (!genre_model_is_name (paths[i]), "%s is no name", paths[i]);
}

static void
test_places (const char *first, const char *second)
{
  g_autofree char *both = g_strconcat (first, G_SEARCHPATH_SEPARATOR_S G_SEARCHPATH_SEPARATOR_S, second, NULL);
  g_autofree char *a = g_build_filename (first, "both.safetensors", NULL);
  g_autofree char *b = g_build_filename (second, "both.safetensors", NULL);
  g_autofree char *c = g_build_filename (second, "one.safetensors", NULL);
  g_setenv (GENRE_MODEL_PATH, both, TRUE);
  CHECK (g_file_set_contents (a, "x", 1, NULL) && g_file_set_contents (b, "y", 1, NULL)
          && g_file_set_contents (c, "z", 1, NULL),
      "files");
  expect_path ("both", a);
  expect_path ("one", c);
  expect_path ("none", "none");
  expect_path ("one.safetensors", "one.safetensors");
  expect_path (c, c);

  /* A file of that very name in the working directory is one. */
  CHECK (g_chdir (first) == 0 && g_file_set_contents ("one", "w", 1, NULL), "a file without an ending");
  expect_path ("one", "one");

  GError *error = NULL;
  CHECK (!genre_model_load ("none", &error), "no such model");
  g_autofree char *words = g_strdup_printf ("none: |nor a model of that name in %s and %s and /", first, second);
  expect_error (error, GENRE_MODEL_ERROR_NOT_FOUND, words, "none");
  error = NULL;
  CHECK (!genre_model_load ("one.safetensors", &error) && !strstr (error->message, "nor"), "no such file: %s",
      error->message);
  g_clear_error (&error);
  g_unlink ("one");
  g_unlink (a);
  g_unlink (b);
  g_unlink (c);
}

int
main (void)
{
  g_autofree char *first = g_dir_make_tmp ("genre-XXXXXX", NULL), *second = g_dir_make_tmp ("genre-XXXXXX", NULL);
  test_names ();
  test_places (first, second);
  g_rmdir (first);
  g_rmdir (second);
  TEST_END ();
}
