/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test.h - the few lines that every plain C test needs.
 *
 * Layer:   tests; libc only.
 * Threads: CHECK may be used on any thread; the count is not exact then, the verdict is.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static int test_failures;

/* Counts and prints a failed expectation, with printf-style detail, and goes on. */
#define CHECK(condition, ...)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      test_failures++;                                                                                                 \
      fprintf (stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                                 \
      fprintf (stderr, __VA_ARGS__);                                                                                   \
      fputc ('\n', stderr);                                                                                            \
    }                                                                                                                  \
  } while (0)

/* The last line of main(). */
#define TEST_END() return test_failures != 0

/* Seeded noise: xorshift64*, the same on every machine. */
static inline uint64_t
test_random (uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C (2685821657736338717);
}

/* Uniform in [-1, 1). */
static inline float
test_noise (uint64_t *state)
{
  return (float) (int32_t) (test_random (state) >> 32) * 0x1p-31f;
}

#endif
