/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/split: on random items, no group is on both sides, every label has some held back and never more than
 * a third; as near to the fraction as any choice of groups, by trying all; and the same whatever the order.
 */
#include "models/training/split.h"

#include "tests/test.h"

#include <glib.h>
#include <math.h>

enum
{
  MOST = 60,
  MOST_LABELS = 5,
};

static gsize
below (uint64_t *state, gsize n)
{
  return (gsize) (test_random (state) >> 32) % n;
}

/* Items of any labels and groups: many small groups, or one that has most. */
static gsize
make_items (uint64_t *state, SplitItem *items, gsize n_labels)
{
  const gsize n = 1 + below (state, MOST), n_groups = 1 + below (state, n);
  const bool lopsided = below (state, 3) == 0;
  for (gsize i = 0; i < n; i++) {
    items[i].label = (int) below (state, n_labels + (i % 7 == 0)) - (i % 7 == 0);
    items[i].group = (guint32) (lopsided && below (state, 4) > 0 ? 0 : below (state, n_groups));
    items[i].key = test_random (state);
  }
  return n;
}

static void
check_split (const SplitItem *items, gsize n, gsize n_labels, const bool *held, const SplitLabel *labels)
{
  gsize count[MOST_LABELS] = { 0 }, taken[MOST_LABELS] = { 0 };

  for (gsize i = 0; i < n; i++) {
    if (items[i].label >= 0) {
      count[items[i].label]++;
      taken[items[i].label] += held[i];
    }
    for (gsize k = 0; k < i; k++) {
      if (items[i].group != items[k].group || held[i] == held[k])
        continue;
      const int label = held[i] ? items[i].label : items[k].label; /* of the one that is held back */
      CHECK (label >= 0 && labels[label].by_item, "a group is on both sides, by a label %d that has whole ones", label);
    }
  }
  for (gsize l = 0; l < n_labels; l++) {
    CHECK (labels[l].n_items == count[l] && labels[l].n_held == taken[l], "label %zu: %zu of %zu", l, labels[l].n_held,
        labels[l].n_items);
    CHECK (taken[l] <= MAX (count[l] / 3, 1) && taken[l] < MAX (count[l], 1), "label %zu: %zu of %zu", l, taken[l],
        count[l]);
    CHECK (count[l] < 2 || taken[l] > 0, "label %zu: none of %zu", l, count[l]);
  }
}

static void
test_random_items (void)
{
  uint64_t state = 3;
  unsigned by_item = 0, by_group = 0;
  for (unsigned round = 0; round < 3000; round++) {
    const gsize n_labels = 1 + below (&state, MOST_LABELS);
    SplitItem items[MOST];
    SplitLabel labels[MOST_LABELS];
    bool held[MOST];
    const gsize n = make_items (&state, items, n_labels);
    split_items (items, n, n_labels, .2, round, held, labels);
    check_split (items, n, n_labels, held, labels);
    for (gsize l = 0; l < n_labels; l++) {
      by_item += labels[l].by_item;
      by_group += !labels[l].by_item && labels[l].n_held > 0;
    }
  }
  CHECK (by_item > 500 && by_group > 2000, "%u by item, %u by group", by_item, by_group);
}

/* The definition: of all sets of groups, one whose number of items is the nearest. */
static void
test_nearest (void)
{
  uint64_t state = 8;
  for (unsigned round = 0; round < 2000; round++) {
    SplitItem items[MOST];
    SplitLabel label;
    bool held[MOST];
    const gsize n = 2 + below (&state, 29), n_groups = 1 + below (&state, MIN (n, 9));
    const double fraction = (double) (1 + below (&state, 9)) / 20;
    gsize size[9] = { 0 };
    for (gsize i = 0; i < n; i++) {
      items[i] = (SplitItem){ 0, (guint32) MIN (below (&state, n_groups), below (&state, n_groups)),
        test_random (&state) };
      size[items[i].group]++;
    }
    const gsize most = CLAMP ((gsize) (MAX (fraction, 1. / 3) * (double) n + 1e-9), 1, n - 1);
    double least = HUGE_VAL;
    for (unsigned set = 1; set < 1u << n_groups; set++) {
      gsize sum = 0;
      for (gsize g = 0; g < n_groups; g++)
        sum += set >> g & 1 ? size[g] : 0;
      if (sum > 0 && sum <= most)
        least = fmin (least, fabs ((double) sum - fraction * (double) n));
    }
    split_items (items, n, 1, fraction, round, held, &label);
    CHECK (label.by_item == isinf (least), "%s", label.by_item ? "by item all the same" : "no groups can be held");
    if (!isinf (least))
      CHECK (fabs (fabs ((double) label.n_held - fraction * (double) n) - least) < 1e-9,
          "%zu of %zu, off by %g at best", label.n_held, n, least);
  }
}

