/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-framer.c - where frames lie, what is in them, and that pushes leave no trace.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/framer.h"
#include "tests/test.h"

#include <stdlib.h>

typedef struct Shape
{
  size_t n;
  unsigned hop, sample_rate, rate;
} Shape;

static const Shape shapes[] = {
  { 2048, 1708, 22050, 22050 },
  { 2048, 512, 22050, 22050 },
  { 4092, 1708, 22050, 44056 },
  { 4458, 1708, 22050, 48000 },
  { 186, 1708, 22050, 2000 }, /* 154.9 samples */
  { 92880, 1708, 22050, 1000000 },
  { 64, 100, 16000, 16000 }, /* hops longer than the frame */
  { 8, 1000, 16000, 44100 }, /* much longer */
  { 186, 3, 22050, 2000 },   /* .27 samples: several frames on one sample */
  { 2, 1, 2000, 2000 },
  { 2, 1, 1000000, 2000 },
  { 4, 7, 3000, 2000 },
};

/* floor (t hop rate / sample_rate + 1/2) by doubling and adding: t is read from its highest bit, and quotient and
 * remainder of 2 t hop rate + sample_rate by 2 sample_rate are kept apart. */
static uint64_t
center_ref (const Shape *shape, uint64_t t)
{
  const uint64_t divisor = 2 * (uint64_t) shape->sample_rate, hop = 2 * (uint64_t) shape->hop * shape->rate;
  uint64_t quotient = 0, remainder = 0;
  for (int bit = 63; bit >= 0; bit--) {
    quotient *= 2;
    remainder *= 2;
    if (t >> bit & 1) {
      quotient += hop / divisor;
      remainder += hop % divisor;
    }
    quotient += remainder / divisor;
    remainder %= divisor;
  }
  return quotient + (remainder + shape->sample_rate) / divisor;
}

static void
check_centers (void)
{
  static const Shape more[] = { { 2, 1 << 20, 2000, 1000000 }, { 2, 1, 1000000, 2000 }, { 2, 999983, 999979, 999961 } };
  uint64_t seed = 5;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes + sizeof more / sizeof *more; i++) {
    const size_t known = sizeof shapes / sizeof *shapes;
    const Shape *shape = i < known ? &shapes[i] : &more[i - known];
    DspFramer *framer = dsp_framer_new (2, shape->hop, shape->sample_rate, shape->rate);
    for (unsigned k = 0; k < 2000; k++) {
      const uint64_t t = k < 1000 ? k : test_random (&seed) % 1000000001;
      const uint64_t expected = center_ref (shape, t), found = dsp_framer_center (framer, t);
      CHECK (found == expected, "shape %zu, frame %llu: %llu, not %llu", i, (unsigned long long) t,
          (unsigned long long) found, (unsigned long long) expected);
    }
    CHECK (dsp_framer_center (framer, 1000000000) == center_ref (shape, 1000000000), "shape %zu at 10^9", i);
    dsp_framer_free (framer);
  }

  /* 11 hours at 44056 Hz, counted up instead: c grows by 1708 44056 / 22050 = 3412 + 13048 / 22050 samples. */
  DspFramer *framer = dsp_framer_new (4092, 1708, 22050, 44056);
  uint64_t center = 0, part = 11025; /* of 22050 */
  for (uint64_t t = 0; t < 520000; t++) {
    if (dsp_framer_center (framer, t) != center) {
      CHECK (false, "frame %llu: %llu, not %llu", (unsigned long long) t,
          (unsigned long long) dsp_framer_center (framer, t), (unsigned long long) center);
      break;
    }
    center += 3412;
    part += 13048;
    center += part / 22050;
    part %= 22050;
  }
  dsp_framer_free (framer);
}

/* The sample at any index: a stream without end, in which no two neighbourhoods look alike. */
static float
stream_at (uint64_t i)
{
  uint64_t state = i + 1;
  return test_noise (&state) + 2;
}

/* Frames `from`... of a stream of n_samples, by the definition. */
static void
check_frame (const Shape *shape, uint64_t t, const float *frame, uint64_t n_samples)
{
  const uint64_t center = center_ref (shape, t);
  for (size_t i = 0; i < shape->n; i++) {
    const bool before = center + i < shape->n / 2;
    const uint64_t at = before ? 0 : center + i - shape->n / 2;
    const float expected = before || at >= n_samples ? 0 : stream_at (at);
    if (frame[i] != expected) {
      CHECK (false, "n %zu, frame %llu, value %zu: %g, not %g", shape->n, (unsigned long long) t, i, (double) frame[i],
          (double) expected);
      return;
    }
  }
}

/* Pushes n_samples in random pieces and takes every frame when it is complete. */
static void
run (DspFramer *framer, const Shape *shape, uint64_t n_samples, uint64_t *seed, size_t longest)
{
  enum
  {
    LONGEST = 70000
  };
  static float piece[LONGEST];
  longest = longest < LONGEST ? longest : LONGEST;
  uint64_t pushed = 0, t = 0;
  while (pushed < n_samples) {
    size_t n = 1 + (size_t) (test_random (seed) % longest);
    n = n < n_samples - pushed ? n : (size_t) (n_samples - pushed);
    for (size_t i = 0; i < n; i++)
      piece[i] = stream_at (pushed + i);

    for (size_t done = 0; done < n;) {
      const uint64_t end = center_ref (shape, t) + shape->n / 2;
      const size_t taken = dsp_framer_push (framer, piece + done, n - done);
      CHECK (taken == (end - pushed < n - done ? end - pushed : n - done), "took %zu", taken);
      done += taken;
      pushed += taken;
      CHECK (dsp_framer_position (framer) == pushed, "position");
      if (pushed == end)
        CHECK (dsp_framer_push (framer, piece, 1) == 0, "a push while a frame waits");
      for (const float *frame; (frame = dsp_framer_next (framer)); t++)
        check_frame (shape, t, frame, UINT64_MAX);
      CHECK (dsp_framer_frame (framer) == t && center_ref (shape, t) + shape->n / 2 > pushed, "%llu frames",
          (unsigned long long) t);
      if (test_failures)
        return;
    }
  }

  dsp_framer_finish (framer);
  for (const float *frame; (frame = dsp_framer_next (framer)); t++)
    check_frame (shape, t, frame, n_samples);
  CHECK (t > 0 && center_ref (shape, t - 1) <= n_samples && center_ref (shape, t) > n_samples,
      "n %zu: %llu frames of %llu samples", shape->n, (unsigned long long) t, (unsigned long long) n_samples);
}

int
main (void)
{
  check_centers ();
  dsp_framer_free (NULL);

  uint64_t seed = 11;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const Shape *shape = &shapes[i];
    DspFramer *framer = dsp_framer_new (shape->n, shape->hop, shape->sample_rate, shape->rate);

    /* The same object throughout: reset equals fresh, be it after finish or in the middle. */
    const uint64_t some = 4 * (shape->n + center_ref (shape, 1));
    run (framer, shape, some + 1, &seed, 70000);
    dsp_framer_reset (framer);
    run (framer, shape, some, &seed, shape->n);
    dsp_framer_reset (framer);
    run (framer, shape, some / 2, &seed, 7);
    for (uint64_t n = 0; n < 12; n++) {
      dsp_framer_reset (framer);
      run (framer, shape, n, &seed, 3);
    }
    dsp_framer_reset (framer);
    const float samples[3] = { 1, 2, 3 };
    dsp_framer_push (framer, samples, 3);
    dsp_framer_reset (framer);
    run (framer, shape, some / 3, &seed, 1000);
    dsp_framer_free (framer);
  }
  TEST_END ();
}
