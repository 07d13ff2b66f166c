/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/split.h"

#include "models/training/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* What is held back as a whole: a group, or an item. */
typedef struct Unit
{
  gsize id;
  guint64 rank; /* by its least key and the seed: where it comes in the order of drawing */
  gsize size;   /* items of the label in question */
  bool chosen;
} Unit;

typedef struct Split
{
  const SplitItem *items; /* [n] */
  gsize n, n_labels;
  double fraction;
  guint64 seed;
  bool *held;         /* [n] */
  SplitLabel *labels; /* [n_labels] */
} Split;

/* Items by what they are held back with. */
typedef struct Units
{
  gsize *first;  /* [n + 1] where each begins in member */
  gsize *member; /* [n] items */
} Units;

/* unit [n]  of each item, 0 ... n - 1 */
static Units
units_new (const guint32 *unit, gsize n)
{
  Units units = { g_new0 (gsize, n + 1), g_new (gsize, n) };
  g_autofree gsize *next = g_new (gsize, n + 1);
  for (gsize i = 0; i < n; i++)
    units.first[unit[i] + 1]++;
  for (gsize u = 0; u < n; u++)
    units.first[u + 1] += units.first[u];
  memcpy (next, units.first, (n + 1) * sizeof *next);
  for (gsize i = 0; i < n; i++)
    units.member[next[unit[i]]++] = i;
  return units;
}

static void
units_clear (Units *units)
{
  g_free (units->first);
  g_free (units->member);
}

static gsize
most_held (const Split *split, gsize label)
{
  const gsize n = split->labels[label].n_items;
  const gsize most = (gsize) (MAX (split->fraction, 1. / 3) * (double) n + 1e-9);
  return n < 2 ? 0 : CLAMP (most, 1, n - 1);
}

static guint64
rank_of (const Split *split, guint64 key)
{
  const guint64 keys[] = { split->seed, key };
  return random_from (keys, G_N_ELEMENTS (keys)).state;
}

