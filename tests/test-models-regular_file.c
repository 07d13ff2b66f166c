/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* mkfifo, truncate, symlink */

#include "models/regular_file.h"

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
  check_failure (circle, 1 << 20, GENRE_MODEL_ERROR_READ, "circle: cannot look at it: ");
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
  remove_all ();
  TEST_END ();
}
