/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Distances between words by their definition, and which word was meant.
 */
#include "gst/tools/nearest.h"
#include "tests/test.h"

#include <string.h>

enum
{
  MAX_LENGTH = 6
};

/* The same by its recursive definition: optimal string alignment of the first i letters of a and k of b. */
static guint
distance_ref (const char *a, size_t i, const char *b, size_t k)
{
  if (i == 0 || k == 0)
    return (guint) (i + k);
  guint best = distance_ref (a, i - 1, b, k - 1) + (a[i - 1] != b[k - 1]);
  best = MIN (best, distance_ref (a, i - 1, b, k) + 1);
  best = MIN (best, distance_ref (a, i, b, k - 1) + 1);
  if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
    best = MIN (best, distance_ref (a, i - 2, b, k - 2) + 1);
  return best;
}

static void
test_distance (void)
{
  uint64_t random = 3;
  for (unsigned trial = 0; trial < 2000; trial++) {
    char words[2][MAX_LENGTH + 1] = { "", "" };
    for (unsigned w = 0; w < 2; w++) {
      const size_t n = test_random (&random) % MAX_LENGTH;
      for (size_t i = 0; i < n; i++)
        words[w][i] = (char) ('a' + test_random (&random) % 3);
    }
    const guint found = tool_distance (words[0], words[1]);
    const guint wanted = distance_ref (words[0], strlen (words[0]), words[1], strlen (words[1]));
    CHECK (found == wanted && found == tool_distance (words[1], words[0]), "%s %s: %u, expected %u", words[0], words[1],
        found, wanted);
  }
}

static void
test_nearest (void)
{
  static const char *const words[] = { "threshold", "music-threshold", "seconds", "jobs", "top", NULL };
  static const char *const cases[][2] = { { "thresold", "threshold" }, { "treshhold", "threshold" }, { "job", "jobs" },
    { "second", "seconds" }, { "tpo", "top" }, { "musicthreshold", "music-threshold" }, { "threshold", "threshold" } };
  static const char *const strange[] = { "xyzzy", "", "q", "a-very-long-option-that-nobody-has" };
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *found = tool_nearest (cases[i][0], words);
    CHECK (g_strcmp0 (found, cases[i][1]) == 0, "%s: %s", cases[i][0], found ? found : "none");
  }
  for (size_t i = 0; i < G_N_ELEMENTS (strange); i++)
    CHECK (!tool_nearest (strange[i], words), "%s: %s", strange[i], tool_nearest (strange[i], words));
}

int
main (void)
{
  test_distance ();
  test_nearest ();
  TEST_END ();
}
