/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/union_find.h"

#include <string.h>

guint32 *
union_find_new (gsize n)
{
  guint32 *parent = g_new (guint32, n);
  for (gsize i = 0; i < n; i++)
    parent[i] = (guint32) i;
  return parent;
}

/* Halves the way for the next time. */
guint32
union_find_root (guint32 *parent, guint32 item)
{
  while (parent[item] != item) {
    parent[item] = parent[parent[item]];
    item = parent[item];
  }
  return item;
}

void
union_find_join (guint32 *parent, guint32 a, guint32 b)
{
  const guint32 x = union_find_root (parent, a), y = union_find_root (parent, b);
  parent[MAX (x, y)] = MIN (x, y);
}

void
union_find_join_key (guint32 *parent, guint32 item, GHashTable *first, gpointer key)
{
  gpointer present = NULL;
  if (g_hash_table_lookup_extended (first, key, NULL, &present))
    union_find_join (parent, GPOINTER_TO_UINT (present) - 1, item);
  else
    g_hash_table_insert (first, key, GUINT_TO_POINTER (item + 1));
}

gsize
union_find_number (guint32 *parent, gsize n)
{
  gsize n_trees = 0;
  g_autofree guint32 *number = g_new (guint32, n);
  for (gsize i = 0; i < n; i++) {
    const guint32 root = union_find_root (parent, (guint32) i);
    number[i] = root == i ? (guint32) n_trees++ : number[root];
  }
  memcpy (parent, number, n * sizeof *parent);
  return n_trees;
}
