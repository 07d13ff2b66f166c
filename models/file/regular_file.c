/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* O_CLOEXEC, O_NONBLOCK, fchmod */

#include "models/file/regular_file.h"

#include "models/file/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdbool.h>

#ifdef G_OS_UNIX
#include <unistd.h>
#else
#include <io.h>
#endif

enum
{
  WRITE_BYTES = 1 << 20, /* at a time */
};

/* Flags that a system does not have count as 0. */
#ifndef O_BINARY
#define O_BINARY 0
#endif
#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif
#ifndef O_NONBLOCK
#define O_NONBLOCK 0
#endif
#ifndef S_ISREG
#define S_ISREG(mode) (((mode) &_S_IFMT) == _S_IFREG)
#define S_ISDIR(mode) (((mode) &_S_IFMT) == _S_IFDIR)
#endif

static void
set_errno_error (GError **error, const char *name, const char *what)
{
  int number = errno;
  if (number == ENOENT || number == ENOTDIR)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_NOT_FOUND, "%s: no such file", name);
  else
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_READ, "%s: cannot %s: %s", name, what,
        g_strerror (number));
}

static bool
check_kind (const GStatBuf *status, const char *name, gsize max_bytes, GError **error)
{
  if (!S_ISREG (status->st_mode)) {
    const char *kind = "a device, FIFO or socket";
    if (S_ISDIR (status->st_mode))
      kind = "a directory";
#ifdef G_OS_UNIX
    else if (S_ISFIFO (status->st_mode))
      kind = "a FIFO";
    else if (S_ISSOCK (status->st_mode))
      kind = "a socket";
    else
      kind = "a device";
#endif
    return genre_model_fail (error, GENRE_MODEL_ERROR_READ, "%s: expected a regular file, found %s", name, kind);
  }
  if (status->st_size < 0 || (guint64) status->st_size > max_bytes)
    return genre_model_fail (error, GENRE_MODEL_ERROR_SIZE,
        "%s: expected at most %" G_GSIZE_FORMAT " bytes, found %" G_GINT64_FORMAT, name, max_bytes,
        (gint64) status->st_size);
  return true;
}

/* Bytes that were read, fewer than `size` at the end of the file only; -1 and errno. */
static gssize
read_fully (int fd, guint8 *buffer, gsize size)
{
  enum
  {
    MOST_AT_ONCE = 1 << 20 /* Windows counts in unsigned int */
  };
  gsize done = 0;
  while (done < size) {
    gssize n = read (fd, buffer + done, (unsigned) MIN (size - done, MOST_AT_ONCE));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    if (n == 0)
      break;
    done += (gsize) n;
  }
  return (gssize) done;
}

static GBytes *
read_open (int fd, gsize size, const char *name, GError **error)
{
  /* Room for one byte more than the file's size, to notice that it has grown. */
  guint8 *buffer = g_try_malloc (size + 1);
  if (!buffer) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE, "%s: no memory for its %" G_GSIZE_FORMAT " bytes",
        name, size);
    return NULL;
  }
  gssize n = read_fully (fd, buffer, size + 1);
  if (n < 0) {
    set_errno_error (error, name, "read");
  } else if ((gsize) n != size) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_READ,
        "%s: expected %" G_GSIZE_FORMAT " bytes, found %s: it %s while it was read", name, size,
        (gsize) n < size ? "fewer" : "more", (gsize) n < size ? "shrank" : "grew");
  } else {
    return g_bytes_new_take (buffer, size);
  }
  g_free (buffer);
  return NULL;
}

GBytes *
regular_file_read (const char *path, gsize max_bytes, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  GStatBuf status;

  /* Checked before it is opened: opening a FIFO waits for its writer, and opening some devices has effects. */
  if (g_stat (path, &status) != 0) {
    set_errno_error (error, name, "examine it");
    return NULL;
  }
  if (!check_kind (&status, name, max_bytes, error))
    return NULL;

  int fd = g_open (path, O_RDONLY | O_BINARY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) {
    set_errno_error (error, name, "open");
    return NULL;
  }
  GBytes *bytes = NULL;
#ifdef G_OS_UNIX
  /* Checked again: the name may refer to another file now. */
  if (fstat (fd, &status) != 0)
    set_errno_error (error, name, "examine it");
  else if (check_kind (&status, name, max_bytes, error))
    bytes = read_open (fd, (gsize) status.st_size, name, error);
#else
  bytes = read_open (fd, (gsize) status.st_size, name, error);
#endif
  g_close (fd, NULL);
  return bytes;
}

