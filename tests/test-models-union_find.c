/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/union_find against the definition: two items are joined if a chain of pairs leads from one to the other.
 */
#include "models/sets/union_find.h"

#include "tests/test.h"

#include <string.h>

enum
{
  MOST = 24,
};

/* joined [MOST][MOST]  in: the pairs; out: the chains */
static void
close_chains (bool joined[MOST][MOST], gsize n)
{
  for (gsize k = 0; k < n; k++)
    for (gsize i = 0; i < n; i++)
      for (gsize j = 0; j < n; j++)
        joined[i][j] |= joined[i][k] && joined[k][j];
}

static void
check_trees (guint32 *parent, bool joined[MOST][MOST], gsize n)
{
  close_chains (joined, n);
  gsize n_expected = 0;
  for (gsize i = 0; i < n; i++) {
    gsize first = 0;
    while (!joined[i][first])
      first++;
    n_expected += first == i;
    CHECK (union_find_root (parent, (guint32) i) == first, "the root of %zu is not %zu", i, first);
  }
  const gsize n_trees = union_find_number (parent, n);
  CHECK (n_trees == n_expected, "%zu trees instead of %zu", n_trees, n_expected);
  guint32 most = 0;
  for (gsize i = 0; i < n; i++) {
    CHECK (parent[i] <= most, "%zu has number %u before there is one less", i, parent[i]);
    most = MAX (most, parent[i] + 1);
    for (gsize j = 0; j < n; j++)
      CHECK ((parent[i] == parent[j]) == joined[i][j], "%zu and %zu", i, j);
  }
}

int
main (void)
{
  uint64_t state = 11;
  for (unsigned round = 0; round < 400; round++) {
    const gsize n = 1 + (test_random (&state) >> 32) % MOST;
    const gsize n_pairs = (test_random (&state) >> 32) % (n + 1), n_keys = 1 + (test_random (&state) >> 32) % (2 * n);
    bool joined[MOST][MOST];
    gsize key[MOST];
    g_autofree guint32 *parent = union_find_new (n);
    g_autoptr (GHashTable) first = g_hash_table_new (g_direct_hash, g_direct_equal);

    memset (joined, 0, sizeof joined);
    for (gsize i = 0; i < n; i++)
      joined[i][i] = true;
    for (gsize k = 0; k < n_pairs; k++) {
      const gsize a = (test_random (&state) >> 32) % n, b = (test_random (&state) >> 32) % n;
      union_find_join (parent, (guint32) a, (guint32) b);
      joined[a][b] = joined[b][a] = true;
    }
    for (gsize i = 0; round % 2 == 1 && i < n; i++) {
      key[i] = (test_random (&state) >> 32) % n_keys;
      union_find_join_key (parent, (guint32) i, first, GSIZE_TO_POINTER (key[i]));
      for (gsize j = 0; j < i; j++)
        joined[i][j] = joined[j][i] = joined[i][j] || key[i] == key[j];
    }
    check_trees (parent, joined, n);
  }
  TEST_END ();
}
