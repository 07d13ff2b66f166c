/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/frame_clock.h"

void
genre_frame_clock_begin (GenreFrameClock *clock, guint rate_hz, guint fps_n, guint fps_d)
{
  *clock = (GenreFrameClock){ .rate_hz = rate_hz, .fps_n = fps_n, .fps_d = fps_d, .base = GST_CLOCK_TIME_NONE };
}

/* The samples since the last frame belong to the next one, but its time is that of the next buffer. */
static void
restart (GenreFrameClock *clock)
{
  const guint64 begun = clock->sample - MIN (clock->sample, genre_frame_clock_start_of (clock, clock->frame));

  clock->base = GST_CLOCK_TIME_NONE;
  clock->frame = 0;
  clock->sample = MIN (begun, genre_frame_clock_start_of (clock, 1) - 1);
  clock->origin = clock->sample;
}

void
genre_frame_clock_follow (GenreFrameClock *clock, GstClockTime pts, const GstSegment *segment)
{
  const GstClockTime expected = genre_frame_clock_time_of (clock, clock->sample);

  if (GST_CLOCK_TIME_IS_VALID (expected) && !genre_time_agrees (expected, pts))
    restart (clock);
  if (GST_CLOCK_TIME_IS_VALID (clock->base))
    return;
  clock->base = pts;
  if (!GST_CLOCK_TIME_IS_VALID (pts) && segment->format == GST_FORMAT_TIME)
    clock->base = segment->start;
}

guint64
genre_frame_clock_start_of (const GenreFrameClock *clock, guint64 frame)
{
  return gst_util_uint64_scale (frame, (guint64) clock->rate_hz * clock->fps_d, clock->fps_n);
}

GstClockTime
genre_frame_clock_time_of (const GenreFrameClock *clock, guint64 sample)
{
  if (!GST_CLOCK_TIME_IS_VALID (clock->base))
    return GST_CLOCK_TIME_NONE;
  return clock->base + gst_util_uint64_scale (sample - MIN (sample, clock->origin), GST_SECOND, clock->rate_hz);
}
