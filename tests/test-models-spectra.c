/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-spectra.c - columns of spectrogram and mel-spectrogram against librosa (tests/golden/
 * make-spectra-golden.py makes models-spectra.safetensors); in any pieces; at other rates; over a change of rate; where
 * few columns are kept; the k-th allocation fails for every k.
 *
 * Layer:   tests; models.  Link with -Wl,--wrap=malloc,--wrap=calloc.
 * Threads: one.
 */
#include "models/spectra.h"
#include "tests/allocations_left.h"
#include "tests/golden.h"

#include <limits.h>
#include <math.h>

enum
{
  RATE = 22050,
  N = 2 * RATE,
  ROWS = 40,
  MOST_ROWS = 128,
};

static const GenreSpectraConfig config = { 2048, 512, ROWS, 400 };
static float sound[N];
static Golden golden;

static void
make_sound (void)
{
  uint64_t random = 2;

  for (size_t i = 0; i < N; i++) {
    const float fade = 1 - (float) (i % 11025) * (1 / 11025.f);
    sound[i] = test_noise (&random) * .5f * fade * fade * fade;
  }
}

static GenreSpectra *
hear (const GenreSpectraConfig *with, size_t piece)
{
  GenreSpectra *spectra = genre_spectra_new (with, RATE);

  for (size_t at = 0; at < N; at += piece)
    genre_spectra_push (spectra, sound + at, N - at < piece ? N - at : piece);
  genre_spectra_finish (spectra);
  return spectra;
}

/* --- against librosa -------------------------------------------------------------------------------------------- */

static void
check_columns (GenreSpectra *spectra, const char *key, GenreSpectraKind kind, double begin, double end, size_t n)
{
  const size_t rows = genre_spectra_rows (spectra, kind);
  const float *expected = golden_tensor (&golden, key, n * rows);
  const double step = (end - begin) / (double) n;
  float power[MOST_ROWS];
  double worst = 0;

  for (size_t x = 0; x < n; x++) {
    CHECK (genre_spectra_column (spectra, kind, begin + (double) x * step, begin + (double) (x + 1) * step, power),
        "%s: column %zu is empty", key, x);
    for (size_t row = 0; row < rows; row++) {
      const double wanted = (double) expected[x * rows + row];
      worst = fmax (worst, fabs ((double) power[row] - wanted) / wanted);
    }
  }
  CHECK (worst < 2e-5, "%s: off by %g", key, worst);
}

static void
test_golden (size_t piece)
{
  GenreSpectra *spectra = hear (&config, piece);
  const float *loudest = golden_tensor (&golden, "loudest", 2);

  CHECK (genre_spectra_rows (spectra, GENRE_SPECTRA_LOG) == ROWS, "rows");
  CHECK (genre_spectra_rows (spectra, GENRE_SPECTRA_MEL) == MOST_ROWS, "mel bands");
  check_columns (spectra, "wide/log", GENRE_SPECTRA_LOG, 0, 2, 12);
  check_columns (spectra, "wide/mel", GENRE_SPECTRA_MEL, 0, 2, 12);
  check_columns (spectra, "near/log", GENRE_SPECTRA_LOG, .5, .75, 24);
  check_columns (spectra, "near/mel", GENRE_SPECTRA_MEL, .5, .75, 24);
  for (int kind = 0; kind < GENRE_SPECTRA_N_KINDS; kind++) {
    const double wanted = (double) loudest[kind];
    CHECK (fabs (genre_spectra_loudest (spectra, (GenreSpectraKind) kind) / wanted - 1) < 2e-5, "loudest of %d", kind);
  }
  genre_spectra_free (spectra);
}

/* What is kept in few columns is the same over whole ones. */
static void
test_few_columns (void)
{
  const GenreSpectraConfig few = { 2048, 512, ROWS, 12 };
  GenreSpectra *all = hear (&config, 5000), *some = hear (&few, 5000);
  float power[MOST_ROWS], other[MOST_ROWS];
  const double column = 8 * 512. / RATE; /* 87 frames in 12 columns are 8 in one */

  for (int kind = 0; kind < GENRE_SPECTRA_N_KINDS; kind++)
    for (int x = 0; x < 10; x++) {
      const double begin = x * column - 256. / RATE;
      genre_spectra_column (all, (GenreSpectraKind) kind, begin, begin + column, power);
      genre_spectra_column (some, (GenreSpectraKind) kind, begin, begin + column, other);
      for (size_t row = 0; row < ROWS; row++)
        CHECK (fabsf (power[row] - other[row]) <= 2e-5f * power[row], "column %d, row %zu: %g, not %g", x, row,
            (double) other[row], (double) power[row]);
    }
  genre_spectra_free (all);
  genre_spectra_free (some);
}

/* --- other rates ------------------------------------------------------------------------------------------------ */

