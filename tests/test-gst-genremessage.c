/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-genremessage.c - gst/genreclassify/genremessage.h on messages built by hand, whole and broken.
 *
 * Layer:   tests; the public header, GStreamer's core.
 * Threads: one.
 */
#include "gst/genreclassify/genremessage.h"
#include "tests/test.h"

#include <string.h>

/* All fields in the order in which the element has them. */
static GstStructure *
whole_structure (void)
{
  return gst_structure_from_string (
      "genreclassify, timestamp=(guint64)1000000000, stream-time=(guint64)2000000000, "
      "running-time=(guint64)3000000000, duration=(guint64)10000000000, label=(string)classical, "
      "confidence=(double)0.875, index=(int)1, labels=(string)< blues, classical, \"R&B\" >, "
      "probabilities=(double)< 0.25, 0.5, 0.25 >, smoothed=(double)< 0.0625, 0.875, 0.0625 >, "
      "music=(double)0.75, summary=(string)\"classical\\ 88\\ \\%\", state=(string)ok, final=(boolean)true, "
      "windows=(uint)7",
      NULL);
}

/* Parses a message of that structure, which is taken.  Says whether `ret` was left alone. */
static gboolean
parse (GstStructure *structure, GstGenreMessage *ret, bool *untouched, GstMessage **message)
{
  GstGenreMessage before;
  memset (&before, 0x5a, sizeof before);
  memcpy (ret, &before, sizeof before);
  *message = gst_message_new_element (NULL, structure);
  gboolean ok = gst_genre_message_parse (*message, ret);
  *untouched = memcmp (ret, &before, sizeof before) == 0;
  return ok;
}

static void
check_refused (GstStructure *structure, const char *what, const char *field)
{
  GstGenreMessage genre;
  GstMessage *message;
  bool untouched;
  CHECK (!parse (structure, &genre, &untouched, &message), "%s %s is accepted", what, field);
  CHECK (untouched, "%s %s: ret is touched", what, field);
  gst_message_unref (message);
}

static void
test_whole_message (void)
{
  GstGenreMessage genre;
  GstMessage *message;
  bool untouched;

  CHECK (parse (whole_structure (), &genre, &untouched, &message), "refused");
  CHECK (genre.timestamp == GST_SECOND && genre.stream_time == 2 * GST_SECOND, "times");
  CHECK (genre.running_time == 3 * GST_SECOND && genre.duration == 10 * GST_SECOND, "times");
  CHECK (strcmp (genre.label, "classical") == 0 && genre.confidence == 0.875 && genre.index == 1, "%s", genre.label);
  CHECK (genre.n_labels == 3, "%u labels", genre.n_labels);
  CHECK (strcmp (gst_genre_message_label (&genre, 0), "blues") == 0, "label 0");
  CHECK (strcmp (gst_genre_message_label (&genre, 2), "R&B") == 0, "label 2");
  CHECK (gst_genre_message_probability (&genre, 0) == 0.25, "probability 0");
  CHECK (gst_genre_message_probability (&genre, 1) == 0.5, "probability 1");
  CHECK (gst_genre_message_smoothed (&genre, 1) == 0.875, "smoothed 1");
  CHECK (gst_genre_message_smoothed (&genre, 2) == 0.0625, "smoothed 2");
  CHECK (genre.music == 0.75, "music");
  CHECK (strcmp (genre.summary, "classical 88 %") == 0, "%s", genre.summary);
  CHECK (genre.state == GST_GENRE_STATE_OK && genre.final == TRUE && genre.windows == 7, "state");
  CHECK (genre.label == gst_structure_get_string (gst_message_get_structure (message), "label"), "a copy");
  gst_message_unref (message);
}

static void
test_other_values (void)
{
  static const char *const states[] = { "ok", "silence", "too-short", "not-music" };
  GstGenreMessage genre;
  GstMessage *message;
  bool untouched;

  for (int i = 0; i < 4; i++) {
    GstStructure *structure = whole_structure ();
    gst_structure_set (structure, "state", G_TYPE_STRING, states[i], "index", G_TYPE_INT, -1, "label", G_TYPE_STRING,
        "unknown", "final", G_TYPE_BOOLEAN, FALSE, "timestamp", G_TYPE_UINT64, GST_CLOCK_TIME_NONE, "a-later-field",
        G_TYPE_INT, 1, NULL);
    CHECK (parse (structure, &genre, &untouched, &message), "%s is refused", states[i]);
    CHECK ((int) genre.state == i && genre.index == -1 && !genre.final, "%s", states[i]);
    CHECK (genre.timestamp == GST_CLOCK_TIME_NONE, "an unknown time");
    gst_message_unref (message);
  }

  GstGenreState state = GST_GENRE_STATE_SILENCE;
  CHECK (!gst_genre_state_from_string ("OK", &state) && !gst_genre_state_from_string ("", &state), "a state");
  CHECK (!gst_genre_state_from_string (NULL, &state) && state == GST_GENRE_STATE_SILENCE, "ret is touched");
}

/* Elements that have no field `music` take everything for music.  The structure is taken. */
static void
check_music_of_older (GstStructure *structure)
{
  GstGenreMessage genre;
  GstMessage *message;
  bool untouched;

  CHECK (parse (structure, &genre, &untouched, &message), "a message of an older element is refused");
  CHECK (genre.music >= 1 && genre.music <= 1 && genre.windows == 7, "music %g", genre.music);
  gst_message_unref (message);
}

