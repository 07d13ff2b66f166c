/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/continuity.h - whether a buffer goes on where the one before it ended, by its time stamp.
 *
 * Layer:   gst; GStreamer's clock times only.
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
 */
#ifndef GST_CONTINUITY_H
#define GST_CONTINUITY_H

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct GenreContinuity
{
  GstClockTime end;    /* of the buffer before; NONE: unknown */
  GstClockTime length; /* of it */
} GenreContinuity;

/* Nothing is known of before. */
void genre_continuity_reset (GenreContinuity *continuity);

/* pts: of the buffer, NONE if it has none; length: of its samples.
 * ret_hole  out, audio that is missing before it and should be made up for
 * FALSE: it is elsewhere. */
gboolean genre_continuity_goes_on (const GenreContinuity *continuity, GstClockTime pts, GstClockTime length,
    gboolean discont, GstClockTime *ret_hole);

/* The buffer is the one before from here on.  Without a time stamp it begins where the last one ended. */
void genre_continuity_advance (GenreContinuity *continuity, GstClockTime pts, GstClockTime length);

/* time + length; NONE where either is or the sum is beyond all times. */
GstClockTime genre_time_add (GstClockTime time, GstClockTime length);

/* How far apart two times are, both valid. */
GstClockTime genre_time_distance (GstClockTime a, GstClockTime b);

G_END_DECLS

#endif
