/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/mfcc.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double AMIN = 1e-10;
static const double DB_PER_OCTAVE = 3.01029995663981195214; /* 10 log10 (2); log2() takes half of log10()'s time */

struct DspMfcc
{
  size_t n_mels;
  size_t n_coefficients;
  DspMel *mel;
  double *dct; /* [n_mels][n_coefficients] s_c cos (...) */
  float *band; /* [n_mels] */
};

static void
fill_dct (DspMfcc *mfcc)
{
  const double n = (double) mfcc->n_mels;

  for (size_t m = 0; m < mfcc->n_mels; m++)
    for (size_t c = 0; c < mfcc->n_coefficients; c++)
      mfcc->dct[m * mfcc->n_coefficients + c] = sqrt ((c == 0 ? 1 : 2) / n)
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
  mfcc->mel = dsp_mel_new (config);
  mfcc->dct = calloc (mfcc->n_mels * n_coefficients, sizeof *mfcc->dct);
  mfcc->band = calloc (mfcc->n_mels, sizeof *mfcc->band);
  if (!mfcc->mel || !mfcc->dct || !mfcc->band)
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
  free (mfcc->dct);
  free (mfcc->band);
  free (mfcc);
}

VECTOR_CLONES void
dsp_mfcc_apply (DspMfcc *mfcc, const float *power, double *coefficients)
{
  dsp_mel_apply (mfcc->mel, power, mfcc->band);

  memset (coefficients, 0, mfcc->n_coefficients * sizeof *coefficients);
  for (size_t m = 0; m < mfcc->n_mels; m++) {
    const double *row = mfcc->dct + m * mfcc->n_coefficients;
    const double db = DB_PER_OCTAVE * log2 (fmax (AMIN, (double) mfcc->band[m]));
    for (size_t c = 0; c < mfcc->n_coefficients; c++)
      coefficients[c] += row[c] * db;
  }
}
