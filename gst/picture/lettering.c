/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/lettering.h"

#include "gst/picture/colour.h"

#include <cairo.h>
#include <math.h>

static const gchar FONT[] = "sans-serif";

void
scope_set_colour (cairo_t *cr, ScopeColour colour)
{
  const guint32 rgb = scope_colour (colour.lightness, colour.chroma, colour.hue);

  cairo_set_source_rgb (cr, (rgb >> 16) / 255., (rgb >> 8 & 0xff) / 255., (rgb & 0xff) / 255.);
}

void
scope_set_font (cairo_t *cr, gdouble size, gboolean bold)
{
  cairo_select_font_face (cr, FONT, CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cr, size);
}

gdouble
scope_text_width (cairo_t *cr, const gchar *text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (cr, text, &extents);
  return extents.x_advance;
}

void
scope_show_text (cairo_t *cr, gdouble x, gdouble middle, gdouble size, const gchar *text)
{
  cairo_move_to (cr, x, round (middle + .365 * size));
  cairo_show_text (cr, text);
}
