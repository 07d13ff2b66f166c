/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any message is one of genreclassify, whole and in range, or it is refused and nothing is written.  One that is
 * accepted is refused without any one of its fields but music and features.
 *
 *   tests/fuzz.sh 600 genre-message
 *
 * The input, made by tests/make-message-corpus.py: kind of message, name of the structure, then fields: which, type,
 * value (see get_value()).  What is missing at the end is zero.
 */
#include "gst/genreclassify/genremessage.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum
{
  MAX_FIELDS = 64,
  MAX_ELEMENTS = 64,
  MAX_DEPTH = 3
};

typedef struct Cursor
{
  const uint8_t *data;
  size_t left;
} Cursor;

static const char *const fields[] = { "timestamp", "stream-time", "running-time", "duration", "label", "confidence",
  "index", "labels", "probabilities", "smoothed", "music", "summary", "state", "final", "windows", "features" };

static guint64
take (Cursor *cursor, unsigned bytes)
{
  guint64 value = 0;

  for (; bytes > 0; bytes--) {
    value = value << 8 | (cursor->left > 0 ? *cursor->data : 0);
    if (cursor->left > 0) {
      cursor->left--;
      cursor->data++;
    }
  }
  return value;
}

/* A length, then as many bytes; 255: NULL. */
static gchar *
take_string (Cursor *cursor)
{
  const unsigned n = (unsigned) take (cursor, 1);

  if (n == 255)
    return NULL;

  gchar bytes[256] = { 0 };

  for (unsigned i = 0; i < n; i++)
    bytes[i] = (gchar) take (cursor, 1);
  return g_utf8_make_valid (bytes, -1); /* GstStructure takes no other */
}

static void get_value (Cursor *cursor, unsigned depth, GValue *value);

/* Of one type, and one at most that has elements itself: GStreamer takes no other. */
static void
get_array (Cursor *cursor, unsigned depth, GValue *value)
{
  const unsigned n = (unsigned) take (cursor, 1) % MAX_ELEMENTS;
  GType type = G_TYPE_INVALID;

  g_value_init (value, GST_TYPE_ARRAY);
  for (unsigned i = 0; i < n; i++) {
    GValue element = G_VALUE_INIT;

    get_value (cursor, depth + 1, &element);
    if (i == 0)
      type = G_VALUE_TYPE (&element);
    if (i == 0 || (G_VALUE_TYPE (&element) == type && type != GST_TYPE_ARRAY && type != GST_TYPE_LIST))
      gst_value_array_append_and_take_value (value, &element);
    else
      g_value_unset (&element);
  }
}

static void
get_list (Cursor *cursor, GValue *value)
{
  GValue element = G_VALUE_INIT;

  g_value_init (value, GST_TYPE_LIST);
  g_value_init (&element, G_TYPE_STRING);
  g_value_take_string (&element, take_string (cursor));
  gst_value_list_append_and_take_value (value, &element);
}

/* Every type of a field of the message, and some others. */
static void
get_value (Cursor *cursor, unsigned depth, GValue *value)
{
  const unsigned type = (unsigned) take (cursor, 1) % 12;
  const guint64 bits = type == 0 || type == 1 ? take (cursor, 8) : type == 3 ? take (cursor, 4) : 0;
  double number;

  switch (type) {
    case 0:
      g_value_set_uint64 (g_value_init (value, G_TYPE_UINT64), bits);
      return;
    case 1:
      memcpy (&number, &bits, sizeof number);
      g_value_set_double (g_value_init (value, G_TYPE_DOUBLE), number);
      return;
    case 2:
      g_value_take_string (g_value_init (value, G_TYPE_STRING), take_string (cursor));
      return;
    case 3:
      g_value_set_int (g_value_init (value, G_TYPE_INT), (gint) (guint32) bits);
      return;
    case 4:
      g_value_set_uint (g_value_init (value, G_TYPE_UINT), (guint) take (cursor, 4));
      return;
    case 5:
      g_value_set_boolean (g_value_init (value, G_TYPE_BOOLEAN), (gboolean) take (cursor, 1));
      return;
    case 6:
      if (depth < MAX_DEPTH)
        get_array (cursor, depth, value);
      else
        g_value_init (value, GST_TYPE_ARRAY);
      return;
    case 7:
      get_list (cursor, value);
      return;
    case 8:
      g_value_set_int64 (g_value_init (value, G_TYPE_INT64), (gint64) take (cursor, 8));
      return;
    case 9:
      g_value_set_float (g_value_init (value, G_TYPE_FLOAT), (float) take (cursor, 1));
      return;
    case 10:
      gst_value_set_int_range (g_value_init (value, GST_TYPE_INT_RANGE), 0, 1 + (gint) take (cursor, 1));
      return;
    default:
      g_value_take_boxed (g_value_init (value, GST_TYPE_STRUCTURE), gst_structure_new_empty ("genreclassify"));
      return;
  }
}

