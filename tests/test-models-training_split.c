/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/training_split on random collections in one to three sets: nothing that sounds the same, and no
 * artist however it is written, is on both sides; what has two labels is on neither; the same whatever the order of
 * sets and files.
 */
#include "models/training/training_split.h"

#include "models/sets/feature_set_writer.h"
#include "models/frontend.h"
#include "tests/test.h"

#include <glib/gstdio.h>
#include <string.h>

enum
{
  FRAMES = 6,
  BANDS = 4,
  MOST = 40,
  MOST_SETS = 3,
  LABELS = 3,
  ARTISTS = 10,
};

static const char *const labels[LABELS] = { "a", "b", "c" };

/* Each artist as it may be written; the last two of nobody. */
static const char *const artists[ARTISTS + 1][2] = { { "Queen", "QUEEN feat. Bowie" }, { "The Who", "Who, The" },
  { "Bj\xc3\xb6rk", "bjork" }, { "Can", "Can & X" }, { "AC/DC", "AC/DC" }, { "Air", "air" }, { "Low", "LOW" },
  { "Yes", "Yes; X" }, { "Abba", "ABBA" }, { "!!!", "!!!" }, { "Various Artists", NULL } };

typedef struct Recording
{
  int label, artist, album; /* ARTISTS: unknown */
  unsigned sound, n_clips, set;
  unsigned spelling;
  bool learned, validated; /* what came of it */
} Recording;

static gsize
below (uint64_t *state, gsize n)
{
  return (gsize) (test_random (state) >> 32) % n;
}

static void
append (GenreFeatureSetWriter *writer, const Recording *recording, int number)
{
  float db[FRAMES * BANDS];
  g_autofree char *name = g_strdup_printf ("%s/%d.wav", labels[recording->label], number);
  for (unsigned clip = 0; clip < recording->n_clips; clip++) {
    uint64_t state = 1 + recording->sound * 16 + clip;
    test_random (&state);
    for (gsize i = 0; i < FRAMES * BANDS; i++)
      db[i] = -40 + 20 * test_noise (&state);
    g_autoptr (GError) error = NULL;
    const GenreFeatureClip value = { db, FRAMES, recording->label, number, name,
      artists[recording->artist][recording->spelling], artists[recording->album][recording->spelling], FALSE };
    CHECK (genre_feature_set_writer_append (writer, &value, &error), "%s", error->message);
  }
}

/* order [n]  of recordings, those of `set` are taken */
static GenreFeatureSet *
make_set (const char *directory, const Recording *recordings, const gsize *order, gsize n, unsigned set)
{
  g_autofree char *path = g_build_filename (directory, "set", NULL);
  g_autoptr (GError) error = NULL;
  GenreFrontend frontend;
  CHECK (genre_frontend_parse ("{\"sample_rate\":8000,\"n_fft\":64,\"hop_length\":32,\"n_mels\":4}", "test", &frontend,
             &error),
      "%s", error->message);
  GenreFeatureSetWriter *writer = genre_feature_set_writer_new (path, &frontend, labels, LABELS, FRAMES, SAFETENSORS_U8,
      &error);
  genre_frontend_clear (&frontend);
  CHECK (writer, "%s", error->message);
  for (gsize i = 0; i < n; i++)
    if (recordings[order[i]].set == set)
      append (writer, &recordings[order[i]], (int) order[i]);
  GenreFeatureSet *made = NULL;
  if (genre_feature_set_writer_n_clips (writer) > 0 && genre_feature_set_writer_finish (writer, &error))
    made = genre_feature_set_load (path, &error);
  genre_feature_set_writer_free (writer);
  g_remove (path);
  return made;
}

/* Splits them, in this order; the last of n_sets validates if `validation`.  Fills learned and validated. */
static TrainingSplit *
split (const char *directory, Recording *recordings, const gsize *order, gsize n, bool validation)
{
  TrainingSplitSet sets[MOST_SETS];
  gsize n_sets = 0;
  for (unsigned s = 0; s < MOST_SETS; s++) {
    GenreFeatureSet *set = make_set (directory, recordings, order, n, s);
    if (!set)
      continue;
    int *label = g_new (int, genre_feature_set_n_clips (set));
    for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
      label[i] = genre_feature_set_label (set, i);
    const bool validates = validation && s == MOST_SETS - 1;
    sets[n_sets++] = (TrainingSplitSet){ set, label, validates, !validates };
  }
  TrainingSplit *made = training_split_new (sets, n_sets, labels, LABELS, validation ? 0 : .2, 7);
  for (gsize i = 0; i < n; i++)
    recordings[i].learned = recordings[i].validated = false;
  for (gsize s = 0; s < n_sets; s++) {
    for (gsize i = 0; i < genre_feature_set_n_clips (sets[s].set); i++) {
      Recording *recording = &recordings[genre_feature_set_recording (sets[s].set, i)];
      recording->learned |= made->side[made->first[s] + i] == TRAINING_LEARNS;
      recording->validated |= made->side[made->first[s] + i] == TRAINING_VALIDATES;
    }
    g_free ((int *) (gsize) sets[s].label);
    genre_feature_set_free ((GenreFeatureSet *) (gsize) sets[s].set);
  }
  return made;
}

