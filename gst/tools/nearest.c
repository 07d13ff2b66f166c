/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/nearest.h"

#include <string.h>

/* By the table of optimal string alignment: d [i][k] of the first i letters of a and k of b. */
guint
tool_distance (const char *a, const char *b)
{
  const gsize n = strlen (a), m = strlen (b), row = m + 1;
  g_autofree guint *d = g_new (guint, (n + 1) * row);

  for (gsize i = 0; i <= n; i++) {
    for (gsize k = 0; k <= m; k++) {
      guint *cell = &d[i * row + k];
      if (i == 0 || k == 0) {
        *cell = (guint) (i + k);
        continue;
      }
      *cell = MIN (d[(i - 1) * row + k], d[i * row + k - 1]) + 1;
      *cell = MIN (*cell, d[(i - 1) * row + k - 1] + (a[i - 1] != b[k - 1]));
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        *cell = MIN (*cell, d[(i - 2) * row + k - 2] + 1);
    }
  }
  return d[n * row + m];
}

const char *
tool_nearest (const char *word, const char *const *words)
{
  const char *nearest = NULL;
  guint best = (guint) strlen (word) / 3 + 2; /* as far is too far */

  if (strlen (word) > 100)
    return NULL;
  for (gsize i = 0; words[i]; i++) {
    const guint distance = tool_distance (word, words[i]);
    if (distance < best && distance < strlen (words[i])) {
      best = distance;
      nearest = words[i];
    }
  }
  return nearest;
}
