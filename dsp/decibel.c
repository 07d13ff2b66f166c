/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dsp/decibel.h"

#include "dsp/lanes.h"

#include <stdint.h>
#include <string.h>

static const double DB_PER_OCTAVE = 3.01029995663981195214; /* 10 log10 (2) */

typedef uint64_t Bits __attribute__ ((vector_size (4 * sizeof (uint64_t))));
typedef double Stored __attribute__ ((vector_size (4 * sizeof (double)), aligned (sizeof (double)), may_alias));

/* 10 log10 (x[l]), x[l] normal and above 0, as vector code.
 *
 * x = 2^e m with sqrt (1/2) < m <= sqrt (2); e by putting its bits into the mantissa of 2^52.
 * log2 (m) = 2 / ln 2 artanh (s), s = (m - 1) / (m + 1), |s| < .172: its power series to s^17, whose next term is below
 * 3e-16 of the first. */
static inline void
four_decibels (DspFour *x)
{
  const Bits bits = (Bits) *x;
  DspFour e = (DspFour) ((bits >> 52) | UINT64_C (0x4330000000000000)) - (4503599627370496.0 + 1023);
  DspFour m = (DspFour) ((bits & UINT64_C (0x000fffffffffffff)) | UINT64_C (0x3ff0000000000000));
  const Bits high = (Bits) (m > 1.41421356237309504880);

  e += (DspFour) (high & (Bits) (DspFour){ 1, 1, 1, 1 });
  m *= 1 - (DspFour) (high & (Bits) (DspFour){ .5, .5, .5, .5 });

  const DspFour s = (m - 1) / (m + 1), z = s * s;
  DspFour y = z * (1 / 17.) + 1 / 15.;
  y = y * z + 1 / 13.;
  y = y * z + 1 / 11.;
  y = y * z + 1 / 9.;
  y = y * z + 1 / 7.;
  y = y * z + 1 / 5.;
  y = y * z + 1 / 3.;
  y = y * z + 1;
  *x = DB_PER_OCTAVE * (e + 2.88539008177792681472 * s * y);
}

VECTOR_CLONES void
dsp_decibels (double *x, size_t n, double amin)
{
  size_t i = 0;

  for (size_t k = 0; k < n; k++)
    x[k] = x[k] > amin ? x[k] : amin;
  for (; n - i >= 4; i += 4) {
    DspFour four = *(const Stored *) (x + i);
    four_decibels (&four);
    *(Stored *) (x + i) = four;
  }
  if (i < n) {
    DspFour four = { 1, 1, 1, 1 };
    memcpy (&four, x + i, (n - i) * sizeof *x);
    four_decibels (&four);
    memcpy (x + i, &four, (n - i) * sizeof *x);
  }
}
