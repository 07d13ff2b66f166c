/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-timeline.c - which time stamps say that audio is missing, to the nanosecond; where what is counted
 * begins and ends; what of a buffer lies in the segment; no time overflows.
 *
 * Layer:   tests; gst/timeline.
 */
#include "gst/timeline.h"
#include "tests/test.h"

static const GstClockTime NONE = GST_CLOCK_TIME_NONE, S = GST_SECOND;

/* After a buffer of 100 ms that ended at 10 s. */
static void
check (const gchar *what, GstClockTime pts, GstClockTime length, gboolean discont, gboolean expected, GstClockTime hole)
{
  GenreTimeline before;
  GstClockTime found = 12345;

  genre_timeline_reset (&before);
  genre_timeline_advance (&before, 10 * S - S / 10, S / 10);

  const gboolean goes_on = genre_timeline_goes_on (&before, pts, length, discont, &found);

  CHECK (goes_on == expected && found == hole, "%s: goes on %d after a hole of %" G_GUINT64_FORMAT, what, goes_on,
      found);
}

static void
test_rules (void)
{
  check ("in place", 10 * S, S / 10, FALSE, TRUE, 0);
  check ("DISCONT in place", 10 * S, S / 10, TRUE, TRUE, 0);
  check ("no time stamp", NONE, S / 10, FALSE, TRUE, 0);
  check ("DISCONT without time stamp", NONE, S / 10, TRUE, FALSE, 0);
  check ("DISCONT 1 ns on", 10 * S + 1, S / 10, TRUE, TRUE, 1);
  check ("DISCONT 1 s on", 11 * S, S / 10, TRUE, TRUE, S);
  check ("DISCONT more than 1 s on", 11 * S + 1, S / 10, TRUE, FALSE, 0);
  check ("DISCONT more than 1 s on, a long buffer", 11 * S + 1, 3 * S, TRUE, FALSE, 0);
  check ("DISCONT 1 ns back", 10 * S - 1, S / 10, TRUE, TRUE, 0);
  check ("DISCONT 1 s back", 9 * S, S / 10, TRUE, TRUE, 0);
  check ("DISCONT more than 1 s back", 9 * S - 1, S / 10, TRUE, FALSE, 0);
  check ("1 s on", 11 * S, S / 10, FALSE, TRUE, 0);
  check ("more than 1 s on", 11 * S + 1, S / 10, FALSE, FALSE, 0);
  check ("more than 1 s on, a buffer as long", 11 * S + 1, S + 1, FALSE, TRUE, 0);
  check ("1 s back", 9 * S, S / 10, FALSE, TRUE, 0);
  check ("more than 1 s back", 9 * S - 1, S / 10, FALSE, FALSE, 0);
  check ("more than 1 s back, a buffer as long", 9 * S - 1, S + 1, FALSE, TRUE, 0);
}

/* Time stamps that stand still, whatever the lengths; and as they count arrivals. */
static void
test_lengths (void)
{
  GenreTimeline still, arrival;
  GstClockTime hole, clock = 0;
  uint64_t seed = 1;

  genre_timeline_reset (&still);
  genre_timeline_reset (&arrival);
  for (guint i = 0; i < 1000; i++) {
    const GstClockTime length = test_random (&seed) % (5 * S);

    CHECK (genre_timeline_goes_on (&still, 0, length, FALSE, &hole), "buffer %u at 0", i);
    genre_timeline_advance (&still, 0, length);
    clock += length;
    CHECK (genre_timeline_goes_on (&arrival, clock, length, FALSE, &hole), "buffer %u as it has come", i);
    genre_timeline_advance (&arrival, clock, length);
  }
}

static void
test_extremes (void)
{
  static const GstClockTime times[] = { 0, 1, (guint64) G_MAXINT64, (guint64) G_MAXINT64 + 1, NONE - 1, NONE };
  GstClockTime hole;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    for (guint k = 0; k < G_N_ELEMENTS (times); k++)
      for (guint discont = 0; discont < 2; discont++) {
        GenreTimeline timeline;

        genre_timeline_reset (&timeline);
        genre_timeline_advance (&timeline, times[i], 1);
        CHECK (timeline.end == (times[i] < NONE - 1 ? times[i] + 1 : NONE), "%" G_GUINT64_FORMAT " + 1", times[i]);

        const gboolean known = times[k] != NONE && timeline.end != NONE;
        const gboolean near = known && genre_time_distance (timeline.end, times[k]) <= S;

        CHECK (genre_timeline_goes_on (&timeline, times[k], 1, discont != 0, &hole) == (known ? near : !discont),
            "%" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT, times[k], times[i]);
      }
  CHECK (genre_time_add (NONE, 0) == NONE && genre_time_add (0, NONE) == NONE, "a sum of nothing");
  CHECK (genre_time_add (NONE - 2, 1) == NONE - 1 && genre_time_add (NONE - 2, 2) == NONE, "the last of times");
}

enum
{
  RATE = 44100,
};

