/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/feature_set.h"

#include "models/frontend.h"
#include "tests/expect_error.h"
#include "tests/set_builder.h"

#include <math.h>

static GenreFeatureSet *
parse_builder (const ModelBuilder *builder, GError **error)
{
  GBytes *bytes = model_builder_build (builder);
  GenreFeatureSet *set = genre_feature_set_parse (bytes, "file", error);
  g_bytes_unref (bytes);
  return set;
}

static GenreFeatureSet *
good_set (const ModelBuilder *builder)
{
  GError *error = NULL;
  GenreFeatureSet *set = parse_builder (builder, &error);
  CHECK (set, "%s", error->message);
  g_clear_error (&error);
  return set;
}

static bool
equal (float a, double b)
{
  return fabs ((double) a - b) <= 1e-5 * (1 + fabs (b));
}

/* Everything that can be asked of a set; returns a sum, so that nothing is left out. */
static double
read_all (const GenreFeatureSet *set)
{
  const gsize n_frames = genre_feature_set_n_frames (set), n_bands = genre_feature_set_n_bands (set);
  g_autofree float *db = g_new (float, n_frames *n_bands);
  g_autofree float *embedding = g_new (float, genre_feature_set_n_embedding (set) + 1);
  g_autofree float *logits = g_new (float, genre_feature_set_n_logits (set) + 1);
  double sum = 0;

  for (gsize clip = 0; clip < genre_feature_set_n_clips (set); clip++) {
    genre_feature_set_clip_db (set, clip, 0, n_frames, db);
    for (gsize i = 0; i < n_frames * n_bands; i++)
      sum += (double) db[i];
    CHECK (genre_feature_set_label (set, clip) < (int) genre_feature_set_n_labels (set), "label");
    CHECK (genre_feature_set_clip_frames (set, clip) >= 1 && genre_feature_set_clip_frames (set, clip) <= n_frames,
        "frames");
    CHECK (genre_feature_set_track (set, clip) < genre_feature_set_n_tracks (set), "track");
    CHECK (genre_feature_set_group (set, clip) < genre_feature_set_n_groups (set), "group");
    if (genre_feature_set_clip_name (set, clip))
      sum += (double) strlen (genre_feature_set_clip_name (set, clip));
    for (gsize w = 0; w < genre_feature_set_n_windows (set); w++) {
      if (genre_feature_set_n_embedding (set) > 0) {
        genre_feature_set_embedding (set, clip, w, embedding);
        sum += (double) embedding[genre_feature_set_n_embedding (set) - 1];
      }
      if (genre_feature_set_n_logits (set) > 0 && genre_feature_set_measured (set, clip)) {
        genre_feature_set_logits (set, clip, w, logits);
        sum += (double) logits[genre_feature_set_n_logits (set) - 1];
      }
    }
  }
  CHECK (isfinite (sum), "not finite");
  return sum;
}

/* --- what is in the tiny set ----------------------------------------------------------------------------------- */

static void
test_clips (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  static const char *const names[] = { "a.wav", "a.wav", "b\xc3\xa4.wav", "c", "" };
  static const gsize tracks[] = { 0, 0, 1, 2, 3 };
  static const gsize groups[] = { 0, 0, 0, 1, 2 }; /* clip 2 has the artist of clip 0 */
  if (!set)
    return;

  CHECK (strcmp (genre_feature_set_name (set), "file") == 0, "name");
  CHECK (genre_feature_set_frontend (set)->mel.sample_rate_hz == 8000, "recipe");
  CHECK (genre_feature_set_n_labels (set) == 3 && strcmp (genre_feature_set_labels (set)[1], "middle") == 0, "labels");
  CHECK (!genre_feature_set_labels (set)[3], "labels end in NULL");
  CHECK (genre_feature_set_n_clips (set) == SET_CLIPS && genre_feature_set_n_frames (set) == SET_FRAMES
          && genre_feature_set_n_bands (set) == SET_BANDS,
      "sizes");
  CHECK (genre_feature_set_n_tracks (set) == 4 && genre_feature_set_n_groups (set) == 3, "%zu tracks, %zu groups",
      genre_feature_set_n_tracks (set), genre_feature_set_n_groups (set));
  for (gsize i = 0; i < SET_CLIPS; i++) {
    CHECK (genre_feature_set_label (set, i) == set_label[i], "label %zu", i);
    CHECK (genre_feature_set_artist (set, i) == set_artist[i], "artist %zu", i);
    CHECK (genre_feature_set_recording (set, i) == set_recording[i], "recording %zu", i);
    CHECK (genre_feature_set_clip_frames (set, i) == (gsize) set_frames[i], "frames %zu", i);
    CHECK (genre_feature_set_track (set, i) == tracks[i], "track %zu", i);
    CHECK (genre_feature_set_group (set, i) == groups[i], "group %zu", i);
    CHECK (strcmp (genre_feature_set_clip_name (set, i), names[i]) == 0, "name %zu", i);
    CHECK (!genre_feature_set_measured (set, i) == !set_measured[i], "measured %zu", i);
  }
  read_all (set);
}

/* Any stretch of a clip is that stretch of the whole clip. */
static void
test_levels (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (!set)
    return;
  for (gsize clip = 0; clip < SET_CLIPS; clip++)
    for (gsize first = 0; first <= SET_FRAMES; first++)
      for (gsize n = 0; n <= SET_FRAMES - first; n++) {
        float db[SET_FRAMES * SET_BANDS + 1];
        db[n * SET_BANDS] = 12345;
        genre_feature_set_clip_db (set, clip, first, n, db);
        for (gsize i = 0; i < n * SET_BANDS; i++) {
          const gsize value = (37 * ((clip * SET_FRAMES + first) * SET_BANDS + i)) % 256;
          const double expected = -60. - (double) clip + (40 + (double) clip) * (double) value / 255;
          CHECK (equal (db[i], expected), "clip %zu from %zu, value %zu: %g instead of %g", clip, first, i,
              (double) db[i], expected);
        }
        CHECK (equal (db[n * SET_BANDS], 12345), "written beyond the end");
      }
}

