/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/spectra.h"

#include "dsp/mel.h"
#include "dsp/stft.h"
#include "models/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  LANES = 8, /* of maxima: two SSE2 registers */
};

/* So that sums over all bins and frames stay finite. */
static const float MOST_POWER = 1e30f;

struct GenreSpectra
{
  GenreSpectraConfig config;
  double max_hz;
  size_t n_mels;

  /* of the present rate */
  DspStftGrid grid;
  size_t n_bins;
  DspStft *stft;
  DspMel *filters;
  double *edges; /* [rows + 1] of the rows, in bins: bin k covers [k, k + 1) */
  double *sums;  /* [n_bins] |X|^2 of the frames that are not in `columns` yet */
  float *bins;   /* [n_bins] their mean; one frame */
  unsigned rate_hz;
  double begin; /* seconds, of its first sample */

  uint64_t n_sums; /* frames in `sums` */
  uint64_t first;  /* the first of them, in hops from the start of all */
  double loudest[GENRE_SPECTRA_N_KINDS];
  float *values;         /* [rows + n_mels]: those of both kinds are one row of columns */
  GenreColumns *columns; /* its indices are hops */
};

/* --- construction ----------------------------------------------------------------------------------------------- */

static DspStftConfig
stft_config (const GenreSpectra *spectra)
{
  return (DspStftConfig){ GENRE_SPECTRA_RATE, spectra->config.n_fft, spectra->config.hop_length };
}

/* No band is narrower than a bin, or some would be empty.  Below 1 kHz, where bands are narrowest, a mel is
 * 200/3 Hz. */
static size_t
count_bands (const GenreSpectra *spectra)
{
  const double seconds = (double) spectra->config.n_fft / GENRE_SPECTRA_RATE;
  const double lines = dsp_mel_from_hz (spectra->max_hz) * (200. / 3) * seconds;

  return (size_t) fmin (GENRE_SPECTRA_MELS, fmax (lines - 1, 1));
}

static void
clear_rate (GenreSpectra *spectra)
{
  dsp_stft_free (spectra->stft);
  dsp_mel_free (spectra->filters);
  free (spectra->edges);
  free (spectra->sums);
  free (spectra->bins);
  spectra->stft = NULL;
  spectra->filters = NULL;
  spectra->edges = NULL;
  spectra->sums = NULL;
  spectra->bins = NULL;
}

/* Equal steps of the logarithm, from GENRE_SPECTRA_MIN_HZ to max_hz. */
static void
fill_edges (GenreSpectra *spectra)
{
  const size_t rows = spectra->config.rows;

  for (size_t row = 0; row <= rows; row++)
    spectra->edges[row] = GENRE_SPECTRA_MIN_HZ
            * pow (spectra->max_hz / GENRE_SPECTRA_MIN_HZ, (double) row / (double) rows) / spectra->grid.bin_hz
        + .5;
}

static bool
begin_rate (GenreSpectra *spectra, unsigned rate_hz)
{
  const DspStftConfig stft = stft_config (spectra);

  clear_rate (spectra);
  spectra->rate_hz = rate_hz;
  spectra->grid = dsp_stft_grid (&stft, rate_hz);
  spectra->n_bins = spectra->grid.n / 2 + 1;
  const DspMelConfig filters = {
    .n_mels = (unsigned) spectra->n_mels,
    .band_pool = 1,
    .fmax_hz = spectra->max_hz,
    .bin_hz = spectra->grid.bin_hz,
    .n_bins = spectra->n_bins,
    .limit_hz = spectra->max_hz,
    .scale = spectra->grid.scale,
  };
  spectra->stft = dsp_stft_new (&stft, rate_hz, spectra->n_bins);
  spectra->filters = dsp_mel_new (&filters);
  spectra->edges = calloc (spectra->config.rows + 1, sizeof *spectra->edges);
  spectra->sums = calloc (spectra->n_bins, sizeof *spectra->sums);
  spectra->bins = calloc (spectra->n_bins, sizeof *spectra->bins);
  if (!spectra->stft || !spectra->filters || !spectra->edges || !spectra->sums || !spectra->bins)
    return false;
  fill_edges (spectra);
  return true;
}

