/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/octave_bands.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double FIRST_HZ = 200; /* the upper edge of band 0 */
static const double SHARE = .02;    /* of a band's bins that are its peak, or its valley */
static const double AMIN = 1e-10;

enum
{
  LANES = 4, /* sums that run side by side */
  DEPTH = 8, /* values of a column, see find_tail() */
};

typedef struct Band
{
  size_t first, n;               /* bins that contrast looks at; n 0: none */
  size_t n_tail;                 /* of them that are the peak, or the valley */
  size_t power_first, power_end; /* bins whose power counts */
} Band;

struct DspOctaveBands
{
  Band band[DSP_OCTAVE_BANDS];
  float *tail;  /* [longest n_tail] */
  float *least; /* [longest n / DEPTH] of each column */
  float *kept;  /* [longest n + 1] */
};

/* The bins from the lower edge to the upper one, as many as there are: the first, and the one behind the last. */
static void
find_bins (double low_hz, double high_hz, size_t n_bins, double bin_hz, size_t *ret_first, size_t *ret_end)
{
  size_t first = 0;
  while (first < n_bins && (double) first * bin_hz < low_hz)
    first++;
  size_t end = first;
  while (end < n_bins && (double) end * bin_hz <= high_hz)
    end++;
  *ret_first = first;
  *ret_end = end;
}

/* librosa's choice: both edges belong to a band, and the bin below it; the last one is left out after counting, but for
 * the top band, which has all that is above. */
static Band
band_new (size_t index, size_t n_bins, double bin_hz)
{
  const int top = index + 1 == DSP_OCTAVE_BANDS;
  const double low_hz = index == 0 ? 0 : ldexp (FIRST_HZ, (int) index - 1);
  const double high_hz = top ? HUGE_VAL : ldexp (FIRST_HZ, (int) index);
  size_t first, end;
  find_bins (low_hz, high_hz, n_bins, bin_hz, &first, &end);

  Band band = { .power_first = first, .power_end = end };
  if (end > first && (double) (end - 1) * bin_hz >= high_hz)
    band.power_end--;
  if (end == first)
    return band;
  band.first = index == 0 ? first : first - 1;
  const size_t counted = end - band.first;
  band.n = top ? counted : counted - 1;
  band.n_tail = (size_t) fmax (1, rint (SHARE * (double) counted));
  if (band.n_tail > band.n)
    band.n_tail = band.n;
  return band;
}

DspOctaveBands *
dsp_octave_bands_new (size_t n_bins, double bin_hz)
{
  assert (n_bins >= 1 && bin_hz > 0);

  DspOctaveBands *bands = calloc (1, sizeof *bands);
  if (!bands)
    return NULL;

  size_t longest = 1;
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    bands->band[b] = band_new (b, n_bins, bin_hz);
    if (bands->band[b].n_tail > longest)
      longest = bands->band[b].n_tail;
  }
  bands->tail = calloc (longest, sizeof *bands->tail);
  bands->least = calloc (n_bins / DEPTH + 1, sizeof *bands->least);
  bands->kept = calloc (n_bins + 1, sizeof *bands->kept);
  if (!bands->tail || !bands->least || !bands->kept)
    goto fail;
  return bands;

fail:
  dsp_octave_bands_free (bands);
  return NULL;
}

void
dsp_octave_bands_free (DspOctaveBands *bands)
{
  if (!bands)
    return;
  free (bands->tail);
  free (bands->least);
  free (bands->kept);
  free (bands);
}

static double
mean_db (const float *x, size_t n, double sign)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += sign * (double) x[i];
  return 10 * log10 (fmax (AMIN, sum / (double) n));
}

/* least [n_columns]  of each column x[c], x[n_columns + c], ..., DEPTH values, times sign */
VECTOR_CLONES static void
find_least (const float *restrict x, size_t n_columns, float sign, float *restrict least)
{
  for (size_t c = 0; c < n_columns; c++)
    least[c] = sign * x[c];
  for (size_t r = 1; r < DEPTH; r++)
    for (size_t c = 0; c < n_columns; c++) {
      const float value = sign * x[r * n_columns + c];
      least[c] = value < least[c] ? value : least[c];
    }
}

