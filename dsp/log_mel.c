/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/log_mel.c - spectrum, filterbank and level, one behind the other.
 *
 * Layer:   dsp; uses dsp/decibel, dsp/energy, dsp/mel and dsp/stft.
 * Threads: one object serves one thread at a time.
 */
#include "dsp/log_mel.h"

#include "dsp/decibel.h"
#include "dsp/energy.h"
#include "dsp/mel.h"
#include "dsp/stft.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum
{
  BLOCK = 64, /* levels at a time */
};

struct DspLogMel
{
  unsigned half_window; /* n / 2 */

  DspStft *stft;
  DspMel *filters;

  DspEnergy energy; /* of the samples from c(t-1) so far, t being the next frame */
};

DspLogMel *
dsp_log_mel_new (const DspLogMelConfig *config, unsigned rate_hz)
{
  const DspStftConfig stft = {
    .sample_rate_hz = config->sample_rate_hz,
    .n_fft = config->n_fft,
    .hop_length = config->hop_length,
  };
  const DspStftGrid grid = dsp_stft_grid (&stft, rate_hz);
  const DspMelConfig filters = {
    .n_mels = config->n_mels,
    .band_pool = config->band_pool,
    .fmin_hz = config->fmin_hz,
    .fmax_hz = config->fmax_hz,
    .bin_hz = grid.bin_hz,
    .n_bins = grid.n / 2 + 1,
    .limit_hz = config->sample_rate_hz / 2.0,
    .scale = grid.scale,
  };

  DspLogMel *mel = calloc (1, sizeof *mel);
  if (!mel)
    return NULL;

  mel->half_window = grid.n / 2;
  mel->filters = dsp_mel_new (&filters);
  if (!mel->filters)
    goto fail;
  mel->stft = dsp_stft_new (&stft, rate_hz, dsp_mel_bins (mel->filters));
  if (!mel->stft)
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
  dsp_stft_free (mel->stft);
  dsp_mel_free (mel->filters);
  free (mel);
}

void
dsp_log_mel_reset (DspLogMel *mel)
{
  dsp_stft_reset (mel->stft);
  mel->energy = (DspEnergy){ 0 };
}

uint64_t
dsp_log_mel_center (const DspLogMel *mel, uint64_t frame)
{
  return dsp_stft_center (mel->stft, frame);
}

unsigned
dsp_log_mel_half_window (const DspLogMel *mel)
{
  return mel->half_window;
}

size_t
dsp_log_mel_push (DspLogMel *mel, const float *samples, size_t n_samples)
{
  const uint64_t position = dsp_stft_position (mel->stft);
  const size_t taken = dsp_stft_push (mel->stft, samples, n_samples);

  /* Where the hop is longer than half a window, [c(t-1), c(t)) goes on behind the frame before. */
  const uint64_t center = dsp_stft_center (mel->stft, dsp_stft_frame (mel->stft));
  if (position < center)
    dsp_energy_add (&mel->energy, samples, center - position < taken ? (size_t) (center - position) : taken);
  return taken;
}

void
dsp_log_mel_finish (DspLogMel *mel)
{
  dsp_stft_finish (mel->stft);
}

/* Samples of [c(t), min (c(t+1), c(t) + n/2)); the zeros behind the end of the stream are none. */
static size_t
tail_length (const DspLogMel *mel, uint64_t frame)
{
  const uint64_t center = dsp_stft_center (mel->stft, frame), end = dsp_stft_position (mel->stft);
  const uint64_t hop = dsp_stft_center (mel->stft, frame + 1) - center;
  const uint64_t tail = hop < mel->half_window ? hop : mel->half_window;

  return (size_t) (tail < end - center ? tail : end - center);
}

bool
dsp_log_mel_next (DspLogMel *mel, float *power, DspLevel *ret_level, DspLevel *ret_tail)
{
  const uint64_t index = dsp_stft_frame (mel->stft);
  const float *frame = dsp_stft_next (mel->stft);
  if (!frame)
    return false;

  *ret_level = dsp_energy_level (&mel->energy);
  mel->energy = (DspEnergy){ 0 };
  dsp_energy_add (&mel->energy, frame + mel->half_window, tail_length (mel, index));
  *ret_tail = dsp_energy_level (&mel->energy);

  dsp_mel_apply (mel->filters, dsp_stft_power (mel->stft), power);
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
  double ref_db = ref;
  dsp_decibels (&ref_db, 1, amin);

  float loudest = -FLT_MAX;
  for (size_t first = 0; first < n; first += BLOCK) {
    const size_t end = n - first < BLOCK ? n : first + BLOCK;
    double level[BLOCK];
    for (size_t i = first; i < end; i++)
      level[i - first] = (double) power[i];
    dsp_decibels (level, end - first, amin);
    for (size_t i = first; i < end; i++) {
      db[i] = (float) (level[i - first] - ref_db);
      loudest = fmaxf (loudest, db[i]);
    }
  }

  if (top_db >= 0)
    for (size_t i = 0; i < n; i++)
      db[i] = fmaxf (db[i], (float) ((double) loudest - top_db));
}
