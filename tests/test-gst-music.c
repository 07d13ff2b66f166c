/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-music.c - what the element says where the model tells music from what is none: `music`, the state
 * `not-music`, `music-threshold`, finals and tags.
 *
 * Layer:   tests; the element, with the models of tests/random_model.py at GENRE_MUSIC_MODEL, to which a low tone is
 *          music and noise is not, and GENRE_TINY_MODEL, which has no head.
 */
#include "tests/element_log.h"

typedef enum Sound
{
  TONE,
  NOISE,
  SILENCE,
} Sound;

static GstHarness *
open_model (Log *log, const gchar *variable)
{
  GstHarness *harness = log_open (log);

  gst_element_set_state (harness->element, GST_STATE_READY);
  g_object_set (harness->element, "model", g_getenv (variable), "window", 3500 * GST_MSECOND, "music-threshold", .5,
      NULL);
  gst_element_set_state (harness->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (harness, LOG_CAPS (22050));
  return harness;
}

static void
push_sound (GstHarness *harness, Sound sound, guint seconds, guint *second)
{
  for (guint i = 0; i < seconds; i++, ++*second) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, RATE * sizeof (gfloat), NULL);
    uint64_t seed = *second + 1;
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (guint k = 0; k < RATE; k++) {
      const gfloat tone = .3F * sinf (6.2831853F * 150 * (gfloat) k / RATE), noise = .1F * test_noise (&seed);

      ((gfloat *) (void *) map.data)[k] = sound == TONE ? tone : sound == NOISE ? noise : 0;
    }
    gst_buffer_unmap (buffer, &map);
    GST_BUFFER_PTS (buffer) = *second * GST_SECOND;
    push (harness, buffer);
  }
}

static gdouble
get_music (const GstStructure *message)
{
  gdouble music = -1;

  CHECK (gst_structure_get_double (message, "music", &music), "no field music");
  return music;
}

static void
check_distribution (const GstStructure *message, const gchar *field, const GstStructure *other, const gchar *what)
{
  const GValue *p = gst_structure_get_value (message, field);
  const GValue *q = other ? gst_structure_get_value (other, field) : NULL;
  const guint n = gst_value_array_get_size (p);

  for (guint i = 0; i < n; i++) {
    const gdouble found = g_value_get_double (gst_value_array_get_value (p, i));
    const gdouble wanted = q ? g_value_get_double (gst_value_array_get_value (q, i)) : 1. / n;

    CHECK (fabs (found - wanted) < 1e-12, "%s: %s[%u] is %g, not %g", what, field, i, found, wanted);
  }
}

/* before: the last message that was music; NULL: there was none */
static void
check_not_music (const GstStructure *message, const GstStructure *before, const gchar *what)
{
  gdouble confidence = 1;
  gint label = 0;

  check_string (message, "state", "not-music");
  check_string (message, "summary", "not music");
  check_string (message, "label", "unknown");
  gst_structure_get (message, "confidence", G_TYPE_DOUBLE, &confidence, "index", G_TYPE_INT, &label, NULL);
  CHECK (confidence <= 0 && confidence >= 0 && label == -1, "%s: confidence %g, index %d", what, confidence, label);
  check_distribution (message, "probabilities", NULL, what);
  check_distribution (message, "smoothed", before, what);
  CHECK (get_windows (message) == (before ? get_windows (before) : 0), "%s: %u windows", what, get_windows (message));
}

static gboolean
has_state (const GstStructure *message, const gchar *state)
{
  return g_strcmp0 (gst_structure_get_string (message, "state"), state) == 0;
}

/* Noise, a tone, noise: the genres come from the tone alone, and `music` follows all of it. */
static void
test_states (void)
{
  Log log;
  GstHarness *harness = open_model (&log, "GENRE_MUSIC_MODEL");
  const GstStructure *before = NULL;
  guint second = 0, not_music = 0, ok = 0;
  gdouble last = 1, highest = 0;

  push_sound (harness, NOISE, 8, &second);
  push_sound (harness, TONE, 20, &second);
  push_sound (harness, NOISE, 20, &second);
  push_eos (harness);
  for (guint i = 0; i + 1 < log.n; i++) {
    const gdouble music = get_music (log.messages[i]);

    if (has_state (log.messages[i], "not-music")) {
      check_not_music (log.messages[i], before, before ? "noise after a tone" : "noise");
      CHECK (last < .3 || i == 0 || music < last, "music rises from %g to %g in noise", last, music);
      not_music++;
    } else {
      before = log.messages[i];
      check_string (before, "state", "ok");
      check_string (before, "label", "one");
      highest = MAX (highest, music);
      ok++;
    }
    last = music;
  }
  CHECK (not_music > 15 && ok > 15 && get_windows (before) == ok, "%u windows are not music, %u are, %u counted",
      not_music, ok, get_windows (before));
  CHECK (get_music (log.messages[0]) < .3 && highest > .8 && last < .3, "music from %g to %g to %g",
      get_music (log.messages[0]), highest, last);

  const GstStructure *final = log_last (&log);

  check_string (final, "state", "ok");
  check_string (final, "label", "one");
  CHECK (get_windows (final) == ok && get_music (final) > .3 && get_music (final) < .7, "final: %u windows, music %g",
      get_windows (final), get_music (final));
  log_close (&log);
}

