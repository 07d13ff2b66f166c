/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/heat.h"

#include "gst/picture/axes.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

enum
{
  N_COLOURS = 256,
};

/* Of the bar, in ems. */
static const double BAR_FROM = .8, BAR_WIDTH = .9, BAR_MARK = .3;

struct PlotHeat
{
  PlotBox box;
  guint32 map[N_COLOURS];
  double low_db, high_db;
  cairo_surface_t *cells; /* RGB24, of the box's width and height */
};

PlotHeat *
plot_heat_new (const PlotBox *box, const guint32 *map, double low_db, double high_db)
{
  PlotHeat *heat = g_new0 (PlotHeat, 1);

  heat->box = *box;
  memcpy (heat->map, map, sizeof heat->map);
  heat->low_db = low_db;
  heat->high_db = high_db;
  heat->cells = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) box->width, (int) box->height);
  if (cairo_surface_status (heat->cells) != CAIRO_STATUS_SUCCESS) {
    plot_heat_free (heat);
    return NULL;
  }
  cairo_t *cr = cairo_create (heat->cells);
  cairo_set_source_rgb (cr, (map[0] >> 16) / 255., (map[0] >> 8 & 0xff) / 255., (map[0] & 0xff) / 255.);
  cairo_paint (cr);
  cairo_destroy (cr);
  return heat;
}

void
plot_heat_free (PlotHeat *heat)
{
  if (!heat)
    return;
  cairo_surface_destroy (heat->cells);
  g_free (heat);
}

void
plot_heat_set_column (PlotHeat *heat, guint column, const float *db)
{
  const int height = cairo_image_surface_get_height (heat->cells);
  const int stride = cairo_image_surface_get_stride (heat->cells);
  const double unit = (N_COLOURS - 1) / (heat->high_db - heat->low_db);

  cairo_surface_flush (heat->cells);
  guchar *pixels = cairo_image_surface_get_data (heat->cells);
  for (int row = 0; row < height; row++) {
    const double level = ((double) db[row] - heat->low_db) * unit;
    const guint32 rgb = heat->map[level > 0 ? (gsize) MIN (level + .5, N_COLOURS - 1) : 0];
    memcpy (pixels + (gsize) (height - 1 - row) * (gsize) stride + (gsize) column * sizeof rgb, &rgb, sizeof rgb);
  }
  cairo_surface_mark_dirty (heat->cells);
}

/* Every cell keeps its edges, however the picture is scaled. */
static void
paint (cairo_t *cr, cairo_surface_t *surface, const PlotBox *box)
{
  cairo_save (cr);
  cairo_translate (cr, box->x, box->y);
  cairo_scale (cr, box->width / cairo_image_surface_get_width (surface),
      box->height / cairo_image_surface_get_height (surface));
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_rectangle (cr, 0, 0, cairo_image_surface_get_width (surface), cairo_image_surface_get_height (surface));
  cairo_fill (cr);
  cairo_restore (cr);
}

void
plot_heat_draw (const PlotHeat *heat, PlotCanvas *canvas)
{
  paint (plot_canvas_cairo (canvas), heat->cells, &heat->box);
}

static void
draw_colours (const PlotHeat *heat, PlotCanvas *canvas, const PlotBox *bar)
{
  cairo_surface_t *colours = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 1, N_COLOURS);
  const int stride = cairo_image_surface_get_stride (colours);

  cairo_surface_flush (colours);
  guchar *pixels = cairo_image_surface_get_data (colours);
  for (int i = 0; pixels && i < N_COLOURS; i++)
    memcpy (pixels + (N_COLOURS - 1 - i) * stride, &heat->map[i], sizeof heat->map[i]);
  cairo_surface_mark_dirty (colours);
  paint (plot_canvas_cairo (canvas), colours, bar);
  cairo_surface_destroy (colours);
  plot_axes_frame (canvas, bar);
}

void
plot_heat_draw_bar (const PlotHeat *heat, PlotCanvas *canvas, const PlotBox *margin)
{
  const double em = plot_canvas_em (canvas), right = margin->x + (BAR_FROM + BAR_WIDTH) * em;
  const PlotBox bar = { ceil (margin->x + BAR_FROM * em), margin->y, floor (BAR_WIDTH * em), margin->height };
  const PlotText unit = { .text = "dB", .scale = 1 };
  cairo_t *cr = plot_canvas_cairo (canvas);
  PlotTick ticks[PLOT_MAX_TICKS];
  const guint most = MIN (plot_axes_room (canvas, margin), 9);
  const guint n = plot_ticks_linear (heat->low_db, heat->high_db, most, ticks);

  draw_colours (heat, canvas, &bar);
  cairo_set_line_width (cr, 1);
  for (guint i = 0; i < n; i++) {
    const double up = (ticks[i].value - heat->low_db) / (heat->high_db - heat->low_db);
    const double y = margin->y + (1 - up) * margin->height;
    const double line = CLAMP (floor (y) + .5, margin->y + .5, margin->y + margin->height - .5);
    const PlotText text = { .text = ticks[i].text, .scale = 1 };
    plot_canvas_set_ink (canvas, PLOT_INK_WEAK);
    cairo_move_to (cr, right, line);
    cairo_line_to (cr, right + BAR_MARK * em, line);
    cairo_stroke (cr);
    plot_canvas_set_ink (canvas, PLOT_INK_TEXT);
    plot_canvas_show_text (canvas, &text, PLOT_ALIGN_LEFT, right + 2 * BAR_MARK * em, y);
  }
  plot_canvas_show_text (canvas, &unit, PLOT_ALIGN_LEFT, bar.x, margin->y - .8 * em);
}
