/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/texture.h"

#include "dsp/low_energy.h"

#include <math.h>
#include <stdlib.h>

enum
{
  RMS = 0, /* rows of the history */
  CONTRAST = 1,
  POWER = CONTRAST + DSP_OCTAVE_BANDS,
  N_ROWS = POWER + DSP_OCTAVE_BANDS,
};

struct DspTexture
{
  size_t n;
  DspModulation *modulation;
  double *history;    /* [N_ROWS][n] ring: frame t is at t mod n */
  double *trajectory; /* [n] one of its rows, the oldest frame first */
  uint64_t frames;    /* pushed */
};

DspTexture *
dsp_texture_new (size_t n_frames)
{
  DspTexture *texture = calloc (1, sizeof *texture);
  if (!texture)
    return NULL;

  texture->n = n_frames;
  texture->modulation = dsp_modulation_new (n_frames);
  texture->history = calloc (N_ROWS * n_frames, sizeof *texture->history);
  texture->trajectory = calloc (n_frames, sizeof *texture->trajectory);
  if (!texture->modulation || !texture->history || !texture->trajectory)
    goto fail;
  return texture;

fail:
  dsp_texture_free (texture);
  return NULL;
}

void
dsp_texture_free (DspTexture *texture)
{
  if (!texture)
    return;
  dsp_modulation_free (texture->modulation);
  free (texture->history);
  free (texture->trajectory);
  free (texture);
}

void
dsp_texture_reset (DspTexture *texture)
{
  texture->frames = 0;
}

void
dsp_texture_push (DspTexture *texture, double rms, const double *contrast_db, const double *power)
{
  double *column = texture->history + texture->frames % texture->n;

  column[RMS * texture->n] = rms;
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    column[(CONTRAST + b) * texture->n] = contrast_db[b];
    column[(POWER + b) * texture->n] = power[b];
  }
  texture->frames++;
}

uint64_t
dsp_texture_frames (const DspTexture *texture)
{
  return texture->frames;
}

/* Valid until the next call. */
static const double *
trajectory (DspTexture *texture, size_t row)
{
  const size_t oldest = (size_t) (texture->frames % texture->n);

  for (size_t t = 0; t < texture->n; t++)
    texture->trajectory[t] = texture->history[row * texture->n + (oldest + t) % texture->n];
  return texture->trajectory;
}

/* Of x[0], x[stride], ... */
static void
mean_and_std (const double *x, size_t n, size_t stride, double *ret_mean, double *ret_std)
{
  double mean = 0, square = 0;
  for (size_t i = 0; i < n; i++)
    mean += x[i * stride] / (double) n;
  for (size_t i = 0; i < n; i++)
    square += (x[i * stride] - mean) * (x[i * stride] - mean) / (double) n;
  *ret_mean = mean;
  *ret_std = sqrt (square);
}

static void
fill_omsc (DspTexture *texture, DspTextureValues *values)
{
  const size_t n_bands = dsp_modulation_bands (texture->modulation);
  double contrast[DSP_OCTAVE_BANDS][DSP_MODULATION_MAX_BANDS];

  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    dsp_modulation_contrast (texture->modulation, trajectory (texture, CONTRAST + b), contrast[b]);
    mean_and_std (contrast[b], n_bands, 1, &values->omsc_octave[b], &values->omsc_octave_std[b]);
  }
  for (size_t j = 0; j < n_bands; j++)
    mean_and_std (&contrast[0][j], DSP_OCTAVE_BANDS, DSP_MODULATION_MAX_BANDS, &values->omsc_modulation[j],
        &values->omsc_modulation_std[j]);
}

bool
dsp_texture_values (DspTexture *texture, DspTextureValues *ret_values)
{
  if (texture->frames < texture->n)
    return false;

  *ret_values = (DspTextureValues){ .low_energy = dsp_low_energy (trajectory (texture, RMS), texture->n) };
  fill_omsc (texture, ret_values);
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++)
    dsp_modulation_shape (texture->modulation, trajectory (texture, POWER + b), &ret_values->modulation_flatness[b],
        &ret_values->modulation_crest[b]);
  return true;
}