static void
test_teacher (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (!set)
    return;
  CHECK (genre_feature_set_n_windows (set) == SET_WINDOWS && genre_feature_set_n_embedding (set) == SET_EMBEDDING
          && genre_feature_set_n_logits (set) == SET_LOGITS,
      "sizes");
  CHECK (strcmp (genre_feature_set_teacher_classes (set)[3], "z") == 0 && !genre_feature_set_teacher_classes (set)[4],
      "classes");
  for (gsize clip = 0; clip < SET_CLIPS; clip++)
    for (gsize w = 0; w < SET_WINDOWS; w++) {
      float values[SET_LOGITS];
      genre_feature_set_embedding (set, clip, w, values);
      for (gsize i = 0; i < SET_EMBEDDING; i++)
        CHECK (equal (values[i], (double) ((clip * SET_WINDOWS + w) * SET_EMBEDDING + i) / 8), "embedding");
      if (!genre_feature_set_measured (set, clip))
        continue;
      genre_feature_set_logits (set, clip, w, values);
      for (gsize i = 0; i < SET_LOGITS; i++)
        CHECK (equal (values[i], (double) ((clip * SET_WINDOWS + w) * SET_LOGITS + i) / -4), "logits");
    }
}

/* Features as F32 and F16 are dB as they are; offset and scale would be too much then. */
static void
test_float_features (void)
{
  for (unsigned type = 0; type < 2; type++) {
    g_autoptr (ModelBuilder) builder = set_builder_new ();
    const gsize dim[] = { SET_CLIPS, SET_FRAMES, SET_BANDS };
    float floats[SET_CLIPS * SET_FRAMES * SET_BANDS];
    guint16 halves[G_N_ELEMENTS (floats)];
    for (unsigned i = 0; i < G_N_ELEMENTS (floats); i++) {
      floats[i] = -(float) i / 4;
      halves[i] = half_from_float (floats[i]);
    }
    if (type == 0)
      model_builder_set_tensor (builder, "features", SAFETENSORS_F32, 3, dim, floats);
    else
      model_builder_set_tensor (builder, "features", SAFETENSORS_F16, 3, dim, halves);
    GError *error = NULL;
    CHECK (!parse_builder (builder, &error), "offset_db beside floats");
    expect_error (error, GENRE_MODEL_ERROR_TENSOR, "file: tensor \"|_db\"|found this one too", "offset_db");

    model_builder_remove_tensor (builder, "offset_db");
    model_builder_remove_tensor (builder, "scale_db");
    g_autoptr (GenreFeatureSet) set = good_set (builder);
    float db[2 * SET_BANDS];
    if (set)
      genre_feature_set_clip_db (set, 3, 4, 2, db);
    for (gsize i = 0; set && i < G_N_ELEMENTS (db); i++)
      CHECK (equal (db[i], -(double) ((3 * SET_FRAMES + 4) * SET_BANDS + i) / 4), "%g", (double) db[i]);
  }
}

/* What may be absent. */
static void
test_least (void)
{
  static const char *const tensors[] = { "artist", "recording", "frames", "teacher_embedding", "teacher_logits",
    "teacher_measured" };
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (tensors); i++)
    model_builder_remove_tensor (builder, tensors[i]);
  model_builder_set (builder, "names", NULL);
  model_builder_set (builder, "teacher_classes", NULL);
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (!set)
    return;
  CHECK (genre_feature_set_n_tracks (set) == SET_CLIPS && genre_feature_set_n_groups (set) == SET_CLIPS, "tracks");
  CHECK (genre_feature_set_n_windows (set) == 0 && !genre_feature_set_teacher_classes (set), "teacher");
  for (gsize i = 0; i < SET_CLIPS; i++)
    CHECK (genre_feature_set_artist (set, i) == -1 && genre_feature_set_recording (set, i) == -1
            && genre_feature_set_clip_frames (set, i) == SET_FRAMES && !genre_feature_set_clip_name (set, i)
            && !genre_feature_set_measured (set, i),
        "clip %zu", i);
  read_all (set);
}

/* A set without labels, and one whose teacher measured all and gave no names to its logits. */
static void
test_variants (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  static const gint32 none[SET_CLIPS] = { -1, -1, -1, -1, -1 };
  set_builder_integers (builder, "label", none);
  model_builder_set (builder, "labels", "[]");
  model_builder_set (builder, "teacher_classes", NULL);
  model_builder_remove_tensor (builder, "teacher_measured");
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (set) {
    CHECK (genre_feature_set_n_labels (set) == 0 && genre_feature_set_measured (set, 4), "unlabelled");
    read_all (set);
  }
}

enum
{
  SOFT = 2, /* soft labels of the builder below */
};

/* The tiny set with soft labels: the first of two has 1 / 16 more in every window, and the weight is 1 / 8 more. */
static ModelBuilder *
soft_builder (void)
{
  ModelBuilder *builder = set_builder_new ();
  const gsize dim[] = { SET_CLIPS, SET_WINDOWS, SOFT };
  guint16 values[SET_CLIPS * SET_WINDOWS * SOFT];
  float weights[SET_CLIPS * SET_WINDOWS];
  for (gsize i = 0; i < SET_CLIPS * SET_WINDOWS; i++) {
    values[SOFT * i] = half_from_float ((float) i / 16);
    values[SOFT * i + 1] = half_from_float (1 - (float) i / 16);
    weights[i] = (float) i / 8;
  }
  model_builder_set_tensor (builder, "soft_labels", SAFETENSORS_F16, 3, dim, values);
  model_builder_set_tensor (builder, "soft_weight", SAFETENSORS_F32, 2, dim, weights);
  model_builder_set (builder, "soft_labels", "[\"x\",\"y\"]");
  return builder;
}

static void
test_soft (void)
{
  g_autoptr (ModelBuilder) builder = soft_builder ();
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (!set)
    return;
  CHECK (genre_feature_set_n_soft (set) == SOFT, "%u values", (unsigned) genre_feature_set_n_soft (set));
  CHECK (g_strv_equal (genre_feature_set_soft_labels (set), (const char *const[]){ "x", "y", NULL }), "labels");
  for (gsize i = 0; i < SET_CLIPS * SET_WINDOWS; i++) {
    float p[SOFT];
    const float weight = genre_feature_set_soft (set, i / SET_WINDOWS, i % SET_WINDOWS, p);
    CHECK (equal (weight, (double) i / 8) && equal (p[0], (double) i / 16) && equal (p[1], 1 - (double) i / 16),
        "window %u: %g, %g %g", (unsigned) i, (double) weight, (double) p[0], (double) p[1]);
  }
}

