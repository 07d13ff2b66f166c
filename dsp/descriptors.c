/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/descriptors.h"

#include "dsp/low_energy.h"
#include "dsp/mfcc.h"
#include "dsp/spectral_shape.h"
#include "dsp/stft.h"
#include "dsp/zero_crossings.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  N_MELS = 128,
};

static const double ROLLOFF_SHARE = .85;

struct DspDescriptors
{
  unsigned rate_hz;
  DspStftGrid grid;
  size_t n_bins;

  DspStft *stft;
  DspMfcc *mfcc;
  DspOctaveBands *octaves;
  DspTexture *texture;

  float *power;     /* [n_bins] |X[k]|^2 of the frame, as it would be at the configuration's rate */
  float *magnitude; /* [n_bins] |X[k]| */
  float *previous;  /* [n_bins] of the frame before, for flux */
};

DspDescriptorsConfig
dsp_descriptors_default (void)
{
  return (DspDescriptorsConfig){
    .sample_rate_hz = 22050,
    .n_fft = 2048,
    .hop_length = 512,
    .texture_frames = 256,
  };
}

/* Bins up to half the configuration's rate, or to half the input's where that is less; 1e-9 bins make up for the
 * rounding of the quotient. */
static size_t
count_bins (const DspStftGrid *grid, double limit_hz)
{
  const size_t heard = (size_t) floor (limit_hz / grid->bin_hz + 1e-9) + 1, all = grid->n / 2 + 1;

  return heard < all ? heard : all;
}

static DspMfcc *
mfcc_new (const DspDescriptors *descriptors, double limit_hz)
{
  const DspMelConfig config = {
    .n_mels = N_MELS,
    .band_pool = 1,
    .fmax_hz = limit_hz,
    .bin_hz = descriptors->grid.bin_hz,
    .n_bins = descriptors->n_bins,
    .limit_hz = limit_hz,
    .scale = 1,
  };

  return dsp_mfcc_new (&config, DSP_DESCRIPTORS_MFCC);
}

DspDescriptors *
dsp_descriptors_new (const DspDescriptorsConfig *config, unsigned rate_hz)
{
  assert (config->sample_rate_hz >= 12800 && config->n_fft >= 64);

  DspDescriptors *descriptors = calloc (1, sizeof *descriptors);
  if (!descriptors)
    return NULL;

  const DspStftConfig stft = { config->sample_rate_hz, config->n_fft, config->hop_length };
  const double limit_hz = config->sample_rate_hz / 2.;
  descriptors->rate_hz = rate_hz;
  descriptors->grid = dsp_stft_grid (&stft, rate_hz);
  descriptors->n_bins = count_bins (&descriptors->grid, limit_hz);
  descriptors->stft = dsp_stft_new (&stft, rate_hz, descriptors->n_bins);
  descriptors->mfcc = mfcc_new (descriptors, limit_hz);
  descriptors->octaves = dsp_octave_bands_new (descriptors->n_bins, descriptors->grid.bin_hz);
  descriptors->texture = dsp_texture_new (config->texture_frames);
  descriptors->power = calloc (descriptors->n_bins, sizeof *descriptors->power);
  descriptors->magnitude = calloc (descriptors->n_bins, sizeof *descriptors->magnitude);
  descriptors->previous = calloc (descriptors->n_bins, sizeof *descriptors->previous);
  if (!descriptors->stft || !descriptors->mfcc || !descriptors->octaves || !descriptors->texture || !descriptors->power
      || !descriptors->magnitude || !descriptors->previous)
    goto fail;
  return descriptors;

fail:
  dsp_descriptors_free (descriptors);
  return NULL;
}

void
dsp_descriptors_free (DspDescriptors *descriptors)
{
  if (!descriptors)
    return;
  dsp_stft_free (descriptors->stft);
  dsp_mfcc_free (descriptors->mfcc);
  dsp_octave_bands_free (descriptors->octaves);
  dsp_texture_free (descriptors->texture);
  free (descriptors->power);
  free (descriptors->magnitude);
  free (descriptors->previous);
  free (descriptors);
}

