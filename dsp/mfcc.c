/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/mfcc.h"

#include "dsp/decibel.h"
#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double AMIN = 1e-10;

enum
{
  ROWS = 4,  /* bands of the DCT that are summed at a time, which saves loads and stores of the sums */
  LANES = 4, /* coefficients of a block */
};

/* cos (pi c (m + 1/2) / n) is the same from both ends, but for the sign where c is odd: of the bands m and n - 1 - m,
 * even coefficients take the sum, odd ones the difference, and half of the products are saved. */
struct DspMfcc
{
  size_t n_mels;
  size_t n_coefficients;
  size_t n_rows;    /* pairs of bands, and the one in the middle; a multiple of ROWS */
  size_t row_width; /* n_coefficients, rounded up to a multiple of LANES */
  DspMel *mel;
  float *band;  /* [n_mels] */
  double *db;   /* [n_mels] */
  double *pair; /* [n_rows][LANES] sum, difference, sum, difference */
  double *dct;  /* [n_rows][row_width] s_c cos (...), zeros where there is no band */
  double *sum;  /* [row_width] */
};

/* Row of a pair; the band in the middle of an odd number is its own partner, and counts once. */
static void
fill_dct (DspMfcc *mfcc)
{
  const double n = (double) mfcc->n_mels;

  for (size_t m = 0; m < (mfcc->n_mels + 1) / 2; m++)
    for (size_t c = 0; c < mfcc->n_coefficients; c++)
      mfcc->dct[m * mfcc->row_width + c] = (2 * m + 1 == mfcc->n_mels ? .5 : 1) * sqrt ((c == 0 ? 1 : 2) / n)
          * cos (PI * (double) c * ((double) m + .5) / n);
}

DspMfcc *
dsp_mfcc_new (const DspMelConfig *config, size_t n_coefficients)
{
  DspMfcc *mfcc = calloc (1, sizeof *mfcc);
  if (!mfcc)
    return NULL;

  mfcc->n_mels = config->n_mels / config->band_pool;
  mfcc->n_coefficients = n_coefficients;
  assert (n_coefficients >= 1 && n_coefficients <= mfcc->n_mels);
  mfcc->n_rows = dsp_round_up ((mfcc->n_mels + 1) / 2, ROWS);
  mfcc->row_width = dsp_round_up (n_coefficients, LANES);
  mfcc->mel = dsp_mel_new (config);
  mfcc->band = calloc (mfcc->n_mels, sizeof *mfcc->band);
  mfcc->db = calloc (mfcc->n_mels, sizeof *mfcc->db);
  mfcc->pair = calloc (mfcc->n_rows * LANES, sizeof *mfcc->pair);
  mfcc->dct = calloc (mfcc->n_rows * mfcc->row_width, sizeof *mfcc->dct);
  mfcc->sum = calloc (mfcc->row_width, sizeof *mfcc->sum);
  if (!mfcc->mel || !mfcc->band || !mfcc->db || !mfcc->pair || !mfcc->dct || !mfcc->sum)
    goto fail;
  fill_dct (mfcc);
  return mfcc;

fail:
  dsp_mfcc_free (mfcc);
  return NULL;
}

void
dsp_mfcc_free (DspMfcc *mfcc)
{
  if (!mfcc)
    return;
  dsp_mel_free (mfcc->mel);
  free (mfcc->band);
  free (mfcc->db);
  free (mfcc->pair);
  free (mfcc->dct);
  free (mfcc->sum);
  free (mfcc);
}

/* sum[c] += the products of ROWS rows of the DCT and of their pairs. */
static inline void
add_rows (const double *restrict dct, const double *restrict pair, size_t row_width, double *restrict sum)
{
  for (size_t c = 0; c < row_width; c += LANES) {
    double lane[LANES];
    for (size_t l = 0; l < LANES; l++)
      lane[l] = sum[c + l];
    for (size_t r = 0; r < ROWS; r++)
      for (size_t l = 0; l < LANES; l++)
        lane[l] += dct[r * row_width + c + l] * pair[r * LANES + l];
    for (size_t l = 0; l < LANES; l++)
      sum[c + l] = lane[l];
  }
}

VECTOR_CLONES void
dsp_mfcc_apply (DspMfcc *mfcc, const float *power, double *coefficients)
{
  const size_t n = mfcc->n_mels, row_width = mfcc->row_width;

  dsp_mel_apply (mfcc->mel, power, mfcc->band);
  for (size_t m = 0; m < n; m++)
    mfcc->db[m] = (double) mfcc->band[m];
  dsp_decibels (mfcc->db, n, AMIN);
  for (size_t m = 0; m < (n + 1) / 2; m++) {
    const double near = mfcc->db[m], far = mfcc->db[n - 1 - m];
    for (size_t l = 0; l < LANES; l += 2) {
      mfcc->pair[m * LANES + l] = near + far;
      mfcc->pair[m * LANES + l + 1] = near - far;
    }
  }

  memset (mfcc->sum, 0, row_width * sizeof *mfcc->sum);
  for (size_t m = 0; m < mfcc->n_rows; m += ROWS)
    add_rows (mfcc->dct + m * row_width, mfcc->pair + m * LANES, row_width, mfcc->sum);
  memcpy (coefficients, mfcc->sum, mfcc->n_coefficients * sizeof *coefficients);
}
