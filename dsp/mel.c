/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/mel.c - Slaney's mel filterbank as sparse rows.
 *
 * Layer:   dsp; libm and dsp/lanes.
 * Threads: constant after dsp_mel_new().
 */
#include "dsp/mel.h"

#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  LANES = 8, /* sums that run side by side: two SSE registers of four floats */
};

typedef float Vector __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float Half __attribute__ ((vector_size (LANES / 2 * sizeof (float))));
typedef float Stored __attribute__ ((vector_size (LANES * sizeof (float)), aligned (sizeof (float)), may_alias));

/* Malcolm Slaney, Auditory Toolbox (1998): 1 kHz is 15 mels. */
static const double LINEAR_HZ_PER_MEL = 200.0 / 3.0;
static const double LOG_FROM_HZ = 1000.0;
static const double LOG_FROM_MEL = 15.0;
static const double LOG_STEP = 0.06875177742094911944; /* ln (6.4) / 27 */

typedef struct Row
{
  size_t first; /* bin */
  size_t n;     /* bins, a multiple of LANES where there are so many; 0 for an empty band */
  size_t at;    /* of its first weight */
} Row;

struct DspMel
{
  size_t n_bands;
  size_t n_bins;
  Row *row;      /* [n_bands] */
  float *weight; /* the rows, one behind the other */
};

double
dsp_mel_from_hz (double hz)
{
  return hz < LOG_FROM_HZ ? hz / LINEAR_HZ_PER_MEL : LOG_FROM_MEL + log (hz / LOG_FROM_HZ) / LOG_STEP;
}

double
dsp_mel_to_hz (double mels)
{
  return mels < LOG_FROM_MEL ? mels * LINEAR_HZ_PER_MEL : LOG_FROM_HZ * exp ((mels - LOG_FROM_MEL) * LOG_STEP);
}

/* Edge i of n_mels + 2. */
static double
edge_hz (const DspMelConfig *config, size_t i)
{
  const double low = dsp_mel_from_hz (config->fmin_hz), high = dsp_mel_from_hz (config->fmax_hz);
  return dsp_mel_to_hz (low + (high - low) * (double) i / (double) (config->n_mels + 1));
}

/* w[0..n-1] += triangle i at the n bins from `first`, times gain. */
static void
add_triangle (const DspMelConfig *config, size_t i, double gain, size_t first, float *w, size_t n)
{
  const double left = edge_hz (config, i), peak = edge_hz (config, i + 1), right = edge_hz (config, i + 2);
  const double area = 2.0 / (right - left);
  for (size_t k = 0; k < n; k++) {
    const double hz = (double) (first + k) * config->bin_hz;
    const double height = fmin ((hz - left) / (peak - left), (right - hz) / (right - peak));
    w[k] += (float) (fmax (0.0, height) * area * gain);
  }
}

/* The bins strictly between the outer edges of a band's triangles; the edges themselves have no weight. */
static Row
row_span (const DspMelConfig *config, size_t band)
{
  const double left = edge_hz (config, band * config->band_pool);
  const double right = edge_hz (config, (band + 1) * config->band_pool + 1);

  /* A bin on the limit itself counts; 1e-9 bins make up for the rounding of the quotient. */
  double end = fmin (ceil (right / config->bin_hz), floor (config->limit_hz / config->bin_hz + 1e-9) + 1);
  end = fmin (end, (double) config->n_bins);
  const double first = floor (left / config->bin_hz) + 1;
  /* Bin 0 lies on the left edge at best, and has no weight there either. */
  return first < end ? (Row){ .first = (size_t) first, .n = (size_t) (end - first) } : (Row){ 0 };
}

/* Bins beside a band's own, whose weight is 0, so that its sum is one of whole vectors. */
static void
fill_lanes (Row *row, size_t n_bins)
{
  const size_t n = dsp_round_up (row->n, LANES);

  if (n > n_bins)
    return;
  row->n = n;
  if (row->first > n_bins - n)
    row->first = n_bins - n;
}

DspMel *
dsp_mel_new (const DspMelConfig *config)
{
  assert (config->band_pool >= 1 && config->n_mels >= config->band_pool && config->n_mels % config->band_pool == 0);
  assert (config->fmin_hz >= 0 && config->fmin_hz < config->fmax_hz);
  assert (config->bin_hz > 0 && config->n_bins >= 1);

  DspMel *mel = calloc (1, sizeof *mel);
  if (!mel)
    return NULL;

  mel->n_bands = config->n_mels / config->band_pool;
  mel->n_bins = 1;
  mel->row = calloc (mel->n_bands, sizeof *mel->row);
  if (!mel->row)
    goto fail;

  for (size_t b = 0; b < mel->n_bands; b++) {
    const Row row = mel->row[b] = row_span (config, b);
    if (row.n && row.first + row.n > mel->n_bins)
      mel->n_bins = row.first + row.n;
  }
  size_t n_weights = 0;
  for (size_t b = 0; b < mel->n_bands; b++) {
    fill_lanes (&mel->row[b], mel->n_bins);
    mel->row[b].at = n_weights;
    n_weights += mel->row[b].n;
  }

  mel->weight = calloc (n_weights ? n_weights : 1, sizeof *mel->weight);
  if (!mel->weight)
    goto fail;
  for (size_t i = 0; i < config->n_mels; i++) {
    const Row *row = &mel->row[i / config->band_pool];
    add_triangle (config, i, config->scale / config->band_pool, row->first, mel->weight + row->at, row->n);
  }
  return mel;

fail:
  dsp_mel_free (mel);
  return NULL;
}

void
dsp_mel_free (DspMel *mel)
{
  if (!mel)
    return;
  free (mel->row);
  free (mel->weight);
  free (mel);
}

size_t
dsp_mel_bands (const DspMel *mel)
{
  return mel->n_bands;
}

size_t
dsp_mel_bins (const DspMel *mel)
{
  return mel->n_bins;
}

/* sum_k a[k] * b[k], in lanes, since the compiler may not reorder a sum of floats by itself. */
static inline float
dot (const float *restrict a, const float *restrict b, size_t n)
{
  Vector sum = { 0 };
  size_t k = 0;
  for (; n - k >= LANES; k += LANES)
    sum += *(const Stored *) (a + k) * *(const Stored *) (b + k);

  float rest = 0;
  for (; k < n; k++)
    rest += a[k] * b[k];

  Half half[2];
  memcpy (half, &sum, sizeof half);
  const Half four = half[0] + half[1];
  return ((four[0] + four[1]) + (four[2] + four[3])) + rest;
}

VECTOR_CLONES void
dsp_mel_apply (const DspMel *mel, const float *power, float *bands)
{
  for (size_t b = 0; b < mel->n_bands; b++) {
    const Row *row = &mel->row[b];
    bands[b] = dot (mel->weight + row->at, power + row->first, row->n);
  }
}
