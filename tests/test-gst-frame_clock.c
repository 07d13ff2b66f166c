/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-frame_clock.c - the first sample and the time of video frames, and where a time stamp moves them.
 *
 * Layer:   tests; gst/frame_clock.
 */
#include "gst/frame_clock.h"
#include "tests/test.h"

static const GstClockTime NONE = GST_CLOCK_TIME_NONE, S = GST_SECOND;

enum
{
  RATE = 44100,
};

/* 44100 x 1001 / 30000 = 1471.47 samples a frame. */
static void
test_frames (void)
{
  GenreFrameClock clock;

  genre_frame_clock_begin (&clock, RATE, 30000, 1001);
  CHECK (clock.sample == 0 && clock.frame == 0, "begins");
  CHECK (genre_frame_clock_start_of (&clock, 1) == 1471, "frame 1");
  CHECK (genre_frame_clock_start_of (&clock, 2) == 2942, "frame 2");
  CHECK (genre_frame_clock_start_of (&clock, 30000) == (guint64) RATE * 1001, "frame 30000: nothing adds up");
  CHECK (genre_frame_clock_time_of (&clock, 5) == NONE, "a time before any buffer");
}

static void
test_times (void)
{
  GenreFrameClock clock;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 7 * S;
  genre_frame_clock_begin (&clock, RATE, 30, 1);
  genre_frame_clock_follow (&clock, NONE, &segment);
  CHECK (genre_frame_clock_time_of (&clock, RATE) == 8 * S, "without a time stamp from the segment on");

  genre_frame_clock_begin (&clock, RATE, 30, 1);
  genre_frame_clock_follow (&clock, 2 * S, &segment);
  CHECK (genre_frame_clock_time_of (&clock, RATE) == 3 * S, "by the first time stamp");
  clock.sample = RATE;
  clock.frame = 30;
  genre_frame_clock_follow (&clock, 3 * S + 40 * GST_MSECOND, &segment);
  CHECK (clock.frame == 30 && genre_frame_clock_time_of (&clock, RATE) == 3 * S, "jitter moves nothing");
}

/* 100 samples into frame 30 an elsewhere begins: they count for the first frame, whose time is the buffer's. */
static void
test_jump (void)
{
  GenreFrameClock clock;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  genre_frame_clock_begin (&clock, RATE, 30, 1);
  genre_frame_clock_follow (&clock, 0, &segment);
  clock.sample = RATE + 100;
  clock.frame = 30;
  genre_frame_clock_follow (&clock, 9 * S, &segment);
  CHECK (clock.frame == 0 && clock.sample == 100 && clock.origin == 100, "sample %d", (int) clock.sample);
  CHECK (genre_frame_clock_time_of (&clock, 0) == 9 * S, "the frame that has begun");
  CHECK (genre_frame_clock_time_of (&clock, 100) == 9 * S, "the buffer");
  CHECK (genre_frame_clock_time_of (&clock, 100 + RATE) == 10 * S, "a second on");
}

int
main (void)
{
  test_frames ();
  test_times ();
  test_jump ();
  TEST_END ();
}
