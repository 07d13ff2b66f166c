/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/half.h"

#include <math.h>
#include <string.h>

float
half_to_float (guint16 half)
{
  const guint32 sign = (guint32) (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
  guint32 bits = sign;
  float value;

  if (exponent == 0) {
    value = (float) fraction * 0x1p-24f; /* zero and subnormal */
    memcpy (&bits, &value, sizeof bits);
    bits |= sign;
  } else if (exponent == 31) {
    bits |= 0x7f800000 | fraction << 13;
  } else {
    bits |= (exponent + 127 - 15) << 23 | fraction << 13;
  }
  memcpy (&value, &bits, sizeof value);
  return value;
}

guint16
half_from_float (float value)
{
  guint32 bits;
  memcpy (&bits, &value, sizeof bits);
  const guint16 sign = (guint16) (bits >> 16 & 0x8000);
  const guint32 magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x477ff000) /* 65520 */
    return sign | 0x7c00;
  if (magnitude < 0x38800000) /* 2^-14: a multiple of 2^-24 */
    return (guint16) (sign | (guint16) nearbyintf (fabsf (value) * 0x1p24f));

  /* Half of the last bit that stays, or a little less where that one is even. */
  const guint32 rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return (guint16) (sign | (guint16) ((rounded >> 13) - ((127 - 15) << 10)));
}
