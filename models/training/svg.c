/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/svg.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum
{
  FONT = 13,         /* px, of everything but titles */
  TITLE = 16,        /* px */
  MAX_LABEL = 28,    /* characters of a label that are shown */
  DECIMALS_MAX = 12, /* of a tick */
};

/* An average character of a sans-serif font, of the font's size: room is reserved by it. */
static const double char_width = .58;

/* Okabe and Ito's: told apart by the colour-blind, and on black and white printers. */
static const char *const palette[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000" };

/* --- text ------------------------------------------------------------------------------------------------------ */

/* value with so many decimals; in the C locale, and never "-0". */
static void
append_number (GString *svg, double value, int decimals)
{
  char format[16], text[64];

  g_snprintf (format, sizeof format, "%%.%df", decimals);
  g_ascii_formatd (text, sizeof text, format, value);
  g_string_append (svg, text[0] == '-' && strspn (text + 1, "0.") == strlen (text + 1) ? text + 1 : text);
}

/* " name=\"value\"", in px */
static void
append_px (GString *svg, const char *name, double value)
{
  g_string_append_printf (svg, " %s=\"", name);
  append_number (svg, value, 1);
  g_string_append_c (svg, '"');
}

/* Of XML 1.0. */
static gboolean
is_xml_character (gunichar c)
{
  return (c >= 0x20 && c != 0xfffe && c != 0xffff) || c == '\t' || c == '\n';
}

static void
append_escaped (GString *svg, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (char *at = valid; *at; at = g_utf8_next_char (at)) {
    const gunichar c = g_utf8_get_char (at);
    switch (c) {
      case '<':
        g_string_append (svg, "&lt;");
        break;
      case '>':
        g_string_append (svg, "&gt;");
        break;
      case '&':
        g_string_append (svg, "&amp;");
        break;
      case '"':
        g_string_append (svg, "&quot;");
        break;
      default:
        g_string_append_unichar (svg, is_xml_character (c) ? c : 0xfffd);
    }
  }
}

/* The start of a label, with a mark if that is not all of it. */
static char *
shorten (const char *label)
{
  g_autofree char *valid = g_utf8_make_valid (label, -1);

  if (g_utf8_strlen (valid, -1) <= MAX_LABEL)
    return g_steal_pointer (&valid);
  g_autofree char *start = g_utf8_substring (valid, 0, MAX_LABEL - 1);
  return g_strconcat (start, "\342\200\246", NULL);
}

/* Reserved px. */
static double
width_of (const char *text, int size)
{
  g_autofree char *shown = shorten (text);
  glong columns = 0;

  for (char *at = shown; *at; at = g_utf8_next_char (at))
    columns += g_unichar_iswide (g_utf8_get_char (at)) ? 2 : 1;
  return (double) columns * size * char_width;
}

/* style: further attributes, or "" */
static void
append_text (GString *svg, double x, double y, const char *style, const char *text)
{
  g_autofree char *shown = shorten (text);

  g_string_append (svg, "<text");
  append_px (svg, "x", x);
  append_px (svg, "y", y);
  g_string_append_printf (svg, "%s%s>", *style ? " " : "", style);
  append_escaped (svg, shown);
  g_string_append (svg, "</text>\n");
}

/* Of a picture or a plot: as long as it is, bold. */
static void
append_title (GString *svg, double x, double y, const char *text)
{
  g_string_append (svg, "<text");
  append_px (svg, "x", x);
  append_px (svg, "y", y);
  g_string_append_printf (svg, " font-size=\"%d\" font-weight=\"bold\">", (int) TITLE);
  append_escaped (svg, text);
  g_string_append (svg, "</text>\n");
}

/* " transform=..." for text around (x, y), for append_text() */
static char *
rotated (double degrees, double x, double y, const char *anchor)
{
  GString *style = g_string_new (NULL);

  g_string_append_printf (style, "text-anchor=\"%s\" transform=\"rotate(", anchor);
  append_number (style, degrees, 0);
  g_string_append_c (style, ' ');
  append_number (style, x, 1);
  g_string_append_c (style, ' ');
  append_number (style, y, 1);
  g_string_append (style, ")\"");
  return g_string_free (style, FALSE);
}

/* The picture around `body`, which it frees. */
static char *
finish (GString *body, double width, double height)
{
  GString *svg = g_string_new ("<svg xmlns=\"http://www.w3.org/2000/svg\"");

  append_px (svg, "width", width);
  append_px (svg, "height", height);
  g_string_append (svg, " viewBox=\"0 0 ");
  append_number (svg, width, 1);
  g_string_append_c (svg, ' ');
  append_number (svg, height, 1);
  g_string_append_printf (svg,
      "\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\" font-size=\"%d\" fill=\"#222222\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
      (int) FONT);
  g_string_append_len (svg, body->str, (gssize) body->len);
  g_string_append (svg, "</svg>\n");
  g_string_free (body, TRUE);
  return g_string_free (svg, FALSE);
}

/* --- plots ----------------------------------------------------------------------------------------------------- */

enum
{
  PLOT_WIDTH = 720,
  PLOT_HEIGHT = 260, /* of the area within the axes */
  PLOT_LEFT = 72,
  PLOT_RIGHT = 24,
  MAX_TICKS = 50, /* far more than there ever are */
};

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
  append_px (svg, "x1", x1);
  append_px (svg, "y1", y1);
  append_px (svg, "x2", x2);
  append_px (svg, "y2", y2);
  g_string_append_printf (svg, " stroke=\"%s\"/>\n", colour);
}

