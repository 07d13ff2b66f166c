/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/svg_text.h - the pieces of an SVG picture: numbers, text, titles, and the file around them.
 *
 * Layer:   models/training; uses GLib.
 * Threads: no state.
 *
 * The same bytes for the same values, in any locale.  Text may be any UTF-8; what XML cannot hold is replaced.
 * Lengths are in px, from the top left corner; `svg` is what a piece is appended to.
 */
#ifndef MODELS_TRAINING_SVG_TEXT_H
#define MODELS_TRAINING_SVG_TEXT_H

#include <glib.h>

enum
{
  SVG_FONT = 13,  /* px, of everything but titles */
  SVG_TITLE = 16, /* px */
};

/* value with so many decimals; in the C locale, and never "-0". */
void svg_append_number (GString *svg, double value, int decimals);

/* " name=\"value\"" */
void svg_append_px (GString *svg, const char *name, double value);

void svg_append_escaped (GString *svg, const char *text);

/* Text at (x, y), its baseline; a long one is cut, with a mark.  style: further attributes, or "" */
void svg_append_text (GString *svg, double x, double y, const char *style, const char *text);

/* About how wide svg_append_text() shows it. */
double svg_text_width (const char *text, int size);

/* Of a picture or a plot: as long as it is, bold. */
void svg_append_title (GString *svg, double x, double y, const char *text);

/* " transform=..." for text around (x, y), for svg_append_text().  g_free(). */
char *svg_rotated (double degrees, double x, double y, const char *anchor);

/* The file with the picture around `body`, which it frees.  g_free(). */
char *svg_finish (GString *body, double width, double height);

#endif
