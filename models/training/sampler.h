/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/sampler.h - which item is next: a pure function of a seed.
 *
 * Layer:   models/training; uses random.
 * Threads: a function of its arguments.
 */
#ifndef MODELS_TRAINING_SAMPLER_H
#define MODELS_TRAINING_SAMPLER_H

#include <glib.h>

/* Draw d = 0, 1, ... of n items: every item once, in an order of its own, before any comes again.
 *
 * keys [n_keys]  seed, stage, ...   n_items >= 1 */
gsize sampler_draw (const guint64 *keys, gsize n_keys, guint64 draw, gsize n_items);

#endif
