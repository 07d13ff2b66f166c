/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/axes.h"

#include <cairo.h>
#include <math.h>

static const double MARK = .35;        /* ems: how long a mark is */
static const double LINE_HEIGHT = 1.3; /* ems: numbers one above the other */
static const double BESIDE = 1.4;      /* widths of a number: numbers one beside the other */

static PlotText
label (const char *text)
{
  return (PlotText){ .text = text, .scale = 1 };
}

guint
plot_axes_room (const PlotCanvas *canvas, const PlotBox *box)
{
  return (guint) CLAMP (box->height / (LINE_HEIGHT * plot_canvas_em (canvas)), 1, PLOT_MAX_TICKS);
}

/* A hairline from one point to another, of a pixel's width, on the middle of pixels. */
static void
draw_line (PlotCanvas *canvas, double x0, double y0, double x1, double y1)
{
  cairo_t *cr = plot_canvas_cairo (canvas);

  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, x0, y0);
  cairo_line_to (cr, x1, y1);
  cairo_stroke (cr);
}

void
plot_axes_left (PlotCanvas *canvas, const PlotBox *box, const PlotTick *ticks, const double *heights, guint n,
    const char *unit)
{
  const double em = plot_canvas_em (canvas);
  const PlotText text = label (unit);

  for (guint i = 0; i < n; i++) {
    if (heights[i] < -1e-9 || heights[i] > 1 + 1e-9)
      continue;
    const double y = box->y + (1 - heights[i]) * box->height;
    const double line = CLAMP (floor (y) + .5, box->y + .5, box->y + box->height - .5);
    const PlotText number = label (ticks[i].text);
    plot_canvas_set_ink (canvas, PLOT_INK_WEAK);
    draw_line (canvas, box->x - MARK * em, line, box->x, line);
    plot_canvas_set_ink (canvas, PLOT_INK_TEXT);
    plot_canvas_show_text (canvas, &number, PLOT_ALIGN_RIGHT, box->x - 2 * MARK * em, y);
  }
  plot_canvas_set_ink (canvas, PLOT_INK_TEXT);
  plot_canvas_show_upwards (canvas, &text, .95 * em, box->y + box->height / 2);
}

/* How many numbers have room one beside the other: as wide as the widest of them. */
static guint
time_room (PlotCanvas *canvas, const PlotBox *box, double begin, double end)
{
  PlotTick ticks[PLOT_MAX_TICKS];
  guint most = (guint) CLAMP (box->width / (4 * plot_canvas_em (canvas)), 1, PLOT_MAX_TICKS / 2);

  for (; most > 1; most--) {
    const guint n = plot_ticks_time (begin, end, most, ticks);
    double widest = 0;
    for (guint i = 0; i < n; i++) {
      const PlotText text = label (ticks[i].text);
      widest = MAX (widest, plot_canvas_text_width (canvas, &text));
    }
    if (n < 2 || (ticks[1].value - ticks[0].value) / (end - begin) * box->width >= BESIDE * widest)
      break;
  }
  return most;
}

void
plot_axes_time (PlotCanvas *canvas, const PlotBox *box, double begin, double end, gboolean named)
{
  const double em = plot_canvas_em (canvas), bottom = box->y + box->height;
  PlotTick ticks[PLOT_MAX_TICKS];
  const guint n = plot_ticks_time (begin, end, time_room (canvas, box, begin, end), ticks);

  for (guint i = 0; i < n; i++) {
    const double x = box->x + (ticks[i].value - begin) / (end - begin) * box->width;
    const double line = CLAMP (floor (x) + .5, box->x + .5, box->x + box->width - .5);
    const PlotText number = label (ticks[i].text);
    plot_canvas_set_ink (canvas, PLOT_INK_WEAK);
    draw_line (canvas, line, bottom, line, bottom + MARK * em);
    plot_canvas_set_ink (canvas, PLOT_INK_TEXT);
    if (named)
      plot_canvas_show_text (canvas, &number, PLOT_ALIGN_CENTRE, x, bottom + 1.05 * em);
  }
  if (named) {
    const PlotText unit = label (plot_time_unit (end));
    plot_canvas_show_text (canvas, &unit, PLOT_ALIGN_CENTRE, box->x + box->width / 2, bottom + 2.5 * em);
  }
}

void
plot_axes_frame (PlotCanvas *canvas, const PlotBox *box)
{
  cairo_t *cr = plot_canvas_cairo (canvas);

  plot_canvas_set_ink (canvas, PLOT_INK_WEAK);
  cairo_set_line_width (cr, 1);
  cairo_rectangle (cr, box->x - .5, box->y - .5, box->width + 1, box->height + 1);
  cairo_stroke (cr);
}

void
plot_axes_heading (PlotCanvas *canvas, const PlotBox *box, double middle, const char *text)
{
  const PlotText heading = { .text = text, .scale = 1, .bold = TRUE, .most = box->width };

  plot_canvas_set_ink (canvas, PLOT_INK_TEXT);
  plot_canvas_show_text (canvas, &heading, PLOT_ALIGN_LEFT, box->x, middle);
}
