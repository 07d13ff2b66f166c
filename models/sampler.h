/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sampler.h - which item is next, and which items must stay together: pure functions of a seed.
 *
 * Layer:   models; uses random.
 * Threads: functions of their arguments.
 */
#ifndef MODELS_SAMPLER_H
#define MODELS_SAMPLER_H

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

/* Draw d = 0, 1, ... of n items: every item once, in an order of its own, before any comes again.
 *
 * keys [n_keys]  seed, stage, ...   n_items >= 1 */
gsize sampler_draw (const guint64 *keys, gsize n_keys, guint64 draw, gsize n_items);

/* Which groups are for validation.
 *
 * label       [n]  of each clip; -1: none, never for validation
 * group       [n]  clips of equal group stay together; 0 <= group < n_groups
 * fraction    of the clips of each label, 0 < fraction < 1
 * validation  [n]  out
 *
 * Of each label, groups in a shuffled order until the fraction is reached, but never its last one: a label with one
 * group has none in the validation.  A group belongs to the label of its first clip that has one. */
void sampler_split_groups (const int *label, const gsize *group, gsize n, gsize n_groups, double fraction, guint64 seed,
    bool *validation);

G_END_DECLS

#endif
