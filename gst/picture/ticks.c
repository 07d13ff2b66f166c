/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/ticks.h"

#include <math.h>

enum
{
  MINUTE = 60,
  HOUR = 3600,
  ANCHOR_HZ = 64,
};

static const double SLACK = 1e-9; /* of a step: a tick on the edge is inside */

/* Multiples of `step` in [low, high]: the first, and how many. */
static guint
count (double low, double high, double step, double *ret_first)
{
  *ret_first = ceil (low / step - SLACK);
  const double n = floor (high / step + SLACK) - *ret_first + 1;
  return n > 0 ? (guint) MIN (n, PLOT_MAX_TICKS + 1) : 0;
}

static gboolean
fits (double low, double high, double step, guint most)
{
  double first;
  return count (low, high, step, &first) <= MIN (most, PLOT_MAX_TICKS);
}

/* The least of 1, 2, 5, 10, 20 ... times `unit` that fits. */
static double
decimal_step (double low, double high, guint most, double unit)
{
  static const double parts[] = { 1, 2, 5 };

  for (int power = 0;; power++)
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
      const double step = unit * parts[i] * pow (10, power);
      if (fits (low, high, step, most))
        return step;
    }
}

/* So small that no step needs less. */
static double
least_unit (double low, double high)
{
  return pow (10, floor (log10 ((high - low) / (10. * PLOT_MAX_TICKS))));
}

/* Digits behind the point that multiples of `step` have. */
static int
digits (double step)
{
  return step >= 1 ? 0 : (int) ceil (-log10 (step) - 1e-6);
}

/* --- time ------------------------------------------------------------------------------------------------------- */

static double
time_step (double low, double high, guint most)
{
  static const double steps[] = { 1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE,
    30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR };

  const double below = decimal_step (low, high, most, least_unit (low, high));
  if (below < 1)
    return below;
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (fits (low, high, steps[i], most))
      return steps[i];
  return decimal_step (low, high, most, 24 * HOUR);
}

/* high: of the axis; digits: behind the point of seconds */
static void
write_time (PlotTick *tick, double high, int n_digits)
{
  const double unit = pow (10, n_digits), rounded = round (tick->value * unit) / unit;
  const guint64 whole = (guint64) floor (rounded + SLACK);
  const int width = n_digits > 0 ? 3 + n_digits : 2;
  const double seconds = MAX (rounded - (double) (whole / MINUTE * MINUTE), 0);
  char text[24];

  if (high < MINUTE)
    g_snprintf (tick->text, sizeof tick->text, "%.*f", n_digits, rounded);
  else if (high < HOUR)
    g_snprintf (tick->text, sizeof tick->text, "%u:%0*.*f", (guint) (whole / MINUTE), width, n_digits, seconds);
  else {
    g_snprintf (text, sizeof text, "%02u:%0*.*f", (guint) (whole / MINUTE % 60), width, n_digits, seconds);
    g_snprintf (tick->text, sizeof tick->text, "%u:%s", (guint) (whole / HOUR), text);
  }
}

guint
plot_ticks_time (double low, double high, guint most, PlotTick *ticks)
{
  const double step = time_step (low, high, most);
  double first;
  const guint n = count (low, high, step, &first);

  for (guint i = 0; i < n; i++) {
    ticks[i].value = (first + i) * step;
    write_time (&ticks[i], high, digits (step));
  }
  return n;
}

const char *
plot_time_unit (double high)
{
  return high < MINUTE ? "time (s)" : high < HOUR ? "time (min:s)" : "time (h:min:s)";
}

/* --- levels and frequencies ------------------------------------------------------------------------------------- */

guint
plot_ticks_linear (double low, double high, guint most, PlotTick *ticks)
{
  const double step = decimal_step (low, high, most, least_unit (low, high));
  double first;
  const guint n = count (low, high, step, &first);

  for (guint i = 0; i < n; i++) {
    const double value = (first + i) * step;
    ticks[i].value = fabs (value) < step / 2 ? 0 : value; /* no -0 */
    g_snprintf (ticks[i].text, sizeof ticks[i].text, "%.*f", digits (step), ticks[i].value);
  }
  return n;
}

guint
plot_ticks_octaves (double low, double high, guint most, PlotTick *ticks)
{
  double first, step = 1;

  while (!fits (log2 (low / ANCHOR_HZ), log2 (high / ANCHOR_HZ), step, most))
    step++;
  const guint n = count (log2 (low / ANCHOR_HZ), log2 (high / ANCHOR_HZ), step, &first);
  for (guint i = 0; i < n; i++) {
    ticks[i].value = ANCHOR_HZ * exp2 ((first + i) * step);
    g_snprintf (ticks[i].text, sizeof ticks[i].text, "%.0f", ticks[i].value);
  }
  return n;
}
