/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/zero_crossings.h"

#include <stdint.h>

static const float THRESHOLD = 1e-10f;

enum
{
  BLOCK = 4096, /* whose count a lane of 32 bits holds */
};

VECTOR_CLONES size_t
dsp_zero_crossings (const float *samples, size_t n)
{
  size_t total = 0;

  for (size_t start = 1; start < n; start += BLOCK) {
    const size_t end = n - start < BLOCK ? n : start + BLOCK;
    uint32_t count = 0;
    for (size_t i = start; i < end; i++)
      count += (samples[i] < -THRESHOLD) != (samples[i - 1] < -THRESHOLD);
    total += count;
  }
  return total;
}
