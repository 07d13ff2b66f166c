/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* mkfifo, truncate, symlink */

#include "models/file/regular_file.h"

#include "tests/expect_error.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char *directory;

static char *
path_of (const char *name)
{
  return g_build_filename (directory, name, NULL);
}

static char *
write_file (const char *name, const char *content, gsize size)
{
  char *path = path_of (name);
  if (!g_file_set_contents (path, content, (gssize) size, NULL))
    g_error ("cannot write %s", path);
  return path;
}

static void
check_content (const char *path, const char *expected, gsize expected_size)
{
  GError *error = NULL;
  GBytes *bytes = regular_file_read (path, 1 << 20, &error);
  CHECK (bytes, "%s", error->message);
  if (!bytes)
    return;
  gsize size = 0;
  const void *data = g_bytes_get_data (bytes, &size);
  CHECK (size == expected_size && (size == 0 || memcmp (data, expected, size) == 0), "%s: %zu bytes", path, size);
  g_bytes_unref (bytes);
}

static void
check_failure (const char *path, gsize max_bytes, GenreModelError code, const char *words)
{
  GError *error = NULL;
  GBytes *bytes = regular_file_read (path, max_bytes, &error);
  CHECK (!bytes, "%s", path);
  expect_error (error, code, words, path);
}

static void
test_contents (void)
{
  gsize size = 300000;
  char *content = g_malloc (size);
  uint64_t random = 1;
  for (gsize i = 0; i < size; i++)
    content[i] = (char) test_random (&random);

  char *path = write_file ("file", content, size);
  check_content (path, content, size);
  char *link = path_of ("link");
  CHECK (symlink (path, link) == 0, "symlink");
  check_content (link, content, size);
  check_failure (path, size - 1, GENRE_MODEL_ERROR_SIZE, "file: |at most 299999 bytes|found 300000");

  char *empty = write_file ("empty", "", 0);
  check_content (empty, NULL, 0);
  char *umlaut = write_file ("\xc3\xa4 b", "x", 1);
  check_content (umlaut, "x", 1);
  char *latin1 = write_file ("\xe4", "y", 1); /* no UTF-8: the message must be all the same */
  check_content (latin1, "y", 1);
  check_failure (latin1, 0, GENRE_MODEL_ERROR_SIZE, "at most 0 bytes");

  g_free (latin1);
  g_free (umlaut);
  g_free (empty);
  g_free (link);
  g_free (path);
  g_free (content);
}

/* Sparse: were it read, it would take memory and time. */
static void
test_oversized (void)
{
  char *path = write_file ("large", "", 0);
  CHECK (truncate (path, (off_t) 1 << 40) == 0, "truncate");
  check_failure (path, 256 << 20, GENRE_MODEL_ERROR_SIZE, "large: |found 1099511627776");
  g_free (path);
}

static void
test_missing (void)
{
  char *path = path_of ("nothing");
  check_failure (path, 1 << 20, GENRE_MODEL_ERROR_NOT_FOUND, "nothing: no such file");
  check_failure ("", 1 << 20, GENRE_MODEL_ERROR_NOT_FOUND, "no such file");
  char *link = path_of ("dangling");
  CHECK (symlink (path, link) == 0, "symlink");
  check_failure (link, 1 << 20, GENRE_MODEL_ERROR_NOT_FOUND, "dangling: no such file");
  char *below = path_of ("file/below");
  check_failure (below, 1 << 20, GENRE_MODEL_ERROR_NOT_FOUND, "below: no such file");
  char *circle = path_of ("circle");
  CHECK (symlink (circle, circle) == 0, "symlink");
  check_failure (circle, 1 << 20, GENRE_MODEL_ERROR_READ, "circle: cannot examine it: ");
  g_free (circle);
  g_free (below);
  g_free (link);
  g_free (path);
}

