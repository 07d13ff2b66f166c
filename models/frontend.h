/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/frontend.h - the front-end recipe as the JSON object that models and feature sets carry.
 *
 * Layer:   models; uses json_field, json_write, dsp/log_mel.h (types only).
 * Threads: no state.
 *
 * sample_rate, n_fft, hop_length and n_mels must be there.  What else is absent has librosa's default, but for top_db,
 * which is null: window "hann", band_pool 1, fmin 0, fmax sample_rate / 2, mel_scale and mel_norm "slaney", power 2,
 * ref 1, amin 1e-10, normalize null (mean 0, std 1).  Any other key is an error.
 */
#ifndef MODELS_FRONTEND_H
#define MODELS_FRONTEND_H

#include "models/genre_model.h"

G_BEGIN_DECLS

/* json          the text of the object
 * file          stands for the file in messages
 * ret_frontend  out, on success; genre_frontend_clear() it
 *
 * Fails with GENRE_MODEL_ERROR_JSON, _SIZE or _FRONTEND. */
gboolean genre_frontend_parse (const char *json, const char *file, GenreFrontend *ret_frontend, GError **error);
void genre_frontend_clear (GenreFrontend *frontend); /* frees the arrays; again is a no-op */

/* Appends the object with every key, in DESIGN 2's order: parsing it gives an equal recipe. */
void genre_frontend_append (const GenreFrontend *frontend, GString *json);

G_END_DECLS

#endif
