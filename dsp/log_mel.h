/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/log_mel.h - PCM stream of any rate -> frames of mel power, and their level in dB.
 *
 * Layer:   dsp; uses dsp/energy, dsp/mel and dsp/stft.
 * Threads: construct and free on any thread at any time; one object serves one thread at a time.
 */
#ifndef DSP_LOG_MEL_H
#define DSP_LOG_MEL_H

#include "dsp/energy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A front end as librosa's melspectrogram has it (Slaney scale and norm, power 2, periodic Hann,
 * center=True with zeros).  Every length is in samples at `sample_rate_hz`. */
typedef struct DspLogMelConfig
{
  unsigned sample_rate_hz; /* the recipe's rate, 2000 to 1000000 */
  unsigned n_fft;          /* even, 2 to 65536 */
  unsigned hop_length;     /* 1 to 1048576 */
  unsigned n_mels;         /* 1 to 1024, a multiple of band_pool */
  unsigned band_pool;      /* mean power of so many adjacent bands, at least 1 */
  double fmin_hz;          /* 0 <= fmin < fmax */
  double fmax_hz;          /* the filters have no weight above sample_rate / 2 */
} DspLogMelConfig;

typedef struct DspLogMel DspLogMel;

/* rate_hz: rate of the input, 2000 to 1000000.  Frames lie as dsp/stft.h has them, power is scaled to what it would be
 * at sample_rate.  NULL: out of memory. */
DspLogMel *dsp_log_mel_new (const DspLogMelConfig *config, unsigned rate_hz);
void dsp_log_mel_free (DspLogMel *mel); /* NULL is a no-op */

/* As fresh: the next sample is sample 0, the next frame is frame 0. */
void dsp_log_mel_reset (DspLogMel *mel);

/* c(t) in input samples: the sample on which frame t is centred. */
uint64_t dsp_log_mel_center (const DspLogMel *mel, uint64_t frame);

/* n / 2: frame t is complete when c(t) + n/2 samples have come. */
unsigned dsp_log_mel_half_window (const DspLogMel *mel);

/* samples [n_samples]  mono, finite, nominally [-1, 1]
 *
 * Takes samples up to the one that completes the next frame, at most n_samples, and returns how many it took.
 * Call dsp_log_mel_next() until it is false before pushing more. */
size_t dsp_log_mel_push (DspLogMel *mel, const float *samples, size_t n_samples);

/* The stream has ended and zeros follow: dsp_log_mel_next() gives every frame with c(t) <= number of samples.  After
 * these frames only dsp_log_mel_reset() may follow. */
void dsp_log_mel_finish (DspLogMel *mel);

/* power         [bands]  out, pooled mel power, finite
 * ret_level     out, of the input samples [c(t-1), c(t)), t being this frame; empty for frame 0
 * ret_tail      out, of the input samples [c(t), min (c(t+1), c(t) + n/2)), as far as there are any
 *
 * The next complete frame; false, and nothing written, when there is none yet.
 * Its values do not depend on how the samples were split into pushes, bit for bit. */
bool dsp_log_mel_next (DspLogMel *mel, float *power, DspLevel *ret_level, DspLevel *ret_tail);

/* 10 log10 (max (amin, power)) - ref_db, then at least max (result) - top_db over all n values: librosa
 * `power_to_db`.  power and db may be the same array.
 *
 * power  [n]  in, >= 0, finite
 * db     [n]  out, dB
 * amin   > 0
 * ref    > 0, or 0 for the loudest of the n values ("max")
 * top_db negative: none */
void dsp_power_to_db (const float *power, float *db, size_t n, double amin, double ref, double top_db);

#endif