static gsize
make_recordings (uint64_t *state, Recording *recordings)
{
  const gsize n = 6 + below (state, MOST - 6), n_artists = 2 + below (state, ARTISTS - 1);
  const unsigned n_sets = 1 + (unsigned) below (state, MOST_SETS);
  for (gsize i = 0; i < n; i++) {
    const bool is_copy = i > 0 && below (state, 8) == 0;
    recordings[i] = (Recording){
      .label = (int) below (state, LABELS),
      .artist = below (state, 3) == 0 ? ARTISTS : (int) below (state, n_artists),
      .album = below (state, 6) == 0 ? (int) below (state, n_artists) : ARTISTS,
      .sound = is_copy ? recordings[below (state, i)].sound : (unsigned) i,
      .n_clips = 1 + (unsigned) below (state, 2),
      .set = (unsigned) below (state, n_sets),
      .spelling = (unsigned) below (state, 2),
    };
    if (is_copy && below (state, 3) > 0)
      recordings[i].label = recordings[recordings[i].sound].label;
  }
  return n;
}

static bool
same_artist (const Recording *a, const Recording *b)
{
  return (a->artist < ARTISTS && (a->artist == b->artist || a->artist == b->album))
      || (a->album < ARTISTS && (a->album == b->artist || a->album == b->album));
}

static void
check_sides (const Recording *recordings, gsize n, const TrainingSplit *made, unsigned *ret_contradictory)
{
  gsize n_validated[LABELS] = { 0 }, n_sounds[LABELS] = { 0 };
  for (gsize i = 0; i < n; i++) {
    const Recording *a = &recordings[i];
    bool contradictory = false, first = true;
    CHECK (!a->learned || !a->validated, "recording %zu is on both sides", i);
    for (gsize k = 0; k < n; k++) {
      const Recording *b = &recordings[k];
      if (a->sound == b->sound) {
        contradictory |= a->label != b->label;
        first &= k >= i;
        CHECK (!a->validated || !b->learned, "a sound is on both sides: %zu and %zu", i, k);
        CHECK (k == i || !a->validated || !b->validated, "a sound validates twice: %zu and %zu", i, k);
      }
      if (made->labels && same_artist (a, b) && a->validated && b->learned)
        CHECK (made->labels[a->label].by_item && !made->by_artist, "an artist is on both sides: %zu and %zu", i, k);
    }
    if (contradictory)
      CHECK (!a->learned && !a->validated, "recording %zu has two labels", i);
    *ret_contradictory += contradictory;
    n_sounds[a->label] += first && !contradictory;
    n_validated[a->label] += a->validated;
  }
  for (gsize l = 0; made->labels && l < LABELS; l++) {
    CHECK (made->labels[l].n_items == n_sounds[l] && made->labels[l].n_held == n_validated[l], "label %zu", l);
    CHECK (n_validated[l] <= MAX (n_sounds[l] / 3, 1) && (n_sounds[l] < 2 || n_validated[l] > 0), "%zu of %zu",
        n_validated[l], n_sounds[l]);
  }
}

static void
test_random_collections (const char *directory)
{
  uint64_t state = 77;
  unsigned contradictory = 0, by_artist = 0;
  for (unsigned round = 0; round < 150; round++) {
    Recording recordings[MOST], again[MOST];
    gsize order[MOST];
    const gsize n = make_recordings (&state, recordings);
    for (gsize i = 0; i < n; i++)
      order[i] = i;
    g_autoptr (TrainingSplit) made = split (directory, recordings, order, n, false);
    check_sides (recordings, n, made, &contradictory);
    by_artist += made->by_artist;

    /* Other sets, another order of files. */
    memcpy (again, recordings, sizeof again);
    for (gsize i = n; i-- > 1;) {
      const gsize k = below (&state, i + 1), other = order[i];
      order[i] = order[k];
      order[k] = other;
      again[i].set = (unsigned) below (&state, MOST_SETS);
    }
    training_split_free (split (directory, again, order, n, false));
    for (gsize i = 0; i < n; i++) {
      bool before = false, after = false; /* of copies, any may validate */
      for (gsize k = 0; k < n; k++) {
        before |= recordings[k].sound == recordings[i].sound && recordings[k].validated;
        after |= again[k].sound == again[i].sound && again[k].validated;
      }
      CHECK (before == after && recordings[i].learned == again[i].learned, "round %u: recording %zu moved", round, i);
    }
  }
  CHECK (contradictory > 50 && by_artist > 30, "%u, %u", contradictory, by_artist);
}

