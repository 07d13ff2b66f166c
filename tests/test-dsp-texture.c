/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-texture.c - a texture window is the last frames, in their order, and nothing else.
 *
 * Layer:   tests; dsp.  tests/test-dsp-descriptors.c has the values.
 * Threads: one.
 */
#include "dsp/texture.h"
#include "tests/test.h"

#include <string.h>

enum
{
  N = 16,
};

static void
push (DspTexture *texture, uint64_t seed)
{
  double contrast[DSP_OCTAVE_BANDS], power[DSP_OCTAVE_BANDS];
  for (size_t b = 0; b < DSP_OCTAVE_BANDS; b++) {
    contrast[b] = 1 + (double) test_noise (&seed);
    power[b] = 1 + (double) test_noise (&seed);
  }
  dsp_texture_push (texture, 1 + (double) test_noise (&seed), contrast, power);
}

/* The values of the frames first + 1 ... first + N alone. */
static DspTextureValues
values_of (DspTexture *texture, size_t first)
{
  DspTextureValues values;
  dsp_texture_reset (texture);
  for (size_t t = 1; t <= N; t++) {
    CHECK (!dsp_texture_values (texture, &values), "%zu frames are enough", t - 1);
    push (texture, first + t);
  }
  CHECK (dsp_texture_values (texture, &values), "%d frames are too few", N);
  return values;
}

int
main (void)
{
  DspTexture *stream = dsp_texture_new (N), *alone = dsp_texture_new (N);
  DspTextureValues found, expected;
  memset (&found, 0, sizeof found);

  for (size_t t = 1; t <= 5 * N; t++) {
    push (stream, t);
    CHECK (dsp_texture_frames (stream) == t, "frame %zu", t);
    CHECK (dsp_texture_values (stream, &found) == (t >= N), "frame %zu", t);
    if (t < N)
      continue;
    expected = values_of (alone, t - N);
    CHECK (memcmp (&found, &expected, sizeof found) == 0, "frame %zu: other values than of the last %d", t, N);
  }
  dsp_texture_free (stream);
  dsp_texture_free (alone);
  dsp_texture_free (NULL);
  TEST_END ();
}
