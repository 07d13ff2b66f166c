/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-places.c - when each sample is, against a list of all that was said; and how much is kept.
 *
 * Layer:   tests; gst/places.
 */
#include "gst/places.h"
#include "tests/test.h"

#include <sys/resource.h>

enum
{
  RATE = 44100,
  N = 400,
  HISTORY = 20000, /* samples */
};

typedef struct Said
{
  guint64 sample, pts_sample;
  GstClockTime pts;
  GstSegment segment;
} Said;

/* The last that holds, by looking at all. */
static const Said *
find (const Said *said, guint n, guint64 sample)
{
  const Said *best = &said[0];

  for (guint i = 0; i < n; i++)
    if (said[i].sample <= sample)
      best = &said[i];
  return best;
}

static void
check_times (const GenrePlaces *places, const Said *said, guint n, guint64 sample)
{
  const Said *place = find (said, n, sample);
  const GenreTimes times = genre_places_times (places, sample, RATE);
  const GstClockTime pts = place->pts + gst_util_uint64_scale (sample - place->pts_sample, GST_SECOND, RATE);

  CHECK (times.timestamp == pts && times.duration == GST_CLOCK_TIME_NONE, "sample %d: timestamp", (int) sample);
  CHECK (times.stream_time == gst_segment_to_stream_time (&place->segment, GST_FORMAT_TIME, pts)
          && times.running_time == gst_segment_to_running_time (&place->segment, GST_FORMAT_TIME, pts),
      "sample %d: stream or running time", (int) sample);
}

/* Segments and time stamps at random samples, several at one. */
static void
test_against_all (uint64_t seed)
{
  GenrePlaces *places = genre_places_new ();
  Said *said = g_new0 (Said, N);
  guint64 sample = 0;

  gst_segment_init (&said[0].segment, GST_FORMAT_TIME);
  said[0].pts = 7 * GST_SECOND;
  genre_places_reset (places, said[0].pts, &said[0].segment);
  for (guint n = 1; n < N; n++) {
    sample += test_random (&seed) % 3 ? test_random (&seed) % 3000 : 0;
    said[n] = said[n - 1];
    said[n].sample = sample;
    if (test_random (&seed) % 2) {
      said[n].segment.base = n * GST_SECOND;
      genre_places_set_segment (places, sample, &said[n].segment);
    } else {
      said[n].pts = test_random (&seed) % (100 * GST_SECOND);
      said[n].pts_sample = sample;
      genre_places_set_pts (places, sample, said[n].pts);
    }
    genre_places_forget (places, sample > HISTORY ? sample - HISTORY : 0);
    for (guint k = 0; k < 20; k++)
      check_times (places, said, n + 1, sample - test_random (&seed) % (MIN (sample, HISTORY) + 1));
    check_times (places, said, n + 1, sample + 1000000);
  }
  g_free (said);
  genre_places_free (places);
}

static long
peak_kib (void)
{
  struct rusage usage;
  return getrusage (RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

/* A time stamp each 50 ms for a day: what is older than the longest window is not kept.  It would take 200 MiB. */
static void
test_bounded (void)
{
  enum
  {
    STEP = RATE / 20,
    WINDOW = 10 * RATE
  };
  GenrePlaces *places = genre_places_new ();
  const long before = peak_kib ();

  for (guint64 sample = 0; sample < 24 * 3600 * (guint64) RATE; sample += STEP) {
    genre_places_set_pts (places, sample, 0);
    genre_places_forget (places, sample > WINDOW ? sample - WINDOW : 0);
  }
  CHECK (before > 0 && peak_kib () < before + 4096, "%ld KiB, then %ld", before, peak_kib ());
  genre_places_free (places);
}

/* What is not known, and what is beyond all times. */
static void
test_unknown (void)
{
  GenrePlaces *places = genre_places_new ();
  GstSegment segment;
  GenreTimes times = genre_places_times (places, 5, RATE);

  CHECK (times.timestamp == GST_CLOCK_TIME_NONE && times.stream_time == GST_CLOCK_TIME_NONE
          && times.running_time == GST_CLOCK_TIME_NONE,
      "times of nothing");
  gst_segment_init (&segment, GST_FORMAT_TIME);
  genre_places_reset (places, GST_CLOCK_TIME_NONE - 2, &segment);
  times = genre_places_times (places, RATE, RATE);
  CHECK (times.timestamp == GST_CLOCK_TIME_NONE && times.running_time == GST_CLOCK_TIME_NONE, "beyond all times");
  genre_places_free (places);
}

int
main (void)
{
  test_bounded (); /* before others may have used more memory */
  for (uint64_t seed = 1; seed <= 20; seed++)
    test_against_all (seed);
  test_unknown ();
  TEST_END ();
}
