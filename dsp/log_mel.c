/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/log_mel.c - framer, window, FFT, filterbank and level, one behind the other.
 *
 * Layer:   dsp; uses dsp/energy, dsp/fft, dsp/framer, dsp/mel and dsp/window.
 * Threads: one object serves one thread at a time.
 */
#include "dsp/log_mel.h"

#include "dsp/energy.h"
#include "dsp/fft.h"
#include "dsp/framer.h"
#include "dsp/mel.h"
#include "dsp/window.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

struct DspLogMel
{
  unsigned half_window; /* n / 2 */

  DspFramer *framer;
  DspFft *fft;
  DspMel *filters;
  float *spectrum; /* [dsp_mel_bins (filters)] |X|^2 */

  DspEnergy energy; /* of the samples from c(t-1) so far, t being the next frame */
};

/* 2 round (n_fft rate / (2 sample_rate)), ties to even as Python and IEEE round, at least 2. */
static unsigned
window_length (const DspLogMelConfig *config, unsigned rate_hz)
{
  const uint64_t product = (uint64_t) config->n_fft * rate_hz, unit = 2 * (uint64_t) config->sample_rate_hz;
  const uint64_t whole = product / unit, rest = product % unit;
  const uint64_t half = whole + (2 * rest > unit || (2 * rest == unit && whole % 2 == 1));
  return half ? (unsigned) (2 * half) : 2;
}

/* What makes |X|^2 at n samples of rate what it would be at n_fft samples of sample_rate: the square of the lines'
 * amplitude, and the number of bins that a filter covers. */
static double
power_scale (const DspLogMelConfig *config, unsigned rate_hz, unsigned n)
{
  const double amplitude = (double) config->n_fft / n;
  return amplitude * amplitude * ((double) config->n_fft * rate_hz) / ((double) n * config->sample_rate_hz);
}

static DspFft *
fft_new (size_t n, size_t n_bins)
{
  double *window = calloc (n, sizeof *window);
  if (!window)
    return NULL;
  dsp_window_hann (window, n);
  DspFft *fft = dsp_fft_new (window, n, n_bins);
  free (window);
  return fft;
}

DspLogMel *
dsp_log_mel_new (const DspLogMelConfig *config, unsigned rate_hz)
{
  assert (config->sample_rate_hz >= 2000 && config->sample_rate_hz <= 1000000);
  assert (rate_hz >= 2000 && rate_hz <= 1000000);
  assert (config->n_fft >= 2 && config->n_fft <= 65536 && config->n_fft % 2 == 0);

  DspLogMel *mel = calloc (1, sizeof *mel);
  if (!mel)
    return NULL;

  const unsigned n = window_length (config, rate_hz);
  const DspMelConfig filters = {
    .n_mels = config->n_mels,
    .band_pool = config->band_pool,
    .fmin_hz = config->fmin_hz,
    .fmax_hz = config->fmax_hz,
    .bin_hz = (double) rate_hz / n,
    .n_bins = n / 2 + 1,
    .limit_hz = config->sample_rate_hz / 2.0,
    .scale = power_scale (config, rate_hz, n),
  };

  mel->half_window = n / 2;
  mel->framer = dsp_framer_new (n, config->hop_length, config->sample_rate_hz, rate_hz);
  mel->filters = dsp_mel_new (&filters);
  if (!mel->framer || !mel->filters)
    goto fail;
  mel->fft = fft_new (n, dsp_mel_bins (mel->filters));
  mel->spectrum = calloc (dsp_mel_bins (mel->filters), sizeof *mel->spectrum);
  if (!mel->fft || !mel->spectrum)
    goto fail;
  return mel;

fail:
  dsp_log_mel_free (mel);
  return NULL;
}

void
dsp_log_mel_free (DspLogMel *mel)
{
  if (!mel)
    return;
  dsp_framer_free (mel->framer);
  dsp_mel_free (mel->filters);
  dsp_fft_free (mel->fft);
  free (mel->spectrum);
  free (mel);
}

void
dsp_log_mel_reset (DspLogMel *mel)
{
  dsp_framer_reset (mel->framer);
  mel->energy = (DspEnergy){ 0 };
}

unsigned
dsp_log_mel_bands (const DspLogMel *mel)
{
  return (unsigned) dsp_mel_bands (mel->filters);
}

uint64_t
dsp_log_mel_center (const DspLogMel *mel, uint64_t frame)
{
  return dsp_framer_center (mel->framer, frame);
}

unsigned
dsp_log_mel_half_window (const DspLogMel *mel)
{
  return mel->half_window;
}

size_t
dsp_log_mel_push (DspLogMel *mel, const float *samples, size_t n_samples)
{
  const uint64_t position = dsp_framer_position (mel->framer);
  const size_t taken = dsp_framer_push (mel->framer, samples, n_samples);

  /* Where the hop is longer than half a window, [c(t-1), c(t)) goes on behind the frame before. */
  const uint64_t center = dsp_framer_center (mel->framer, dsp_framer_frame (mel->framer));
  if (position < center)
    dsp_energy_add (&mel->energy, samples, center - position < taken ? (size_t) (center - position) : taken);
  return taken;
}

void
dsp_log_mel_finish (DspLogMel *mel)
{
  dsp_framer_finish (mel->framer);
}

/* Samples of [c(t), min (c(t+1), c(t) + n/2)); the zeros behind the end of the stream are none. */
static size_t
tail_length (const DspLogMel *mel, uint64_t frame)
{
  const uint64_t center = dsp_framer_center (mel->framer, frame), end = dsp_framer_position (mel->framer);
  const uint64_t hop = dsp_framer_center (mel->framer, frame + 1) - center;
  const uint64_t tail = hop < mel->half_window ? hop : mel->half_window;

  return (size_t) (tail < end - center ? tail : end - center);
}

bool
dsp_log_mel_next (DspLogMel *mel, float *power, DspLevel *ret_level, DspLevel *ret_tail)
{
  const uint64_t index = dsp_framer_frame (mel->framer);
  const float *frame = dsp_framer_next (mel->framer);
  if (!frame)
    return false;

  *ret_level = dsp_energy_level (&mel->energy);
  mel->energy = (DspEnergy){ 0 };
  dsp_energy_add (&mel->energy, frame + mel->half_window, tail_length (mel, index));
  *ret_tail = dsp_energy_level (&mel->energy);

  dsp_fft_power (mel->fft, frame, mel->spectrum);
  dsp_mel_apply (mel->filters, mel->spectrum, power);
  /* Samples near FLT_MAX: the spectrum overflows, and Inf - Inf or 0 Inf may leave a NaN. */
  for (size_t b = 0; b < dsp_mel_bands (mel->filters); b++)
    power[b] = power[b] <= FLT_MAX ? power[b] : FLT_MAX;
  return true;
}

void
dsp_power_to_db (const float *power, float *db, size_t n, double amin, double ref, double top_db)
{
  assert (amin > 0 && ref >= 0);

  if (ref == 0)
    for (size_t i = 0; i < n; i++)
      ref = fmax (ref, (double) power[i]);
  const double ref_db = 10.0 * log10 (fmax (amin, ref));

  float loudest = -FLT_MAX;
  for (size_t i = 0; i < n; i++) {
    db[i] = (float) (10.0 * log10 (fmax (amin, (double) power[i])) - ref_db);
    loudest = fmaxf (loudest, db[i]);
  }

  if (top_db >= 0)
    for (size_t i = 0; i < n; i++)
      db[i] = fmaxf (db[i], (float) ((double) loudest - top_db));
}