/* Items in another order, labels and groups under other numbers: the same are held back. */
static void
test_order (void)
{
  uint64_t state = 21;
  for (unsigned round = 0; round < 500; round++) {
    SplitItem items[MOST], others[MOST];
    SplitLabel labels[MOST_LABELS];
    bool held[MOST], again[MOST];
    gsize place[MOST];
    const gsize n = make_items (&state, items, MOST_LABELS), turn = below (&state, MOST_LABELS);
    for (gsize i = 0; i < n; i++)
      place[i] = i;
    for (gsize i = n; i-- > 1;) {
      const gsize k = below (&state, i + 1), other = place[i];
      place[i] = place[k];
      place[k] = other;
    }
    for (gsize i = 0; i < n; i++) {
      others[place[i]] = items[i];
      others[place[i]].group = (guint32) (n - 1 - items[i].group);
      if (items[i].label >= 0)
        others[place[i]].label = (int) (((gsize) items[i].label + turn) % MOST_LABELS);
    }
    split_items (items, n, MOST_LABELS, .2, 5, held, labels);
    split_items (others, n, MOST_LABELS, .2, 5, again, labels);
    for (gsize i = 0; i < n; i++)
      CHECK (held[i] == again[place[i]], "round %u: item %zu is on the other side", round, i);
  }
}

static void
test_seed (void)
{
  uint64_t state = 1;
  SplitItem items[MOST];
  SplitLabel label;
  bool ever[MOST] = { false }, held[MOST];
  for (gsize i = 0; i < MOST; i++)
    items[i] = (SplitItem){ 0, (guint32) i, test_random (&state) };
  for (guint64 seed = 0; seed < 60; seed++) {
    split_items (items, MOST, 1, .2, seed, held, &label);
    CHECK (label.n_held == 12 && label.n_groups == MOST, "%zu held", label.n_held);
    for (gsize i = 0; i < MOST; i++)
      ever[i] |= held[i];
  }
  for (gsize i = 0; i < MOST; i++)
    CHECK (ever[i], "item %zu is never held back", i);
}

/* What was reported: sizes of groups, of one label, and how many are held back. */
static void
test_cases (void)
{
  static const struct
  {
    gsize size[4];
    gsize n_held;
    bool by_item;
  } cases[] = {
    { { 6, 1 }, 1, false }, /* six of seven by one artist: the seventh */
    { { 6 }, 1, true },     /* all by one */
    { { 1, 1 }, 1, false }, /* two recordings: one of them */
    { { 2 }, 1, true },     /* two by one artist */
    { { 1 }, 0, false },    /* one is learned from */
    { { 3, 3 }, 1, true },  /* a half is more than a third */
    { { 2, 4, 4 }, 2, false },
    { { 5, 5, 5 }, 5, false },
  };
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    SplitItem items[16];
    SplitLabel label;
    bool held[16];
    gsize n = 0;
    for (guint32 g = 0; g < 4; g++)
      for (gsize k = 0; k < cases[c].size[g]; k++, n++)
        items[n] = (SplitItem){ 0, g, 77 * n };
    split_items (items, n, 1, .2, 1, held, &label);
    CHECK (label.n_held == cases[c].n_held && label.by_item == cases[c].by_item, "case %zu: %zu, %d", c, label.n_held,
        label.by_item);
  }
}

int
main (void)
{
  test_random_items ();
  test_nearest ();
  test_order ();
  test_seed ();
  test_cases ();
  TEST_END ();
}
