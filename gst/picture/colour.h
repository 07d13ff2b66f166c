/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/colour.h - colours of even steps for the eye: OKLCh -> sRGB, and the spectrogram's map of 256 levels.
 *
 * Layer:   gst; libm only.
 * Threads: pure functions.
 */
#ifndef GST_PICTURE_COLOUR_H
#define GST_PICTURE_COLOUR_H

#include <stdint.h>

/* lightness  0 black to 1 white
 * chroma     0 grey to about .3; taken back as far as sRGB cannot show it
 * hue        degrees: 30 red, 90 yellow, 145 green, 260 blue, 320 purple
 *
 * Returns 0xRRGGBB. */
uint32_t scope_colour (double lightness, double chroma, double hue);

/* map [256]  out, 0xRRGGBB: from near black over violet and red to pale yellow, lightness rising in equal steps */
void scope_colour_map (uint32_t *map);

#endif
