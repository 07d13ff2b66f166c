/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-oom.c - the k-th allocation fails, for every k: NULL, no leak (under ASan), and the next try works.
 *
 * Layer:   tests; dsp.  Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=fftw_malloc.
 * Threads: one.
 */
#include "dsp/descriptors.h"
#include "dsp/fft.h"
#include "dsp/framer.h"
#include "dsp/log_mel.h"
#include "dsp/mel.h"
#include "dsp/window.h"
#include "tests/allocations_left.h"
#include "tests/test.h"

#include <limits.h>
#include <stdlib.h>

void *__real_fftw_malloc (size_t size);
void *__wrap_fftw_malloc (size_t size);

void *
__wrap_fftw_malloc (size_t size)
{
  return may_allocate () ? __real_fftw_malloc (size) : NULL;
}

/* The length has not been used before: its plan is made on the way. */
static bool
try_fft (unsigned n)
{
  static double window[2048];
  static float frame[2048], power[1025];
  dsp_window_hann (window, n);
  DspFft *fft = dsp_fft_new (window, n, n / 2 + 1);
  if (!fft)
    return false;
  dsp_fft_power (fft, frame, power);
  dsp_fft_free (fft);
  return true;
}

static bool
try_framer (unsigned n)
{
  const float samples[4] = { 0 };
  DspFramer *framer = dsp_framer_new (n, 100, 22050, 44100);
  if (!framer)
    return false;
  dsp_framer_push (framer, samples, 4);
  dsp_framer_free (framer);
  return true;
}

static bool
try_mel (unsigned n)
{
  const DspMelConfig config = { .n_mels = 40,
    .band_pool = 1,
    .fmin_hz = 0,
    .fmax_hz = 11025,
    .bin_hz = 22050.0 / n,
    .n_bins = n / 2 + 1,
    .limit_hz = 11025,
    .scale = 1 };
  DspMel *mel = dsp_mel_new (&config);
  const bool made = mel != NULL;
  dsp_mel_free (mel);
  return made;
}

static bool
try_log_mel (unsigned rate)
{
  static float samples[3000];
  const DspLogMelConfig config = { 22050, 1024, 300, 64, 2, 0, 11025 };
  DspLogMel *mel = dsp_log_mel_new (&config, rate);
  if (!mel)
    return false;
  float power[32];
  DspLevel level, tail;
  for (size_t at = 0; at < 3000;) {
    at += dsp_log_mel_push (mel, samples + at, 3000 - at);
    while (dsp_log_mel_next (mel, power, &level, &tail))
      ;
  }
  dsp_log_mel_free (mel);
  return true;
}

static bool
try_descriptors (unsigned rate)
{
  static const float samples[3000];
  const DspDescriptorsConfig config = dsp_descriptors_default ();
  DspDescriptors *descriptors = dsp_descriptors_new (&config, rate);
  if (!descriptors)
    return false;
  DspFrameValues values;
  for (size_t at = 0; at < 3000;) {
    at += dsp_descriptors_push (descriptors, samples + at, 3000 - at);
    while (dsp_descriptors_next (descriptors, &values))
      ;
  }
  dsp_descriptors_free (descriptors);
  return true;
}

/* Fails the k-th allocation for k = 0, 1, ... until it works; returns how many that took. */
static int
count_failures (const char *name, bool (*try_it) (unsigned), unsigned argument)
{
  for (int k = 0; k < 100; k++) {
    allocations_left = k;
    const bool made = try_it (argument);
    allocations_left = INT_MAX;
    if (made)
      return k;
  }
  CHECK (false, "%s fails with 100 allocations", name);
  return 0;
}

/* The second time the plan is there already, so that what comes after it fails as well.
 *
 * first, second: allocations that it makes at least, and then exactly */
static void
check (const char *name, bool (*try_it) (unsigned), unsigned argument, int first, int second)
{
  const int found_first = count_failures (name, try_it, argument);
  CHECK (found_first >= first, "%s needs only %d allocations", name, found_first);
  const int found_second = count_failures (name, try_it, argument);
  CHECK (found_second == second, "%s needs %d allocations, then", name, found_second);
}

int
main (void)
{
  dsp_fft_init ();
  check ("fft", try_fft, 1024, 8, 5);
  check ("stretched fft", try_fft, 1114, 8, 7);
  check ("framer", try_framer, 2048, 2, 2);
  check ("mel", try_mel, 2048, 3, 3);
  check ("log_mel", try_log_mel, 22050, 14, 14); /* with try_fft()'s plan */
  check ("log_mel, of another length", try_log_mel, 44100, 15, 14);
  check ("stretched log_mel", try_log_mel, 48000, 16, 16);
  check ("descriptors", try_descriptors, 44100, 40, 40);
  TEST_END ();
}