static int
compare_units (gconstpointer a, gconstpointer b)
{
  const Unit *x = a, *y = b;
  return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* The units that have the label and are not held back. */
static GArray *
collect_units (const Split *split, gsize label, const Units *all)
{
  GArray *units = g_array_new (FALSE, FALSE, sizeof (Unit));

  for (gsize u = 0; u < split->n; u++) {
    guint64 key = G_MAXUINT64;
    gsize size = 0;
    for (gsize m = all->first[u]; m < all->first[u + 1]; m++) {
      const SplitItem *item = &split->items[all->member[m]];
      key = MIN (key, item->key);
      size += item->label == (int) label && !split->held[all->member[m]];
    }
    const Unit found = { u, rank_of (split, key), size, false };
    if (size > 0)
      g_array_append_val (units, found);
  }
  g_array_sort (units, compare_units);
  return units;
}

/* Marks units so that base and their sizes come nearest to `wanted`, from 1 to `most`; of two ways, the one of units
 * that come earlier.  None where nothing is within reach. */
static void
choose_nearest (GArray *units, gsize base, double wanted, gsize most)
{
  const gsize room = most > base ? most - base : 0;
  g_autofree guint *last = g_new0 (guint, room + 1); /* of each sum: the unit that first completed it + 1; 0: none */

  for (guint u = 0; u < units->len; u++) {
    Unit *unit = &g_array_index (units, Unit, u);
    unit->chosen = false;
    for (gsize sum = room; sum >= unit->size && sum > 0; sum--)
      if (last[sum] == 0 && (sum == unit->size || last[sum - unit->size] > 0))
        last[sum] = u + 1;
  }
  gsize best = 0;
  double least = base > 0 ? fabs ((double) base - wanted) : HUGE_VAL;
  for (gsize sum = 1; sum <= room; sum++) {
    const double off = fabs ((double) (base + sum) - wanted);
    if (last[sum] > 0 && off < least) {
      best = sum;
      least = off;
    }
  }
  while (best > 0) {
    Unit *unit = &g_array_index (units, Unit, last[best] - 1);
    unit->chosen = true;
    best -= unit->size;
  }
}

/* counts [n_labels]  in: held back of each label; out: with this unit too.  False: that is too many of some. */
static bool
add_unit (const Split *split, const Units *all, gsize id, gsize *counts)
{
  bool fits = true;
  for (gsize m = all->first[id]; m < all->first[id + 1]; m++) {
    const int label = split->items[all->member[m]].label;
    if (label >= 0 && !split->held[all->member[m]])
      counts[label]++;
  }
  for (gsize l = 0; l < split->n_labels; l++)
    fits = fits && counts[l] <= most_held (split, l);
  return fits;
}

/* The first chosen unit that would take too much of another label; its place, or -1.
 *
 * counts [n_labels]  out, with all of them */
static int
find_too_large (const Split *split, const Units *all, const GArray *units, gsize *counts)
{
  for (gsize l = 0; l < split->n_labels; l++)
    counts[l] = split->labels[l].n_held;
  for (guint u = 0; u < units->len; u++) {
    const Unit *chosen = &g_array_index (units, Unit, u);
    if (chosen->chosen && !add_unit (split, all, chosen->id, counts))
      return (int) u;
  }
  return -1;
}

/* Holds units of one label back. */
static void
hold_label (Split *split, gsize label, const Units *all)
{
  const double wanted = split->fraction * (double) split->labels[label].n_items;
  g_autofree gsize *counts = g_new (gsize, split->n_labels);
  GArray *units = collect_units (split, label, all);
  int too_large;

  do {
    choose_nearest (units, split->labels[label].n_held, wanted, most_held (split, label));
    too_large = find_too_large (split, all, units, counts);
    if (too_large >= 0)
      g_array_remove_index (units, (guint) too_large);
  } while (too_large >= 0);

  for (guint u = 0; u < units->len; u++) {
    const Unit *chosen = &g_array_index (units, Unit, u);
    for (gsize m = all->first[chosen->id]; chosen->chosen && m < all->first[chosen->id + 1]; m++)
      split->held[all->member[m]] = true;
  }
  for (gsize l = 0; l < split->n_labels; l++)
    split->labels[l].n_held = counts[l];
  g_array_unref (units);
}

/* --- the order of labels --------------------------------------------------------------------------------------- */

typedef struct Turn
{
  gsize label, n_items;
  guint64 rank; /* the least of its items */
} Turn;

static int
compare_turns (gconstpointer a, gconstpointer b)
{
  const Turn *x = a, *y = b;
  if (x->n_items != y->n_items)
    return x->n_items < y->n_items ? -1 : 1;
  return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static GArray *
order_labels (const Split *split)
{
  GArray *turns = g_array_sized_new (FALSE, FALSE, sizeof (Turn), (guint) split->n_labels);
  for (gsize l = 0; l < split->n_labels; l++) {
    const Turn turn = { l, split->labels[l].n_items, G_MAXUINT64 };
    g_array_append_val (turns, turn);
  }
  for (gsize i = 0; i < split->n; i++) {
    if (split->items[i].label < 0)
      continue;
    Turn *turn = &g_array_index (turns, Turn, split->items[i].label);
    turn->rank = MIN (turn->rank, rank_of (split, split->items[i].key));
  }
  g_array_sort (turns, compare_turns);
  return turns;
}

static void
count_labels (Split *split)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  memset (split->labels, 0, split->n_labels * sizeof *split->labels);
  for (gsize i = 0; i < split->n; i++) {
    const SplitItem *item = &split->items[i];
    if (item->label < 0)
      continue;
    const guint64 pair = (guint64) item->label << 32 | item->group;
    split->labels[item->label].n_items++;
    split->labels[item->label].n_groups += g_hash_table_add (seen, g_memdup2 (&pair, sizeof pair));
  }
}

void
split_items (const SplitItem *items, gsize n, gsize n_labels, double fraction, guint64 seed, bool *held,
    SplitLabel *labels)
{
  assert (fraction > 0 && fraction < 1);

  Split split = { items, n, n_labels, fraction, seed, held, labels };
  g_autofree guint32 *group = g_new (guint32, n);
  g_autofree guint32 *own = g_new (guint32, n);

  for (gsize i = 0; i < n; i++) {
    held[i] = false;
    group[i] = items[i].group;
    own[i] = (guint32) i;
  }
  Units groups = units_new (group, n), single = units_new (own, n);
  count_labels (&split);
  g_autoptr (GArray) turns = order_labels (&split);
  for (gsize t = 0; t < n_labels; t++)
    hold_label (&split, g_array_index (turns, Turn, t).label, &groups);
  for (gsize t = 0; t < n_labels; t++) {
    const gsize label = g_array_index (turns, Turn, t).label;
    if (labels[label].n_held > 0 || labels[label].n_items < 2)
      continue;
    hold_label (&split, label, &single);
    labels[label].by_item = true;
  }
  units_clear (&groups);
  units_clear (&single);
}
