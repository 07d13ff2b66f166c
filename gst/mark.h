/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/mark.h - what the streaming thread tells the worker between samples.
 *
 * Layer:   gst.
 * Threads: plain data, copied through the queue.
 */
#ifndef GST_MARK_H
#define GST_MARK_H

#include <gst/gst.h>

typedef enum GenreMarkType
{
  GENRE_MARK_RESET,   /* a discontinuity: the next sample begins a window at `pts`, `rate`, in `segment` */
  GENRE_MARK_SEGMENT, /* from the next sample on `segment` is in force */
  GENRE_MARK_FINISH,  /* the run is over: post its final */
} GenreMarkType;

typedef struct GenreMark
{
  GenreMarkType type;
  guint rate_hz;
  GstClockTime pts; /* GST_CLOCK_TIME_NONE: unknown */
  GstSegment segment;
} GenreMark;

#endif
