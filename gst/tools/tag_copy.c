/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* copy_file_range, O_PATH */

#include "gst/tools/tag_copy.h"

#include "gst/tools/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum
{
  BLOCK = 1 << 18,
  ROOM = 1 << 20, /* bytes besides the copy: what a growing tag and the file system may need */
};

/* ".gst-genre-" and eight digits: no file of anybody else, and never too long */
static const char prefix[] = ".gst-genre-", suffix[] = ".copy";

struct ToolTagCopy
{
  char *path; /* of the original, links followed */
  ToolTagReader original;
  struct stat status;
  char *temporary; /* NULL: not made */
  int fd;          /* of it; locked as long as we live */
};

static gboolean
fail (const char *what, GError **error)
{
  const int number = errno;

  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (number), "%s: %s", what, g_strerror (number));
  return FALSE;
}

/* --- what killed runs have left --------------------------------------------------------------------------------- */

/* Folders that have been looked at; under the lock. */
static pthread_mutex_t tidied_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *tidied;

static gboolean
is_ours (const char *name)
{
  const gsize n = strlen (prefix), digits = 8;

  if (!g_str_has_prefix (name, prefix) || strlen (name) != n + digits + strlen (suffix)
      || strcmp (name + n + digits, suffix) != 0)
    return FALSE;
  return strspn (name + n, "0123456789abcdef") == digits;
}

/* Unless its process is at work: that has a lock on it. */
static void
remove_leftover (const char *path)
{
  const int fd = open (path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  struct stat status;

  if (fd < 0)
    return;
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && flock (fd, LOCK_EX | LOCK_NB) == 0)
    unlink (path);
  close (fd);
}

static void
tidy (const char *folder)
{
  pthread_mutex_lock (&tidied_lock);
  if (!tidied)
    tidied = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const gboolean is_new = g_hash_table_add (tidied, g_strdup (folder));
  GDir *directory = is_new ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;
  while (directory && (name = g_dir_read_name (directory))) {
    g_autofree char *path = is_ours (name) ? g_build_filename (folder, name, NULL) : NULL;
    if (path)
      remove_leftover (path);
  }
  if (directory)
    g_dir_close (directory);
  pthread_mutex_unlock (&tidied_lock);
}

/* --- the original ----------------------------------------------------------------------------------------------- */

gboolean
tool_tag_copy_may_write (const ToolTagCopy *copy, gboolean split, GError **error)
{
  const struct stat *status = &copy->status;

  if ((status->st_mode & 0222) == 0)
    return tool_tag_refuse (error, "it is write-protected");
  if (status->st_nlink > 1 && !split)
    return tool_tag_refuse (error,
        "it has %u names (hard links), and only this one would have the genre: --hard-links split writes all the same",
        (unsigned) status->st_nlink);
  return TRUE;
}

