/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* st_mtim, utimensat */

#include "gst/tools/recording_cache.h"

#include "models/frontend.h"
#include "models/file/regular_file.h"
#include "models/file/safetensors.h"
#include "models/file/safetensors_writer.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>
#include <sys/stat.h>

static const char format[] = "genre-recording";
static const char version[] = "3"; /* of the format and of how recordings are decoded: what is older is made anew */
static const char suffix[] = ".recording";

enum
{
  DIGEST_LENGTH = 64,       /* hexadecimal digits */
  LEFTOVER_SECONDS = 86400, /* after which a temporary file is nobody's */
};

/* A file that was there before. */
typedef struct Entry
{
  char *name;
  guint64 bytes;
  gint64 used_s;
} Entry;

struct ToolRecordingCache
{
  char *folder;
  guint64 max_bytes;

  GMutex lock; /* of what follows */
  guint64 bytes;
  GQueue old;       /* of Entry, the least recently used first */
  GHashTable *used; /* names that this run read: they stay */
  guint lost;
  char *reason; /* of the first that was lost */
};

/* --- the folder ------------------------------------------------------------------------------------------------ */

static void
free_entry (gpointer data)
{
  Entry *entry = data;
  g_free (entry->name);
  g_free (entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b, gpointer data)
{
  const Entry *x = a, *y = b;
  (void) data;
  return x->used_s != y->used_s ? (x->used_s > y->used_s) - (x->used_s < y->used_s) : strcmp (x->name, y->name);
}

/* Ours are a digest and the suffix; while they are written, something more follows. */
static gboolean
is_ours (const char *name, gboolean *ret_temporary)
{
  const char *end = name + strspn (name, "0123456789abcdef");
  if (end - name != DIGEST_LENGTH || !g_str_has_prefix (end, suffix))
    return FALSE;
  *ret_temporary = end[strlen (suffix)] != '\0';
  return TRUE;
}

static void
list_entries (ToolRecordingCache *cache)
{
  g_autoptr (GDir) dir = g_dir_open (cache->folder, 0, NULL);
  const gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (cache->folder, name, NULL);
    GStatBuf status;
    gboolean temporary = FALSE;
    if (!is_ours (name, &temporary) || g_stat (path, &status) != 0)
      continue;
    if (temporary) {
      if (now_s - (gint64) status.st_mtime > LEFTOVER_SECONDS)
        g_unlink (path);
      continue;
    }
    Entry *entry = g_new (Entry, 1);
    *entry = (Entry){ g_strdup (name), (guint64) status.st_size, (gint64) status.st_mtime };
    cache->bytes += entry->bytes;
    g_queue_push_tail (&cache->old, entry);
  }
  g_queue_sort (&cache->old, compare_entries, NULL);
}

char *
tool_recording_cache_folder (void)
{
  return g_build_filename (g_get_user_cache_dir (), "genreclassify", NULL);
}

ToolRecordingCache *
tool_recording_cache_new (const char *folder, guint64 max_bytes, GError **error)
{
  g_autofree char *shown = g_filename_display_name (folder);
  if (g_mkdir_with_parents (folder, 0700) != 0) {
    regular_file_fail (shown, "create", error);
    return NULL;
  }
  ToolRecordingCache *cache = g_new0 (ToolRecordingCache, 1);
  cache->folder = g_strdup (folder);
  cache->max_bytes = max_bytes;
  g_mutex_init (&cache->lock);
  g_queue_init (&cache->old);
  cache->used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  list_entries (cache);
  return cache;
}

void
tool_recording_cache_free (ToolRecordingCache *cache)
{
  if (!cache)
    return;
  g_queue_clear_full (&cache->old, free_entry);
  g_hash_table_unref (cache->used);
  g_mutex_clear (&cache->lock);
  g_free (cache->reason);
  g_free (cache->folder);
  g_free (cache);
}

guint
tool_recording_cache_lost (ToolRecordingCache *cache, const char **ret_reason)
{
  g_mutex_lock (&cache->lock);
  const guint lost = cache->lost;
  *ret_reason = cache->reason;
  g_mutex_unlock (&cache->lock);
  return lost;
}

/* --- what a recording is kept under ---------------------------------------------------------------------------- */