void
dsp_descriptors_reset (DspDescriptors *descriptors)
{
  dsp_stft_reset (descriptors->stft);
  dsp_texture_reset (descriptors->texture);
  memset (descriptors->previous, 0, descriptors->n_bins * sizeof *descriptors->previous);
}

uint64_t
dsp_descriptors_center (const DspDescriptors *descriptors, uint64_t frame)
{
  return dsp_stft_center (descriptors->stft, frame);
}

uint64_t
dsp_descriptors_frame (const DspDescriptors *descriptors)
{
  return dsp_stft_frame (descriptors->stft);
}

size_t
dsp_descriptors_push (DspDescriptors *descriptors, const float *samples, size_t n_samples)
{
  return dsp_stft_push (descriptors->stft, samples, n_samples);
}

void
dsp_descriptors_finish (DspDescriptors *descriptors)
{
  dsp_stft_finish (descriptors->stft);
}

/* librosa goes on with the first and the last sample where the STFT has zeros, so that the edges are no crossing. */
static double
zero_crossings_hz (const DspDescriptors *descriptors, const float *frame, uint64_t center)
{
  const size_t n = descriptors->grid.n, half = n / 2;
  const uint64_t position = dsp_stft_position (descriptors->stft);
  const size_t first = center < half ? half - (size_t) center : 0;
  const size_t end = position - center < half ? half + (size_t) (position - center) : n;

  return (double) dsp_zero_crossings (frame + first, end - first) * descriptors->rate_hz / (double) n;
}

/* Samples near FLT_MAX: the spectrum overflows, and Inf - Inf may leave a NaN. */
VECTOR_CLONES static void
read_spectrum (DspDescriptors *descriptors)
{
  const float *power = dsp_stft_power (descriptors->stft), scale = (float) descriptors->grid.scale;

  for (size_t k = 0; k < descriptors->n_bins; k++) {
    const float scaled = power[k] * scale;
    descriptors->power[k] = scaled <= FLT_MAX ? scaled : FLT_MAX;
    descriptors->magnitude[k] = sqrtf (descriptors->power[k]);
  }
}

bool
dsp_descriptors_next (DspDescriptors *descriptors, DspFrameValues *ret_values)
{
  const uint64_t center = dsp_stft_center (descriptors->stft, dsp_stft_frame (descriptors->stft));
  const float *frame = dsp_stft_next (descriptors->stft);
  if (!frame)
    return false;
  read_spectrum (descriptors);

  const bool first = dsp_texture_frames (descriptors->texture) == 0;
  const size_t n = descriptors->n_bins;
  const double bin_hz = descriptors->grid.bin_hz;
  const double flux = dsp_spectral_flux (descriptors->magnitude, n, descriptors->previous);
  double octave_power[DSP_OCTAVE_BANDS];

  ret_values->zero_crossings_hz = zero_crossings_hz (descriptors, frame, center);
  ret_values->centroid_hz = dsp_spectral_centroid (descriptors->magnitude, n, bin_hz);
  ret_values->rolloff_hz = dsp_spectral_rolloff (descriptors->magnitude, n, bin_hz, ROLLOFF_SHARE);
  ret_values->flux = first ? 0 : flux;
  dsp_mfcc_apply (descriptors->mfcc, descriptors->power, ret_values->mfcc);
  dsp_octave_bands_contrast (descriptors->octaves, descriptors->magnitude, ret_values->contrast_db);
  dsp_octave_bands_power (descriptors->octaves, descriptors->power, octave_power);
  dsp_texture_push (descriptors->texture, dsp_frame_rms (frame, descriptors->grid.n), ret_values->contrast_db,
      octave_power);
  return true;
}

bool
dsp_descriptors_texture (DspDescriptors *descriptors, DspTextureValues *ret_values)
{
  return dsp_texture_values (descriptors->texture, ret_values);
}
