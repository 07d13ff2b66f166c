/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * genre_tracks: which tracks are judged, and that each is heard as docs/schedule.md has it: the schedule written out,
 * every window forwarded by itself.
 */
#include "models/sets/feature_set_writer.h"
#include "models/sets/genre_tracks.h"
#include "models/genre_windows.h"
#include "nn/run.h"
#include "tests/model_builder.h"
#include "tests/test.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  BANDS = 4, /* of the tiny model, as are W, M and S */
  WINDOW = 20,
  LEAST = 8,
  GRID = 2,
  FRAMES = 300, /* of a clip */
  LABELS = 3,
};

static GenreModel *
parse (ModelBuilder *builder)
{
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *model = genre_model_parse (data, size, "tiny", &error);

  if (!model) {
    fprintf (stderr, "%s\n", error->message);
    abort ();
  }
  return model;
}

static GenreModel *
tiny_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  return parse (builder);
}

/* Clips of seeded noise; what follows the true length would be heard if it were: it is loud. */
typedef struct Clip
{
  int label, recording;
  gsize frames;
} Clip;

static GenreFeatureSet *
make_set (const GenreModel *model, const char *const *labels, gsize n_labels, const Clip *clips, gsize n_clips)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("tracks-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "set.safetensors", NULL);
  GenreFeatureSetWriter *writer = genre_feature_set_writer_new (path, genre_model_frontend (model), labels, n_labels,
      FRAMES, SAFETENSORS_F16, &error);
  static float db[FRAMES * BANDS];
  uint64_t state = 3;

  for (gsize i = 0; i < n_clips && !error; i++) {
    for (gsize k = 0; k < FRAMES * BANDS; k++)
      db[k] = -20 + 15 * test_noise (&state);
    const GenreFeatureClip clip = { db, clips[i].frames, clips[i].label, clips[i].recording, "x", NULL, NULL, FALSE };
    genre_feature_set_writer_append (writer, &clip, &error);
  }
  if (!error)
    genre_feature_set_writer_finish (writer, &error);
  genre_feature_set_writer_free (writer);
  GenreFeatureSet *set = error ? NULL : genre_feature_set_load (path, &error);
  if (!set) {
    fprintf (stderr, "%s\n", error->message);
    abort ();
  }
  g_unlink (path);
  g_rmdir (folder);
  return set;
}

/* --- which are judged ------------------------------------------------------------------------------------------ */

static void
test_choice (void)
{
  const char *const labels[] = { "other", "high", "low" };
  const Clip clips[] = { { -1, 0, 50 }, { 1, 1, 50 }, { 0, 2, 50 }, { 2, 3, 50 }, { 1, 4, 50 }, { -1, 1, 50 },
    { 2, 4, 50 }, { 1, -1, 50 }, { 1, 1, 50 } };
  GenreModel *model = tiny_model ();
  GenreFeatureSet *set = make_set (model, labels, 3, clips, G_N_ELEMENTS (clips));
  g_autoptr (GenreTracks) tracks = genre_tracks_new (set, model, "tiny", NULL);

  CHECK (tracks->n_tracks == 3 && tracks->n_clips == 5, "%d tracks", (int) tracks->n_tracks);
  CHECK (tracks->unlabelled == 1 && tracks->unknown == 1 && tracks->contradictory == 1, "%d %d %d left out",
      (int) tracks->unlabelled, (int) tracks->unknown, (int) tracks->contradictory);
  const GenreTrack *first = &tracks->tracks[0];
  CHECK (first->truth == 2 && first->n_clips == 3 && first->clips[0] == 1 && first->clips[1] == 5
          && first->clips[2] == 8,
      "the clips of one recording, one of them without a label");
  CHECK (tracks->tracks[1].truth == 0 && tracks->tracks[1].id == 3, "label \"low\"");
  CHECK (tracks->tracks[2].n_clips == 1 && tracks->tracks[2].clips[0] == 7, "a clip of no recording");
  genre_feature_set_free (set);
  genre_model_unref (model);
}

