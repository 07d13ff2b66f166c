/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/areas.h"

#include "gst/picture/axes.h"

#include <cairo.h>

static const double LEAST_SHARE = .005;                   /* below, a genre is not in the legend: it would be 0 % */
static const double ROW = 1.25, SWATCH = .8, INDENT = .8; /* of the legend, in ems */
static const double HATCH = .7;                           /* ems from line to line */

/* Lines from the lower left to the upper right. */
void
plot_areas_draw_empty (PlotCanvas *canvas, const PlotBox *box)
{
  cairo_t *cr = plot_canvas_cairo (canvas);
  const double step = HATCH * plot_canvas_em (canvas);

  cairo_save (cr);
  cairo_rectangle (cr, box->x, box->y, box->width, box->height);
  cairo_clip (cr);
  plot_canvas_set_ink (canvas, PLOT_INK_HATCH);
  cairo_set_line_width (cr, 1);
  for (double x = -box->height; x < box->width; x += step) {
    cairo_move_to (cr, box->x + x, box->y + box->height);
    cairo_line_to (cr, box->x + x + box->height, box->y);
  }
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* shares of one point; the sum of those below `label` */
static double
height_below (const float *shares, guint label)
{
  double sum = 0;
  for (guint i = 0; i < label; i++)
    sum += (double) shares[i];
  return MIN (sum, 1);
}

/* Each area reaches down to the bottom, and those below are drawn over it: no seams. */
void
plot_areas_draw (const PlotAreas *areas, PlotCanvas *canvas, const PlotBox *box, const double *x, const float *shares,
    gsize n)
{
  cairo_t *cr = plot_canvas_cairo (canvas);
  const double bottom = box->y + box->height, first = box->x + x[0] * box->width;

  for (guint label = areas->n_labels; label-- > 0;) {
    cairo_move_to (cr, first, bottom);
    for (gsize i = 0; i < n; i++) {
      const double height = label + 1 == areas->n_labels ? 1 : height_below (shares + i * areas->n_labels, label + 1);
      cairo_line_to (cr, box->x + x[i] * box->width, bottom - height * box->height);
    }
    cairo_line_to (cr, box->x + x[n - 1] * box->width, bottom);
    cairo_close_path (cr);
    plot_canvas_set_rgb (canvas, areas->colours[label]);
    cairo_fill (cr);
  }
}

/* Whether so many others are larger that it has no row. */
static gboolean
is_left_out (const double *means, guint n, guint label, guint rows)
{
  guint larger = 0;
  for (guint i = 0; i < n; i++)
    larger += means[i] > means[label] || (means[i] >= means[label] && i < label);
  return means[label] < LEAST_SHARE || larger >= rows;
}

/* The sample of colour in the line of the legend that begins at `top`. */
static PlotBox
swatch_box (const PlotCanvas *canvas, const PlotBox *margin, double top)
{
  const double em = plot_canvas_em (canvas);
  return (PlotBox){ margin->x + INDENT * em, top + (ROW - SWATCH) * em / 2, SWATCH * em, SWATCH * em };
}

/* One line of the legend, whose middle is `y`; percent: NULL or a text. */
static void
draw_row (PlotCanvas *canvas, const PlotBox *margin, double y, const char *name, const char *percent)
{
  const double em = plot_canvas_em (canvas), left = margin->x + (INDENT + SWATCH + .4) * em;
  const double right = margin->x + margin->width - .5 * em;
  const PlotText number = { .text = percent, .scale = 1 };
  const double end = percent ? right - plot_canvas_text_width (canvas, &number) - .4 * em : right;
  const PlotText text = { .text = name, .scale = 1, .most = end - left };

  plot_canvas_set_ink (canvas, PLOT_INK_TEXT);
  plot_canvas_show_text (canvas, &text, PLOT_ALIGN_LEFT, left, y);
  if (percent)
    plot_canvas_show_text (canvas, &number, PLOT_ALIGN_RIGHT, right, y);
}

/* The shares, from the uppermost of the stack down.  Returns the top of the line below. */
static double
draw_rows (const PlotAreas *areas, PlotCanvas *canvas, const PlotBox *margin, const double *means, guint rows)
{
  const double em = plot_canvas_em (canvas);
  cairo_t *cr = plot_canvas_cairo (canvas);
  double top = margin->y;

  for (guint label = areas->n_labels; label-- > 0;) {
    if (is_left_out (means, areas->n_labels, label, rows))
      continue;
    g_autofree char *percent = g_strdup_printf ("%.0f %%", 100 * means[label]);
    const PlotBox swatch = swatch_box (canvas, margin, top);
    plot_canvas_set_rgb (canvas, areas->colours[label]);
    cairo_rectangle (cr, swatch.x, swatch.y, swatch.width, swatch.height);
    cairo_fill (cr);
    draw_row (canvas, margin, top + ROW * em / 2, areas->names[label], percent);
    top += ROW * em;
  }
  return top;
}

void
plot_areas_draw_legend (const PlotAreas *areas, PlotCanvas *canvas, const PlotBox *margin, const double *means,
    gboolean empty)
{
  const double em = plot_canvas_em (canvas);
  const guint rows = (guint) (margin->height / (ROW * em));
  double top = margin->y;

  if (means)
    top = draw_rows (areas, canvas, margin, means, rows - (empty && rows > 1));
  if (empty && top + ROW * em < margin->y + margin->height + .01) {
    const PlotBox swatch = swatch_box (canvas, margin, top);
    plot_areas_draw_empty (canvas, &swatch);
    plot_axes_frame (canvas, &swatch);
    draw_row (canvas, margin, top + ROW * em / 2, "no genre", NULL);
  }
}
