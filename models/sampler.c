/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sampler.h"

#include "models/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum
{
  MAX_KEYS = 8
};

gsize
sampler_draw (const guint64 *keys, gsize n_keys, guint64 draw, gsize n_items)
{
  assert (n_keys < MAX_KEYS && n_items >= 1);

  guint64 all[MAX_KEYS];
  memcpy (all, keys, n_keys * sizeof *keys);
  all[n_keys] = draw / n_items; /* the epoch */
  return random_permute (all, n_keys + 1, (gsize) (draw % n_items), n_items);
}

void
sampler_split_groups (const int *label, const gsize *group, gsize n, gsize n_groups, double fraction, guint64 seed,
    bool *validation)
{
  assert (fraction > 0 && fraction < 1);

  g_autofree int *group_label = g_new (int, n_groups);
  g_autofree gsize *group_size = g_new0 (gsize, n_groups);
  g_autofree bool *chosen = g_new0 (bool, n_groups);
  int n_labels = 0;

  for (gsize g = 0; g < n_groups; g++)
    group_label[g] = -1;
  for (gsize i = 0; i < n; i++) {
    n_labels = MAX (n_labels, label[i] + 1);
    if (group_label[group[i]] < 0)
      group_label[group[i]] = label[i];
    group_size[group[i]] += label[i] >= 0;
  }

  g_autofree gsize *members = g_new (gsize, n_groups);
  for (int l = 0; l < n_labels; l++) {
    gsize n_members = 0, n_clips = 0, taken = 0;
    for (gsize g = 0; g < n_groups; g++) {
      if (group_label[g] == l) {
        members[n_members++] = g;
        n_clips += group_size[g];
      }
    }
    const double wanted = fraction * (double) n_clips;
    const guint64 keys[] = { seed, (guint64) l };
    for (gsize k = 0; k + 1 < n_members; k++) {
      const gsize g = members[random_permute (keys, G_N_ELEMENTS (keys), k, n_members)];

      /* One that brings it nearer to what is wanted than it is without; the first in any case. */
      if (taken > 0 && (double) taken + (double) group_size[g] / 2 > wanted)
        continue;
      chosen[g] = true;
      taken += group_size[g];
    }
  }
  for (gsize i = 0; i < n; i++)
    validation[i] = chosen[group[i]] && label[i] >= 0;
}