static void
expect_error (const char *const *labels, gsize n_labels, const Clip *clips, gsize n_clips, const char *expected)
{
  GenreModel *model = tiny_model ();
  GenreFeatureSet *set = make_set (model, labels, n_labels, clips, n_clips);
  g_autoptr (GError) error = NULL;

  CHECK (!genre_tracks_new (set, model, "tiny", &error), "%s: no error", expected);
  CHECK (g_error_matches (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_LABELS) && strstr (error->message, expected),
      "expected \"%s\", found \"%s\"", expected, error ? error->message : "none");
  genre_feature_set_free (set);
  genre_model_unref (model);
}

static void
test_no_tracks (void)
{
  const char *const strangers[] = { "polka" };
  const Clip unlabelled[] = { { -1, -1, 50 } }, polka[] = { { 0, -1, 50 } };

  expect_error (NULL, 0, unlabelled, 1, "expected clips with labels, found none");
  expect_error (strangers, 1, polka, 1, "the set has \"polka\", the model \"low\", \"middle\", \"high\"");
}

static void
test_unfit (void)
{
  const char *const labels[] = { "low" };
  const Clip clips[] = { { 0, -1, 50 } };
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_replace (builder, "frontend", "\"hop_length\":128", "\"hop_length\":64");
  GenreModel *model = tiny_model (), *other = parse (builder);
  GenreFeatureSet *set = make_set (model, labels, 1, clips, 1);
  g_autoptr (GError) error = NULL;

  CHECK (!genre_tracks_new (set, other, "other", &error)
          && g_error_matches (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_FRONTEND)
          && strstr (error->message, "hop_length"),
      "another hop: %s", error ? error->message : "none");
  genre_feature_set_free (set);
  genre_model_unref (other);
  genre_model_unref (model);
}

/* --- how they are heard ---------------------------------------------------------------------------------------- */

/* The windows of a clip by their definition.  Returns how many; windows [..][2] */
static gsize
define_windows (const GenreModel *model, gsize n_frames, gsize windows[][2])
{
  const DspLogMelConfig *mel = &genre_model_frontend (model)->mel;
  const gsize least = genre_model_min_frames (model), most = genre_model_window_frames (model);
  const gsize grid = least < most ? GRID : 1;
  gsize n = 0;

  for (gsize k = 0;; k++) {
    const gsize end = least + k * mel->sample_rate_hz / mel->hop_length; /* an answer a second, longer than a hop */
    if (end > n_frames)
      break;
    gsize first = 0;
    while (first + most < end)
      first += grid;
    windows[n][0] = first;
    windows[n++][1] = end;
  }
  if (n == 0 && least < most && nn_network_accepts (genre_model_network (model), n_frames)) {
    windows[n][0] = 0;
    windows[n++][1] = n_frames;
  }
  return n;
}

/* What the window that was run last is by the model's head, at the element's default threshold. */
static bool
is_music (const GenreModel *model, const NnRun *run)
{
  return !genre_model_has_music (model) || *nn_run_head (run, 0) >= .5F;
}