/* A text that changes with whatever the levels depend on.  NULL: there is no such file. */
static char *
describe_source (const GenreFrontend *recipe, const char *path)
{
  GStatBuf status;
  if (g_stat (path, &status) != 0)
    return NULL;

  g_autofree char *full = g_canonicalize_filename (path, NULL), *escaped = g_strescape (full, NULL);
  g_autofree char *decoder = gst_version_string ();
  GenreFrontend own = genre_frontend_of_levels (recipe);
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%s %s\n%s\n%" G_GINT64_FORMAT " bytes, %" G_GINT64_FORMAT ".%09ld\n", version, decoder,
      escaped, (gint64) status.st_size, (gint64) status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  genre_frontend_append (&own, text);
  genre_frontend_clear (&own);
  return g_string_free (text, FALSE);
}

static char *
entry_name (const char *source)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, source, -1);
  return g_strconcat (digest, suffix, NULL);
}

/* --- one file -------------------------------------------------------------------------------------------------- */

static const char seconds_key[] = "seconds", ends_key[] = "ends", cancelled_key[] = "cancelled",
                  source_key[] = "source", digest_key[] = "digest";

/* The texts of a recording: all of them, for what came from the cache must be what was decoded. */
static const struct
{
  const char *key;
  gsize offset;
} texts[] = {
  { "artist", G_STRUCT_OFFSET (ToolRecording, artist) },
  { "album_artist", G_STRUCT_OFFSET (ToolRecording, album_artist) },
};

static const char *
text_of (const ToolRecording *recording, gsize index)
{
  return *(const char *const *) ((gconstpointer) ((const guint8 *) recording + texts[index].offset));
}

static void
add_text (GChecksum *sum, const char *key, const char *text)
{
  if (!text)
    return;
  g_checksum_update (sum, (const guchar *) key, (gssize) strlen (key) + 1);
  g_checksum_update (sum, (const guchar *) text, (gssize) strlen (text) + 1);
}

/* "387 1031" */
static char *
ends_text (const ToolRecording *recording)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < recording->n_sections; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : " ", recording->ends[i]);
  return g_string_free (text, FALSE);
}

/* FALSE: what it says are no ends of sections of n_frames. */
static gboolean
parse_ends (ToolRecording *recording, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  const gsize n = g_strv_length (words);
  guint64 last = 0;

  recording->ends = g_new (gsize, n);
  recording->n_sections = n;
  for (gsize i = 0; i < n; i++) {
    if (!g_ascii_string_to_unsigned (words[i], 10, last, recording->n_frames, &last, NULL))
      return FALSE;
    recording->ends[i] = (gsize) last;
  }
  return n > 0 && last == recording->n_frames;
}

/* Of all that a recording is. */
static char *
compute_digest (const ToolRecording *recording, gsize bands, const char *source, const char *seconds)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *ends = ends_text (recording);

  add_text (sum, source_key, source);
  add_text (sum, seconds_key, seconds);
  add_text (sum, ends_key, ends);
  add_text (sum, cancelled_key, recording->cancelled ? "" : NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    add_text (sum, texts[i].key, text_of (recording, i));
  g_checksum_update (sum, (const guchar *) recording->db,
      (gssize) (recording->n_frames * bands * sizeof *recording->db));
  return g_strdup (g_checksum_get_string (sum));
}

static GBytes *
serialize (const ToolRecording *recording, gsize bands, const char *source, GError **error)
{
  g_autoptr (SafetensorsWriter) writer = safetensors_writer_new ();
  const gsize dim[] = { recording->n_frames, bands };
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr (seconds, sizeof seconds, recording->seconds);
  g_autofree char *digest = compute_digest (recording, bands, source, seconds), *ends = ends_text (recording);

  safetensors_writer_add_metadata (writer, "format", format);
  safetensors_writer_add_metadata (writer, source_key, source);
  safetensors_writer_add_metadata (writer, seconds_key, seconds);
  safetensors_writer_add_metadata (writer, ends_key, ends);
  if (recording->cancelled)
    safetensors_writer_add_metadata (writer, cancelled_key, "");
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (text_of (recording, i))
      safetensors_writer_add_metadata (writer, texts[i].key, text_of (recording, i));
  safetensors_writer_add_metadata (writer, digest_key, digest);
  safetensors_writer_add_tensor (writer, "db", SAFETENSORS_F32, dim, G_N_ELEMENTS (dim), recording->db);
  return safetensors_writer_finish (writer, error);
}

