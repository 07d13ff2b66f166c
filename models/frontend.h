/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/frontend.h - the front-end recipe: from band levels to a network's input, and the JSON object that models and
 *                     feature sets carry.
 *
 * Layer:   models; uses error, json_table, json_write, dsp/log_mel.h.
 * Threads: no state.
 *
 * sample_rate, n_fft, hop_length and n_mels must be there.  What else is absent has librosa's default, but for top_db,
 * which is null: window "hann", band_pool 1, fmin 0, fmax sample_rate / 2, mel_scale and mel_norm "slaney", power 2,
 * ref 1, amin 1e-10, normalize null (mean 0, std 1).  Any other key is an error.
 */
#ifndef MODELS_FRONTEND_H
#define MODELS_FRONTEND_H

#include "dsp/log_mel.h"

#include <glib.h>

/* The recipe: the spectrogram, then dB, then standardised. */
typedef struct GenreFrontend
{
  DspLogMelConfig mel;
  double amin;   /* > 0 */
  double ref;    /* > 0, or 0: "max", the loudest band of the window */
  double top_db; /* negative: null */
  size_t bands;  /* mel.n_mels / mel.band_pool */
  float *mean;   /* [bands], dB */
  float *std;    /* [bands], dB, > 0 */
} GenreFrontend;

/* What band levels are given in. */
typedef enum GenreLevels
{
  GENRE_LEVELS_POWER, /* mean power of the bands */
  GENRE_LEVELS_DB,    /* 10 log10 of it, at least -100 */
} GenreLevels;

/* power [n]  in, of GENRE_LEVELS_POWER, finite
 * db    [n]  out, of GENRE_LEVELS_DB; may be `power` itself */
void genre_frontend_power_to_db (const float *power, float *db, gsize n);

/* The recipe that feature sets of GENRE_LEVELS_DB carry: the spectrogram of `frontend`, but amin 1e-10, ref 1,
 * top_db 80, nothing standardised.  genre_frontend_clear() it. */
GenreFrontend genre_frontend_of_levels (const GenreFrontend *frontend);

/* How long n_frames hops are. */
double genre_frontend_seconds (const GenreFrontend *frontend, double n_frames);

/* The same in samples at rate_hz, rounded down.  n_frames: less than 2^23 */
guint64 genre_frontend_samples (const GenreFrontend *frontend, guint64 n_frames, unsigned rate_hz);

/* What a model's network sees of so many levels: amin, ref, top_db and normalize of the recipe, over one window.
 *
 * levels [n_frames][bands]  n_frames >= 1
 * input [n_frames][bands]   out; may be `levels` itself */
void genre_frontend_apply (const GenreFrontend *frontend, GenreLevels unit, const float *levels, float *input,
    gsize n_frames);

/* json          the text of the object
 * file          stands for the file in messages
 * ret_frontend  out, on success; genre_frontend_clear() it
 *
 * Fails with GENRE_MODEL_ERROR_JSON, _SIZE or _FRONTEND. */
gboolean genre_frontend_parse (const char *json, const char *file, GenreFrontend *ret_frontend, GError **error);
void genre_frontend_clear (GenreFrontend *frontend); /* frees the arrays; again is a no-op */

/* Appends the object with every key, in the order of docs/model-file.md: parsing it gives an equal recipe. */
void genre_frontend_append (const GenreFrontend *frontend, GString *json);

#endif
