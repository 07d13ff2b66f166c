/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/places.h - when a sample is: from which time stamp it counts, and which segment was in force.
 *
 * Layer:   gst; GStreamer only.
 * Threads: one object serves one thread at a time.
 *
 * Samples are counted from the last reset.  What is said holds from a sample on until something else is said.
 */
#ifndef GST_PLACES_H
#define GST_PLACES_H

#include <gst/gst.h>

/* All ns; GST_CLOCK_TIME_NONE where unknown. */
typedef struct GenreTimes
{
  GstClockTime timestamp;
  GstClockTime stream_time;
  GstClockTime running_time;
  GstClockTime duration;
} GenreTimes;

typedef struct GenrePlaces GenrePlaces;

GenrePlaces *genre_places_new (void);
void genre_places_free (GenrePlaces *places); /* NULL is a no-op */

/* Sample 0 is at `pts` (NONE: unknown), in `segment`. */
void genre_places_reset (GenrePlaces *places, GstClockTime pts, const GstSegment *segment);

/* From `sample` on, not before any said earlier, another segment is in force, or times count from `pts`. */
void genre_places_set_segment (GenrePlaces *places, guint64 sample, const GstSegment *segment);
void genre_places_set_pts (GenrePlaces *places, guint64 sample, GstClockTime pts);

/* Drops what is known of samples before this one; they must not be asked for any more. */
void genre_places_forget (GenrePlaces *places, guint64 sample);

/* Duration is NONE, and so is what is unknown. */
GenreTimes genre_places_times (const GenrePlaces *places, guint64 sample, guint rate_hz);

#endif
