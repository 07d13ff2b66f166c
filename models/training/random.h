/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/random.h - random numbers that follow from a few integers: the seed, the stage, the step, the sample.
 *
 * Layer:   models/training; uses nn/initializer.h (splitmix64), GLib's types, libm.
 * Threads: functions of their arguments.
 *
 * Nothing remembers a state from step to step, so that a run can go on anywhere.
 */
#ifndef MODELS_TRAINING_RANDOM_H
#define MODELS_TRAINING_RANDOM_H

#include <glib.h>

typedef struct Random
{
  guint64 state;
} Random;

/* keys [n]: other keys, or another order, give an unrelated sequence. */
Random random_from (const guint64 *keys, gsize n);

double random_uniform (Random *random);                          /* [0, 1) */
double random_between (Random *random, double low, double high); /* [low, high) */
gsize random_below (Random *random, gsize n);                    /* 0 ... n - 1; n >= 1 */
double random_normal (Random *random);                           /* mean 0, deviation 1 */
double random_beta (Random *random, double a);                   /* Beta (a, a), 0 < a <= 2 */

/* Where `index` of 0 ... n - 1 goes in a shuffle of n: one to one, without a table.  n >= 1 */
gsize random_permute (const guint64 *keys, gsize n_keys, gsize index, gsize n);

#endif
