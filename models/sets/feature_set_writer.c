/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/feature_set_writer.h"

#include "models/sets/artist_name.h"
#include "models/file/error.h"
#include "models/frontend.h"
#include "models/sets/half.h"
#include "models/file/json_write.h"
#include "models/file/regular_file.h"
#include "models/file/safetensors_writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#ifdef G_OS_UNIX
#include <unistd.h>
#else
#include <io.h>
#endif

#ifndef O_BINARY
#define O_BINARY 0
#endif

enum
{
  HEADER_ROOM = 2 << 20, /* of the header for all but the names */
  COPY_BYTES = 1 << 18,
};

/* How far down the 256 steps of U8 reach at most. */
static const float range_db = 80;

/* All of a clip but features and name. */
typedef struct Clip
{
  float offset_db, scale_db;
  gint32 label, artist, album_artist, recording, frames, music;
} Clip;

struct GenreFeatureSetWriter
{
  char *path;
  char *name; /* of the set, for messages */
  char *recipe;
  char *labels; /* JSON */
  gsize n_labels, n_frames, n_bands;
  SafetensorsType type;
  guint8 *block;              /* [n_frames][n_bands], one clip as it is stored */
  GArray *clips;              /* of Clip */
  GString *names;             /* JSON, but for the last bracket */
  GString *artists;           /* the same */
  GHashTable *artist_numbers; /* key of a name -> number + 1 */
  gsize escapes;              /* bytes that a string of JSON takes beyond `names` and `artists` */
  GChecksum *source;          /* of what was appended */
  RegularFileDraft *draft;    /* of the whole file */
  char *spool;                /* path of the temporary file of features; NULL: it has none */
  int fd;
};

/* --- files ----------------------------------------------------------------------------------------------------- */

/* A new file for the features.  FALSE: an error. */
static gboolean
create_spool (GenreFeatureSetWriter *writer, GError **error)
{
  g_autofree char *path = g_strconcat (writer->path, ".XXXXXX", NULL);
  writer->fd = g_mkstemp_full (path, O_RDWR | O_BINARY, 0666);
  if (writer->fd < 0)
    return regular_file_fail (writer->name, "create", error);
#ifdef G_OS_UNIX
  g_unlink (path); /* what has no name is left by nobody */
#else
  writer->spool = g_steal_pointer (&path);
#endif
  return TRUE;
}

/* Appends the spooled features to the draft. */
static gboolean
copy_features (const GenreFeatureSetWriter *writer, GError **error)
{
  if (lseek (writer->fd, 0, SEEK_SET) != 0)
    return regular_file_fail (writer->name, "read its temporary file", error);
  g_autofree guint8 *buffer = g_malloc (COPY_BYTES);
  for (;;) {
    const gssize n = read (writer->fd, buffer, COPY_BYTES);
    if (n == 0)
      return TRUE;
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return regular_file_fail (writer->name, "read its temporary file", error);
    if (!regular_file_draft_write (writer->draft, buffer, (gsize) n, error))
      return FALSE;
  }
}

/* --- constructor ----------------------------------------------------------------------------------------------- */

GenreFeatureSetWriter *
genre_feature_set_writer_new (const char *path, const GenreFrontend *frontend, const char *const *labels,
    gsize n_labels, gsize n_frames, SafetensorsType type, GError **error)
{
  assert (type == SAFETENSORS_U8 || type == SAFETENSORS_F16);
  assert (n_frames > 0 && n_frames <= FEATURE_SET_MAX_FRAMES);

  GenreFeatureSetWriter *writer = g_new0 (GenreFeatureSetWriter, 1);
  writer->path = g_strdup (path);
  writer->name = g_filename_display_name (path);
  writer->n_labels = n_labels;
  writer->n_frames = n_frames;
  writer->n_bands = frontend->bands;
  writer->type = type;
  writer->block = g_malloc (n_frames * frontend->bands * safetensors_type_bits (type) / 8);
  writer->clips = g_array_new (FALSE, FALSE, sizeof (Clip));
  writer->names = g_string_new ("[");
  writer->artists = g_string_new ("[");
  writer->artist_numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  writer->source = g_checksum_new (G_CHECKSUM_SHA256);
  writer->draft = regular_file_draft_new (path, NULL, 0666);
  writer->fd = -1;

  GString *json = g_string_new (NULL);
  genre_frontend_append (frontend, json);
  writer->recipe = g_string_free (json, FALSE);
  json = g_string_new (NULL);
  json_add_strings (json, NULL, labels, n_labels);
  writer->labels = g_string_free (json, FALSE);

  if (create_spool (writer, error))
    return writer;
  genre_feature_set_writer_free (writer);
  return NULL;
}

