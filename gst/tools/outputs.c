/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _XOPEN_SOURCE 700 /* realpath, access */

#include "gst/tools/outputs.h"

#include "gst/tools/picture_mark.h"
#include "models/sets/feature_set.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file that the run reads or writes. */
typedef struct Place
{
  char *path, *identity;
  ToolKind kind; /* of an output */
} Place;

struct ToolOutputs
{
  GHashTable *inputs; /* identity -> path */
  GHashTable *once;   /* the same, of those that may be read once */
  GPtrArray *outputs; /* of Place, in the order they were added */
};

static const char *const kind_names[TOOL_N_KINDS] = {
  [TOOL_KIND_MODEL] = "a model",
  [TOOL_KIND_SET] = "a feature set",
  [TOOL_KIND_CHECKPOINT] = "a checkpoint of a training",
  [TOOL_KIND_CARD] = "the card of a model",
  [TOOL_KIND_PICTURE] = "a picture of gst-genre-1.0",
  [TOOL_KIND_PLOT] = "a picture of gst-genre-1.0 plot",
  [TOOL_KIND_TABLE] = "a table of gst-genre-1.0",
  [TOOL_KIND_RESULTS] = "results of identify",
  [TOOL_KIND_TAG_LOG] = "a log of --write-tags",
  [TOOL_KIND_LOCK] = "an empty file",
  [TOOL_KIND_SCRATCH] = "anything",
};

/* The first columns of confusion matrices and tracks (`evaluate`) and of descriptors (`features`). */
static const char *const table_beginnings[] = { "true,", "track,name,label,predicted,windows,", "file,duration_s",
  "file,start_s,", "file,time_s,", "file\tduration_s", "file\tstart_s\t", "file\ttime_s\t" };

static void
free_place (gpointer data)
{
  Place *place = data;
  g_free (place->path);
  g_free (place->identity);
  g_free (place);
}

ToolOutputs *
tool_outputs_new (void)
{
  ToolOutputs *outputs = g_new0 (ToolOutputs, 1);
  outputs->inputs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  outputs->once = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  outputs->outputs = g_ptr_array_new_with_free_func (free_place);
  return outputs;
}

void
tool_outputs_free (ToolOutputs *outputs)
{
  if (!outputs)
    return;
  g_hash_table_unref (outputs->inputs);
  g_hash_table_unref (outputs->once);
  g_ptr_array_unref (outputs->outputs);
  g_free (outputs);
}

/* --- which file it is ------------------------------------------------------------------------------------------ */

char *
tool_outputs_identity (const char *path)
{
  GStatBuf status;
  if (g_stat (path, &status) == 0)
    return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
        (guint64) status.st_ino);

  g_autofree char *folder = g_path_get_dirname (path), *name = g_path_get_basename (path);
  char *real = realpath (folder, NULL);
  char *identity = real ? g_build_filename (real, name, NULL) : g_canonicalize_filename (path, NULL);
  free (real);
  return identity;
}

void
tool_outputs_reads (ToolOutputs *outputs, const char *path)
{
  g_hash_table_insert (outputs->inputs, tool_outputs_identity (path), g_strdup (path));
}

gboolean
tool_outputs_reads_once (ToolOutputs *outputs, const char *path)
{
  g_autofree char *identity = tool_outputs_identity (path);
  const char *before = g_hash_table_lookup (outputs->once, identity);
  if (before) {
    g_autofree char *shown = g_filename_display_name (path), *other = g_filename_display_name (before);
    if (strcmp (path, before) == 0)
      return tool_reject ("%s is given twice", shown);
    return tool_reject ("%s is the same file as %s: each may be used once", shown, other);
  }
  tool_outputs_reads (outputs, path);
  g_hash_table_insert (outputs->once, g_steal_pointer (&identity), g_strdup (path));
  return TRUE;
}

