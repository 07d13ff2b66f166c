/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/quiet.h"

#include <math.h>

static gdouble
energy_about (const float *mono, gsize n, gdouble mean)
{
  gdouble sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += ((gdouble) mono[i] - mean) * ((gdouble) mono[i] - mean);
  return sum;
}

/* The mean includes these samples.  If they end the quiet stretch, a new one may begin with them. */
void
genre_quiet_listen (GenreQuiet *quiet, const float *mono, gsize n, gdouble level_db)
{
  const gdouble least = pow (10, level_db / 10) * (gdouble) n;
  gdouble sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (gdouble) mono[i];
  quiet->samples += n;
  quiet->sum += sum;
  if (energy_about (mono, n, quiet->sum / (gdouble) quiet->samples) < least)
    return;

  const gboolean begins = energy_about (mono, n, sum / (gdouble) n) < least;

  quiet->samples = begins ? n : 0;
  quiet->sum = begins ? sum : 0;
}
