/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/wave.h"

#include <cairo.h>

double
plot_wave_range (double peak)
{
  return peak > 0 ? peak * 1.05 : 1;
}

static double
y_of (const PlotBox *box, double value, double range)
{
  return box->y + box->height * (1 - CLAMP (value / range, -1, 1)) / 2;
}

/* Along the tops from left to right, and back along the bottoms.  A line around it keeps what is thin visible. */
static void
fill_between (PlotCanvas *canvas, const PlotBox *box, const PlotWavePoint *points, gsize n, double range, gboolean rms)
{
  cairo_t *cr = plot_canvas_cairo (canvas);

  for (gsize i = 0; i < n; i++)
    cairo_line_to (cr, box->x + points[i].x * box->width, y_of (box, rms ? points[i].rms : points[i].max, range));
  for (gsize i = n; i-- > 0;)
    cairo_line_to (cr, box->x + points[i].x * box->width, y_of (box, rms ? -points[i].rms : points[i].min, range));
  cairo_close_path (cr);
  cairo_set_line_width (cr, rms ? .5 : 1);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_BEVEL);
  cairo_fill_preserve (cr);
  cairo_stroke (cr);
}

static void
draw_samples (PlotCanvas *canvas, const PlotBox *box, const PlotWavePoint *points, gsize n, double range)
{
  cairo_t *cr = plot_canvas_cairo (canvas);

  for (gsize i = 0; i < n; i++)
    cairo_line_to (cr, box->x + points[i].x * box->width, y_of (box, points[i].max, range));
  cairo_set_line_width (cr, 1.2);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (cr);
}

void
plot_wave_draw (PlotCanvas *canvas, const PlotBox *box, const PlotWavePoint *points, gsize n, double range,
    gboolean filled)
{
  cairo_t *cr = plot_canvas_cairo (canvas);

  cairo_save (cr);
  cairo_rectangle (cr, box->x, box->y, box->width, box->height);
  cairo_clip (cr);
  cairo_new_path (cr);
  plot_canvas_set_ink (canvas, filled ? PLOT_INK_WAVE : PLOT_INK_WAVE_RMS);
  if (!filled) {
    draw_samples (canvas, box, points, n, range);
  } else {
    fill_between (canvas, box, points, n, range, FALSE);
    plot_canvas_set_ink (canvas, PLOT_INK_WAVE_RMS);
    fill_between (canvas, box, points, n, range, TRUE);
  }
  cairo_restore (cr);
}
