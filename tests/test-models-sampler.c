/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sampler: every item once an epoch; groups stay together, and no label is lost on either side of a split.
 */
#include "models/sampler.h"

#include "tests/test.h"

#include <string.h>

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

static void
test_split (void)
{
  enum
  {
    N = 200,
    GROUPS = 61
  };
  int label[N];
  gsize group[N];
  bool validation[N], again[N], other[N];
  for (gsize i = 0; i < N; i++) {
    group[i] = i * 7 % (GROUPS - 1);
    label[i] = (int) (group[i] % 4);
  }
  label[5] = -1;
  group[0] = group[60] = group[120] = group[180] = GROUPS - 1; /* the only group of label 4 */
  label[0] = label[60] = label[120] = label[180] = 4;

  sampler_split_groups (label, group, N, GROUPS, .2, 3, validation);
  sampler_split_groups (label, group, N, GROUPS, .2, 3, again);
  sampler_split_groups (label, group, N, GROUPS, .2, 4, other);
  CHECK (memcmp (validation, again, sizeof again) == 0, "not the same again");
  CHECK (memcmp (validation, other, sizeof other) != 0, "the seed does not count");

  unsigned n[5] = { 0 }, held[5] = { 0 };
  for (gsize i = 0; i < N; i++) {
    CHECK (!(validation[i] && label[i] < 0), "a clip without label validates");
    for (gsize k = 0; k < i; k++)
      CHECK (group[i] != group[k] || label[i] < 0 || label[k] < 0 || validation[i] == validation[k],
          "clips %u and %u are of one group", (unsigned) i, (unsigned) k);
    if (label[i] >= 0) {
      n[label[i]]++;
      held[label[i]] += validation[i];
    }
  }
  for (unsigned l = 0; l < 4; l++)
    CHECK (held[l] >= .12 * n[l] && held[l] <= .28 * n[l], "label %u: %u of %u", l, held[l], n[l]);
  CHECK (held[4] == 0, "the only group of a label validates");
}

/* Of two recordings a label, one validates and one is learned from, whatever the fraction. */
static void
test_smallest (void)
{
  const int label[] = { 0, 1, 0, 1 };
  const gsize group[] = { 0, 1, 2, 3 };
  for (guint64 seed = 0; seed < 20; seed++) {
    bool validation[4];
    sampler_split_groups (label, group, 4, 4, seed % 2 ? .05 : .9, seed, validation);
    CHECK (validation[0] != validation[2] && validation[1] != validation[3], "seed %u", (unsigned) seed);
  }
}

int
main (void)
{
  test_draw ();
  test_split ();
  test_smallest ();
  TEST_END ();
}
