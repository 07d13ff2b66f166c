/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/split.h - which recordings are held back to validate on, so that no group is on both sides.
 *
 * Layer:   models/training; uses random, GLib.
 * Threads: a function of its arguments.
 */
#ifndef MODELS_TRAINING_SPLIT_H
#define MODELS_TRAINING_SPLIT_H

#include <glib.h>
#include <stdbool.h>

typedef struct SplitItem
{
  int label;     /* -1: none */
  guint32 group; /* 0 ... n - 1: items of one stay together */
  guint64 key;   /* what the order of drawing follows from; different for each */
} SplitItem;

/* What became of a label. */
typedef struct SplitLabel
{
  gsize n_items, n_groups, n_held;
  bool by_item; /* its groups were too large to hold one back: some are on both sides */
} SplitLabel;

/* items     [n]
 * n_labels  labels are 0 ... n_labels - 1
 * fraction  of each label, 0 < fraction < 1
 * held      [n]         out
 * labels    [n_labels]  out
 *
 * Of each label of two items or more, whole groups, so many items that their number is the nearest to the fraction that
 * groups allow, at least one and never more than a third, or than the fraction if that is more; one of two counts as a
 * third.  Where its groups do not allow that, items are drawn one by one.  Labels of fewer items come first.  Items
 * without a label go with their group.
 *
 * The order of items, and the numbers of labels and groups, do not matter. */
void split_items (const SplitItem *items, gsize n, gsize n_labels, double fraction, guint64 seed, bool *held,
    SplitLabel *labels);

#endif
