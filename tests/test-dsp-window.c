/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-window.c - the Hann window against its properties.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/window.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

/* sin^2 (pi i / n) is the same function by another formula. */
static void
check (size_t n)
{
  double *window = calloc (n, sizeof *window);
  dsp_window_hann (window, n);

  double sum = 0, squares = 0, worst = 0;
  for (size_t i = 0; i < n; i++) {
    const double s = sin (3.14159265358979323846 * (double) i / (double) n);
    worst = fmax (worst, fabs (window[i] - s * s));
    if (i > 0)
      worst = fmax (worst, fabs (window[i] - window[n - i]));
    sum += window[i];
    squares += window[i] * window[i];
  }
  CHECK (worst <= 1e-15, "n %zu: %g", n, worst);
  CHECK (window[0] == 0, "n %zu: %g", n, window[0]);
  CHECK (window[n / 2] == 1, "n %zu: %g", n, window[n / 2]);

  /* The periodic window sums to n/2 for every n > 1, its square to 3n/8 for every n > 2: the symmetric one does not. */
  CHECK (fabs (sum - (double) n / 2) <= 1e-12 * (double) n, "n %zu: %g", n, sum);
  if (n > 2)
    CHECK (fabs (squares - 0.375 * (double) n) <= 1e-12 * (double) n, "n %zu: %g", n, squares);
  free (window);
}

int
main (void)
{
  static const size_t lengths[] = { 2, 4, 6, 46, 512, 1486, 2048, 4458, 92880 };
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    check (lengths[i]);
  TEST_END ();
}