static void
refuse_soft (ModelBuilder *builder, GenreModelError code, const char *words)
{
  GError *error = NULL;
  CHECK (!parse_builder (builder, &error), "%s", words);
  expect_error (error, code, words, words);
  model_builder_free (builder);
}

static void
test_soft_refusals (void)
{
  ModelBuilder *builder = soft_builder ();
  model_builder_remove_tensor (builder, "soft_weight");
  refuse_soft (builder, GENRE_MODEL_ERROR_TENSOR, "\"soft_weight\": expected F16 or F32 [5][3], found none");
  builder = soft_builder ();
  model_builder_remove_tensor (builder, "soft_labels");
  refuse_soft (builder, GENRE_MODEL_ERROR_TENSOR, "\"soft_weight\"|\"soft_labels\" beside it, found none");
  builder = soft_builder ();
  model_builder_set (builder, "soft_labels", NULL);
  refuse_soft (builder, GENRE_MODEL_ERROR_FORMAT, "metadata \"soft_labels\", found none");
  builder = soft_builder ();
  model_builder_set (builder, "soft_labels", "[\"x\"]");
  refuse_soft (builder, GENRE_MODEL_ERROR_LABELS, "soft_labels|2 strings|found 1");
  builder = soft_builder ();
  model_builder_set_value (builder, "soft_weight", 3, -1);
  refuse_soft (builder, GENRE_MODEL_ERROR_TENSOR,
      "\"soft_weight\": expected values of at least 0, found -1 at index 3");
  builder = soft_builder ();
  model_builder_set_value (builder, "soft_weight", 3, NAN);
  refuse_soft (builder, GENRE_MODEL_ERROR_TENSOR, "\"soft_weight\"|found nan at index 3");
  builder = soft_builder ();
  set_builder_halves (builder, "soft_labels", SOFT, .125f);
  refuse_soft (builder, GENRE_MODEL_ERROR_TENSOR, "\"soft_labels\"|sum is 1, found a sum of 0.625 at index 2");
}

/* What no reader here needs must still have the shape of its name. */
static void
test_asides (void)
{
  static const char *const names[] = { "wide_label", "wide_sure" };
  const gsize few = SET_CLIPS - 1, dim[] = { SET_CLIPS, 2 };
  const float probabilities[SET_CLIPS * 2] = { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (ModelBuilder) builder = set_builder_new ();
    set_builder_integers (builder, names[i], set_label);
    model_builder_set_tensor (builder, "wide_probabilities", SAFETENSORS_F32, 2, dim, probabilities);
    genre_feature_set_free (good_set (builder));
    GError *error = NULL;
    model_builder_set_tensor (builder, names[i], SAFETENSORS_I32, 1, &few, set_label);
    CHECK (!parse_builder (builder, &error), "%s", names[i]);
    expect_error (error, GENRE_MODEL_ERROR_TENSOR, "expected I32 [5], found I32 [4]", names[i]);
  }
}

/* What is music, and how sure a label is; and what holds where a set does not say. */
static void
test_music (void)
{
  static const gint32 music[SET_CLIPS] = { 1, 1, 0, 1, 1 }, sure[SET_CLIPS] = { 3, 2, 0, 1, 3 };
  static const gint32 labelled[SET_CLIPS] = { 1, 1, 0, 1, 0 };
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autoptr (GenreFeatureSet) plain = good_set (builder);
  set_builder_integers (builder, "music", music);
  set_builder_integers (builder, "sure", sure);
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  for (gsize i = 0; set && plain && i < SET_CLIPS; i++) {
    CHECK (genre_feature_set_music (set, i) == music[i] && genre_feature_set_music (plain, i), "music of clip %zu", i);
    CHECK (genre_feature_set_sure (set, i) == (unsigned) sure[i], "clip %zu is sure", i);
    CHECK (genre_feature_set_sure (plain, i) == FEATURE_SET_SURE, "clip %zu of a set that does not say", i);
  }

  static const gint32 kind[SET_CLIPS] = { -1, 0, 1, -1, 0 };
  model_builder_set (builder, "kinds", "[\"speech\",\"rain\"]");
  set_builder_integers (builder, "kind", kind);
  g_autoptr (GenreFeatureSet) kinds = good_set (builder);
  CHECK (kinds && genre_feature_set_n_kinds (kinds) == 2 && strcmp (genre_feature_set_kinds (kinds)[1], "rain") == 0
          && genre_feature_set_kind (kinds, 2) == 1 && genre_feature_set_kind (kinds, 3) == -1
          && genre_feature_set_says_music (kinds),
      "kinds");
  CHECK (plain && genre_feature_set_n_kinds (plain) == 0 && genre_feature_set_kind (plain, 0) == -1
          && !genre_feature_set_says_music (plain),
      "no kinds");

  GError *error = NULL;
  set_builder_integers (builder, "music", labelled);
  CHECK (!parse_builder (builder, &error), "a genre of what is not music");
  expect_error (error, GENRE_MODEL_ERROR_CLIPS, "\"music\": expected 1 where a clip has a label|index 4", "music");
}

/* Artists and recordings that join clips in a chain, backwards too. */
static void
test_groups (void)
{
  static const gint32 recording[SET_CLIPS] = { 5, 4, 4, 3, 5 }, artist[SET_CLIPS] = { 1, 2, 9, 2, -1 };
  static const gsize tracks[] = { 0, 1, 1, 2, 0 }, groups[] = { 0, 1, 1, 1, 0 };
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  set_builder_integers (builder, "recording", recording);
  set_builder_integers (builder, "artist", artist);
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (!set)
    return;
  CHECK (genre_feature_set_n_tracks (set) == 3 && genre_feature_set_n_groups (set) == 2, "numbers");
  for (gsize i = 0; i < SET_CLIPS; i++) {
    CHECK (genre_feature_set_track (set, i) == tracks[i], "track %zu: %zu", i, genre_feature_set_track (set, i));
    CHECK (genre_feature_set_group (set, i) == groups[i], "group %zu: %zu", i, genre_feature_set_group (set, i));
  }
}

