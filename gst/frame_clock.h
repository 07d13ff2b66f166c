/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/frame_clock.h - which samples belong to which video frame, and which time a frame has.
 *
 * Layer:   gst; uses timeline.
 * Threads: plain data; one at a time.
 *
 * Samples are counted on from the beginning of a frame, so that frames come at the pace of samples, however these are
 * cut into buffers; time stamps say when.
 */
#ifndef GST_FRAME_CLOCK_H
#define GST_FRAME_CLOCK_H

#include "gst/timeline.h"

typedef struct GenreFrameClock
{
  guint rate_hz;      /* of samples */
  guint fps_n, fps_d; /* frames a second, n / d */
  guint64 sample;     /* the next one */
  guint64 frame;      /* the one that it is in */
  GstClockTime base;  /* time of sample `origin`; NONE: the next buffer's */
  guint64 origin;
} GenreFrameClock;

/* At sample 0 of frame 0, of unknown time.  Rates are above 0. */
void genre_frame_clock_begin (GenreFrameClock *clock, guint rate_hz, guint fps_n, guint fps_d);

/* Before each buffer.  If its time stamp differs by more than jitter, or if no time is known yet, times count from
 * the time stamp; without a time stamp, from the start of the segment. */
void genre_frame_clock_follow (GenreFrameClock *clock, GstClockTime pts, const GstSegment *segment);

/* The first sample of a frame, counted as `sample` is. */
guint64 genre_frame_clock_start_of (const GenreFrameClock *clock, guint64 frame);

/* Time of a sample; before the origin, the time of the origin; NONE: unknown. */
GstClockTime genre_frame_clock_time_of (const GenreFrameClock *clock, guint64 sample);

#endif