ToolTagCopy *
tool_tag_copy_new (const char *path, GError **error)
{
  g_autoptr (ToolTagCopy) copy = g_new0 (ToolTagCopy, 1);

  copy->fd = copy->original.fd = -1;
  char *resolved = realpath (path, NULL);
  copy->path = g_strdup (resolved);
  free (resolved);
  if (copy->path)
    copy->original.fd = open (copy->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (copy->original.fd < 0 || fstat (copy->original.fd, &copy->status) != 0) {
    fail ("it cannot be opened", error);
    return NULL;
  }
  if (!S_ISREG (copy->status.st_mode)) {
    tool_tag_refuse (error, "it is not a regular file");
    return NULL;
  }
  copy->original.size = (guint64) copy->status.st_size;
  return g_steal_pointer (&copy);
}

void
tool_tag_copy_free (ToolTagCopy *copy)
{
  if (!copy)
    return;
  if (copy->temporary) {
    unlink (copy->temporary);
    tool_leftover_forget (copy->temporary);
  }
  if (copy->fd >= 0)
    close (copy->fd);
  if (copy->original.fd >= 0)
    close (copy->original.fd);
  g_free (copy->temporary);
  g_free (copy->path);
  g_free (copy);
}

const ToolTagReader *
tool_tag_copy_original (const ToolTagCopy *copy)
{
  return &copy->original;
}

const char *
tool_tag_copy_original_path (const ToolTagCopy *copy)
{
  return copy->path;
}

void
tool_tag_copy_stat (const ToolTagCopy *copy, guint64 *ret_size, gint64 *ret_mtime_us)
{
  *ret_size = (guint64) copy->status.st_size;
  *ret_mtime_us = (gint64) copy->status.st_mtim.tv_sec * G_USEC_PER_SEC + copy->status.st_mtim.tv_nsec / 1000;
}

/* --- the copy --------------------------------------------------------------------------------------------------- */

static gboolean
check_room (const char *folder, guint64 size, GError **error)
{
  struct statvfs status;

  if (statvfs (folder, &status) != 0)
    return TRUE; /* writing will tell */
  const guint64 left = (guint64) status.f_bavail * status.f_frsize;
  if (left >= size + ROOM)
    return TRUE;
  g_autofree char *needed = g_format_size (size + ROOM), *there = g_format_size (left);
  return tool_tag_refuse (error, "no room for a copy of it: expected %s free in its file system, found %s", needed,
      there);
}

/* Locked before it has a byte. */
static gboolean
make (ToolTagCopy *copy, const char *folder, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%s%08x%s", prefix, g_random_int (), suffix);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  tool_leftover_add (path);
  copy->fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (copy->fd < 0) {
    const int number = errno;
    tool_leftover_forget (path);
    errno = number;
    return fail ("no copy of it can be made in its folder", error);
  }
  copy->temporary = g_steal_pointer (&path);
  flock (copy->fd, LOCK_EX | LOCK_NB);
  return TRUE;
}

/* bytes [n] */
static gboolean
write_bytes (int fd, const guint8 *bytes, gsize n, GError **error)
{
  while (n > 0) {
    const ssize_t written = write (fd, bytes, n);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail ("its copy cannot be written", error);
    bytes += written;
    n -= (gsize) written;
  }
  return TRUE;
}

/* By reading and writing. */
static gboolean
carry_range (const ToolTagCopy *copy, guint64 from, guint64 to, GError **error)
{
  while (from < to) {
    const gsize n = (gsize) MIN (to - from, BLOCK);
    g_autoptr (GBytes) bytes = tool_tag_read (&copy->original, from, n, error);
    if (!bytes || !write_bytes (copy->fd, g_bytes_get_data (bytes, NULL), n, error))
      return FALSE;
    from += n;
  }
  return TRUE;
}

/* By the file system, which may share the blocks; what it does not do is carried. */
static gboolean
copy_range (const ToolTagCopy *copy, guint64 from, guint64 to, GError **error)
{
  while (from < to && !tool_interrupted ()) {
    loff_t at = (loff_t) from;
    const ssize_t n = copy_file_range (copy->original.fd, &at, copy->fd, NULL, (size_t) (to - from), 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
      return fail ("its copy cannot be written", error);
    if (n <= 0)
      return carry_range (copy, from, to, error);
    from += (guint64) n;
  }
  return from == to || tool_tag_refuse (error, "interrupted");
}

static guint64
pieces_size (const GArray *pieces)
{
  guint64 size = 0;

  for (guint i = 0; i < pieces->len; i++) {
    const ToolTagPiece *piece = &g_array_index (pieces, ToolTagPiece, i);
    size += piece->bytes ? g_bytes_get_size (piece->bytes) : piece->to - piece->from;
  }
  return size;
}

gboolean
tool_tag_copy_write (ToolTagCopy *copy, const GArray *pieces, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (copy->path);

  tidy (folder);
  if (!check_room (folder, pieces_size (pieces), error) || !make (copy, folder, error))
    return FALSE;
  for (guint i = 0; i < pieces->len; i++) {
    const ToolTagPiece *piece = &g_array_index (pieces, ToolTagPiece, i);
    gsize n = 0;
    const guint8 *bytes = piece->bytes ? g_bytes_get_data (piece->bytes, &n) : NULL;
    if (!(piece->bytes ? write_bytes (copy->fd, bytes, n, error) : copy_range (copy, piece->from, piece->to, error)))
      return FALSE;
  }
  return TRUE;
}

const char *
tool_tag_copy_path (const ToolTagCopy *copy)
{
  return copy->temporary;
}

gboolean
tool_tag_copy_read (const ToolTagCopy *copy, ToolTagReader *ret_reader, GError **error)
{
  struct stat status;

  if (fstat (copy->fd, &status) != 0)
    return fail ("its copy cannot be read", error);
  *ret_reader = (ToolTagReader){ copy->fd, (guint64) status.st_size };
  return TRUE;
}

/* --- what belongs to it ----------------------------------------------------------------------------------------- */

/* ret_value: g_free() it.  -1: there is none, or it cannot be read */
static gssize
read_attribute (int fd, const char *name, char **ret_value)
{
  const gssize size = fgetxattr (fd, name, NULL, 0);

  *ret_value = size >= 0 ? g_malloc ((gsize) size + 1) : NULL;
  return size >= 0 ? fgetxattr (fd, name, *ret_value, (gsize) size) : -1;
}

static gboolean
keep_attribute (const ToolTagCopy *copy, const char *name, GError **error)
{
  g_autofree char *value = NULL, *there = NULL;
  const gssize size = read_attribute (copy->original.fd, name, &value);
  const gssize size_there = read_attribute (copy->fd, name, &there);

  if (size >= 0 && size == size_there && memcmp (value, there, (gsize) size) == 0)
    return TRUE; /* a label that the system gives */
  if (size >= 0 && fsetxattr (copy->fd, name, value, (gsize) size, 0) == 0)
    return TRUE;
  g_autofree char *what = g_strdup_printf ("its attribute %s cannot be kept", name);
  return fail (what, error);
}

/* Access control lists are among them. */
static gboolean
keep_attributes (const ToolTagCopy *copy, GError **error)
{
  const gssize room = flistxattr (copy->original.fd, NULL, 0);
  g_autofree char *names = room > 0 ? g_malloc ((gsize) room) : NULL;
  const gssize size = room > 0 ? flistxattr (copy->original.fd, names, (gsize) room) : room;

  if (size < 0)
    return errno == ENOTSUP || fail ("its attributes cannot be read", error);
  for (gssize at = 0; at < size; at += (gssize) strlen (names + at) + 1) {
    if (!keep_attribute (copy, names + at, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
tool_tag_copy_dress (ToolTagCopy *copy, gboolean keep_mtime, GError **error)
{
  const struct stat *old = &copy->status;
  const struct timespec times[] = { old->st_atim, old->st_mtim };
  struct stat status;

  if (fstat (copy->fd, &status) != 0)
    return fail ("its copy cannot be read", error);
  if ((status.st_uid != old->st_uid || status.st_gid != old->st_gid)
      && fchown (copy->fd, old->st_uid, old->st_gid) != 0)
    return fail ("its owner cannot be kept", error);
  if (fchmod (copy->fd, old->st_mode & 07777) != 0)
    return fail ("its rights cannot be kept", error);
  if (!keep_attributes (copy, error))
    return FALSE;
  if (keep_mtime && futimens (copy->fd, times) != 0)
    return fail ("its time of change cannot be kept", error);
  return fsync (copy->fd) == 0 || fail ("its copy cannot be written", error);
}

/* --- the last step ---------------------------------------------------------------------------------------------- */

static gboolean
is_same (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
      && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
      && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* So that a power cut does not bring the old name back; where it cannot be done, the file system has its own way. */
static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  const int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

gboolean
tool_tag_copy_place (ToolTagCopy *copy, GError **error)
{
  struct stat now;

  if (tool_interrupted ())
    return tool_tag_refuse (error, "interrupted");
  if (stat (copy->path, &now) != 0 || !is_same (&now, &copy->status))
    return tool_tag_refuse (error, "somebody has changed it in the meantime");
  if (rename (copy->temporary, copy->path) != 0)
    return fail ("its copy cannot take its place", error);
  tool_leftover_forget (copy->temporary);
  g_clear_pointer (&copy->temporary, g_free);
  sync_folder (copy->path);
  return TRUE;
}