/* Tracks by one artist, and on albums by one, stay together.  Without names, numbers may be any. */
static void
test_artists (void)
{
  static const gint32 artist[SET_CLIPS] = { 0, 1, 2, 1, -1 }, album[SET_CLIPS] = { -1, -1, 1, -1, 3 };
  static const gint32 recording[SET_CLIPS] = { 0, 1, 2, 3, 4 };
  static const gsize groups[] = { 0, 1, 1, 1, 2 };
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  set_builder_integers (builder, "recording", recording);
  set_builder_integers (builder, "artist", artist);
  set_builder_integers (builder, "album_artist", album);
  model_builder_set (builder, "artists", "[\"Queen\",\"Bj\u00f6rk\",\"Can\",\"Air\"]");
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  if (!set)
    return;
  CHECK (genre_feature_set_n_groups (set) == 3, "%zu groups", genre_feature_set_n_groups (set));
  CHECK (strcmp (genre_feature_set_artists (set)[1], "Bj\xc3\xb6rk") == 0 && !genre_feature_set_artists (set)[4],
      "names");
  for (gsize i = 0; i < SET_CLIPS; i++) {
    CHECK (genre_feature_set_group (set, i) == groups[i], "group %zu: %zu", i, genre_feature_set_group (set, i));
    CHECK (genre_feature_set_album_artist (set, i) == album[i], "album artist %zu", i);
  }

  model_builder_set (builder, "artists", NULL);
  g_autoptr (GenreFeatureSet) numbers = good_set (builder);
  CHECK (!numbers || (!genre_feature_set_artists (numbers) && genre_feature_set_n_groups (numbers) == 3),
      "numbers only");

  GError *error = NULL;
  model_builder_set (builder, "artists", "[\"Queen\",\"Bj\u00f6rk\",\"Can\"]");
  CHECK (!parse_builder (builder, &error), "an artist without a name");
  expect_error (error, GENRE_MODEL_ERROR_CLIPS, "\"album_artist\": expected values from -1 to 2, found 3 at index 4",
      "artists");
}

/* Equal levels, equal digest, whatever fills the clip up; silence has none that says anything. */
static void
test_digests (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  static const gint32 frames[SET_CLIPS] = { 4, 4, 4, 4, 6 };
  guint8 features[SET_CLIPS][SET_FRAMES][SET_BANDS];
  const gsize dim[] = { SET_CLIPS, SET_FRAMES, SET_BANDS };
  float scale[SET_CLIPS] = { 40, 40, 40, 41, 40 }, offset[SET_CLIPS] = { -60, -60, -60, -60, -60 };
  guint8 digest[SET_CLIPS][FEATURE_SET_DIGEST];
  for (unsigned i = 0; i < SET_CLIPS; i++)
    for (unsigned t = 0; t < SET_FRAMES; t++)
      for (unsigned b = 0; b < SET_BANDS; b++)
        features[i][t][b] = i == 4 ? 9 : (guint8) (t < 4 ? 37 * t + b : i);
  features[2][3][1]++;
  model_builder_set_tensor (builder, "features", SAFETENSORS_U8, 3, dim, features);
  model_builder_set_tensor (builder, "scale_db", SAFETENSORS_F32, 1, dim, scale);
  model_builder_set_tensor (builder, "offset_db", SAFETENSORS_F32, 1, dim, offset);
  set_builder_integers (builder, "frames", frames);
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  for (unsigned i = 0; set && i < SET_CLIPS; i++) {
    CHECK (genre_feature_set_clip_digest (set, i, digest[i]) == (i < 4), "clip %u", i);
    for (unsigned k = 0; k < i; k++)
      CHECK ((memcmp (digest[i], digest[k], FEATURE_SET_DIGEST) == 0) == (i == 1), "clips %u and %u", i, k);
  }
}

/* --- models ---------------------------------------------------------------------------------------------------- */

static void
test_fits (void)
{
  static const struct
  {
    const char *from;
    const char *to;
    const char *key; /* NULL: it fits all the same */
  } recipes[] = {
    { "\"sample_rate\":8000", "\"sample_rate\":8001", "sample_rate" },
    { "\"n_fft\":256", "\"n_fft\":258", "n_fft" },
    { "\"hop_length\":128", "\"hop_length\":127", "hop_length" },
    { "\"n_mels\":8,\"band_pool\":2", "\"n_mels\":4,\"band_pool\":1", "n_mels" },
    { "\"n_mels\":8,\"band_pool\":2", "\"n_mels\":12,\"band_pool\":3", "n_mels" },
    { "\"fmin\":0", "\"fmin\":0.5", "fmin" },
    { "\"fmax\":4000", "\"fmax\":3999.5", "fmax" },
    { "\"ref\":1", "\"ref\":\"max\"", NULL },
    { "\"amin\":0.0001", "\"amin\":1e-10", NULL },
    { "\"top_db\":null", "\"top_db\":80", NULL },
    { "-1.5", "-1.75", NULL },
  };
  g_autoptr (ModelBuilder) model = set_builder_new ();
  g_autoptr (GenreFeatureSet) own = good_set (model);
  if (!own)
    return;
  CHECK (genre_feature_set_fits (own, genre_feature_set_frontend (own), NULL), "itself");
  for (gsize i = 0; i < G_N_ELEMENTS (recipes); i++) {
    g_autoptr (ModelBuilder) builder = set_builder_new ();
    model_builder_replace (builder, "frontend", recipes[i].from, recipes[i].to);
    g_autoptr (GenreFeatureSet) set = good_set (builder);
    GError *error = NULL;
    const bool fits = set && genre_feature_set_fits (set, genre_feature_set_frontend (own), &error);
    CHECK (fits == !recipes[i].key, "%s", recipes[i].to);
    if (recipes[i].key)
      expect_error (error, GENRE_MODEL_ERROR_FRONTEND, recipes[i].key, recipes[i].to);
  }
}

