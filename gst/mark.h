/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/mark.h - what the streaming thread tells the worker between samples.
 *
 * Layer:   gst.
 * Threads: plain data, copied through the queue.
 */
#ifndef GST_MARK_H
#define GST_MARK_H

#include "gst/warning.h"

#include <gst/gst.h>

typedef enum GenreMarkType
{
  GENRE_MARK_RESET,   /* a discontinuity: the next sample begins a window at `pts`, `rate_hz`, in `segment` */
  GENRE_MARK_SEGMENT, /* from the next sample on `segment` is in force */
  GENRE_MARK_PTS,     /* from the next sample on times are counted from `pts` */
  GENRE_MARK_ZEROS,   /* so many samples of silence, which take no room in the ring */
  GENRE_MARK_CANCEL,  /* the last samples were the mean of channels that cancel each other */
  GENRE_MARK_WARNING, /* to be posted */
  GENRE_MARK_FINISH,  /* the run is over: post its final */
} GenreMarkType;

/* What its type does not name is not to be read. */
typedef struct GenreMark
{
  GenreMarkType type;
  guint rate_hz;
  GstClockTime pts; /* GST_CLOCK_TIME_NONE: unknown */
  guint64 samples;  /* of ZEROS and CANCEL */
  gdouble energy;   /* of CANCEL: sum of the channels' mean square */
  GenreWarning warning;
  GstSegment segment;
} GenreMark;

#endif
