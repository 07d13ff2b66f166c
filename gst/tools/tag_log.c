/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* getline */

#include "gst/tools/tag_log.h"

#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"
#include "models/file/regular_file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const layer_names[TOOL_TAG_N_LAYERS] = {
  [TOOL_TAG_ID3V2] = "id3v2",
  [TOOL_TAG_APE] = "ape",
  [TOOL_TAG_ID3V1] = "id3v1",
  [TOOL_TAG_COMMENT] = "comment",
  [TOOL_TAG_ATOM] = "atom",
};

struct ToolTagLog
{
  pthread_mutex_t lock; /* of all below */
  char *path;
  char *name; /* for messages */
  int fd;     /* -1: not open */
};

static void
free_entry (gpointer data)
{
  ToolTagEntry *entry = data;

  if (!entry)
    return;
  g_free (entry->uri);
  g_free (entry->model);
  g_strfreev (entry->before);
  g_strfreev (entry->after);
  g_clear_pointer (&entry->old, g_ptr_array_unref);
  g_clear_pointer (&entry->now, g_ptr_array_unref);
  g_free (entry);
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* ~/.local/share/gst-genre-1.0/tags-20260102-030405-678.jsonl */
static char *
choose_path (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *name = g_strdup_printf ("tags-%s-%ld.jsonl", time, (long) getpid ());

  return g_build_filename (g_get_user_data_dir (), "gst-genre-1.0", name, NULL);
}

ToolTagLog *
tool_tag_log_new (const char *path)
{
  ToolTagLog *log = g_new0 (ToolTagLog, 1);

  pthread_mutex_init (&log->lock, NULL);
  log->path = path ? g_strdup (path) : choose_path ();
  log->name = g_filename_display_name (log->path);
  log->fd = -1;
  return log;
}

void
tool_tag_log_free (ToolTagLog *log)
{
  if (!log)
    return;
  if (log->fd >= 0)
    close (log->fd);
  pthread_mutex_destroy (&log->lock);
  g_free (log->path);
  g_free (log->name);
  g_free (log);
}

const char *
tool_tag_log_path (const ToolTagLog *log)
{
  return log->fd >= 0 ? log->path : NULL;
}

static void
add_fields (GString *line, const char *key, const GPtrArray *genres)
{
  json_open (line, key, '[');
  for (guint i = 0; i < genres->len; i++) {
    const ToolTagGenre *genre = g_ptr_array_index (genres, i);
    gsize n;
    const guint8 *bytes = g_bytes_get_data (genre->data, &n);
    g_autofree char *text = g_base64_encode (bytes, n);
    json_open (line, NULL, '{');
    json_add_string (line, "layer", layer_names[genre->layer]);
    json_add_count (line, "at", genre->at);
    json_add_string (line, "data", text);
    g_string_append_c (line, '}');
  }
  g_string_append_c (line, ']');
}

static GString *
render (const ToolTagEntry *entry)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  GString *line = g_string_new ("{");

  json_add_string (line, "uri", entry->uri);
  json_add_string (line, "format", tool_tag_format_name (entry->format));
  json_add_strings (line, "before", (const char *const *) entry->before, g_strv_length (entry->before));
  json_add_strings (line, "after", (const char *const *) entry->after, g_strv_length (entry->after));
  json_add_string (line, "model", entry->model);
  json_add_string (line, "time", time);
  add_fields (line, "old", entry->old);
  add_fields (line, "new", entry->now);
  g_string_append (line, "}\n");
  return line;
}

/* At its end there may be half a line, of a process that was killed: a newline makes it one of its own. */
static gboolean
open_log (ToolTagLog *log, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (log->path);
  char last = '\n';

  if (g_mkdir_with_parents (folder, 0777) != 0)
    return regular_file_fail (log->name, "make its folder", error);
  log->fd = open (log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log->fd < 0)
    return regular_file_fail (log->name, "write", error);
  const off_t size = lseek (log->fd, 0, SEEK_END);
  if (size > 0 && pread (log->fd, &last, 1, size - 1) == 1 && last != '\n')
    return regular_file_write (log->fd, log->name, (const guint8 *) "\n", 1, error);
  return TRUE;
}

gboolean
tool_tag_log_add (ToolTagLog *log, const ToolTagEntry *entry, GError **error)
{
  g_autoptr (GString) line = render (entry);

  pthread_mutex_lock (&log->lock);
  const gboolean ok = (log->fd >= 0 || open_log (log, error))
      && regular_file_write (log->fd, log->name, (const guint8 *) line->str, line->len, error)
      && (fsync (log->fd) == 0 || regular_file_fail (log->name, "write", error));
  pthread_mutex_unlock (&log->lock);
  return ok;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* NULL: it has none. */
static const char *
read_string (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node ? json_field_string (node) : NULL;
}

static JsonArray *
read_array (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);
  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* NULL: it is no list of strings. */
static char **
read_names (JsonObject *object, const char *key)
{
  JsonArray *array = read_array (object, key);
  const guint n = array ? json_array_get_length (array) : 0;
  char **names = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++) {
    const char *name = json_field_string (json_array_get_element (array, i));
    names[i] = g_strdup (name ? name : "");
  }
  if (!array)
    g_clear_pointer (&names, g_strfreev);
  return names;
}

