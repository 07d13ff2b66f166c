/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/areas.h - shares of a whole over time, stacked on each other; and what is what.
 *
 * Layer:   gst; canvas.
 * Threads: as the canvas.
 */
#ifndef GST_PICTURE_AREAS_H
#define GST_PICTURE_AREAS_H

#include "gst/picture/canvas.h"

typedef struct PlotAreas
{
  guint n_labels;
  const guint32 *colours;   /* [n_labels] 0xRRGGBB */
  const char *const *names; /* [n_labels] UTF-8 */
} PlotAreas;

/* A stretch in which the shares are known, from its first point to its last.
 *
 * x       [n]            0 the left edge, 1 the right one; ascending, 2 or more
 * shares  [n][n_labels]  each row sums to 1; the first label is lowest */
void plot_areas_draw (const PlotAreas *areas, PlotCanvas *canvas, const PlotBox *box, const double *x,
    const float *shares, gsize n);

/* The box as it looks where nothing is known; to be drawn first. */
void plot_areas_draw_empty (PlotCanvas *canvas, const PlotBox *box);

/* In the margin: the largest of the shares, each with its percentage, as many as have room; in the order of the stack.
 *
 * means [n_labels]  over all that is known; NULL: nothing is
 * empty             whether something of the box is not known: the last line says what its hatching means */
void plot_areas_draw_legend (const PlotAreas *areas, PlotCanvas *canvas, const PlotBox *margin, const double *means,
    gboolean empty);

#endif