/* None of them may block. */
static void
test_irregular (void)
{
  check_failure (directory, 1 << 20, GENRE_MODEL_ERROR_READ, "a regular file, found a directory");
  check_failure ("/dev/zero", 1 << 20, GENRE_MODEL_ERROR_READ, "/dev/zero: |found a device");
  check_failure ("/dev/null", 1 << 20, GENRE_MODEL_ERROR_READ, "/dev/null: |found a device");

  char *fifo = path_of ("fifo");
  CHECK (mkfifo (fifo, 0600) == 0, "mkfifo");
  check_failure (fifo, 1 << 20, GENRE_MODEL_ERROR_READ, "fifo: |found a FIFO");
  g_free (fifo);

  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char *path = path_of ("s");
  int s = socket (AF_UNIX, SOCK_STREAM, 0);
  if (s >= 0 && strlen (path) < sizeof address.sun_path) {
    g_strlcpy (address.sun_path, path, sizeof address.sun_path);
    CHECK (bind (s, (const struct sockaddr *) &address, sizeof address) == 0, "bind");
    check_failure (path, 1 << 20, GENRE_MODEL_ERROR_READ, "found a socket");
    close (s);
  }
  g_free (path);

  char *secret = write_file ("secret", "x", 1);
  CHECK (g_chmod (secret, 0) == 0, "chmod");
  if (geteuid () != 0)
    check_failure (secret, 1 << 20, GENRE_MODEL_ERROR_READ, "secret: cannot open: ");
  g_free (secret);
}

