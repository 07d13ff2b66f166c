/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/random: a shuffle is one to one, distributions have their moments, keys decide.
 */
#include "models/training/random.h"

#include "tests/test.h"

#include <math.h>

static void
test_permute (void)
{
  for (gsize n = 1; n <= 300; n++) {
    const guint64 keys[] = { 5, n };
    g_autofree bool *seen = g_new0 (bool, n);
    for (gsize i = 0; i < n; i++) {
      const gsize to = random_permute (keys, 2, i, n);
      CHECK (to < n && !seen[to], "n %u: %u again", (unsigned) n, (unsigned) to);
      seen[to] = true;
    }
  }
}

/* How often does i go to j?  Every pair must come about, and none too often. */
static void
test_permute_is_even (void)
{
  enum
  {
    N = 5,
    RUNS = 5000
  };
  unsigned count[N][N] = { 0 };
  for (guint64 run = 0; run < RUNS; run++)
    for (gsize i = 0; i < N; i++)
      count[i][random_permute (&run, 1, i, N)]++;
  for (gsize i = 0; i < N; i++)
    for (gsize j = 0; j < N; j++)
      CHECK (count[i][j] > RUNS / N * .85 && count[i][j] < RUNS / N * 1.15, "%u -> %u: %u times", (unsigned) i,
          (unsigned) j, count[i][j]);
}

static void
test_moments (void)
{
  enum
  {
    N = 40000
  };
  const guint64 key = 1;
  Random random = random_from (&key, 1);
  double uniform = 0, normal = 0, square = 0, beta = 0, beta_square = 0;
  for (unsigned i = 0; i < N; i++) {
    const double u = random_uniform (&random), z = random_normal (&random), b = random_beta (&random, .5);
    CHECK (u >= 0 && u < 1 && b >= 0 && b <= 1 && isfinite (z), "%g %g %g", u, b, z);
    uniform += u / N;
    normal += z / N;
    square += z * z / N;
    beta += b / N;
    beta_square += b * b / N;
  }
  CHECK (fabs (uniform - .5) < .01, "%g", uniform);
  CHECK (fabs (normal) < .03 && fabs (square - 1) < .05, "%g %g", normal, square);

  /* Beta (a, a): mean 1/2, variance 1 / (4 (2 a + 1)) */
  CHECK (fabs (beta - .5) < .01 && fabs (beta_square - .25 - .125) < .01, "%g %g", beta, beta_square);
}

static void
test_keys (void)
{
  const guint64 a[] = { 1, 2 }, b[] = { 2, 1 }, c[] = { 1, 2, 0 };
  CHECK (random_from (a, 2).state == random_from (a, 2).state, "not the same again");
  CHECK (random_from (a, 2).state != random_from (b, 2).state, "order does not count");
  CHECK (random_from (a, 2).state != random_from (c, 3).state, "length does not count");
}

int
main (void)
{
  test_permute ();
  test_permute_is_even ();
  test_moments ();
  test_keys ();
  TEST_END ();
}
