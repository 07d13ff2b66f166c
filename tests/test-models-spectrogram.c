/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-spectrogram.c - a tone has its level and its row at any rate; silence is 0; columns come when they
 * are due; any split gives the same; reset equals fresh; the k-th allocation fails for every k.
 *
 * Layer:   tests; models.  Link with -Wl,--wrap=malloc,--wrap=calloc.
 * Threads: one.
 */
#include "models/spectrogram.h"
#include "tests/allocations_left.h"
#include "tests/test.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  ROWS = 300,
};

static float *
new_tone (size_t n, double rate_hz, double hz, double amplitude)
{
  float *samples = calloc (n, sizeof *samples);

  for (size_t i = 0; i < n; i++)
    samples[i] = (float) (amplitude * sin (2 * 3.14159265358979323846 * hz * (double) i / rate_hz));
  return samples;
}

/* Pushes all samples, at most `piece` at a time.  columns [at most max][rows]; returns how many there are. */
static size_t
run (GenreSpectrogram *spectrogram, const float *samples, size_t n, size_t piece, size_t rows, uint8_t *columns,
    size_t max)
{
  size_t n_columns = 0;

  for (size_t at = 0; at < n; at += piece) {
    const float *next = samples + at;
    size_t left = n - at < piece ? n - at : piece;

    while (n_columns < max && genre_spectrogram_next (spectrogram, &next, &left, columns + n_columns * rows))
      n_columns++;
  }
  return n_columns;
}

/* 75 dB are 255 steps, the top is -9 dB: a sine of -20 dB is in step 217.6, shared with the row's neighbours. */
static void
test_tone (unsigned rate_hz, double hz)
{
  static uint8_t columns[200][ROWS];
  float *samples = new_tone (2 * (size_t) rate_hz, rate_hz, hz, .1);
  GenreSpectrogram *spectrogram = genre_spectrogram_new (rate_hz, 90, ROWS);
  const size_t n = run (spectrogram, samples, 2 * (size_t) rate_hz, rate_hz, ROWS, columns[0], 200);
  const double row = genre_spectrogram_row (spectrogram, hz);
  const uint8_t *column = columns[100];
  size_t lightest = 0;

  for (size_t y = 0; y < ROWS; y++)
    if (column[y] > column[lightest])
      lightest = y;
  /* The last column whose window has come is that at 2 s - 32 ms: 177.12 columns. */
  CHECK (n == 178, "%u Hz: %zu columns of 2 s", rate_hz, n);
  CHECK (fabs ((double) lightest + .5 - row) <= 2, "%u Hz: %.0f Hz in row %zu, not %.1f", rate_hz, hz, lightest, row);
  CHECK (column[lightest] >= 202 && column[lightest] <= 221, "%u Hz: %.0f Hz of -20 dB at level %u", rate_hz, hz,
      column[lightest]);
  for (size_t y = 0; y < ROWS; y++)
    if (fabs ((double) y - row) > 25)
      CHECK (column[y] < 60, "%u Hz: %.0f Hz leaks into row %zu: %u", rate_hz, hz, y, column[y]);
  genre_spectrogram_free (spectrogram);
  free (samples);
}

static void
test_scale (void)
{
  const struct
  {
    unsigned rate_hz;
    double max_hz;
  } rates[] = { { 2000, 1000 }, { 8000, 4000 }, { 32000, 16000 }, { 48000, 16000 } };

  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    GenreSpectrogram *spectrogram = genre_spectrogram_new (rates[i].rate_hz, 50, ROWS);

    CHECK (fabs (genre_spectrogram_row (spectrogram, 0) - ROWS) < 1e-9, "0 Hz");
    CHECK (fabs (genre_spectrogram_row (spectrogram, rates[i].max_hz)) < 1e-9, "the top");
    genre_spectrogram_free (spectrogram);
  }
}

