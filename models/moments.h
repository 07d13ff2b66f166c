/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/moments.h - mean and standard deviation of values that come one by one, however many.
 *
 * Layer:   models; libm.
 * Threads: plain data; one at a time.
 */
#ifndef MODELS_MOMENTS_H
#define MODELS_MOMENTS_H

#include <stdint.h>

/* All zeros: none came yet. */
typedef struct GenreMoments
{
  uint64_t n;
  double mean;
  double squares; /* sum of (x - mean)^2 */
} GenreMoments;

/* Welford's update: what is small beside the mean is not lost. */
void genre_moments_add (GenreMoments *moments, double x);

/* sqrt (squares / n), as NumPy's std(); 0 if none came */
double genre_moments_std (const GenreMoments *moments);

#endif
