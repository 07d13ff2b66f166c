/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/scope.h"

#include "gst/picture/colour.h"
#include "gst/picture/lettering.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

struct ScopePicture
{
  ScopeLayout layout;
  guint32 map[256];
  guint32 *ring; /* [spectrum.height][spectrum.width] */
  gint oldest;   /* column of ring */
  cairo_surface_t *ticks;
  ScopePanel *panel;
};

/* --- frequencies ----------------------------------------------------------------------------------------------- */

static void
draw_tick (cairo_t *cr, gdouble y, gdouble size, const gchar *text)
{
  const gdouble x = size * .9;

  cairo_rectangle (cr, 0, round (y) - 1, x - 3, 3);
  cairo_set_source_rgba (cr, 0, 0, 0, .5);
  cairo_fill (cr);
  cairo_rectangle (cr, 0, round (y), x - 3, 1);
  cairo_set_source_rgba (cr, 1, 1, 1, .85);
  cairo_fill (cr);

  /* A dark seam, so that it can be read on any colour. */
  cairo_move_to (cr, x, round (y + .365 * size));
  cairo_text_path (cr, text);
  cairo_set_source_rgba (cr, 0, 0, 0, .6);
  cairo_set_line_width (cr, MAX (2, size / 5));
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, .9);
  scope_show_text (cr, x, y, size, text);
}

static void
draw_ticks (ScopePicture *picture, const ScopeTick *ticks, guint n_ticks)
{
  const ScopeBox *spectrum = &picture->layout.spectrum;
  const gdouble size = CLAMP (spectrum->height / 28., 7, 26);
  const gint width = MIN (spectrum->width, (gint) (size * 5));
  GArray *taken = g_array_new (FALSE, FALSE, sizeof (gdouble));

  picture->ticks = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, spectrum->height);
  cairo_t *cr = cairo_create (picture->ticks);

  scope_set_font (cr, size, FALSE);
  for (guint i = 0; i < n_ticks; i++) {
    const gdouble y = ticks[i].row;
    gboolean free = y > size * .7 && y < spectrum->height - size * .7;
    gchar text[16];

    for (guint k = 0; k < taken->len; k++)
      free = free && fabs (y - g_array_index (taken, gdouble, k)) > 1.8 * size;
    if (!free)
      continue;
    g_array_append_val (taken, y);
    if (ticks[i].hz < 1000)
      g_snprintf (text, sizeof text, "%.0f Hz", ticks[i].hz);
    else
      g_snprintf (text, sizeof text, "%.0f kHz", ticks[i].hz / 1000);
    draw_tick (cr, y, size, text);
  }
  cairo_destroy (cr);
  cairo_surface_flush (picture->ticks);
  g_array_unref (taken);
}

/* --- public ---------------------------------------------------------------------------------------------------- */

ScopePicture *
scope_picture_new (gint width, gint height, const gchar *const *labels, guint n_labels, const ScopeTick *ticks,
    guint n_ticks)
{
  ScopePicture *picture = g_new0 (ScopePicture, 1);

  picture->layout = scope_layout (width, height, n_labels);
  colour_map (COLOUR_MAGMA, picture->map);

  const ScopeBox *spectrum = &picture->layout.spectrum;

  picture->ring = g_new (guint32, (gsize) spectrum->width * (gsize) spectrum->height);
  picture->panel = scope_panel_new (&picture->layout, labels, n_labels);
  draw_ticks (picture, ticks, n_ticks);
  scope_picture_clear (picture);
  return picture;
}

void
scope_picture_free (ScopePicture *picture)
{
  if (!picture)
    return;
  g_free (picture->ring);
  scope_panel_free (picture->panel);
  cairo_surface_destroy (picture->ticks);
  g_free (picture);
}

void
scope_picture_clear (ScopePicture *picture)
{
  const gsize n = (gsize) picture->layout.spectrum.width * (gsize) picture->layout.spectrum.height;

  for (gsize i = 0; i < n; i++)
    picture->ring[i] = picture->map[0];
  picture->oldest = 0;
  scope_panel_clear (picture->panel);
}

void
scope_picture_add_column (ScopePicture *picture, const guint8 *levels)
{
  const ScopeBox *spectrum = &picture->layout.spectrum;
  guint32 *pixel = picture->ring + picture->oldest;

  for (gint y = 0; y < spectrum->height; y++, pixel += spectrum->width)
    *pixel = picture->map[levels[y]];
  picture->oldest = (picture->oldest + 1) % spectrum->width;
}

void
scope_picture_set_bars (ScopePicture *picture, ScopeMood mood, const gdouble *shares, gdouble seconds)
{
  scope_panel_set_bars (picture->panel, mood, shares, seconds);
}

void
scope_picture_draw (ScopePicture *picture, guint8 *pixels, gint stride)
{
  const ScopeBox *spectrum = &picture->layout.spectrum, *panel = &picture->layout.panel;
  const gsize width = (gsize) spectrum->width, older = (gsize) (spectrum->width - picture->oldest);

  cairo_surface_t *surface = scope_panel_surface (picture->panel);
  const guint8 *panel_pixels = cairo_image_surface_get_data (surface);
  const gint panel_stride = cairo_image_surface_get_stride (surface);

  for (gint y = 0; y < picture->layout.height; y++) {
    guint32 *line = (guint32 *) (gpointer) (pixels + (gsize) y * (gsize) stride);
    const guint32 *ring = picture->ring + (gsize) y * width;

    memcpy (line, ring + picture->oldest, older * sizeof *line);
    memcpy (line + older, ring, (width - older) * sizeof *line);
    if (panel->width > 0)
      memcpy (line + width, panel_pixels + (gsize) y * (gsize) panel_stride, (gsize) panel->width * sizeof *line);
  }

  cairo_surface_t *target = cairo_image_surface_create_for_data (pixels, CAIRO_FORMAT_RGB24, picture->layout.width,
      picture->layout.height, stride);
  cairo_t *cr = cairo_create (target);

  cairo_set_source_surface (cr, picture->ticks, 0, 0);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_destroy (target);
}