/* Linux has files that are longer, or shorter, than they say: the same as one that changes while it is read. */
static void
test_changing (void)
{
  const char *grows = "/proc/self/status", *shrinks = "/sys/devices/system/cpu/possible";
  if (g_file_test (grows, G_FILE_TEST_IS_REGULAR))
    check_failure (grows, 1 << 20, GENRE_MODEL_ERROR_READ, "status: expected 0 bytes, found more|grew");
  if (g_file_test (shrinks, G_FILE_TEST_IS_REGULAR))
    check_failure (shrinks, 1 << 20, GENRE_MODEL_ERROR_READ, "possible: expected 4096 bytes, found fewer|shrank");
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static unsigned
count_files (const char *folder)
{
  unsigned n = 0;
  GDir *dir = g_dir_open (folder, 0, NULL);
  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

static unsigned
mode_of (const char *path)
{
  GStatBuf status;
  return g_lstat (path, &status) == 0 ? (unsigned) status.st_mode & 07777 : 0;
}

static void
replace (const char *path, const char *content, int mode)
{
  GError *error = NULL;
  CHECK (regular_file_replace (path, content, strlen (content), mode, &error), "%s", error ? error->message : path);
  g_clear_error (&error);
  check_content (path, content, strlen (content));
}

/* A new file gets the mode and the umask; one that is there keeps its mode, even one that the umask forbids. */
static void
test_replace (void)
{
  char *folder = path_of ("replace"), *path = g_build_filename (folder, "x", NULL), *other = path_of ("other");
  const mode_t old = umask (027);
  g_mkdir (folder, 0755);

  replace (path, "new", 0666);
  CHECK (mode_of (path) == 0640, "a new file: %o", mode_of (path));
  static const int modes[] = { 0600, 0666, 0444 };
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_chmod (path, modes[i]);
    replace (path, i == 0 ? "" : "longer than it was", 0644);
    CHECK (mode_of (path) == (unsigned) modes[i], "%o became %o", (unsigned) modes[i], mode_of (path));
  }
  CHECK (count_files (folder) == 1, "%u files", count_files (folder));

  /* A link is replaced, and not what it leads to. */
  g_remove (path);
  g_free (write_file ("other", "other", 5));
  CHECK (symlink (other, path) == 0, "symlink");
  replace (path, "own", 0666);
  check_content (other, "other", 5);
  CHECK (!g_file_test (path, G_FILE_TEST_IS_SYMLINK), "still a link");
  umask (old);
  g_remove (path);
  CHECK (g_rmdir (folder) == 0, "%s: not empty", folder);
  g_free (other);
  g_free (path);
  g_free (folder);
}

static void
check_refused (const char *path, int code, const char *words)
{
  GError *error = NULL;
  CHECK (!regular_file_replace (path, "new", 3, 0666, &error), "%s: written", path);
  CHECK (g_error_matches (error, G_FILE_ERROR, code) && strstr (error->message, path) && strstr (error->message, words),
      "%s: %s", path, error ? error->message : "no error");
  g_clear_error (&error);
}

static void
test_replace_fails (void)
{
  char *folder = path_of ("locked"), *path = g_build_filename (folder, "x", NULL), *none = path_of ("none/x");
  check_refused (none, G_FILE_ERROR_NOENT, "cannot create: ");
  CHECK (g_mkdir (folder, 0755) == 0, "mkdir");
  check_refused (folder, G_FILE_ERROR_ISDIR, "cannot put it in its place: ");

  replace (path, "old", 0666);
  if (geteuid () != 0) {
    g_chmod (folder, 0555);
    check_refused (path, G_FILE_ERROR_ACCES, "cannot create: ");
    g_chmod (folder, 0755);
  }
  check_content (path, "old", 3);
  CHECK (count_files (folder) == 1, "%u files", count_files (folder));
  g_remove (path);
  g_rmdir (folder);
  g_free (none);
  g_free (path);
  g_free (folder);
}

/* The temporary file leads to a device that is always full. */
static void
test_full_disk (void)
{
  if (!g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    return;
  const unsigned device_mode = mode_of ("/dev/full");
  char *folder = path_of ("full"), *path = g_build_filename (folder, "x", NULL), *draft_path = path_of ("full/x.new");
  g_mkdir (folder, 0755);
  replace (path, "old", 0600);
  CHECK (symlink ("/dev/full", draft_path) == 0, "symlink");

  GError *error = NULL;
  RegularFileDraft *draft = regular_file_draft_new (path, draft_path, 0666);
  CHECK (strcmp (regular_file_draft_temporary (draft), draft_path) == 0, "%s", regular_file_draft_temporary (draft));
  CHECK (!regular_file_draft_write (draft, (const guint8 *) "new", 3, &error), "a full disk took it");
  CHECK (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) && strstr (error->message, path)
          && strstr (error->message, "cannot write: "),
      "%s", error ? error->message : "no error");
  g_clear_error (&error);
  regular_file_draft_free (draft);
  check_content (path, "old", 3);
  CHECK (count_files (folder) == 1, "%u files", count_files (folder));
  CHECK (mode_of ("/dev/full") == device_mode, "the mode of a device changed");
  g_remove (path);
  g_rmdir (folder);
  g_free (draft_path);
  g_free (path);
  g_free (folder);
}

/* Until it is in its place, the old file is there; a draft that was given up leaves nothing, one never written no file
 * to begin with. */
static void
test_draft (void)
{
  char *folder = path_of ("draft"), *path = g_build_filename (folder, "x", NULL);
  g_mkdir (folder, 0755);
  replace (path, "old", 0666);

  for (unsigned steps = 0; steps < 5; steps++) { /* nothing, write, sync, place; at last without sync */
    RegularFileDraft *draft = regular_file_draft_new (path, NULL, 0666);
    CHECK (count_files (folder) == 1, "before: %u files", count_files (folder));
    bool ok = true;
    if (steps > 0)
      ok = regular_file_draft_write (draft, (const guint8 *) "ne", 2, NULL)
          && regular_file_draft_write (draft, (const guint8 *) "w", 1, NULL);
    if (steps == 2 || steps == 3)
      ok = ok && regular_file_draft_sync (draft, NULL);
    check_content (path, "old", 3);
    CHECK (count_files (folder) == (steps > 0 ? 2 : 1), "%u files", count_files (folder));
    if (steps > 2)
      ok = ok && regular_file_draft_place (draft, NULL);
    regular_file_draft_free (draft);
    CHECK (ok, "%u steps", steps);
    check_content (path, steps > 2 ? "new" : "old", 3);
    CHECK (count_files (folder) == 1, "after: %u files", count_files (folder));
    replace (path, "old", 0666);
  }
  g_remove (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
}

static void
remove_all (void)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name; name = g_dir_read_name (dir)) {
    char *path = path_of (name);
    g_remove (path);
    g_free (path);
  }
  g_dir_close (dir);
  g_rmdir (directory);
  g_free (directory);
}

int
main (void)
{
  directory = g_dir_make_tmp ("genre-XXXXXX", NULL);
  test_contents ();
  test_oversized ();
  test_missing ();
  test_irregular ();
  test_changing ();
  test_replace ();
  test_replace_fails ();
  test_full_disk ();
  test_draft ();
  remove_all ();
  TEST_END ();
}
