/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/colour.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* --- OKLab, Bjorn Ottosson 2020: lightness and two opponent colours -> linear sRGB ------------------------------- */

static void
to_linear (double lightness, double a, double b, double *rgb)
{
  const double l = pow (lightness + .3963377774 * a + .2158037573 * b, 3);
  const double m = pow (lightness - .1055613458 * a - .0638541728 * b, 3);
  const double s = pow (lightness - .0894841775 * a - 1.2914855480 * b, 3);

  rgb[0] = 4.0767416621 * l - 3.3077115913 * m + .2309699292 * s;
  rgb[1] = -1.2684380046 * l + 2.6097574011 * m - .3413193965 * s;
  rgb[2] = -.0041960863 * l - .7034186147 * m + 1.7076147010 * s;
}

static bool
is_shown (const double *rgb)
{
  for (int i = 0; i < 3; i++)
    if (rgb[i] < -1e-4 || rgb[i] > 1 + 1e-4)
      return false;
  return true;
}

static uint32_t
to_byte (double linear)
{
  const double x = fmin (fmax (linear, 0), 1);

  return (uint32_t) lround (255 * (x <= .0031308 ? 12.92 * x : 1.055 * pow (x, 1 / 2.4) - .055));
}

uint32_t
scope_colour (double lightness, double chroma, double hue)
{
  const double angle = hue * 3.14159265358979323846 / 180;
  double rgb[3], shown = 0, too_much = chroma;

  to_linear (lightness, chroma * cos (angle), chroma * sin (angle), rgb);
  if (!is_shown (rgb)) {
    for (int i = 0; i < 12; i++) {
      const double middle = (shown + too_much) / 2;

      to_linear (lightness, middle * cos (angle), middle * sin (angle), rgb);
      if (is_shown (rgb))
        shown = middle;
      else
        too_much = middle;
    }
    to_linear (lightness, shown * cos (angle), shown * sin (angle), rgb);
  }
  return to_byte (rgb[0]) << 16 | to_byte (rgb[1]) << 8 | to_byte (rgb[2]);
}

/* --- maps ------------------------------------------------------------------------------------------------------- */

enum
{
  N_POINTS = 33, /* of a map, equally spaced: lines between them are within 2 of 255 of all 256 colours */
};

/* tests/golden/make-colour-golden.py prints them. */
static const uint32_t MAGMA[N_POINTS] = { 0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a,
  0x430f76, 0x50127c, 0x5d177f, 0x691c81, 0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75,
  0xcf4170, 0xdb486a, 0xe65163, 0xee5c5e, 0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571, 0xfeb47b, 0xfec387,
  0xfed194, 0xfde0a2, 0xfceeb0, 0xfcfdbf };
static const uint32_t VIRIDIS[N_POINTS] = { 0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086,
  0x3f4989, 0x3b528b, 0x375a8d, 0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b,
  0x1f9f88, 0x21a685, 0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c, 0x96d83f, 0xabdc32,
  0xc0df24, 0xd5e21a, 0xeae51a, 0xfde725 };

/* One of the three colours of a pixel, `shift` bits up, at `place` points along. */
static uint32_t
between (const uint32_t *points, double place, unsigned shift)
{
  const int point = place < N_POINTS - 2 ? (int) place : N_POINTS - 2;
  const double below = points[point] >> shift & 0xff, above = points[point + 1] >> shift & 0xff;

  return (uint32_t) lround (below + (place - point) * (above - below)) << shift;
}

void
colour_map (ColourMap which, uint32_t *map)
{
  const uint32_t *points = which == COLOUR_VIRIDIS ? VIRIDIS : MAGMA;

  for (int i = 0; i < 256; i++) {
    const double place = i / 255. * (N_POINTS - 1);
    map[i] = which == COLOUR_GREY
        ? scope_colour (i / 255., 0, 0)
        : between (points, place, 16) | between (points, place, 8) | between (points, place, 0);
  }
}

/* --- genres ----------------------------------------------------------------------------------------------------- */

/* Okabe and Ito's, which people of any colour vision can tell apart, and three more; neighbours differ in lightness. */
static const struct
{
  const char *genre;
  uint32_t rgb;
} GENRES[] = {
  { "blues", 0x0072b2 },
  { "classical", 0xf0e442 },
  { "country", 0x8c6d31 },
  { "disco", 0xcc79a7 },
  { "hiphop", 0x009e73 },
  { "jazz", 0xe69f00 },
  { "metal", 0x7a7a86 },
  { "pop", 0x56b4e9 },
  { "reggae", 0x9acd4b },
  { "rock", 0xd55e00 },
};

enum
{
  N_GENRES = sizeof GENRES / sizeof *GENRES,
};

uint32_t
colour_genre (const char *genre, unsigned index)
{
  for (int i = 0; i < N_GENRES; i++)
    if (strcmp (genre, GENRES[i].genre) == 0)
      return GENRES[i].rgb;
  return GENRES[index % N_GENRES].rgb;
}