gboolean
regular_file_fail (const char *name, const char *what, GError **error)
{
  const int number = errno;

  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (number), "%s: cannot %s: %s", name, what,
      g_strerror (number));
  return FALSE;
}

gboolean
regular_file_write (int fd, const char *name, const guint8 *data, gsize size, GError **error)
{
  while (size > 0) {
    const gssize n = write (fd, data, (unsigned) MIN (size, WRITE_BYTES)); /* Windows counts in unsigned int */

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return regular_file_fail (name, "write", error);
    data += n;
    size -= (gsize) n;
  }
  return TRUE;
}

/* --- drafts ---------------------------------------------------------------------------------------------------- */

struct RegularFileDraft
{
  char *path, *temporary;
  char *name; /* of path, for messages */
  int mode;
  int exclusive; /* O_EXCL: the temporary file must be new */
  int fd;        /* -1: not open */
  bool exists;   /* the temporary file does */
};

RegularFileDraft *
regular_file_draft_new (const char *path, const char *temporary, int mode)
{
  RegularFileDraft *draft = g_new0 (RegularFileDraft, 1);

  draft->path = g_strdup (path);
  draft->temporary = temporary ? g_strdup (temporary) : g_strdup_printf ("%s.%08x", path, g_random_int ());
  draft->name = g_filename_display_name (path);
  draft->mode = mode;
  draft->exclusive = temporary ? 0 : O_EXCL;
  draft->fd = -1;
  return draft;
}

void
regular_file_draft_free (RegularFileDraft *draft)
{
  if (!draft)
    return;
  if (draft->fd >= 0)
    g_close (draft->fd, NULL);
  if (draft->exists)
    g_remove (draft->temporary);
  g_free (draft->path);
  g_free (draft->temporary);
  g_free (draft->name);
  g_free (draft);
}

const char *
regular_file_draft_temporary (const RegularFileDraft *draft)
{
  return draft->temporary;
}

/* An existing file keeps its permissions.  The temporary file has them from the beginning, so that nobody can read
 * it who could not read the old one. */
static gboolean
open_draft (RegularFileDraft *draft, GError **error)
{
  GStatBuf old;
  const bool replaces = g_lstat (draft->path, &old) == 0 && S_ISREG (old.st_mode);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_BINARY | O_CLOEXEC | draft->exclusive;

  draft->fd = g_open (draft->temporary, flags, replaces ? (int) old.st_mode & 0777 : draft->mode);
  if (draft->fd < 0)
    return regular_file_fail (draft->name, "create", error);
  draft->exists = true;
#ifdef G_OS_UNIX
  GStatBuf status;
  if (replaces && fstat (draft->fd, &status) == 0 && S_ISREG (status.st_mode)
      && fchmod (draft->fd, old.st_mode & 0777) != 0)
    return regular_file_fail (draft->name, "keep its permissions", error);
#endif
  return TRUE;
}

gboolean
regular_file_draft_write (RegularFileDraft *draft, const guint8 *data, gsize size, GError **error)
{
  return (draft->fd >= 0 || open_draft (draft, error))
      && regular_file_write (draft->fd, draft->name, data, size, error);
}

gboolean
regular_file_draft_sync (RegularFileDraft *draft, GError **error)
{
  const gboolean synced = g_fsync (draft->fd) == 0 || regular_file_fail (draft->name, "write", error);
  const int fd = draft->fd;

  draft->fd = -1;
  return (close (fd) == 0 || !synced || regular_file_fail (draft->name, "write", error)) && synced;
}

gboolean
regular_file_draft_place (RegularFileDraft *draft, GError **error)
{
  const int fd = draft->fd;

  draft->fd = -1;
  if (fd >= 0 && close (fd) != 0)
    return regular_file_fail (draft->name, "write", error);
  if (g_rename (draft->temporary, draft->path) != 0)
    return regular_file_fail (draft->name, "put it in its place", error);
  draft->exists = false;
  return TRUE;
}

gboolean
regular_file_replace (const char *path, const void *data, gsize size, int mode, GError **error)
{
  g_autoptr (RegularFileDraft) draft = regular_file_draft_new (path, NULL, mode);

  return regular_file_draft_write (draft, data, size, error) && regular_file_draft_sync (draft, error)
      && regular_file_draft_place (draft, error);
}