/* seconds of silence, then of a sound */
static void
check_final (guint silent, Sound sound, guint seconds, gdouble threshold, const gchar *state, const gchar *summary)
{
  Log log;
  GstHarness *harness = open_model (&log, "GENRE_MUSIC_MODEL");
  guint second = 0;

  g_object_set (harness->element, "music-threshold", threshold, NULL);
  push_sound (harness, SILENCE, silent, &second);
  push_sound (harness, sound, seconds, &second);
  push_eos (harness);

  const GstStructure *final = log_last (&log);

  check_string (final, "state", state);
  if (summary) {
    check_string (final, "summary", summary);
    check_string (final, "label", "unknown");
    check_distribution (final, "probabilities", NULL, state);
    check_distribution (final, "smoothed", NULL, state);
    CHECK (get_windows (final) == 0, "%s: %u windows", state, get_windows (final));
  }
  CHECK ((get_music (final) < 1) == (seconds > 4 && sound != SILENCE), "%s: music %.17g", state, get_music (final));
  log_close (&log);
}

static void
test_finals (void)
{
  check_final (0, NOISE, 8, .5, "not-music", "not music");
  check_final (8, NOISE, 8, .5, "not-music", "not music");
  check_final (4, SILENCE, 4, .5, "silence", "silence");
  check_final (0, NOISE, 2, .5, "too-short", "too short");
  check_final (0, NOISE, 8, 0, "ok", NULL);
  check_final (8, TONE, 8, .5, "ok", NULL);
  check_final (0, TONE, 8, 1, "not-music", "not music");
}

/* Without a head, all is music, whatever the threshold. */
static void
test_without_head (void)
{
  Log log;
  GstHarness *harness = open_model (&log, "GENRE_TINY_MODEL");
  guint second = 0;

  g_object_set (harness->element, "music-threshold", 1., NULL);
  push_sound (harness, NOISE, 8, &second);
  push_eos (harness);
  CHECK (log.n > 4, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++) {
    check_string (log.messages[i], "state", "ok");
    CHECK (get_music (log.messages[i]) >= 1 && get_music (log.messages[i]) <= 1, "music %.17g",
        get_music (log.messages[i]));
  }
  log_close (&log);
}

/* --- the property ---------------------------------------------------------------------------------------------- */

static void
check_info (const gchar *variable, gboolean expected)
{
  Log log;
  GstHarness *harness = open_model (&log, variable);
  GstStructure *info = NULL;
  gboolean music = !expected;

  g_object_get (harness->element, "model-info", &info, NULL);
  CHECK (gst_structure_get_boolean (info, "music", &music) && music == expected, "model-info: music %d", music);
  gst_structure_free (info);
  log_close (&log);
}

static void
test_property (void)
{
  GstElement *element = gst_element_factory_make ("genreclassify", NULL);
  gdouble threshold = -1;

  g_object_get (element, "music-threshold", &threshold, NULL);
  CHECK (threshold > .49 && threshold < .51, "the default is %g", threshold);
  gst_object_unref (element);
  check_info ("GENRE_MUSIC_MODEL", TRUE);
  check_info ("GENRE_TINY_MODEL", FALSE);
}

/* The worker may be a second behind. */
static void
test_change_while_playing (void)
{
  Log log;
  GstHarness *harness = open_model (&log, "GENRE_MUSIC_MODEL");
  guint second = 0, ok = 0, changes = 0;

  push_sound (harness, NOISE, 10, &second);
  CHECK (log_count (&log, FALSE) >= 5, "%u messages", log_count (&log, FALSE));
  g_object_set (harness->element, "music-threshold", 0., NULL);
  push_sound (harness, NOISE, 10, &second);
  push_eos (harness);
  for (guint i = 0; i + 1 < log.n; i++) {
    const gboolean is_ok = has_state (log.messages[i], "ok");

    changes += i > 0 && is_ok != has_state (log.messages[i - 1], "ok");
    ok += is_ok;
  }
  CHECK (has_state (log.messages[0], "not-music") && changes == 1, "%u changes of the state", changes);
  CHECK (ok >= 10 && ok <= 11, "%u windows are music by the new threshold", ok);
  check_string (log_last (&log), "state", "ok");
  log_close (&log);
}

/* --- tags ------------------------------------------------------------------------------------------------------ */

static guint
count_genres (GstHarness *harness)
{
  GstEvent *event;
  guint n = 0;

  while ((event = gst_harness_try_pull_event (harness))) {
    GstTagList *tags = NULL;

    if (GST_EVENT_TYPE (event) == GST_EVENT_TAG)
      gst_event_parse_tag (event, &tags);
    n += tags ? gst_tag_list_get_tag_size (tags, GST_TAG_GENRE) : 0;
    gst_event_unref (event);
  }
  return n;
}

static guint
genres_of (Sound sound, gdouble threshold)
{
  Log log;
  GstHarness *harness = open_model (&log, "GENRE_MUSIC_MODEL");
  guint second = 0;

  g_object_set (harness->element, "post-tags", TRUE, "music-threshold", threshold, NULL);
  push_sound (harness, sound, 30, &second);
  push_eos (harness);

  const guint n = count_genres (harness);

  log_close (&log);
  return n;
}

static void
test_no_tag_for_noise (void)
{
  CHECK (genres_of (TONE, .5) == 1, "no tag for a tone");
  CHECK (genres_of (NOISE, .5) == 0, "a tag for noise");
  CHECK (genres_of (NOISE, 0) == 1, "no tag for noise that counts as music");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (!g_getenv ("GENRE_MUSIC_MODEL") || !g_getenv ("GENRE_TINY_MODEL")) {
    g_printerr ("GENRE_MUSIC_MODEL and GENRE_TINY_MODEL must name the files that `random_model.py music FILE` and "
                "`random_model.py tiny FILE` write\n");
    return 1;
  }
  test_states ();
  test_finals ();
  test_without_head ();
  test_property ();
  test_change_while_playing ();
  test_no_tag_for_noise ();
  TEST_END ();
}