/* In a segment of 1 s to 3 s. */
static GenreTimeline
new_timeline (void)
{
  GenreTimeline timeline = { .rate_hz = RATE };

  genre_timeline_reset (&timeline);
  gst_segment_init (&timeline.segment, GST_FORMAT_TIME);
  timeline.segment.start = S;
  timeline.segment.stop = 3 * S;
  return timeline;
}

/* Where a buffer begins that is elsewhere. */
static void
test_first_time (void)
{
  GenreTimeline timeline = new_timeline ();

  CHECK (genre_timeline_first_time (&timeline, 7) == 7, "by its time stamp");
  CHECK (genre_timeline_first_time (&timeline, NONE) == S, "by the segment");
  genre_timeline_advance (&timeline, 2 * S, S / 10);
  CHECK (genre_timeline_first_time (&timeline, NONE) == 2 * S + S / 10, "where the one before ended");
  genre_timeline_forget (&timeline);
  CHECK (genre_timeline_first_time (&timeline, NONE) == S, "the segment stays");
  genre_timeline_reset (&timeline);
  CHECK (genre_timeline_first_time (&timeline, NONE) == NONE, "nothing is known");
}

/* Time is the count's, in one rounding; and what a second of samples in three buffers ends at. */
static void
test_count (void)
{
  GenreTimeline timeline = new_timeline ();

  genre_timeline_begin (&timeline, 5 * S);
  CHECK (genre_timeline_now (&timeline) == 5 * S && timeline.end == 5 * S, "begins");
  for (guint i = 0; i < 3; i++) {
    genre_timeline_count (&timeline, 1);
    genre_timeline_advance (&timeline, NONE, genre_timeline_to_time (&timeline, 1));
  }
  CHECK (genre_timeline_now (&timeline) == 5 * S + 68027, "3 samples are 68027 ns");
  CHECK (timeline.end == 5 * S + 3 * 22675, "3 times 1 sample are 68025 ns");
  genre_timeline_end_by_count (&timeline);
  CHECK (timeline.end == 5 * S + 68027, "the end by count");
  genre_timeline_follow (&timeline, 9 * S);
  CHECK (genre_timeline_now (&timeline) == 9 * S && timeline.end == 5 * S + 68027, "another time, the same end");
  genre_timeline_begin (&timeline, NONE);
  genre_timeline_count (&timeline, RATE);
  CHECK (genre_timeline_now (&timeline) == NONE, "nothing is known");
  CHECK (genre_timeline_to_samples (&timeline, S + 11338) == RATE + 1, "half a sample is rounded up");
  CHECK (genre_timeline_to_samples (&timeline, S + 11337) == RATE, "less is rounded down");
}

static void
test_agrees (void)
{
  const GstClockTime jitter = 40 * GST_MSECOND;

  CHECK (genre_time_agrees (S, S + jitter) && genre_time_agrees (S, S - jitter), "40 ms");
  CHECK (!genre_time_agrees (S, S + jitter + 1) && !genre_time_agrees (S, S - jitter - 1), "more than 40 ms");
  CHECK (genre_time_agrees (S, NONE) && genre_time_agrees (NONE, NONE), "no time stamp");
  CHECK (!genre_time_agrees (NONE, S), "no count");
}

/* A buffer of n samples at pts keeps `kept` from `first` on. */
static void
check_clip (const gchar *what, GstClockTime pts, gsize n, gsize first, gsize kept, GstClockTime at)
{
  const GenreTimeline timeline = new_timeline ();
  GstClockTime time = pts;
  gsize from = 100, left = n;
  const gboolean any = genre_timeline_clip (&timeline, &time, &from, &left);

  CHECK (any == (kept > 0), "%s: %d", what, any);
  CHECK (from == 100 + first && left == (any ? kept : n) && time == at, "%s: %d from %d on", what, (int) left,
      (int) from);
}

static void
test_clip (void)
{
  check_clip ("inside", 2 * S, RATE / 10, 0, RATE / 10, 2 * S);
  check_clip ("all of the segment", S, 2 * RATE, 0, 2 * RATE, S);
  check_clip ("over its beginning", S - S / 10, RATE, RATE / 10, RATE - RATE / 10, S);
  check_clip ("over its end", 3 * S - S / 10, RATE, 0, RATE / 10, 3 * S - S / 10);
  check_clip ("over both", 0, 4 * RATE, RATE, 2 * RATE, S);
  check_clip ("before", 0, RATE, 0, 0, 0);
  check_clip ("behind", 3 * S, RATE, 0, 0, 3 * S);
  check_clip ("less than half a sample of it", S - 22675 * 2, 2, 0, 0, S - 22675 * 2);
  check_clip ("no time stamp", NONE, RATE, 0, RATE, NONE);
}

int
main (void)
{
  test_rules ();
  test_lengths ();
  test_extremes ();
  test_first_time ();
  test_count ();
  test_agrees ();
  test_clip ();
  TEST_END ();
}
