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
  float *valley; /* [longest n_tail] the smallest so far, ascending */
  float *peak;   /* [longest n_tail] the negatives of the largest so far, ascending */
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
  bands->valley = calloc (longest, sizeof *bands->valley);
  bands->peak = calloc (longest, sizeof *bands->peak);
  if (!bands->valley || !bands->peak)
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
  free (bands->valley);
  free (bands->peak);
  free (bands);
}

/* x takes its place among the n smallest, and the largest of them goes. */
static void
insert (float *smallest, size_t n, float x)
{
  size_t i = n - 1;
  for (; i > 0 && smallest[i - 1] > x; i--)
    smallest[i] = smallest[i - 1];
  smallest[i] = x;
}

static double
mean_db (const float *x, size_t n, double sign)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += sign * (double) x[i];
  return 10 * log10 (fmax (AMIN, sum / (double) n));
}

static double
band_contrast (DspOctaveBands *bands, const Band *band, const float *magnitude)
{
  float *valley = bands->valley, *peak = bands->peak;
  for (size_t i = 0; i < band->n_tail; i++)
    valley[i] = peak[i] = INFINITY;

  for (size_t k = band->first; k < band->first + band->n; k++) {
    if (magnitude[k] < valley[band->n_tail - 1])
      insert (valley, band->n_tail, magnitude[k]);
    if (-magnitude[k] < peak[band->n_tail - 1])
      insert (peak, band->n_tail, -magnitude[k]);
  }
  return mean_db (peak, band->n_tail, -1) - mean_db (valley, band->n_tail, 1);
}

void
dsp_octave_bands_contrast (DspOctaveBands *bands, const float *magnitude, double *contrast)
{
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++)
    contrast[b] = bands->band[b].n > 0 ? band_contrast (bands, &bands->band[b], magnitude) : 0;
}

void
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
