/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/ticks.h - where the marks of an axis are, and what is written there: round numbers, as people read them.
 *
 * Layer:   gst; GLib.
 * Threads: pure functions.
 *
 * All text is ASCII.
 */
#ifndef GST_PICTURE_TICKS_H
#define GST_PICTURE_TICKS_H

#include <glib.h>

enum
{
  PLOT_MAX_TICKS = 64,
};

typedef struct PlotTick
{
  double value;
  char text[24];
} PlotTick;

/* most   marks that have room, at least 1; never more than PLOT_MAX_TICKS
 * ticks  [PLOT_MAX_TICKS]  out, from the least to the greatest, all in [low, high]
 *
 * Return how many there are, 0 to `most`. */

/* Seconds: "0.25", "12", "1:30" where `high` is a minute or more, "1:02:30" where it is an hour or more; steps are 1, 2
 * or 5 times a power of ten, then 15 and 30 s, 1, 2, 5, 10, 15 and 30 min, 1, 2, 3, 6, 12, 24 h and so on. */
guint plot_ticks_time (double low, double high, guint most, PlotTick *ticks);

/* "time (s)", "time (min:s)", "time (h:min:s)": what goes with them. */
const char *plot_time_unit (double high);

/* Steps are 1, 2 or 5 times a power of ten; 0 is among them if it lies between. */
guint plot_ticks_linear (double low, double high, guint most, PlotTick *ticks);

/* Hz: 64 times a power of 2, of which so many are left out that they have room: 64, 128, 256 or 64, 256, 1024. */
guint plot_ticks_octaves (double low, double high, guint most, PlotTick *ticks);

#endif
