/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/frontend.h"

#include "tests/expect_error.h"

#include <math.h>

static const char minimal[] = "{\"sample_rate\":22050,\"n_fft\":2048,\"hop_length\":512,\"n_mels\":2}";

static bool
same (double a, double b)
{
  return !(a < b) && !(a > b);
}

static bool
equal (const GenreFrontend *a, const GenreFrontend *b)
{
  return a->mel.sample_rate_hz == b->mel.sample_rate_hz && a->mel.n_fft == b->mel.n_fft
      && a->mel.hop_length == b->mel.hop_length && a->mel.n_mels == b->mel.n_mels
      && a->mel.band_pool == b->mel.band_pool && same (a->mel.fmin_hz, b->mel.fmin_hz)
      && same (a->mel.fmax_hz, b->mel.fmax_hz) && same (a->amin, b->amin) && same (a->ref, b->ref)
      && same (a->top_db, b->top_db) && a->bands == b->bands
      && memcmp (a->mean, b->mean, a->bands * sizeof *a->mean) == 0
      && memcmp (a->std, b->std, a->bands * sizeof *a->std) == 0;
}

/* Parses, and what is written back parses to the same, in the same bytes. */
static bool
parse (const char *json, GenreFrontend *ret_frontend)
{
  GError *error = NULL;
  bool ok = genre_frontend_parse (json, "file", ret_frontend, &error);
  CHECK (ok, "%s: %s", json, error->message);
  if (!ok) {
    g_error_free (error);
    return false;
  }
  GString *text = g_string_new (NULL), *again = g_string_new (NULL);
  genre_frontend_append (ret_frontend, text);
  GenreFrontend back;
  ok = genre_frontend_parse (text->str, "file", &back, &error);
  CHECK (ok, "%s: %s", text->str, error->message);
  if (ok) {
    CHECK (equal (&back, ret_frontend), "%s -> %s", json, text->str);
    genre_frontend_append (&back, again);
    CHECK (strcmp (text->str, again->str) == 0, "%s -> %s", text->str, again->str);
    genre_frontend_clear (&back);
  }
  g_string_free (again, TRUE);
  g_string_free (text, TRUE);
  return true;
}

static void
test_defaults (void)
{
  GenreFrontend f;
  if (!parse (minimal, &f))
    return;
  CHECK (f.mel.sample_rate_hz == 22050 && f.mel.n_fft == 2048 && f.mel.hop_length == 512, "sizes");
  CHECK (f.mel.n_mels == 2 && f.mel.band_pool == 1 && f.bands == 2, "bands");
  CHECK (same (f.mel.fmin_hz, 0) && same (f.mel.fmax_hz, 11025), "%g %g", f.mel.fmin_hz, f.mel.fmax_hz);
  CHECK (same (f.amin, 1e-10) && same (f.ref, 1) && f.top_db < 0, "levels");
  for (int i = 0; i < 2; i++)
    CHECK (same ((double) f.mean[i], 0) && same ((double) f.std[i], 1), "band %d", i);
  genre_frontend_clear (&f);
  genre_frontend_clear (&f);
}

static void
test_all (void)
{
  GenreFrontend f;
  if (!parse ("{\"normalize\":{\"std\":[2,1e-6],\"mean\":[-3.22934,1e6]},\"top_db\":80,\"amin\":1e-4,\"ref\":\"max\","
              "\"power\":2.0,\"mel_norm\":\"slaney\",\"mel_scale\":\"slaney\",\"fmax\":7600.5,\"fmin\":62.5,"
              "\"band_pool\":3,\"n_mels\":6.0,\"window\":\"hann\",\"hop_length\":1,\"n_fft\":2,\"sample_rate\":2000}",
          &f))
    return;
  CHECK (f.mel.sample_rate_hz == 2000 && f.mel.n_fft == 2 && f.mel.hop_length == 1, "sizes");
  CHECK (f.mel.n_mels == 6 && f.mel.band_pool == 3 && f.bands == 2, "bands");
  CHECK (same (f.mel.fmin_hz, 62.5) && same (f.mel.fmax_hz, 7600.5), "range");
  CHECK (same (f.amin, 1e-4) && same (f.ref, 0) && same (f.top_db, 80), "levels");
  CHECK (same ((double) f.mean[0], (double) -3.22934f) && same ((double) f.std[0], 2), "normalize");
  genre_frontend_clear (&f);

  if (parse ("{\"sample_rate\":1000000,\"n_fft\":65536,\"hop_length\":1048576,\"n_mels\":1024,\"band_pool\":1024,"
             "\"top_db\":0,\"ref\":0.5,\"normalize\":null}",
          &f)) {
    CHECK (f.bands == 1 && same (f.top_db, 0) && same (f.ref, 0.5), "extremes");
    genre_frontend_clear (&f);
  }
}