/* The n_tail smallest of x [n], ascending.  Without a branch in the inner loop, which none could foretell. */
static void
sort_smallest (const float *restrict x, size_t n, float *restrict smallest, size_t n_tail)
{
  for (size_t i = 0; i < n_tail; i++)
    smallest[i] = HUGE_VALF;
  for (size_t k = 0; k < n; k++) {
    const float value = x[k];
    if (!(value < smallest[n_tail - 1]))
      continue;
    for (size_t i = n_tail - 1; i > 0; i--) {
      const float other = smallest[i - 1] > value ? smallest[i - 1] : value;
      smallest[i] = other < smallest[i] ? other : smallest[i];
    }
    smallest[0] = value < smallest[0] ? value : smallest[0];
  }
}

/* Of sign x[0], sign x[stride], ... those that are not above the limit: to kept, whose new length is returned. */
static size_t
keep (const float *x, size_t n, size_t stride, float sign, float limit, float *kept, size_t n_kept)
{
  for (size_t i = 0; i < n; i++) {
    kept[n_kept] = sign * x[i * stride];
    n_kept += kept[n_kept] <= limit;
  }
  return n_kept;
}

/* A value that at least n_tail of all n_columns reach: the columns are dealt into n_tail groups, and the least of each
 * group is not above it.  n_columns is n_tail or more. */
static float
find_limit (const float *restrict least, size_t n_columns, float *restrict group, size_t n_tail)
{
  for (size_t g = 0; g < n_tail; g++)
    group[g] = least[g];
  for (size_t first = n_tail; first < n_columns; first += n_tail)
    for (size_t g = 0; g < n_tail && first + g < n_columns; g++)
      group[g] = least[first + g] < group[g] ? least[first + g] : group[g];

  float limit = group[0];
  for (size_t g = 1; g < n_tail; g++)
    limit = group[g] > limit ? group[g] : limit;
  return limit;
}

/* bands->tail: the n_tail smallest of sign x [n].  Most of x is looked at by vector code alone, as columns of DEPTH
 * values, of which only those are sorted that can be among the smallest. */
static void
find_tail (DspOctaveBands *bands, const float *x, size_t n, float sign, size_t n_tail)
{
  const size_t n_columns = n / DEPTH < n_tail ? 0 : n / DEPTH, rest = n_columns * DEPTH;
  float limit = HUGE_VALF;

  if (n_columns > 0) {
    find_least (x, n_columns, sign, bands->least);
    limit = find_limit (bands->least, n_columns, bands->tail, n_tail);
  }
  if (n_tail == 1) { /* then the limit is the least of all columns */
    for (size_t i = rest; i < n; i++)
      limit = sign * x[i] < limit ? sign * x[i] : limit;
    bands->tail[0] = limit;
    return;
  }
  size_t n_kept = keep (x + rest, n - rest, 1, sign, limit, bands->kept, 0);
  for (size_t c = 0; c < n_columns; c++)
    if (bands->least[c] <= limit)
      n_kept = keep (x + c, DEPTH, n_columns, sign, limit, bands->kept, n_kept);
  sort_smallest (bands->kept, n_kept, bands->tail, n_tail);
}

static double
band_contrast (DspOctaveBands *bands, const Band *band, const float *magnitude)
{
  const float *x = magnitude + band->first;

  find_tail (bands, x, band->n, -1, band->n_tail);
  const double peak_db = mean_db (bands->tail, band->n_tail, -1);
  find_tail (bands, x, band->n, 1, band->n_tail);
  return peak_db - mean_db (bands->tail, band->n_tail, 1);
}

void
dsp_octave_bands_contrast (DspOctaveBands *bands, const float *magnitude, double *contrast)
{
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++)
    contrast[b] = bands->band[b].n > 0 ? band_contrast (bands, &bands->band[b], magnitude) : 0;
}

VECTOR_CLONES void
dsp_octave_bands_power (const DspOctaveBands *bands, const float *power, double *octave)
{
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    const size_t end = bands->band[b].power_end;
    double lane[LANES] = { 0 };
    size_t k = bands->band[b].power_first;
    for (; end - k >= LANES; k += LANES)
      for (size_t l = 0; l < LANES; l++)
        lane[l] += (double) power[k + l];
    for (; k < end; k++)
      lane[0] += (double) power[k];
    octave[b] = (lane[0] + lane[2]) + (lane[1] + lane[3]);
  }
}