static void
append_tick_text (GString *svg, double x, double y, const char *anchor, double value, int decimals, const char *unit)
{
  g_autofree char *style = g_strdup_printf ("text-anchor=\"%s\"", anchor);
  GString *text = g_string_new (NULL);

  append_number (text, value, decimals);
  g_string_append (text, unit);
  append_text (svg, x, y, style, text->str);
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
    append_tick_text (svg, PLOT_LEFT - 8, at + FONT * .35, "end", i * y->step * scale, decimals,
        plot->percent ? " %" : "");
  }
  for (double i = ceil (x->min / x->step - 1e-9); i <= floor (x->max / x->step + 1e-9); i++) {
    const double at = at_x (area, i * x->step);
    append_stroke (svg, at, bottom, at, bottom + 5, "#444444");
    append_tick_text (svg, at, bottom + 7 + FONT, "middle", i * x->step, x->decimals, "");
  }
  append_stroke (svg, PLOT_LEFT, bottom, right, bottom, "#444444");
  append_stroke (svg, PLOT_LEFT, area->top, PLOT_LEFT, bottom, "#444444");
  if (plot->x_title)
    append_text (svg, (PLOT_LEFT + right) / 2, bottom + 12 + 2.2 * FONT, "text-anchor=\"middle\"", plot->x_title);
  if (plot->y_title) {
    const double at_title = area->top + PLOT_HEIGHT / 2.;
    g_autofree char *style = rotated (-90, FONT + 2., at_title, "middle");
    append_text (svg, FONT + 2., at_title, style, plot->y_title);
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
      append_number (points, at_x (area, line->x[i]), 1);
      g_string_append_c (points, ',');
      append_number (points, at_y (area, line->y[i]), 1);
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
      append_px (circles, "cx", at_x (area, line->x[which]));
      append_px (circles, "cy", at_y (area, line->y[which]));
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
    const double width = 26 + width_of (name, FONT) + 18;
    if (any && x + width > PLOT_WIDTH - PLOT_RIGHT) {
      x = PLOT_LEFT;
      y += FONT + 7;
    }
    g_string_append (svg, "<rect");
    append_px (svg, "x", x);
    append_px (svg, "y", y + FONT * .5);
    g_string_append_printf (svg, " width=\"18\" height=\"4\" rx=\"2\" fill=\"%s\"/>\n",
        palette[k % G_N_ELEMENTS (palette)]);
    append_text (svg, x + 25, y + FONT, "", name);
    x += width;
    any = TRUE;
  }
  return any ? y + FONT + 10 : y;
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
    append_title (svg, PLOT_LEFT, y + TITLE, plot->title);
    y += TITLE + 12;
  }
  area.top = append_legend (svg, plot, y) + 4;
  area.x = make_axis (x_range[0], x_range[1], 10, plot->dots); /* dots need room */
  area.y = chosen ? make_axis (plot->y_min, plot->y_max, 5, FALSE) : make_axis (y_range[0], y_range[1], 5, TRUE);
  append_axes (svg, plot, &area);

  /* What lies beyond a chosen axis is cut off. */
  g_string_append (svg, "<svg");
  append_px (svg, "x", 0);
  append_px (svg, "y", area.top - 5);
  append_px (svg, "width", PLOT_WIDTH);
  append_px (svg, "height", PLOT_HEIGHT + 10);
  g_string_append (svg, " viewBox=\"0 ");
  append_number (svg, area.top - 5, 1);
  g_string_append_printf (svg, " %d %d\">\n", (int) PLOT_WIDTH, PLOT_HEIGHT + 10);
  for (gsize k = 0; any && k < plot->n_lines; k++)
    append_line (svg, &plot->lines[k], &area, palette[k % G_N_ELEMENTS (palette)], plot->dots);
  g_string_append (svg, "</svg>\n");
  return area.top + PLOT_HEIGHT + (plot->x_title ? 12 + 3 * FONT : 12 + FONT + 5);
}

char *
svg_plots (const SvgPlot *plots, gsize n_plots)
{
  assert (n_plots >= 1);

  GString *body = g_string_new (NULL);
  double y = 0;

  for (gsize i = 0; i < n_plots; i++)
    y = append_plot (body, &plots[i], y);
  return finish (body, PLOT_WIDTH, y + 8);
}

