/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/sampler: every item once an epoch.
 */
#include "models/training/sampler.h"

#include "tests/test.h"

static void
test_draw (void)
{
  enum
  {
    N = 23,
    EPOCHS = 4
  };
  const guint64 keys[] = { 7, 1 }, others[] = { 8, 1 };
  gsize order[EPOCHS][N];
  unsigned same_epoch = 0, same_seed = 0;

  for (gsize e = 0; e < EPOCHS; e++) {
    bool seen[N] = { false };
    for (gsize i = 0; i < N; i++) {
      const gsize item = sampler_draw (keys, 2, e * N + i, N);
      CHECK (item < N && !seen[item], "epoch %u: item %u again", (unsigned) e, (unsigned) item);
      seen[item] = true;
      order[e][i] = item;
      same_epoch += e > 0 && item == order[e - 1][i];
      same_seed += item == sampler_draw (others, 2, e * N + i, N);
    }
  }
  CHECK (same_epoch < N && same_seed < N, "%u and %u in the same place", same_epoch, same_seed);
  CHECK (sampler_draw (keys, 2, 1000, 1) == 0, "one item");
}

int
main (void)
{
  test_draw ();
  TEST_END ();
}