/* The recipe's last steps as librosa has them, in double precision. */
static void
test_input (void)
{
  static const struct
  {
    double amin, ref, top_db;
  } cases[] = { { 1e-4, 1, -1 }, { 1e-10, 1, 80 }, { 1e-10, 0, 20 }, { 1e-4, 0, -1 }, { 1e-3, .01, 10 },
    { 1e-2, 1e-5, -1 }, { 1e-10, 1, 0 } };
  float mean[2] = { -3, 4 }, std[2] = { 2, .5f };
  static const float power[] = { 1e-11f, 1e-7f, 1e-4f, .3f, 2, 1e-9f };
  enum
  {
    N = G_N_ELEMENTS (power)
  };
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    const GenreFrontend frontend = { .amin = cases[c].amin,
      .ref = cases[c].ref,
      .top_db = cases[c].top_db,
      .bands = 2,
      .mean = mean,
      .std = std };
    float db[N];
    double expected[N], loudest = -HUGE_VAL;
    const double ref = cases[c].ref > 0 ? cases[c].ref : 2;
    for (unsigned i = 0; i < N; i++) {
      db[i] = (float) (10 * log10 ((double) power[i]));
      expected[i] = 10 * log10 (fmax (frontend.amin, (double) power[i])) - 10 * log10 (fmax (frontend.amin, ref));
      loudest = fmax (loudest, expected[i]);
    }
    genre_frontend_apply (&frontend, GENRE_LEVELS_DB, db, db, N / 2);
    for (unsigned i = 0; i < N; i++) {
      if (frontend.top_db >= 0)
        expected[i] = fmax (expected[i], loudest - frontend.top_db);
      expected[i] = (expected[i] - (double) mean[i % 2]) / (double) std[i % 2];
      CHECK (equal (db[i], expected[i]), "case %zu, value %u: %g instead of %g", c, i, (double) db[i], expected[i]);
    }
  }
}

/* Levels are always re 1, whatever number the set's recipe has for ref. */
static void
test_reference (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  model_builder_replace (builder, "frontend", "\"ref\":1", "\"ref\":100");
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  float db[SET_BANDS];
  if (!set)
    return;
  genre_feature_set_clip_db (set, 0, 0, 1, db);
  CHECK (equal (db[0], -60 + 20), "%g", (double) db[0]);
}

/* --- hostile files --------------------------------------------------------------------------------------------- */

/* A metadata entry otherwise; value NULL: absent. */
static void
check_metadata (const char *key, const char *value, GenreModelError code, const char *words)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  GError *error = NULL;
  model_builder_set (builder, key, value);
  GenreFeatureSet *set = parse_builder (builder, &error);
  CHECK (!set, "%s: %s", key, value);
  genre_feature_set_free (set);
  expect_error (error, code, words, key);
}

static void
test_metadata (void)
{
  check_metadata ("format", NULL, GENRE_MODEL_ERROR_FORMAT, "file: format: expected \"genre-features\", found none");
  check_metadata ("format", "genre-model", GENRE_MODEL_ERROR_FORMAT, "found \"genre-model\"");
  check_metadata ("version", "2", GENRE_MODEL_ERROR_FORMAT, "version: expected \"1\", found \"2\"");
  check_metadata ("frontend", NULL, GENRE_MODEL_ERROR_FORMAT, "\"frontend\", found none");
  check_metadata ("frontend", "{}", GENRE_MODEL_ERROR_FRONTEND, "frontend|sample_rate|none");
  check_metadata ("frontend", "{", GENRE_MODEL_ERROR_JSON, "file: frontend: not strict JSON");
  check_metadata ("labels", NULL, GENRE_MODEL_ERROR_FORMAT, "\"labels\", found none");
  check_metadata ("labels", "{}", GENRE_MODEL_ERROR_LABELS, "labels: expected an array|found an object");
  check_metadata ("labels", "[1,2,3]", GENRE_MODEL_ERROR_LABELS, "labels: expected strings only, found 1");
  check_metadata ("labels", "[\"a\",\"\",\"c\"]", GENRE_MODEL_ERROR_LABELS, "not empty, found \"\"");
  check_metadata ("labels", "[\"a\",\"b\",\"a\"]", GENRE_MODEL_ERROR_LABELS, "only once, found \"a\" twice");
  check_metadata ("labels", "[\"a\",\"b\"]", GENRE_MODEL_ERROR_CLIPS,
      "tensor \"label\": expected values from -1 to 1, found 2 at index 1");
  check_metadata ("labels", "[\"a\",]", GENRE_MODEL_ERROR_JSON, "labels: not strict JSON");
  check_metadata ("names", "[\"a\",\"b\"]", GENRE_MODEL_ERROR_CLIPS, "names: expected an array of 5 strings|found 2");
  check_metadata ("names", "[1,2,3,4,5,6,7]", GENRE_MODEL_ERROR_CLIPS, "an array of 5 strings, one a clip, found 7");
  check_metadata ("names", "[1,2,3,4,5]", GENRE_MODEL_ERROR_CLIPS, "names: expected strings only, found 1");
  check_metadata ("names", "3", GENRE_MODEL_ERROR_CLIPS, "names: expected an array of 5 strings|found 3");
  check_metadata ("names", "[[[[", GENRE_MODEL_ERROR_JSON, "names: not strict JSON");
  check_metadata ("artists", "{}", GENRE_MODEL_ERROR_CLIPS, "artists: expected an array of strings|found an object");
  check_metadata ("artists", "[1]", GENRE_MODEL_ERROR_CLIPS, "artists: expected strings only, found 1");
  check_metadata ("artists", "[\"a\"]", GENRE_MODEL_ERROR_CLIPS, "\"artist\": expected values from -1 to 0, found 7");
  check_metadata ("teacher_classes", "[]", GENRE_MODEL_ERROR_LABELS, "teacher_classes: expected an array of 4|found 0");

  GString *many = g_string_new ("[\"0\"");
  for (unsigned i = 1; i <= 65536; i++)
    g_string_append_printf (many, ",\"%u\"", i);
  g_string_append_c (many, ']');
  check_metadata ("labels", many->str, GENRE_MODEL_ERROR_LABELS, "at most 65536 strings, found 65537");
  g_string_free (many, TRUE);
}

