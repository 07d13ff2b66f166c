/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-features.c - the property `features`: a field that is there in every message or in none, with the ten
 * descriptors of what the message is about.
 *
 * Layer:   tests; the element.
 */
#include "gst/genreclassify/genremessage.h"
#include "tests/element_log.h"

enum
{
  N_FEATURES = 10,
  SECONDS = 14,
};

/* In the order that they have in the message; how many values. */
static const struct
{
  const gchar *name;
  guint n;
  gboolean long_term;
} features[N_FEATURES] = {
  { "zero-crossings", 1, FALSE },
  { "spectral-centroid", 1, FALSE },
  { "spectral-rolloff", 1, FALSE },
  { "spectral-flux", 1, FALSE },
  { "mfcc", 20, FALSE },
  { "spectral-contrast", 7, FALSE },
  { "low-energy", 1, TRUE },
  { "omsc", 28, TRUE },
  { "mscm", 7, TRUE },
  { "msfm", 7, TRUE },
};

static GstHarness *
open_with_features (Log *log, const gchar *caps)
{
  log_init (log);
  GstElement *element = element_new (&log->listener);
  g_object_set (element, "features", TRUE, NULL);
  log->harness = element_play (element);
  log_watch_events (log, log->harness->element);
  gst_harness_set_src_caps_str (log->harness, caps);
  return log->harness;
}

static GstStructure *
get_features (const GstStructure *message)
{
  GstStructure *found = NULL;

  CHECK (gst_structure_get (message, "features", GST_TYPE_STRUCTURE, &found, NULL), "no field features");
  return found ? found : gst_structure_new_empty ("features");
}

static gdouble
get_value (const GstStructure *structure, const gchar *name, guint i)
{
  const GValue *value = gst_structure_get_value (structure, name);

  if (gst_structure_has_field_typed (structure, name, GST_TYPE_ARRAY))
    return g_value_get_double (gst_value_array_get_value (value, i));
  return g_value_get_double (value);
}

/* Every value has its type and is a number; what is long-term is there or not. */
static void
check_form (const GstStructure *structure, gboolean short_term, gboolean long_term)
{
  guint n = 0;

  CHECK (gst_structure_has_name (structure, "features"), "%s", gst_structure_get_name (structure));
  for (guint i = 0; i < N_FEATURES; i++) {
    const GValue *value = gst_structure_get_value (structure, features[i].name);

    CHECK (!!value == (features[i].long_term ? long_term : short_term), "%s is %sthere", features[i].name,
        value ? "" : "not ");
    if (!value)
      continue;
    CHECK (strcmp (gst_structure_nth_field_name (structure, n++), features[i].name) == 0, "%s: order",
        features[i].name);
    if (features[i].n == 1) {
      CHECK (gst_structure_has_field_typed (structure, features[i].name, G_TYPE_DOUBLE), "%s: type", features[i].name);
    } else {
      CHECK (gst_structure_has_field_typed (structure, features[i].name, GST_TYPE_ARRAY)
              && gst_value_array_get_size (value) == features[i].n,
          "%s: size", features[i].name);
    }
    for (guint k = 0; k < features[i].n; k++)
      CHECK (isfinite (get_value (structure, features[i].name, k)), "%s %u", features[i].name, k);
  }
  CHECK (gst_structure_n_fields (structure) == (gint) n, "%d fields", gst_structure_n_fields (structure));
}

/* Off, there is no such field; on, it is in every message, before `final`, and the parser finds it. */
static void
test_field (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  gboolean on = TRUE;

  g_object_get (harness->element, "features", &on, NULL);
  CHECK (!on, "it is on");
  push_seconds (harness, 5, 0, .3F);
  push_eos (harness);
  CHECK (log.n >= 3, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++)
    CHECK (!gst_structure_has_field (log.messages[i], "features"), "message %u", i);
  log_close (&log);

  harness = open_with_features (&log, LOG_CAPS (22050));
  push_seconds (harness, SECONDS, 0, .3F);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) >= SECONDS - 4 && log_count (&log, TRUE) == 1, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++) {
    GstStructure *found = get_features (log.messages[i]);
    GstMessage *message = gst_message_new_element (NULL, gst_structure_copy (log.messages[i]));
    GstGenreMessage genre;
    guint64 timestamp = 0, duration = 0;

    gst_structure_get (log.messages[i], "timestamp", G_TYPE_UINT64, &timestamp, "duration", G_TYPE_UINT64, &duration,
        NULL);
    check_form (found, TRUE, timestamp + duration > 6 * GST_SECOND);
    CHECK (strcmp (gst_structure_nth_field_name (log.messages[i], 13), "features") == 0, "place of the field");
    CHECK (gst_genre_message_parse (message, &genre) && genre.features
            && gst_structure_is_equal (genre.features, found),
        "the parser");
    gst_message_unref (message);
    gst_structure_free (found);
  }
  log_close (&log);
}

