/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-colour.c - maps begin and end where matplotlib's do, and get lighter from level to level; each of the
 * ten genres has a colour of its own, whatever its index.
 *
 * Layer:   tests; gst/picture/colour.
 * Threads: one.
 */
#include "gst/picture/colour.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

static double
linear (uint32_t byte)
{
  const double x = (byte & 0xff) / 255.;
  return x <= .04045 ? x / 12.92 : pow ((x + .055) / 1.055, 2.4);
}

/* CIE L*, 0 to 100 */
static double
lightness (uint32_t rgb)
{
  const double y = .2126 * linear (rgb >> 16) + .7152 * linear (rgb >> 8) + .0722 * linear (rgb);
  return y > .008856 ? 116 * cbrt (y) - 16 : 903.3 * y;
}

static void
test_map (ColourMap which, uint32_t first, uint32_t middle, uint32_t last)
{
  uint32_t map[256];

  colour_map (which, map);
  CHECK (map[0] == first && map[255] == last, "map %d: 0x%06x to 0x%06x", (int) which, map[0], map[255]);
  for (unsigned shift = 0; shift < 24; shift += 8)
    CHECK (abs ((int) (map[128] >> shift & 0xff) - (int) (middle >> shift & 0xff)) <= 2, "map %d: 0x%06x in the middle",
        (int) which, map[128]);
  const double step = (lightness (last) - lightness (first)) / 255;
  for (int i = 48; i < 256; i++) { /* below, a step is less than one of a byte */
    const double risen = lightness (map[i]) - lightness (map[i - 8]);
    CHECK (risen > 4 * step && risen < 13 * step, "map %d: lightness rises by %g before level %d", (int) which, risen,
        i);
  }
}

static void
test_genres (void)
{
  static const char *const genres[] = { "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop",
    "reggae", "rock" };

  for (unsigned i = 0; i < 10; i++) {
    CHECK (colour_genre (genres[i], i) == colour_genre (genres[i], 9 - i), "%s", genres[i]);
    for (unsigned k = 0; k < i; k++)
      CHECK (colour_genre (genres[i], i) != colour_genre (genres[k], k), "%s and %s", genres[i], genres[k]);
  }
  CHECK (colour_genre ("polka", 3) == colour_genre ("polka", 13), "indices go round");
  CHECK (colour_genre ("polka", 3) != colour_genre ("polka", 4), "neighbours");
}

int
main (void)
{
  test_map (COLOUR_MAGMA, 0x000004, 0xb73779, 0xfcfdbf);
  test_map (COLOUR_VIRIDIS, 0x440154, 0x21918c, 0xfde725);
  test_map (COLOUR_GREY, 0x000000, 0x636363, 0xffffff);
  test_genres ();
  TEST_END ();
}