/* A recipe longer than a model's may be. */
static void
test_long_recipe (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autofree char *spaces = g_strnfill (1 << 20, ' ');
  g_autofree char *entry = g_strconcat ("\"frontend\":\"", spaces, NULL);
  g_autoptr (GBytes) good = model_builder_build (builder);
  g_autoptr (GBytes) bytes = model_builder_edit (good, "\"frontend\":\"", entry);
  GError *error = NULL;
  CHECK (!genre_feature_set_parse (bytes, "file", &error), "1 MiB of blanks");
  expect_error (error, GENRE_MODEL_ERROR_FRONTEND, "frontend: expected at most 1048576 bytes", "long recipe");
}

static void
check_tensor (const char *name, SafetensorsType type, unsigned rank, const gsize *dim, GenreModelError code,
    const char *words)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autofree guint8 *zeros = g_malloc0 (1 << 16);
  GError *error = NULL;
  model_builder_set_tensor (builder, name, type, rank, dim, zeros);
  GenreFeatureSet *set = parse_builder (builder, &error);
  CHECK (!set, "%s", words);
  genre_feature_set_free (set);
  expect_error (error, code, words, name);
}

#define DIM(...) ((const gsize[]){ __VA_ARGS__ })

static void
test_shapes (void)
{
  const GenreModelError tensor = GENRE_MODEL_ERROR_TENSOR;
  check_tensor ("features", SAFETENSORS_I32, 3, DIM (5, 6, 4), tensor,
      "file: tensor \"features\": expected U8 or F16 or F32 [any][any][4], found I32 [5][6][4]");
  check_tensor ("features", SAFETENSORS_U8, 3, DIM (5, 6, 3), tensor, "[any][any][4], found U8 [5][6][3]");
  check_tensor ("features", SAFETENSORS_U8, 2, DIM (5, 24), tensor, "found U8 [5][24]");
  check_tensor ("features", SAFETENSORS_U8, 3, DIM (0, 6, 4), tensor, "found U8 [0][6][4]");
  check_tensor ("features", SAFETENSORS_U8, 3, DIM (5, 0, 4), tensor, "found U8 [5][0][4]");
  check_tensor ("features", SAFETENSORS_U8, 3, DIM (4, 6, 4), tensor, "\"offset_db\": expected F32 [4], found F32 [5]");
  check_tensor ("features", SAFETENSORS_U8, 3, DIM (5, 5, 4), GENRE_MODEL_ERROR_CLIPS,
      "\"frames\": expected values from 1 to 5, found 6 at index 0");
  check_tensor ("offset_db", SAFETENSORS_I32, 1, DIM (5), tensor, "\"offset_db\": expected F32 [5], found I32 [5]");
  check_tensor ("scale_db", SAFETENSORS_F32, 2, DIM (5, 1), tensor, "\"scale_db\": expected F32 [5], found F32 [5][1]");
  check_tensor ("label", SAFETENSORS_F32, 1, DIM (5), tensor, "\"label\": expected I32 [5], found F32 [5]");
  check_tensor ("label", SAFETENSORS_I64, 1, DIM (5), tensor, "found I64 [5]");
  check_tensor ("artist", SAFETENSORS_I32, 1, DIM (6), tensor, "\"artist\": expected I32 [5], found I32 [6]");
  check_tensor ("recording", SAFETENSORS_I32, 0, NULL, tensor, "\"recording\": expected I32 [5], found I32 []");
  check_tensor ("frames", SAFETENSORS_I32, 1, DIM (5), GENRE_MODEL_ERROR_CLIPS,
      "\"frames\": expected values from 1 to 6, found 0 at index 0");
  check_tensor ("teacher_embedding", SAFETENSORS_F16, 3, DIM (4, 3, 2), tensor, "[5][any][any], found F16 [4][3][2]");
  check_tensor ("teacher_embedding", SAFETENSORS_U8, 3, DIM (5, 3, 2), tensor, "expected F16 or F32");
  check_tensor ("teacher_embedding", SAFETENSORS_F16, 3, DIM (5, 7, 2), tensor, "at most a window a frame|found 7");
  check_tensor ("teacher_logits", SAFETENSORS_F16, 3, DIM (5, 2, 4), tensor, "[5][3][any], found F16 [5][2][4]");
  check_tensor ("teacher_logits", SAFETENSORS_F16, 3, DIM (5, 3, 0), tensor, "found F16 [5][3][0]");
  check_tensor ("teacher_logits", SAFETENSORS_F16, 3, DIM (5, 3, 3), GENRE_MODEL_ERROR_LABELS,
      "teacher_classes: expected an array of 3 strings, one a logit, found 4");
  check_tensor ("more", SAFETENSORS_U8, 1, DIM (1), tensor, "tensor \"more\": expected only|found this one too");
}

static void
test_missing (void)
{
  static const char *const needed[] = { "features", "offset_db", "scale_db", "label" };
  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++) {
    g_autoptr (ModelBuilder) builder = set_builder_new ();
    GError *error = NULL;
    model_builder_remove_tensor (builder, needed[i]);
    CHECK (!parse_builder (builder, &error), "%s", needed[i]);
    g_autofree char *words = g_strdup_printf ("file: tensor \"%s\": |found none", needed[i]);
    expect_error (error, GENRE_MODEL_ERROR_TENSOR, words, needed[i]);
  }
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  GError *error = NULL;
  model_builder_remove_tensor (builder, "teacher_embedding");
  model_builder_remove_tensor (builder, "teacher_logits");
  CHECK (!parse_builder (builder, &error), "teacher_measured alone");
  expect_error (error, GENRE_MODEL_ERROR_TENSOR, "\"teacher_measured\"|found none", "teacher_measured");
}

/* One value of an I32 otherwise. */
static void
check_integer (const char *name, gsize index, gint32 value, const char *words)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  gint32 values[SET_CLIPS] = { 0, 0, 0, 0, 0 };
  GError *error = NULL;
  if (strcmp (name, "frames") == 0)
    memcpy (values, set_frames, sizeof values);
  values[index] = value;
  set_builder_integers (builder, name, values);
  GenreFeatureSet *set = parse_builder (builder, &error);
  CHECK (!set, "%s: %d", name, value);
  genre_feature_set_free (set);
  expect_error (error, GENRE_MODEL_ERROR_CLIPS, words, name);
}

