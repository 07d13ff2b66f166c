/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/octave_bands.h"

#include "dsp/decibel.h"
#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double FIRST_HZ = 200; /* the upper edge of band 0 */
static const double SHARE = .02;    /* of a band's bins that are its peak, or its valley */
static const double AMIN = 1e-10;

enum
{
  LANES = 8, /* floats of a vector */
  DEPTH = 6, /* about so many values has a column, see tail_mean() */
};

typedef float Vector __attribute__ ((vector_size (LANES * sizeof (float))));
typedef int32_t Mask __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float Stored __attribute__ ((vector_size (LANES * sizeof (float)), aligned (sizeof (float)), may_alias));

typedef struct Band
{
  size_t first, n;               /* bins that contrast looks at; n 0: none */
  size_t n_tail;                 /* of them that are the peak, or the valley */
  size_t n_columns;              /* a multiple of LANES, or n where that is less */
  size_t power_first, power_end; /* bins whose power counts */
} Band;

struct DspOctaveBands
{
  Band band[DSP_OCTAVE_BANDS];
  float *least;   /* [most n_columns] of each column */
  float *most;    /* [most n_columns] of each column, times -1 */
  size_t *column; /* [most n_columns] those that are looked at */
  float *group;   /* [longest n_tail, in whole vectors] */
  float *kept;    /* [longest n and a vector] */
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
  band.n_columns = band.n < LANES ? band.n : dsp_round_up (band.n / DEPTH, LANES);
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
    if (bands->band[b].n > longest)
      longest = bands->band[b].n;
  }
  const size_t room = dsp_round_up (longest, LANES) + LANES;
  bands->least = calloc (room, sizeof *bands->least);
  bands->most = calloc (room, sizeof *bands->most);
  bands->column = calloc (room, sizeof *bands->column);
  bands->group = calloc (room, sizeof *bands->group);
  bands->kept = calloc (room, sizeof *bands->kept);
  if (!bands->least || !bands->most || !bands->column || !bands->group || !bands->kept)
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
  free (bands->least);
  free (bands->most);
  free (bands->column);
  free (bands->group);
  free (bands->kept);
  free (bands);
}

/* Of each column of a band, c, c + n_columns, ... */
VECTOR_CLONES static void
find_extremes (const Band *band, const float *restrict x, float *restrict least, float *restrict most)
{
  for (size_t c = 0; c < band->n_columns; c++) {
    least[c] = x[c];
    most[c] = -x[c];
  }
  for (size_t first = band->n_columns; first < band->n; first += band->n_columns) {
    const size_t width = band->n - first < band->n_columns ? band->n - first : band->n_columns;
    for (size_t c = 0; c < width; c++) {
      const float value = x[first + c];
      least[c] = value < least[c] ? value : least[c];
      most[c] = -value < most[c] ? -value : most[c];
    }
  }
}

/* The k-th smallest of x [n], k at least 1, n a multiple of LANES: the greatest of those that fewer than k others are
 * below.  No branch depends on the values, which none could foretell. */
VECTOR_CLONES static float
find_rank (const float *x, size_t n, size_t k)
{
  Vector best = { 0 };
  best -= HUGE_VALF;

  for (size_t i = 0; i < n; i += LANES) {
    const Vector value = *(const Stored *) (x + i);
    Mask below = { 0 };
    for (size_t j = 0; j < n; j++)
      below -= x[j] < value;
    const Mask is_better = (below < (int32_t) k) & (value > best);
    best = (Vector) (((Mask) value & is_better) | ((Mask) best & ~is_better));
  }
  float found = best[0];
  for (size_t l = 1; l < LANES; l++)
    found = best[l] > found ? best[l] : found;
  return found;
}

/* A value that at least n_tail of the columns reach; HUGE_VALF if there are too few to tell.  They are dealt into whole
 * vectors of groups, n_tail or a few more; the n_tail groups with the least values have one each. */
VECTOR_CLONES static float
find_limit (const float *restrict least, size_t n_columns, float *restrict group, size_t n_tail)
{
  const size_t n_groups = dsp_round_up (n_tail, LANES);
  if (n_columns < n_groups)
    return HUGE_VALF;

  for (size_t g = 0; g < n_groups; g++)
    group[g] = least[g];
  for (size_t first = n_groups; first < n_columns; first += n_groups) {
    const size_t width = n_columns - first < n_groups ? n_columns - first : n_groups;
    for (size_t g = 0; g < width; g++)
      group[g] = least[first + g] < group[g] ? least[first + g] : group[g];
  }
  return find_rank (group, n_groups, n_tail);
}

/* bands->kept: those of sign x that are not above the limit, and then HUGE_VALF to the end of the vector.  Returns the
 * length.  Of a column that has none, nothing is looked at but its least value. */
static size_t
keep (DspOctaveBands *bands, const Band *band, const float *x, float sign, const float *least, float limit)
{
  float *kept = bands->kept;
  size_t n_found = 0, n_kept = 0;

  for (size_t c = 0; c < band->n_columns; c++) {
    bands->column[n_found] = c;
    n_found += least[c] <= limit;
  }
  for (size_t i = 0; i < n_found; i++)
    for (size_t k = bands->column[i]; k < band->n; k += band->n_columns) {
      kept[n_kept] = sign * x[k];
      n_kept += kept[n_kept] <= limit;
    }
  for (; n_kept % LANES != 0; n_kept++)
    kept[n_kept] = HUGE_VALF;
  return n_kept;
}

/* Mean of the k least of x [n], n a multiple of LANES; it is overwritten.  Equal values may be among them in part. */
VECTOR_CLONES static double
mean_of_least (float *x, size_t n, size_t k)
{
  const float last = find_rank (x, n, k);
  size_t n_below = 0;

  for (size_t i = 0; i < n; i++) {
    n_below += x[i] < last;
    x[i] = x[i] < last ? x[i] : 0;
  }
  return (dsp_sum (x, n) + (double) (k - n_below) * (double) last) / (double) k;
}

/* Mean of the n_tail least of sign x.
 *
 * Most of a band is looked at by vector code alone, as columns of which it knows the least value: few have one that can
 * be among the n_tail. */
static double
tail_mean (DspOctaveBands *bands, const Band *band, const float *x, float sign, const float *least)
{
  const float limit = find_limit (least, band->n_columns, bands->group, band->n_tail);
  if (band->n_tail == 1 && limit < HUGE_VALF) /* the least of all columns */
    return (double) limit;
  return mean_of_least (bands->kept, keep (bands, band, x, sign, least, limit), band->n_tail);
}

void
dsp_octave_bands_contrast (DspOctaveBands *bands, const float *magnitude, double *contrast)
{
  double valley[DSP_OCTAVE_BANDS] = { 0 };

  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    const Band *band = &bands->band[b];
    const float *x = magnitude + band->first;
    contrast[b] = 0;
    if (band->n == 0)
      continue;
    find_extremes (band, x, bands->least, bands->most);
    contrast[b] = -tail_mean (bands, band, x, -1, bands->most);
    valley[b] = tail_mean (bands, band, x, 1, bands->least);
  }
  dsp_decibels (contrast, DSP_OCTAVE_BANDS, AMIN);
  dsp_decibels (valley, DSP_OCTAVE_BANDS, AMIN);
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++)
    contrast[b] -= valley[b];
}

VECTOR_CLONES void
dsp_octave_bands_power (const DspOctaveBands *bands, const float *power, double *octave)
{
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    const Band *band = &bands->band[b];
    octave[b] = dsp_sum (power + band->power_first, band->power_end - band->power_first);
  }
}
