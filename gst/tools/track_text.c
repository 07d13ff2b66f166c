/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/track_text.h"

#include "gst/tools/cells.h"
#include "gst/tools/genre_name.h"
#include "models/file/printable.h"

#include <string.h>

enum
{
  MAX_TOP = 16,
  BAR_CELLS = 10,
  NAME_CELLS = 28, /* wanted for the name before a column is given up */
  GAP = 2,         /* blanks between columns */
};

/* SGR, from the terminal's own palette: people have chosen it. */
static const int colours[] = { 36, 33, 32, 35, 34, 31, 96, 93, 92, 95, 94, 91 };

/* In place of a genre. */
static const char *const words[] = {
  [GENRE_STATE_OK] = "unknown",
  [GENRE_STATE_SILENCE] = "silence",
  [GENRE_STATE_NOT_MUSIC] = "not music",
  [GENRE_STATE_TOO_SHORT] = "too short",
};

ToolTextStyle *
tool_text_style_new (const ToolTerminal *terminal, const char *const *labels, unsigned top)
{
  ToolTextStyle *style = g_new0 (ToolTextStyle, 1);
  guint n = 0;

  while (labels[n])
    n++;
  style->terminal = *terminal;
  style->names = g_new0 (char *, n + 1);
  style->top = MIN (top, MAX_TOP);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    style->label_cells = MAX (style->label_cells, tool_cells (words[i]));
  for (guint i = 0; i < n; i++) {
    g_autofree char *name = tool_genre_name (labels[i]);
    style->names[i] = printable_text (name);
    style->label_cells = MAX (style->label_cells, tool_cells (style->names[i]));
  }
  return style;
}

void
tool_text_style_free (ToolTextStyle *style)
{
  if (!style)
    return;
  g_strfreev (style->names);
  g_free (style);
}

/* --- columns ---------------------------------------------------------------------------------------------------- */

/* What fits. */
typedef struct Columns
{
  unsigned genres;
  gboolean bar;
  gsize name; /* cells */
} Columns;

/* Cells of "Classical 100 %" and the gap; behind the first genre no other has 100 %. */
static gsize
genre_cells (const ToolTextStyle *style, gboolean first)
{
  return style->label_cells + strlen (first ? " 100 %" : " 49 %") + GAP;
}

static Columns
fit_columns (const ToolTextStyle *style, gsize columns)
{
  Columns fit = { MAX (style->top, 1), style->terminal.is_terminal, G_MAXSIZE };

  if (columns == 0)
    return fit;
  for (;;) {
    const gsize used = genre_cells (style, TRUE) + (fit.genres - 1) * genre_cells (style, FALSE)
        + (fit.bar ? BAR_CELLS + GAP : 0) + 1;
    fit.name = columns > used ? columns - used : 0;
    if (fit.name >= NAME_CELLS || (fit.genres == 1 && !fit.bar))
      return fit;
    if (fit.genres > 2)
      fit.genres--;
    else if (fit.bar)
      fit.bar = FALSE;
    else
      fit.genres--;
  }
}

static void
begin_colour (GString *out, const ToolTextStyle *style, const char *bold, unsigned label)
{
  if (style->terminal.colour)
    g_string_append_printf (out, "\033[%s%dm", bold, colours[label % G_N_ELEMENTS (colours)]);
}

static void
begin_dim (GString *out, const ToolTextStyle *style)
{
  if (style->terminal.colour)
    g_string_append (out, "\033[2m");
}

static void
end_colour (GString *out, const ToolTextStyle *style)
{
  if (style->terminal.colour)
    g_string_append (out, "\033[0m");
}

/* "Classical 89 %", filled up to the column. */
static void
append_genre (GString *out, const ToolTextStyle *style, const ToolTrack *track, unsigned label, gboolean first)
{
  g_autofree char *text = g_strdup_printf ("%s %d %%", style->names[label],
      tool_percent (track->heard->probabilities[label]));

  if (first)
    begin_colour (out, style, "1;", label);
  tool_cells_append (out, text, genre_cells (style, first) - GAP, FALSE);
  if (first)
    end_colour (out, style);
  g_string_append (out, "  ");
}

