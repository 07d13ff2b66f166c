/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-ticks.c - where the marks of an axis are and what is written there, on axes of every size.
 *
 * Layer:   tests; gst/picture/ticks.
 * Threads: one.
 */
#include "gst/picture/ticks.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

typedef guint (*Ticks) (double low, double high, guint most, PlotTick *ticks);

/* texts: all of them, with a blank between */
static void
test_texts (Ticks make, double low, double high, guint most, const char *texts)
{
  PlotTick ticks[PLOT_MAX_TICKS];
  const guint n = make (low, high, most, ticks);
  GString *found = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (found, "%s%s", i > 0 ? " " : "", ticks[i].text);
  CHECK (strcmp (found->str, texts) == 0, "%g to %g, %u: %s, not %s", low, high, most, found->str, texts);
  g_string_free (found, TRUE);
}

static void
test_known (void)
{
  test_texts (plot_ticks_time, 0, .02, 5, "0.000 0.005 0.010 0.015 0.020");
  test_texts (plot_ticks_time, 0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0");
  test_texts (plot_ticks_time, 0, 30, 4, "0 10 20 30");
  test_texts (plot_ticks_time, 0, 59, 5, "0 15 30 45");
  test_texts (plot_ticks_time, 0, 60, 5, "0:00 0:15 0:30 0:45 1:00");
  test_texts (plot_ticks_time, 0, 256, 6, "0:00 1:00 2:00 3:00 4:00");
  test_texts (plot_ticks_time, 90, 91, 3, "1:30.0 1:30.5 1:31.0");
  test_texts (plot_ticks_time, 0, 3599, 4, "0:00 15:00 30:00 45:00");
  test_texts (plot_ticks_time, 0, 3600, 5, "0:00:00 0:15:00 0:30:00 0:45:00 1:00:00");
  test_texts (plot_ticks_time, 3599.5, 3600.5, 3, "0:59:59.5 1:00:00.0 1:00:00.5");
  test_texts (plot_ticks_time, 0, 36000, 6, "0:00:00 2:00:00 4:00:00 6:00:00 8:00:00 10:00:00");
  test_texts (plot_ticks_time, 0, 400000, 5, "0:00:00 24:00:00 48:00:00 72:00:00 96:00:00");
  test_texts (plot_ticks_linear, -80, 0, 5, "-80 -60 -40 -20 0"); /* 20 dB a step */
  test_texts (plot_ticks_linear, -1.05, 1.05, 5, "-1.0 -0.5 0.0 0.5 1.0");
  test_texts (plot_ticks_linear, -.0123, .0123, 5, "-0.010 -0.005 0.000 0.005 0.010");
  test_texts (plot_ticks_linear, 0, 100, 6, "0 20 40 60 80 100");
  test_texts (plot_ticks_octaves, 20, 11025, 10, "32 64 128 256 512 1024 2048 4096 8192");
  test_texts (plot_ticks_octaves, 20, 11025, 8, "64 256 1024 4096");
  test_texts (plot_ticks_octaves, 20, 11025, 3, "64 512 4096");
  test_texts (plot_ticks_octaves, 20, 1000, 9, "32 64 128 256 512");
}

static void
test_units (void)
{
  CHECK (strcmp (plot_time_unit (59), "time (s)") == 0, "%s", plot_time_unit (59));
  CHECK (strcmp (plot_time_unit (60), "time (min:s)") == 0, "%s", plot_time_unit (60));
  CHECK (strcmp (plot_time_unit (3600), "time (h:min:s)") == 0, "%s", plot_time_unit (3600));
}

/* In order, inside, not too many, no text twice, and none longer than its room. */
static void
test_any (Ticks make, double low, double high, guint most)
{
  PlotTick ticks[PLOT_MAX_TICKS];
  const guint n = make (low, high, most, ticks);
  const double slack = 1e-6 * (high - low);

  CHECK (n <= most && n <= PLOT_MAX_TICKS, "%g to %g, %u: %u", low, high, most, n);
  CHECK (most < 4 || n >= 1, "%g to %g, %u: none", low, high, most);
  for (guint i = 0; i < n; i++) {
    CHECK (ticks[i].value >= low - slack && ticks[i].value <= high + slack, "%g", ticks[i].value);
    CHECK (strlen (ticks[i].text) < sizeof ticks[i].text - 1, "%s", ticks[i].text);
    CHECK (i == 0 || (ticks[i].value > ticks[i - 1].value && strcmp (ticks[i].text, ticks[i - 1].text) != 0),
        "%g to %g, %u: %s twice", low, high, most, ticks[i].text);
  }
}

int
main (void)
{
  uint64_t random = 1;

  test_known ();
  test_units ();
  for (int i = 0; i < 20000; i++) {
    const double low = pow (10, 4 * (double) test_noise (&random)), span = pow (10, 3 * (double) test_noise (&random));
    const guint most = (guint) (test_random (&random) % PLOT_MAX_TICKS) + 1;

    test_any (plot_ticks_time, low, low + span, most);
    test_any (plot_ticks_time, 0, span * 100, most);
    test_any (plot_ticks_linear, -span, low, most);
    test_any (plot_ticks_octaves, 20, 1000 * pow (500, ((double) test_noise (&random) + 1) / 2), most);
  }
  TEST_END ();
}
