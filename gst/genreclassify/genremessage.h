/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/genreclassify/genremessage.h - the bus messages of the element `genreclassify`, for applications.
 *
 * Layer:   public, header only; GStreamer's core.  C11 and C++11.
 * Threads: pure functions of a message.
 */
#ifndef GST_GENRE_MESSAGE_H
#define GST_GENRE_MESSAGE_H

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * SECTION:genremessage
 * @title: GstGenreMessage
 * @short_description: what `genreclassify` has heard
 *
 * |[<!-- language="C" -->
 *   GstGenreMessage genre;
 *
 *   if (gst_genre_message_parse (message, &genre) && genre.final)
 *     for (guint i = 0; i < genre.n_labels; i++)
 *       g_print ("%s: %.0f %%\n", gst_genre_message_label (&genre, i),
 *           100 * gst_genre_message_probability (&genre, i));
 * ]|
 */

/**
 * GstGenreState:
 * @GST_GENRE_STATE_OK: the distributions say what was heard
 * @GST_GENRE_STATE_SILENCE: nothing louder than the element's `silence-threshold`
 * @GST_GENRE_STATE_TOO_SHORT: less audio than the model needs
 * @GST_GENRE_STATE_NOT_MUSIC: no music, by the model: less than the element's `music-threshold`
 *
 * Whether there was something to classify.
 */
typedef enum
{
  GST_GENRE_STATE_OK,
  GST_GENRE_STATE_SILENCE,
  GST_GENRE_STATE_TOO_SHORT,
  GST_GENRE_STATE_NOT_MUSIC
} GstGenreState;

/**
 * GstGenreMessage:
 * @timestamp: of the window's first sample, as buffers have it
 * @stream_time: the same moment in stream time: the position in the recording
 * @running_time: the same moment in running time: when it is heard
 * @duration: of the window; for a final, from the first audio of its run to the end
 * @label: the most probable genre of the smoothed distribution; "unknown" below the element's `threshold`
 * @confidence: its probability
 * @index: its place among the labels; -1 if unknown
 * @n_labels: number of genres, at least 1
 * @labels: see gst_genre_message_label()
 * @probabilities: see gst_genre_message_probability()
 * @smoothed: see gst_genre_message_smoothed()
 * @music: how probable it is that this is music, 0 to 1, smoothed; for a final, of all that was heard; 1 where the
 *   model cannot tell
 * @summary: for people: "classical 89 %, jazz 7 %", "silence", "not music" or "too short"
 * @state: whether there was something to classify
 * @final: whether this is the answer for all that was heard since the start, the last flush or the last final
 * @windows: number of windows in the aggregate, this one included
 * @features: with the element's property of that name, what was measured in the same audio: `spectral-centroid` and
 *   others, doubles and arrays of them; %NULL without it
 *
 * A message of `genreclassify`.  Times are in nanoseconds, #GST_CLOCK_TIME_NONE where unknown.  Pointers belong to the
 * message: nothing is to be freed, and all is valid as long as the message is.
 */
typedef struct
{
  guint64 timestamp;
  guint64 stream_time;
  guint64 running_time;
  guint64 duration;
  const gchar *label;
  gdouble confidence;
  gint index;
  guint n_labels;
  const GValue *labels;
  const GValue *probabilities;
  const GValue *smoothed;
  gdouble music;
  const gchar *summary;
  GstGenreState state;
  gboolean final;
  guint windows;
  const GstStructure *features;
} GstGenreMessage;

/**
 * gst_genre_state_from_string:
 * @name: "ok", "silence", "not-music" or "too-short", as the field `state` has it
 * @ret: (out): the state
 *
 * Returns: %FALSE, with @ret untouched, for any other string
 */
static inline gboolean
gst_genre_state_from_string (const gchar *name, GstGenreState *ret)
{
  if (g_strcmp0 (name, "ok") == 0)
    *ret = GST_GENRE_STATE_OK;
  else if (g_strcmp0 (name, "silence") == 0)
    *ret = GST_GENRE_STATE_SILENCE;
  else if (g_strcmp0 (name, "not-music") == 0)
    *ret = GST_GENRE_STATE_NOT_MUSIC;
  else if (g_strcmp0 (name, "too-short") == 0)
    *ret = GST_GENRE_STATE_TOO_SHORT;
  else
    return FALSE;
  return TRUE;
}

/**
 * gst_genre_message_label:
 * @genre: a message that was parsed
 * @i: less than `n_labels`
 *
 * Returns: the name of genre @i, in the model's order, UTF-8; belongs to the message
 */
static inline const gchar *
gst_genre_message_label (const GstGenreMessage *genre, guint i)
{
  g_return_val_if_fail (genre != NULL && i < genre->n_labels, NULL);
  return g_value_get_string (gst_value_array_get_value (genre->labels, i));
}

