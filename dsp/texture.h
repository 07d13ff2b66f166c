/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/texture.h - the last frames of a stream, a texture window, and what can be said of all of them together.
 *
 * Layer:   dsp; uses dsp/low_energy, dsp/modulation and dsp/octave_bands' number of bands.
 * Threads: one object serves one thread at a time.
 */
#ifndef DSP_TEXTURE_H
#define DSP_TEXTURE_H

#include "dsp/modulation.h"
#include "dsp/octave_bands.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a texture window.  C[b][j] is the modulation contrast (dsp/modulation.h) of the spectral contrast of octave b in
 * modulation band j; Lee et al. keep mean and standard deviation of its rows and columns, and call it OMSC. */
typedef struct DspTextureValues
{
  double low_energy;                                    /* dsp/low_energy.h */
  double omsc_octave[DSP_OCTAVE_BANDS];                 /* dB, mean over j of C[b][j] */
  double omsc_octave_std[DSP_OCTAVE_BANDS];             /* dB, standard deviation over j */
  double omsc_modulation[DSP_MODULATION_MAX_BANDS];     /* dB, mean over b of C[b][j] */
  double omsc_modulation_std[DSP_MODULATION_MAX_BANDS]; /* dB, standard deviation over b */
  double modulation_crest[DSP_OCTAVE_BANDS];            /* of each octave's power, dsp/modulation.h: MSCM */
  double modulation_flatness[DSP_OCTAVE_BANDS];         /* the same: MSFM */
} DspTextureValues;

typedef struct DspTexture DspTexture;

/* n_frames: of the window, a power of two, 8 to DSP_MODULATION_MAX_FRAMES.  NULL: out of memory. */
DspTexture *dsp_texture_new (size_t n_frames);
void dsp_texture_free (DspTexture *texture); /* NULL is a no-op */

/* As fresh: there is no frame. */
void dsp_texture_reset (DspTexture *texture);

/* The next frame.
 *
 * rms                            dsp_frame_rms()
 * contrast_db [DSP_OCTAVE_BANDS]  dsp_octave_bands_contrast()
 * power       [DSP_OCTAVE_BANDS]  dsp_octave_bands_power() */
void dsp_texture_push (DspTexture *texture, double rms, const double *contrast_db, const double *power);

uint64_t dsp_texture_frames (const DspTexture *texture); /* pushed since the reset */

/* Of the last n_frames; false, and nothing written, where fewer have come.  They depend on those frames alone. */
bool dsp_texture_values (DspTexture *texture, DspTextureValues *ret_values);

#endif
