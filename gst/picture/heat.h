/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/heat.h - levels in dB as colours, one cell a pixel, and the bar that says which is which.
 *
 * Layer:   gst; canvas, ticks, colour.
 * Threads: as the canvas.
 */
#ifndef GST_PICTURE_HEAT_H
#define GST_PICTURE_HEAT_H

#include "gst/picture/canvas.h"

typedef struct PlotHeat PlotHeat;

/* As many cells as the box has pixels, all at the lowest level.
 *
 * map         [256]  0xRRGGBB, copied
 * low_db, high_db  what its ends stand for; low_db < high_db
 *
 * NULL: so large a picture has no room in memory. */
PlotHeat *plot_heat_new (const PlotBox *box, const guint32 *map, double low_db, double high_db);
void plot_heat_free (PlotHeat *heat); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlotHeat, plot_heat_free)

/* column  0 is the leftmost
 * db      [height of the box]  from the lowest row up; what is outside of the range has the colour of its end */
void plot_heat_set_column (PlotHeat *heat, guint column, const float *db);

void plot_heat_draw (const PlotHeat *heat, PlotCanvas *canvas);

/* margin: on the right of the box, as high */
void plot_heat_draw_bar (const PlotHeat *heat, PlotCanvas *canvas, const PlotBox *margin);

#endif
