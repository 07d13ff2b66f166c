/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/spectrogram.h"

#include "dsp/log_mel.h"
#include "dsp/mel.h"
#include "models/frames.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum
{
  RECIPE_RATE = 48000, /* the recipe's rate is the multiple of columns_per_second closest to this */
  MAX_BANDS = 160,     /* more bands than the window resolves are of no use */
};

static const double WINDOW_SECONDS = .064;
static const double MAX_HZ = 16000;
static const double FLOOR_DB = -84, CEILING_DB = -9;

/* Which two bands a row lies between. */
typedef struct Mix
{
  size_t below;
  float above; /* weight of the band above, [0, 1] */
} Mix;

struct GenreSpectrogram
{
  double max_hz;
  size_t rows;
  size_t bands;
  Mix *mix;     /* [rows] */
  float *scale; /* [bands] mel power -> parts of a full-scale sine's */

  GenreFrames *frames;
  float *levels; /* [bands + 1] dB, the last one again */
};

/* As many bands as rows, but none narrower than a bin of the FFT, or some would be empty.  Below 1 kHz, where bands
 * are narrowest, a mel is 200/3 Hz. */
static size_t
count_bands (double max_hz, size_t rows)
{
  const double lines = dsp_mel_from_hz (max_hz) * (200. / 3) * WINDOW_SECONDS;
  const size_t most = (size_t) fmin (MAX_BANDS, fmax (lines - 1, 1));

  return rows < most ? rows : most;
}

/* Slaney's filters have unit area, which lowers the level of high bands.  The scale undoes this: each band has the
 * power that is in it.  A full-scale sine has 3/32 n^2 of |X|^2 under a Hann window, and the weights of the two
 * bands that it lies in add up to 1. */
static void
fill_scale (GenreSpectrogram *spectrogram, unsigned n_fft)
{
  const double step = dsp_mel_from_hz (spectrogram->max_hz) / (double) (spectrogram->bands + 1);

  for (size_t b = 0; b < spectrogram->bands; b++) {
    const double width = dsp_mel_to_hz ((double) (b + 2) * step) - dsp_mel_to_hz ((double) b * step);

    spectrogram->scale[b] = (float) (width / 2 / (3. / 32 * n_fft * n_fft));
  }
}

static void
fill_mix (GenreSpectrogram *spectrogram)
{
  const size_t rows = spectrogram->rows, bands = spectrogram->bands;

  for (size_t y = 0; y < rows; y++) {
    /* The centre of band b lies (b + 1) / (bands + 1) of the way up. */
    const double up = ((double) (rows - y) - .5) / (double) rows;
    const double band = fmin (fmax (up * (double) (bands + 1) - 1, 0), (double) (bands - 1));

    spectrogram->mix[y].below = (size_t) band;
    spectrogram->mix[y].above = (float) (band - floor (band));
  }
}

GenreSpectrogram *
genre_spectrogram_new (unsigned rate_hz, unsigned columns_per_second, size_t rows)
{
  assert (columns_per_second >= 1 && columns_per_second <= GENRE_SPECTROGRAM_MAX_COLUMNS && rows >= 1);

  GenreSpectrogram *spectrogram = calloc (1, sizeof *spectrogram);
  if (!spectrogram)
    return NULL;

  const unsigned hop = (RECIPE_RATE + columns_per_second / 2) / columns_per_second;
  const unsigned recipe_rate = hop * columns_per_second;
  const unsigned n_fft = 2 * (unsigned) lround (WINDOW_SECONDS * recipe_rate / 2);

  spectrogram->max_hz = fmin (MAX_HZ, rate_hz / 2.);
  spectrogram->rows = rows;
  spectrogram->bands = count_bands (spectrogram->max_hz, rows);

  const GenreFrontend frontend = {
    .mel = {
      .sample_rate_hz = recipe_rate,
      .n_fft = n_fft,
      .hop_length = hop,
      .n_mels = (unsigned) spectrogram->bands,
      .band_pool = 1,
      .fmax_hz = spectrogram->max_hz,
    },
    .bands = spectrogram->bands,
  };

  spectrogram->mix = calloc (rows, sizeof *spectrogram->mix);
  spectrogram->scale = calloc (spectrogram->bands, sizeof *spectrogram->scale);
  spectrogram->frames = genre_frames_new (&frontend, rate_hz);
  spectrogram->levels = calloc (spectrogram->bands + 1, sizeof *spectrogram->levels);
  if (!spectrogram->mix || !spectrogram->scale || !spectrogram->frames || !spectrogram->levels)
    goto fail;
  fill_scale (spectrogram, n_fft);
  fill_mix (spectrogram);
  return spectrogram;

fail:
  genre_spectrogram_free (spectrogram);
  return NULL;
}

void
genre_spectrogram_free (GenreSpectrogram *spectrogram)
{
  if (!spectrogram)
    return;
  genre_frames_free (spectrogram->frames);
  free (spectrogram->mix);
  free (spectrogram->scale);
  free (spectrogram->levels);
  free (spectrogram);
}

void
genre_spectrogram_reset (GenreSpectrogram *spectrogram)
{
  genre_frames_reset (spectrogram->frames);
}

bool
genre_spectrogram_next (GenreSpectrogram *spectrogram, const float **samples, size_t *n_samples, uint8_t *levels)
{
  const size_t bands = spectrogram->bands;
  float *db = spectrogram->levels;
  GenreFrame frame;

  if (!genre_frames_next (spectrogram->frames, samples, n_samples, &frame))
    return false;
  for (size_t b = 0; b < bands; b++)
    db[b] = frame.power[b] * spectrogram->scale[b];
  dsp_power_to_db (db, db, bands, 1e-12, 1, -1);
  db[bands] = db[bands - 1];

  const float floor_db = (float) FLOOR_DB, unit = (float) (255 / (CEILING_DB - FLOOR_DB));

  for (size_t y = 0; y < spectrogram->rows; y++) {
    const Mix mix = spectrogram->mix[y];
    const float row_db = db[mix.below] + mix.above * (db[mix.below + 1] - db[mix.below]);
    const float level = (row_db - floor_db) * unit;

    levels[y] = (uint8_t) (level <= 0 ? 0 : level >= 255 ? 255 : level + .5f);
  }
  return true;
}

double
genre_spectrogram_row (const GenreSpectrogram *spectrogram, double hz)
{
  return (double) spectrogram->rows * (1 - dsp_mel_from_hz (hz) / dsp_mel_from_hz (spectrogram->max_hz));
}
