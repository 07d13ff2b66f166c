/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/axes.h - what stands around the data of a plot: a frame, marks with their numbers, units, a heading.
 *
 * Layer:   gst; canvas, ticks.
 * Threads: as the canvas.
 */
#ifndef GST_PICTURE_AXES_H
#define GST_PICTURE_AXES_H

#include "gst/picture/canvas.h"
#include "gst/picture/ticks.h"

/* How many numbers have room one above the other. */
guint plot_axes_room (const PlotCanvas *canvas, const PlotBox *box);

/* On the left of the box.
 *
 * ticks    [n], from the lowest
 * heights  [n]  how far up each is: 0 the lower edge, 1 the upper one; those outside are left out
 * unit     upwards, at the left edge */
void plot_axes_left (PlotCanvas *canvas, const PlotBox *box, const PlotTick *ticks, const double *heights, guint n,
    const char *unit);

/* Below the box.
 *
 * begin, end  seconds, end > begin
 * named       with numbers and unit; else marks alone */
void plot_axes_time (PlotCanvas *canvas, const PlotBox *box, double begin, double end, gboolean named);

void plot_axes_frame (PlotCanvas *canvas, const PlotBox *box);

/* Above the box. */
void plot_axes_heading (PlotCanvas *canvas, const PlotBox *box, double middle, const char *text);

#endif