GenreSpectra *
genre_spectra_new (const GenreSpectraConfig *config, unsigned rate_hz)
{
  GenreSpectra *spectra = calloc (1, sizeof *spectra);
  if (!spectra)
    return NULL;

  spectra->config = *config;
  spectra->max_hz = rate_hz / 2.;
  spectra->n_mels = count_bands (spectra);
  const size_t n_values = config->rows + spectra->n_mels;
  spectra->values = calloc (n_values, sizeof *spectra->values);
  spectra->columns = genre_columns_new (n_values, config->most_columns);
  if (spectra->values && spectra->columns && begin_rate (spectra, rate_hz))
    return spectra;
  genre_spectra_free (spectra);
  return NULL;
}

void
genre_spectra_free (GenreSpectra *spectra)
{
  if (!spectra)
    return;
  clear_rate (spectra);
  free (spectra->values);
  genre_columns_free (spectra->columns);
  free (spectra);
}

/* --- frames ----------------------------------------------------------------------------------------------------- */

/* bins -> values.  Bin k covers half a bin on either side of its frequency; above those of a lower rate is nothing. */
static void
fill_rows (GenreSpectra *spectra)
{
  const float scale = (float) pow ((double) spectra->config.n_fft / spectra->grid.n, 2); /* as an amplitude has it */

  for (size_t row = 0; row < spectra->config.rows; row++) {
    const double begin = spectra->edges[row], end = spectra->edges[row + 1];
    spectra->values[row] = begin < (double) spectra->n_bins
        ? scale * genre_cells_mean (spectra->bins, spectra->n_bins, begin, end)
        : 0;
  }
}

/* What is in `sums` enters the columns. */
static void
flush (GenreSpectra *spectra)
{
  if (spectra->n_sums == 0)
    return;
  for (size_t k = 0; k < spectra->n_bins; k++)
    spectra->bins[k] = (float) (spectra->sums[k] / (double) spectra->n_sums);
  fill_rows (spectra);
  dsp_mel_apply (spectra->filters, spectra->bins, spectra->values + spectra->config.rows);
  genre_columns_add (spectra->columns, spectra->first, spectra->values, spectra->n_sums);
  memset (spectra->sums, 0, spectra->n_bins * sizeof *spectra->sums);
  spectra->n_sums = 0;
}

/* values [n], not negative */
static double
greatest (const float *values, size_t n)
{
  float most[LANES] = { 0 };
  size_t i = 0;

  for (; i + LANES <= n; i += LANES)
    for (size_t lane = 0; lane < LANES; lane++)
      most[lane] = values[i + lane] > most[lane] ? values[i + lane] : most[lane];
  for (; i < n; i++)
    most[0] = values[i] > most[0] ? values[i] : most[0];
  for (size_t lane = 1; lane < LANES; lane++)
    most[0] = most[lane] > most[0] ? most[lane] : most[0];
  return (double) most[0];
}

/* power [n_bins] */
static void
add_sums (GenreSpectra *spectra, const float *power)
{
  for (size_t k = 0; k < spectra->n_bins; k++) {
    spectra->bins[k] = power[k] <= MOST_POWER ? power[k] : MOST_POWER; /* NaN becomes MOST_POWER, too */
    spectra->sums[k] += (double) spectra->bins[k];
  }
}

