/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/spool.h"

#include "models/file/regular_file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct ToolSpool
{
  GString *text; /* what is not in the file yet; a piece of it while it is read */
  char *name;    /* the file had; NULL: there is none */
  int fd;        /* -1: the same */
  gboolean reads;
};

ToolSpool *
tool_spool_new (void)
{
  ToolSpool *spool = g_new0 (ToolSpool, 1);
  spool->text = g_string_new (NULL);
  spool->fd = -1;
  return spool;
}

void
tool_spool_free (ToolSpool *spool)
{
  if (!spool)
    return;
  if (spool->fd >= 0)
    close (spool->fd);
  g_string_free (spool->text, TRUE);
  g_free (spool->name);
  g_free (spool);
}

static gboolean
open_file (ToolSpool *spool, GError **error)
{
  spool->fd = g_file_open_tmp ("gst-genre-XXXXXX", &spool->name, error);
  if (spool->fd < 0)
    return FALSE;
  g_unlink (spool->name);
  return TRUE;
}

/* What is in memory goes to the file. */
static gboolean
write_out (ToolSpool *spool, GError **error)
{
  if (spool->fd < 0 && !open_file (spool, error))
    return FALSE;
  const gboolean written = regular_file_write (spool->fd, spool->name, (const guint8 *) spool->text->str,
      spool->text->len, error);
  g_string_truncate (spool->text, 0);
  return written;
}

gboolean
tool_spool_append (ToolSpool *spool, const char *text, gsize size, GError **error)
{
  g_assert (!spool->reads);
  g_string_append_len (spool->text, text, (gssize) size);
  return spool->text->len < TOOL_SPOOL_MEMORY || write_out (spool, error);
}

/* To the first byte of what is all in one place. */
static gboolean
rewind_file (ToolSpool *spool, GError **error)
{
  if (!write_out (spool, error))
    return FALSE;
  if (lseek (spool->fd, 0, SEEK_SET) != 0)
    return regular_file_fail (spool->name, "read", error);
  g_string_set_size (spool->text, TOOL_SPOOL_MEMORY);
  return TRUE;
}

gboolean
tool_spool_read (ToolSpool *spool, const char **ret_text, gsize *ret_size, GError **error)
{
  const gboolean first = !spool->reads;
  spool->reads = TRUE;
  *ret_text = spool->text->str;
  if (spool->fd < 0) {
    *ret_size = first ? spool->text->len : 0;
    return TRUE;
  }
  if (first && !rewind_file (spool, error))
    return FALSE;

  gssize n;
  do {
    n = read (spool->fd, spool->text->str, TOOL_SPOOL_MEMORY);
  } while (n < 0 && errno == EINTR);
  if (n < 0)
    return regular_file_fail (spool->name, "read", error);
  *ret_text = spool->text->str;
  *ret_size = (gsize) n;
  return TRUE;
}