static void
check_value (const char *name, float value, const char *words)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  GError *error = NULL;
  model_builder_set_value (builder, name, 3, value);
  CHECK (!parse_builder (builder, &error), "%s: %g", name, (double) value);
  expect_error (error, GENRE_MODEL_ERROR_TENSOR, words, name);
}

static void
test_values (void)
{
  check_integer ("label", 4, 3, "\"label\": expected values from -1 to 2, found 3 at index 4");
  check_integer ("label", 0, -2, "found -2 at index 0");
  check_integer ("label", 0, G_MININT32, "found -2147483648");
  check_integer ("artist", 1, -2, "\"artist\": expected values from -1 to 2147483647, found -2 at index 1");
  check_integer ("recording", 2, G_MININT32, "\"recording\": |found -2147483648 at index 2");
  check_integer ("frames", 3, 0, "\"frames\": expected values from 1 to 6, found 0 at index 3");
  check_integer ("frames", 3, 7, "found 7");
  check_integer ("frames", 3, -1, "found -1");
  check_integer ("teacher_measured", 1, 2, "\"teacher_measured\": expected values from 0 to 1, found 2 at index 1");
  check_integer ("music", 2, 2, "\"music\": expected values from 0 to 1, found 2 at index 2");
  check_integer ("kind", 0, 1, "\"kind\": expected values from -1 to -1, found 1 at index 0");
  check_integer ("sure", 2, 4, "\"sure\": expected values from 0 to 3, found 4 at index 2");
  check_value ("offset_db", NAN, "\"offset_db\": expected finite values|found nan at index 3");
  check_value ("offset_db", INFINITY, "found inf");
  check_value ("offset_db", -2e6f, "at most 1e+06, found -2e+06");
  check_value ("scale_db", -INFINITY, "\"scale_db\": |found -inf at index 3");
  check_value ("scale_db", -1, "\"scale_db\": expected values of at least 0, found -1 at index 3");

  static const guint16 infinite[] = { 0x7c00, 0xfc00, 0x7e00 };
  static const char *const halves[] = { "teacher_embedding", "teacher_logits" };
  for (gsize i = 0; i < G_N_ELEMENTS (infinite) * G_N_ELEMENTS (halves); i++) {
    g_autoptr (ModelBuilder) builder = set_builder_new ();
    GError *error = NULL;
    const char *name = halves[i % 2];
    guint16 values[SET_CLIPS * SET_WINDOWS * SET_LOGITS] = { 0 };
    values[17] = infinite[i / 2];
    model_builder_set_tensor (builder, name, SAFETENSORS_F16, 3,
        DIM (SET_CLIPS, SET_WINDOWS, i % 2 == 0 ? SET_EMBEDDING : SET_LOGITS), values);
    CHECK (!parse_builder (builder, &error), "%s", name);
    expect_error (error, GENRE_MODEL_ERROR_TENSOR, "expected finite values|at index 17", name);
  }
}

/* A scale of 0 is a clip of one level. */
static void
test_flat (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  model_builder_set_value (builder, "scale_db", 1, 0);
  g_autoptr (GenreFeatureSet) set = good_set (builder);
  float db[SET_BANDS];
  if (!set)
    return;
  genre_feature_set_clip_db (set, 1, 2, 1, db);
  CHECK (equal (db[0], -61) && equal (db[3], -61), "%g", (double) db[0]);
}

static void
test_prefixes (void)
{
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  for (gsize n = 0; n < size; n++) {
    GError *error = NULL;
    g_autofree guint8 *exact = g_memdup2 (data, n); /* so that a read beyond the end is seen */
    GBytes *prefix = g_bytes_new_static (exact, n);
    CHECK (!genre_feature_set_parse (prefix, "file", &error), "%zu of %zu bytes", n, size);
    expect_error (error, GENRE_MODEL_ERROR_SIZE, "file: ", "prefix");
    g_bytes_unref (prefix);
  }
}

/* Every byte in turn as something else: an error, or a set that can be read. */
static void
test_mutations (void)
{
  static const guint8 masks[] = { 0x01, 0x80, 0xff, 0x10 };
  g_autoptr (ModelBuilder) builder = set_builder_new ();
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  unsigned accepted = 0, rejected = 0;
  for (gsize i = 0; i < size; i++)
    for (gsize k = 0; k < G_N_ELEMENTS (masks); k++) {
      g_autofree guint8 *copy = g_memdup2 (data, size);
      copy[i] ^= masks[k];
      GError *error = NULL;
      GBytes *changed = g_bytes_new_static (copy, size);
      GenreFeatureSet *set = genre_feature_set_parse (changed, "file", &error);
      CHECK (!set == (error != NULL), "byte %zu", i);
      if (set) {
        accepted++;
        read_all (set);
      } else {
        rejected++;
        CHECK (g_str_has_prefix (error->message, "file: ") && !strchr (error->message, '\n'), "%s", error->message);
      }
      g_clear_error (&error);
      genre_feature_set_free (set);
      g_bytes_unref (changed);
    }
  CHECK (accepted > 100 && rejected > 1000, "%u accepted, %u rejected", accepted, rejected);
}

/* --- large ones ------------------------------------------------------------------------------------------------ */

