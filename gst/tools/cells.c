/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/cells.h"

enum
{
  EMOJI_SELECTOR = 0xfe0f,
};

/* Cells that `c` adds behind a character of `before` cells. */
static gsize
added_cells (gunichar c, gsize before)
{
  if (c == EMOJI_SELECTOR)
    return before == 1 ? 1 : 0;
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

/* Bytes of the longest start that takes at most so many cells; ret_cells: how many it takes */
static gsize
fit (const char *text, gsize most, gsize *ret_cells)
{
  const char *end = text;
  gsize cells = 0, last = 0;

  while (*end) {
    const gsize added = added_cells (g_utf8_get_char (end), last);
    if (cells + added > most)
      break;
    cells += added;
    last = added > 0 ? added : last;
    end += g_utf8_skip[*(const guchar *) end];
  }
  *ret_cells = cells;
  return (gsize) (end - text);
}

gsize
tool_cells (const char *text)
{
  gsize cells;

  fit (text, G_MAXSIZE, &cells);
  return cells;
}

char *
tool_cells_cut (const char *text, gsize most)
{
  gsize cells;

  return g_strndup (text, fit (text, most, &cells));
}

const char *
tool_cells_end (const char *text, gsize most)
{
  while (tool_cells (text) > most) {
    do
      text += g_utf8_skip[*(const guchar *) text];
    while (*text && added_cells (g_utf8_get_char (text), 2) == 0);
  }
  return text;
}

void
tool_cells_append (GString *out, const char *text, gsize width, gboolean right)
{
  gsize cells;
  const gsize length = fit (text, width, &cells);

  if (!right)
    g_string_append_len (out, text, (gssize) length);
  for (gsize i = cells; i < width; i++)
    g_string_append_c (out, ' ');
  if (right)
    g_string_append_len (out, text, (gssize) length);
}