/* The minimal recipe with more keys, or other values for those it has (which are then left out). */
static void
check_rejected (const char *keys, const char *words)
{
  GString *json = g_string_new ("{");
  static const char *const needed[][2] = { { "sample_rate", "22050" }, { "n_fft", "2048" }, { "hop_length", "512" },
    { "n_mels", "2" } };
  for (size_t i = 0; i < G_N_ELEMENTS (needed); i++) {
    char *quoted = g_strdup_printf ("\"%s\"", needed[i][0]);
    if (!strstr (keys, quoted))
      g_string_append_printf (json, "%s:%s,", quoted, needed[i][1]);
    g_free (quoted);
  }
  g_string_append_printf (json, "%s}", keys);

  GenreFrontend frontend = { .amin = -7 };
  GError *error = NULL;
  char *all_words = g_strdup_printf ("file: frontend: |%s", words);
  CHECK (!genre_frontend_parse (json->str, "file", &frontend, &error), "%s", json->str);
  CHECK (same (frontend.amin, -7), "the result was touched");
  expect_error (error, GENRE_MODEL_ERROR_FRONTEND, all_words, json->str);
  g_free (all_words);
  g_string_free (json, TRUE);
}

static void
test_values (void)
{
  check_rejected ("\"unknown\":1", "\"unknown\": expected a key of a recipe");
  check_rejected ("\"Window\":\"hann\"", "\"Window\": expected a key");
  check_rejected ("\"sample_rate\":1999", "\"sample_rate\": expected an integer from 2000 to 1000000, found 1999");
  check_rejected ("\"sample_rate\":1000001", "found 1000001");
  check_rejected ("\"sample_rate\":\"22050\"", "found \"22050\"");
  check_rejected ("\"sample_rate\":null", "found null");
  check_rejected ("\"sample_rate\":22050.5", "found 22050.5");
  check_rejected ("\"n_fft\":0", "\"n_fft\": expected an integer from 2 to 65536, found 0");
  check_rejected ("\"n_fft\":2047", "\"n_fft\": expected an even number, found 2047");
  check_rejected ("\"n_fft\":65538", "found 65538");
  check_rejected ("\"n_fft\":-2048", "found -2048");
  check_rejected ("\"hop_length\":0", "\"hop_length\": expected an integer from 1 to 1048576, found 0");
  check_rejected ("\"hop_length\":1048577", "found 1048577");
  check_rejected ("\"hop_length\":4294967808", "found 4294967808"); /* 512 + 2^32 */
  check_rejected ("\"hop_length\":true", "found true");
  check_rejected ("\"window\":\"hamming\"", "\"window\": expected \"hann\", found \"hamming\"");
  check_rejected ("\"window\":null", "expected \"hann\", found null");
  check_rejected ("\"n_mels\":0", "\"n_mels\": expected an integer from 1 to 1024, found 0");
  check_rejected ("\"n_mels\":1025", "found 1025");
  check_rejected ("\"band_pool\":0", "\"band_pool\": expected an integer from 1 to 1024, found 0");
  check_rejected ("\"n_mels\":7,\"band_pool\":2", "multiple of \"band_pool\", found 7 and 2");
  check_rejected ("\"band_pool\":4", "multiple of \"band_pool\", found 2 and 4");
  check_rejected ("\"fmin\":-1", "\"fmin\": expected a number from 0 to 1000000, found -1");
  check_rejected ("\"fmax\":1e300", "\"fmax\": expected a number from 0 to 1000000, found 1");
  check_rejected ("\"fmax\":null", "\"fmax\": expected a number|found null");
  check_rejected ("\"fmin\":4000,\"fmax\":4000", "expected \"fmax\" above \"fmin\"|fmin 4000 and fmax 4000");
  check_rejected ("\"fmin\":5000,\"fmax\":4000", "expected \"fmax\" above \"fmin\"");
  check_rejected ("\"fmin\":11025", "expected \"fmax\" above \"fmin\"|fmax 11025");
  check_rejected ("\"fmin\":4000,\"fmax\":4000.5", "by at least 1 Hz");
  check_rejected ("\"mel_scale\":\"htk\"", "\"mel_scale\": expected \"slaney\", found \"htk\"");
  check_rejected ("\"mel_norm\":null", "\"mel_norm\": expected \"slaney\", found null");
  check_rejected ("\"power\":1", "\"power\": expected a number from 2 to 2, found 1");
  check_rejected ("\"ref\":\"min\"", "\"ref\": expected \"max\", found \"min\"");
  check_rejected ("\"ref\":0", "\"ref\": expected a number|found 0");
  check_rejected ("\"ref\":-1", "found -1");
  check_rejected ("\"ref\":null", "found null");
  check_rejected ("\"amin\":0", "\"amin\": expected a number|found 0");
  check_rejected ("\"amin\":-1e-4", "\"amin\": expected a number");
  check_rejected ("\"top_db\":-1", "\"top_db\": expected a number from 0|found -1");
  check_rejected ("\"top_db\":\"80\"", "found \"80\"");
  check_rejected ("\"normalize\":[]", "\"normalize\": expected null or an object");
  check_rejected ("\"normalize\":{}", "\"normalize\": expected null or an object");
  check_rejected ("\"normalize\":{\"mean\":[0,0]}", "\"normalize\": expected null or an object");
  check_rejected ("\"normalize\":{\"mean\":[0,0],\"std\":[1,1],\"min\":0}",
      "\"normalize\": expected null or an object");
  check_rejected ("\"normalize\":{\"mean\":[0,0],\"var\":[1,1]}",
      "\"std\": expected an array of 2 numbers, found none");
  check_rejected ("\"normalize\":{\"mean\":0,\"std\":[1,1]}", "\"mean\": expected an array of 2 numbers, found 0");
  check_rejected ("\"normalize\":{\"mean\":[0],\"std\":[1,1]}", "\"mean\": expected an array of 2 numbers, found [0]");
  check_rejected ("\"normalize\":{\"mean\":[0,0],\"std\":[1,1,1]}",
      "\"std\": expected an array of 2 numbers, found [1");
  check_rejected ("\"normalize\":{\"mean\":[0,0],\"std\":[1,0]}", "\"std\": expected a number|found 0");
  check_rejected ("\"normalize\":{\"mean\":[0,0],\"std\":[1,-1]}", "\"std\": expected a number|found -1");
  check_rejected ("\"normalize\":{\"mean\":[0,null],\"std\":[1,1]}", "\"mean\": expected a number|found null");
  check_rejected ("\"normalize\":{\"mean\":[0,1e300],\"std\":[1,1]}", "\"mean\": expected a number");
}