void
genre_feature_set_writer_free (GenreFeatureSetWriter *writer)
{
  if (!writer)
    return;
  if (writer->fd >= 0)
    g_close (writer->fd, NULL);
  if (writer->spool)
    g_remove (writer->spool);
  g_free (writer->spool);
  regular_file_draft_free (writer->draft);
  g_string_free (writer->names, TRUE);
  g_string_free (writer->artists, TRUE);
  g_hash_table_unref (writer->artist_numbers);
  g_checksum_free (writer->source);
  g_array_unref (writer->clips);
  g_free (writer->block);
  g_free (writer->labels);
  g_free (writer->recipe);
  g_free (writer->name);
  g_free (writer->path);
  g_free (writer);
}

gsize
genre_feature_set_writer_n_clips (const GenreFeatureSetWriter *writer)
{
  return writer->clips->len;
}

/* --- clips ----------------------------------------------------------------------------------------------------- */

/* Where the steps of U8 begin, and how far they reach. */
static void
measure (const float *db, gsize n, float *ret_offset_db, float *ret_scale_db)
{
  float least = db[0], most = db[0];
  for (gsize i = 1; i < n; i++) {
    least = MIN (least, db[i]);
    most = MAX (most, db[i]);
  }
  *ret_offset_db = MAX (least, most - range_db);
  *ret_scale_db = most - *ret_offset_db;
}

/* Fills writer->block; what is beyond the n values is floor. */
static void
encode (GenreFeatureSetWriter *writer, const float *db, gsize n, float offset_db, float scale_db)
{
  const gsize n_values = writer->n_frames * writer->n_bands;

  if (writer->type == SAFETENSORS_U8) {
    const float steps = scale_db > 0 ? 255 / scale_db : 0;
    for (gsize i = 0; i < n; i++)
      writer->block[i] = (guint8) CLAMP (lrintf ((db[i] - offset_db) * steps), 0, 255);
    memset (writer->block + n, 0, n_values - n);
    return;
  }
  for (gsize i = 0; i < n_values; i++) {
    const guint16 half = half_from_float (i < n ? db[i] : offset_db);
    writer->block[2 * i] = (guint8) half;
    writer->block[2 * i + 1] = (guint8) (half >> 8);
  }
}

/* Appends to `names` or `artists`.  In the header, that string is one of JSON again. */
static void
append_string (GenreFeatureSetWriter *writer, GString *list, const char *text)
{
  const gsize before = list->len;
  json_add_string (list, NULL, text);
  for (gsize i = before; i < list->len; i++)
    writer->escapes += list->str[i] == '"' || list->str[i] == '\\';
}

/* -1: nobody */
static gint32
number_artist (GenreFeatureSetWriter *writer, const char *name)
{
  g_autofree char *key = artist_name_key (name);
  if (!key)
    return -1;
  const gint32 known = GPOINTER_TO_INT (g_hash_table_lookup (writer->artist_numbers, key)) - 1;
  if (known >= 0)
    return known;
  const gint32 number = (gint32) g_hash_table_size (writer->artist_numbers);
  append_string (writer, writer->artists, name);
  g_hash_table_insert (writer->artist_numbers, g_steal_pointer (&key), GINT_TO_POINTER (number + 1));
  return number;
}

static gboolean
check_room (const GenreFeatureSetWriter *writer, gsize bytes, GError **error)
{
  const guint64 per_clip = bytes + sizeof (Clip);
  if (writer->names->len + writer->artists->len + writer->escapes > FEATURE_SET_MAX_HEADER - HEADER_ROOM)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE, "%s: no room for the names of more than %u clips",
        writer->name, writer->clips->len);
  else if ((writer->clips->len + 1) * per_clip > FEATURE_SET_MAX_BYTES - FEATURE_SET_MAX_HEADER)
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE, "%s: no room for more than %u clips", writer->name,
        writer->clips->len);
  else
    return TRUE;
  return FALSE;
}

/* Its name, its label and its levels, as they are before they are stored. */
static void
add_to_source (GenreFeatureSetWriter *writer, const GenreFeatureClip *clip)
{
  const char *name = clip->name ? clip->name : "";

  g_checksum_update (writer->source, (const guchar *) name, (gssize) strlen (name) + 1);
  g_checksum_update (writer->source, (const guchar *) &clip->label, sizeof clip->label);
  g_checksum_update (writer->source, (const guchar *) clip->db,
      (gssize) (clip->frames * writer->n_bands * sizeof *clip->db));
}