void
tool_outputs_writes (ToolOutputs *outputs, const char *path, ToolKind kind)
{
  Place *place = g_new0 (Place, 1);
  place->path = g_strdup (path);
  place->identity = tool_outputs_identity (path);
  place->kind = kind;
  g_ptr_array_add (outputs->outputs, place);
}

/* --- what is in it --------------------------------------------------------------------------------------------- */

/* Bytes that are read to recognise a file: the header of a container, or the first lines. */
static gsize
bytes_to_read (const guint8 *begin, gsize n, gboolean *ret_container)
{
  guint64 header = 0;
  for (gsize i = 0; n == 9 && i < 8; i++)
    header |= (guint64) begin[i] << (8 * i);
  *ret_container = n == 9 && begin[8] == '{' && header <= FEATURE_SET_MAX_HEADER;
  return *ret_container ? (gsize) header : 4096;
}

/* The first bytes as a string that ends in NUL; those of the header alone if it is a container.  NULL: unreadable. */
static char *
read_beginning (const char *path, gboolean *ret_container)
{
  FILE *file = g_fopen (path, "rb");
  if (!file)
    return NULL;
  guint8 begin[9];
  const gsize n = fread (begin, 1, sizeof begin, file);
  const gsize most = bytes_to_read (begin, n, ret_container);
  char *text = g_malloc (n + most + 1);
  gsize length = 0;
  if (*ret_container) {
    text[length++] = '{';
  } else {
    memcpy (text, begin, n);
    length = n;
  }
  length += fread (text + length, 1, most, file);
  fclose (file);
  text[length] = '\0';
  return text;
}

/* Whether "format" is this in the metadata of a container. */
static gboolean
has_format (const char *header, const char *format)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", format);
  for (const char *at = header; (at = strstr (at, "\"format\""));) {
    at += strlen ("\"format\"");
    at += strspn (at, " \t\r\n:");
    if (g_str_has_prefix (at, quoted))
      return TRUE;
  }
  return FALSE;
}

/* `identify` begins its lines alike, but has a member "duration". */
static gboolean
is_json_of_features (const char *text)
{
  return g_str_has_prefix (text, "{\"file\":\"")
      && (strstr (text, ",\"duration_s\":") || strstr (text, ",\"start_s\":") || strstr (text, ",\"time_s\":"));
}