/* One track against windows that are forwarded one by one. */
static void
check_hearing (GenreModel *model, const GenreFeatureSet *set, GenreListener *listener, const GenreTrack *track,
    double gain_db, const char *what)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  GenreHearing *hearing = genre_track_hear (track, set, listener, gain_db);
  NnRun *run = nn_run_new (genre_model_network (model), WINDOW);
  const double hop = (double) frontend->mel.hop_length / frontend->mel.sample_rate_hz;
  double log_sum[LABELS] = { 0 }, weight = 0, heard = 0;
  gsize at = 0, not_music = 0;

  for (gsize c = 0; c < track->n_clips; c++) {
    const gsize frames = genre_feature_set_clip_frames (set, track->clips[c]);
    gsize windows[FRAMES][2];
    const gsize n = define_windows (model, frames, windows);
    for (gsize k = 0; k < n; k++) {
      const gsize first = windows[k][0], length = windows[k][1] - first;
      static float db[WINDOW * BANDS];
      float out[LABELS];
      genre_feature_set_clip_db (set, track->clips[c], first, length, db);
      for (gsize i = 0; i < length * BANDS; i++)
        db[i] += (float) gain_db;
      genre_frontend_apply (frontend, GENRE_LEVELS_DB, db, db, length);
      nn_run_forward (run, db, length, out);
      if (!is_music (model, run)) {
        not_music++;
        continue;
      }
      CHECK (at < hearing->n_answers, "%s: %d answers", what, (int) hearing->n_answers);
      if (at == hearing->n_answers)
        break;
      CHECK (hearing->n_frames[at] == length, "%s, answer %d: %d frames", what, (int) at, (int) hearing->n_frames[at]);
      const bool whole = windows[k][1] < genre_model_min_frames (model);
      const double seconds = heard
          + (whole ? (double) frames * hop
                   : ((double) windows[k][1] - 1) * hop + frontend->mel.n_fft / 2. / frontend->mel.sample_rate_hz);
      CHECK (fabs (hearing->seconds[at] - seconds) < 1e-9, "%s, answer %d: %g s", what, (int) at, hearing->seconds[at]);
      for (int i = 0; i < LABELS; i++) {
        const double p = hearing->probabilities[at * LABELS + (gsize) i];
        CHECK (fabs (p - (double) out[i]) < 1e-5, "%s, answer %d, label %d: %g", what, (int) at, i, p);
        log_sum[i] += (double) length * log (fmax (p, 1e-12));
      }
      weight += (double) length;
      at++;
    }
    heard += (double) frames * hop;
  }
  CHECK (at == hearing->n_answers, "%s: %d answers more", what, (int) (hearing->n_answers - at));
  CHECK (not_music == hearing->n_not_music, "%s: %d windows are not music, not %d", what, (int) hearing->n_not_music,
      (int) not_music);

  GenreAggregate *aggregate = genre_aggregate_new (LABELS);
  const double *p = genre_hearing_aggregate (hearing, HUGE_VAL, aggregate);
  CHECK ((p != NULL) == (at > 0), "%s: an aggregate of %d answers", what, (int) at);
  if (p) {
    double sum = 0, mean[LABELS];
    for (int i = 0; i < LABELS; i++)
      sum += exp (log_sum[i] / weight);
    genre_hearing_mean_log (hearing, mean);
    for (int i = 0; i < LABELS; i++) {
      CHECK (fabs (p[i] - exp (log_sum[i] / weight) / sum) < 1e-12, "%s, label %d: aggregate %g", what, i, p[i]);
      CHECK (fabs (mean[i] - log_sum[i] / weight) < 1e-9, "%s, label %d: mean of logarithms %g", what, i, mean[i]);
    }
  }
  genre_aggregate_free (aggregate);
  nn_run_free (run);
  genre_hearing_free (hearing);
}

static void
test_hearing (GenreModel *model, const char *what)
{
  const char *const labels[] = { "low" };
  const Clip clips[] = { { 0, 0, FRAMES }, { 0, 1, 200 }, { 0, 1, LEAST }, { 0, 1, LEAST - 1 }, { 0, 2, LEAST - 2 },
    { 0, 3, 1 }, { 0, 4, LEAST + 61 }, { 0, 5, LEAST + 62 }, { 0, 6, 19 }, { 0, 7, 20 } };
  GenreFeatureSet *set = make_set (model, labels, 1, clips, G_N_ELEMENTS (clips));
  g_autoptr (GenreTracks) tracks = genre_tracks_new (set, model, what, NULL);
  GenreListener *listener = genre_listener_new (model, GENRE_LISTENER_INTERVAL_NS, .5);

  for (int round = 0; round < 2; round++) /* the second time: nothing is left of what was heard before */
    for (gsize i = 0; i < tracks->n_tracks; i++) {
      check_hearing (model, set, listener, &tracks->tracks[i], 0, what);
      check_hearing (model, set, listener, &tracks->tracks[i], -30, what);
    }
  genre_listener_free (listener);
  genre_feature_set_free (set);
}

