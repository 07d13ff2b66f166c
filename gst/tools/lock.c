/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L

#include "gst/tools/lock.h"

#include "gst/tools/interrupt.h"
#include "models/file/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

struct ToolLock
{
  char *path;
  int fd;
};

/* Whether `path` is still the file of fd: the process that had the lock before may have removed the file after this
 * one opened it. */
static gboolean
is_in_place (int fd, const char *path)
{
  struct stat ours, there;
  return fstat (fd, &ours) == 0 && stat (path, &there) == 0 && ours.st_dev == there.st_dev
      && ours.st_ino == there.st_ino;
}

/* FALSE: an error. */
static gboolean
take (int fd, const char *name, gint64 *ret_pid, GError **error)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  if (fcntl (fd, F_SETLK, &lock) == 0)
    return TRUE;
  if (errno != EACCES && errno != EAGAIN)
    return regular_file_fail (name, "lock", error);
  lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
  *ret_pid = fcntl (fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0 ? (gint64) lock.l_pid : 0;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN, "%s: another process has locked it", name);
  return FALSE;
}

ToolLock *
tool_lock_new (const char *path, gint64 *ret_pid, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  for (;;) {
    const int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
      regular_file_fail (name, "create", error);
      return NULL;
    }
    const gboolean taken = take (fd, name, ret_pid, error);
    if (taken && is_in_place (fd, path)) {
      ToolLock *lock = g_new (ToolLock, 1);
      *lock = (ToolLock){ g_strdup (path), fd };
      tool_leftover_add (path);
      return lock;
    }
    g_close (fd, NULL);
    if (!taken)
      return NULL;
  }
}

void
tool_lock_free (ToolLock *lock)
{
  if (!lock)
    return;
  g_unlink (lock->path); /* before others can have it */
  tool_leftover_forget (lock->path);
  g_close (lock->fd, NULL);
  g_free (lock->path);
  g_free (lock);
}
