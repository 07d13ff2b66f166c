/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/random.h - splitmix64: 64 good bits from any state.
 *
 * Layer:   nn; libc.
 * Threads: functions of their arguments.
 */
#ifndef NN_RANDOM_H
#define NN_RANDOM_H

#include <stdint.h>

#define NN_RANDOM_STEP UINT64_C (0x9e3779b97f4a7c15) /* 2^64 over the golden ratio */

/* A number that depends on all bits of x. */
static inline uint64_t
nn_random_scramble (uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* The state's next number. */
static inline uint64_t
nn_random_next (uint64_t *state)
{
  return nn_random_scramble (*state += NN_RANDOM_STEP);
}

/* Two numbers to one that depends on all their bits. */
static inline uint64_t
nn_random_mix (uint64_t seed, uint64_t index)
{
  uint64_t state = seed;

  state = nn_random_next (&state) ^ index;
  return nn_random_next (&state);
}

#endif