static GstStructure *
make_structure (Cursor *cursor)
{
  static const char *const names[] = { "genreclassify", "level", "genreclassifys", "Genreclassify" };
  GstStructure *structure = gst_structure_new_empty (names[take (cursor, 1) % G_N_ELEMENTS (names)]);

  for (unsigned n = 0; cursor->left > 0 && n < MAX_FIELDS; n++) {
    const size_t which = (size_t) take (cursor, 1) % (G_N_ELEMENTS (fields) + 1);
    GValue value = G_VALUE_INIT;

    get_value (cursor, 0, &value);
    gst_structure_take_value (structure, which < G_N_ELEMENTS (fields) ? fields[which] : "other", &value);
  }
  return structure;
}

static GstMessage *
make_message (Cursor *cursor)
{
  const unsigned kind = (unsigned) take (cursor, 1) % 4;

  if (kind == 1)
    return gst_message_new_custom (GST_MESSAGE_ELEMENT, NULL, NULL);

  GstStructure *structure = make_structure (cursor);

  return kind == 2 ? gst_message_new_application (NULL, structure)
      : kind == 3  ? gst_message_new_custom (GST_MESSAGE_EOS, NULL, structure)
                   : gst_message_new_element (NULL, structure);
}

/* All of it can be read. */
static void
use (const GstGenreMessage *genre)
{
  gsize length = strlen (genre->label) + strlen (genre->summary);

  if (genre->n_labels < 1 || genre->index < -1 || genre->index >= (gint) genre->n_labels)
    abort ();
  if (genre->state != GST_GENRE_STATE_OK && genre->state != GST_GENRE_STATE_SILENCE
      && genre->state != GST_GENRE_STATE_TOO_SHORT && genre->state != GST_GENRE_STATE_NOT_MUSIC)
    abort ();
  for (guint i = 0; i < genre->n_labels; i++) {
    length += strlen (gst_genre_message_label (genre, i));
    length += gst_genre_message_probability (genre, i) > gst_genre_message_smoothed (genre, i);
  }
  length += genre->features ? (gsize) gst_structure_n_fields (genre->features) : 0;
  if (length == G_MAXSIZE)
    abort ();
}

static gboolean
parses (GstMessage *message, GstGenreMessage *genre)
{
  GstGenreMessage before;

  memset (&before, 0x5a, sizeof before);
  memcpy (genre, &before, sizeof before);
  if (gst_genre_message_parse (message, genre))
    return TRUE;
  if (memcmp (genre, &before, sizeof before) != 0)
    abort ();
  return FALSE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Cursor cursor = { data, size };
  GstGenreMessage genre;

  gst_init (NULL, NULL);

  GstMessage *message = make_message (&cursor);

  if (parses (message, &genre)) {
    use (&genre);
    for (size_t i = 0; i < G_N_ELEMENTS (fields); i++) {
      GstStructure *structure = gst_structure_copy (gst_message_get_structure (message));
      const gboolean music = g_str_equal (fields[i], "music"), features = g_str_equal (fields[i], "features");

      gst_structure_remove_field (structure, fields[i]);

      GstMessage *less = gst_message_new_element (NULL, structure);

      if (parses (less, &genre) != (music || features)) /* older elements have no music; features are asked for */
        abort ();
      if ((music && !(genre.music >= 1 && genre.music <= 1)) || (features && genre.features))
        abort ();
      gst_message_unref (less);
    }
  }
  gst_message_unref (message);
  return 0;
}