/* A set that is given to validate on stays whole; what sounds like it is not learned from, and is named. */
static void
test_validation_set (const char *directory)
{
  uint64_t state = 5;
  for (unsigned round = 0; round < 50; round++) {
    Recording recordings[MOST];
    gsize order[MOST];
    unsigned contradictory = 0, n_named = 0;
    const gsize n = make_recordings (&state, recordings);
    for (gsize i = 0; i < n; i++) {
      order[i] = i;
      recordings[i].set = i % 2 == 0 ? 0 : MOST_SETS - 1;
    }
    g_autoptr (TrainingSplit) made = split (directory, recordings, order, n, true);
    check_sides (recordings, n, made, &contradictory);
    for (gsize i = 0; i < n; i++)
      CHECK (!recordings[i].validated || recordings[i].set == MOST_SETS - 1, "%zu validates", i);
    for (gsize i = 0; i < n; i++) {
      bool both = false, two = false, first = true;
      for (gsize k = 0; k < n; k++) {
        const bool same = recordings[k].sound == recordings[i].sound;
        both |= same && recordings[k].set != recordings[i].set;
        two |= same && recordings[k].label != recordings[i].label;
        first &= !same || k >= i;
      }
      n_named += first && (both || two);
    }
    CHECK (made->problems->len == n_named && !made->labels, "%u named instead of %u", made->problems->len, n_named);
  }
}

static TrainingSplit *
split_some (const char *directory, Recording *recordings, gsize n)
{
  gsize order[MOST];
  for (gsize i = 0; i < n; i++)
    order[i] = i;
  return split (directory, recordings, order, n, false);
}

static bool
says (const GPtrArray *lines, const char *words)
{
  for (guint i = 0; i < lines->len; i++)
    if (strstr (g_ptr_array_index (lines, i), words))
      return true;
  return false;
}

/* What a person reads. */
static void
test_words (const char *directory)
{
  Recording recordings[MOST];
  for (unsigned i = 0; i < 18; i++)
    recordings[i] = (Recording){ (int) (i / 6), i < 6 ? 0 : ARTISTS, ARTISTS, i, 1, 0, i % 2, false, false };
  g_autoptr (TrainingSplit) one = split_some (directory, recordings, 18);
  CHECK (says (one->notes, "label \"a\": found one artist for its 6 recordings: 1 held back"), "one artist");
  CHECK (says (one->notes, "3 of 18 recordings held back; an artist is known of 6, 1 in all") && !one->by_artist,
      "the summary");

  for (unsigned i = 0; i < 6; i++)
    recordings[i].artist = i < 3 ? 0 : 1;
  g_autoptr (TrainingSplit) two = split_some (directory, recordings, 18);
  CHECK (says (two->notes, "label \"a\": found 2 artists for its 6 recordings, none with a third"), "two artists");

  for (unsigned i = 0; i < 6; i++)
    recordings[i].artist = (int) i;
  recordings[3].sound = recordings[1].sound;
  recordings[12].sound = recordings[7].sound;
  g_autoptr (TrainingSplit) copies = split_some (directory, recordings, 18);
  CHECK (copies->by_artist && says (copies->notes, "; an artist is known of 5, 6 in all, each on one side"), "artists");
  CHECK (says (copies->notes, "a/1.wav and a/3.wav sound the same: they stay on one side"), "copies");
  CHECK (copies->problems->len == 1 && copies->n_contradictory[1] == 1 && copies->n_contradictory[2] == 1
          && says (copies->problems,
              "b/7.wav and c/12.wav sound the same and have different labels: they are left out"),
      "two labels");

  for (unsigned i = 0; i < 18; i++)
    recordings[i] = (Recording){ (int) (i / 6), ARTISTS, ARTISTS, i, 1, 0, 0, false, false };
  g_autoptr (TrainingSplit) none = split_some (directory, recordings, 18);
  CHECK (none->notes->len == 1 && says (none->notes, "3 of 18 recordings held back; no artist is known"), "no artists");
}

int
main (void)
{
  g_autofree char *directory = g_dir_make_tmp ("genre-split-XXXXXX", NULL);
  test_random_collections (directory);
  test_validation_set (directory);
  test_words (directory);
  CHECK (g_rmdir (directory) == 0, "left behind in %s", directory);
  TEST_END ();
}
