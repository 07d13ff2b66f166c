/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/audio_estimate.h"

#include "tests/test.h"

#include <math.h>

static void
check_left (const ToolAudioEstimate *estimate, double expected)
{
  const double left = tool_audio_estimate_left (estimate);

  CHECK (fabs (left - expected) < 1e-6, "%g s left, expected %g", left, expected);
}

/* A mix of two hours among songs counts as what it is, and not as one of eleven. */
static void
test_bytes (void)
{
  ToolAudioEstimate *estimate = tool_audio_estimate_new (0);

  check_left (estimate, -1);
  for (unsigned i = 0; i < 10; i++)
    tool_audio_estimate_add (estimate, "songs/a.mp3", 3000);
  tool_audio_estimate_add (estimate, "mix.mp3", 120000);
  check_left (estimate, -1);
  tool_audio_estimate_take (estimate, "songs/a.mp3", 3000, 180);
  check_left (estimate, 9 * 180 + 7200);
  for (unsigned i = 0; i < 9; i++)
    tool_audio_estimate_take (estimate, "songs/a.mp3", 3000, 180);
  check_left (estimate, 7200);
  tool_audio_estimate_take (estimate, "mix.mp3", 120000, 7000);
  check_left (estimate, 0);
  tool_audio_estimate_free (estimate);
}

/* Each extension has seconds a byte of its own, whatever its case; one that was not heard yet has those of all. */
static void
test_kinds (void)
{
  ToolAudioEstimate *estimate = tool_audio_estimate_new (0);

  tool_audio_estimate_add (estimate, "x.wav/a.mp3", 100);
  tool_audio_estimate_add (estimate, "b.MP3", 100);
  tool_audio_estimate_add (estimate, "c.wav", 1000);
  tool_audio_estimate_add (estimate, "d.wav", 1000);
  tool_audio_estimate_add (estimate, "no extension", 550);
  tool_audio_estimate_take (estimate, "x.wav/a.mp3", 100, 50);
  tool_audio_estimate_take (estimate, "c.wav", 1000, 60);
  check_left (estimate, 50 + 60 + 55);
  tool_audio_estimate_take (estimate, "d.wav", 1000, 0); /* it failed */
  check_left (estimate, 50 + 550 * 110. / 2100);
  tool_audio_estimate_free (estimate);
}

/* With --seconds files have about as much each, whatever their bytes. */
static void
test_most (void)
{
  ToolAudioEstimate *estimate = tool_audio_estimate_new (30);

  for (unsigned i = 0; i < 4; i++)
    tool_audio_estimate_add (estimate, "a.flac", 1000 << 2 * i);
  tool_audio_estimate_take (estimate, "a.flac", 1000, 30);
  check_left (estimate, 90);
  tool_audio_estimate_free (estimate);
}

int
main (void)
{
  test_bytes ();
  test_kinds ();
  test_most ();
  TEST_END ();
}
