/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/checkpoint: what was saved comes back; whatever happens to the last file, the one before is found.
 */
#define _POSIX_C_SOURCE 200809L /* symlink */

#include "models/training/checkpoint.h"

#include "tests/expect_error.h"
#include "tests/training_builder.h"

#ifdef G_OS_UNIX
#include <unistd.h>
#endif

static const float values[] = { 1, -2.5f, 0x1p-149f, 3e38f, -0.f, 6, 7 };

static bool
save (const char *path, const char *state)
{
  const char *const texts[] = { "recipe \"x\"", "data", "origin", state };
  g_autoptr (Checkpoint) checkpoint = checkpoint_new (texts);
  GError *error = NULL;
  checkpoint_add_floats (checkpoint, "a", values, 3);
  checkpoint_add_floats (checkpoint, "b/c", values, G_N_ELEMENTS (values));
  const bool ok = checkpoint_save (checkpoint, path, &error);
  g_clear_error (&error);
  return ok;
}

/* Loads, and expects the state and whether it is the one before. */
static void
expect (const char *path, const char *state, bool previous, const char *what)
{
  g_autofree char *reason = NULL;
  GError *error = NULL;
  g_autoptr (Safetensors) file = checkpoint_load (path, &reason, &error);
  CHECK (file, "%s: %s", what, error ? error->message : "");
  g_clear_error (&error);
  if (!file)
    return;
  CHECK (strcmp (checkpoint_text (file, CHECKPOINT_STATE), state) == 0, "%s: %s", what,
      checkpoint_text (file, CHECKPOINT_STATE));
  CHECK (strcmp (checkpoint_text (file, CHECKPOINT_RECIPE), "recipe \"x\"") == 0, "%s", what);
  CHECK ((reason != NULL) == previous, "%s: %s", what, reason ? reason : "no reason");
  float found[G_N_ELEMENTS (values)];
  CHECK (checkpoint_read_floats (file, "b/c", found, G_N_ELEMENTS (values), NULL)
          && memcmp (found, values, sizeof values) == 0,
      "%s: values", what);
  CHECK (!checkpoint_read_floats (file, "b/c", found, 3, &error), "a wrong number of values is accepted");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "\"b/c\"|3|7", "wrong number");
  error = NULL;
  CHECK (!checkpoint_read_floats (file, "d", found, 3, &error), "a missing tensor is accepted");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "\"d\"", "missing");
}

static void
write_bytes (const char *path, const char *bytes, gsize size)
{
  CHECK (g_file_set_contents (path, bytes, (gssize) size, NULL), "%s", path);
}

static void
test_broken (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "x.checkpoint", NULL);
  g_autofree char *previous = g_strconcat (path, ".previous", NULL);
  g_autofree char *bytes = NULL, *before = NULL;
  gsize size = 0, size_before = 0;

  CHECK (!checkpoint_exists (path), "there is none yet");
  CHECK (save (path, "one") && checkpoint_exists (path), "save");
  expect (path, "one", false, "the first");
  CHECK (save (path, "two") && save (path, "three"), "save again");
  expect (path, "three", false, "the third");
  CHECK (g_file_get_contents (path, &bytes, &size, NULL) && g_file_get_contents (previous, &before, &size_before, NULL),
      "files");

  /* Cut short anywhere, or one bit turned anywhere: the one before, and what is broken is gone. */
  for (gsize n = 0; n < size; n += 13) {
    write_bytes (path, bytes, n);
    write_bytes (previous, before, size_before);
    expect (path, "two", true, "truncated");
    CHECK (!g_file_test (path, G_FILE_TEST_EXISTS), "the broken one stays at %u", (unsigned) n);
  }
  for (gsize i = 0; i < size; i += 3) {
    g_autofree char *changed = g_memdup2 (bytes, size);
    changed[i] = (char) (changed[i] ^ (1 << (i % 7)));
    write_bytes (path, changed, size);
    write_bytes (previous, before, size_before);
    g_autofree char *reason = NULL;
    g_autoptr (Safetensors) file = checkpoint_load (path, &reason, NULL);
    CHECK (file, "byte %u", (unsigned) i);

    /* A changed byte may leave the very same meaning, a blank in the header; never another one. */
    if (file && !reason)
      CHECK (strcmp (checkpoint_text (file, CHECKPOINT_STATE), "three") == 0, "byte %u changed the state unseen",
          (unsigned) i);
  }

  /* Killed between the two renames: only the one before is there, and a half-written new one. */
  g_remove (path);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  write_bytes (fresh, bytes, size / 2);
  write_bytes (previous, before, size_before);
  CHECK (checkpoint_exists (path), "the one before counts");
  expect (path, "two", true, "between two renames");
  CHECK (save (path, "four"), "over a half-written one");
  expect (path, "four", false, "after it");

  GError *error = NULL;
  char *reason = NULL;
  write_bytes (path, bytes, size / 2);
  write_bytes (previous, "", 0);
  CHECK (!checkpoint_load (path, &reason, &error), "two broken ones are accepted");
  expect_error (error, GENRE_MODEL_ERROR_CHECKPOINT, "x.checkpoint|x.checkpoint.previous", "both broken");
  CHECK (checkpoint_remove (path, NULL) && !checkpoint_exists (path), "remove");
  CHECK (checkpoint_remove (path, NULL), "remove what is not there");
}

static void
test_unwritable (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "nowhere", "x", NULL);
  const char *const texts[] = { "", "", "", "" };
  g_autoptr (Checkpoint) checkpoint = checkpoint_new (texts);
  g_autoptr (GError) error = NULL;
  CHECK (!checkpoint_save (checkpoint, path, &error) && error->domain == G_FILE_ERROR && strstr (error->message, path),
      "%s", error ? error->message : "accepted");
}

#ifdef G_OS_UNIX
/* A full disk: what was there stays. */
static void
test_full (const char *directory)
{
  if (!g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    return;
  g_autofree char *path = g_build_filename (directory, "f.checkpoint", NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  CHECK (save (path, "one"), "save");
  CHECK (symlink ("/dev/full", fresh) == 0, "symlink");
  CHECK (!save (path, "two"), "written to a full disk");
  expect (path, "one", false, "after a full disk");
}
#endif

int
main (void)
{
  char *directory = tb_directory ();
  test_broken (directory);
  test_unwritable (directory);
#ifdef G_OS_UNIX
  test_full (directory);
#endif
  tb_remove_directory (directory);
  TEST_END ();
}