/* Each required key left out of the minimal recipe. */
static void
test_missing (void)
{
  static const char *const required[] = { "sample_rate", "n_fft", "hop_length", "n_mels" };
  for (size_t i = 0; i < G_N_ELEMENTS (required); i++) {
    GString *json = g_string_new ("{");
    for (size_t k = 0; k < G_N_ELEMENTS (required); k++)
      if (k != i)
        g_string_append_printf (json, "%s\"%s\":2000", json->len > 1 ? "," : "", required[k]);
    g_string_append_c (json, '}');
    g_string_replace (json, "\"n_mels\":2000", "\"n_mels\":2", 0);
    char *words = g_strdup_printf ("file: frontend: expected a key \"%s\", found none", required[i]);
    GenreFrontend frontend;
    GError *error = NULL;
    CHECK (!genre_frontend_parse (json->str, "file", &frontend, &error), "%s", json->str);
    expect_error (error, GENRE_MODEL_ERROR_FRONTEND, words, json->str);
    g_free (words);
    g_string_free (json, TRUE);
  }
}

static void
test_json (void)
{
  static const struct
  {
    const char *json;
    GenreModelError code;
    const char *words;
  } bad[] = {
    { "[]", GENRE_MODEL_ERROR_FRONTEND, "file: frontend: expected an object, found []" },
    { "\"x\"", GENRE_MODEL_ERROR_FRONTEND, "expected an object, found \"x\"" },
    { "", GENRE_MODEL_ERROR_JSON, "file: frontend: not strict JSON" },
    { "{\"n_fft\":1,\"n_fft\":1}", GENRE_MODEL_ERROR_JSON, "duplicate key \"n_fft\"" },
    { "{\"n_fft\":0x10}", GENRE_MODEL_ERROR_JSON, "file: frontend: not strict JSON" },
    { "{\"n_fft\":1e999}", GENRE_MODEL_ERROR_JSON, "1e999 is too large" },
    { "{\"normalize\":{\"mean\":[0,0],\"mean\":[0,0]}}", GENRE_MODEL_ERROR_JSON, "duplicate key \"mean\"" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    GenreFrontend frontend;
    GError *error = NULL;
    CHECK (!genre_frontend_parse (bad[i].json, "file", &frontend, &error), "%s", bad[i].json);
    expect_error (error, bad[i].code, bad[i].words, bad[i].json);
  }
}

static void
test_time (void)
{
  const GenreFrontend frontend = { .mel = { .sample_rate_hz = 22050, .hop_length = 441 } }; /* 20 ms */
  const GenreFrontend slow = { .mel = { .sample_rate_hz = 1000000, .hop_length = 1048576 } };

  CHECK (fabs (genre_frontend_seconds (&frontend, 50) - 1) < 1e-12, "50 frames: %g s",
      genre_frontend_seconds (&frontend, 50));
  CHECK (genre_frontend_samples (&frontend, 50, 48000) == 48000, "50 frames at 48 kHz");
  CHECK (genre_frontend_samples (&frontend, 1, 2010) == 40, "a frame at 2010 Hz: 40.2 samples");
  CHECK (genre_frontend_samples (&slow, 1 << 22, 1000000) == G_GUINT64_CONSTANT (1) << 42, "the longest");
}

int
main (void)
{
  test_time ();
  test_defaults ();
  test_all ();
  test_values ();
  test_missing ();
  test_json ();
  TEST_END ();
}
