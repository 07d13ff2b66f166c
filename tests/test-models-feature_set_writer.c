/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _XOPEN_SOURCE 700 /* setrlimit */

#include "models/sets/feature_set_writer.h"

#include "models/frontend.h"
#include "tests/count_entries.h"
#include "tests/expect_error.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum
{
  FRAMES = 7,
  BANDS = 4,
  CLIPS = 5,
};

static const char *const labels[] = { "low \"quoted\"", "h\xc3\xb6her" };

/* Who plays: the track's and the album's artist of each clip, and their numbers. */
static const char *const tags[CLIPS][2] = { { "Bj\xc3\xb6rk", NULL },
  { "BJO\xcc\x88RK feat. \"X\"", "Various Artists" }, { "The \"Who\"", "The Who" }, { "Who, The", "Bjork" },
  { NULL, "Unknown" } };
static const int artists[CLIPS][2] = { { 0, -1 }, { 0, -1 }, { 1, 1 }, { 1, 0 }, { -1, -1 } };
static const char *const names_of_artists[] = { "Bj\xc3\xb6rk", "The \"Who\"" };

/* What the test writes: level of a value of a clip.  Clip 2 is flat, clip 3 reaches further down than 80 dB. */
static double
level (unsigned clip, unsigned frame, unsigned band)
{
  if (clip == 2)
    return -33.25;
  const double span = clip == 3 ? 120 : 30 + clip;
  return -90 + span * (((frame * BANDS + band) * 7 + clip) % 23) / 22;
}

static gsize
length (unsigned clip)
{
  return clip == 1 ? 3 : FRAMES;
}

static GenreFrontend
recipe (void)
{
  GenreFrontend frontend;
  GError *error = NULL;
  if (!genre_frontend_parse ("{\"sample_rate\":8000,\"n_fft\":64,\"hop_length\":32,\"n_mels\":8,\"band_pool\":2,"
                             "\"amin\":1e-10,\"top_db\":80}",
          "test", &frontend, &error))
    g_error ("%s", error->message);
  return frontend;
}

static bool
append (GenreFeatureSetWriter *writer, unsigned clip, GError **error)
{
  float db[FRAMES * BANDS];
  char name[32];
  g_snprintf (name, sizeof name, "dir/%u \\ \"\xc3\xa4\".wav", clip);
  for (unsigned t = 0; t < FRAMES; t++)
    for (unsigned b = 0; b < BANDS; b++)
      db[t * BANDS + b] = t < length (clip) ? (float) level (clip, t, b) : NAN; /* not to be read */
  return genre_feature_set_writer_append (writer,
      &(const GenreFeatureClip){ .db = db,
          .frames = length (clip),
          .label = (int) (clip % 3) - 1,
          .recording = (int) clip,
          .name = name,
          .artist = tags[clip][0],
          .album_artist = tags[clip][1] },
      error);
}

static GenreFeatureSetWriter *
writer_of (const char *path, SafetensorsType type, GError **error)
{
  GenreFrontend frontend = recipe ();
  GenreFeatureSetWriter *writer = genre_feature_set_writer_new (path, &frontend, labels, 2, FRAMES, type, error);
  genre_frontend_clear (&frontend);
  return writer;
}

static void
write_set (const char *path, SafetensorsType type)
{
  GError *error = NULL;
  GenreFeatureSetWriter *writer = writer_of (path, type, &error);
  CHECK (writer, "%s", error->message);
  for (unsigned clip = 0; clip < CLIPS; clip++) {
    CHECK (append (writer, clip, &error), "%s", error->message);
    CHECK (genre_feature_set_writer_n_clips (writer) == clip + 1, "count");
  }
  CHECK (genre_feature_set_writer_finish (writer, &error), "%s", error->message);
  genre_feature_set_writer_free (writer);
}

/* --- the set --------------------------------------------------------------------------------------------------- */

/* tolerance: half a step, relative to the 256 of U8 or the 2^-11 of F16. */
static void
check_levels (const GenreFeatureSet *set, unsigned clip, SafetensorsType type)
{
  float db[FRAMES * BANDS];
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (unsigned t = 0; t < length (clip); t++)
    for (unsigned b = 0; b < BANDS; b++) {
      least = fmin (least, level (clip, t, b));
      most = fmax (most, level (clip, t, b));
    }
  const double floor_db = fmax (least, most - 80);

  genre_feature_set_clip_db (set, clip, 0, FRAMES, db);
  for (unsigned t = 0; t < FRAMES; t++)
    for (unsigned b = 0; b < BANDS; b++) {
      double expected = t < length (clip) ? level (clip, t, b) : floor_db;
      const double tolerance = type == SAFETENSORS_U8 ? (most - floor_db) / 510 + 1e-4 : fabs (expected) / 2048;
      if (type == SAFETENSORS_U8)
        expected = fmax (expected, floor_db);
      CHECK (fabs ((double) db[t * BANDS + b] - expected) <= tolerance, "clip %u frame %u: %g instead of %g", clip, t,
          (double) db[t * BANDS + b], expected);
    }
}