/* name: or NULL.  FALSE: it is none of them */
static gboolean
find_name (const char *name, const char *const *names, guint n, guint *ret_index)
{
  for (guint i = 0; name && i < n; i++) {
    if (strcmp (names[i], name) == 0) {
      *ret_index = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* NULL: it is none. */
static ToolTagGenre *
read_field (JsonNode *node)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *text = object ? read_string (object, "data") : NULL;
  JsonNode *at = object ? json_object_get_member (object, "at") : NULL;
  const gint64 place = at && JSON_NODE_HOLDS_VALUE (at) && json_node_get_value_type (at) == G_TYPE_INT64
      ? json_node_get_int (at)
      : -1;
  guint layer;
  gsize n;

  if (!text || place < 0 || place > G_MAXINT
      || !find_name (read_string (object, "layer"), layer_names, TOOL_TAG_N_LAYERS, &layer))
    return NULL;
  guint8 *bytes = g_base64_decode (text, &n);
  g_autoptr (GBytes) data = g_bytes_new_take (bytes, n);
  return n > 0 ? tool_tag_genre_new ((ToolTagLayer) layer, (guint) place, data) : NULL;
}

/* NULL: it is no list of fields. */
static GPtrArray *
read_fields (JsonObject *object, const char *key)
{
  JsonArray *array = read_array (object, key);
  g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (tool_tag_genre_free);

  for (guint i = 0; array && i < json_array_get_length (array); i++) {
    ToolTagGenre *field = read_field (json_array_get_element (array, i));
    if (!field)
      return NULL;
    g_ptr_array_add (fields, field);
  }
  return array ? g_steal_pointer (&fields) : NULL;
}

/* NULL: it is no entry. */
static ToolTagEntry *
read_entry (JsonObject *object)
{
  const char *const formats[] = { "other", "mp3", "flac", "ogg", "opus", "m4a" };
  ToolTagEntry *entry = g_new0 (ToolTagEntry, 1);
  guint format = 0;

  G_STATIC_ASSERT (G_N_ELEMENTS (formats) == TOOL_TAG_N_FORMATS);
  find_name (read_string (object, "format"), formats, G_N_ELEMENTS (formats), &format);
  entry->uri = g_strdup (read_string (object, "uri"));
  entry->format = (ToolTagFormat) format;
  entry->model = g_strdup (read_string (object, "model"));
  entry->before = read_names (object, "before");
  entry->after = read_names (object, "after");
  entry->old = read_fields (object, "old");
  entry->now = read_fields (object, "new");
  if (!entry->uri || !entry->before || !entry->after || !entry->old || !entry->now || format == TOOL_TAG_OTHER)
    g_clear_pointer (&entry, free_entry);
  return entry;
}

/* text [size].  NULL: it is no line of a log; ret_torn: it may be the start of one, of a process that was killed. */
static ToolTagEntry *
parse_line (const char *text, gsize size, gboolean *ret_torn)
{
  static const char start[] = "{\"uri\":\"";
  g_autofree char *wrong = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();

  *ret_torn = FALSE;
  if (json_scan (text, size, JSON_INTEGERS_64, &wrong) != JSON_SCAN_OK) { /* json-glib may see nothing else */
    *ret_torn = strncmp (text, start, MIN (size - (text[size - 1] == '\n'), strlen (start))) == 0;
    return NULL;
  }
  if (!json_parser_load_from_data (parser, text, (gssize) size, NULL))
    return NULL;
  JsonNode *root = json_parser_get_root (parser);
  return root && JSON_NODE_HOLDS_OBJECT (root) ? read_entry (json_node_get_object (root)) : NULL;
}

/* ret_bad: the number of the first line that is none; 0: all are */
static GPtrArray *
read_lines (FILE *file, guint64 *ret_bad)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (free_entry);
  char *text = NULL;
  size_t room = 0;
  ssize_t n;

  *ret_bad = 0;
  for (guint64 number = 1; *ret_bad == 0 && (n = getline (&text, &room, file)) > 0; number++) {
    gboolean torn;
    ToolTagEntry *entry = parse_line (text, (gsize) n, &torn);
    if (entry)
      g_ptr_array_add (entries, entry);
    else if (!torn)
      *ret_bad = number;
  }
  free (text);
  return entries;
}

GPtrArray *
tool_tag_log_read (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  FILE *file = g_fopen (path, "r");
  guint64 bad;

  if (!file) {
    regular_file_fail (name, "read", error);
    return NULL;
  }
  GPtrArray *entries = read_lines (file, &bad);
  fclose (file);
  if (bad == 0)
    return entries;
  g_ptr_array_unref (entries);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
      "%s: line %" G_GUINT64_FORMAT ": expected a line that --write-tags has written, found something else", name, bad);
  return NULL;
}
