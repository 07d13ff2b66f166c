/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/continuity.h"

static const GstClockTime FAR = GST_SECOND;

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

void
genre_continuity_reset (GenreContinuity *continuity)
{
  *continuity = (GenreContinuity){ .end = GST_CLOCK_TIME_NONE };
}

gboolean
genre_continuity_goes_on (const GenreContinuity *continuity, GstClockTime pts, GstClockTime length, gboolean discont,
    GstClockTime *ret_hole)
{
  *ret_hole = 0;
  if (!GST_CLOCK_TIME_IS_VALID (pts) || !GST_CLOCK_TIME_IS_VALID (continuity->end))
    return !discont;

  const gboolean ahead = pts > continuity->end;
  const GstClockTime distance = genre_time_distance (pts, continuity->end);

  if (discont) {
    *ret_hole = ahead && distance <= FAR ? distance : 0;
    return distance <= FAR;
  }
  /* Time stamps that stand still fall back by the length of the buffer before. */
  return distance <= MAX (FAR, ahead ? length : MAX (length, continuity->length));
}

void
genre_continuity_advance (GenreContinuity *continuity, GstClockTime pts, GstClockTime length)
{
  continuity->end = genre_time_add (GST_CLOCK_TIME_IS_VALID (pts) ? pts : continuity->end, length);
  continuity->length = length;
}