/* A set of 300 MB, more than a model may have, with a header of more than 1 MiB. */
static void
test_large (void)
{
  const gsize clips = 12000, values = 387 * 64, size = clips * (values + 12);
  GString *header = g_string_new ("{\"__metadata__\":{\"format\":\"genre-features\",\"version\":\"1\",\"frontend\":"
                                  "\"{\\\"sample_rate\\\":22050,\\\"n_fft\\\":2048,\\\"hop_length\\\":1708,"
                                  "\\\"n_mels\\\":64}\",\"labels\":\"[\\\"a\\\"]\",\"names\":\"");
  for (gsize i = 0; i < clips; i++)
    g_string_append_printf (header, "%c\\\"%0100zu\\\"", i == 0 ? '[' : ',', i);
  g_string_append_printf (header,
      "]\"},\"features\":{\"dtype\":\"U8\",\"shape\":[%zu,387,64],\"data_offsets\":[0,%zu]},"
      "\"offset_db\":{\"dtype\":\"F32\",\"shape\":[%zu],\"data_offsets\":[%zu,%zu]},"
      "\"scale_db\":{\"dtype\":\"F32\",\"shape\":[%zu],\"data_offsets\":[%zu,%zu]},"
      "\"label\":{\"dtype\":\"I32\",\"shape\":[%zu],\"data_offsets\":[%zu,%zu]}}",
      clips, clips * values, clips, clips * values, clips * (values + 4), clips, clips * (values + 4),
      clips * (values + 8), clips, clips * (values + 8), size);
  CHECK (header->len > SAFETENSORS_MAX_HEADER && size > SAFETENSORS_MAX_BYTES, "too small for this test");

  guint8 *file = g_malloc0 (8 + header->len + size); /* pages of zeros that nobody touches cost nothing */
  for (unsigned i = 0; i < 8; i++)
    file[i] = (guint8) ((guint64) header->len >> 8 * i);
  memcpy (file + 8, header->str, header->len);
  file[8 + header->len + clips * values - 1] = 51;
  const float scale = 255;
  memcpy (file + 8 + header->len + clips * (values + 8) - 4, &scale, 4);
  g_autoptr (GBytes) bytes = g_bytes_new_take (file, 8 + header->len + size);
  g_string_free (header, TRUE);

  GError *error = NULL;
  g_autoptr (GenreFeatureSet) set = genre_feature_set_parse (bytes, "file", &error);
  CHECK (set, "%s", error->message);
  g_clear_error (&error);
  float db[64];
  if (set) {
    genre_feature_set_clip_db (set, clips - 1, 386, 1, db);
    CHECK (equal (db[63], 51) && equal (db[62], 0), "%g", (double) db[63]);
    CHECK (strlen (genre_feature_set_clip_name (set, clips - 1)) == 100, "name");
  }
  CHECK (!safetensors_new (bytes, "file", &error), "a model's limits");
  expect_error (error, GENRE_MODEL_ERROR_SIZE, "at most 268435456 bytes", "a model's limits");
}

static void
check_size (guint8 *file, gsize size, const char *words)
{
  GError *error = NULL;
  GBytes *bytes = g_bytes_new_take (file, size);
  CHECK (!genre_feature_set_parse (bytes, "file", &error), "%s", words);
  expect_error (error, GENRE_MODEL_ERROR_SIZE, words, "limit");
  g_bytes_unref (bytes);
}

/* A header beyond 16 MiB; one of more values than tensors need. */
static void
test_limits (void)
{
  guint8 *file = g_malloc0 (16);
  const guint64 length = FEATURE_SET_MAX_HEADER + 1;
  for (unsigned i = 0; i < 8; i++)
    file[i] = (guint8) (length >> 8 * i);
  check_size (file, 16, "a header of at most 16777216 bytes, found 16777217");

  const gsize n = 8 << 20;
  file = g_malloc (8 + n);
  for (unsigned i = 0; i < 8; i++)
    file[i] = (guint8) ((guint64) n >> 8 * i);
  memset (file + 8, ',', n);
  memcpy (file + 8, "{\"a\":[0", 7);
  check_size (file, 8 + n, "header: expected at most 524289 values");
}

static void
test_files (void)
{
  GError *error = NULL;
  CHECK (!genre_feature_set_load ("/nonexistent/x.safetensors", &error), "no file");
  expect_error (error, GENRE_MODEL_ERROR_NOT_FOUND, "/nonexistent/x.safetensors: no such file", "no file");
  error = NULL;
  CHECK (!genre_feature_set_load ("/", &error), "a directory");
  expect_error (error, GENRE_MODEL_ERROR_READ, "found a directory", "a directory");
}

/* tests/corpus/features: files of tests/make-features-corpus.py; the name says what they are. */
static void
test_corpus (void)
{
  static const char *const codes[] = { [GENRE_MODEL_ERROR_SIZE] = "size",
    [GENRE_MODEL_ERROR_JSON] = "json",
    [GENRE_MODEL_ERROR_CONTAINER] = "container",
    [GENRE_MODEL_ERROR_FORMAT] = "format",
    [GENRE_MODEL_ERROR_LABELS] = "labels",
    [GENRE_MODEL_ERROR_FRONTEND] = "frontend",
    [GENRE_MODEL_ERROR_TENSOR] = "tensor",
    [GENRE_MODEL_ERROR_CLIPS] = "clips" };
  g_autofree char *directory = g_build_filename (g_getenv ("GENRE_TEST_DATA"), "corpus", "features", NULL);
  GDir *dir = g_dir_open (directory, 0, NULL);
  unsigned n_good = 0, n_bad = 0;
  CHECK (dir, "no directory %s", directory);

  for (const char *name = dir ? g_dir_read_name (dir) : NULL; name; name = g_dir_read_name (dir)) {
    g_autofree char *path = g_build_filename (directory, name, NULL);
    GError *error = NULL;
    g_autoptr (GenreFeatureSet) set = genre_feature_set_load (path, &error);
    if (g_str_has_prefix (name, "ok-")) {
      n_good++;
      CHECK (set, "%s", error->message);
      if (set)
        read_all (set);
      g_clear_error (&error);
      continue;
    }
    size_t code = 0;
    while (code < G_N_ELEMENTS (codes)
        && !(codes[code] && g_str_has_prefix (name, codes[code]) && name[strlen (codes[code])] == '-'))
      code++;
    CHECK (code < G_N_ELEMENTS (codes), "%s: no code", name);
    CHECK (!set, "%s", name);
    n_bad++;
    expect_error (error, (GenreModelError) code, name, name);
  }
  CHECK (n_good >= 4 && n_bad >= 20, "%u good and %u bad files", n_good, n_bad);
  if (dir)
    g_dir_close (dir);
}

int
main (void)
{
  test_clips ();
  test_levels ();
  test_teacher ();
  test_float_features ();
  test_least ();
  test_variants ();
  test_groups ();
  test_soft ();
  test_soft_refusals ();
  test_asides ();
  test_music ();
  test_artists ();
  test_digests ();
  test_fits ();
  test_input ();
  test_reference ();
  test_metadata ();
  test_long_recipe ();
  test_shapes ();
  test_missing ();
  test_values ();
  test_flat ();
  test_prefixes ();
  test_mutations ();
  test_large ();
  test_limits ();
  test_files ();
  test_corpus ();
  TEST_END ();
}