static void
test_silence_and_noise (unsigned rate_hz)
{
  static uint8_t columns[100][ROWS];
  float *samples = calloc (rate_hz, sizeof *samples);
  GenreSpectrogram *spectrogram = genre_spectrogram_new (rate_hz, 60, ROWS);
  const size_t n = run (spectrogram, samples, rate_hz, 777, ROWS, columns[0], 100);
  uint64_t seed = 1;

  for (size_t i = 0; i < n * ROWS; i++)
    CHECK (columns[i / ROWS][i % ROWS] == 0, "silence has level %u", columns[i / ROWS][i % ROWS]);
  for (size_t i = 0; i < rate_hz; i++)
    samples[i] = .1f * test_noise (&seed);
  run (spectrogram, samples, rate_hz, 777, ROWS, columns[0], 100);
  /* No band is so narrow that it is empty. */
  for (size_t y = 0; y < ROWS; y++) {
    unsigned sum = 0;

    for (size_t t = 10; t < 50; t++)
      sum += columns[t][y];
    CHECK (sum > 40 * 60, "%u Hz: row %zu of noise has mean level %u", rate_hz, y, sum / 40);
  }
  genre_spectrogram_free (spectrogram);
  free (samples);
}

static void
test_splits_and_reset (void)
{
  enum
  {
    N = 30000
  };
  static uint8_t whole[100][ROWS], split[100][ROWS];
  float *samples = malloc (N * sizeof *samples);
  uint64_t seed = 7;

  for (size_t i = 0; i < N; i++)
    samples[i] = test_noise (&seed);

  GenreSpectrogram *spectrogram = genre_spectrogram_new (44100, 75, ROWS);
  const size_t n = run (spectrogram, samples, N, N, ROWS, whole[0], 100);

  for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
    genre_spectrogram_reset (spectrogram);

    const size_t again = run (spectrogram, samples, N, piece, ROWS, split[0], 100);

    CHECK (again == n && memcmp (whole, split, n * ROWS) == 0, "pieces of %zu: other columns", piece);
  }
  genre_spectrogram_free (spectrogram);
  free (samples);
}

/* The extremes of what may be asked for. */
static void
test_shapes (void)
{
  const unsigned rates[] = { 2000, 1000000 }, columns[] = { 1, GENRE_SPECTROGRAM_MAX_COLUMNS };
  const size_t rows[] = { 1, 2, 8192 };
  float *samples = new_tone (1000000, 1000000, 440, .5);

  for (int i = 0; i < 12; i++) {
    GenreSpectrogram *spectrogram = genre_spectrogram_new (rates[i % 2], columns[i / 2 % 2], rows[i / 4]);
    uint8_t *levels = malloc (10 * rows[i / 4]);

    const size_t n = run (spectrogram, samples, rates[i % 2], 100000, rows[i / 4], levels, 10);

    CHECK (n > 0, "%u Hz, %u columns, %zu rows: no column", rates[i % 2], columns[i / 2 % 2], rows[i / 4]);
    genre_spectrogram_free (spectrogram);
    free (levels);
  }
  free (samples);
}

static void
test_oom (void)
{
  int k = 0;

  for (GenreSpectrogram *spectrogram = NULL; !spectrogram && k < 1000; k++) {
    allocations_left = k;
    spectrogram = genre_spectrogram_new (44100, 90, ROWS);
    allocations_left = INT_MAX;
    if (spectrogram) {
      genre_spectrogram_free (spectrogram);
      break;
    }
  }
  CHECK (k >= 5 && k < 1000, "%d allocations", k);
}

int
main (void)
{
  test_tone (44100, 440);
  test_tone (44100, 1000);
  test_tone (48000, 6000);
  test_tone (22050, 3000);
  test_tone (192000, 1500);
  test_scale ();
  test_silence_and_noise (44100);
  test_silence_and_noise (8000);
  test_silence_and_noise (2000);
  test_splits_and_reset ();
  test_shapes ();
  test_oom ();
  TEST_END ();
}
