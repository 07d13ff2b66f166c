/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/colour.h - the colours of all pictures: OKLCh -> sRGB, maps of 256 levels, one colour a genre.
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

typedef enum ColourMap
{
  COLOUR_MAGMA,   /* from black over violet and red to pale yellow */
  COLOUR_VIRIDIS, /* from violet over blue and green to yellow */
  COLOUR_GREY,    /* from black to white */
} ColourMap;

/* Lightness rises in equal steps.  Magma and viridis are matplotlib's, CC0, by Stefan van der Walt and Nathaniel Smith:
 * within 2 of 255 of each of its 256 colours.
 *
 * map [256]  out, 0xRRGGBB */
void colour_map (ColourMap which, uint32_t *map);

/* 0xRRGGBB, the same for a genre in every picture.
 *
 * genre  its letters and digits in lower case, "hiphop"; one that is not known has a colour by its index
 * index  of the label */
uint32_t colour_genre (const char *genre, unsigned index);

#endif