/* A field of that name and another type is no message of ours. */
static void
test_parser (void)
{
  Log log;
  GstHarness *harness = open_with_features (&log, LOG_CAPS (22050));

  push_seconds (harness, 5, 0, .3F);
  push_eos (harness);
  GstStructure *structure = gst_structure_copy (log_last (&log));
  gst_structure_set (structure, "features", G_TYPE_DOUBLE, 1., NULL);
  GstMessage *message = gst_message_new_element (NULL, structure);
  GstGenreMessage genre;
  CHECK (!gst_genre_message_parse (message, &genre), "a number for a structure");
  gst_message_unref (message);
  log_close (&log);
}

/* A tone of 1 kHz, then one of 4: the values are of the window that the message is about, at any rate. */
static void
push_tones (GstHarness *harness, guint rate, guint seconds)
{
  for (guint k = 0; k < 2 * seconds; k++) {
    GstBuffer *buffer = audio (rate, k * GST_SECOND, 0, 1);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (guint i = 0; i < rate; i++)
      ((gfloat *) (void *) map.data)[i] = .3F
          * (gfloat) sin (2 * G_PI * (k < seconds ? 1000 : 4000) * (gdouble) i / rate);
    gst_buffer_unmap (buffer, &map);
    push (harness, buffer);
  }
}

static void
check_tone (const GstStructure *message, gdouble hz)
{
  GstStructure *found = get_features (message);
  const gdouble crossings = get_value (found, "zero-crossings", 0),
                centroid = get_value (found, "spectral-centroid", 0);

  CHECK (fabs (crossings / (2 * hz) - 1) < .02, "%g crossings a second, not %g", crossings, 2 * hz);
  CHECK (fabs (centroid / hz - 1) < .03, "centroid %g, not %g", centroid, hz);
  gst_structure_free (found);
}

static void
test_values (void)
{
  static const struct
  {
    const gchar *caps;
    guint rate;
  } rows[] = { { LOG_CAPS (22050), 22050 }, { LOG_CAPS (44100), 44100 }, { LOG_CAPS (16000), 16000 } };

  for (guint r = 0; r < G_N_ELEMENTS (rows); r++) {
    Log log;
    GstHarness *harness = open_with_features (&log, rows[r].caps);

    push_tones (harness, rows[r].rate, 12);
    push_eos (harness);
    check_tone (log_nth (&log, FALSE, 7), 1000);
    check_tone (log_nth (&log, FALSE, log_count (&log, FALSE) - 1), 4000);
    check_tone (log_nth (&log, TRUE, 0), 2500);
    log_close (&log);
  }
}

/* Silence has values too; nothing at all has none. */
static void
test_nothing (void)
{
  Log log;
  GstHarness *harness = open_with_features (&log, LOG_CAPS (22050));

  push_seconds (harness, 8, 0, 0);
  push_eos (harness);
  for (guint i = 0; i < log.n; i++) {
    GstStructure *found = get_features (log.messages[i]);
    CHECK (get_value (found, "spectral-centroid", 0) == 0 && get_value (found, "spectral-flux", 0) == 0, "silence");
    gst_structure_free (found);
  }
  log_close (&log);

  harness = open_with_features (&log, LOG_CAPS (22050));
  push_eos (harness);
  GstStructure *found = get_features (log_last (&log));
  CHECK (log.n == 1, "%u messages of nothing", log.n);
  gst_structure_free (found);
  log_close (&log);
}

/* A discontinuity, another rate and another run begin anew: what is long-term must be heard again. */
static void
test_resets (void)
{
  Log log;
  GstHarness *harness = open_with_features (&log, LOG_CAPS (22050));

  push_seconds (harness, 8, 0, .3F);
  push_seconds (harness, 5, 100 * GST_SECOND, .3F);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (44100));
  for (guint k = 0; k < 5; k++)
    push (harness, audio (44100, (105 + k) * GST_SECOND, .3F, k));
  push_eos (harness);
  guint fresh = 0;
  for (guint i = 0; i < log_count (&log, FALSE); i++) {
    const GstStructure *message = log_nth (&log, FALSE, i);
    GstStructure *found = get_features (message);
    guint64 timestamp = 0, duration = 0;

    gst_structure_get (message, "timestamp", G_TYPE_UINT64, &timestamp, "duration", G_TYPE_UINT64, &duration, NULL);
    check_form (found, TRUE, timestamp < 50 * GST_SECOND && duration > 6 * GST_SECOND);
    fresh += timestamp >= 100 * GST_SECOND;
    gst_structure_free (found);
  }
  CHECK (fresh >= 2, "%u messages after the jump", fresh);
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_field ();
  test_parser ();
  test_values ();
  test_nothing ();
  test_resets ();
  TEST_END ();
}