/* Windows that are not music get no answer, nor does a clip that is none, by its one short window. */
static void
test_music (void)
{
  const char *const labels[] = { "low" };
  const Clip clips[] = { { 0, 0, FRAMES }, { 0, 0, FRAMES }, { 0, 1, LEAST - 1 }, { 0, 2, LEAST - 2 }, { 0, 3, 20 } };
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  model_builder_add_music (builder);
  for (gsize i = 0; i < 8; i++)
    model_builder_set_value (builder, "music/kernel", i, i == 0 ? 200 : 0);
  model_builder_set_value (builder, "music/bias", 0, -200 * .133F); /* one window is, another not */
  GenreModel *model = parse (builder);
  GenreFeatureSet *set = make_set (model, labels, 1, clips, G_N_ELEMENTS (clips));
  g_autoptr (GenreTracks) tracks = genre_tracks_new (set, model, "music", NULL);
  GenreListener *listener = genre_listener_new (model, GENRE_LISTENER_INTERVAL_NS, .5);
  gsize answers = 0, not_music = 0;

  for (gsize i = 0; i < tracks->n_tracks; i++) {
    check_hearing (model, set, listener, &tracks->tracks[i], 0, "music");
    GenreHearing *hearing = genre_track_hear (&tracks->tracks[i], set, listener, 0);
    answers += hearing->n_answers;
    not_music += hearing->n_not_music;
    genre_hearing_free (hearing);
  }
  CHECK (answers >= 3 && not_music >= 3, "%d answers, %d windows without music", (int) answers, (int) not_music);
  genre_listener_free (listener);
  genre_feature_set_free (set);
  genre_model_unref (model);
}

/* Part of a clip, and several parts one after another; at_end_only: one answer over all of it. */
static void
test_passages (GenreModel *model)
{
  const char *const labels[] = { "low" };
  const Clip clips[] = { { 0, 0, FRAMES } };
  const GenrePassage all = { .clip = 0, .first = 30, .n_frames = WINDOW };
  GenrePassage last = all;
  GenreFeatureSet *set = make_set (model, labels, 1, clips, 1);
  GenreListener *listener = genre_listener_new (model, 1, .5); /* an answer a frame */
  const DspLogMelConfig *mel = &genre_model_frontend (model)->mel;
  const double passage_s = WINDOW * (double) mel->hop_length / mel->sample_rate_hz;

  last.at_end_only = TRUE;
  CHECK (genre_listener_window_frames (listener) == WINDOW, "its window");
  genre_listener_hear (listener, set, &all, 0);
  GenreHearing *first = genre_listener_take (listener);
  genre_listener_hear (listener, set, &last, 0);
  genre_listener_hear (listener, set, &all, 0);
  GenreHearing *both = genre_listener_take (listener);
  const gsize n = first->n_answers;

  CHECK (n == WINDOW - LEAST + 1, "%d answers", (int) n);
  CHECK (both->n_answers == n + 1, "%d answers of both", (int) both->n_answers);
  if (n > 0 && both->n_answers == n + 1) {
    CHECK (both->n_frames[0] == WINDOW && first->n_frames[n - 1] == WINDOW, "the whole");
    CHECK (memcmp (both->probabilities, first->probabilities + (n - 1) * LABELS, LABELS * sizeof (double)) == 0,
        "what is said at the end");
    CHECK (memcmp (both->probabilities + LABELS, first->probabilities, n * LABELS * sizeof (double)) == 0,
        "each passage is a new start");
    for (gsize i = 0; i < n; i++)
      CHECK (fabs (both->seconds[i + 1] - first->seconds[i] - passage_s) < 1e-9, "answer %d at %g s", (int) i,
          both->seconds[i + 1]);
  }
  genre_hearing_free (first);
  genre_hearing_free (both);

  first = genre_listener_take (listener);
  CHECK (first->n_answers == 0, "nothing is taken twice");
  genre_hearing_free (first);
  genre_listener_free (listener);

  /* A schedule that has no answer at the end, but one before. */
  listener = genre_listener_new (model, 5 * (guint64) (1e9 * mel->hop_length / mel->sample_rate_hz), .5);
  genre_listener_hear (listener, set, &last, 0);
  first = genre_listener_take (listener);
  CHECK (first->n_answers == 1 && first->n_frames[0] == WINDOW, "%d answers over a segment", (int) first->n_answers);
  genre_hearing_free (first);
  genre_listener_free (listener);
  genre_feature_set_free (set);
}