gboolean
genre_feature_set_writer_append (GenreFeatureSetWriter *writer, const GenreFeatureClip *clip, GError **error)
{
  assert (clip->frames > 0 && clip->frames <= writer->n_frames);
  assert (clip->label >= -1 && (clip->label < 0 || (gsize) clip->label < writer->n_labels));
  assert (clip->recording >= -1 && !(clip->not_music && clip->label >= 0));

  const gsize n = clip->frames * writer->n_bands;
  const gsize bytes = writer->n_frames * writer->n_bands * safetensors_type_bits (writer->type) / 8;
  Clip entry = { .label = clip->label,
    .artist = number_artist (writer, clip->artist),
    .album_artist = number_artist (writer, clip->album_artist),
    .recording = clip->recording,
    .music = !clip->not_music,
    .frames = (gint32) clip->frames };

  append_string (writer, writer->names, clip->name);
  add_to_source (writer, clip);
  if (!check_room (writer, bytes, error))
    return FALSE;
  measure (clip->db, n, &entry.offset_db, &entry.scale_db);
  encode (writer, clip->db, n, entry.offset_db, entry.scale_db);
  if (!regular_file_write (writer->fd, writer->name, writer->block, bytes, error))
    return FALSE;
  g_array_append_val (writer->clips, entry);
  return TRUE;
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static const gint32 unknown = -1, is_music = 1;

/* A tensor [n_clips] of one field of every Clip.  usual: what a clip has where there is no such tensor; NULL: nothing,
 * it must be there. */
static void
add_field (const GenreFeatureSetWriter *writer, SafetensorsWriter *file, const char *name, SafetensorsType type,
    gsize field, const gint32 *usual)
{
  const gsize n = writer->clips->len;
  const guint8 *clips = (const guint8 *) writer->clips->data + field;
  g_autofree guint8 *values = g_malloc (4 * n);
  gboolean needed = !usual;

  for (gsize i = 0; i < n; i++) {
    memcpy (values + 4 * i, clips + i * sizeof (Clip), 4);
    needed = needed || memcmp (values + 4 * i, usual, 4) != 0;
  }
  if (needed)
    safetensors_writer_add_tensor (file, name, type, &n, 1, values);
}

static SafetensorsWriter *
describe (const GenreFeatureSetWriter *writer)
{
  SafetensorsWriter *file = safetensors_writer_new ();
  const gsize dim[] = { writer->clips->len, writer->n_frames, writer->n_bands };
  g_autofree char *names = g_strconcat (writer->names->str, "]", NULL);
  g_autofree char *artists = g_strconcat (writer->artists->str, "]", NULL);

  safetensors_writer_add_metadata (file, "format", "genre-features");
  safetensors_writer_add_metadata (file, "version", "1");
  safetensors_writer_add_metadata (file, "frontend", writer->recipe);
  safetensors_writer_add_metadata (file, "labels", writer->labels);
  safetensors_writer_add_metadata (file, "names", names);
  safetensors_writer_add_metadata (file, "artists", artists);
  safetensors_writer_add_metadata (file, "source_sha256", g_checksum_get_string (writer->source));
  safetensors_writer_reserve (file, "features", writer->type, dim, 3);
  if (writer->type == SAFETENSORS_U8) {
    add_field (writer, file, "offset_db", SAFETENSORS_F32, G_STRUCT_OFFSET (Clip, offset_db), NULL);
    add_field (writer, file, "scale_db", SAFETENSORS_F32, G_STRUCT_OFFSET (Clip, scale_db), NULL);
  }
  add_field (writer, file, "label", SAFETENSORS_I32, G_STRUCT_OFFSET (Clip, label), NULL);
  add_field (writer, file, "artist", SAFETENSORS_I32, G_STRUCT_OFFSET (Clip, artist), &unknown);
  add_field (writer, file, "album_artist", SAFETENSORS_I32, G_STRUCT_OFFSET (Clip, album_artist), &unknown);
  add_field (writer, file, "recording", SAFETENSORS_I32, G_STRUCT_OFFSET (Clip, recording), &unknown);
  add_field (writer, file, "frames", SAFETENSORS_I32, G_STRUCT_OFFSET (Clip, frames), NULL);
  add_field (writer, file, "music", SAFETENSORS_I32, G_STRUCT_OFFSET (Clip, music), &is_music);
  return file;
}

static gboolean
write_bytes (const GenreFeatureSetWriter *writer, GBytes *bytes, GError **error)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return regular_file_draft_write (writer->draft, data, size, error);
}

const char *
genre_feature_set_writer_temporary (const GenreFeatureSetWriter *writer)
{
  return regular_file_draft_temporary (writer->draft);
}

gboolean
genre_feature_set_writer_finish (GenreFeatureSetWriter *writer, GError **error)
{
  assert (writer->clips->len > 0);

  const SafetensorsLimits limits = { FEATURE_SET_MAX_BYTES, FEATURE_SET_MAX_HEADER };
  g_autoptr (SafetensorsWriter) file = describe (writer);
  g_autoptr (GBytes) head = NULL;
  g_autoptr (GBytes) rest = NULL;
  if (!safetensors_writer_finish_parts (file, &limits, &head, &rest, error))
    return FALSE;

  return write_bytes (writer, head, error) && copy_features (writer, error) && write_bytes (writer, rest, error)
      && regular_file_draft_sync (writer->draft, error) && regular_file_draft_place (writer->draft, error);
}
