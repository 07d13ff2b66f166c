/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_model_average.h - one model that has the mean of the weights of several.
 *
 * Layer:   models; uses genre_model_file, network_spec, network_heads.
 * Threads: no state.
 */
#ifndef MODELS_GENRE_MODEL_AVERAGE_H
#define MODELS_GENRE_MODEL_AVERAGE_H

#include "models/genre_model.h"

/* The mean of the weights of models [n], n >= 1, that were trained from the same weights: a "model soup" (Wortsman et
 * al., ICML 2022).  Labels, front end, network, heads and lengths of windows must be equal; the softmax is the first's.
 *
 * NULL: GENRE_MODEL_ERROR_LABELS, _FRONTEND, _NETWORK or _WINDOW, which names the one that differs by names [n]. */
GenreModel *genre_model_average (GenreModel *const *models, const char *const *names, gsize n, const char *name,
    GError **error);

#endif
