/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _DEFAULT_SOURCE /* flock, getline, ftruncate */

#include "gst/tools/results.h"

#include "models/file/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct ToolResults
{
  int fd;
  int reads;           /* the same file, for what it had before; -1: not open */
  char *name;          /* for messages */
  gboolean regular;    /* and not just any stream */
  guint64 size;        /* of a regular file */
  GHashTable *done;    /* uri -> ToolDone */
  GHashTable *folders; /* uri -> the last line about it */
};

static void
free_done (gpointer data)
{
  ToolDone *done = data;
  g_free (done->error);
  g_free (done);
}

/* --- what is there ---------------------------------------------------------------------------------------------- */

/* FALSE: it is no line of ours. */
static gboolean
take_line (ToolResults *results, const char *text, gsize size, const char *model, char **ret_reason)
{
  ToolTrackLine line;

  if (!tool_track_line_parse (text, size, &line, ret_reason))
    return FALSE;
  if (!line.is_folder) {
    ToolDone *done = g_new (ToolDone, 1);
    *done = (ToolDone){
      .size = line.size,
      .mtime_us = line.mtime_us,
      .same_model = g_strcmp0 (line.model, model) == 0,
      .error = g_steal_pointer (&line.error),
      .label = g_intern_string (line.label),
      .confidence = line.confidence,
      .duration = line.duration,
      .at = results->size,
      .length = size,
    };
    g_hash_table_replace (results->done, g_steal_pointer (&line.uri), done);
  } else if (line.uri) {
    g_hash_table_replace (results->folders, g_steal_pointer (&line.uri), g_strndup (text, size));
  }
  tool_track_line_clear (&line);
  return TRUE;
}

/* Whether it can be the start of a line of ours, text [size]. */
static gboolean
is_torn (const char *text, gsize size)
{
  static const char *const starts[] = { "{\"file\":\"", "{\"folder\":\"" };
  gboolean fits = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    fits |= strncmp (text, starts[i], MIN (size, strlen (starts[i]))) == 0;
  return fits;
}

/* Sets size to the end of the last whole line. */
static gboolean
read_lines (ToolResults *results, FILE *file, const char *model, GError **error)
{
  g_autofree char *reason = NULL;
  char *text = NULL;
  size_t room = 0;
  guint64 number = 0;
  ssize_t n;

  while (!reason && (n = getline (&text, &room, file)) > 0) {
    number++;
    if (text[n - 1] != '\n' && is_torn (text, (gsize) n))
      break;
    if (take_line (results, text, (gsize) n - (text[n - 1] == '\n'), model, &reason))
      results->size += (guint64) n;
  }
  free (text);
  if (reason)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: line %" G_GUINT64_FORMAT ": %s", results->name, number,
        reason);
  else if (ferror (file))
    regular_file_fail (results->name, "read", error);
  return !reason && !ferror (file);
}

/* Leaves the file at the end of its last whole line. */
static gboolean
resume_lines (ToolResults *results, const char *path, const char *model, GError **error)
{
  FILE *file = fopen (path, "r");
  if (!file)
    return regular_file_fail (results->name, "read", error);
  const gboolean read = read_lines (results, file, model, error);
  fclose (file);
  if (!read)
    return FALSE;
  results->reads = open (path, O_RDONLY | O_CLOEXEC);
  if (ftruncate (results->fd, (off_t) results->size) != 0)
    return regular_file_fail (results->name, "cut off the incomplete end of", error);
  return TRUE;
}

/* --- opening ---------------------------------------------------------------------------------------------------- */

/* Of an open file: one process at a time.  Where a file system has no locks, none is needed. */
static gboolean
lock (ToolResults *results, GError **error)
{
  if (flock (results->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN, "%s: another process writes to it now", results->name);
  return FALSE;
}

static gboolean
open_file (ToolResults *results, const char *path, gboolean resume, const char *model, GError **error)
{
  struct stat status;

  results->fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (results->fd < 0 || fstat (results->fd, &status) != 0)
    return regular_file_fail (results->name, "write", error);
  results->regular = S_ISREG (status.st_mode);
  if (!results->regular)
    return TRUE;
  if (!lock (results, error))
    return FALSE;
  if (resume)
    return resume_lines (results, path, model, error);
  return ftruncate (results->fd, 0) == 0 || regular_file_fail (results->name, "empty", error);
}

ToolResults *
tool_results_open (const char *path, gboolean resume, const char *model, GError **error)
{
  ToolResults *results = g_new0 (ToolResults, 1);

  results->done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_done);
  results->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  results->name = path ? g_filename_display_name (path) : g_strdup ("standard output");
  results->fd = STDOUT_FILENO;
  results->reads = -1;
  if (path && !open_file (results, path, resume, model, error))
    g_clear_pointer (&results, tool_results_free);
  return results;
}

void
tool_results_free (ToolResults *results)
{
  if (!results)
    return;
  if (results->fd >= 0 && results->fd != STDOUT_FILENO)
    close (results->fd);
  if (results->reads >= 0)
    close (results->reads);
  g_hash_table_unref (results->done);
  g_hash_table_unref (results->folders);
  g_free (results->name);
  g_free (results);
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

const ToolDone *
tool_results_find (const ToolResults *results, const char *uri)
{
  return g_hash_table_lookup (results->done, uri);
}

gboolean
tool_results_has_folder (const ToolResults *results, const char *uri, const char *line)
{
  return g_strcmp0 (g_hash_table_lookup (results->folders, uri), line) == 0;
}

char *
tool_results_line (const ToolResults *results, const ToolDone *done)
{
  g_autofree char *line = g_malloc0 (done->length + 1);

  if (results->reads < 0 || pread (results->reads, line, done->length, (off_t) done->at) != (ssize_t) done->length)
    return NULL;
  return g_steal_pointer (&line);
}

gboolean
tool_results_write (ToolResults *results, const char *line, gsize size, GError **error)
{
  if (!regular_file_write (results->fd, results->name, (const guint8 *) line, size, error)) {
    if (results->regular && ftruncate (results->fd, (off_t) results->size) != 0)
      g_prefix_error (error, "the last line may be incomplete: ");
    return FALSE;
  }
  results->size += size;
  return TRUE;
}

gboolean
tool_results_sync (ToolResults *results, GError **error)
{
  return !results->regular || fsync (results->fd) == 0 || regular_file_fail (results->name, "sync", error);
}
