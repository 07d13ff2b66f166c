/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/modulation.h"

#include "dsp/fft.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double FLOOR = 1e-10;

struct DspModulation
{
  size_t n;
  size_t n_bands;
  DspFft *fft;
  float *frame; /* [n] */
  float *power; /* [n/2 + 1] */
};

/* No window: every frame counts alike, as in the papers. */
static DspFft *
fft_new (size_t n)
{
  double ones[DSP_MODULATION_MAX_FRAMES];
  for (size_t t = 0; t < n; t++)
    ones[t] = 1;
  return dsp_fft_new (ones, n, n / 2 + 1);
}

DspModulation *
dsp_modulation_new (size_t n_frames)
{
  assert (n_frames >= 8 && n_frames <= DSP_MODULATION_MAX_FRAMES && (n_frames & (n_frames - 1)) == 0);

  DspModulation *modulation = calloc (1, sizeof *modulation);
  if (!modulation)
    return NULL;

  modulation->n = n_frames;
  for (size_t edge = 2; edge < n_frames; edge *= 2)
    modulation->n_bands++;
  modulation->fft = fft_new (n_frames);
  modulation->frame = calloc (n_frames, sizeof *modulation->frame);
  modulation->power = calloc (n_frames / 2 + 1, sizeof *modulation->power);
  if (!modulation->fft || !modulation->frame || !modulation->power)
    goto fail;
  return modulation;

fail:
  dsp_modulation_free (modulation);
  return NULL;
}

void
dsp_modulation_free (DspModulation *modulation)
{
  if (!modulation)
    return;
  dsp_fft_free (modulation->fft);
  free (modulation->frame);
  free (modulation->power);
  free (modulation);
}

size_t
dsp_modulation_bands (const DspModulation *modulation)
{
  return modulation->n_bands;
}

/* power[m] = |M[m]|^2 of the trajectory less its mean, times unit: what is small beside the mean would else be lost in
 * the rounding of a float.  power[0] is 0 but for rounding. */
static void
transform (DspModulation *modulation, const double *trajectory, double mean, double unit)
{
  for (size_t t = 0; t < modulation->n; t++)
    modulation->frame[t] = (float) ((trajectory[t] - mean) * unit);
  dsp_fft_power (modulation->fft, modulation->frame, modulation->power);
}

static double
mean_of (const double *x, size_t n)
{
  double sum = 0;
  for (size_t t = 0; t < n; t++)
    sum += x[t];
  return sum / (double) n;
}

void
dsp_modulation_contrast (DspModulation *modulation, const double *trajectory, double *contrast)
{
  const double n = (double) modulation->n, mean = mean_of (trajectory, modulation->n);
  transform (modulation, trajectory, mean, 1);

  for (size_t j = 0; j < modulation->n_bands; j++) {
    const size_t first = (size_t) 1 << j, end = first << 1;
    double peak = sqrt ((double) modulation->power[first]) / n, valley = peak;
    for (size_t m = first + 1; m < end; m++) {
      const double magnitude = sqrt ((double) modulation->power[m]) / n;
      peak = fmax (peak, magnitude);
      valley = fmin (valley, magnitude);
    }
    if (j == 0) {
      peak = fmax (peak, fabs (mean));
      valley = fmin (valley, fabs (mean));
    }
    contrast[j] = peak - valley;
  }
}

void
dsp_modulation_shape (DspModulation *modulation, const double *envelope, double *ret_flatness, double *ret_crest)
{
  const size_t n_bins = modulation->n / 2;
  const double n = (double) modulation->n, mean = mean_of (envelope, modulation->n);
  *ret_flatness = *ret_crest = 1;
  if (!(mean > 0))
    return;
  transform (modulation, envelope, mean, 1 / mean);

  double logarithm = 0, sum = 0, peak = 0;
  for (size_t m = 1; m <= n_bins; m++) {
    const double power = fmax ((double) modulation->power[m], FLOOR * n * n);
    logarithm += log (power);
    sum += power;
    peak = fmax (peak, power);
  }
  const double mean_power = sum / (double) n_bins;
  *ret_flatness = fmin (1, exp (logarithm / (double) n_bins) / mean_power);
  *ret_crest = fmax (1, peak / mean_power);
}
