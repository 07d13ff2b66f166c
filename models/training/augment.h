/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/augment.h - log-mels of music as it might have been: faster, louder, duller, mixed with other music.
 *
 * Layer:   models/training; uses random.
 * Threads: functions of their arguments.
 *
 * Everything works on dB, [frames][bands], in place unless it says otherwise.  Those without a Random do exactly what
 * they are told; augment_draw() decides.
 */
#ifndef MODELS_TRAINING_AUGMENT_H
#define MODELS_TRAINING_AUGMENT_H

#include "models/training/random.h"

/* How far it may go.  All zero but the two stretches at 1: nothing is changed. */
typedef struct AugmentConfig
{
  double stretch_min, stretch_max;  /* frames of the recording for one of the window, .5 to 2 */
  double gain_min_db, gain_max_db;  /* added to all bands */
  double equalizer_db;              /* standard deviation of a smooth curve over the bands */
  unsigned shift_bands;             /* at most, up or down */
  unsigned mask_bands, mask_frames; /* widest mask; 0: none */
  double low_pass;                  /* probability of a low-pass */
  double roll;                      /* probability of a rotation in time */
  double edge_db;                   /* at most, added to the highest band */
  double nyquist_db;                /* at most, added to the highest band, another in each frame */
} AugmentConfig;

enum
{
  AUGMENT_EQUALIZER_TERMS = 4,
};

/* What was drawn for one window. */
typedef struct Augment
{
  double stretch;
  double gain_db;
  double equalizer_db[AUGMENT_EQUALIZER_TERMS]; /* of cos (pi (k + 1) x), x = 0 ... 1 over the bands */
  int shift_bands;
  unsigned first_band, n_bands; /* the masks */
  unsigned first_frame, n_frames;
} Augment;

/* One augmentation of windows of n_frames x n_bands. */
Augment augment_draw (const AugmentConfig *config, Random *random, gsize n_frames, gsize n_bands);

/* out[t] = clip at first + t * stretch, between two frames linear in dB: a level that stays stays, and a beat between
 * two frames keeps its place.  The clip repeats itself where it is too short.
 *
 * clip  [clip_frames][bands]  clip_frames >= 1
 * out   [n_frames][bands]     must not overlap `clip` */
void augment_stretch (const float *clip, gsize clip_frames, gsize bands, double first, double stretch, float *out,
    gsize n_frames);

/* Gain, equaliser and shift: out[t][b] = in[t][b - shift] + gain + curve[b]; at the rim the last band repeats. */
void augment_colour (const Augment *augment, float *db, gsize n_frames, gsize bands);

/* db = 10 log10 (share 10^(db / 10) + (1 - share) 10^(other / 10)), as if both were played at once.
 *
 * db, other [n] */
void augment_mix (float *db, const float *other, double share, gsize n);

/* As if `other` were played as well, its mean power `level_db` above that of db.
 *
 * db, other [n] */
void augment_overlay (float *db, const float *other, double level_db, gsize n);

/* A low-pass in so many cases as the configuration says: nothing is left of the bands from some one up, which lies in
 * the upper 3/8.  So music of a lower rate sounds: with 64 bands to 11 kHz, 8 kHz leaves 45.
 *
 * db [n_frames][bands] */
void augment_low_pass (const AugmentConfig *config, Random *random, float *db, gsize n_frames, gsize bands);

/* A rotation in time in so many cases as the configuration says: the window begins at any of its frames, and what was
 * before follows at its end.  For networks that weigh each frame's place (flatten): music has none.
 *
 * db [n_frames][bands] */
void augment_roll (const AugmentConfig *config, Random *random, float *db, gsize n_frames, gsize bands);

/* What another resampler or codec makes of the highest bands: the last is off by anything up to the configuration's
 * edge_db, up or down, the one before it by half of that, the third by a quarter.  And what the sampling rate makes of
 * a component at the Nyquist frequency: in each frame for itself the last band is off by anything up to a share of
 * nyquist_db, up or down, which is drawn for the whole.
 *
 * db [n_frames][bands] */
void augment_edge (const AugmentConfig *config, Random *random, float *db, gsize n_frames, gsize bands);

/* Zeroes the masks of what the network will see: the mean, if it is standardised.
 *
 * input [n_frames][bands] */
void augment_mask (const Augment *augment, float *input, gsize n_frames, gsize bands);

#endif