/* Only the answers that had come by then count. */
static void
test_seconds (void)
{
  double seconds[] = { 1, 2, 3 }, probabilities[] = { .9, .1, .2, .8, .1, .9 };
  guint64 n_frames[] = { 10, 10, 10 };
  const GenreHearing hearing = { 3, 2, seconds, n_frames, probabilities, NULL, 0, 0 };
  GenreAggregate *aggregate = genre_aggregate_new (2);

  CHECK (!genre_hearing_aggregate (&hearing, .99, aggregate), "nothing yet");
  const double *p = genre_hearing_aggregate (&hearing, 1, aggregate);
  CHECK (p && fabs (p[0] - .9) < 1e-12, "one answer");
  p = genre_hearing_aggregate (&hearing, 2.5, aggregate);
  CHECK (p && fabs (p[0] - .6) < 1e-12, "two: %g", p ? p[0] : -1); /* sqrt (.9 .2) : sqrt (.1 .8) = 3 : 2 */
  genre_aggregate_free (aggregate);
}

/* Another temperature in the file is a division of the mean of the logarithms. */
static void
test_temperature (void)
{
  const char *const labels[] = { "low" };
  const Clip clips[] = { { 0, 0, FRAMES } };
  GenreModel *model = tiny_model ();
  GenreFeatureSet *set = make_set (model, labels, 1, clips, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = genre_model_serialize_tempered (model, 2.5, "{\"a\":1}", &error);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *models[] = { model, genre_model_parse (data, size, "tempered", &error) };
  double mean[2][LABELS];

  CHECK (genre_model_temperature (models[0]) == 1 && genre_model_temperature (models[1]) == 2.5, "temperatures");
  CHECK (strcmp (genre_model_training (models[1]), "{\"a\":1}") == 0, "training %s", genre_model_training (models[1]));
  for (int i = 0; i < 2; i++) {
    g_autoptr (GenreTracks) tracks = genre_tracks_new (set, models[i], "tiny", NULL);
    GenreListener *listener = genre_listener_new (models[i], GENRE_LISTENER_INTERVAL_NS, .5);
    GenreHearing *hearing = genre_track_hear (&tracks->tracks[0], set, listener, 0);
    genre_hearing_mean_log (hearing, mean[i]);
    genre_hearing_free (hearing);
    genre_listener_free (listener);
  }
  for (int i = 1; i < LABELS; i++)
    CHECK (fabs ((mean[0][i] - mean[0][0]) / 2.5 - (mean[1][i] - mean[1][0])) < 1e-5, "label %d: %g and %g", i,
        mean[0][i] - mean[0][0], mean[1][i] - mean[1][0]);
  genre_feature_set_free (set);
  genre_model_unref (models[1]);
  genre_model_unref (model);
}

int
main (void)
{
  GenreModel *model = tiny_model ();
  g_autoptr (ModelBuilder) fixed = model_builder_new (), loudest = model_builder_new ();

  model_builder_set (fixed, "min_frames", "20");
  model_builder_replace (loudest, "frontend", "\"top_db\":null", "\"top_db\":30");
  GenreModel *fixed_model = parse (fixed), *loudest_model = parse (loudest);
  test_choice ();
  test_no_tracks ();
  test_unfit ();
  test_hearing (model, "shared columns");
  test_hearing (fixed_model, "fixed length");
  test_hearing (loudest_model, "whole windows");
  test_music ();
  test_seconds ();
  test_passages (model);
  test_passages (loudest_model);
  test_temperature ();
  genre_model_unref (model);
  genre_model_unref (fixed_model);
  genre_model_unref (loudest_model);
  TEST_END ();
}
