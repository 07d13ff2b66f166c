/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-descriptors.c - each descriptor and value has one name, and values are those of dsp/descriptors.
 *
 * Layer:   tests; models, dsp.
 * Threads: one.
 */
#include "models/descriptors.h"

#include "dsp/descriptors.h"
#include "models/moments.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum
{
  N_VALUES = GENRE_FRAME_VALUES + GENRE_TEXTURE_VALUES,
};

static void
test_names (void)
{
  static const struct
  {
    size_t value;
    const char *name;
  } known[] = { { 0, "zero_crossings_per_s" }, { 1, "spectral_centroid_hz" }, { 2, "spectral_rolloff_hz" },
    { 3, "spectral_flux" }, { 4, "mfcc_0" }, { 23, "mfcc_19" }, { 24, "spectral_contrast_0_db" },
    { 30, "spectral_contrast_6_db" }, { 31, "low_energy" }, { 32, "omsc_octave_0_db" }, { 39, "omsc_octave_std_0_db" },
    { 46, "omsc_modulation_0_db" }, { 59, "omsc_modulation_std_6_db" }, { 60, "mscm_0" }, { 73, "msfm_6" } };
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (known); i++) {
    g_autofree char *name = genre_descriptor_value_name (known[i].value);
    CHECK (strcmp (name, known[i].name) == 0, "%zu: %s, not %s", known[i].value, name, known[i].name);
  }
  for (size_t i = 0; i < N_VALUES; i++)
    CHECK (g_hash_table_add (names, genre_descriptor_value_name (i)), "%zu: a name that is there already", i);
}

/* They share out all values in their order, and each value has the name of its descriptor. */
static void
test_table (void)
{
  size_t next = 0;

  for (size_t i = 0; i < GENRE_N_DESCRIPTORS; i++) {
    const GenreDescriptor *descriptor = genre_descriptor (i);
    CHECK (descriptor->first == next && descriptor->n > 0, "%s: from %zu", descriptor->name, descriptor->first);
    next += descriptor->n;
    CHECK (descriptor->first >= GENRE_FRAME_VALUES || next <= GENRE_FRAME_VALUES, "%s: both kinds", descriptor->name);
    CHECK (genre_descriptor_find (descriptor->name) == descriptor, "%s is not found", descriptor->name);
    CHECK (!strchr (descriptor->help, '\n') && strlen (descriptor->help) <= 90, "%s: help", descriptor->name);
    for (size_t value = descriptor->first; value < next; value++) {
      g_autofree char *name = genre_descriptor_value_name (value);
      CHECK (g_str_has_prefix (name, descriptor->name), "%s: %s", descriptor->name, name);
    }
  }
  CHECK (next == N_VALUES, "%zu values", next);
  CHECK (!genre_descriptor_find ("") && !genre_descriptor_find ("chroma"), "found what is not there");
}

static void
test_values (void)
{
  static float x[7 * 22050];
  DspDescriptorsConfig config = dsp_descriptors_default ();
  DspDescriptors *dsp = dsp_descriptors_new (&config, 22050);
  GenreDescriptors *genre = genre_descriptors_new (22050);
  DspFrameValues frame;
  DspTextureValues texture;
  double values[GENRE_FRAME_VALUES], long_term[GENRE_TEXTURE_VALUES];
  uint64_t seed = 1;

  for (size_t i = 0; i < G_N_ELEMENTS (x); i++)
    x[i] = test_noise (&seed);
  CHECK (!genre_descriptors_texture (genre, long_term), "a texture without frames");
  for (size_t at = 0; at < G_N_ELEMENTS (x);) {
    dsp_descriptors_push (dsp, x + at, G_N_ELEMENTS (x) - at);
    at += genre_descriptors_push (genre, x + at, G_N_ELEMENTS (x) - at);
    while (genre_descriptors_next (genre, values)) {
      CHECK (dsp_descriptors_next (dsp, &frame), "a frame too many");
      CHECK (values[0] == frame.zero_crossings_hz && values[1] == frame.centroid_hz && values[2] == frame.rolloff_hz
              && values[3] == frame.flux && memcmp (values + 4, frame.mfcc, sizeof frame.mfcc) == 0
              && memcmp (values + 24, frame.contrast_db, sizeof frame.contrast_db) == 0,
          "frame %d", (int) genre_descriptors_frame (genre));
    }
  }
  CHECK (genre_descriptors_texture (genre, long_term) && dsp_descriptors_texture (dsp, &texture), "no texture");
  CHECK (long_term[0] == texture.low_energy && memcmp (long_term + 1, texture.omsc_octave, 7 * 8) == 0
          && memcmp (long_term + 8, texture.omsc_octave_std, 7 * 8) == 0
          && memcmp (long_term + 15, texture.omsc_modulation, 7 * 8) == 0
          && memcmp (long_term + 22, texture.omsc_modulation_std, 7 * 8) == 0
          && memcmp (long_term + 29, texture.modulation_crest, 7 * 8) == 0
          && memcmp (long_term + 36, texture.modulation_flatness, 7 * 8) == 0,
      "texture");
  CHECK (genre_descriptors_center (genre, 3) == 3 * 512, "centre");
  genre_descriptors_reset (genre);
  CHECK (genre_descriptors_frame (genre) == 0 && !genre_descriptors_texture (genre, long_term), "a reset");
  genre_descriptors_finish (genre);
  CHECK (genre_descriptors_next (genre, values) && !genre_descriptors_next (genre, values), "the frame of no sample");
  dsp_descriptors_free (dsp);
  genre_descriptors_free (genre);
  genre_descriptors_free (NULL);
}

static void
test_moments (void)
{
  GenreMoments moments = { 0 };
  double sum = 0, squares = 0;
  uint64_t seed = 1;

  CHECK (genre_moments_std (&moments) == 0, "of nothing");
  genre_moments_add (&moments, 5);
  CHECK (moments.n == 1 && moments.mean == 5 && genre_moments_std (&moments) == 0, "of one");
  moments = (GenreMoments){ 0 };
  for (int i = 0; i < 1000; i++) {
    const double x = (double) test_noise (&seed);
    genre_moments_add (&moments, 1e9 + x); /* one pass of squares would lose it */
    sum += x / 1000;
    squares += x * x / 1000;
  }
  CHECK (moments.n == 1000 && fabs (moments.mean - 1e9 - sum) < 1e-6, "mean");
  CHECK (fabs (genre_moments_std (&moments) - sqrt (squares - sum * sum)) < 1e-6, "standard deviation");
}

int
main (void)
{
  test_names ();
  test_table ();
  test_values ();
  test_moments ();
  TEST_END ();
}