/* --- confusion matrix ------------------------------------------------------------------------------------------ */

enum
{
  CELL = 46,          /* px, of up to so many labels that they fit in */
  MATRIX = 720,       /* px */
  CELL_NUMBER = 22,   /* px, from which on there is room for a number */
  CELL_LABEL = 11,    /* px, from which on there is room for the names */
  RECALL_WIDTH = 110, /* px, of the column to the right */
};

/* White to dark blue.  share: 0 to 1 */
static void
append_shade (GString *svg, double share)
{
  const double light[3] = { 255, 255, 255 }, dark[3] = { 8, 66, 130 };
  const double t = sqrt (share); /* a few errors are to be seen too */
  unsigned c[3];

  for (int i = 0; i < 3; i++)
    c[i] = (unsigned) (light[i] + t * (dark[i] - light[i]) + .5);
  g_string_append_printf (svg, "#%02x%02x%02x", c[0], c[1], c[2]);
}

/* A row from (x, y) on. */
static void
append_row (GString *svg, double x, double y, double cell, const char *const *labels, gsize n, gsize row,
    const guint64 *counts)
{
  guint64 total = 0;

  for (gsize i = 0; i < n; i++)
    total += counts[i];
  for (gsize i = 0; i < n; i++) {
    const double share = total > 0 ? (double) counts[i] / (double) total : 0;

    g_string_append (svg, "<g><title>");
    append_escaped (svg, labels[row]);
    g_string_append (svg, " named ");
    append_escaped (svg, labels[i]);
    g_string_append_printf (svg, ": %" G_GUINT64_FORMAT "</title><rect", counts[i]);
    append_px (svg, "x", x + (double) i * cell);
    append_px (svg, "y", y);
    append_px (svg, "width", cell);
    append_px (svg, "height", cell);
    g_string_append (svg, " fill=\"");
    append_shade (svg, share);
    g_string_append (svg, i == row ? "\" stroke=\"#666666\"/>" : "\" stroke=\"#dddddd\"/>");
    if (counts[i] > 0 && cell >= CELL_NUMBER) {
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, counts[i]);
      const double size = MIN (FONT + 1, 1.5 * cell / (double) MAX (strlen (number), 2));
      GString *style = g_string_new ("text-anchor=\"middle\"");
      append_px (style, "font-size", size);
      g_string_append (style, share > .3 ? " fill=\"#ffffff\"" : "");
      append_text (svg, x + ((double) i + .5) * cell, y + cell / 2 + size * .36, style->str, number);
      g_string_free (style, TRUE);
    }
    g_string_append (svg, "</g>\n");
  }
  if (total > 0 && cell >= CELL_LABEL) {
    g_autofree char *text = g_strdup_printf ("%.0f %% of %" G_GUINT64_FORMAT,
        100. * (double) counts[row] / (double) total, total);
    append_text (svg, x + (double) n * cell + 8, y + cell / 2 + FONT * .36, "", text);
  }
}

char *
svg_confusion (const char *title, const char *const *labels, gsize n, const guint64 *counts)
{
  assert (n >= 1);

  const double cell = CLAMP ((double) MATRIX / (double) n, 3, CELL);
  const gboolean named = cell >= CELL_LABEL;
  double names = 0; /* px that the longest takes */

  for (gsize i = 0; named && i < n; i++)
    names = MAX (names, width_of (labels[i], FONT));

  const double side = (double) n * cell;
  const double left = 30 + FONT + names + 10, top = (title ? TITLE + 26 : 12) + FONT + 14 + names * .75 + 8;
  const double width = left + side + MAX (RECALL_WIDTH, names * .75 + 10), height = top + side + 20;
  GString *body = g_string_new (NULL);

  if (title)
    append_title (body, 20, 14 + TITLE, title);
  append_text (body, left + side / 2, (title ? TITLE + 26 : 12) + FONT, "text-anchor=\"middle\" font-weight=\"bold\"",
      "predicted");
  g_autofree char *style = rotated (-90, 12 + FONT, top + side / 2, "middle");
  g_autofree char *bold = g_strconcat (style, " font-weight=\"bold\"", NULL);
  append_text (body, 12 + FONT, top + side / 2, bold, "true");
  if (named)
    append_text (body, left + side + 8, top - 8, "fill=\"#666666\"", "recall");

  for (gsize i = 0; i < n; i++) {
    const double middle = ((double) i + .5) * cell;
    if (named) {
      g_autofree char *slanted = rotated (-45, left + middle + 4, top - 8, "start");
      append_text (body, left + middle + 4, top - 8, slanted, labels[i]);
      append_text (body, left - 8, top + middle + FONT * .36, "text-anchor=\"end\"", labels[i]);
    }
    append_row (body, left, top + (double) i * cell, cell, labels, n, i, counts + i * n);
  }
  return finish (body, width, height);
}
