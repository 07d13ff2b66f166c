/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/random.h"

#include "nn/random.h"

#include <assert.h>
#include <math.h>

Random
random_from (const guint64 *keys, gsize n)
{
  uint64_t state = UINT64_C (0x6a09e667f3bcc908);
  for (gsize i = 0; i < n; i++) {
    state ^= keys[i];
    state = nn_random_next (&state);
  }
  return (Random){ state };
}

static guint64
next (Random *random)
{
  uint64_t state = random->state;
  const guint64 value = nn_random_next (&state);
  random->state = state;
  return value;
}

double
random_uniform (Random *random)
{
  return (double) (next (random) >> 11) * 0x1p-53;
}

double
random_between (Random *random, double low, double high)
{
  return low + (high - low) * random_uniform (random);
}

gsize
random_below (Random *random, gsize n)
{
  assert (n >= 1);
  /* Biased by n / 2^64: nobody will see it. */
  return (gsize) (next (random) % n);
}

/* Box and Muller. */
double
random_normal (Random *random)
{
  const double radius = sqrt (-2 * log (1 - random_uniform (random)));
  return radius * cos (6.28318530717958647692 * random_uniform (random));
}

/* Joehnk: u^(1/a) / (u^(1/a) + v^(1/a)) where the sum is at most 1.  One draw in six is taken at a = 2, more below. */
double
random_beta (Random *random, double a)
{
  assert (a > 0 && a <= 2);
  for (;;) {
    const double x = pow (random_uniform (random), 1 / a), y = pow (random_uniform (random), 1 / a);
    if (x + y > 0 && x + y <= 1)
      return x / (x + y);
  }
}

/* A Feistel cipher on the least even number of bits that holds n; what falls outside goes round again ("cycle
 * walking"), at most four times on average.  Eight rounds: four are uneven for a handful of items. */
gsize
random_permute (const guint64 *keys, gsize n_keys, gsize index, gsize n)
{
  assert (index < n);

  unsigned half = 1;
  while (half < 31 && ((guint64) 1 << (2 * half)) < n)
    half++;
  const guint64 mask = ((guint64) 1 << half) - 1;
  const Random key = random_from (keys, n_keys);
  guint64 value = index;

  do {
    guint64 left = value >> half, right = value & mask;
    for (guint64 round = 0; round < 8; round++) {
      const guint64 round_keys[] = { key.state, round, right };
      const guint64 mixed = left ^ (random_from (round_keys, G_N_ELEMENTS (round_keys)).state & mask);
      left = right;
      right = mixed;
    }
    value = left << half | right;
  } while (value >= n);
  return (gsize) value;
}
