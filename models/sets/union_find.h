/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/union_find.h - which of n items a chain of pairs joins.
 *
 * Layer:   models/sets; GLib.
 * Threads: functions of their arguments.
 *
 * parent [n]  trees: items that are joined have one root, their first; before the first pair parent[i] = i
 */
#ifndef MODELS_SETS_UNION_FIND_H
#define MODELS_SETS_UNION_FIND_H

#include <glib.h>

/* n items, none joined.  Never NULL; g_free() it. */
guint32 *union_find_new (gsize n);

/* The first item that `item` is joined with. */
guint32 union_find_root (guint32 *parent, guint32 item);

void union_find_join (guint32 *parent, guint32 a, guint32 b);

/* Joins `item` with the first item that came with an equal key.
 *
 * first  of key -> item + 1; gets the key if it is new */
void union_find_join_key (guint32 *parent, guint32 item, GHashTable *first, gpointer key);

/* parent [n]  in: trees; out: the number of each item's tree, 0, 1, ... in the order of their first items.
 * Returns how many there are. */
gsize union_find_number (guint32 *parent, gsize n);

#endif
