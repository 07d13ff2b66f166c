/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/sampler.h"

#include "models/training/random.h"

#include <assert.h>
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
