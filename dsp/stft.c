/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/stft.c - framer, window and FFT, one behind the other.
 *
 * Layer:   dsp; uses dsp/fft, dsp/framer and dsp/window.
 * Threads: one object serves one thread at a time.
 */
#include "dsp/stft.h"

#include "dsp/fft.h"
#include "dsp/framer.h"
#include "dsp/window.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

struct DspStft
{
  size_t n; /* samples of a frame */
  size_t n_bins;

  DspFramer *framer;
  DspFft *fft;
  float *power; /* [n_bins] of the last frame */
};

/* 2 round (n_fft rate / (2 sample_rate)), ties to even as Python and IEEE round, at least 2. */
static unsigned
frame_length (const DspStftConfig *config, unsigned rate_hz)
{
  const uint64_t product = (uint64_t) config->n_fft * rate_hz, unit = 2 * (uint64_t) config->sample_rate_hz;
  const uint64_t whole = product / unit, rest = product % unit;
  const uint64_t half = whole + (2 * rest > unit || (2 * rest == unit && whole % 2 == 1));
  return half ? (unsigned) (2 * half) : 2;
}

DspStftGrid
dsp_stft_grid (const DspStftConfig *config, unsigned rate_hz)
{
  assert (config->sample_rate_hz >= 2000 && config->sample_rate_hz <= 1000000);
  assert (rate_hz >= 2000 && rate_hz <= 1000000);
  assert (config->n_fft >= 2 && config->n_fft <= 65536 && config->n_fft % 2 == 0);

  const unsigned n = frame_length (config, rate_hz);
  const double amplitude = (double) config->n_fft / n;
  return (DspStftGrid){
    .n = n,
    .bin_hz = (double) rate_hz / n,
    .scale = amplitude * amplitude * ((double) config->n_fft * rate_hz) / ((double) n * config->sample_rate_hz),
  };
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

DspStft *
dsp_stft_new (const DspStftConfig *config, unsigned rate_hz, size_t n_bins)
{
  DspStft *stft = calloc (1, sizeof *stft);
  if (!stft)
    return NULL;

  stft->n = dsp_stft_grid (config, rate_hz).n;
  stft->n_bins = n_bins;
  stft->framer = dsp_framer_new (stft->n, config->hop_length, config->sample_rate_hz, rate_hz);
  stft->fft = fft_new (stft->n, n_bins);
  stft->power = calloc (n_bins, sizeof *stft->power);
  if (!stft->framer || !stft->fft || !stft->power)
    goto fail;
  return stft;

fail:
  dsp_stft_free (stft);
  return NULL;
}

void
dsp_stft_free (DspStft *stft)
{
  if (!stft)
    return;
  dsp_framer_free (stft->framer);
  dsp_fft_free (stft->fft);
  free (stft->power);
  free (stft);
}

void
dsp_stft_reset (DspStft *stft)
{
  dsp_framer_reset (stft->framer);
}

uint64_t
dsp_stft_center (const DspStft *stft, uint64_t frame)
{
  return dsp_framer_center (stft->framer, frame);
}

uint64_t
dsp_stft_position (const DspStft *stft)
{
  return dsp_framer_position (stft->framer);
}

uint64_t
dsp_stft_frame (const DspStft *stft)
{
  return dsp_framer_frame (stft->framer);
}

size_t
dsp_stft_push (DspStft *stft, const float *samples, size_t n_samples)
{
  return dsp_framer_push (stft->framer, samples, n_samples);
}

void
dsp_stft_finish (DspStft *stft)
{
  dsp_framer_finish (stft->framer);
}

const float *
dsp_stft_next (DspStft *stft)
{
  const float *frame = dsp_framer_next (stft->framer);
  if (frame)
    dsp_fft_power (stft->fft, frame, stft->power);
  return frame;
}

const float *
dsp_stft_power (const DspStft *stft)
{
  return stft->power;
}