static void
check_set (const char *path, SafetensorsType type)
{
  GError *error = NULL;
  g_autoptr (GenreFeatureSet) set = genre_feature_set_load (path, &error);
  CHECK (set, "%s", error->message);
  if (!set) {
    g_clear_error (&error);
    return;
  }
  GenreFrontend frontend = recipe ();
  CHECK (genre_feature_set_fits (set, &frontend, NULL), "recipe");
  genre_frontend_clear (&frontend);
  CHECK (genre_feature_set_n_clips (set) == CLIPS && genre_feature_set_n_frames (set) == FRAMES, "sizes");
  CHECK (genre_feature_set_n_labels (set) == 2, "labels");
  for (unsigned i = 0; i < 2; i++)
    CHECK (strcmp (genre_feature_set_labels (set)[i], labels[i]) == 0, "%s", genre_feature_set_labels (set)[i]);
  const char *const *found = genre_feature_set_artists (set);
  CHECK (found && strcmp (found[0], names_of_artists[0]) == 0 && strcmp (found[1], names_of_artists[1]) == 0
          && !found[2],
      "names of artists");
  for (unsigned clip = 0; clip < CLIPS; clip++) {
    char name[32];
    g_snprintf (name, sizeof name, "dir/%u \\ \"\xc3\xa4\".wav", clip);
    CHECK (strcmp (genre_feature_set_clip_name (set, clip), name) == 0, "%s", genre_feature_set_clip_name (set, clip));
    CHECK (genre_feature_set_label (set, clip) == (int) (clip % 3) - 1, "label");
    CHECK (genre_feature_set_artist (set, clip) == artists[clip][0], "artist %d", genre_feature_set_artist (set, clip));
    CHECK (genre_feature_set_album_artist (set, clip) == artists[clip][1], "album artist %d",
        genre_feature_set_album_artist (set, clip));
    CHECK (genre_feature_set_group (set, clip) == (clip == 4), "group"); /* clip 3's album joins both */
    CHECK (genre_feature_set_recording (set, clip) == (int) clip, "recording");
    CHECK (genre_feature_set_clip_frames (set, clip) == length (clip), "frames");
    check_levels (set, clip, type);
  }
}

static void
test_round_trip (const char *directory)
{
  static const SafetensorsType types[] = { SAFETENSORS_U8, SAFETENSORS_F16 };
  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autofree char *path = g_build_filename (directory, "set \xc3\xa4.safetensors", NULL);
    g_autofree char *first = NULL, *second = NULL;
    gsize first_size = 0, second_size = 0;
    write_set (path, types[i]);
    check_set (path, types[i]);
    g_file_get_contents (path, &first, &first_size, NULL);
    write_set (path, types[i]);
    g_file_get_contents (path, &second, &second_size, NULL);
    CHECK (first_size > 0 && first_size == second_size && memcmp (first, second, first_size) == 0, "not deterministic");
    CHECK (count_entries (directory) == 1, "%u files", count_entries (directory));

    GStatBuf status;
    const mode_t mask = umask (0);
    umask (mask);
    CHECK (g_stat (path, &status) == 0 && (status.st_mode & 0777) == (0666 & ~mask), "mode %o", status.st_mode);
    g_remove (path);
  }
}

/* Unknown artists and recordings take no room; a set without labels. */
static void
test_unlabelled (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "x", NULL);
  GError *error = NULL;
  GenreFrontend frontend = recipe ();
  GenreFeatureSetWriter *writer = genre_feature_set_writer_new (path, &frontend, NULL, 0, FRAMES, SAFETENSORS_U8,
      &error);
  static const float db[BANDS] = { -1, -2, -3, -4 };
  const GenreFeatureClip clip = { db, 1, -1, -1, "", NULL, NULL, FALSE };
  genre_frontend_clear (&frontend);
  CHECK (writer && genre_feature_set_writer_append (writer, &clip, &error)
          && genre_feature_set_writer_finish (writer, &error),
      "%s", error->message);
  genre_feature_set_writer_free (writer);
  g_autoptr (GenreFeatureSet) set = genre_feature_set_load (path, &error);
  CHECK (set && genre_feature_set_n_labels (set) == 0 && genre_feature_set_n_tracks (set) == 1, "unlabelled");
  g_autofree char *content = NULL;
  gsize size = 0;
  g_file_get_contents (path, &content, &size, NULL);
  CHECK (!g_strstr_len (content, (gssize) size, "\"artist\"") && !g_strstr_len (content, (gssize) size, "album_artist")
          && !g_strstr_len (content, (gssize) size, "\"recording\""),
      "written all the same");
  g_remove (path);
}

/* --- what fails ------------------------------------------------------------------------------------------------ */

/* Until it is finished, the old file is there; without finish, nothing else is left. */
static void
test_unfinished (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "x", NULL);
  g_autofree char *content = NULL;
  g_file_set_contents (path, "old", 3, NULL);
  GenreFeatureSetWriter *writer = writer_of (path, SAFETENSORS_U8, NULL);
  CHECK (append (writer, 0, NULL), "append");
  CHECK (g_file_get_contents (path, &content, NULL, NULL) && strcmp (content, "old") == 0, "%s", content);
  genre_feature_set_writer_free (writer);
  CHECK (count_entries (directory) == 1, "%u files", count_entries (directory));
  g_remove (path);
}

