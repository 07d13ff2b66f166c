/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/message.h"

#include "models/genre_aggregate.h"

enum
{
  SUMMARY_GENRES = 3
};

static const gdouble SUMMARY_LEAST = .05;

/* "classical 89 %, jazz 7 %": whole numbers only, so that no locale can change them. */
static gchar *
summarize (const gchar *const *labels, const gdouble *p, guint n)
{
  GString *text = g_string_new (NULL);
  guint chosen[SUMMARY_GENRES];

  for (guint rank = 0; rank < SUMMARY_GENRES && rank < n; rank++) {
    guint best = n;

    for (guint i = 0; i < n; i++) {
      gboolean taken = FALSE;

      for (guint r = 0; r < rank; r++)
        taken |= chosen[r] == i;
      if (!taken && (best == n || p[i] > p[best]))
        best = i;
    }
    if (p[best] < SUMMARY_LEAST)
      break;
    chosen[rank] = best;
    g_string_append_printf (text, "%s%s %d %%", rank > 0 ? ", " : "", labels[best], (gint) (100 * p[best] + .5));
  }
  return g_string_free (text, FALSE);
}

static void
set_doubles (GstStructure *structure, const gchar *field, const gdouble *p, guint n)
{
  GValue array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, G_TYPE_DOUBLE);
    g_value_set_double (&value, p[i]);
    gst_value_array_append_and_take_value (&array, &value);
  }
  gst_structure_take_value (structure, field, &array);
}

static void
set_strings (GstStructure *structure, const gchar *field, const gchar *const *strings, guint n)
{
  GValue array = G_VALUE_INIT;

  g_value_init (&array, GST_TYPE_ARRAY);
  for (guint i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, G_TYPE_STRING);
    g_value_set_string (&value, strings[i]);
    gst_value_array_append_and_take_value (&array, &value);
  }
  gst_structure_take_value (structure, field, &array);
}

static gchar *
make_summary (const gchar *const *labels, const GenreResult *result, guint n)
{
  switch (result->state) {
    case GENRE_STATE_OK:
      return summarize (labels, result->smoothed, n);
    case GENRE_STATE_SILENCE:
      return g_strdup ("silence");
    case GENRE_STATE_NOT_MUSIC:
      return g_strdup ("not music");
    case GENRE_STATE_TOO_SHORT:
      return g_strdup ("too short");
  }
  return NULL;
}

/* Whether there is a genre to name.  A final that is too short may still hold one window over what there was. */
static gboolean
is_heard (const GenreResult *result)
{
  return (result->state == GENRE_STATE_OK || result->state == GENRE_STATE_TOO_SHORT) && result->windows > 0;
}

/* The field `features`: each descriptor by its name, with dashes as GStreamer has them; those that are not known are
 * not there. */
static void
set_features (GstStructure *structure, const GenreDescriptorValues *descriptors)
{
  GstStructure *features = gst_structure_new_empty ("features");

  for (guint i = 0; i < GENRE_N_DESCRIPTORS; i++) {
    const GenreDescriptor *descriptor = genre_descriptor (i);
    const gboolean long_term = descriptor->first >= GENRE_FRAME_VALUES;
    const gdouble *values = descriptors->values + descriptor->first;
    gchar *name = g_strdelimit (g_strdup (descriptor->name), "_", '-');

    if (!(long_term ? descriptors->has_long_term : descriptors->has_short_term)) {
      g_free (name);
      continue;
    }
    if (descriptor->n == 1)
      gst_structure_set (features, name, G_TYPE_DOUBLE, values[0], NULL);
    else
      set_doubles (features, name, values, (guint) descriptor->n);
    g_free (name);
  }
  gst_structure_set (structure, "features", GST_TYPE_STRUCTURE, features, NULL);
  gst_structure_free (features);
}

GstMessage *
genre_message_new (GstObject *source, const GenreModel *model, const GenreResult *result,
    const GenreDescriptorValues *descriptors, const GenreTimes *times, gdouble threshold)
{
  static const gchar *const states[] = {
    [GENRE_STATE_OK] = "ok",
    [GENRE_STATE_SILENCE] = "silence",
    [GENRE_STATE_NOT_MUSIC] = "not-music",
    [GENRE_STATE_TOO_SHORT] = "too-short",
  };
  const gchar *const *labels = genre_model_labels (model);
  const guint n = genre_model_n_labels (model), top = genre_probabilities_top (result->smoothed, n);
  const gboolean heard = is_heard (result), known = heard && result->smoothed[top] >= threshold;
  gchar *summary = make_summary (labels, result, n);

  /* clang-format off */
  GstStructure *structure = gst_structure_new ("genreclassify",
      "timestamp", G_TYPE_UINT64, times->timestamp,
      "stream-time", G_TYPE_UINT64, times->stream_time,
      "running-time", G_TYPE_UINT64, times->running_time,
      "duration", G_TYPE_UINT64, times->duration,
      "label", G_TYPE_STRING, known ? labels[top] : "unknown",
      "confidence", G_TYPE_DOUBLE, heard ? result->smoothed[top] : 0.,
      "index", G_TYPE_INT, known ? (gint) top : -1,
      NULL);
  /* clang-format on */

  set_strings (structure, "labels", labels, n);
  set_doubles (structure, "probabilities", result->probabilities, n);
  set_doubles (structure, "smoothed", result->smoothed, n);
  /* clang-format off */
  gst_structure_set (structure,
      "music", G_TYPE_DOUBLE, result->music,
      "summary", G_TYPE_STRING, summary,
      "state", G_TYPE_STRING, states[result->state],
      NULL);
  /* clang-format on */
  if (descriptors)
    set_features (structure, descriptors);
  /* clang-format off */
  gst_structure_set (structure,
      "final", G_TYPE_BOOLEAN, (gboolean) result->final,
      "windows", G_TYPE_UINT, result->windows,
      NULL);
  /* clang-format on */
  g_free (summary);
  return gst_message_new_element (source, structure);
}
