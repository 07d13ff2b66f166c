/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-continuity.c - which time stamps say that audio is missing, to the nanosecond; no time overflows.
 *
 * Layer:   tests; gst/continuity.
 */
#include "gst/continuity.h"
#include "tests/test.h"

static const GstClockTime NONE = GST_CLOCK_TIME_NONE, S = GST_SECOND;

/* After a buffer of 100 ms that ended at 10 s. */
static void
check (const gchar *what, GstClockTime pts, GstClockTime length, gboolean discont, gboolean expected, GstClockTime hole)
{
  GenreContinuity before;
  GstClockTime found = 12345;

  genre_continuity_reset (&before);
  genre_continuity_advance (&before, 10 * S - S / 10, S / 10);

  const gboolean goes_on = genre_continuity_goes_on (&before, pts, length, discont, &found);

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
  GenreContinuity still, arrival;
  GstClockTime hole, clock = 0;
  uint64_t seed = 1;

  genre_continuity_reset (&still);
  genre_continuity_reset (&arrival);
  for (guint i = 0; i < 1000; i++) {
    const GstClockTime length = test_random (&seed) % (5 * S);

    CHECK (genre_continuity_goes_on (&still, 0, length, FALSE, &hole), "buffer %u at 0", i);
    genre_continuity_advance (&still, 0, length);
    clock += length;
    CHECK (genre_continuity_goes_on (&arrival, clock, length, FALSE, &hole), "buffer %u as it has come", i);
    genre_continuity_advance (&arrival, clock, length);
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
        GenreContinuity continuity;

        genre_continuity_reset (&continuity);
        genre_continuity_advance (&continuity, times[i], 1);
        CHECK (continuity.end == (times[i] < NONE - 1 ? times[i] + 1 : NONE), "%" G_GUINT64_FORMAT " + 1", times[i]);

        const gboolean known = times[k] != NONE && continuity.end != NONE;
        const gboolean near = known && genre_time_distance (continuity.end, times[k]) <= S;

        CHECK (genre_continuity_goes_on (&continuity, times[k], 1, discont != 0, &hole) == (known ? near : !discont),
            "%" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT, times[k], times[i]);
      }
  CHECK (genre_time_add (NONE, 0) == NONE && genre_time_add (0, NONE) == NONE, "a sum of nothing");
  CHECK (genre_time_add (NONE - 2, 1) == NONE - 1 && genre_time_add (NONE - 2, 2) == NONE, "the last of times");
}

int
main (void)
{
  test_rules ();
  test_lengths ();
  test_extremes ();
  TEST_END ();
}