/* TOOL_N_KINDS: none of ours. */
static ToolKind
find_kind (const char *path)
{
  gboolean container = FALSE;
  g_autofree char *text = read_beginning (path, &container);
  if (!text)
    return TOOL_N_KINDS;
  if (tool_picture_is_marked (path))
    return TOOL_KIND_PLOT;
  if (container) {
    if (has_format (text, "genre-model"))
      return TOOL_KIND_MODEL;
    if (has_format (text, "genre-features"))
      return TOOL_KIND_SET;
    return has_format (text, "genre-checkpoint") ? TOOL_KIND_CHECKPOINT : TOOL_N_KINDS;
  }
  if (g_str_has_prefix (text, "# ") && strstr (text, "\nA genre model for `genreclassify model=FILE`."))
    return TOOL_KIND_CARD;
  if (g_str_has_prefix (text, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"")
      && strstr (text, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"))
    return TOOL_KIND_PICTURE;
  for (gsize i = 0; i < G_N_ELEMENTS (table_beginnings); i++)
    if (g_str_has_prefix (text, table_beginnings[i]))
      return TOOL_KIND_TABLE;
  if (is_json_of_features (text))
    return TOOL_KIND_TABLE;
  if (text[0] != '\0' && g_str_has_prefix ("{\"file\":\"", text)) /* a first line that is torn */
    return TOOL_KIND_RESULTS;
  if (g_str_has_prefix (text, "{\"file\":\"") || g_str_has_prefix (text, "file,uri,size,")
      || g_str_has_prefix (text, "file\turi\tsize\t"))
    return TOOL_KIND_RESULTS;
  if (g_str_has_prefix (text, "{\"uri\":\""))
    return TOOL_KIND_TAG_LOG;
  return TOOL_N_KINDS;
}

/* --- the rule -------------------------------------------------------------------------------------------------- */

static ToolStatus
check_folder (const Place *place, const char *shown)
{
  g_autofree char *folder = g_path_get_dirname (place->path);
  GStatBuf status;
  int number = 0;

  if (g_stat (folder, &status) != 0)
    number = errno;
  else if (!S_ISDIR (status.st_mode))
    number = ENOTDIR;
  else if (access (folder, W_OK | X_OK) != 0)
    number = errno;
  return number == 0 ? TOOL_OK : tool_fail ("%s: it cannot be written: %s", shown, g_strerror (number));
}

/* What is there already. */
static ToolStatus
check_present (const Place *place, const GStatBuf *status, const char *shown)
{
  const gboolean text = place->kind == TOOL_KIND_TABLE || place->kind == TOOL_KIND_PICTURE
      || place->kind == TOOL_KIND_PLOT || place->kind == TOOL_KIND_RESULTS;

  if (S_ISDIR (status->st_mode))
    return tool_fail ("%s: expected %s to replace, or nothing, found a directory", shown, kind_names[place->kind]);
  if (!S_ISREG (status->st_mode))
    return text ? TOOL_OK
                : tool_fail ("%s: expected %s to replace, or nothing, found a device, pipe or socket", shown,
                    kind_names[place->kind]);
  if ((status->st_mode & 0222) == 0) /* root may write to any file: the file's permissions count */
    return tool_fail ("%s: it is write-protected: give another place with -o", shown);
  if (status->st_size == 0)
    return TOOL_OK;
  const ToolKind found = find_kind (place->path);
  if (found == place->kind)
    return TOOL_OK;
  return tool_fail ("%s: expected %s to replace, or nothing, found %s: it is not written", shown,
      kind_names[place->kind], found == TOOL_N_KINDS ? "another file" : kind_names[found]);
}

static ToolStatus
check_place (const Place *place)
{
  g_autofree char *shown = g_filename_display_name (place->path);
  GStatBuf status;

  if (place->kind == TOOL_KIND_SCRATCH)
    return TOOL_OK;
  if (g_stat (place->path, &status) != 0)
    return check_folder (place, shown);
  const ToolStatus present = check_present (place, &status, shown);
  return present == TOOL_OK && S_ISREG (status.st_mode) ? check_folder (place, shown) : present;
}

static gboolean
is_regular_or_new (const char *path)
{
  return !g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

ToolStatus
tool_outputs_check (const ToolOutputs *outputs)
{
  g_autoptr (GHashTable) written = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < outputs->outputs->len; i++) {
    const Place *place = g_ptr_array_index (outputs->outputs, i);
    const char *read = g_hash_table_lookup (outputs->inputs, place->identity);
    const char *before = g_hash_table_lookup (written, place->identity);
    g_autofree char *shown = g_filename_display_name (place->path);
    g_autofree char *other = read || before ? g_filename_display_name (read ? read : before) : NULL;

    if (read && strcmp (shown, other) == 0) {
      tool_fail ("%s is read in this run: it cannot be written as well", shown);
      return TOOL_USAGE;
    }
    if (read) {
      tool_fail ("%s is the same file as %s, which is read in this run: it cannot be written as well", shown, other);
      return TOOL_USAGE;
    }
    if (before && is_regular_or_new (place->path)) {
      tool_fail ("%s would be written twice, also as %s", shown, other);
      return TOOL_USAGE;
    }
    g_hash_table_insert (written, place->identity, place->path);
  }
  for (guint i = 0; i < outputs->outputs->len; i++) {
    const ToolStatus status = check_place (g_ptr_array_index (outputs->outputs, i));
    if (status != TOOL_OK)
      return status;
  }
  return TOOL_OK;
}
