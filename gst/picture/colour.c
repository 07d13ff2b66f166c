/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/colour.h"

#include <math.h>
#include <stdbool.h>

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

/* --- the map --------------------------------------------------------------------------------------------------- */

/* Chroma and hue at equal steps of the way up; lightness is a straight line. */
static const struct
{
  double chroma, hue;
} STOPS[] = { { .02, 275 }, { .12, 285 }, { .18, 310 }, { .20, 355 }, { .19, 400 }, { .16, 430 }, { .08, 460 } };

enum
{
  N_STOPS = sizeof STOPS / sizeof *STOPS,
};

static const double DARKEST = .11, LIGHTEST = .97;

void
scope_colour_map (uint32_t *map)
{
  for (int i = 0; i < 256; i++) {
    const double up = i / 255., place = up * (N_STOPS - 1);
    const int stop = place < N_STOPS - 2 ? (int) place : N_STOPS - 2;
    const double part = place - stop;

    map[i] = scope_colour (DARKEST + up * (LIGHTEST - DARKEST),
        STOPS[stop].chroma + part * (STOPS[stop + 1].chroma - STOPS[stop].chroma),
        STOPS[stop].hue + part * (STOPS[stop + 1].hue - STOPS[stop].hue));
  }
}
