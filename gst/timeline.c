/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/timeline.h"

static const GstClockTime FAR = GST_SECOND;

/* --- times ----------------------------------------------------------------------------------------------------- */

GstClockTime
genre_time_add (GstClockTime time, GstClockTime length)
{
  if (!GST_CLOCK_TIME_IS_VALID (time) || !GST_CLOCK_TIME_IS_VALID (length) || length >= GST_CLOCK_TIME_NONE - time)
    return GST_CLOCK_TIME_NONE;
  return time + length;
}

GstClockTime
genre_time_distance (GstClockTime a, GstClockTime b)
{
  return a > b ? a - b : b - a;
}

gboolean
genre_time_agrees (GstClockTime counted, GstClockTime pts)
{
  return !GST_CLOCK_TIME_IS_VALID (pts)
      || (GST_CLOCK_TIME_IS_VALID (counted) && genre_time_distance (counted, pts) <= GENRE_TIMELINE_JITTER);
}

GstClockTime
genre_timeline_to_time (const GenreTimeline *timeline, guint64 samples)
{
  return gst_util_uint64_scale (samples, GST_SECOND, timeline->rate_hz);
}

guint64
genre_timeline_to_samples (const GenreTimeline *timeline, GstClockTime time)
{
  return gst_util_uint64_scale_round (time, timeline->rate_hz, GST_SECOND);
}

/* --- buffers --------------------------------------------------------------------------------------------------- */

void
genre_timeline_forget (GenreTimeline *timeline)
{
  timeline->end = GST_CLOCK_TIME_NONE;
  timeline->length = 0;
}

void
genre_timeline_reset (GenreTimeline *timeline)
{
  gst_segment_init (&timeline->segment, GST_FORMAT_UNDEFINED);
  genre_timeline_forget (timeline);
}

gboolean
genre_timeline_clip (const GenreTimeline *timeline, GstClockTime *ret_pts, gsize *ret_first, gsize *ret_n)
{
  const GstClockTime pts = *ret_pts, until = genre_time_add (pts, genre_timeline_to_time (timeline, *ret_n));
  guint64 start, stop;

  if (timeline->segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (pts))
    return TRUE;
  if (!gst_segment_clip (&timeline->segment, GST_FORMAT_TIME, pts, until, &start, &stop))
    return FALSE;

  const guint64 before = genre_timeline_to_samples (timeline, start - pts);
  const guint64 end = MIN (genre_timeline_to_samples (timeline, stop - pts), *ret_n);

  if (before >= end)
    return FALSE;
  *ret_first += before;
  *ret_n = (gsize) (end - before);
  *ret_pts = start;
  return TRUE;
}

gboolean
genre_timeline_goes_on (const GenreTimeline *timeline, GstClockTime pts, GstClockTime length, gboolean discont,
    GstClockTime *ret_hole)
{
  *ret_hole = 0;
  if (!GST_CLOCK_TIME_IS_VALID (pts) || !GST_CLOCK_TIME_IS_VALID (timeline->end))
    return !discont;

  const gboolean ahead = pts > timeline->end;
  const GstClockTime distance = genre_time_distance (pts, timeline->end);

  if (discont) {
    *ret_hole = ahead && distance <= FAR ? distance : 0;
    return distance <= FAR;
  }
  /* A time stamp that repeats the one before lies one buffer before the expected end. */
  return distance <= MAX (FAR, ahead ? length : MAX (length, timeline->length));
}

void
genre_timeline_advance (GenreTimeline *timeline, GstClockTime pts, GstClockTime length)
{
  timeline->end = genre_time_add (GST_CLOCK_TIME_IS_VALID (pts) ? pts : timeline->end, length);
  timeline->length = length;
}

void
genre_timeline_end_by_count (GenreTimeline *timeline)
{
  timeline->end = genre_timeline_now (timeline);
}

/* --- samples --------------------------------------------------------------------------------------------------- */

GstClockTime
genre_timeline_first_time (const GenreTimeline *timeline, GstClockTime pts)
{
  if (GST_CLOCK_TIME_IS_VALID (pts))
    return pts;
  if (GST_CLOCK_TIME_IS_VALID (timeline->end) || timeline->segment.format != GST_FORMAT_TIME)
    return timeline->end;
  return timeline->segment.start;
}

void
genre_timeline_begin (GenreTimeline *timeline, GstClockTime base)
{
  genre_timeline_follow (timeline, base);
  timeline->end = base;
}

void
genre_timeline_follow (GenreTimeline *timeline, GstClockTime pts)
{
  timeline->base = pts;
  timeline->samples = 0;
}

void
genre_timeline_count (GenreTimeline *timeline, guint64 samples)
{
  timeline->samples += samples;
}

GstClockTime
genre_timeline_now (const GenreTimeline *timeline)
{
  return genre_time_add (timeline->base, genre_timeline_to_time (timeline, timeline->samples));
}