/**
 * gst_genre_message_probability:
 * @genre: a message that was parsed
 * @i: less than `n_labels`
 *
 * Returns: the probability of genre @i in this window alone; for a final, in all that was heard
 */
static inline gdouble
gst_genre_message_probability (const GstGenreMessage *genre, guint i)
{
  g_return_val_if_fail (genre != NULL && i < genre->n_labels, 0.);
  return g_value_get_double (gst_value_array_get_value (genre->probabilities, i));
}

/**
 * gst_genre_message_smoothed:
 * @genre: a message that was parsed
 * @i: less than `n_labels`
 *
 * Returns: the probability of genre @i, smoothed over the last windows; for a final, in all that was heard
 */
static inline gdouble
gst_genre_message_smoothed (const GstGenreMessage *genre, guint i)
{
  g_return_val_if_fail (genre != NULL && i < genre->n_labels, 0.);
  return g_value_get_double (gst_value_array_get_value (genre->smoothed, i));
}

/*< private >*/
/* The array of that name, if it holds nothing but values of that type, and no NULL. */
static inline const GValue *
gst_genre_message_get_array (const GstStructure *structure, const gchar *field, GType type)
{
  const GValue *array;

  if (!gst_structure_has_field_typed (structure, field, GST_TYPE_ARRAY))
    return NULL;
  array = gst_structure_get_value (structure, field);
  for (guint i = 0; i < gst_value_array_get_size (array); i++) {
    const GValue *value = gst_value_array_get_value (array, i);

    if (!G_VALUE_HOLDS (value, type) || (type == G_TYPE_STRING && g_value_get_string (value) == NULL))
      return NULL;
  }
  return array;
}

/**
 * gst_genre_message_parse:
 * @message: any message
 * @ret: (out caller-allocates): what it says, valid as long as @message
 *
 * Returns: %FALSE, with @ret untouched, if @message is not a complete message of `genreclassify`
 */
static inline gboolean
gst_genre_message_parse (GstMessage *message, GstGenreMessage *ret)
{
  const GstStructure *structure;
  GstGenreMessage genre;

  g_return_val_if_fail (GST_IS_MESSAGE (message) && ret != NULL, FALSE);

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT)
    return FALSE;
  structure = gst_message_get_structure (message);
  if (structure == NULL || !gst_structure_has_name (structure, "genreclassify"))
    return FALSE;

  if (!gst_structure_get_uint64 (structure, "timestamp", &genre.timestamp)
      || !gst_structure_get_uint64 (structure, "stream-time", &genre.stream_time)
      || !gst_structure_get_uint64 (structure, "running-time", &genre.running_time)
      || !gst_structure_get_uint64 (structure, "duration", &genre.duration)
      || !gst_structure_get_double (structure, "confidence", &genre.confidence)
      || !gst_structure_get_int (structure, "index", &genre.index)
      || !gst_structure_get_boolean (structure, "final", &genre.final)
      || !gst_structure_get_uint (structure, "windows", &genre.windows)
      || !gst_genre_state_from_string (gst_structure_get_string (structure, "state"), &genre.state))
    return FALSE;

  /* An older element does not have it. */
  genre.music = 1.;
  if (gst_structure_has_field (structure, "music") && !gst_structure_get_double (structure, "music", &genre.music))
    return FALSE;

  genre.features = NULL;
  if (gst_structure_has_field (structure, "features")) {
    if (!gst_structure_has_field_typed (structure, "features", GST_TYPE_STRUCTURE))
      return FALSE;
    genre.features = gst_value_get_structure (gst_structure_get_value (structure, "features"));
  }

  genre.label = gst_structure_get_string (structure, "label");
  genre.summary = gst_structure_get_string (structure, "summary");
  genre.labels = gst_genre_message_get_array (structure, "labels", G_TYPE_STRING);
  genre.probabilities = gst_genre_message_get_array (structure, "probabilities", G_TYPE_DOUBLE);
  genre.smoothed = gst_genre_message_get_array (structure, "smoothed", G_TYPE_DOUBLE);
  if (genre.label == NULL || genre.summary == NULL || genre.labels == NULL || genre.probabilities == NULL
      || genre.smoothed == NULL)
    return FALSE;

  genre.n_labels = gst_value_array_get_size (genre.labels);
  if (genre.n_labels == 0 || gst_value_array_get_size (genre.probabilities) != genre.n_labels
      || gst_value_array_get_size (genre.smoothed) != genre.n_labels)
    return FALSE;
  /* So that it can be used to look something up. */
  if (genre.index < -1 || (genre.index >= 0 && (guint) genre.index >= genre.n_labels))
    return FALSE;

  *ret = genre;
  return TRUE;
}

G_END_DECLS

#endif