/* Every field but `music` in turn missing, and of every other type that a field has. */
static void
test_wrong_fields (void)
{
  GstStructure *whole = whole_structure ();
  const int n = gst_structure_n_fields (whole);

  CHECK (n == 15, "%d fields", n);
  for (int i = 0; i < n; i++) {
    const char *field = gst_structure_nth_field_name (whole, (guint) i);
    GstStructure *structure = gst_structure_copy (whole);
    gst_structure_remove_field (structure, field);
    if (strcmp (field, "music") == 0)
      check_music_of_older (structure);
    else
      check_refused (structure, "a message without", field);

    for (int j = 0; j < n; j++) {
      const char *other = gst_structure_nth_field_name (whole, (guint) j);
      if (gst_structure_get_field_type (whole, other) == gst_structure_get_field_type (whole, field))
        continue;
      structure = gst_structure_copy (whole);
      gst_structure_set_value (structure, field, gst_structure_get_value (whole, other));
      check_refused (structure, other, field);
    }
    if (gst_structure_has_field_typed (whole, field, G_TYPE_STRING)) {
      structure = gst_structure_copy (whole);
      gst_structure_set (structure, field, G_TYPE_STRING, NULL, NULL);
      check_refused (structure, "no string in", field);
    }
  }
  gst_structure_free (whole);
}

static void
test_wrong_arrays (void)
{
  static const char *const fields[] = { "labels", "probabilities", "smoothed" };
  static const char *const strings[] = { "(string)< >", "(string)< a, b >", "(string)< a, b, c, d >",
    "(string){ a, b, c }", "(string)a", "< (string)a, (string)b, (int)3 >", "(double)< 0.1, 0.2, 0.7 >",
    "< (string)a, (string)b, < c > >" };
  static const char *const doubles[] = { "(double)< >", "(double)< 0.1, 0.9 >", "(double)< 0.1, 0.2, 0.3, 0.4 >",
    "(double){ 0.1, 0.2, 0.7 }", "(double)[ 0.1, 0.2 ]", "< (double)0.1, (double)0.2, (int)1 >",
    "(float)< 0.1, 0.2, 0.7 >", "(string)< a, b, c >" };

  for (size_t f = 0; f < G_N_ELEMENTS (fields); f++) {
    for (size_t i = 0; i < G_N_ELEMENTS (strings); i++) {
      const char *text = f == 0 ? strings[i] : doubles[i];
      gchar *part = g_strdup_printf ("part, %s=%s", fields[f], text);
      GstStructure *read = gst_structure_from_string (part, NULL);
      GstStructure *structure = whole_structure ();
      CHECK (read && gst_structure_has_field (read, fields[f]), "%s", part);
      gst_structure_set_value (structure, fields[f], gst_structure_get_value (read, fields[f]));
      check_refused (structure, fields[f], text);
      gst_structure_free (read);
      g_free (part);
    }
  }

  /* A NULL among the labels. */
  GstStructure *structure = whole_structure ();
  GValue labels = G_VALUE_INIT;
  g_value_init (&labels, GST_TYPE_ARRAY);
  for (int i = 0; i < 3; i++) {
    GValue label = G_VALUE_INIT;
    g_value_init (&label, G_TYPE_STRING);
    g_value_set_static_string (&label, i == 1 ? NULL : "label");
    gst_value_array_append_and_take_value (&labels, &label);
  }
  gst_structure_take_value (structure, "labels", &labels);
  check_refused (structure, "a NULL in", "labels");

  /* No labels at all, though all lengths agree. */
  structure = gst_structure_from_string ("x, e=(string)< >", NULL);
  GstStructure *empty = whole_structure ();
  for (size_t f = 0; f < G_N_ELEMENTS (fields); f++)
    gst_structure_set_value (empty, fields[f], gst_structure_get_value (structure, "e"));
  gst_structure_set (empty, "index", G_TYPE_INT, -1, NULL);
  check_refused (empty, "three empty", "arrays");
  gst_structure_free (structure);
}

static void
test_wrong_values (void)
{
  static const int indices[] = { -2, 3, G_MAXINT, G_MININT };
  for (size_t i = 0; i < G_N_ELEMENTS (indices); i++) {
    GstStructure *structure = whole_structure ();
    gst_structure_set (structure, "index", G_TYPE_INT, indices[i], NULL);
    check_refused (structure, "out of range:", "index");
  }
  GstStructure *structure = whole_structure ();
  gst_structure_set (structure, "state", G_TYPE_STRING, "asleep", NULL);
  check_refused (structure, "unknown:", "state");
}

static void
test_other_messages (void)
{
  GstStructure *structure = whole_structure ();
  gst_structure_set_name (structure, "genreclassify2");
  check_refused (structure, "another name", "");
  check_refused (gst_structure_new_empty ("genreclassify"), "an empty structure", "");
  check_refused (gst_structure_new_empty ("level"), "level", "");

  GstMessage *messages[] = {
    gst_message_new_eos (NULL),
    gst_message_new_application (NULL, whole_structure ()),
    gst_message_new_custom (GST_MESSAGE_ELEMENT, NULL, NULL),
    gst_message_new_latency (NULL),
  };
  for (size_t i = 0; i < G_N_ELEMENTS (messages); i++) {
    GstGenreMessage genre = { .windows = 99 };
    CHECK (!gst_genre_message_parse (messages[i], &genre) && genre.windows == 99, "message %zu", i);
    gst_message_unref (messages[i]);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_whole_message ();
  test_other_values ();
  test_wrong_fields ();
  test_wrong_arrays ();
  test_wrong_values ();
  test_other_messages ();
  TEST_END ();
}