/* Pushes a tone. */
static void
push_tone (GenreSpectra *spectra, unsigned rate_hz, double hz, double seconds)
{
  const size_t n = (size_t) (seconds * rate_hz);
  float *tone = calloc (n, sizeof *tone);

  for (size_t i = 0; i < n; i++)
    tone[i] = (float) (.5 * sin (2 * 3.14159265358979323846 * hz * (double) i / rate_hz));
  genre_spectra_push (spectra, tone, n);
  free (tone);
}

static size_t
loudest_row (const float *power, size_t rows)
{
  size_t best = 0;
  for (size_t row = 1; row < rows; row++)
    best = power[row] > power[best] ? row : best;
  return best;
}

/* A tone lies where its frequency is written, in both pictures. */
static void
check_row (GenreSpectra *spectra, unsigned rate_hz, double hz, double second)
{
  float power[MOST_ROWS];

  for (int k = 0; k < GENRE_SPECTRA_N_KINDS; k++) {
    const GenreSpectraKind kind = (GenreSpectraKind) k;
    const size_t rows = genre_spectra_rows (spectra, kind);
    const double height = genre_spectra_height (spectra, kind, hz) * (double) rows;
    CHECK (genre_spectra_column (spectra, kind, second, second + .1, power), "%u Hz: nothing", rate_hz);
    const double found = (double) loudest_row (power, rows) + .5;
    CHECK (fabs (found - height) < 1.1, "%u Hz, kind %d: a tone of %g Hz is in row %g, not %g", rate_hz, k, hz, found,
        height);
  }
}

static void
test_rates (void)
{
  static const unsigned rates[] = { 2000, 8000, 22050, 44100, 48000, 192000 };
  double level = 0;

  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    GenreSpectra *spectra = genre_spectra_new (&config, rates[i]);
    const double top = log (rates[i] / 2.2 / 100) / log (2);
    for (int octave = 0; octave < top; octave += 2)
      push_tone (spectra, rates[i], 100 << octave, 1);
    genre_spectra_finish (spectra);
    for (int octave = 0; octave < top; octave += 2)
      check_row (spectra, rates[i], 100 << octave, octave / 2. + .5);
    const double loudest = 10 * log10 (genre_spectra_loudest (spectra, GENRE_SPECTRA_LOG));
    CHECK (level == 0 || fabs (loudest - level) < .6, "%u Hz: %g dB, not %g", rates[i], loudest, level);
    level = loudest;
    genre_spectra_free (spectra);
  }
}

/* Behind a change of rate, what is lower has its place and what is higher is silent. */
static void
test_change (void)
{
  GenreSpectra *spectra = genre_spectra_new (&config, 44100);
  float power[MOST_ROWS];

  push_tone (spectra, 44100, 5000, 1.5);
  CHECK (genre_spectra_set_rate (spectra, 8000), "no memory");
  push_tone (spectra, 8000, 300, 1.5);
  genre_spectra_finish (spectra);
  check_row (spectra, 44100, 5000, .7);
  check_row (spectra, 8000, 300, 2.2);
  genre_spectra_column (spectra, GENRE_SPECTRA_LOG, 2.2, 2.3, power);
  CHECK (power[ROWS - 1] == 0, "above 4 kHz: %g", (double) power[ROWS - 1]);
  genre_spectra_free (spectra);
}

/* Samples that no converter makes leave no Inf and no NaN. */
static void
test_huge (void)
{
  GenreSpectra *spectra = genre_spectra_new (&config, RATE);
  float power[MOST_ROWS], samples[4096];

  for (size_t i = 0; i < 4096; i++)
    samples[i] = i % 3 ? 3e38f : -3e38f;
  for (int i = 0; i < 20; i++)
    genre_spectra_push (spectra, samples, 4096);
  genre_spectra_finish (spectra);
  for (int kind = 0; kind < GENRE_SPECTRA_N_KINDS; kind++) {
    genre_spectra_column (spectra, (GenreSpectraKind) kind, 0, 3, power);
    for (size_t row = 0; row < ROWS; row++)
      CHECK (isfinite (power[row]), "row %zu", row);
    CHECK (isfinite (genre_spectra_loudest (spectra, (GenreSpectraKind) kind)), "loudest");
  }
  genre_spectra_free (spectra);
}

static void
test_no_memory (void)
{
  GenreSpectra *spectra = NULL;
  int n = 0;

  for (; !spectra && n < 200; n++) {
    allocations_left = n;
    spectra = genre_spectra_new (&config, RATE);
  }
  CHECK (n > 10, "only %d allocations", n);
  genre_spectra_push (spectra, sound, N);
  for (allocations_left = 0; !genre_spectra_set_rate (spectra, 8000) && n < 400; n++) {
    genre_spectra_free (spectra);
    allocations_left = INT_MAX;
    spectra = genre_spectra_new (&config, RATE);
    allocations_left = n - 20;
  }
  allocations_left = INT_MAX;
  genre_spectra_free (spectra);
}

int
main (void)
{
  make_sound ();
  golden = golden_load ("models-spectra.safetensors");
  test_golden (N);
  test_golden (77);
  golden_free (&golden);
  test_few_columns ();
  test_rates ();
  test_change ();
  test_huge ();
  test_no_memory ();
  TEST_END ();
}