static void
test_no_directory (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "none", "x", NULL);
  GError *error = NULL;
  CHECK (!writer_of (path, SAFETENSORS_U8, &error), "no directory");
  CHECK (error && error->domain == G_FILE_ERROR && error->code == G_FILE_ERROR_NOENT && strstr (error->message, path),
      "%s", error ? error->message : "no error");
  g_clear_error (&error);
}

/* A file that may not grow stands for a disk that is full: after so many bytes, writing fails. */
static void
test_full_disk (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "x", NULL);
  struct rlimit old, limit;
  g_file_set_contents (path, "old", 3, NULL);
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &old);
  for (rlim_t bytes = 0; bytes < 1600; bytes += 50) {
    GError *error = NULL;
    GenreFeatureSetWriter *writer = writer_of (path, SAFETENSORS_U8, NULL);
    limit = old;
    limit.rlim_cur = bytes;
    setrlimit (RLIMIT_FSIZE, &limit);
    bool ok = true;
    for (unsigned clip = 0; ok && clip < CLIPS; clip++)
      ok = append (writer, clip, &error);
    ok = ok && genre_feature_set_writer_finish (writer, &error);
    setrlimit (RLIMIT_FSIZE, &old);
    genre_feature_set_writer_free (writer);
    CHECK (bytes >= 1000 || !ok, "written within %u bytes", (unsigned) bytes);
    CHECK (!ok == (error != NULL), "error");
    CHECK (!error || (error->domain == G_FILE_ERROR && strstr (error->message, "cannot write")), "%s", error->message);
    g_autofree char *content = NULL;
    g_file_get_contents (path, &content, NULL, NULL);
    CHECK (ok || strcmp (content, "old") == 0, "the old file is gone");
    CHECK (count_entries (directory) == 1, "%u files", count_entries (directory));
    g_clear_error (&error);
    if (ok)
      break;
  }
  check_set (path, SAFETENSORS_U8);
  g_remove (path);
}

/* What is not music is said of each clip, once one of them is not. */
static void
test_not_music (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "x", NULL);
  static const float db[BANDS] = { -1, -2, -3, -4 };
  for (unsigned n_not = 0; n_not <= 2; n_not++) {
    GError *error = NULL;
    g_autoptr (GenreFeatureSetWriter) writer = writer_of (path, SAFETENSORS_U8, NULL);
    for (unsigned i = 0; i < 2; i++) {
      const GenreFeatureClip clip = { db, 1, -1, (int) i, "", NULL, NULL, i < n_not };
      CHECK (genre_feature_set_writer_append (writer, &clip, &error), "append");
    }
    CHECK (genre_feature_set_writer_finish (writer, &error), "finish");
    g_autoptr (GenreFeatureSet) set = genre_feature_set_load (path, &error);
    CHECK (set && genre_feature_set_says_music (set) == (n_not > 0) && genre_feature_set_music (set, 0) == (n_not < 1)
            && genre_feature_set_music (set, 1) == (n_not < 2),
        "%u clips are not music", n_not);
  }
}

/* More names than a header may hold. */
static void
test_names (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "x", NULL);
  g_autofree char *name = g_strnfill (1 << 20, '"');
  GError *error = NULL;
  GenreFeatureSetWriter *writer = writer_of (path, SAFETENSORS_U8, NULL);
  static const float db[BANDS] = { 0 };
  const GenreFeatureClip clip = { db, 1, 0, 0, name, NULL, NULL, FALSE };
  unsigned n = 0;
  while (n < 100 && genre_feature_set_writer_append (writer, &clip, &error))
    n++;
  CHECK (n == 3, "%u clips", n); /* four bytes for each in the header, 14 MiB */
  expect_error (error, GENRE_MODEL_ERROR_SIZE, "names of more than 3 clips", "names");
  genre_feature_set_writer_free (writer);

  /* As many as there is room for can be read. */
  writer = writer_of (path, SAFETENSORS_U8, NULL);
  error = NULL;
  for (unsigned i = 0; i < n; i++)
    CHECK (genre_feature_set_writer_append (writer, &clip, &error), "%s", error->message);
  CHECK (genre_feature_set_writer_finish (writer, &error), "%s", error->message);
  genre_feature_set_writer_free (writer);
  g_autoptr (GenreFeatureSet) set = genre_feature_set_load (path, &error);
  CHECK (set && strcmp (genre_feature_set_clip_name (set, 2), name) == 0, "read back");
  g_remove (path);
}

int
main (void)
{
  g_autofree char *directory = g_dir_make_tmp ("genre-XXXXXX", NULL);
  test_round_trip (directory);
  test_not_music (directory);
  test_unlabelled (directory);
  test_unfinished (directory);
  test_no_directory (directory);
  test_full_disk (directory);
  test_names (directory);
  CHECK (g_rmdir (directory) == 0, "left behind in %s", directory);
  TEST_END ();
}
