/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/half.h"

#include "tests/test.h"

#include <math.h>

/* The definition: sign, exponent and fraction as IEEE 754 has them. */
static double
definition (guint16 half)
{
  const int exponent = half >> 10 & 31;
  const double fraction = half & 1023, sign = half & 0x8000 ? -1 : 1;
  if (exponent == 31)
    return fraction > 0 ? (double) NAN : sign * HUGE_VAL;
  return sign * (exponent == 0 ? ldexp (fraction, -24) : ldexp (1024 + fraction, exponent - 25));
}

static bool
same (double a, double b)
{
  return (isnan (a) && isnan (b)) || (!(a < b) && !(a > b) && !isnan (a) && !isnan (b) && !signbit (a) == !signbit (b));
}

/* All 65536, there and back. */
static void
test_all (void)
{
  for (unsigned half = 0; half < 65536; half++) {
    const float value = half_to_float ((guint16) half);
    CHECK (same ((double) value, definition ((guint16) half)), "%04x: %g", half, (double) value);
    const guint16 back = half_from_float (value);
    CHECK (isnan (value) ? isnan (half_to_float (back)) : back == half, "%04x: back as %04x", half, back);
  }
}

/* The nearest of two neighbours, the even one between them; just beside the middle, the nearer. */
static void
test_rounding (void)
{
  for (unsigned half = 0; half < 0x7bff; half++) {
    const float low = half_to_float ((guint16) half), high = half_to_float ((guint16) (half + 1));
    const float middle = low + (high - low) / 2; /* exact: float has 13 bits more */
    const unsigned even = half % 2 == 0 ? half : half + 1;
    CHECK (half_from_float (middle) == even, "%04x", half);
    CHECK (half_from_float (-middle) == (even | 0x8000), "-%04x", half);
    CHECK (half_from_float (nextafterf (middle, 0)) == half, "below the middle of %04x", half);
    CHECK (half_from_float (nextafterf (middle, INFINITY)) == half + 1, "above the middle of %04x", half);
  }
  CHECK (half_from_float (65519.996f) == 0x7bff && half_from_float (65520) == 0x7c00, "largest");
  CHECK (half_from_float (INFINITY) == 0x7c00 && half_from_float (-INFINITY) == 0xfc00, "infinity");
  CHECK (half_from_float (3e38f) == 0x7c00 && half_from_float (1e-45f) == 0, "far outside");
}

int
main (void)
{
  test_all ();
  test_rounding ();
  TEST_END ();
}
