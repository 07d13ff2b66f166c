/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/cells.h"

#include "tests/test.h"

#include <string.h>

/* Each with the cells that it takes. */
static const struct
{
  const char *text;
  gsize cells;
} samples[] = {
  { "", 0 }, { "plain", 5 }, { "\xd0\xbc\xd0\xb5\xd1\x82\xd0\xb0\xd0\xbb", 5 }, /* метал */
  { "\xe9\x9f\xb3\xe6\xa5\xbd", 4 },                                            /* two ideographs */
  { "\xe3\x82\xb8\xe3\x83\xa3\xe3\x82\xba", 6 },                                /* three kana */
  { "e\xcc\x81\xcc\xb1x", 2 },                                                  /* two marks over one letter */
  { "\xf0\x9f\x8e\xb5\xf0\x9f\x8e\xb8", 4 },                                    /* two emoji */
  { "\xe2\x99\xab", 1 },                                                        /* a note, no emoji */
  { "\xe2\x9d\xa4\xef\xb8\x8f", 2 },                                            /* a heart, and the selector */
  { "\xf0\x9f\x8e\xb5\xef\xb8\x8f", 2 },                                        /* an emoji that needs none */
  { "\xe2\x80\x8b\xe2\x80\x8d", 0 },                                            /* no width, and a joiner */
  { "\xed\x95\x9c\xea\xb5\xad", 4 },                                            /* Hangul */
};

static void
test_count (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (samples); i++) {
    const gsize found = tool_cells (samples[i].text);
    CHECK (found == samples[i].cells, "%s: %zu cells instead of %zu", samples[i].text, found, samples[i].cells);
  }
}

static void
check_cut (const char *text, gsize most)
{
  char *cut = tool_cells_cut (text, most);
  const gsize cells = tool_cells (cut);

  CHECK (g_utf8_validate (cut, -1, NULL) && g_str_has_prefix (text, cut), "%s is no start of %s", cut, text);
  CHECK (cells <= most, "%s takes %zu cells, allowed %zu", cut, cells, most);
  /* As long as can be: one character more, with its marks, is too much. */
  CHECK (strcmp (cut, text) == 0 || cells + 2 > most, "%s is cut to %s for %zu cells", text, cut, most);
  g_free (cut);
}

static void
test_cut (void)
{
  GString *all = g_string_new (NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (samples); i++)
    g_string_append (all, samples[i].text);
  for (gsize most = 0; most <= tool_cells (all->str); most++)
    check_cut (all->str, most);
  g_string_free (all, TRUE);

  /* A mark stays with its letter, a wide character is never halved. */
  char *accent = tool_cells_cut ("e\xcc\x81x", 1), *wide = tool_cells_cut ("a\xe9\x9f\xb3", 2);
  CHECK (strcmp (accent, "e\xcc\x81") == 0 && strcmp (wide, "a") == 0, "%s, %s", accent, wide);
  g_free (accent);
  g_free (wide);
}

static void
test_append (void)
{
  GString *out = g_string_new ("|");

  tool_cells_append (out, "\xe9\x9f\xb3", 4, FALSE);
  g_string_append_c (out, '|');
  tool_cells_append (out, "e\xcc\x81", 3, TRUE);
  g_string_append_c (out, '|');
  tool_cells_append (out, "\xe9\x9f\xb3\xe6\xa5\xbd", 3, FALSE);
  g_string_append_c (out, '|');
  CHECK (strcmp (out->str, "|\xe9\x9f\xb3  |  e\xcc\x81|\xe9\x9f\xb3 |") == 0, "%s", out->str);
  g_string_free (out, TRUE);
}

int
main (void)
{
  test_count ();
  test_cut ();
  test_append ();
  TEST_END ();
}
