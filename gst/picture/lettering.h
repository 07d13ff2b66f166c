/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/lettering.h - text and colours for cairo.
 *
 * Layer:   gst; cairo and colour.
 * Threads: one cairo context serves one thread at a time.
 */
#ifndef GST_PICTURE_LETTERING_H
#define GST_PICTURE_LETTERING_H

#include <glib.h>

typedef struct _cairo cairo_t; /* to use it, include <cairo.h> */

/* In OKLCH, as scope_colour() has it. */
typedef struct ScopeColour
{
  gdouble lightness, chroma, hue;
} ScopeColour;

void scope_set_colour (cairo_t *cr, ScopeColour colour);

/* size: pixels */
void scope_set_font (cairo_t *cr, gdouble size, gboolean bold);

gdouble scope_text_width (cairo_t *cr, const gchar *text);

/* From x on, the middle of the capitals on `middle`. */
void scope_show_text (cairo_t *cr, gdouble x, gdouble middle, gdouble size, const gchar *text);

#endif
