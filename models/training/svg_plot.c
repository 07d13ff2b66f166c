/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/svg_plot.h"

#include "models/training/svg_text.h"

#include <assert.h>
#include <math.h>

enum
{
  PLOT_WIDTH = 720,
  PLOT_HEIGHT = 260, /* of the area within the axes */
  PLOT_LEFT = 72,
  PLOT_RIGHT = 24,
  DECIMALS_MAX = 12, /* of a tick */
};

/* Okabe and Ito's: told apart by the colour-blind, and on black and white printers. */
static const char *const palette[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000" };

/* An axis: from min to max, with a tick at each multiple of step. */
typedef struct Axis
{
  double min, max, step;
  int decimals;
} Axis;

/* The smallest of 1, 2 and 5 times a power of ten that is at least `least`. */
static double
round_step (double least)
{
  const double power = pow (10, floor (log10 (least)));
  const double steps[] = { 1, 2, 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * power >= least * (1 - 1e-9))
      return steps[i] * power;
  return 10 * power;
}

/* n: about how many ticks; whole: the ends are ticks too */
static Axis
make_axis (double min, double max, unsigned n, gboolean whole)
{
  if (!(max - min > 1e-9 * MAX (fabs (min), fabs (max)))) {
    const double around = MAX (fabs (min) * .1, 1e-3);
    min -= around;
    max += around;
    whole = TRUE;
  }
  const double step = round_step ((max - min) / n);
  Axis axis = { min, max, step, (int) CLAMP (-floor (log10 (step) + 1e-9), 0, DECIMALS_MAX) };

  if (whole) {
    axis.min = floor (min / step + 1e-9) * step;
    axis.max = ceil (max / step - 1e-9) * step;
  }
  return axis;
}

/* The range of all finite points.  FALSE: there is none. */
static gboolean
find_range (const SvgPlot *plot, double *ret_x, double *ret_y)
{
  gboolean any = FALSE;

  for (gsize k = 0; k < plot->n_lines; k++) {
    const SvgLine *line = &plot->lines[k];
    for (gsize i = 0; i < line->n; i++) {
      if (!isfinite (line->x[i]) || !isfinite (line->y[i]))
        continue;
      ret_x[0] = any ? MIN (ret_x[0], line->x[i]) : line->x[i];
      ret_x[1] = any ? MAX (ret_x[1], line->x[i]) : line->x[i];
      ret_y[0] = any ? MIN (ret_y[0], line->y[i]) : line->y[i];
      ret_y[1] = any ? MAX (ret_y[1], line->y[i]) : line->y[i];
      any = TRUE;
    }
  }
  return any;
}

/* The area within the axes: value -> px */
typedef struct Area
{
  double top;
  Axis x, y;
} Area;

static double
at_x (const Area *area, double x)
{
  return PLOT_LEFT + (x - area->x.min) / (area->x.max - area->x.min) * (PLOT_WIDTH - PLOT_LEFT - PLOT_RIGHT);
}

static double
at_y (const Area *area, double y)
{
  return area->top + (area->y.max - y) / (area->y.max - area->y.min) * PLOT_HEIGHT;
}

static void
append_stroke (GString *svg, double x1, double y1, double x2, double y2, const char *colour)
{
  g_string_append (svg, "<line");
  svg_append_px (svg, "x1", x1);
  svg_append_px (svg, "y1", y1);
  svg_append_px (svg, "x2", x2);
  svg_append_px (svg, "y2", y2);
  g_string_append_printf (svg, " stroke=\"%s\"/>\n", colour);
}

static void
append_tick_text (GString *svg, double x, double y, const char *anchor, double value, int decimals, const char *unit)
{
  g_autofree char *style = g_strdup_printf ("text-anchor=\"%s\"", anchor);
  GString *text = g_string_new (NULL);

  svg_append_number (text, value, decimals);
  g_string_append (text, unit);
  svg_append_text (svg, x, y, style, text->str);
  g_string_free (text, TRUE);
}

static void
append_axes (GString *svg, const SvgPlot *plot, const Area *area)
{
  const double right = PLOT_WIDTH - PLOT_RIGHT, bottom = area->top + PLOT_HEIGHT;
  const Axis *x = &area->x, *y = &area->y;
  const double scale = plot->percent ? 100 : 1;
  const int decimals = MAX (plot->percent ? y->decimals - 2 : y->decimals, 0);

  for (double i = ceil (y->min / y->step - 1e-9); i <= floor (y->max / y->step + 1e-9); i++) {
    const double at = at_y (area, i * y->step);
    append_stroke (svg, PLOT_LEFT, at, right, at, "#dddddd");
    append_tick_text (svg, PLOT_LEFT - 8, at + SVG_FONT * .35, "end", i * y->step * scale, decimals,
        plot->percent ? " %" : "");
  }
  for (double i = ceil (x->min / x->step - 1e-9); i <= floor (x->max / x->step + 1e-9); i++) {
    const double at = at_x (area, i * x->step);
    append_stroke (svg, at, bottom, at, bottom + 5, "#444444");
    append_tick_text (svg, at, bottom + 7 + SVG_FONT, "middle", i * x->step, x->decimals, "");
  }
  append_stroke (svg, PLOT_LEFT, bottom, right, bottom, "#444444");
  append_stroke (svg, PLOT_LEFT, area->top, PLOT_LEFT, bottom, "#444444");
  if (plot->x_title)
    svg_append_text (svg, (PLOT_LEFT + right) / 2, bottom + 12 + 2.2 * SVG_FONT, "text-anchor=\"middle\"",
        plot->x_title);
  if (plot->y_title) {
    const double at_title = area->top + PLOT_HEIGHT / 2.;
    g_autofree char *style = svg_rotated (-90, SVG_FONT + 2., at_title, "middle");
    svg_append_text (svg, SVG_FONT + 2., at_title, style, plot->y_title);
  }
}

/* The stretches between points that are not finite; a point by itself is a dot. */
static void
append_line (GString *svg, const SvgLine *line, const Area *area, const char *colour, gboolean dots)
{
  GString *points = g_string_new (NULL);
  GString *circles = g_string_new (NULL);
  gsize run = 0;

  for (gsize i = 0; i <= line->n; i++) {
    const gboolean here = i < line->n && isfinite (line->x[i]) && isfinite (line->y[i]);
    if (here) {
      svg_append_number (points, at_x (area, line->x[i]), 1);
      g_string_append_c (points, ',');
      svg_append_number (points, at_y (area, line->y[i]), 1);
      g_string_append_c (points, ' ');
      run++;
    }
    if (!here && run > 1)
      g_string_append_printf (svg,
          "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\" "
          "stroke-linecap=\"round\"/>\n",
          points->str, colour);
    const gboolean alone = !here && run == 1;
    if (alone || (here && dots)) {
      const gsize which = alone ? i - 1 : i;
      g_string_append (circles, "<circle");
      svg_append_px (circles, "cx", at_x (area, line->x[which]));
      svg_append_px (circles, "cy", at_y (area, line->y[which]));
      g_string_append_printf (circles, " r=\"3.5\" fill=\"%s\"/>\n", colour);
    }
    if (!here) {
      g_string_truncate (points, 0);
      run = 0;
    }
  }
  g_string_append_len (svg, circles->str, (gssize) circles->len);
  g_string_free (circles, TRUE);
  g_string_free (points, TRUE);
}

/* Rows of swatches and names from y on.  Returns where they end. */
static double
append_legend (GString *svg, const SvgPlot *plot, double y)
{
  double x = PLOT_LEFT;
  gboolean any = FALSE;

  for (gsize k = 0; k < plot->n_lines; k++) {
    const char *name = plot->lines[k].name;
    if (!name)
      continue;
    const double width = 26 + svg_text_width (name, SVG_FONT) + 18;
    if (any && x + width > PLOT_WIDTH - PLOT_RIGHT) {
      x = PLOT_LEFT;
      y += SVG_FONT + 7;
    }
    g_string_append (svg, "<rect");
    svg_append_px (svg, "x", x);
    svg_append_px (svg, "y", y + SVG_FONT * .5);
    g_string_append_printf (svg, " width=\"18\" height=\"4\" rx=\"2\" fill=\"%s\"/>\n",
        palette[k % G_N_ELEMENTS (palette)]);
    svg_append_text (svg, x + 25, y + SVG_FONT, "", name);
    x += width;
    any = TRUE;
  }
  return any ? y + SVG_FONT + 10 : y;
}

/* From y on; returns where it ends. */
static double
append_plot (GString *svg, const SvgPlot *plot, double y)
{
  double x_range[2] = { 0, 1 }, y_range[2] = { 0, 1 };
  const gboolean any = find_range (plot, x_range, y_range);
  const gboolean chosen = plot->y_min < plot->y_max;
  Area area;

  y += 12;
  if (plot->title) {
    svg_append_title (svg, PLOT_LEFT, y + SVG_TITLE, plot->title);
    y += SVG_TITLE + 12;
  }
  area.top = append_legend (svg, plot, y) + 4;
  area.x = make_axis (x_range[0], x_range[1], 10, plot->dots); /* dots need room */
  area.y = chosen ? make_axis (plot->y_min, plot->y_max, 5, FALSE) : make_axis (y_range[0], y_range[1], 5, TRUE);
  append_axes (svg, plot, &area);

  /* What lies beyond a chosen axis is cut off. */
  g_string_append (svg, "<svg");
  svg_append_px (svg, "x", 0);
  svg_append_px (svg, "y", area.top - 5);
  svg_append_px (svg, "width", PLOT_WIDTH);
  svg_append_px (svg, "height", PLOT_HEIGHT + 10);
  g_string_append (svg, " viewBox=\"0 ");
  svg_append_number (svg, area.top - 5, 1);
  g_string_append_printf (svg, " %d %d\">\n", (int) PLOT_WIDTH, PLOT_HEIGHT + 10);
  for (gsize k = 0; any && k < plot->n_lines; k++)
    append_line (svg, &plot->lines[k], &area, palette[k % G_N_ELEMENTS (palette)], plot->dots);
  g_string_append (svg, "</svg>\n");
  return area.top + PLOT_HEIGHT + (plot->x_title ? 12 + 3 * SVG_FONT : 12 + SVG_FONT + 5);
}

char *
svg_plots (const SvgPlot *plots, gsize n_plots)
{
  assert (n_plots >= 1);

  GString *body = g_string_new (NULL);
  double y = 0;

  for (gsize i = 0; i < n_plots; i++)
    y = append_plot (body, &plots[i], y);
  return svg_finish (body, PLOT_WIDTH, y + 8);
}