/* The frame that the STFT has. */
static void
take_frame (GenreSpectra *spectra, uint64_t frame)
{
  const double seconds = spectra->begin + (double) dsp_stft_center (spectra->stft, frame) / spectra->rate_hz;
  const uint64_t index = (uint64_t) llround (seconds * GENRE_SPECTRA_RATE / spectra->config.hop_length);
  float *mel = spectra->values + spectra->config.rows;
  const double amplitude = (double) spectra->config.n_fft / spectra->grid.n;

  if (spectra->n_sums > 0
      && (index != spectra->first + spectra->n_sums
          || genre_columns_column (spectra->columns, index) != genre_columns_column (spectra->columns, spectra->first)))
    flush (spectra);
  if (spectra->n_sums == 0)
    spectra->first = index;
  add_sums (spectra, dsp_stft_power (spectra->stft));
  spectra->n_sums++;

  double *loudest = spectra->loudest;
  loudest[GENRE_SPECTRA_LOG] = fmax (loudest[GENRE_SPECTRA_LOG],
      amplitude * amplitude * greatest (spectra->bins, spectra->n_bins));
  dsp_mel_apply (spectra->filters, spectra->bins, mel);
  loudest[GENRE_SPECTRA_MEL] = fmax (loudest[GENRE_SPECTRA_MEL], greatest (mel, spectra->n_mels));
}

static void
take_frames (GenreSpectra *spectra)
{
  uint64_t frame = dsp_stft_frame (spectra->stft);

  while (dsp_stft_next (spectra->stft))
    take_frame (spectra, frame++);
}

void
genre_spectra_push (GenreSpectra *spectra, const float *samples, size_t n)
{
  while (n > 0) {
    const size_t taken = dsp_stft_push (spectra->stft, samples, n);
    samples += taken;
    n -= taken;
    take_frames (spectra);
  }
}

void
genre_spectra_finish (GenreSpectra *spectra)
{
  dsp_stft_finish (spectra->stft);
  take_frames (spectra);
  flush (spectra);
}

bool
genre_spectra_set_rate (GenreSpectra *spectra, unsigned rate_hz)
{
  const uint64_t position = dsp_stft_position (spectra->stft);

  if (position > 0)
    genre_spectra_finish (spectra);
  spectra->begin += (double) position / spectra->rate_hz;
  return begin_rate (spectra, rate_hz);
}

/* --- the picture ------------------------------------------------------------------------------------------------ */

size_t
genre_spectra_rows (const GenreSpectra *spectra, GenreSpectraKind kind)
{
  return kind == GENRE_SPECTRA_LOG ? spectra->config.rows : spectra->n_mels;
}

double
genre_spectra_max_hz (const GenreSpectra *spectra)
{
  return spectra->max_hz;
}

double
genre_spectra_loudest (const GenreSpectra *spectra, GenreSpectraKind kind)
{
  return spectra->loudest[kind];
}

bool
genre_spectra_column (GenreSpectra *spectra, GenreSpectraKind kind, double begin, double end, float *power)
{
  const double hop = (double) spectra->config.hop_length / GENRE_SPECTRA_RATE;
  const size_t first = kind == GENRE_SPECTRA_LOG ? 0 : spectra->config.rows;

  if (!genre_columns_mean (spectra->columns, begin / hop + .5, end / hop + .5, spectra->values))
    return false;
  memcpy (power, spectra->values + first, genre_spectra_rows (spectra, kind) * sizeof *power);
  return true;
}

/* The middle of band b is (b + 1) / (n_mels + 1) of the way up, and bands are equally high. */
static double
mel_height (const GenreSpectra *spectra, double hz)
{
  const double up = dsp_mel_from_hz (hz) / dsp_mel_from_hz (spectra->max_hz);
  return (up * (double) (spectra->n_mels + 1) - .5) / (double) spectra->n_mels;
}

double
genre_spectra_height (const GenreSpectra *spectra, GenreSpectraKind kind, double hz)
{
  if (kind == GENRE_SPECTRA_MEL)
    return mel_height (spectra, hz);
  return log (hz / GENRE_SPECTRA_MIN_HZ) / log (spectra->max_hz / GENRE_SPECTRA_MIN_HZ);
}
