/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/timeline.h - where audio is in time: which buffer goes on where the one before it ended, where a hole is to be
 * filled, and which time the next sample has.
 *
 * Layer:   gst; GStreamer's clock times and segments only.
 * Threads: plain data; one at a time.
 *
 * Time stamps place the answers, samples make them: only what says that audio is missing is a discontinuity.  Every
 * distance is measured from the end of the buffer before, its time stamp plus its samples, so that whatever clocks and
 * rounding do to time stamps in the long run is no matter.
 *
 *   buffer                                                | samples
 *   DISCONT, no time stamp, or none known before          | are elsewhere
 *   DISCONT, more than 1 s ahead or back                  | are elsewhere
 *   DISCONT, up to 1 s ahead                              | go on after a hole
 *   more than 1 s off, and more than its own length       | are elsewhere
 *   anything else                                         | go on
 *
 * gst/places.h remembers for the worker what has been found here.
 */
#ifndef GST_TIMELINE_H
#define GST_TIMELINE_H

#include <gst/gst.h>

enum
{
  /* ns: a smaller difference is rounding or jitter, and time goes on by the count of samples, as in
   * GstAudioStreamAlign. */
  GENRE_TIMELINE_JITTER = 40 * 1000 * 1000,
};

typedef struct GenreTimeline
{
  guint rate_hz;
  GstSegment segment;
  GstClockTime end;    /* of the buffer before; NONE: unknown */
  GstClockTime length; /* of it */
  GstClockTime base;   /* from which time samples are counted; NONE: unknown */
  guint64 samples;     /* counted since then */
} GenreTimeline;

/* Forgets the buffer before; reset also forgets the segment. */
void genre_timeline_forget (GenreTimeline *timeline);
void genre_timeline_reset (GenreTimeline *timeline);

/* At rate_hz, which must be set.  Samples are rounded to time down, time to samples to the nearest. */
GstClockTime genre_timeline_to_time (const GenreTimeline *timeline, guint64 samples);
guint64 genre_timeline_to_samples (const GenreTimeline *timeline, GstClockTime time);

/* --- buffers --------------------------------------------------------------------------------------------------- */

/* Leaves of a buffer of ret_n samples from time ret_pts on what lies in the segment: moves ret_first, the first sample,
 * and ret_pts by as much, and shortens ret_n.  Without a time stamp, or a segment of times, all stays.
 * FALSE: nothing does, and all is as it was. */
gboolean genre_timeline_clip (const GenreTimeline *timeline, GstClockTime *ret_pts, gsize *ret_first, gsize *ret_n);

/* pts: of the buffer, NONE if it has none; length: of its samples.
 * ret_hole  out, audio that is missing before it and should be made up for
 * FALSE: it is elsewhere. */
gboolean genre_timeline_goes_on (const GenreTimeline *timeline, GstClockTime pts, GstClockTime length, gboolean discont,
    GstClockTime *ret_hole);

/* Makes this buffer the last one.  Without a time stamp it begins where the one before ended. */
void genre_timeline_advance (GenreTimeline *timeline, GstClockTime pts, GstClockTime length);

/* Sets the end of the last buffer to the counted time, so that rounding errors do not add up over buffers without
 * time stamps. */
void genre_timeline_end_by_count (GenreTimeline *timeline);

/* --- samples --------------------------------------------------------------------------------------------------- */

/* When a buffer begins that does not continue the last one: its time stamp, else the end of the last buffer, else
 * the start of the segment; NONE: unknown. */
GstClockTime genre_timeline_first_time (const GenreTimeline *timeline, GstClockTime pts);

/* Counts samples from this time on, and sets the end of the last buffer to it. */
void genre_timeline_begin (GenreTimeline *timeline, GstClockTime base);

/* Counts samples from this time on; the audio is continuous. */
void genre_timeline_follow (GenreTimeline *timeline, GstClockTime pts);

void genre_timeline_count (GenreTimeline *timeline, guint64 samples);

/* Counted time of the next sample; NONE: unknown. */
GstClockTime genre_timeline_now (const GenreTimeline *timeline);

/* --- times ----------------------------------------------------------------------------------------------------- */

/* time + length; NONE if either is NONE, or on overflow. */
GstClockTime genre_time_add (GstClockTime time, GstClockTime length);

/* How far apart two times are, both valid. */
GstClockTime genre_time_distance (GstClockTime a, GstClockTime b);

/* Whether the time stamp agrees with the counted time.  No time stamp, or no counted time that differs, agrees. */
gboolean genre_time_agrees (GstClockTime counted, GstClockTime pts);

#endif
