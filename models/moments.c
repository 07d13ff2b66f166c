/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/moments.h"

#include <math.h>

void
genre_moments_add (GenreMoments *moments, double x)
{
  moments->n++;
  const double change = x - moments->mean;
  moments->mean += change / (double) moments->n;
  moments->squares += change * (x - moments->mean);
}

double
genre_moments_std (const GenreMoments *moments)
{
  return moments->n > 0 ? sqrt (moments->squares / (double) moments->n) : 0;
}