/* A word in place of the first genre. */
static void
append_word (GString *out, const ToolTextStyle *style, const char *word)
{
  begin_dim (out, style);
  tool_cells_append (out, word, genre_cells (style, TRUE) - GAP, FALSE);
  end_colour (out, style);
  g_string_append (out, "  ");
}

const char *
tool_track_word (const ToolTrack *track)
{
  return track->heard->confidence > 0 ? "unknown" : words[track->heard->state];
}

/* ret_label: the one whose bar is drawn; -1: none.  Fills n columns. */
static void
append_genres (GString *out, const ToolTextStyle *style, const ToolTrack *track, unsigned n, int *ret_label)
{
  unsigned labels[MAX_TOP], filled = 0;
  const unsigned known = tool_track_top (track, MIN (n, MAX_TOP), labels);
  const gboolean has_genres = track->heard->label >= 0;

  *ret_label = has_genres ? (int) labels[0] : -1;
  if (!has_genres) {
    append_word (out, style, tool_track_word (track));
    filled++;
  }
  for (unsigned i = 0; has_genres && i < known; i++, filled++)
    append_genre (out, style, track, labels[i], i == 0);
  for (; filled < n; filled++)
    tool_cells_append (out, "", genre_cells (style, filled == 0), FALSE);
}

/* In eighths of a cell, or whole ones where there are no such characters. */
static void
append_bar (GString *out, const ToolTextStyle *style, double probability, unsigned label)
{
  static const char *const parts[] = { "", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589" };
  const int eighths = (int) (probability * BAR_CELLS * 8 + .5);
  g_autoptr (GString) bar = g_string_new (NULL);

  for (int i = 0; i < (style->terminal.utf8 ? eighths / 8 : (eighths + 4) / 8); i++)
    g_string_append (bar, style->terminal.utf8 ? "\u2588" : "#");
  if (style->terminal.utf8)
    g_string_append (bar, parts[eighths % 8]);
  begin_colour (out, style, "", label);
  tool_cells_append (out, bar->str, BAR_CELLS, FALSE);
  end_colour (out, style);
  g_string_append (out, "  ");
}

static void
append_name (GString *out, const ToolTextStyle *style, const char *name, gsize cells)
{
  g_autofree char *shown = printable_text (name);
  const char *dots = style->terminal.utf8 ? "\u2026" : "...";

  if (tool_cells (shown) <= cells) {
    g_string_append (out, shown);
  } else if (cells >= tool_cells (dots)) {
    g_string_append (out, dots);
    g_string_append (out, tool_cells_end (shown, cells - tool_cells (dots)));
  }
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

void
tool_track_text_append (GString *out, const ToolTextStyle *style, const ToolTrack *track, gsize columns)
{
  const Columns fit = fit_columns (style, columns);
  int label;

  append_genres (out, style, track, fit.genres, &label);
  if (fit.bar && label >= 0)
    append_bar (out, style, track->heard->probabilities[label], (unsigned) label);
  else if (fit.bar)
    tool_cells_append (out, "", BAR_CELLS + GAP, FALSE);
  append_name (out, style, track->input->location, fit.name);
  g_string_append_c (out, '\n');
}

void
tool_text_append_time (GString *out, double seconds)
{
  const guint64 whole = (guint64) (seconds + .5), hours = whole / 3600;

  if (hours > 0)
    g_string_append_printf (out, "%" G_GUINT64_FORMAT ":%02u:%02u", hours, (unsigned) (whole / 60 % 60),
        (unsigned) (whole % 60));
  else
    g_string_append_printf (out, "%u:%02u", (unsigned) (whole / 60), (unsigned) (whole % 60));
}

void
tool_track_text_append_spans (GString *out, const ToolTextStyle *style, const ToolTrack *track)
{
  const GArray *spans = track->heard->spans;

  for (guint i = 0; i < spans->len; i++) {
    const ToolSpan *span = &g_array_index (spans, ToolSpan, i);
    g_string_append (out, "    ");
    tool_text_append_time (out, span->start);
    g_string_append (out, " - ");
    tool_text_append_time (out, span->end);
    g_string_append (out, "  ");
    begin_colour (out, style, "", span->label);
    g_string_append (out, style->names[span->label]);
    end_colour (out, style);
    g_string_append_printf (out, " %d %%\n", tool_percent (span->probability));
  }
}