/* NULL: it is another's, or not whole. */
static ToolRecording *
parse (const Safetensors *file, gsize bands, const char *source)
{
  const SafetensorsTensor *db = safetensors_find (file, "db");
  const char *seconds = safetensors_metadata (file, seconds_key), *ends = safetensors_metadata (file, ends_key);

  if (g_strcmp0 (safetensors_metadata (file, "format"), format) != 0
      || g_strcmp0 (safetensors_metadata (file, source_key), source) != 0 || !seconds || !ends || !db
      || db->type != SAFETENSORS_F32 || db->rank != 2 || db->dim[1] != bands)
    return NULL;

  g_autoptr (ToolRecording) recording = g_new0 (ToolRecording, 1);
  recording->n_frames = db->dim[0];
  if (!parse_ends (recording, ends))
    return NULL;
  recording->db = g_new (float, db->n_values);
  safetensors_copy_f32 (db, recording->db);
  recording->seconds = g_ascii_strtod (seconds, NULL);
  recording->cancelled = safetensors_metadata (file, cancelled_key) != NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    G_STRUCT_MEMBER (char *, recording, texts[i].offset) = g_strdup (safetensors_metadata (file, texts[i].key));
  g_autofree char *digest = compute_digest (recording, bands, source, seconds);
  return g_strcmp0 (safetensors_metadata (file, digest_key), digest) == 0 ? g_steal_pointer (&recording) : NULL;
}

/* NULL: there is none that is whole. */
static ToolRecording *
load (ToolRecordingCache *cache, const char *name, gsize bands, const char *source)
{
  g_autofree char *path = g_build_filename (cache->folder, name, NULL);
  g_autoptr (GBytes) bytes = regular_file_read (path, SAFETENSORS_MAX_BYTES, NULL);
  g_autoptr (Safetensors) file = bytes ? safetensors_new (bytes, name, NULL) : NULL;
  ToolRecording *recording = file ? parse (file, bands, source) : NULL;

  if (recording) {
    utimensat (AT_FDCWD, path, NULL, 0); /* used now */
    g_mutex_lock (&cache->lock);
    g_hash_table_add (cache->used, g_strdup (name));
    g_mutex_unlock (&cache->lock);
  }
  return recording;
}

/* --- keeping --------------------------------------------------------------------------------------------------- */

/* Room for so many bytes, if need be by what was used least recently, but not in this run.  Under the lock. */
static gboolean
make_room (ToolRecordingCache *cache, guint64 bytes)
{
  while (cache->bytes + bytes > cache->max_bytes) {
    Entry *entry = g_queue_pop_head (&cache->old);
    if (!entry)
      return FALSE;
    if (!g_hash_table_contains (cache->used, entry->name)) {
      g_autofree char *path = g_build_filename (cache->folder, entry->name, NULL);
      g_unlink (path);
      cache->bytes -= MIN (cache->bytes, entry->bytes);
    }
    free_entry (entry);
  }
  cache->bytes += bytes;
  return TRUE;
}

static void
lose (ToolRecordingCache *cache, const char *reason)
{
  g_mutex_lock (&cache->lock);
  if (cache->lost++ == 0)
    cache->reason = g_strdup (reason);
  g_mutex_unlock (&cache->lock);
}

static void
keep (ToolRecordingCache *cache, const char *name, const ToolRecording *recording, gsize bands, const char *source)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (cache->folder, name, NULL);
  g_autoptr (GBytes) bytes = serialize (recording, bands, source, &error);
  if (!bytes) {
    lose (cache, error->message);
    return;
  }
  g_mutex_lock (&cache->lock);
  const gboolean room = make_room (cache, g_bytes_get_size (bytes));
  g_hash_table_add (cache->used, g_strdup (name));
  g_mutex_unlock (&cache->lock);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  /* Not synced: the digest in it tells whether it is whole. */
  g_autoptr (RegularFileDraft) draft = regular_file_draft_new (path, NULL, 0600);
  if (!room)
    lose (cache, "there is no room for more");
  else if (!regular_file_draft_write (draft, data, size, &error) || !regular_file_draft_place (draft, &error))
    lose (cache, error->message);
}

ToolRecording *
tool_recording_cache_read (ToolRecordingCache *cache, const GenreFrontend *recipe, const char *path, gboolean *ret_kept,
    GError **error)
{
  g_autofree char *source = cache ? describe_source (recipe, path) : NULL;
  g_autofree char *name = source ? entry_name (source) : NULL;
  ToolRecording *recording = name ? load (cache, name, recipe->bands, source) : NULL;

  *ret_kept = recording != NULL;
  if (recording)
    return recording;
  recording = tool_recording_read (recipe, path, error);
  if (!recording || !name || recording->n_frames == 0)
    return recording;

  /* What changed while it was decoded is neither the one nor the other. */
  g_autofree char *after = describe_source (recipe, path);
  if (g_strcmp0 (source, after) == 0)
    keep (cache, name, recording, recipe->bands, source);
  return recording;
}
